# id: ctl-values
# title: good, odd and bad values of fields of a waiting job
# group: small
# tier: 2
# tags: scontrol, update, errors

one() { j=$(job sbatch -H -J upd -n 2 -c 2 -N 1-2 -t 10 --mem-per-cpu=100 --wrap true); t scontrol update job=$j "$@"; t squeue -h -j $j -o '%j %k %l %D %y %f'; q scancel $j; }
for f in Contiguous=yes Contiguous=no CoreSpec=1 CPUsPerTask=0 CPUsPerTask=abc Deadline=foo Deadline=now-1hour DelayBoot=abc StartTime=foo \
    EndTime=foo EndTime=now+1hour ExcNodeList=nosuch Features=nosuch Gres=foo:1 Licenses=nosuch MailType=foo MinMemoryCPU=1G MinMemoryNode=abc Nice=abc Nice=-5 Nice=9999999999 \
    NumCPUs=0 NumCPUs=abc NumNodes=abc NumNodes=3-2 NumNodes=0 NumTasks=0 Partition=nosuch Partition= Reboot=foo ReqProcs=abc Requeue=2 ResetAccrueTime=1 SiteFactor=5 \
    Switches=abc TimeLimit=abc TimeLimit=-9999 TimeLimit=+5 TimeMin=50 UserID=nosuch NumNode=1 foo=bar foo; do one $f; done
for f in CoreSpec=1 Deadline=now-1hour Nice=-5 Reboot=foo SiteFactor=abc NumNodes=99 MinCPUsNode=99; do U=root one $f; done
