# id: squeue-state-order
# title: states are sorted by their names
# group: small
# tier: 1
# tags: squeue, sort
R=$(job sbatch -J run --wrap "sleep 60")
C=$(job sbatch -J compl --wrap "trap '' TERM; sleep 20 & wait; sleep 20")
S=$(job sbatch -J susp --wrap "sleep 60")
P=$(job sbatch -H -J pend --wrap true)
X=$(job sbatch -H -J canc --wrap true)
q scancel $X
F=$(job sbatch -W -J failed --wrap "exit 3")
E=$(job sbatch -W -J done --wrap true)
st $S RUNNING
st $C RUNNING
as root q scontrol suspend $S
q scancel $C
t squeue -h -a -n run,compl,susp,pend,canc,failed,done -t all -o '%t %T %j' -S t
t squeue -h -a -n run,compl,susp,pend,canc,failed,done -t all -o '%t %T %j' -S T
t squeue -h -a -n run,compl,susp,pend,canc,failed,done -t all -o '%t %T %j' -S -t
t squeue -h -a -n run,compl,susp,pend,canc,failed,done -t all -o '%t %T %j'
