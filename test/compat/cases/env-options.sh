# id: env-options
# title: what options tell srun's tasks, and salloc's command
# group: small
# tier: 1
# tags: env, srun, salloc

S='grep -E ^\(SLURM_\(CPU_BIND\|DIST\|CPUS_\|NTASKS\|NPROCS\|MEM\|GPUS\|STEP_GPUS\|TRES\|THREADS\|HINT\|PROFILE\|OPEN\|TASKS_PER\)\|SLURMD_TRES\|CUDA\|SRUN_DEBUG\|OMPI\) | sort'
a() { calm; ts "srun $* bash -c '[ \$SLURM_PROCID != 0 ] || env | $S'"; }
l() { calm; ts "salloc -Q $1 bash -c \"env | $S; echo step; srun ${2:-} bash -c '[ \\\$SLURM_PROCID != 0 ] || env | $S'\""; }

a
a -Q -n 2
a -N 2 --mem=100
a --mem-per-cpu=100 -n 2
a --exclusive
a --exclusive --gpus=1
a --hint=nomultithread
a --threads-per-core=1
a --ntasks-per-core=1 -n 2
a --ntasks-per-socket=1 -n 2
a --gpus-per-task=1 -n 2
a --open-mode=append
a -m plane=2 -N 2 -n 4
l ''
l '-n 2'
l '-c 2'
l '-N 2 -c 1'
l '-n 2' '--mem=50'
l '-n 2' '--mem-per-cpu=50'
l '--ntasks-per-socket=1'
l '--hint=nomultithread -n 2'
l '--ntasks-per-core=1 -n 2'
l '--ntasks-per-gpu=1 --gpus=2'
l '--gpus=2 -N 1' '--ntasks-per-gpu=1'
l '--gres=gpu:2' '--gres=none'
l '--exclusive -N 1'
l '--exclusive -N 1 --gpus=1'
l '-c 2' '--whole'
l '-m block:block,NoPack -n 2'
calm
j=$(job sbatch -o o.txt --mem=0 --wrap "env | $S; echo step; srun bash -c 'env | $S'"); end $j
f o.txt
