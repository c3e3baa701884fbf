# id: mail-types
# title: mail at begin, end, failure, requeue and for arrays
# group: mail
# tier: 2
# tags: mail, array, requeue
# dirty: yes

log=/var/spool/slurm/mail.log
mails() { poll 25 bash -c "[ \$(grep -c '^$1: ' $log) -ge $2 ]"; }
: > $log; chown slurm $log
job sbatch -J ok --mail-type=ALL -o /dev/null --wrap true > /dev/null; mails ok 2
job sbatch -J bad --mail-type=ALL --mail-user=x@y.z -o /dev/null --wrap 'exit 3' > /dev/null; mails bad 2
job sbatch -J endonly --mail-type=END -o /dev/null --wrap 'exit 3' > /dev/null; mails endonly 1
job sbatch -J failonly --mail-type=FAIL --mail-user=bob -o /dev/null --wrap 'kill -9 $$' > /dev/null; mails failonly 1
j=$(job sbatch -J none --mail-type=NONE,END -o /dev/null --wrap true); end $j
j=$(job sbatch -J okfail --mail-type=FAIL -o /dev/null --wrap true); end $j
j=$(job sbatch -J cancelled -H --mail-type=ALL -o /dev/null --wrap true); q scancel $j; mails cancelled 1
b=$(job sbatch -J blocker -o /dev/null --wrap 'sleep 1; exit 1')
j=$(job sbatch -J never --dependency=afterok:$b --mail-type=ALL -o /dev/null --wrap true); mails never 1; q scancel $j; mails never 2
j=$(job sbatch -J again --mail-type=ALL -o /dev/null --wrap 'sleep 100'); st $j RUNNING; q scontrol requeue $j; mails again 2; q scancel $j; mails again 3
job sbatch -J array -a 1-3 --mail-type=ALL -o /dev/null --wrap 'exit $((SLURM_ARRAY_TASK_ID - 1))' > /dev/null; mails array 2
job sbatch -J alike -a 1-2 --mail-type=FAIL -o /dev/null --wrap 'exit 4' > /dev/null; mails alike 1
job sbatch -J fine -a 1-2 --mail-type=END -o /dev/null --wrap true > /dev/null; mails fine 1
j=$(job sbatch -J waiting -a 1-2 -H --mail-type=ALL -o /dev/null --wrap true); q scancel $j; mails waiting 1
job sbatch -J tasks -a 7 --mail-type=ALL,ARRAY_TASKS -o /dev/null --wrap true > /dev/null; mails tasks 2
ts "LC_ALL=C sort $log"
ts "LC_ALL=C sort /var/spool/slurm/mail.names | grep -E '^(ok|never|again|array) '"
