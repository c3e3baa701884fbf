# id: srun-ends
# title: how tasks end, and what srun says and returns
# group: small
# tier: 2
# tags: srun

# r COMMAND: all it writes, in no order, without the node's name; and its exit code.
r() { ts "{ $1; } 2>&1 | sed -E 's/\\bn[1-4]\\b/N/g; s/^\[[-0-9T:.]+\] //' | sort; echo \${PIPESTATUS[0]}"; }

for x in nosuchcmd ./nosuch sub/nosuch /nosuch/cmd /etc/passwd /etc; do r "srun $x"; done
r 'printf "#!/nosuch/interp\n" > s; chmod 755 s; srun ./s'
r 'printf "echo hi\n" > s; chmod 755 s; srun ./s'
r 'printf "#!/bin/bash\necho \$0\n" > s; chmod 755 s; srun ./s'
for s in 1 6 8 9 11 13 14 15 31 34; do r "ulimit -c 0; srun bash -c 'kill -$s \$\$; sleep 1'"; done
r 'srun -n3 bash -c "exit \$SLURM_PROCID"'
r 'srun -n3 bash -c "[ \$SLURM_PROCID = 1 ] && kill -9 \$\$; exit 3"'
r 'srun -Q -n2 bash -c "exit 5"'
r 'SLURM_EXIT_ERROR=9 srun bash -c "exit 4"'
r 'srun -n2 -i /nosuch.%t cat'
r 'srun -n2 -o /nosuch/x.%t true'
r 'srun --prolog=/nosuch true'
r 'srun --epilog=/nosuch true'
r 'srun --epilog=/bin/false true'
r 'srun --task-prolog=/nosuch true'
r 'srun --task-prolog=/bin/false echo hi'
r 'srun --task-epilog=/nosuch true'
r 'srun --task-epilog=/bin/false echo hi'
r 'srun -K -n2 bash -c "[ \$SLURM_PROCID = 1 ] && exit 3; exec sleep 20"'
r 'srun -W1 -n2 bash -c "[ \$SLURM_PROCID = 1 ] && exit 3; exec sleep 20" 2>&1 | uniq'
for s in TERM HUP QUIT; do r "srun -n2 bash -c 'touch r\$SLURM_PROCID; exec sleep 20' & p=\$!; for i in \$(seq 100); do test -e r0 -a -e r1 && break; sleep 0.1; done; kill -$s \$p; wait \$p; rm -f r?"; done
r "srun -n1 bash -c 'trap \"echo got\" ALRM; touch r0; sleep 1' & p=\$!; for i in \$(seq 100); do test -e r0 && break; sleep 0.1; done; kill -ALRM \$p; wait \$p; rm -f r?"
j=$(job sbatch --parsable -H --wrap true)
ts "srun --jobid=$j true"
q scancel $j
r 'salloc -Q -N2 -n2 bash -c "srun -r1 -N2 true; srun -r1 -w n1 -N1 true; srun -r9 true"'
