# id: srun-multi-faults
# title: faults of --multi-prog files
# group: small
# tier: 2
# tags: srun

m() { printf "$1" > m.conf; chmod 644 m.conf; ts "srun -n3 -l --multi-prog m.conf | sort; echo \${PIPESTATUS[0]}"; }
m '0 echo a\n'
m '0 echo a\n1,2\n'
m '* echo %%t %%o\n'
m '0 echo a\n0-2 echo b\n'
m '0-9 echo b\n'
m 'x echo b\n'
m '0-x echo x\n'
m '0x echo x\n'
m '2-0 echo a\n'
m '* echo a\n0 echo b\n'
m ''
m '# comment\n\n0-2 echo "a  b" '"'"'c  d'"'"' a%%tb\n'
m '2,0 echo x %%o\n1 echo y %%o\n'
ts "srun -n3 --multi-prog /nosuch"
ts "srun -n3 --multi-prog /etc"
ts "srun -N2 -l --multi-prog m.conf | sort"
printf '0 echo a\n* echo rest %%o\n' > m.conf
ts "srun -l --multi-prog m.conf"
ts "srun -N2 -l --multi-prog m.conf"
