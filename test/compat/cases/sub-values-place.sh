# id: sub-values-place
# title: odd and bad values of placement options
# group: small
# tier: 2
# tags: sbatch, errors

s() { t sbatch -H "$@" --wrap true; }

s --prefer=nosuch
s --prefer=intel
s --prefer='intel&fast'
s --prefer='intel|fast'
s --prefer='[intel|amd]'
s --prefer='intel*2'
s --prefer=
s -w n1 -x n1
s -w n1,n2 -x n1
s -w nosuch
s -w 'n[1-2'
s -w 'n[1-9]'
s -w ''
s -x nosuch
s -x ''
s -x n1,n2,n3,n4
s -w n1,n2 -N1
s -w n1 -N2
s -w n1,n2,n3 -N1-2
s -N ''
s -N 0
s -N -1
s -N 1-
s -N -2
s -N 2-1
s -N 1-2-3
s -N 1k
s -N 5
s -N 4-9
s -N 1,3
s -N 1,x
s -N 1-4:2
s -N 99999999999
s --signal=R:
s --signal=
s --signal=B:
s --signal=B:USR1
s --signal=X:USR1
s --signal=10@
s --signal=10@x
s --signal=10@-1
s --signal=0
s --signal=99
s --signal=USR9
s --signal=SIGTERM@30
s --signal=sigusr1
s --signal=@30
s --signal=:10
s -C 'intel*2&amd*1'
s -C '[intel*2&amd*1]'
s -C nosuch
s -C ''
s -C 'intel&'
s -C '&intel'
s -C 'intel|amd'
s -C '[intel|amd]'
s -C '(intel&fast)|amd'
s -C '((intel))'
s -C '(intel'
s -C 'intel)'
s -C '[intel'
s -C 'intel]'
s -C 'intel,amd'
s -C 'intel*0'
s -C 'intel*x'
s -C 'intel*'
s -C 'intel*9'
s -C '[(intel&fast)*1&amd*1]'
s -C 'intel amd'
s -C '!intel'
s -C 'intel||amd'
s -C 'intel:amd'
s --nice=x
s --nice=
s --nice
s --nice=-5
s --nice=2147483646
s --nice=99999999999
s --nice=1.5
s --nice=5x
s -m nopack
s -m pack
s -m ''
s -m block
s -m block:x
s -m block:cyclic:fcyclic
s -m block:cyclic:block,Pack
s -m block,NoPack
s -m block,foo
s -m plane
s -m plane=0
s -m plane=4
s -m plane=x
s -m plane=4:cyclic
s -m arbitrary
s -m '*'
s -m '*:*'
s -m '*:*:*:*'
s -m :cyclic
s -m block:
s -m cyclic,cyclic
s -m BLOCK:CYCLIC
s -m blo
s -a 1-5%x
s -a '[1-3]'
s -a ''
s -a 1
s -a 1-5:2
s -a 1-5:0
s -a 5-1
s -a 1,1
s -a 1,,2
s -a ,1
s -a 1,
s -a -1
s -a x
s -a 1-3%0
s -a 1-3%
s -a 1-3%-1
s -a 0-1000
s -a 0-1001
s -a 1001
s -a 1000
s -a 1-99999999999
s -a ' 1-3'
s -a 1-3:1:1
s -a 1-3%2%2
s -a 0x10
s -a '1-2,[4-5]'
s -a '[1-3]%1'
s -a '[1-3'
s -a '1 2'
