/* SPDX-License-Identifier: Apache-2.0 */
/*
 * conf: the configuration of a cluster: slurm.conf, with gres.conf and cgroup.conf beside it.
 *
 *     struct conf_messages msgs = {0};
 *     struct err e;
 *     struct conf *c = conf_load(&source, "/etc/slurm/slurm.conf", CONF_WANT_ALL, &msgs, &e);
 *     if (!c)
 *         ... e.text is what slurmctld says after "fatal: "; msgs says why, with file and line
 *     port = conf_u32(c, CONF_SLURMCTLD_PORT);
 *
 * Nothing here touches a file: text comes through struct conf_source, so the same code serves daemons,
 * configless clients (conf_list_source), the simulator and the lint. The keys are rows of
 * schema/slurm_conf.toml and schema/cgroup_conf.toml. Behaviour: doc/spec/06-configuration.md.
 *
 * Ownership: conf_load gives a struct conf, the caller's, unchangeable afterwards and therefore safe to read
 * from any thread. Every pointer an accessor returns lives as long as it does. Limits: CONF_* below; beyond
 * them a file is refused.
 */
#ifndef CONF_CONF_H
#define CONF_CONF_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "conf/conf_keys.h" /* generated: enum conf_key */
#include "meta/meta.h"

struct node;
struct part;

enum {
    CONF_LINE_MAX = 1 << 20,  /* bytes of one logical line, continuations joined */
    CONF_FILE_MAX = 64 << 20, /* bytes of one file */
    CONF_FILES_MAX = 256,     /* files of one configuration, includes counted */
    CONF_DEPTH_MAX = 10,      /* nesting of Include */
    CONF_NODES_MAX = 1 << 20, /* nodes of one cluster */
    CONF_MESSAGES_MAX = 1000, /* further messages are counted, not kept */
};

/* --- where texts come from --------------------------------------------------------------------------- */

enum { CONF_ENOENT = 2 }; /* the code of `read` for a file that does not exist */

struct conf_source {
    void *ctx;
    /* *ret_text: the whole file, terminated, for the caller to mem_free. Fails with -CONF_ENOENT where there
     * is none. */
    int (*read)(void *ctx, const char *path, char **ret_text, struct err *e);
    /* Appends the paths that match, sorted; none is no error. NULL: Include takes plain names only. */
    int (*glob)(void *ctx, const char *pattern, struct meta_strs *ret_paths, struct err *e);
};

/* A named text: a file as it was read. `name` is relative to the folder of slurm.conf where it lies in it. */
struct conf_file {
    char *name;
    char *text;
};

/*
 * A source over a list of texts, such as a node receives from its controller. The list must outlive it. `dir`
 * is the folder whose files these are taken to be, with "/" at its end: "/etc/slurm/". NULL: names are used
 * as they are.
 */
struct conf_file_list {
    const struct conf_file *v;
    uint32_t n;
    const char *dir;
};
struct conf_source conf_list_source(const struct conf_file_list *list);

/* --- what was found ---------------------------------------------------------------------------------- */

enum conf_severity {
    CONF_WARNING, /* accepted: an old spelling, a key without effect, a doubtful combination */
    CONF_ERROR,   /* the configuration cannot be used */
};

struct conf_message {
    enum conf_severity severity;
    char *file;    /* NULL: about the whole */
    uint32_t line; /* from 1; 0: about the file as a whole */
    char *text;    /* one line; Slurm's own words where it has some */
    char *hint;    /* what to write instead, or NULL */
};

struct conf_messages {
    struct conf_message *v;
    uint32_t n, cap;
    uint32_t errors, warnings; /* counts of all, kept or not */
};
void conf_messages_release(struct conf_messages *m);
void conf_messages_add(struct conf_messages *m, enum conf_severity severity, const char *file, uint32_t line,
                       const char *hint, const char *fmt, ...) __attribute__((format(printf, 6, 7)));
/* "file:line: error: text (hint)", without a newline. */
void conf_message_text(const struct conf_message *m, struct buf *out);

/* --- loading ----------------------------------------------------------------------------------------- */

