/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/help.h"

#include <stdio.h>

#include "base/text.h"

const char usage_squeue[] =
    "Usage: squeue [-A account] [--clusters names] [-i seconds] [--job jobid]\n"
    "              [-n name] [-o format] [--only-job-state] [-p partitions]\n"
    "              [--qos qos] [--reservation reservation] [--sort fields] [--start]\n"
    "              [--step step_id] [-t states] [-u user_name] [--usage]\n"
    "              [-L licenses] [-w nodes] [--federation] [--local] [--sibling]\n"
    "              [--expand-patterns] [--json=data_parser] [--yaml=data_parser]\n"
    "              [--running-over=time] [--running-under=time] [-ahjlrsv]\n";

const char help_squeue[] =
    "Usage: squeue [OPTIONS]\n"
    "Which jobs (lists are comma separated):\n"
    "  -A, --account=LIST          charging these accounts\n"
    "  -a, --all                   also in hidden partitions (--hide: not)\n"
    "  -j, --jobs[=LIST]           with these ids\n"
    "  -L, --licenses=LIST         asking for these licenses\n"
    "      --me, --notme           mine; not mine\n"
    "  -n, --name=LIST             with these names\n"
    "  -p, --partition=LIST        in these partitions\n"
    "  -q, --qos=LIST              with these qualities of service\n"
    "  -R, --reservation=LIST      in these reservations\n"
    "      --running-over=TIME     running for longer than this\n"
    "      --running-under=TIME    running for less than this\n"
    "  -t, --states=LIST           in these states, or all; default: pending, running, completing\n"
    "  -u, --user=LIST             of these users\n"
    "  -w, --nodelist=NODES        on these nodes\n"
    "What of them:\n"
    "  -h, --noheader              no titles\n"
    "  -l, --long                  more columns\n"
    "      --noconvert             numbers without change of unit\n"
    "  -o, --format=FORMAT         columns by letter: \"%.18i %j\"\n"
    "  -O, --Format=FORMAT         columns by name: \"JobID:.18,Name\"\n"
    "      --expand-patterns       file names with their patterns filled in\n"
    "  -P, --priority              a line for each partition of a pending job\n"
    "  -r, --array                 a line for each task of a job array\n"
    "  -s, --steps[=LIST]          steps instead of jobs\n"
    "  -S, --sort=FIELDS           order, by letters of --format; - before a letter reverses\n"
    "      --start                 expected start of pending jobs\n"
    "      --json, --yaml          documents as the REST interface gives them\n"
    "How:\n"
    "  -i, --iterate=SECONDS       again and again\n"
    "  -M, --clusters=NAMES        of these clusters\n"
    "  -v, --verbose               say more\n"
    "  -V, --version               version\n"
    "      --help, --usage         this text; a short one\n"
    "      --helpformat, --helpFormat, --helpstate   what --format, --Format and --states take\n";

const char usage_sinfo[] = "Usage: sinfo [-abdelNRrsTv] [-i seconds] [-t states] [-p partition] [-n nodes]\n"
                           "             [-S fields] [-o format] [-O Format] [--federation] [--local]\n";

const char help_sinfo[] =
    "Usage: sinfo [OPTIONS]\n"
    "Which nodes and partitions (lists are comma separated):\n"
    "  -a, --all                   also hidden partitions (--hide: not)\n"
    "  -d, --dead                  nodes that do not respond\n"
    "  -F, --future                also nodes of state FUTURE\n"
    "  -n, --nodes=NODES           these nodes\n"
    "  -p, --partition=LIST        of these partitions\n"
    "  -r, --responding            nodes that respond\n"
    "  -t, --states=LIST           in these states; a+b: in both, ~a: not in a\n"
    "  -T, --reservation           reservations instead\n"
    "What of them:\n"
    "  -e, --exact                 nodes share a line only when they are alike in all that is shown\n"
    "  -h, --noheader              no titles\n"
    "  -l, --long                  more columns\n"
    "      --noconvert             numbers without change of unit\n"
    "  -N, --Node                  a line a node\n"
    "  -o, --format=FORMAT         columns by letter: \"%9P %.5a\"\n"
    "  -O, --Format=FORMAT         columns by name: \"Partition:9,Available\"\n"
    "  -R, --list-reasons          why nodes are down or drained\n"
    "  -s, --summarize             a line a partition\n"
    "  -S, --sort=FIELDS           order, by letters of --format; - before a letter reverses\n"
    "      --json, --yaml          documents as the REST interface gives them\n"
    "How:\n"
    "  -i, --iterate=SECONDS       again and again\n"
    "  -M, --clusters=NAMES        of these clusters\n"
    "  -v, --verbose               say more\n"
    "  -V, --version               version\n"
    "      --help, --usage         this text; a short one\n"
    "      --helpformat, --helpFormat, --helpstate   what --format, --Format and --states take\n";

const char usage_sbcast[] = "Usage: sbcast [--exclude] [-CfFjpvV] [--send-libs] SOURCE DEST\n";

