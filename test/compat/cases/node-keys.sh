# id: node-keys
# title: keys of NodeName lines that are only shown
# group: small
# tier: 2
# tags: scontrol, config
# dirty: yes

S=/etc/slurm/slurm.conf
as root q bash -c "sed -i '/^NodeName=n1/s/\$/ CpuBind=core BcastAddr=127.0.0.9 SuspendTime=77 RestrictedCoresPerGPU=1 Parameters=l3cache_as_socket/' $S"
as root t scontrol reconfigure
poll 10 bash -c 'scontrol show node n1 | grep -q CpuBind=cores'
sleep 1
ts "scontrol show node n1 | grep -E 'NodeName|BcastAddr|Restricted|SuspendTime|Parameters' | sed 's/Version=.*//'"
ts "scontrol show node n1 --json | grep -A4 -E 'cpu_binding|burstbuffer_network|res_cores_per_gpu|\"suspend_time' | grep -v cpu_load"
for b in thread ldom core socket none off; do
    as root ts "scontrol update nodename=n1 cpubind=$b; scontrol show node n1 | head -1"
done
as root t scontrol update nodename=n1 cpubind=nonsense
