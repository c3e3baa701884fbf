# id: sattach
# title: sattach: errors, layout, streams and statuses of a running step
# group: small
# tier: 2
# tags: sattach

ts "sattach"
ts "sattach --help"
ts "sattach --usage"
ts "sattach --foo"
ts "sattach x"
ts "sattach 1"
ts "sattach 1.0"
ts "sattach 1.x"
ts "sattach 1.0 2.0"
ts "sattach 1.batch"
ts "sattach --input-filter=x 1.0"
ts "sattach --output-filter=-1 1.0"
cat > s.sh <<'P'
#!/bin/bash
srun -n3 -N2 -l bash -c 'echo start $SLURM_PROCID; touch r$SLURM_PROCID; while ! test -e go; do sleep 0.1; done; read x; echo end $SLURM_PROCID $x; echo err $SLURM_PROCID >&2; exit $((SLURM_PROCID + 3))'
P
chmod 755 s.sh
run() {
    rm -f go r?
    j=$(job sbatch --parsable -N2 -n3 s.sh)
    poll 20 bash -c 'test -e r0 -a -e r1 -a -e r2'
}
calm
run
ts "sattach --layout $j.0"
ts "sattach --layout $j.7"
ts "sattach $j.batch"
as bob ts "sattach $j.0 2>&1 | sort"
ts "{ (sleep 1; touch go) & echo in | sattach -l $j.0; } 2>&1 | sort -u; echo \${PIPESTATUS[0]}"
calm
run
ts "{ (sleep 1; touch go) & sattach -l --output-filter=1 --error-filter=0 $j.0 < /dev/null; } 2>&1 | sort -u; echo \${PIPESTATUS[0]}"
