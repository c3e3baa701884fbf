# id: topo-units
# title: switches by name, by node, and --switches that has to wait
# group: topo
# tier: 2
# tags: topology, switches
# dirty: yes

t scontrol show topology
t scontrol show topology leaf1
t scontrol show topology root
t scontrol show topology n1
t scontrol -o show topology
t scontrol show topology unit=x
t scontrol show topology node=n3
t scontrol show topology nosuch
t scontrol show topoconf
ts "scontrol show config | grep -i topolog"
ts "scontrol show node n1 | grep -i topo; scontrol show partition debug | grep -i topo"
t scontrol --json show topology
a=$(job sbatch -w n1 --exclusive --wrap 'sleep 60'); st $a RUNNING
b=$(job sbatch -N 2 --wrap 'sleep 60'); st $b RUNNING
t squeue -h -j $b -o '%N'
c=$(job sbatch -N 2 --exclusive --switches=1 --wrap 'sleep 60'); sleep 3
t squeue -h -j $c -o '%T %r'
ts "scontrol show job $c | grep -i switch"
d=$(job sbatch -N 2 -w n1,n3 --switches=1 --wrap true); sleep 2
t squeue -h -j $d -o '%T %r'
e=$(job sbatch -N 3 --switches=1 --wrap true); sleep 2
t squeue -h -j $e -o '%T %r'
t sbatch -N 2 --switches=x --wrap true
t sbatch -N 2 --switches=0 --wrap true
t sbatch -H -N 2 --switches=1@5:00 --wrap true
