# id: pow-auto
# title: a cloud node comes up for a job, goes off when it is idle, and does not come up
# group: power
# tier: 2
# tags: power, node
# dirty: yes
# limit: 220

# is NODE STATE: wait until scontrol shows the whole state.
is() { poll 70 bash -c "scontrol show node $1 | grep -qF 'State=$2 '"; }

J=$(job sbatch -p cloud -w c1 --wrap 'sleep 0' -o /dev/null)
st $J CONFIGURING
poll 20 grep -q 'resume c1' /var/spool/slurm/power.log
is c1 MIXED+CLOUD+NOT_RESPONDING+POWERING_UP
t squeue -h -j $J -o '%t %T %r %N'
slurmd -b -N c1
poll 60 bash -c "scontrol show job $J | grep -q JobState=COMPLETED"
ts "scontrol show job $J | grep -oE '(JobState|Reason|BatchHost|ExitCode)=[^ ]*'"
is c1 IDLE+CLOUD+POWERED_DOWN
J=$(job sbatch -p cloud -w c1 --wrap 'sleep 0' -o /dev/null)
st $J CONFIGURING
t scancel $J
t squeue -h -t all -j $J -o '%t %T %r'
J=$(job sbatch -p cloud -w c2 --wrap 'sleep 0' -o /dev/null)
K=$(job sbatch -p cloud -w c2 --no-requeue --wrap 'sleep 0' -o /dev/null)
is c2 DOWN+CLOUD+POWERED_DOWN
t sinfo -h -p cloud -n c2 -o '%t %T'
t sinfo -h -n c2 -o '%n %E %u'
t squeue -h -t all -j $K -o '%t %T %r'
t squeue -h -t all -j $J -o '%t %T'
as root t scontrol update nodename=c2 state=resume
t sinfo -h -p cloud -n c2 -o '%t %T'
as root t scontrol power down asap n2
is n2 IDLE+POWERED_DOWN
ts "scontrol show node n2 | grep -o 'State=[^ ]*'"
