# id: squeue-words
# title: odd formats, states, lists and parsers of squeue and sinfo
# group: small
# tier: 2
# tags: squeue, sinfo, errors

as root q scontrol update nodename=n4 state=drain reason=zzz
as root q scontrol update nodename=n3 state=down reason=aaa
A=$(job sbatch -H -a 1-9 --wrap true)
M=$(job sbatch -H -p debug,long --wrap true)
t sinfo -R
t sinfo -n 'n['
t sinfo -l -O nodelist
t sinfo --json=nosuch
t sinfo --s
t sinfo -t failing
t sinfo -h -o %N -t invalid_reg
t sinfo -h -o %%N
t squeue -t launch_failed
t squeue -t ex
t squeue -O all
t squeue -h -S i -o %%i
t squeue -w n[
t squeue --user
t squeue --st r
t squeue --json=nosuch
t squeue --yaml=nosuch
t squeue -h -j $A.0 -o %i
t squeue -h -j $M -P -S i -o '%i %P'
as root q scontrol update nodename=n[3-4] state=resume
