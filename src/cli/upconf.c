/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/upconf.h"

#include <errno.h>
#include <time.h>

#include "base/mem.h"
#include "cli/uphost.h"
#include "os/host.h"

enum { MEMORY_KEPT = 10 }; /* a tenth of the memory stays for the system */

static const char template[] =
    "# A private cluster, written by `sluice up`. It may be changed: `sluice up` keeps it until it is asked "
    "for another\n"
    "# one (--nodes, --cpus, --conf). After a change: sluice down; sluice up.\n"
    "\n"
    "# --- who and where\n"
    "ClusterName=private\n"
    "SlurmctldHost=%s(127.0.0.1)\n"
    "SlurmctldPort=%u\n"
    "SlurmUser=%s\n"
    "SlurmdUser=%s\n"
    "# Only what connects from this host is served.\n"
    "CommunicationParameters=NoCtldInAddrAny,NoInAddrAny\n"
    "AuthType=auth/slurm\n"
    "# A socket of its own, so that two clusters on a host do not meet.\n"
    "AuthInfo=socket=%s\n"
    "\n"
    "# --- files\n"
    "StateSaveLocation=%s\n"
    "SlurmdSpoolDir=%s/%%n\n"
    "SlurmctldPidFile=%s/slurmctld.pid\n"
    "SlurmdPidFile=%s/slurmd.%%n.pid\n"
    "SlurmctldLogFile=%s/slurmctld.log\n"
    "SlurmdLogFile=%s/slurmd.%%n.log\n"
    "\n"
    "# --- how jobs run: no control groups, which ordinary users may not make\n"
    "ProctrackType=proctrack/linuxproc\n"
    "TaskPlugin=task/none\n"
    "JobAcctGatherType=jobacct_gather/none\n"
    "MpiDefault=none\n"
    "ReturnToService=2\n"
    "KillWait=5\n"
    "\n"
    "# --- scheduling: CPUs and memory are handed out\n"
    "SchedulerType=sched/backfill\n"
    "SelectType=select/cons_tres\n"
    "SelectTypeParameters=CR_CPU_Memory\n"
    "\n"
    "# --- nodes: %u daemons on this host, each with a port of its own. They have what is written here, "
    "whatever the host has.\n"
    "SlurmdParameters=config_overrides\n"
    "NodeName=%s NodeHostname=%s NodeAddr=127.0.0.1 Port=%s CPUs=%u RealMemory=%llu\n"
    "PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP DefMemPerCPU=%llu\n";

/* "n[1-4]", "20001" */
static char *range(const char *prefix, uint32_t first, uint32_t n)
{
    return n == 1 ? buf_format("%s%u", prefix, first) : buf_format("%s[%u-%u]", prefix, first, first + n - 1);
}

int up_conf_new(const struct up_folder *f, uint32_t nodes, uint32_t cpus, struct err *e)
{
    uint16_t port = up_ports_find(f->dir, nodes + 1);
    uint32_t share = up_host_cpus() / nodes;
    uint64_t host_mib = up_host_mib();
    uint64_t mib = (host_mib - host_mib / MEMORY_KEPT) / nodes;

    if (!port)
        return err_set(e, EADDRINUSE, "there are no %u free ports on this host", nodes + 1);
    if (cpus == 0)
        cpus = share > 0 ? share : 1;
    if (mib == 0)
        mib = 1;
    char *names = range("n", 1, nodes), *ports = range("", port + 1u, nodes);
    char *text = buf_format(template, host_name(), port, up_host_user(), up_host_user(), f->socket, f->state,
                            f->spool, f->run, f->run, f->log, f->log, nodes, names, host_name(), ports, cpus,
                            (unsigned long long)mib, (unsigned long long)(mib / cpus > 0 ? mib / cpus : 1));
    int rc = up_write(f->conf, text, 0644, e);
    mem_free(text);
    mem_free(names);
    mem_free(ports);
    return rc;
}