enum conf_want {
    CONF_WANT_KEYS = 0,   /* what every command needs: cheap with any number of nodes */
    CONF_WANT_NODES = 1,  /* node and partition records */
    CONF_WANT_GRES = 2,   /* gres.conf merged into the nodes (implies NODES) */
    CONF_WANT_CGROUP = 4, /* cgroup.conf: the CONF_CG_* keys */
    CONF_WANT_ALL = 7,
    CONF_WANT_DAEMON = 8, /* refuse what only daemons refuse: unknown plugins, partitions of unknown nodes */
};

/*
 * Reads `path`, what it includes, and what lies beside it according to `want`. All findings go to msgs (may
 * not be NULL). NULL on failure: e->text is Slurm's fatal text, without "fatal: ". gres.conf and cgroup.conf
 * may be absent.
 */
struct conf *conf_load(const struct conf_source *source, const char *path, unsigned want,
                       struct conf_messages *msgs, struct err *e);
void conf_free(struct conf *c); /* NULL allowed */

/* --- keys -------------------------------------------------------------------------------------------- */

struct conf_value {
    const char *name;
    uint64_t value;
};
enum conf_key_flag {
    CONF_KEY_MULTI = 1,         /* several lines add up: SlurmctldHost, Prolog */
    CONF_KEY_INF = 2,           /* UNLIMITED is a value */
    CONF_KEY_MINUS = 4,         /* -1 is UNLIMITED */
    CONF_KEY_MULTIFACTOR = 8,   /* shown only with priority/multifactor */
    CONF_KEY_LOWER = 16,        /* letters are made small */
    CONF_KEY_FLAGS = 32,        /* an ENUM of which several may be given */
    CONF_KEY_LIST = 64,         /* a PLUGIN of which several may be given */
    CONF_KEY_OLD = 128,         /* a former spelling */
    CONF_KEY_LENIENT = 256,     /* a wrong value is a warning and the default is used */
    CONF_KEY_DAEMON = 1024,     /* only daemons mind an unknown plugin */
    CONF_KEY_INEFFECTIVE = 512, /* recognised, but changes nothing yet */
};
struct conf_key_info {
    const char *name;  /* as the manual spells it */
    const char *help;  /* a few words */
    const char *def;   /* default as it would be written in the file, or NULL */
    const char *show;  /* name in `scontrol show config`: NULL = name, "" = not shown there */
    const char *unit;  /* after the number, or NULL */
    const char *none;  /* shown where there is no value; NULL = "(null)" */
    const char *bad;   /* said of a wrong value: %k = key, %v = value; NULL = the usual text of the kind */
    const char *fatal; /* ends the program then; NULL = "Unable to process configuration file" */
    const struct conf_value *values; /* ENUM, FLAGS; PLUGIN: full names */
    uint32_t n_values;
    uint64_t min, max; /* numbers */
    uint8_t kind;      /* enum conf_kind */
    uint8_t file;      /* enum conf_key_file */
    uint16_t flags;    /* enum conf_key_flag */
    int16_t alias;     /* a key of a line: the key it stands for */
};
const struct conf_key_info *conf_key_info(enum conf_key key);
/* Ignoring case; -1 when there is none. `file` is CONF_FILE_SLURM or CONF_FILE_CGROUP. */
int conf_key_find(enum conf_key_file file, const char *name);

/* The text in force, default or given; NULL when it is neither. Lists are comma separated, as written. */
const char *conf_str(const struct conf *c, enum conf_key key);
/* Numbers, times in the unit of the key (seconds unless its help says otherwise), enumerations, flags,
 * booleans, first port. INFINITE and NO_VAL stand for UNLIMITED and "not given". */
uint32_t conf_u32(const struct conf *c, enum conf_key key);
uint64_t conf_u64(const struct conf *c, enum conf_key key);
bool conf_bool(const struct conf *c, enum conf_key key);
/* Was it written in the file? */
bool conf_given(const struct conf *c, enum conf_key key);
/* The members of a list (or the lines of a multi key) in order. */
const struct meta_strs *conf_list(const struct conf *c, enum conf_key key);
/* Kind port_range: "6817-6820". */
void conf_ports(const struct conf *c, enum conf_key key, uint16_t *ret_first, uint16_t *ret_last);
/* Is `name` a member of a list such as SchedulerParameters, alone or as name=value? *ret_value (may be NULL):
 * the text after
 * "=", NULL without one. Ignores case. */
