# id: part-values
# title: good, odd and bad values of fields of a partition
# group: small
# tier: 2
# tags: scontrol, partitions, errors
# dirty: yes
# user: root

t scontrol create partitionname=extra nodes=n[1-2]
t scontrol show part extra
one() { t scontrol update partition=extra "$@"; ts "scontrol -a -o show part extra"; }
for f in Alternate=nosuch Alternate=long Alternate=NONE CpuBind=core CpuBind=foo Default=foo DefaultTime=abc DefaultTime=10-0 DefMemPerCPU=UNLIMITED DefMemPerCPU=100 DefMemPerCPU=0 \
    Exclusive=user Exclusive=topo Exclusive=foo Exclusive=no GraceTime=abc MaxCPUsPerNode=abc MaxMemPerCPU=0 MaxMemPerNode=UNLIMITED MaxNodes=0 MaxNodes=abc MaxTime=0 MaxTime=abc MaxTime=UNLIMITED \
    MinNodes=99 MinNodes=0 Nodes=nosuch Nodes= Nodes=+n4 Nodes=ALL OverSubscribe=foo OverSubscribe=force:3 OverSubscribe=no \
    State=dr State=foo State=UP SelectTypeParameters=CR_Core foo=bar; do one $f; done
t scontrol create partition=DEFAULT nodes=n1
t scontrol create partition=extra nodes=n1
t scontrol create partitionname=
t scontrol delete partition
t scontrol delete partition extra
t scontrol delete partition=extra
