# id: conf-topology-yaml
# title: mistakes in topology.yaml
# group: none
# tier: 3
# tags: config, errors, topology
# user: root

printf 'ClusterName=x\nSlurmctldHost=head\nAuthType=auth/slurm\nCredType=auth/slurm\nStateSaveLocation=%s/state\nSlurmctldPidFile=%s/pid\nProctrackType=proctrack/linuxproc\nSlurmUser=slurm\nNodeName=n[1-4] NodeAddr=127.0.0.1 CPUs=1\nPartitionName=p Nodes=ALL\n' $PWD $PWD > slurm.conf
echo CgroupPlugin=disabled > cgroup.conf; head -c 64 /dev/urandom > slurm.key; chmod 600 slurm.key; chown slurm slurm.key
y() { printf -- "$1\n" > topology.yaml; rm -rf state; mkdir state; chown slurm state; LIMIT=8 ts "# $1
env SLURM_CONF=$PWD/slurm.conf timeout --foreground -s KILL ${S:-2} slurmctld -D > log 2>&1; r=\$?; [ \$r -ge 124 ] && echo keeps running || echo ends with \$r; grep -oE 'fatal: .*' log"; }
y '- topology: t\n  flat: true'
y 'topology: t\nflat: true'
y '- topology: t\n  flat: false'
y '- topology: t'
y ''
y '- topology: t\n  flat: true\n  tree:\n    switches:\n      - switch: a\n        nodes: n[1-4]'
y '- topology: t\n  tree:\n    switches:\n      - nodes: n[1-4]'
y '- topology: t\n  tree:\n    switches:\n      - switch: a\n        children: b'
y '- topology: t\n  tree:\n    switches: a'
y '- topology: t\n  tree: true'
y '- topology: t\n   flat: true\n  x'
y '- topology: [t'
y '- topology: t\n  block:\n    block_sizes: [2,6]\n    blocks:\n      - block: b\n        nodes: n[1-2]\n      - block: c\n        nodes: n[3-4]'
y '- topology: t\n  block:\n    block_sizes: x\n    blocks:\n      - block: b\n        nodes: n[1-4]'
