# id: scon-words
# title: keywords, abbreviations and wrong arguments of scontrol
# group: small
# tier: 2
# tags: scontrol, errors

t scontrol nosuch
t scontrol show
t scontrol show nosuch
t scontrol show aliases
t scontrol show topology
t scontrol show topology nosuch
t scontrol show topology unit=x
t scontrol show topology node=n1
t scontrol show topoconf
t scontrol show dwstat
t scontrol show daemons
t scontrol show node nosuch
t scontrol show node n1,nosuch
t scontrol show node 'n[1-2]'
t scontrol show partition nosuch
t scontrol show partition debug,long
t scontrol show job nosuch
t scontrol show job 99999
t scontrol show step 99999
t scontrol show step 99999.0
t scontrol show step abc
t scontrol -F show node
t scontrol --future show node nosuch
t scontrol --hide show part long
t scontrol -Q show nosuch
t scontrol -o show part long
t scontrol -d show part long
t scontrol -Z show part
t scontrol --nosuch show part
t scontrol exit
t scontrol quit
t scontrol '!!'
t scontrol verbose
t scontrol quiet
t scontrol oneliner
t scontrol hide
t scontrol all
t scontrol details
t scontrol cluster
t scontrol show hostnames
t scontrol show hosts n1
t scontrol show hostl n1
t scontrol sho no n1
t scontrol s
t scontrol sh
t scontrol sus
t scontrol show n n1
t scontrol show p long
t scontrol show pa long
t scontrol show r
t scontrol show l
t scontrol show d
t scontrol show s
t scontrol show a
t scontrol show b
t scontrol show f
t scontrol show t
t scontrol show h
t scontrol show node n1 extra
t scontrol show part long extra
t scontrol show job 1 2
t scontrol hold
as root t scontrol hold nosuch
t scontrol hold nosuch
t scontrol hold a b c d e
t scontrol release
as root t scontrol release nosuch
t scontrol release nosuch
t scontrol release a b c d e
t scontrol uhold
as root t scontrol uhold nosuch
t scontrol uhold nosuch
t scontrol uhold a b c d e
t scontrol requeue
as root t scontrol requeue nosuch
t scontrol requeue nosuch
t scontrol requeue a b c d e
t scontrol requeuehold
as root t scontrol requeuehold nosuch
t scontrol requeuehold nosuch
t scontrol requeuehold a b c d e
t scontrol suspend
as root t scontrol suspend nosuch
t scontrol suspend nosuch
t scontrol suspend a b c d e
t scontrol resume
as root t scontrol resume nosuch
t scontrol resume nosuch
t scontrol resume a b c d e
t scontrol top
as root t scontrol top nosuch
t scontrol top nosuch
t scontrol top a b c d e
t scontrol notify
as root t scontrol notify nosuch
t scontrol notify nosuch
t scontrol wait_job
as root t scontrol wait_job nosuch
t scontrol wait_job nosuch
t scontrol wait_job a b c d e
t scontrol errnumstr
as root t scontrol errnumstr nosuch
t scontrol errnumstr nosuch
t scontrol errnumstr a b c d e
t scontrol token
as root t scontrol token nosuch
t scontrol token a b c d e
t scontrol fsdampeningfactor
as root t scontrol fsdampeningfactor nosuch
t scontrol fsdampeningfactor nosuch
t scontrol fsdampeningfactor a b c d e
t scontrol getaddrs
as root t scontrol getaddrs nosuch
t scontrol getaddrs nosuch
t scontrol getaddrs a b c d e
t scontrol schedloglevel
as root t scontrol schedloglevel nosuch
t scontrol schedloglevel nosuch
t scontrol schedloglevel a b c d e
t scontrol write
as root t scontrol write nosuch
t scontrol write nosuch
t scontrol write a b c d e
t scontrol update
as root t scontrol update nosuch
t scontrol update nosuch
t scontrol update a b c d e
t scontrol completing
as root t scontrol completing nosuch
t scontrol completing nosuch
t scontrol completing a b c d e
t scontrol ping
as root t scontrol ping nosuch
t scontrol ping nosuch
t scontrol ping a b c d e
t scontrol power
as root t scontrol power nosuch
t scontrol power nosuch
t scontrol power a b c d e
as root t scontrol abort nosuch
t scontrol abort a b c d e
t scontrol errnumstr abc
t scontrol errnumstr -1
t scontrol errnumstr ESLURM_INVALID_PARTITION_NAME
t scontrol errnumstr SLURM_ERROR
as root t scontrol schedloglevel 1
as root t scontrol schedloglevel enable
as root t scontrol schedloglevel 5
as root t scontrol schedloglevel disable
t scontrol schedloglevel 1
as root t scontrol fsdampeningfactor 0
as root t scontrol fsdampeningfactor abc
t scontrol fsdampeningfactor 3
t scontrol getaddrs n1
t scontrol getaddrs 'n[1-3]'
t scontrol write batch_script
t scontrol write batch_script 99999
t scontrol write nosuch 1
as root t scontrol show part x
t scontrol update foo=bar
t scontrol update job=99999 foo=bar
t scontrol update job=99999 name=x
t scontrol update job=abc name=x
t scontrol update job= name=x
t scontrol update name=x
t scontrol update job=99999
t scontrol update partition=long foo=bar
t scontrol update partition=nosuch state=down
t scontrol update partition=long state=down
as root t scontrol update partition=nosuch state=down
as root t scontrol update partition=long
as root t scontrol update partition=
as root t scontrol update nodename=
as root t scontrol update nodename=n1
as root t scontrol update nodename=nosuch state=down reason=x
as root t scontrol update step=99999.0 timelimit=5
as root t scontrol update stepid=99999 timelimit=5
as root t scontrol update stepid=99999.0
as root t scontrol update stepid=abc timelimit=5
as root t scontrol update stepid=99999.0 foo=5
as root t scontrol update slurmctlddebug=3
as root t scontrol update SuspendExcFoo=down
t scontrol show part long -o
t scontrol show -o part long
t scontrol -Q hold 99999
t scontrol -Q update job=99999 name=x
t scontrol -Q update foo=x
t scontrol -Q update partition=long foo=x
t scontrol -Q nosuch
t scontrol -Q hold
t scontrol -Q requeue 99999
t scontrol -Q suspend 99999
t scontrol -Q show node nosuch
t scontrol -Q show part nosuch
t scontrol -Q wait_job 99999
t scontrol -Q notify 99999 x
t scontrol show hostnames -Q n1
t scontrol show jobids
t scontrol SHOW job 99999
t scontrol pin
t scontrol pi
t scontrol upd job=99999 name=x
t scontrol u job=99999 name=x
t scontrol up job=99999 name=x
t scontrol rel 99999
t scontrol re 99999
t scontrol req 99999
t scontrol requeueh 99999
t scontrol ho 99999
t scontrol h 99999
t scontrol holdu 99999
t scontrol uh 99999
t scontrol v
t scontrol c
t scontrol co
t scontrol com
t scontrol cre
t scontrol d x
t scontrol de x
t scontrol del x
t scontrol e
t scontrol er 2
t scontrol err 2
t scontrol n
t scontrol not
t scontrol w
t scontrol wa
t scontrol wr
t scontrol t
t scontrol to
t scontrol tak
t scontrol su
t scontrol se
t scontrol setd
t scontrol q
t scontrol qu
t scontrol qui
t scontrol quie
t scontrol i
t scontrol l
t scontrol list
t scontrol listp
t scontrol listj
t scontrol lists
t scontrol g
t scontrol get
t scontrol gete
t scontrol geta
t scontrol f
t scontrol fs
t scontrol fsd
t scontrol sched
t scontrol sch
t scontrol a
t scontrol ab
t scontrol cl
t scontrol clu
t scontrol ca
t scontrol can
t scontrol p
t scontrol pow
t scontrol reb
t scontrol rec x
t scontrol o
t scontrol of
