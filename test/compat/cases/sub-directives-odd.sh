# id: sub-directives-odd
# title: odd scripts and #SBATCH lines
# group: small
# tier: 2
# tags: sbatch, errors

# z TEXT: script of this text (printf escapes), submitted and shown
N=0
z() { N=$((N+1)); printf "$1" > s$N.sh; chmod 755 s$N.sh; t sbatch -H --parsable s$N.sh; [ "$rc" = 0 ] && ts "scontrol show job $out | grep -E 'JobName|TimeLimit|NumNodes|Comment|Partition'"; }
B='#!/bin/bash\n'
z "$B#SBATCH -J 'ab\ntrue\n"
z "$B#SBATCH -J \"ab\ntrue\n"
z "$B#SBATCH -J a\\\\\\\\ b\ntrue\n"
z "$B#SBATCH -J 'a b' -N2\ntrue\n"
z "$B#SBATCH -J a\"b c\"d\ntrue\n"
z "$B#SBATCH -J abc # comment\ntrue\n"
z "$B#SBATCH -J abc#d\ntrue\n"
z "$B#SBATCH -J abc\n\n\n#SBATCH -N2\ntrue\n#SBATCH -J xyz\n"
z "$B #SBATCH -J abc\ntrue\n"
z "$B#SBATCH\t-J\tabc\ntrue\n"
z "$B#SBATCH-J abc\ntrue\n"
z "$B#SBATCH--job-name=abc\ntrue\n"
z "$B#sbatch -J abc\ntrue\n"
z "$B# SBATCH -J abc\ntrue\n"
z "$B##SBATCH -J abc\ntrue\n"
z "$B#SBATCH\ntrue\n"
z "$B#SBATCH   \ntrue\n"
z "$B#SBATCH abc\ntrue\n"
z "$B#SBATCH abc -J x\ntrue\n"
z "$B#SBATCH -J x abc\ntrue\n"
z "$B#SBATCH --\ntrue\n"
z "$B#SBATCH -- -J x\ntrue\n"
z "$B#SBATCH -\ntrue\n"
z "$B#SBATCH --nosuch\ntrue\n"
z "$B#SBATCH -j\ntrue\n"
z "$B#SBATCH -N\ntrue\n"
z "$B#SBATCH -N x\ntrue\n"
z "$B#SBATCH -N x\n#SBATCH -t y\ntrue\n"
z "$B#SBATCH --wrap=ls\ntrue\n"
z "$B#SBATCH --parsable\ntrue\n"
z "$B#SBATCH -Q\ntrue\n"
z "$B#SBATCH -D /tmp\ntrue\n"
z "$B#SBATCH --job-na=abc\ntrue\n"
z "$B#SBATCH --n=2\ntrue\n"
z "$B#SBATCH -J abc\\\\\n#SBATCH -N2\ntrue\n"
z "$B#SBATCH -J abc \\\\\n-N2\ntrue\n"
z "$B#SBATCH -N\n#SBATCH 2\ntrue\n"
z "$B\r\n#SBATCH -J abc\r\ntrue\r\n"
z "#!/bin/bash\r\n#SBATCH -J abc\r\ntrue\r\n"
z "$B#SBATCH -J abc\r\ntrue\n"
z "$B#SBATCH -J abc\ntrue\r\n"
z "#SBATCH -J abc\ntrue\n"
z "true\n"
z ""
z "\n"
z "\n#!/bin/bash\ntrue\n"
z " #!/bin/bash\ntrue\n"
z "#! /bin/bash\n#SBATCH -J abc\ntrue\n"
z "#!\ntrue\n"
z "#!/nosuch\ntrue\n"
z "#!/bin/bash"
z "#!/bin/bash\n"
z "$B\0001#SBATCH -J abc\ntrue\n"
z "\0177ELF\0002\0001\n"
z "#!/bin/bash\n#SBATCH -J a\0000bc\ntrue\n"
z "#!/bin/bash\ntrue \0000\n"
z "\0357\0273\0277#!/bin/bash\ntrue\n"
z "$B#SBATCH -J a\0303\0251\ntrue\n"
z "$B#PBS -N abc\n#PBS -l nodes=2\ntrue\n"
z "$B#BSUB -J abc\ntrue\n"
z "$B#PBS -z\ntrue\n"
z "$B#PBS -l walltime=x\ntrue\n"
z "$B#BSUB -n x\ntrue\n"
z "$B#SLURM -J abc\ntrue\n"
z "$B#SBATCH -J abc\n#SBATCH -J xyz\ntrue\n"
z "$B#SBATCH -t 5 --time=6\ntrue\n"
z "$B#SBATCH --comment=\"a 'b' c\"\ntrue\n"
z "$B#SBATCH --comment='a \"b\" c'\ntrue\n"
z "$B#SBATCH --comment=a'b c'\"d e\"\ntrue\n"
z "$B#SBATCH --comment \"\"\ntrue\n"
z "$B#SBATCH --comment=a;b\ntrue\n"
z "$B#SBATCH --comment=\$HOME\ntrue\n"
z "$B#SBATCH --comment=\"a\\\\\\\\\"b\"\ntrue\n"
z "$B#SBATCH  -N  2   \ntrue\n"
z "$B#SBATCH -N2-t5\ntrue\n"
z "$B#SBATCH -N=2\ntrue\n"
z "$B#SBATCH --nodes 2\ntrue\n"
z "$B#SBATCH -nodes=2\ntrue\n"
z "$B#SBATCH -time=2\ntrue\n"
z "$B: <<X\n#SBATCH -J abc\nX\ntrue\n"
z "$B\t\n#SBATCH -J abc\ntrue\n"
z "$B  # c\n#SBATCH -J abc\ntrue\n"
z "$B\n\n: \n#SBATCH -J abc\ntrue\n"
t sbatch -H nosuch
t sbatch -H .
t sbatch -H /etc
t sbatch -H ''
t sbatch -H --wrap ''
t sbatch -H --wrap
t sbatch -H --wrap='a
ts 'echo true | sbatch -H'
ts 'printf "#!/bin/sh\ntrue" | sbatch -H'
ts 'printf "#!/bin/sh\ntrue" | sbatch -H -'
ts 'printf "#!/bin/sh\ntrue" | sbatch -H /dev/stdin'
ts 'printf "#!/bin/sh\n#SBATCH -N x\ntrue" | sbatch -H'
ts 'printf "#!/bin/sh\n#SBATCH -J \"x\ntrue" | sbatch -H'
t sbatch -H --parsable --wrap true
t sbatch -H -Q --wrap true
