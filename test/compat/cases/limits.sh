# id: limits
# title: limits and nice values of tasks
# group: propagate, propexcept, propnone
# tier: 2
# tags: srun, sbatch

script show.sh << 'END'
#!/bin/bash
for l in n:nofile:333 s:stack:4000 f:fsize:90000; do
    IFS=: read -r o name low <<< "$l"
    [ "$(ulimit -S$o)" = "$low" ] && echo "$name as its submitter's" || echo "$name as slurmd's"
done
ulimit -Sv
nice
END
LOW='ulimit -Sn 333; ulimit -Ss 4000; ulimit -Sf 90000;'
ts "$LOW srun ./show.sh"
ts "$LOW nice -n 3 srun ./show.sh"
for p in --propagate=FSIZE --propagate=NONE --propagate=ALL --propagate --mem=100; do ts "$LOW srun $p ./show.sh"; done
ts "$LOW SLURM_PROPAGATE=FSIZE srun ./show.sh"
q bash -c 'echo first > b.txt; echo first > s.txt'
j=$(q bash -c "$LOW nice -n 2 sbatch -o b.txt --wrap './show.sh; srun ./show.sh'" | awk '{print $NF}'); end "$j"; f b.txt
j=$(q bash -c "$LOW sbatch --propagate=FSIZE -o c.txt --wrap './show.sh; srun ./show.sh'" | awk '{print $NF}'); end "$j"; f c.txt
t srun -o s.txt echo second; f s.txt
t srun --open-mode=truncate -o s.txt echo third; f s.txt
ts 'salloc -Q bash -c "env | grep RLIMIT; nice"'
