/* SPDX-License-Identifier: Apache-2.0 */
/* scontrol update, create and delete of nodes. */
#include "cli/update.h"

#include <stdlib.h>
#include <string.h>

#include "base/hostlist.h"
#include "base/mem.h"
#include "model/nodetext.h"

static const char *const node_states[] = {
    "NoResp",           "DRAIN",   "FAIL",    "FUTURE",    "RESUME",        "POWER_DOWN",
    "POWER_UP",         "UNDRAIN", "DOWN",    "IDLE",      "CANCEL_REBOOT", "POWER_DOWN_ASAP",
    "POWER_DOWN_FORCE", "REBOOT",  "UNKNOWN", "ALLOCATED", "MIXED",
};

static const struct {
    const char *key;
    size_t least;
    size_t offset; /* a text of struct node_update */
} node_keys[] = {
    {"Reason", 1, offsetof(struct node_update, reason)},
    {"AvailableFeatures", 2, offsetof(struct node_update, features)},
    {"Features", 1, offsetof(struct node_update, features)},
    {"ActiveFeatures", 2, offsetof(struct node_update, active_features)},
    {"Gres", 1, offsetof(struct node_update, gres)},
    {"Comment", 3, offsetof(struct node_update, comment)},
    {"Extra", 1, offsetof(struct node_update, extra)},
    {"NodeAddr", 5, offsetof(struct node_update, addr)},
    {"NodeHostName", 5, offsetof(struct node_update, hostname)},
    {"InstanceId", 9, offsetof(struct node_update, instance_id)},
    {"InstanceType", 9, offsetof(struct node_update, instance_type)},
    {"Topology", 4, offsetof(struct node_update, topology)},
};

static int set_node_state(struct node_update *u, const char *arg, const char *value)
{
    for (size_t i = 0; i < sizeof node_states / sizeof node_states[0]; i++) {
        if (scontrol_is_key(value, node_states[i], strlen(node_states[i])) ||
            text_same_nocase(value, node_states[i])) {
            mem_set_str(&u->state, node_states[i]);
            return 0;
        }
    }
    fprintf(stderr,
            "Invalid input: %s\nRequest aborted\n"
            "Valid states are: NoResp DRAIN FAIL FUTURE RESUME POWER_DOWN POWER_UP UNDRAIN\n"
            "Not all states are valid given a node's prior state\n",
            arg);
    return EXIT_FAILURE;
}

static int bad_number(struct scontrol *s, const char *arg, const char *key)
{
    cli_error(s->cli, "Invalid value %s for %s", arg, key);
    return EXIT_FAILURE;
}

/* -1 and INFINITE mean never. */
static bool read_seconds(const char *text, uint32_t *ret)
{
    *ret = INFINITE;
    return strcmp(text, "-1") == 0 || text_same_nocase(text, "INFINITE") || text_to_u32(text, ret);
}

int update_cpu_bind(struct scontrol *s, char **slot, const char *arg, const char *value)
{
    uint32_t binding;
    if (*value && node_cpu_bind_parse(value, &binding)) {
        mem_set_str(slot, binding ? node_cpu_bind_text(binding) : "");
        return 0;
    }
    cli_error(s->cli, "Invalid input %s", arg);
    return EXIT_FAILURE;
}

static int set_node_field(struct scontrol *s, struct node_update *u, const char *arg, uint32_t *changes)
{
    struct pair p;
    if (!scontrol_split(arg, &p))
        return update_no_pair(s, arg);
    if (scontrol_is_key(p.key, "NodeName", 1) && !scontrol_is_key(p.key, "NodeAddr", 5)) {
        mem_set_str(&u->nodes, p.value);
        return 0;
    }
    (*changes)++;
    if (scontrol_is_key(p.key, "State", 1))
        return set_node_state(u, arg, p.value);
    if (scontrol_is_key(p.key, "Weight", 1))
        return text_to_u32(p.value, &u->weight) ? 0 : bad_number(s, arg, "Weight");
    if (scontrol_is_key(p.key, "ResumeAfter", 7))
        return read_seconds(p.value, &u->resume_after) ? 0 : bad_number(s, arg, "ResumeAfter");
    if (scontrol_is_key(p.key, "CpuBind", 3))
        return update_cpu_bind(s, &u->cpu_bind, arg, p.value);
    if (text_same_nocase(p.key, "CertToken"))
        return 0; /* nodes here need no certificate */
    for (size_t i = 0; i < sizeof node_keys / sizeof node_keys[0]; i++) {
        if (scontrol_is_key(p.key, node_keys[i].key, node_keys[i].least)) {
            mem_set_str((char **)((char *)u + node_keys[i].offset), p.value);
            return 0;
        }
    }
    return update_unsupported(arg);
}

