/* SPDX-License-Identifier: Apache-2.0 */
/* A private cluster from the configuration of another one. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/hostlist.h"
#include "base/mem.h"
#include "base/text.h"
#include "cli/upconf.h"
#include "cli/uphost.h"
#include "cli/uptext.h"
#include "conf/lex.h"
#include "os/conf_source.h"
#include "os/host.h"

enum {
    NETS = 250,      /* second bytes of 127.x.y.z that are tried: one a cluster */
    NET_HOSTS = 250, /* last bytes used */
    NET_NODES = NET_HOSTS * 256,
};

struct derive {
    const struct up_folder *f;
    const char *from_dir; /* ends in "/" */
    struct up_text text;
    struct up_changes changes;
    uint32_t net;   /* second byte of the nodes' addresses */
    uint32_t next;  /* nodes that have an address */
    uint32_t nodes; /* all of them */
    uint32_t cpus_max;
    bool drop_ports; /* Port= of nodes is taken here */
};

/* --- which lines
 * ---------------------------------------------------------------------------------------------- */

static bool is_nodes(const char *text, struct buf *names)
{
    return up_line_value(text, "NodeName", names) && !text_same_nocase(names->s, "DEFAULT") &&
           text_starts_nocase(text_skip_space(text), "NodeName");
}

static uint32_t count_hosts(const char *names)
{
    struct hostlist l = {0};
    struct err e;
    uint32_t n = hostlist_parse(&l, names, &e) == 0 ? l.count : 0;

    hostlist_release(&l);
    return n;
}

static void look_at_nodes(struct derive *d)
{
    struct buf value = BUF_INIT;

    for (uint32_t i = 0; i < d->text.lines.n; i++) {
        const char *text = d->text.lines.v[i].text;
        uint32_t cpus;
        if (is_nodes(text, &value))
            d->nodes += count_hosts(value.s);
        if ((up_line_value(text, "CPUs", &value) || up_line_value(text, "Procs", &value)) &&
            text_to_u32(value.s, &cpus) && cpus > d->cpus_max)
            d->cpus_max = cpus;
    }
    buf_release(&value);
}

/* --- addresses
 * ------------------------------------------------------------------------------------------------ */

static void address(const struct derive *d, uint32_t node, struct buf *out)
{
    buf_addf(out, "127.%u.%u.%u", d->net, node / NET_HOSTS, node % NET_HOSTS + 1);
}

/* "127.9.0.[1-16]": the addresses of the next n nodes. */
static void take_addresses(struct derive *d, uint32_t n, struct buf *out)
{
    while (n > 0) {
        uint32_t left = NET_HOSTS - d->next % NET_HOSTS, some = n < left ? n : left;
        buf_sep(out, ",");
        if (some == 1)
            address(d, d->next, out);
        else
            buf_addf(out, "127.%u.%u.[%u-%u]", d->net, d->next / NET_HOSTS, d->next % NET_HOSTS + 1,
                     d->next % NET_HOSTS + some);
        d->next += some;
        n -= some;
    }
}

/* Are the addresses of some net free at that port? Looks at the first and the last node. */
static bool find_net(struct derive *d, uint16_t port)
{
    uint32_t first = up_number_of(d->f->dir, NETS);
    struct buf a = BUF_INIT;
    bool found = false;

    for (uint32_t i = 0; i < NETS && !found; i++) {
        d->net = 1 + (first + i) % NETS;
        found = true;
        for (uint32_t k = 0; k < 2 && found; k++) {
            buf_clear(&a);
            address(d, k == 0 || d->nodes == 0 ? 0 : d->nodes - 1, &a);
            found = up_port_free(a.s, port);
        }
    }
    buf_release(&a);
    return found;
}

/* A line of nodes with addresses of this host; other records stay as they are. */
static bool node_line(void *ctx, const char *text, struct buf *out)
{
    struct derive *d = ctx;
    struct lex_pair p = {BUF_INIT, BUF_INIT};
    struct buf names = BUF_INIT, line = BUF_INIT, addresses = BUF_INIT;
    bool nodes = is_nodes(text, &names);

    if (nodes) {
        const char *at = text;
        buf_addf(out, "# sluice up: the nodes are on this host. Was: %s\n", text_skip_space(text));
        take_addresses(d, count_hosts(names.s), &addresses);
        while (lex_pair(&at, &p) == 1) {
            bool gone = text_same_nocase(p.key.s, "NodeAddr") || text_same_nocase(p.key.s, "BcastAddr") ||
                        (d->drop_ports && text_same_nocase(p.key.s, "Port"));
            const char *quote = strpbrk(p.value.s, " \t") || !p.value.len ? "\"" : "";
            if (!gone)
                buf_addf(&line, "%s%s=%s%s%s", line.len ? " " : "", p.key.s, quote, p.value.s, quote);
            if (text_same_nocase(p.key.s, "NodeName"))
                buf_addf(&line, " NodeAddr=%s", addresses.s);
        }
        buf_addf(out, "%s\n", line.s);
    }
    lex_pair_release(&p);
    buf_release(&names);
    buf_release(&line);
    buf_release(&addresses);
    return nodes;
}

