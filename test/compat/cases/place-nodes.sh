# id: place-nodes
# title: how many and which nodes a job gets, and what is taken of each
# group: place
# tier: 2
# tags: cpu, layout, features

while read -r o; do
    t sbatch $o -o /dev/null --wrap 'sleep 60'
    [ $rc = 0 ] || continue
    j=${out##* }
    poll 30 bash -c "squeue -h -j $j -o %T | grep -qx RUNNING" > /dev/null
    ts "scontrol -d show job $j | grep -oE '(JobState|NumNodes|NumCPUs|ReqTRES|AllocTRES|Nodes|CPU_IDs|Mem)=[^ ]*' | paste -sd' '"
    q scancel $j
    end $j
done <<'X'
-n9
-N1-5:2
-N1-9:2 -n40
-N2-8:3 -n20
-N2,4,8 -n5
-N1,3 -n12
-N3,5 --use-min-nodes
--spread-job -n20
--spread-job -N2-6 -n20
-n3 --ntasks-per-node=2 -N2
-n3 --ntasks-per-node=4 -N1-2
-n8 -N1-2 --mincpus=4
-n9 -N3 --mincpus=2
-N3 --contiguous -w n4
-N3 --contiguous -w n7
-N4 -w n4,n6
-N4 -w n2,n5 -n20
-w n3 -n20
-w n3,n5,n7 -N1-2
-n4 --mem=1000
-N1 -n2 -c2
-N1 -n2 -c2 -m block:cyclic
-n4 -c2
-N2 -n3 -c4
-N1 -n3 --ntasks-per-socket=2
-N2-3 --ntasks-per-node=2
-C [a*1&b*1]
-C [a*2&b*2]
-C [a*1&c*2] -N3
-C [a*1&b*1] -N1
-C [r1*1&r2*1&r3*1]
-C [b*3&c*1]
-C a*2
-C r1|r2&c -N3
-C c|a&b -N3
-C r1&b|c&r3
X
for o in '-N2-3 --ntasks-per-node=2' '-N2-3' '-N2-3 -c2'; do
    ts "srun $o bash -c 'echo \$SLURM_NNODES \$SLURM_NTASKS \$SLURMD_NODENAME' | sort"
    calm
    ts "salloc -Q $o bash -c 'echo \$SLURM_NNODES \$SLURM_NTASKS \$SLURM_TASKS_PER_NODE'"
    calm
done
for o in '-N2-3 --ntasks-per-node=2' '-N2-3'; do
    t sbatch -H $o -o /dev/null --wrap true
    ts "scontrol show job ${out##* } | grep -oE '(NumNodes|NumCPUs|NumTasks|ReqTRES)=[^ ]*' | paste -sd' '"
    q scancel ${out##* }
done