int update_node(struct scontrol *s, int argc, char **argv)
{
    struct node_update u;
    struct err e;
    uint32_t changes = 0;
    int rc = 0;
    meta_init(&record_node_update, &u);
    for (int i = 0; i < argc && rc == 0; i++)
        rc = set_node_field(s, &u, argv[i], &changes);
    if (rc == 0 && !changes) {
        fprintf(stderr, "No changes specified\n");
        rc = EXIT_FAILURE;
    }
    bool reason_needed = u.state && (strcmp(u.state, "DOWN") == 0 || strcmp(u.state, "DRAIN") == 0 ||
                                     strcmp(u.state, "FAIL") == 0);
    if (rc == 0 && reason_needed && (!u.reason || !*u.reason)) {
        fprintf(stderr, "You must specify a reason when DOWNING or DRAINING a node. Request denied\n");
        rc = EXIT_FAILURE;
    }
    bool takes_out = u.state && (strcmp(u.state, "DOWN") == 0 || strcmp(u.state, "DRAIN") == 0);
    if (rc == 0 && u.resume_after != NO_VAL && !takes_out) {
        fprintf(stderr,
                "You can only specify a resume time when DOWNING or DRAINING a node. Request denied\n");
        rc = EXIT_FAILURE;
    }
    if (rc == 0 && client_call(cli_ctld(s->cli), MSG_NODE_UPDATE, &u, NULL, &e) < 0)
        rc = scontrol_fail(s, "slurm_update error: ", &e);
    meta_release(&record_node_update, &u);
    return rc;
}

/* NodeName=n[5-7] CPUs=4 ...: a record a name. */
int create_node(struct scontrol *s, int argc, char **argv)
{
    static const struct update_alias aliases[] = {
        {"CPUs", 4, "cpus"},
        {"Sockets", 4, "sockets"},
        {"Features", 4, "features"},
        {"Gres", 4, "gres_text"},
        {0},
    };
    struct node_create create;
    struct node template;
    struct hostlist names = {0};
    struct err e;
    struct pair p;
    int rc = 0;
    bool dynamic = false;
    meta_init(&record_node_create, &create);
    meta_init(&record_node, &template);
    for (int i = 0; i < argc && rc == 0; i++) {
        if (scontrol_split(argv[i], &p) && scontrol_is_key(p.key, "NodeName", 4)) {
            rc = hostlist_parse(&names, p.value, &e) < 0;
            continue;
        }
        if (scontrol_split(argv[i], &p) && text_same_nocase(p.key, "State")) {
            dynamic = text_same_nocase(p.value, "CLOUD") || text_same_nocase(p.value, "FUTURE") ||
                      text_same_nocase(p.value, "EXTERNAL");
            continue; /* set afterwards by an update */
        }
        const struct meta_field *f = update_field(&record_node, aliases, p.key);
        rc = !f || meta_parse(f, &template, p.value, &e) < 0;
    }
    if (rc) {
        struct buf line = BUF_INIT;
        for (int i = 0; i < argc; i++)
            buf_addf(&line, "%s%s", i ? " " : "", argv[i]);
        cli_error(s->cli, "Failed to parse nodeline '%s'", line.s);
        fprintf(stderr, "Error creating node(s): Unspecified error\n");
        buf_release(&line);
    } else if (!dynamic) {
        cli_error(s->cli, "Only State=FUTURE, CLOUD, or EXTERNAL allowed for nodes created by scontrol");
        fprintf(stderr, "Error creating node(s): Invalid node state specified\n");
        rc = EXIT_FAILURE;
    }
    struct host_iter it = {.list = &names};
    for (const char *name; rc == 0 && (name = host_iter_next(&it));) {
        struct node *n = meta_recs_push(&record_node, &create.nodes);
        meta_release(&record_node, n);
        meta_copy(&record_node, n, &template);
        mem_set_str(&n->name, name);
    }
    if (rc == 0 && client_call(cli_ctld(s->cli), MSG_NODE_CREATE, &create, NULL, &e) < 0)
        rc = scontrol_fail(s, "Error creating node(s): ", &e);
    meta_release(&record_node_create, &create);
    meta_release(&record_node, &template);
    hostlist_release(&names);
    return rc ? EXIT_FAILURE : 0;
}
