# id: sub-wishes
# title: --batch, --signal=R:, --requeue=expedite, --acctg-freq
# group: small
# tier: 2
# tags: sbatch

for o in 60 0 task=5 energy=0,task=1 task=5,energy=x; do
    t sbatch -H --acctg-freq=$o --wrap true
done
t sbatch -H --acctg-freq=60 --mem=0 --wrap true
t srun --acctg-freq=5 true
t sbatch -H --signal=R:USR1@60 --wrap true
t sbatch -H --requeue=expedite --wrap true
t sbatch -H --batch=foo --wrap true
t sbatch -H -C 'intel&fast' --batch=amd --wrap true
t sbatch -H -C '[intel|amd]' --batch='intel|amd' --wrap true
t sbatch -W -N4 -C 'intel|amd' --batch=amd -o %j.out --wrap 'echo $SLURMD_NODENAME $SLURM_NODEID $SLURM_JOB_NODELIST; srun -l hostname >/dev/null'
ts "cat *.out; squeue -h -t all -o '%B %N' -n wrap | sort -u"
t sbatch -W -w n1,n2 -C 'intel|amd' --batch=amd -o second --wrap 'echo $SLURMD_NODENAME'
t cat second
