# id: squeue-order
# title: how rows that compare equal are ordered, sort letters, filters that are empty or unknown
# group: small
# tier: 2
# tags: squeue

x=$(job sbatch -H -J j1 --wrap true)
y=$(job sbatch -H -J j2 --wrap true)
job sbatch -H -J j3 --wrap true > /dev/null
a=$(job sbatch -H -J a1 -A physics --array=1-3 --wrap true)
job sbatch -J b1 --begin=now+1hour --wrap true > /dev/null
job sbatch -J b2 --begin=now+2hour -p long --wrap true > /dev/null
for i in 1 2; do j=$(job sbatch -J r$i -w n$i --wrap 'sleep 60'); st $j RUNNING; done
for s in u -p i -i S N -N t,i i,b q 'i j' P,-i; do t squeue -h -o %j -S "$s"; done
t squeue -h -o %j
t squeue -h -o %j --start
t squeue -h -r -o '%j %K'
t squeue -S a
t squeue -h -n J1,j2 -o %j
t squeue -h -A PHYSICS -o %j
t squeue -h -u '' -o %j
t squeue -h -t , -o %j
t squeue -w nosuch
t squeue -h -j ${x}_5
t squeue -h -j "${a}_[1-2]"
t squeue -j $x -j $y
t squeue -h -j $x,$x,$y -o %j -S i
t squeue x
t squeue -O JobID -o %i
t squeue -l -o %i
t squeue -s $x
t squeue -M other
t squeue -h --running-under=0
t squeue --only-job-state -S i
t squeue -h -S i -o '%.3l|%.2P|'
t squeue --helpformat
t squeue --helpFormat
ts 'SQUEUE_FORMAT=%i squeue --start -h -S i | wc -w'
