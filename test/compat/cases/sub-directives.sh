# id: sub-directives
# title: odd #SBATCH lines and values
# group: small
# tier: 2
# tags: sbatch

mk() { printf "$1" > s.sh; t sbatch -H s.sh; case $rc in 0) t squeue -h -j ${out##* } -o '%j|%k|%l';; esac; }
mk '#!/bin/bash\n#SBATCH -J one -t\n#SBATCH 3\n'
mk '#!/bin/bash\n#SBATCH -t "5" --comment "x y" # -J no\n##SBATCH -J two\n'
mk '#!/bin/bash\n#SBATCH --comment ""\n'
mk '#!/bin/bash\n#SLURM -J slurm\n'
mk '#!/bin/bash\n#SBATCH foo -J x\n'
mk '#!/bin/bash\ntrue\n#SBATCH -J late\n'
mk '\n'
mk ''
t sbatch -H -d after:99999+5 -o /dev/null --wrap true
t sbatch -H -d aftercorr:99999 -o /dev/null --wrap true
t sbatch -H -d afterok:99999 -o /dev/null --wrap true
t sbatch -H -p '' -o /dev/null --wrap true
t sbatch -M other --wrap true
t scancel -M other 1
t scancel -t RUNNING,PENDING -n x
t scancel 1.batch
t srun -n1 -o new/dir/x echo hi
f new/dir/x
t srun --jobid=99999.0 true
