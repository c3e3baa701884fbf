# id: place-options
# title: which nodes and CPUs options give, and what is charged
# group: small
# tier: 2
# tags: cpu, layout

while read -r o; do
    t sbatch $o -o /dev/null --wrap 'sleep 60'
    [ $rc = 0 ] || continue
    j=${out##* }
    poll 4 bash -c "squeue -h -j $j -o %T | grep -qx RUNNING" > /dev/null
    ts "scontrol -d show job $j | grep -oE '(JobState|NumNodes|NumCPUs|NumTasks|Reason|ReqTRES|AllocTRES|Nodes|CPU_IDs|Mem|GRES|NtasksPerN:B:S:C|MinCPUsNode)=[^ ]*' | paste -sd' '"
    q scancel $j
    end $j
done <<'X'
-N1-3 --overcommit -n9
-N2 --overcommit -n9
--exclusive -N1
--exclusive -n3
-N2-4 --gpus=3
-N2-4 --gpus=3 -n4
--gpus=5
--gpus-per-node=2 -N2
--gpus=2 --mem-per-gpu=2000
--gpus-per-socket=1 --sockets-per-node=2 -n4 -N1
--gres=gpu:a100:1 -n3
--gres=gpu:2 -n2 --gres-flags=enforce-binding
--gpus=2 -n2 --gres-flags=one-task-per-sharing
--gres=gpu:1 --gres-flags=multiple-tasks-per-sharing
--gres=gpu:1 --gres-flags=allow-task-sharing
--ntasks-per-gpu=2 --gpus=2
--ntasks-per-gpu=2 -n4
-n5 --ntasks-per-node=2
-n3 --ntasks-per-socket=1
-n3 --ntasks-per-core=1
-n4 --ntasks-per-core=1 --mem-per-cpu=2000
-B 1:2:1 -n2
-B 2:1 -n2
--cores-per-socket=2 -n3
--mincpus=6
--mincpus=6 -N2
--spread-job -n4
--spread-job -n3 -N1-4
--use-min-nodes -N1-3 -n4
--contiguous -N3
-N2 -n4 -m block
-N2 -n4 -m cyclic
-N2 -n6 -m plane=2
-n3 -m block:block
-n3 -m block:cyclic
-N2 -n3 -m cyclic:block
-n5 -m *:block
-n3 -m Pack
-n6 -m NoPack
-n2 -c3
--mem=0
--mem=9000 -n9
--mem-per-cpu=3000 -n6
--mem-per-cpu=9000 -n2
-w n2,n4
-w n3 -n9
-C fast -N2
-C fast*1&amd*1 -N2
-C [intel|amd] -N2
-C (intel|amd)&fast -n9
-C rack1|rack2 -N3
-C intel --prefer=fast
-n2 --prefer=amd
-n2 --prefer=nosuch
--core-spec=1
-N2 --segment=1
--threads-per-core=1 -n3
--hint=compute_bound
--hint=memory_bound -n3
-n1 --mem=100 -c1 --exclusive=mcs
--tres-per-task=cpu:2,gres/gpu:1 -n2
--oversubscribe -n9
-N1 -n1 --nodelist=n[2-3]
X
