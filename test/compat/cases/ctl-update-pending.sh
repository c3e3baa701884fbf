# id: ctl-update-pending
# title: what an owner may change of a waiting job, and every refusal
# group: small
# tier: 2
# tags: scontrol, update

j=$(job sbatch -H -N 1 -n 2 -t 5 -J first --wrap true)
u() { t scontrol update job=$j "$@"; }
for k in admincomment=x begintime=now+1hour clusters=x comment=abc container=x contiguous=yes contiguous=maybe corespec=1 cpuspertask=2 cpus-per-task=2 deadline=now+2hour dependency=afterok:999 endtime=now+3hour excnodelist=n9 extra=zz features=nosuch gres=gpu:1 gres=nosuch:1 jobname=neu licenses=nosuch:1 mailtype=END mailtype=NONSENSE mcslabel=x nice nice=-5 nodelist=n9 numcpus=2-4 numcpus=x numnodes=9 numtasks=3 oversubscribe=yes oversubscribe=maybe partition=nosuch reboot=yes requeue=x sitefactor=5 tasksPerNode=2 ntaskspernode=2 threadspec=1 timelimit=10 timelimit=+5 timelimit=-3 timelimit=x timelimit=9-0 timemin=50 userid=alice nosuch=1 nosuch; do
  u $k
done
ts "scontrol show job $j | grep -E 'JobName|TimeLimit|Nice|Comment|Extra|MailType'"
as bob t scontrol update job=$j comment=z
u
t scontrol update
t scontrol update job
t scontrol update jobid=999 comment=x
t scontrol update job $j comment=words
t scontrol update jobname=neu extra=byname
ts "scontrol show job $j | grep -E 'Comment|Extra'"
