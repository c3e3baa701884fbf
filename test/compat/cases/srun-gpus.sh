# id: srun-gpus
# title: GPUs of a srun: which of several requests counts
# group: small
# tier: 1
# tags: gres

# r REQUEST: each task's GPUs
r() { ts "$1 -l bash -c 'echo \$CUDA_VISIBLE_DEVICES' | sort"; }

r "salloc -Q -N1 --gpus=2 -n2 srun --gpus-per-task=1 -n2"
r "salloc -Q -N1 --gpus=2 -n2 srun --gres=gpu:1 -n2"
r "salloc -Q -N1 --gpus=2 -n2 srun --gpus=1 -n1"
r "salloc -Q -N1 --gpus=2 -n2 srun --gpus-per-node=1 -n1"
r "salloc -Q -N1 --gres=gpu:2 -n2 srun --gpus=1 --gres=gpu:1 -n1"
r "salloc -Q -N1 --gres=gpu:2 -n2 srun --gpus=2 --gres=gpu:1 -n1"
r "salloc -Q -N1 --gres=gpu:2 -n2 srun --gpus=1 --gpus-per-task=1 -n2"
r "salloc -Q -N1 --gpus-per-task=1 -n2 srun --gpus=1 -n1"
r "salloc -Q -N1 --gpus-per-task=1 -n2 srun -n1"
r "salloc -Q -N2 --gpus=4 -n4 srun --gpus=2 -n2 -N2"
r "salloc -Q -N2 --gpus=4 -n4 srun --gpus=3 -n4"
