# id: ctl-wrong-jobs
# title: job control of jobs that are not there, not one's own, or not in the state for it
# group: small
# tier: 2
# tags: scontrol, errors

j=$(job sbatch -H --wrap true)
for x in hold release suspend resume requeue requeuehold top; do
  for a in '' 999 x 0 $j.0; do t scontrol $x $a; done
  as bob t scontrol $x $j
done
t scontrol wait_job 999
t scontrol wait_job x
t scontrol notify 999
t scontrol hold name=wrap
t scontrol hold wrap
t scontrol requeue incomplete $j
as bob t scontrol write batch_script $j -
t scontrol write nosuch x
for a in update create delete errnumstr getaddrs pidinfo; do t scontrol $a; done
as root t scontrol create partition neu3 nodes=n3
as root t scontrol update partition long state=up
as root t scontrol update partitionname=long
as root t scontrol delete partition neu3
as alice t scontrol update partitionname=long state=up
as alice t scontrol create partitionname=neu6 nodes=n1
as alice t scontrol update nodename=n1 state=drain reason=x
as root t scontrol create nodename=n7 cpus=2
as root t scontrol create nodename=n10 bogus=2 state=cloud
as root t scontrol update nodename=n1 resumeafter=60
as root t scontrol update nodename=n1 weight=x
as root t scontrol update nodename=n1 cpubind=x
as root t scontrol update nodename=n1 state=mixed