/* --- what must be local
 * --------------------------------------------------------------------------------------- */

static void change_places(struct derive *d)
{
    const struct up_folder *f = d->f;
    struct up_changes *c = &d->changes;
    static const char why[] = "in the folder of this cluster";

    up_change(c, "SlurmctldHost,ControlMachine,ControlAddr,BackupController,BackupAddr",
              buf_format("%s(127.0.0.1)", host_name()), "the controller is on this host");
    up_change(c, "StateSaveLocation", mem_strdup(f->state), why);
    up_change(c, "SlurmdSpoolDir", buf_format("%s/%%n", f->spool), why);
    up_change(c, "SlurmctldPidFile", buf_format("%s/slurmctld.pid", f->run), why);
    up_change(c, "SlurmdPidFile", buf_format("%s/slurmd.%%n.pid", f->run), why);
    up_change(c, "SlurmctldLogFile", buf_format("%s/slurmctld.log", f->log), why);
    up_change(c, "SlurmdLogFile", buf_format("%s/slurmd.%%n.log", f->log), why);
    up_change(c, "ReturnToService", mem_strdup("2"), "nodes come back by themselves");
}

static void change_users(struct derive *d)
{
    static const char *const keys[] = {"SlurmUser", "SlurmdUser"};

    for (uint32_t i = 0; i < 2; i++) {
        char *given = up_text_value(&d->text, keys[i]);
        const char *user = given ? given : "root";
        bool mine = strcmp(user, up_host_user()) == 0;
        bool usable = geteuid() == 0 && up_host_has_user(user) && (i == 1 || up_folder_is_open(d->f));
        if (!mine && !usable)
            up_change(&d->changes, keys[i], mem_strdup(up_host_user()),
                      "the daemons run as who started them");
        mem_free(given);
    }
}

/* A port or a range of ports; the default when it is not given. */
static void parse_ports(const char *text, uint32_t def, uint32_t *ret_first, uint32_t *ret_last)
{
    char *copy = mem_strdup(text ? text : ""), *dash = strchr(copy, '-');

    if (dash)
        *dash = '\0';
    if (!text_to_u32(copy, ret_first) || *ret_first > UINT16_MAX)
        *ret_first = def;
    if (!dash || !text_to_u32(dash + 1, ret_last) || *ret_last < *ret_first || *ret_last > UINT16_MAX)
        *ret_last = *ret_first;
    mem_free(copy);
}

static int change_ports(struct derive *d, struct err *e)
{
    char *ctld = up_text_value(&d->text, "SlurmctldPort"), *slurmd = up_text_value(&d->text, "SlurmdPort");
    char *comm = up_text_value(&d->text, "CommunicationParameters");
    uint32_t first, last, node_port, same, found = 0;
    bool free = true;

    parse_ports(ctld, 6817, &first, &last);
    for (uint32_t p = first; p <= last && free; p++)
        free = up_port_free("127.0.0.1", (uint16_t)p);
    if (!free) {
        found = up_ports_find(d->f->dir, last - first + 1);
        up_change(&d->changes, "SlurmctldPort",
                  last > first ? buf_format("%u-%u", found, found + last - first) : buf_format("%u", found),
                  "the port is taken here");
    }
    parse_ports(slurmd, 6818, &node_port, &same);
    if (!find_net(d, (uint16_t)node_port)) {
        node_port = up_ports_find(d->f->log, 1);
        d->drop_ports = true;
        up_change(&d->changes, "SlurmdPort", buf_format("%u", node_port), "the port is taken here");
        if (!node_port || !find_net(d, (uint16_t)node_port))
            node_port = 0;
    }
    up_change(&d->changes, "CommunicationParameters",
              buf_format("%s%sNoCtldInAddrAny,NoInAddrAny", comm ? comm : "", comm ? "," : ""),
              "every daemon listens at its own address only");
    mem_free(ctld);
    mem_free(slurmd);
    mem_free(comm);
    return node_port && (free || found) ? 0 : err_set(e, EADDRINUSE, "there are no free ports on this host");
}

