# id: part-pending
# title: why jobs wait for features, memory limits and partitions without nodes
# group: small
# tier: 2
# tags: squeue, partitions
# dirty: yes

see() { sleep 2.5; t squeue -h -j $j -o "%T|%r|%R"; }
as root q scontrol update nodename=n3 state=down reason=fix
j=$(job sbatch -C amd -N 2 --wrap true); see; q scancel $j
j=$(job sbatch -C amd -x n4 --wrap true); see; q scancel $j
as root q scontrol update nodename=n4 state=drain reason=fix
j=$(job sbatch -C amd -N 2 --wrap true); see; q scancel $j
j=$(job sbatch -N 2 -w n3,n4 --wrap true); see; q scancel $j
as root q scontrol update nodename=n[3-4] state=resume; calm
as root q scontrol update nodename=n3 state=drain reason=fix
j=$(job sbatch -C amd -N 2 --wrap true); see; q scancel $j
as root q scontrol update nodename=n3 state=resume; calm
j=$(job sbatch -H --mem-per-cpu=900 -n 4 -N1 --wrap true)
as root q scontrol update partition=debug maxmempernode=1000
q scontrol release $j; see; q scancel $j
as root q scontrol update partition=debug maxmempernode=0
j=$(job sbatch -H --mem=9000 --wrap true); as root q scontrol update partition=debug maxmempernode=5000; q scontrol release $j; see; q scancel $j
as root q scontrol update partition=debug maxmempernode=0
j=$(job sbatch -H -p long --wrap true); as root q scontrol update partition=long nodes=;  q scontrol release $j; see
as root q scontrol update partition=long nodes=n[1-3]
j=$(job sbatch -H -C amd --wrap true); as root q scontrol update nodename=n[3-4] availablefeatures=x activefeatures=x; q scontrol release $j; see
