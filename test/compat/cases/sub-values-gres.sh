# id: sub-values-gres
# title: odd and bad values of resource options
# group: small
# tier: 2
# tags: sbatch, gres, errors

s() { t sbatch -H "$@" --wrap true; }

s --gres=help
s --gres=gpu
s --gres=gpu:1
s --gres=gpu:a100:1
s --gres=gpu:foo:1
s --gres=foo
s --gres=foo:1
s --gres=gpu:x
s --gres=gpu:0
s --gres=gpu:-1
s --gres=
s --gres=none
s --gres=NONE
s --gres=gpu:3
s --gres=gpu:1,gpu:1
s --gres=gpu:1,foo:1
s --gres=gpu:a100
s --gres=gres/gpu:1
s --gres=gres:gpu:1
s --gres=gres/gpu
s --gres=gpu=1
s --gres=gpu:a100=1
s --gres=gpu/1
s --gres=gpu:1:2
s --gres=gpu:1k
s --gres=gpu:1,
s --gres=,gpu:1
s --gres=gpu:99999999999
s --gres=GPU:1
s --gres-flags=x
s --gres-flags=
s --gres-flags=disable-binding
s --gres-flags=enforce-binding
s --gres-flags=disable-binding,enforce-binding
s --gres-flags=one-task-per-sharing
s --gres-flags=multiple-tasks-per-sharing
s --gres-flags=one-task-per-sharing,multiple-tasks-per-sharing
s --gres-flags=allow-task-sharing
s -G x
s -G 0
s -G 1
s -G -1
s -G ''
s -G a100:2
s -G foo:2
s -G 9
s -G 1,2
s -G a100:1,a100:1
s -G gpu:1
s -G a100
s --gpus-per-node=x
s --gpus-per-node=1
s --gpus-per-node=3
s --gpus-per-node=0
s --gpus-per-socket=1
s --gpus-per-socket=1 --sockets-per-node=2
s --gpus-per-task=1
s --gpus-per-task=1 -n2
s --gpus-per-task=x
s --gpus-per-task=0
s --ntasks-per-gpu=2 -G2
s --ntasks-per-gpu=2
s --ntasks-per-gpu=x
s --ntasks-per-gpu=0
s --ntasks-per-gpu=2 -G2 -n3
s --cpus-per-gpu=2
s --cpus-per-gpu=2 -G1
s --cpus-per-gpu=0
s --cpus-per-gpu=x
s --cpus-per-gpu=2 -c2 -G1
s --mem-per-gpu=1G -G1
s --mem-per-gpu=1G
s --mem-per-gpu=x
s --mem-per-gpu=0
s --mem-per-gpu=1G --mem=1G -G1
s --gpu-bind=closest
s --gpu-bind=x
s --gpu-bind=
s --gpu-bind=verbose
s --gpu-bind=verbose,closest
s --gpu-bind=single:2
s --gpu-bind=single:x
s --gpu-bind=single:0
s --gpu-bind=map_gpu:0,1
s --gpu-bind=map_gpu:
s --gpu-bind=map_gpu:x
s --gpu-bind=mask_gpu:0x1
s --gpu-bind=mask_gpu:x
s --gpu-bind=per_task:1
s --gpu-bind=per_task:x
s --gpu-bind=none
s --gpu-bind=v
s --gpu-bind=q
s --gpu-bind=quiet
s --gpu-freq=x
s --gpu-freq=
s --gpu-freq=memory=x
s --tres-per-task=x
s --tres-per-task=cpu:2
s --tres-per-task=cpu=2
s --tres-per-task=gres/gpu:1
s --tres-per-task=gres/gpu=1
s --tres-per-task=gres:gpu:1
s --tres-per-task=mem:1G
s --tres-per-task=mem=1G
s --tres-per-task=cpu:x
s --tres-per-task=cpu:0
s --tres-per-task=
s --tres-per-task=cpu
s --tres-per-task=cpu:2 -c 3
s --tres-per-task=cpu:2 -c 2
s --tres-bind=gres/gpu:closest
s --tres-bind=
s --tres-bind=gres/gpu:verbose,single:2
s -L matlab
s -L matlab:2
s -L matlab:9
s -L matlab:x
s -L matlab:0
s -L foo
s -L ''
s -L matlab:1,ansys:1
s -L 'matlab:1|ansys:1'
s -L 'matlab:1;ansys:1'
s -L matlab=1
s -L matlab@foo:1
s -L matlab:1,
s -L matlab,matlab
