/* SPDX-License-Identifier: Apache-2.0 */
/* scontrol update and create of partitions. */
#include "cli/update.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static const struct update_alias part_aliases[] = {
    {"PartitionName", 3, "name"},
    {"Priority", 3, "priority_tier"},
    {"PriorityTier", 9, "priority_tier"},
    {"AllocNodes", 6, "allow_alloc_nodes"},
    {"QOS", 3, "qos"},
    {"MaxTime", 4, "max_time"},
    {"DefaultTime", 8, "default_time"},
    {"Nodes", 4, "nodes"},
    {"MaxNodes", 4, "max_nodes"},
    {"MinNodes", 2, "min_nodes"},
    {"State", 2, "state"},
    {0},
};

static const struct {
    const char *key;
    size_t least;
    uint64_t flag;
} part_flags[] = {
    {"Default", 7, PARTF_DEFAULT},
    {"Hidden", 1, PARTF_HIDDEN},
    {"RootOnly", 3, PARTF_ROOTONLY},
    {"ReqResv", 3, PARTF_REQRESV},
    {"DisableRootJobs", 3, PARTF_DISABLEROOTJOBS},
    {"ExclusiveUser", 10, PARTF_EXCLUSIVEUSER},
    {"LLN", 3, PARTF_LLN},
    {"PowerDownOnIdle", 9, PARTF_POWERDOWNONIDLE},
    {"ExclusiveTopo", 10, PARTF_EXCLUSIVETOPO},
};

static const char *const exclusive_words[] = {"NO", "NONE", "NODE", "USER", "TOPO"};

static int set_part_flag(struct scontrol *s, struct part_update *u, const struct pair *p, const char *arg,
                         const char *key, uint64_t flag)
{
    bool yes = scontrol_is_key(p->value, "YES", 1) || text_same_nocase(p->value, "true");
    if (!yes && !scontrol_is_key(p->value, "NO", 1) && !text_same_nocase(p->value, "false")) {
        cli_error(s->cli, "Invalid input: %s", arg);
        cli_error(s->cli, "Acceptable %s values are YES and NO", key);
        return EXIT_FAILURE;
    }
    u->flag_mask |= flag;
    u->part->flags = yes ? u->part->flags | flag : u->part->flags & ~flag;
    return 0;
}

/* NO or NONE, NODE, USER, TOPO: one of them at a time. */
static int set_exclusive(struct scontrol *s, struct part_update *u, const char *arg, const char *value)
{
    enum { NODE = 2, USER, TOPO, WORDS };
    uint32_t word = 0;
    while (word < WORDS && !text_same_nocase(value, exclusive_words[word]))
        word++;
    if (word == WORDS) {
        cli_error(s->cli, "Invalid input: %s", arg);
        cli_error(s->cli, "Acceptable Exclusive values are NO, NODE, USER, TOPO");
        return EXIT_FAILURE;
    }
    u->flag_mask |= PARTF_EXCLUSIVEUSER | PARTF_EXCLUSIVETOPO;
    u->part->flags &= ~(uint64_t)(PARTF_EXCLUSIVEUSER | PARTF_EXCLUSIVETOPO);
    u->part->flags |= word == USER ? PARTF_EXCLUSIVEUSER : word == TOPO ? PARTF_EXCLUSIVETOPO : 0;
    u->part->max_share = word != NODE;
    meta_strs_push(&u->fields, "max_share");
    return 0;
}

/* NO, YES[:n], FORCE[:n], EXCLUSIVE */
static int set_oversubscribe(struct scontrol *s, struct part_update *u, const char *arg, const char *value)
{
    const char *count = strchr(value, ':');
    uint32_t n = 4;
    if (count)
        text_to_u32(count + 1, &n);
    u->part->share_force = text_starts_nocase(value, "FORCE");
    if (text_starts_nocase(value, "EXCL"))
        u->part->max_share = 0;
    else if (text_same_nocase(value, "NO"))
        u->part->max_share = 1;
    else if (u->part->share_force || text_starts_nocase(value, "YES"))
        u->part->max_share = (uint16_t)n;
    else {
        cli_error(s->cli, "Invalid input: %s", arg);
        cli_error(s->cli, "Acceptable OverSubscribe values are NO, EXCLUSIVE, YES:#, and FORCE:#");
        return EXIT_FAILURE;
    }
    meta_strs_push(&u->fields, "max_share");
    meta_strs_push(&u->fields, "share_force");
    return 0;
}