static void change_auth(struct derive *d)
{
    char *type = up_text_value(&d->text, "AuthType"), *info = up_text_value(&d->text, "AuthInfo");
    struct text_list parts = {0};
    const char *munge_socket = NULL;

    text_split(&parts, info ? info : "", ',');
    for (uint32_t i = 0; i < parts.n; i++)
        if (text_starts_nocase(parts.v[i], "socket="))
            munge_socket = parts.v[i] + strlen("socket=");
    if (!type || !text_same_nocase(type, "auth/munge") || !up_host_has_munge(munge_socket)) {
        if (type && !text_same_nocase(type, "auth/slurm"))
            up_change(&d->changes, "AuthType", mem_strdup("auth/slurm"), "it cannot be reached on this host");
        up_change(&d->changes, "CredType,CryptoType", mem_strdup("cred/slurm"),
                  "signed with the key of this cluster");
        up_change(&d->changes, "AuthInfo", buf_format("socket=%s", d->f->socket),
                  "a socket of its own, so that two clusters on a host do not meet");
        up_change(&d->changes, "AuthAltTypes", NULL, "its keys are not here");
        up_change(&d->changes, "AuthAltParameters", NULL, "its keys are not here");
    }
    text_list_release(&parts);
    mem_free(type);
    mem_free(info);
}

static void change_accounting(struct derive *d)
{
    static const char why[] = "there is no accounting database here";
    char *type = up_text_value(&d->text, "AccountingStorageType");

    if (type && !text_same_nocase(type, "accounting_storage/none")) {
        up_change(&d->changes, "AccountingStorageType,DefaultStorageType",
                  mem_strdup("accounting_storage/none"), why);
        up_change(&d->changes, "AccountingStorageEnforce", NULL, why);
    }
    mem_free(type);
}

/* Plugins of control groups, and what does without. */
static const struct {
    const char *key, *plugin, *instead;
} cgroup_plugins[] = {
    {"ProctrackType", "proctrack/cgroup", "proctrack/linuxproc"},
    {"TaskPlugin", "cgroup", "task/none"},
    {"TaskPlugin", "affinity", "task/none"},
    {"JobAcctGatherType", "jobacct_gather/cgroup", "jobacct_gather/linux"},
};

/* Several nodes share the CPUs of this host, and most have more than it has: nothing can be bound or confined
 * then. */
static bool can_confine(const struct derive *d)
{
    return d->nodes <= 1 && d->cpus_max <= up_host_cpus() && up_host_has_cgroups("/sys/fs/cgroup");
}

static void change_plugins(struct derive *d)
{
    bool task = false;

    if (can_confine(d))
        return;
    for (size_t i = 0; i < sizeof cgroup_plugins / sizeof cgroup_plugins[0]; i++) {
        bool is_task = strcmp(cgroup_plugins[i].key, "TaskPlugin") == 0;
        char *value = up_text_value(&d->text, cgroup_plugins[i].key);
        if (value && text_has(value, cgroup_plugins[i].plugin) && !(is_task && task)) {
            up_change(&d->changes, cgroup_plugins[i].key, mem_strdup(cgroup_plugins[i].instead),
                      "nodes that share a host are not confined");
            task |= is_task;
        }
        mem_free(value);
    }
    char *tracking = up_text_value(&d->text, "ProctrackType");
    if (!tracking)
        up_change(&d->changes, "ProctrackType", mem_strdup("proctrack/linuxproc"),
                  "nodes that share a host are not confined");
    mem_free(tracking);
}

/* Programs of the site. */
static const char *const program_keys[] = {
    "Prolog",        "Epilog",         "PrologSlurmctld",   "EpilogSlurmctld",    "TaskProlog",
    "TaskEpilog",    "SrunProlog",     "SrunEpilog",        "HealthCheckProgram", "RebootProgram",
    "ResumeProgram", "SuspendProgram", "ResumeFailProgram", "MailProg",           "UnkillableStepProgram",
};

/* What tells the world of a cluster, or moves its address, is not for a copy of it. */
static const char *const outward_keys[] = {
    "SlurmctldPrimaryOnProg", "SlurmctldPrimaryOffProg", "JobCompType", "JobCompLoc", "SlurmSchedLogFile",
};

