# id: scon-array
# title: what scontrol says of tasks of an array, and of jobs by name
# group: small
# tier: 2
# tags: scontrol, arrays, errors

j=$(job sbatch -H -a 1-6 -J arr --wrap 'sleep 30')
t scontrol update job=${j}_2 comment=two
t scontrol update job=${j}_9 comment=none
t scontrol update job=${j}_[5-9] comment=part
t scontrol update job=${j}_2 ArrayTaskThrottle=0
t scontrol update job=$j ArrayTaskThrottle=2
t scontrol update job=${j}_1 partition=nosuch
t scontrol update job=$j gres=foo:1
t scontrol show job ${j}_9
t scontrol show job ${j}_[2-3]
t scontrol requeue ${j}_6
as root t scontrol suspend ${j}_5
t scontrol requeuehold State=SpecialExit ${j}_2
t scontrol release jobname=nosuch
t scontrol hold jobname=nosuch
t scontrol hold name=
t scontrol hold $j 99999
as bob t scontrol hold $j
as bob t scontrol uhold ${j}_5
as bob t scontrol update job=${j}_5 name=x
k=$(job sbatch -H -J alone --wrap true)
t scontrol update job=$k ArrayTaskThrottle=3
t scontrol update jobname=alone comment=byname
as bob t scontrol update jobname=alone comment=byname
t scontrol update jobname=nosuch comment=byname
t scontrol -u bob update job=$k comment=x
as root t scontrol -u bob update job=$k comment=x
as root t scontrol update job=$k job=99999 name=qq
t scontrol hold $k,99999
t scontrol -Q hold 99999
t squeue -h -j $k -o '%j %k'
