# id: topo-blocks
# title: blocks in scontrol and in the environment
# group: topoblk
# tier: 2
# tags: topology, block
# dirty: yes

t scontrol show topology
t scontrol show topology b1
t scontrol show topology node=n3
t scontrol show topology unit=b1
t scontrol show topology block=b1
t scontrol show topology nosuch
t scontrol show topoconf
t srun -w n3 -N1 bash -c 'echo $SLURM_TOPOLOGY_ADDR $SLURM_TOPOLOGY_ADDR_PATTERN'
t sbatch -N2 --switches=1 --wrap true