static void change_programs(struct derive *d)
{
    for (size_t i = 0; i < sizeof outward_keys / sizeof outward_keys[0]; i++) {
        char *value = up_text_value(&d->text, outward_keys[i]);
        if (value)
            up_change(&d->changes, outward_keys[i], NULL, "it belongs to the real cluster");
        mem_free(value);
    }
    for (size_t i = 0; i < sizeof program_keys / sizeof program_keys[0]; i++) {
        char *path = up_text_value(&d->text, program_keys[i]);
        if (path && path[0] == '/' && !strpbrk(path, "*?[") && access(path, X_OK) < 0)
            up_change(&d->changes, program_keys[i], NULL, "this program is not here");
        mem_free(path);
    }
}

/* Devices that are not here need no change: slurmd takes them as stand-ins and says so in the node's comment.
 */
static void change_hardware(struct derive *d)
{
    char *given = up_text_value(&d->text, "SlurmdParameters");

    if (!given || !text_has(given, "config_overrides"))
        up_change(&d->changes, "SlurmdParameters",
                  buf_format("%s%sconfig_overrides", given ? given : "", given ? "," : ""),
                  "nodes have what is written here, whatever this host has");
    mem_free(given);
}

/* --- files beside it
 * ------------------------------------------------------------------------------------------ */

static const char *const beside[] = {
    "acct_gather.conf", "burst_buffer.conf", "burst_buffer.lua",   "cli_filter.lua",
    "gres.conf",        "helpers.conf",      "job_container.conf", "job_submit.lua",
    "mpi.conf",         "namespace.yaml",    "oci.conf",           "plugstack.conf",
    "resources.yaml",   "scrun.lua",         "topology.conf",      "topology.yaml",
};

static int copy_beside(const struct derive *d, struct err *e)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < sizeof beside / sizeof beside[0]; i++) {
        char *from = buf_format("%s%s", d->from_dir, beside[i]),
             *to = buf_format("%s/%s", d->f->etc, beside[i]);
        if (access(from, F_OK) == 0)
            rc = up_copy(from, to, e);
        else if (unlink(to) < 0 && errno != ENOENT)
            rc = err_set(e, errno, "%s: %s", to, strerror(errno));
        mem_free(from);
        mem_free(to);
    }
    return rc;
}

static int write_cgroup_conf(const struct derive *d, const struct conf_source *source, struct err *e)
{
    char *from = buf_format("%scgroup.conf", d->from_dir), *to = buf_format("%s/cgroup.conf", d->f->etc);
    struct up_text text = {0};
    struct up_changes changes = {0};
    struct buf out = BUF_INIT;
    int rc = up_text_read(&text, source, from, e);

    if (rc < 0 && e->code == CONF_ENOENT)
        rc = 0;
    if (!can_confine(d))
        up_change(&changes, "CgroupPlugin", mem_strdup("disabled"),
                  "nodes that share a host are not confined");
    up_text_write(&text, &changes, NULL, NULL, &out);
    if (rc == 0)
        rc = up_write(to, out.s, 0644, e);
    up_text_release(&text);
    up_changes_release(&changes);
    buf_release(&out);
    mem_free(from);
    mem_free(to);
    return rc;
}

static int write_slurm_conf(struct derive *d, const char *from, struct err *e)
{
    struct buf out = BUF_INIT;

    buf_addf(&out,
             "# A private cluster, made by `sluice up` from %s.\n"
             "# Every line of it is here; what had to be local says so.\n\n",
             from);
    up_text_write(&d->text, &d->changes, node_line, d, &out);
    int rc = up_write(d->f->conf, out.s, 0644, e);
    buf_release(&out);
    return rc;
}

int up_conf_derive(const struct up_folder *f, const char *from, struct err *e)
{
    const char *slash = strrchr(from, '/');
    char *dir = mem_strndup(from, slash ? (size_t)(slash - from) + 1 : 0);
    struct conf_source source = conf_file_source();
    struct derive d = {.f = f, .from_dir = dir};
    int rc = up_text_read(&d.text, &source, from, e);

    if (rc == 0) {
        look_at_nodes(&d);
        if (d.nodes > NET_NODES)
            rc = err_set(e, ERR_TOO_BIG, "%u nodes are more than a host has loopback addresses for: %u",
                         d.nodes, (unsigned)NET_NODES);
    }
    if (rc == 0)
        rc = change_ports(&d, e);
    if (rc == 0) {
        change_places(&d);
        change_users(&d);
        change_auth(&d);
        change_accounting(&d);
        change_plugins(&d);
        change_programs(&d);
        change_hardware(&d);
        rc = copy_beside(&d, e);
    }
    if (rc == 0)
        rc = write_cgroup_conf(&d, &source, e);
    if (rc == 0)
        rc = write_slurm_conf(&d, from, e);
    up_text_release(&d.text);
    up_changes_release(&d.changes);
    mem_free(dir);
    return rc;
}
