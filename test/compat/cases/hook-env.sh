# id: hook-env
# title: environments of prologs, epilogs and the health check
# group: hookenv
# tier: 2
# tags: hook, env

# What hangs on the machine, on accounting, or is given on purpose although Slurm does not.
NOT='^\(SLURM_\(JOB_UID\|JOB_GID\|UID\|CONF\|JOB_ACCOUNT\|GTIDS\|CPUS_ON_NODE\|TASK_EXIT_CODE\|RLIMIT_.*\)\|PATH\|TMPDIR\|HOME\)='
H=/var/spool/slurm/hk
mkdir -p $H; chmod 777 /var/spool/slurm $H
seen() { local h n; for h; do n=$NOT; case $h in s*) n+='\|^SLURM_JOB_NODELIST=' ;; tepilog*) n+='\|^SLURM_\(TASK_PID\|JOB_\(START_TIME\|END_TIME\|LICENSES\|SLUID\)\)=' ;; esac; poll 10 test -e "$H/$h"; ts "grep -v '$n' $H/$h"; done; }

j=$(job sbatch -o o.txt -e %j.err --gpus=1 --comment=cc -J hj -C intel -L matlab:1 --extra=ex --wrap 'srun true; exit 3'); end "$j"
seen cprolog.$j.none prolog.$j.none tprolog.$j.-5 sprolog.$j.0 tprolog.$j.0 tepilog.$j.0 sepilog.$j.0 tepilog.$j.none epilog.$j.none cepilog.$j.none
j=$(job sbatch -a 4 -n 2 --exclusive -o a.txt --wrap true); end "$j"
seen cprolog.$j.none prolog.$j.none epilog.$j.none
rm -f $H/[pst]*
q srun -n 1 --ntasks-per-node=1 -s true
poll 10 bash -c "ls $H | grep -q ^epilog"
for h in prolog sprolog tprolog tepilog sepilog epilog; do seen "$(ls $H | grep "^$h.*[0-9e]$" | head -1)"; done
poll 10 test -e $H/health.0.none
ts "grep -cE 'SLURM_(JOB|CLUSTER|SCRIPT)' $H/health.0.none"
