# id: topology
# title: topologies of topology.yaml
# group: topoyaml, topoyamlblk
# tier: 2
# tags: topology, switches
# dirty: yes

t scontrol show topology
t scontrol show topology topo1
t scontrol show topology topo2
t scontrol show topology flat0
t scontrol show topology unit=leaf1
t scontrol show topology node=n3
t scontrol show topology nosuch
t scontrol show topoconf
ts "scontrol show config | grep -i topolog"
ts "scontrol show node n1 | grep -i topo; scontrol show partition debug | grep -i topo"
t srun -w n3 -N1 bash -c 'echo $SLURM_TOPOLOGY_ADDR $SLURM_TOPOLOGY_ADDR_PATTERN'
as root t scontrol update partition=long topology=topo2
as root t scontrol update partition=long topology=nosuch
ts "scontrol show partition long | grep -i topo"
a=$(job sbatch -w n1 --exclusive --wrap 'sleep 60'); st $a RUNNING
b=$(job sbatch -N 2 --wrap 'sleep 60'); st $b RUNNING
t squeue -h -j $b -o '%N'