/* Whose bad values Slurm names in three ways; all other keys are "Invalid input". */
static const char *const value_fields[] = {
    "def_mem_cpu", "def_mem_node",  "max_mem_cpu",     "max_mem_node",  "grace_time",     "over_time_limit",
    "max_nodes",   "priority_tier", "priority_factor", "max_cpus_node", "max_cpus_socket"};

/* The mem fields: UNLIMITED is no amount, and 0 stands for it. */
static bool is_mem(const char *name)
{
    return text_starts_nocase(name, "def_mem_") || text_starts_nocase(name, "max_mem_");
}

static int bad_part_value(struct scontrol *s, const struct meta_field *f, const char *arg)
{
    const char *value = strchr(arg, '=') + 1;
    if (strcmp(f->name, "state") == 0) {
        cli_error(s->cli, "Invalid input: %s", arg);
        cli_error(s->cli, "Acceptable State values are UP, DOWN, DRAIN and INACTIVE");
        return EXIT_FAILURE;
    }
    for (size_t i = 0; i < sizeof value_fields / sizeof value_fields[0]; i++) {
        if (strcmp(f->name, value_fields[i]) != 0)
            continue;
        if (strcmp(f->name, "max_nodes") == 0)
            cli_error(s->cli, "Invalid numeric value \"%s\" for %s.", value, f->kv);
        else
            cli_error(s->cli, "Invalid %s value: %s", f->kv, value);
        return EXIT_FAILURE;
    }
    cli_error(s->cli, "Invalid input %s", arg);
    return EXIT_FAILURE;
}

static const char *const preempt_modes[] = {"OFF",    "CANCEL",   "REQUEUE", "SUSPEND",
                                            "WITHIN", "PRIORITY", "DISABLED"};

/* "cancel,gang" in capital letters. */
static int set_preempt_mode(struct scontrol *s, struct part_update *u, const char *arg, const char *value)
{
    struct text_list words = {0};
    struct buf text = BUF_INIT;
    text_split(&words, *value ? value : "OFF", ',');
    bool good = words.n > 0;
    if (text_same_nocase(value, "GANG")) {
        cli_error(s->cli, "PreemptMode=GANG is a cluster-wide option and cannot be set at partition level");
        text_list_release(&words);
        return EXIT_FAILURE;
    }
    for (uint32_t i = 0; i < words.n; i++) {
        const char *known = NULL;
        for (size_t k = 0; k < sizeof preempt_modes / sizeof preempt_modes[0]; k++)
            if (text_same_nocase(words.v[i], preempt_modes[k]))
                known = preempt_modes[k];
        good &= known != NULL;
        buf_addf(&text, "%s%s", i ? "," : "", known ? known : "");
    }
    if (good) {
        mem_set_str(&u->part->preempt_mode, text.s);
        meta_strs_push(&u->fields, "preempt_mode");
    } else {
        cli_error(s->cli, "Invalid input: %s", arg);
    }
    text_list_release(&words);
    buf_release(&text);
    return good ? 0 : EXIT_FAILURE;
}

/* Of a per-CPU and a per-node amount the last given one counts, and of an allowed and a denied list. */
static void drop_rival(struct part_update *u, const char *name)
{
    static const char *const rivals[][2] = {{"def_mem_cpu", "def_mem_node"},
                                            {"max_mem_cpu", "max_mem_node"},
                                            {"allow_accounts", "deny_accounts"},
                                            {"allow_qos", "deny_qos"}};
    for (size_t i = 0; i < sizeof rivals / sizeof rivals[0]; i++)
        for (int k = 0; k < 2; k++)
            if (strcmp(name, rivals[i][k]) == 0)
                meta_strs_push(&u->fields, rivals[i][!k]);
}

static int part_unsupported(struct scontrol *s, const char *arg)
{
    cli_error(s->cli, "Update of this parameter is not supported: %s\n", arg);
    cli_error(s->cli, "Request aborted");
    return EXIT_FAILURE;
}

/* Keys of slurm.conf that a running partition does not take. */
static bool only_configured(const char *name)
{
    return strcmp(name, "select_params") == 0 || strcmp(name, "resume_timeout") == 0 ||
           strcmp(name, "suspend_timeout") == 0 || strcmp(name, "suspend_time") == 0;
}