const char help_sbcast[] =
    "Usage: sbcast [OPTIONS] SOURCE DEST\n"
    "  -f, --force                 replace a file that is there\n"
    "  -j, --jobid=JOB[.STEP]      to the nodes of this job; default: the one we are in\n"
    "  -w, --nodelist=NODES        only these of its nodes\n"
    "  -p, --preserve              keep times and mode\n"
    "  -s, --size=BYTES            size of a piece; default and most: 8m\n"
    "  -C, --compress[=lz4|none]   send it compressed\n"
    "  -F, --treewidth=N|off       send to so many nodes at a time; default: to all\n"
    "  -t, --timeout=SECONDS       wait so long for a node; default: MessageTimeout\n"
    "      --send-libs[=yes|no]    its shared objects too\n"
    "      --exclude=PATHS         without those in these folders\n"
    "  -v, --verbose               say more\n"
    "  -V, --version               version\n"
    "      --help, --usage         this text; a short one\n";

const char usage_scancel[] =
    "Usage: scancel [-A account] [--batch] [--ctld] [--full] [--interactive] [-n job_name]\n"
    "               [-p partition] [-Q] [-q qos] [-R reservation] [-s signal | integer]\n"
    "               [-t PENDING | RUNNING | SUSPENDED] [--usage] [-u user_name]\n"
    "               [--hurry] [-V] [-v] [-w hosts...] [--wckey=wckey]\n"
    "               [job_id[_array_id][.step_id]]\n";

const char help_scancel[] = "Usage: scancel [OPTIONS] [job_id[_array_id][.step_id]]\n"
                            "Which jobs:\n"
                            "  -A, --account=NAME          charging this account\n"
                            "      --me                    mine\n"
                            "  -n, --name=NAME             with this name\n"
                            "  -p, --partition=NAME        in this partition\n"
                            "  -q, --qos=NAME              with this quality of service\n"
                            "  -R, --reservation=NAME      in this reservation\n"
                            "  -t, --state=STATE           PENDING, RUNNING or SUSPENDED\n"
                            "  -u, --user=NAME             of this user\n"
                            "  -w, --nodelist=NODES        on these nodes\n"
                            "      --wckey=KEY             with this workload characterization key\n"
                            "What to do:\n"
                            "  -s, --signal=NAME           send this signal; default: cancel\n"
                            "  -b, --batch                 signal the batch shell only\n"
                            "  -f, --full                  signal the batch shell and all steps\n"
                            "  -c, --cron                  cancel a job of scrontab\n"
                            "  -H, --hurry                 without stage-out of burst buffers\n"
                            "      --admin-comment=TEXT    set AdminComment of what is cancelled\n"
                            "How:\n"
                            "      --ctld                  one request to the controller for all\n"
                            "  -i, --interactive           ask before each\n"
                            "  -M, --clusters=NAMES        of these clusters\n"
                            "  -Q, --quiet                 no warnings\n"
                            "  -v, --verbose               say more\n"
                            "  -V, --version               version\n"
                            "      --help, --usage         this text; a short one\n";

const char help_job_states[] = "pending\nrunning\nsuspended\ncompleted\ncancelled\nfailed\ntimeout\nnode_"
                               "fail\npreempted\nboot_fail\ndeadline\n"
                               "out_of_memory\ncompleting\nconfiguring\nexpediting\nresizing\nresv_del_"
                               "hold\nrequeued\nrequeue_fed\nrequeue_hold\n"
                               "revoked\nsignaling\nspecial_exit\nstage_out\nstopped\n";

const char help_node_states[] = "unknown\ndown\nidle\nallocated\nmixed\nfuture\ndrain\ndrained\ndraining\nno_"
                                "respond\nreserved\nplanned\nblocked\n"
                                "cloud\ncompleting\npowering_down\npowered_down\npower_down\npowering_"
                                "up\npower_up\ninval\nfail\nmaint\nreboot\n"
                                "reboot^\nexternal\ndynamic_future\ndynamic_norm\n";

const char help_scontrol[] =
    "scontrol [OPTION] [COMMAND]\n"
    "  OPTION:\n"
    "     -a, --all            also hidden partitions (--hide: not)\n"
    "     -d, --details        more of what show shows\n"
    "     -F, --future         also nodes of state FUTURE\n"
    "     -h, --help           this text\n"
    "     --json, --yaml       documents as the REST interface gives them\n"
    "     -M, --cluster        of this cluster\n"
    "     -o, --oneliner       a record a line\n"
    "     -Q, --quiet          only errors\n"
    "     -u, --uid            act as this user\n"
    "     -v, --verbose        say more\n"
    "     -V, --version        version\n"
    "  Without a command, commands are read from a prompt until `quit`.\n"
    "  COMMAND:\n"
    "     show ENTITY [ID]     ENTITY: aliases, config, daemons, hostlist, hostlistsorted, hostnames, job,\n"
    "                          licenses, node, partition, step, topology\n"
    "     update KEY=VALUE...  change a job, step, node or partition\n"
    "     create KEY=VALUE...  a partition or nodes\n"
    "     delete KEY=VALUE     a partition or nodes\n"
    "     hold, uhold, release JOBS       keep jobs from starting; let them start\n"
    "     requeue, requeuehold JOBS       start batch jobs anew; and hold them\n"
    "     suspend, resume JOBS            stop running jobs; let them go on\n"
    "     top JOBS                        put jobs first among those of their user\n"
    "     notify JOB TEXT                 tell a job something\n"
    "     wait_job JOB                    wait until the nodes of a job are ready\n"
    "     write batch_script JOB [FILE]   the script of a job; - is standard output\n"
    "     completing                      jobs that are being cleaned up\n"
    "     listjobs, liststeps, listpids [JOB]   what runs on this node\n"
    "     pidinfo PID                     the job of a process of this node\n"
    "     getaddrs NODES                  addresses of nodes\n"
    "     errnumstr NUMBER                text of an error\n"
    "     ping                            is the controller there?\n"
    "     reconfigure                     read the configuration files again\n"
    "     setdebug LEVEL                  how much the controller logs\n"
    "     setdebugflags [+|-]FLAG         about what the controller logs more\n"
    "     shutdown [slurmctld]            end all daemons; end the controller\n"
    "     takeover                        make a backup controller the primary one\n"
    "     token [lifespan=N] [username=U] a token for the REST interface\n"
    "     version, exit, quit, !!         version; end; the last command again\n";

