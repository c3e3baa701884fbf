# id: pow-exclude
# title: what is not powered down, by scontrol update
# group: power
# tier: 3
# tags: power, scontrol
# dirty: yes

excluded() { ts "scontrol show config | grep SuspendExc"; }

as root t scontrol update SuspendExcNodes=c1
as root t scontrol update SuspendExcNodes+=c2
excluded
as root t scontrol update SuspendExcNodes-=c1
as root t scontrol update SuspendExcNodes+=n1:1
as root t scontrol update SuspendExcNodes-=nix
excluded
as root t scontrol update SuspendExcParts=debug
as root t scontrol update SuspendExcStates=down,drain
as root t scontrol update SuspendExcStates+=fail
as root t scontrol update SuspendExcParts+=cloud
excluded
as root t scontrol update SuspendExcParts-=debug
as root t scontrol update SuspendExcStates-=down
excluded
as root t scontrol update SuspendExcParts=nix
as root t scontrol update SuspendExcStates=FOO
as root t scontrol update SuspendExcNodes=nix
excluded
as root t scontrol update SuspendExcNodes=n[1-2]:1,c1
as root t scontrol update SuspendExcNodes+=c2
excluded
t scontrol update SuspendExcNodes=c2
as root t scontrol update SuspendExcNodes=c2 nodename=n1
as root t scontrol update SuspendExcNodes=
excluded
as root t scontrol reconfigure
excluded
