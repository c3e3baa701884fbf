# id: dep-forms
# title: every form of --dependency, and bad ones
# group: small
# tier: 2
# tags: sbatch, dependency, errors

J=$(job sbatch -H --wrap true)
A=$(job sbatch -H -a 1-3 --wrap true)
d() { t sbatch -H --parsable -d "$1" --wrap true; [ "$rc" = 0 ] && t squeue -h -j "$out" -O dependency:.60,reason:.20; }
for x in '' x after afterok: after: afterok:x afterok:999999 afterok:0 afterok:-1 afterok:$J after:$J after:$J+5 after:$J+x after:$J+ afterany:$J+5 afterok:$J:$J afterok:$J,afterok:$J 'afterok:'$J'?afterok:'$J \
 afterok:$J,afterany:$J?after:$J afterok:$J, ,afterok:$J afterok:$J: afterok::$J singleton singleton: singleton:$J SINGLETON AFTEROK:$J afterok=$J aftercorr:$J afternotok:$J afterburstbuffer:$J \
 afterok:${A}_1 afterok:${A}_9 'afterok:'$A'_[1-2]' 'afterok:'$A'_[1,3]' 'afterok:'$A'_*' afterok:$A aftercorr:$A afterok:${A}_x afterok:${A}_ afterok:$J,singleton 'singleton?afterok:'$J afterok:$J+1 afterok:$J.0 none None \
 $J afterok:$J,nosuch:$J 'afterok:'$J'&afterok:'$J aftercor:$J afterok:$J@x before:$J beforeok:$J; do d "$x"; done
