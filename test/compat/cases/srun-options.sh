# id: srun-options
# title: distributions, bindings and frequencies that srun takes or refuses
# group: small
# tier: 2
# tags: srun

ts 'srun --gpus=1 --gpu-freq=low -n 2 -l true'
ts 'srun --gpus=1 --gpu-freq=low env | grep FREQ | sort'
ts 'srun --gpu-freq=high true'
ts 'srun -m pack -n 2 true'
ts 'srun -m nopack -n 2 env | grep DIST'
ts 'srun -m block:block,NoPack -n 2 env | grep DIST'
ts 'salloc -Q -n 2 srun -m pack env | grep DIST'
ts 'srun -m block:NoPack -n 2 true'
ts 'srun --cpu-bind=rank env | grep CPU_BIND'
ts 'srun --cpu-bind=v,rank env | grep CPU_BIND | sort'
ts 'srun --accel-bind=q true'
ts 'srun --profile=none env | grep PROF'
ts 'salloc -Q -n 4 -N 1 srun --threads-per-core=1 true'
ts 'salloc -Q -n 4 -N 1 srun --threads-per-core=1 -n 2 true'
ts 'salloc -Q -n 4 -N 1 srun --hint=nomultithread -n 3 true'
ts 'salloc -Q -c 4 -N 1 srun --threads-per-core=1 -c 3 true'
