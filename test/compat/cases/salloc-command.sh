# id: salloc-command
# title: commands of an allocation: not found, failing, ended by signals
# group: small
# tier: 2
# tags: salloc

# r COMMAND: all it writes, in no order, without the node's name; and its exit code.
r() { ts "{ $1; } 2>&1 | sed -E 's/\\bn[1-4]\\b/N/g; s/^\[[-0-9T:.]+\] //' | sort; echo \${PIPESTATUS[0]}"; }

r 'salloc -n1 nosuchcmd'
r 'salloc -n1 /nosuch/cmd'
r 'salloc -n1 /etc/passwd'
r 'salloc -n1 /etc'
r 'salloc -D /nosuch -n1 pwd'
r 'salloc -D /tmp -n1 pwd'
r 'salloc -n1 bash -c "exit 7"'
for s in 1 6 9 10 11 12 13 14 15 24; do r "ulimit -c 0; salloc -Q -n1 bash -c 'kill -$s \$\$'"; done
r 'salloc -K -n1 bash -c "scancel \$SLURM_JOB_ID; exec sleep 8"'
r 'salloc -KKILL -n1 bash -c "scancel \$SLURM_JOB_ID; exec sleep 8"'
r 'salloc -KUSR1 -n1 bash -c "scancel \$SLURM_JOB_ID; exec sleep 8"'
r 'salloc -Kfoo -n1 true'
r 'echo "echo hi; exit 3" | SHELL=/nosuch salloc -n1'
r 'SLURM_EXIT_ERROR=9 salloc -n1 nosuch'
r 'SLURM_EXIT_ERROR=9 salloc -p nosuch true'
r 'SLURM_EXIT_ERROR=9 srun --jobid=1 true'
for s in HUP TERM USR1 USR2 ALRM; do r "salloc -n1 bash -c 'trap \"echo hup\" HUP; touch r; for i in 1 2 3 4; do sleep 0.2; done 2> /dev/null; echo here' & p=\$!; for i in \$(seq 100); do test -e r && break; sleep 0.1; done; kill -$s \$p; wait \$p 2> /dev/null; rm -f r"; done
r 'salloc --begin=now+60 -I true 2>&1 | grep -v revoked'
r 'srun -H -I true'
