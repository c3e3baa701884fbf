# id: scancel-words
# title: what scancel says of ids, filters, questions and variables
# group: small
# tier: 2
# tags: scancel, array, errors

R=$(job sbatch --wrap "sleep 60")
A=$(job sbatch -H -a 1-9 --wrap true)
st $R RUNNING
t scancel -v ${A}_20
t scancel -v "${A}_[20-21]"
t bash -c "printf 'y\n' | scancel -i ${A}_2"
t squeue -h -o %i -j $A
t bash -c "printf 'y\n' | scancel -i 999999"
as bob t scancel -Q $A
as bob t scancel $A
as bob t scancel ${A}_3
t scancel -v -t running -n nosuch
t scancel --quiet --verbose 999999
t scancel -b 999999
for e in SCANCEL_BATCH=1 SCANCEL_FULL=1 SCANCEL_INTERACTIVE=1 SCANCEL_HURRY=1 SCANCEL_CRON=1 SCANCEL_CTLD=1 SCANCEL_VERBOSE=1 SCANCEL_BATCH=true SCANCEL_BATCH=yes SCANCEL_FULL=0 SCANCEL_NAME=nosuch SCANCEL_STATE=x SCANCEL_STATE=pd SCANCEL_USER=nosuch SCANCEL_WCKEY=x SCANCEL_SIGNAL=x SCANCEL_BATCH=; do t env $e scancel 999999; done