bool conf_has_param(const struct conf *c, enum conf_key key, const char *name, const char **ret_value);
/* The number of name=NUMBER in such a list; def when absent or not a number. */
uint32_t conf_param_u32(const struct conf *c, enum conf_key key, const char *name, uint32_t def);
/* Is `name` in force in a plugin list: conf_plugin(c, CONF_TASK_PLUGIN, "cgroup") for task/cgroup. */
bool conf_plugin(const struct conf *c, enum conf_key key, const char *name);

/* --- hosts, nodes, partitions ------------------------------------------------------------------------ */

/* SlurmctldHost=name(addr), in order: [0] is the primary. */
struct conf_host {
    char *name;
    char *addr; /* name where none was given */
};
const struct conf_host *conf_hosts(const struct conf *c, uint32_t *ret_n);

/* In order of definition; `index` is the place. Only configured fields are set: state is NODE_UNKNOWN,
 * NODE_DOWN, NODE_FUTURE ... with NODEF_CLOUD, NODEF_DRAIN and so on as State= and DownNodes= say. */
const struct node *conf_nodes(const struct conf *c, uint32_t *ret_n);
const struct node *conf_node(const struct conf *c, const char *name); /* by NodeName; NULL when unknown */
/* By what a host calls itself: NodeHostname, then NodeName; NULL when none or (several daemons a host) more
 * than one. */
const struct node *conf_node_by_host(const struct conf *c, const char *host);

/* In order of definition. `nodes` is as configured, `members` the node indexes. */
const struct part *conf_parts(const struct conf *c, uint32_t *ret_n);
const struct part *conf_part(const struct conf *c, const char *name);

struct conf_nodeset {
    char *name;
    char *feature;       /* or NULL */
    char *nodes;         /* or NULL */
    struct bits members; /* node indexes */
};
const struct conf_nodeset *conf_nodesets(const struct conf *c, uint32_t *ret_n);
/* The topologies of topology.yaml, the one in force first; none without that file. */
const struct topo_plan *conf_topologies(const struct conf *c, uint32_t *ret_n);
/* Switches or blocks in force, in the order of their file; none for a flat network. The configuration's. */
const struct topo_switch *conf_topology(const struct conf *c, uint32_t *ret_n);
/* "root.leaf1.n1" and "switch.switch.node", or "n1" and "node" in a flat network; both are appended. */
void conf_topology_address(const struct conf *c, const char *node, struct buf *addr, struct buf *pattern);
/* "n[1-2]", "ALL", NodeSet names, in any mixture. Appends to *ret (not cleared). Fails on an unknown name. */
int conf_expand_nodes(const struct conf *c, const char *text, struct bits *ret, struct err *e);

struct conf_power_action {
    char *name, *location, *program;
};
const struct conf_power_action *conf_power_actions(const struct conf *c, uint32_t *ret_n);

/* gres.conf asked for detection: "nvml", "full" ..., NULL when off. For one node. */
const char *conf_gres_autodetect(const struct conf *c, const char *node_name);

/* --- text -------------------------------------------------------------------------------------------- */

/* What `scontrol show config` prints that no file says. */
struct conf_runtime {
    const char *(*user_name)(void *ctx, uint32_t uid); /* NULL result: printed as a number */
    bool (*user_id)(void *ctx, const char *name, uint32_t *ret_uid);
    void *ctx;
    const char *as_of; /* time texts, as Slurm prints them */
    const char *boot_time;
    const char *conf_path; /* SLURM_CONF; NULL: the path it was loaded from */
    const char *version;   /* SLURM_VERSION */
    const char *plugin_dir;
    const char *hash_val; /* HASH_VAL: "Match" */
    uint32_t next_job_id;
    uint32_t node_count; /* MaxNodeCount where not configured */
    bool multiple_slurmd;
    const uint64_t *debug_flags; /* DebugFlags as they are now; NULL: as in the file */
};
void conf_text(const struct conf *c, const struct conf_runtime *run, struct buf *out);

/* --- identity ---------------------------------------------------------------------------------------- */

/* Of every text that was read, comments and all: equal on every host that reads the same files. */
uint32_t conf_hash(const struct conf *c);
/* Every file that was read: what a configless node must be given. slurm.conf is first, under that name. dir
 * is where they were; a node that keeps them elsewhere sets its own before it makes a source of them. */
struct conf_file_list conf_files(const struct conf *c);
const char *conf_path(const struct conf *c);

#endif
