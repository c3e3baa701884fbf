# id: scon-wrong
# title: words of scontrol, squeue and sinfo for what is unknown or wrong
# group: small
# tier: 2
# tags: scontrol, squeue, sinfo, errors

t scontrol takeover 0
t scontrol takeover 1
t scontrol takeover 1 2
as root t scontrol takeover 1
t scontrol schedloglevel 1
as root t scontrol schedloglevel 1
as root t scontrol schedloglevel 2
as root t scontrol schedloglevel disable
as root t scontrol fsdampeningfactor x
as root t scontrol fsdampeningfactor 0
t scontrol show fsdampening
t scontrol show burst
t scontrol show federation
t scontrol show nosuch
t scontrol show aliases nosuch
t scontrol show step 99999
t scontrol show step 99999.0
t scontrol show reservation nosuch
t scontrol show license nosuch
t scontrol show partition nosuch
t scontrol show node nosuch
t scontrol show topology nosuch
t scontrol notify
t scontrol notify 99999
t scontrol notify 99999 hello
t squeue -s -O nosuch
t squeue -O nosuch
t squeue -o %Q%%%Z
t squeue -S nosuch
t squeue -S Q
t squeue -t nosuch
t squeue -n ''
t squeue -p nosuch
t squeue -w nosuch
t squeue -u nosuch
t squeue -A nosuch
t squeue -R nosuch
t squeue -q nosuch
t squeue -i x
t squeue -i 0
t squeue -j x
t squeue -s x
t squeue -L
t squeue --format
t squeue -P --start -h
t squeue --array-unique -h -O jobid:.10,state:8
t squeue -O 'jobid:.x'
t sinfo -O nosuch
t sinfo -t nosuch
t sinfo -n nosuch
t sinfo -p nosuch
t sinfo -i x
t sinfo -T
t env SQUEUE_FORMAT=%i:%T squeue
t env SQUEUE_STATES=nosuch squeue
t env SQUEUE_SORT=nosuch squeue
t env SINFO_FORMAT=%P:%a sinfo
t env SINFO_SORT=-P sinfo -h -o %P