const char letters_squeue[] = "aFKBokOIXEexfGgiAWcmdjyNCDhPpQqrRnvYzsHSTtVJLlMUuwZ";
const char letters_sinfo[] = "SaVYcOCLdfbeGGgBmoAFnNDhPRMIpEirsXztTZlHuUvw";
const char names_squeue[] =
    "Account AccrueTime admin_comment AllocNodes AllocSID ArrayJobId ArrayTaskId AssocId BatchFlag "
    "BatchHost BoardsPerNode BurstBuffer BurstBufferState Cluster ClusterFeature Command Comment "
    "Container ContainerId ContainerType Contiguous Cores CoreSpec CPUsPerTask cpus-per-task "
    "cpus-per-tres CronJob Deadline DelayBoot Dependency DerivedEC EligibleTime EndTime ExcNodes "
    "Exclusive exit_code Feature GroupId GroupName HetJobId HetJobIdSet HetJobOffset JobArrayId "
    "JobId LastSchedEval Licenses LicensesAlloc MaxCPUs MaxNodes mem-per-tres MCSLabel MinCPUs "
    "MinMemory MinTime MinTmpDisk Name Network Nice NodeList NTPerCore NTPerNode NTPerSocket "
    "NTPerBoard NumCPUs NumNodes NumTasks Origin OriginRaw OverSubscribe Partition PendingTime "
    "PreemptTime Prefer Priority PriorityLong Profile QOS Reason ReasonList Reboot ReqNodes "
    "ReqSwitch Requeue Reservation ResizeTime RestartCnt SchedNodes SCT SegmentSize SiblingsActive "
    "SiblingsActiveRaw SiblingsViable SiblingsViableRaw SLUID Sockets SPerBoard StartTime State "
    "StateCompact StdErr StdIn StdOut SubmitTime system_comment Threads TimeLeft TimeLimit TimeUsed "
    "tres-alloc tres-bind tres-freq tres-per-job tres-per-socket tres-per-task UserId UserName "
    "Wait4Switch WCKey WorkDir";
const char names_sinfo[] =
    "AllocMem AllocNodes Available Cluster Comment Cores CPUs CPUsLoad CPUsState DefaultTime Disk "
    "Extra Features features_act FreeMem Gres GresUsed Groups MaxCPUsPerNode Memory NodeAddr NodeAI "
    "NodeAIOT NodeHost NodeList Nodes OverSubscribe Partition PartitionName Port PreemptMode "
    "PriorityJobFactor PriorityTier Reason Reservation Root Size Sockets SocketCoreThread "
    "StateCompact StateComplete StateLong Threads Time TimeStamp User UserLong Version Weight";

static void print_letters(const char *letters)
{
    uint32_t n = 0;
    for (; letters[n]; n++)
        printf("%%%c    %s", letters[n], (n + 1) % 8 ? "" : "\n");
    if (n % 8)
        putchar('\n');
}

static void print_names(const char *names)
{
    struct text_list list = {0};
    text_split(&list, names, ' ');
    for (uint32_t i = 0; i < list.n; i++)
        printf("%-20s%s", list.v[i], (i + 1) % 4 ? "" : "\n");
    if (list.n % 4)
        putchar('\n');
    text_list_release(&list);
}

int help_listing(const struct cli *cli, const struct help_listing *h, int opt)
{
    switch (opt) {
    case 'V':
        cli_version();
        return 0;
    case OPT_HELP:
        fputs(h->help, stdout);
        return 0;
    case OPT_USAGE:
        fputs(h->usage, stdout);
        return 0;
    case OPT_HELPFORMAT:
        print_letters(h->letters);
        return 0;
    case OPT_HELPFORMAT_LONG:
        print_names(h->names);
        return 0;
    case OPT_HELPSTATE:
        fputs(h->states, stdout);
        return 0;
    case '?':
        return cli_try_help(cli);
    default:
        return -1;
    }
}
