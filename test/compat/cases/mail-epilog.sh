# id: mail-epilog
# title: a job is completing while EpilogSlurmctld runs
# group: mail
# tier: 2
# tags: epilog
# dirty: yes

rm -f /var/spool/slurm/go
j=$(job sbatch -J slow -w n1 --comment=hello --extra=more -o /dev/null --wrap true); st $j COMPLETING; node n1 idle
t squeue -h -j $j -o '%T %t'
touch /var/spool/slurm/go
end $j
t squeue -h -t all -j $j -o '%T'
t cat /var/spool/slurm/epilog.slow
