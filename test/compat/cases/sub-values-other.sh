# id: sub-values-other
# title: odd and bad values of the other options
# group: small
# tier: 2
# tags: sbatch, errors

s() { t sbatch -H "$@" --wrap true; }

s -c x
s -c 0
s -c -1
s -c 9
s -c ''
s -c 1.5
s -c 99999999999
s -n x
s -n 0
s -n -1
s -n ''
s -n 33
s -n 99999999999
s -n 3 -N 4
s --ntasks-per-node=x
s --ntasks-per-node=0
s --ntasks-per-node=2
s --ntasks-per-node=2 -n 9 -N 2
s --ntasks-per-node=-1
s --ntasks-per-node=99999
s --ntasks-per-core=x
s --ntasks-per-core=0
s --ntasks-per-core=1
s --ntasks-per-socket=x
s --ntasks-per-socket=0
s --ntasks-per-socket=1
s --sockets-per-node=x
s --sockets-per-node=0
s --sockets-per-node=3
s --cores-per-socket=x
s --cores-per-socket=3
s --threads-per-core=x
s --threads-per-core=3
s --threads-per-core=0
s -B x
s -B 1:x
s -B 1:1:x
s -B 1:1:1:1
s -B ''
s -B '*:*'
s -B 2-4:1
s -B 3
s -B 0
s -B 1-2-3
s --mem=x
s --mem=
s --mem=0
s --mem=-1
s --mem=1.5G
s --mem=1K
s --mem=1T
s --mem=1P
s --mem=1GB
s --mem=1GiB
s --mem=1X
s --mem=16001
s --mem=99999999999999999
s --mem=1g
s --mem='1 G'
s --mem-per-cpu=x
s --mem-per-cpu=0
s --mem-per-cpu=1G
s --mem-per-cpu=1G --mem=1G
s --mem-per-cpu=99G
s --tmp=x
s --tmp=1M
s --tmp=99G
s --tmp=0
s --tmp=
s --mincpus=x
s --mincpus=0
s --mincpus=9
s --mincpus=
s -J ''
s -J 'a b'
s -p nosuch
s -p ''
s -p debug,nosuch
s -p debug,long
s -p debug,debug
s -p low
s -p ,debug
s --comment=
s -o ''
s -e ''
s -i ''
s -D ''
s -D /nosuch
s -D nosuch
s -D .
s --open-mode=
s --open-mode=a
s --open-mode=append
s --open-mode=aaa
s --open-mode=x
s --mail-type=
s --mail-type=NONE
s --mail-type=X
s --mail-type=all
s --mail-type=ALL,NONE
s --mail-type=ARRAY_TASKS
s --mail-type=TIME_LIMIT_90
s --mail-type=end,
s --mail-type=begin,,end
s --mail-user=
s --mail-user='a b'
s --mail-user=a@b,c
s --requeue=x
s --requeue
s --no-requeue
s --kill-on-invalid-dep=x
s --kill-on-invalid-dep=yes
s --kill-on-invalid-dep=YES
s --kill-on-invalid-dep=
s --kill-on-invalid-dep=y
s -k x
s --no-kill=x
s --no-kill=off
s --no-kill=set
s --no-kill
s --wait-all-nodes=x
s --wait-all-nodes=2
s --wait-all-nodes=1
s --wait-all-nodes=
s --oom-kill-step=x
s --oom-kill-step=2
s --oom-kill-step=1
s --oom-kill-step
s --oom-kill-step=
s --uid=root
s --gid=root
s --uid=nosuch
s --uid=alice
s --gid=nosuch
s --propagate=x
s --propagate=
s --propagate=ALL
s --propagate=NONE
s --propagate=NOFILE,X
s --propagate=nofile
s --propagate=RLIMIT_NOFILE
s --propagate=ALL,NOFILE
s --profile=x
s --profile=
s --cpu-freq=x
s --cpu-freq=
s --cpu-freq=low-high
s --cpu-freq=high-low:performance
s --cpu-freq=low:x
s --cpu-freq=performance:low
s --cpu-freq=1000-x
s --cpu-freq=verbose
s --cpu-freq=ondemand:performance
s --mem-bind=x
s --mem-bind=
s --mem-bind=local
s --mem-bind=help
s --mem-bind=verbose,local
s --mem-bind=map_mem:x
s --mem-bind=map_mem
s --mem-bind=rank
s --mem-bind=sort
s --bbf=/nosuch
s --x11
s --x11=x
s --switches=x
s --switches=1
s --switches=0
s --switches=1@x
s --switches=1@5
s --switches=
s --switches=-1
s --segment=x
s --segment=1
s --segment=0
s --thread-spec=x
s --thread-spec=0
s --thread-spec=1
s -S x
s -S 0
s -S 1
s -S ''
s -S 99
s -S 1 --thread-spec=1
s --exclusive=x
s --exclusive=
s --exclusive
s --exclusive=user
s --exclusive=mcs
s --exclusive=topo
s --exclusive=USER
s --exclusive=allocation
s --exclusive -s
s -s --exclusive=user
s -s
s --hint=x
s --hint=
s --hint=help
s --hint=nomultithread
s --hint=compute_bound,memory_bound
s --hint=compute_bound
s --hint=multithread --ntasks-per-core=1
s --hint=nomultithread --threads-per-core=2
s --hint=memory_bound -B 2
s --mcs-label=x
s --mcs-label=
s --licenses
s --reservation=
s --reservation=nosuch
s --reservation=a,b
s --wckey=
s --wckey=x
s --power=x
s --clusters=x
s -M nosuch
s --get-user-env=x
s --get-user-env
s --get-user-env=10
s --get-user-env=10L
s --get-user-env=10X
s --get-user-env=S
s --export-file=/nosuch
s --export-file=
s --export-file=9
s --export=
s --export=NONE
s --export=A=1,B
s --export=NIL
s --resv-ports
s --resv-ports=x
s --extra=x
s --extra=
s --admin-comment=x
s --tres-per-task
s --wait=1
s --spread-job
s --use-min-nodes
s --contiguous
s --overcommit
s -O -n 99
s --reboot
s --ignore-pbs
s --burst-buffer
s --nosuch
s --no
s --nodes
s --time
s --exp=NONE
s --mem-p=1
s --n=1
s -z
s -N
s -NX
s -Hx
s --hold=1
s --parsable=1
s --overlap
s --exact
