# id: bf-order
# title: expected starts and nodes of jobs that wait behind a large one
# group: small
# tier: 2
# tags: backfill, squeue

a=$(job sbatch -J h1 -w n1 --exclusive -t 5 --wrap 'sleep 60'); st $a RUNNING
b=$(job sbatch -J h2 -w n2 --exclusive -t 9 --wrap 'sleep 60'); st $b RUNNING
c=$(job sbatch -J big -N 4 --exclusive -t 10 --wrap true); reason $c Resources
d=$(job sbatch -J same -N 4 --exclusive -t 10 --wrap true); reason $d 'Pri.rity'
e=$(job sbatch -J one -w n1 --exclusive -t 3 --wrap true)
g=$(job sbatch -J fit -w n3 --exclusive -t 8 --wrap 'sleep 30'); st $g RUNNING
h=$(job sbatch -J late -w n4 --exclusive -t 60 --wrap true)
poll 20 bash -c "squeue -h --start -j $h -o %S | grep -q T"
t squeue -h -o '%j %T %r %Y' --sort=i

# minutes from the start of the first, to the nearest
ts "s=\$(date -d \$(squeue -h -j $a -o %S) +%s); for j in $c $e; do echo \$(((\$(date -d \$(squeue -h -j \$j -o %S) +%s) - s + 30) / 60)); done"
