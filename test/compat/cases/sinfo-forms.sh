# id: sinfo-forms
# title: state filters, forms of the list and what the environment sets
# group: small
# tier: 2
# tags: sinfo

as root q scontrol create partitionname=empty
as root q scontrol update node=n3 state=drain reason=disk
j=$(job sbatch -w n1 -N1 -n2 --mem=1000 --wrap 'sleep 90'); st $j RUNNING
for s in idle drain 'idle&drain' i all DRAINED idle,mix; do t sinfo -h -p debug -t "$s" -o '%t %N'; done
t sinfo -t nosuch
t sinfo -h -o '%N'
t sinfo -h -o '%D %R' -S R
t sinfo -h -e -o '%3P|%c|%N'
t sinfo -h -p long -N -l -S N
t sinfo -p long -N -S N
t sinfo -h -p long -sN -S N
t sinfo -l -o %N
t sinfo -M other
t sinfo -O nodelist -o %N
ts 'SINFO_FORMAT=%t sinfo -h -p long -s'
ts 'SINFO_FORMAT=%t sinfo -h -p long -N -S N'
t sinfo --helpformat
t sinfo --helpFormat
as root q scontrol update node=n3 state=resume