/* A state may be abbreviated. */
static const char *part_state_word(const char *text)
{
    static const char *const states[] = {"UP", "DOWN", "DRAIN", "INACTIVE"};
    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++)
        if (scontrol_is_key(text, states[i], 2))
            return states[i];
    return text;
}

/* Slurm checks the name that it takes for a new partition. */
static int bad_part_name(struct scontrol *s, bool create, const char *name, bool *ret_nothing)
{
    *ret_nothing = create && name && !*name;
    if (!name || !text_same_nocase(name, "DEFAULT") || !create)
        return 0;
    cli_error(s->cli, "PartitionName cannot be \"DEFAULT\".");
    return EXIT_FAILURE;
}

static int set_part_field(struct scontrol *s, struct part_update *u, const char *arg)
{
    struct pair p;
    struct err e;
    if (!scontrol_split(arg, &p))
        return update_no_pair(s, arg);
    for (size_t i = 0; i < sizeof part_flags / sizeof part_flags[0]; i++)
        if (scontrol_is_key(p.key, part_flags[i].key, part_flags[i].least))
            return set_part_flag(s, u, &p, arg, part_flags[i].key, part_flags[i].flag);
    if (scontrol_is_key(p.key, "OverSubscribe", 5) || scontrol_is_key(p.key, "Shared", 2))
        return set_oversubscribe(s, u, arg, p.value);
    if (text_same_nocase(p.key, "Exclusive"))
        return set_exclusive(s, u, arg, p.value);
    bool delta = p.op != '=' || *p.value == '+' || *p.value == '-';
    if (delta && scontrol_is_key(p.key, "Nodes", 4)) {
        mem_free(u->node_delta);
        u->node_delta = p.op != '=' ? buf_format("%c%s", p.op, p.value) : mem_strdup(p.value);
        return 0;
    }
    if (scontrol_is_key(p.key, "PreemptMode", 8))
        return set_preempt_mode(s, u, arg, p.value);
    if (scontrol_is_key(p.key, "CpuBind", 7)) {
        meta_strs_push(&u->fields, "cpu_bind");
        return update_cpu_bind(s, &u->part->cpu_bind, arg, p.value);
    }
    const struct meta_field *f = update_field(&record_part, part_aliases, p.key);
    if (!f || only_configured(f->name))
        return part_unsupported(s, arg);
    uint64_t amount = 1;
    if (is_mem(f->name) && !text_to_u64(p.value, &amount))
        return bad_part_value(s, f, arg);
    if (strcmp(f->name, "state") == 0 && *p.value)
        p.value = part_state_word(p.value);
    if (strcmp(f->name, "min_nodes") == 0 && !text_to_u32(p.value, &u->part->min_nodes)) {
        cli_error(s->cli, "\"%s\" is not a valid node count", p.value);
        u->part->min_nodes = INFINITE;
    } else if (meta_parse(f, u->part, amount ? p.value : "UNLIMITED", &e) < 0) {
        return bad_part_value(s, f, arg);
    }
    if (strcmp(f->name, "alternate") == 0 && (!*p.value || text_same_nocase(p.value, "NONE")))
        mem_set_str(&u->part->alternate, NULL);
    if (text_same_nocase(p.key, "Priority")) {
        u->part->priority_factor = u->part->priority_tier;
        meta_strs_push(&u->fields, "priority_factor");
    }
    if (strcmp(f->name, "name") == 0)
        return 0;
    drop_rival(u, f->name);
    meta_strs_push(&u->fields, f->name);
    return 0;
}

int update_part(struct scontrol *s, int argc, char **argv, bool create)
{
    struct part_update u;
    struct err e;
    int rc = 0;
    meta_init(&record_part_update, &u);
    u.part = meta_new(&record_part);
    u.create = create;
    for (int i = 0; i < argc && rc == 0; i++)
        rc = set_part_field(s, &u, argv[i]);
    if (rc == 0 && !create && !u.fields.n && !u.flag_mask && !u.node_delta) {
        cli_error(s->cli, "No changes specified");
        rc = EXIT_FAILURE;
    }
    bool nothing = false;
    if (rc == 0)
        rc = bad_part_name(s, create, u.part->name, &nothing);
    if (rc == 0 && !nothing && client_call(cli_ctld(s->cli), MSG_PART_UPDATE, &u, NULL, &e) < 0)
        rc = scontrol_fail(s, create ? "Error creating the partition: " : "slurm_update error: ", &e);
    meta_release(&record_part_update, &u);
    return rc;
}
