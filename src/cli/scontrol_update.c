/* SPDX-License-Identifier: Apache-2.0 */
/* scontrol update, create and delete: KEY=VALUE pairs become fields of records by the names of the schema. */
#include "cli/update.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

const struct meta_field *update_field(const struct meta_record *r, const struct update_alias *aliases,
                                      const char *key)
{
    const struct meta_field *exact = meta_find_kv(r, key);
    if (exact)
        return exact;
    for (const struct update_alias *a = aliases; a->key; a++)
        if (scontrol_is_key(key, a->key, a->least))
            return meta_find(r, a->field);
    const struct meta_field *found = NULL;
    for (uint32_t i = 0; i < r->n && strlen(key) >= 3; i++) {
        if (!r->fields[i].kv || !scontrol_is_key(key, r->fields[i].kv, 3))
            continue;
        if (found)
            return NULL; /* could be two */
        found = &r->fields[i];
    }
    return found;
}

int update_no_pair(struct scontrol *s, const char *arg)
{
    cli_error(s->cli, "Invalid input: %s  Request aborted", arg);
    return EXIT_FAILURE;
}

int update_unsupported(const char *arg)
{
    fprintf(stderr, "Update of this parameter is not supported: %s\nRequest aborted\n", arg);
    return EXIT_FAILURE;
}

static bool any_key(int argc, char **argv, const char *name, size_t least)
{
    struct pair p;
    for (int i = 0; i < argc; i++)
        if (scontrol_split(argv[i], &p) && scontrol_is_key(p.key, name, least))
            return true;
    return false;
}

/* `update job 7 ...` is `update JobId=7 ...`: the name of the entity may stand by itself. */
static int fold_entity(int argc, char **argv)
{
    static const char *const names[] = {"job", "jobid", "step", "stepid"};
    if (argc < 2 || strchr(argv[0], '='))
        return argc;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (text_same_nocase(argv[0], names[i]) && !strchr(argv[1], '=')) {
            argv[0] = buf_format("%s=%s", names[i], argv[1]);
            memmove(&argv[1], &argv[2], sizeof *argv * (size_t)(argc - 2));
            return argc - 1;
        }
    }
    return argc;
}

/* The entity without "=": create partition new ... */
static bool is_entity(const char *arg)
{
    return scontrol_is_key(arg, "nodename", 4) || scontrol_is_key(arg, "partitionname", 3) ||
           scontrol_is_key(arg, "reservationname", 3);
}

int scontrol_update(struct scontrol *s, int argc, char **argv)
{
    argv++;
    argc = fold_entity(argc - 1, argv);
    /* A job has a node list and a partition, too: it comes first. */
    if (any_key(argc, argv, "StepId", 4))
        return update_step(s, argc, argv);
    if (any_key(argc, argv, "JobId", 3))
        return update_job(s, argc, argv);
    if (any_key(argc, argv, "NodeName", 4))
        return update_node(s, argc, argv);
    if (any_key(argc, argv, "PartitionName", 3))
        return update_part(s, argc, argv, false);
    if (any_key(argc, argv, "JobName", 4))
        return update_job(s, argc, argv);
    if (any_key(argc, argv, "SlurmctldDebug", 10)) {
        struct pair p;
        scontrol_split(argv[0], &p);
        char *args[] = {argv[0], (char *)p.value, NULL};
        return scontrol_setdebug(s, 2, args);
    }
    if (scontrol_is_key(argv[0], "jobid", 3)) {
        fprintf(stderr, "Invalid input: %s\nRequest aborted\n", argv[0]);
        return EXIT_FAILURE;
    }
    if (is_entity(argv[0]))
        return update_no_pair(s, argv[0]);
    fprintf(stderr, "No valid entity in update command\n"
                    "Input line must include \"NodeName\", \"PartitionName\", \"Reservation\", \"JobId\", or "
                    "\"SlurmctldDebug\"\n");
    return EXIT_FAILURE;
}

int scontrol_create(struct scontrol *s, int argc, char **argv)
{
    argc--;
    argv++;
    if (any_key(argc, argv, "NodeName", 4))
        return create_node(s, argc, argv);
    if (any_key(argc, argv, "PartitionName", 3))
        return update_part(s, argc, argv, true);
    if (is_entity(argv[0]))
        return update_no_pair(s, argv[0]);
    cli_error(s->cli, "Invalid creation entity: %s", argv[0]);
    return EXIT_FAILURE;
}

static int failed_delete(struct scontrol *s, const char *what, const char *arg, const struct err *e)
{
    char prefix[256];
    buf_print(prefix, sizeof prefix, "delete_%s %s: ", what, arg);
    return scontrol_fail(s, prefix, e);
}

int scontrol_delete(struct scontrol *s, int argc, char **argv)
{
    struct pair p;
    struct err e;
    if (!scontrol_split(argv[1], &p) && argc == 3) {
        buf_print(p.key, sizeof p.key, "%s", argv[1]);
        p.value = argv[2];
    } else if (argc != 2 || !scontrol_split(argv[1], &p)) {
        cli_error(s->cli, "Proper format is 'delete <ENTITY>=<ID>' or 'delete <ENTITY> <ID>'");
        return EXIT_FAILURE;
    }
    if (scontrol_is_key(p.key, "PartitionName", 3)) {
        struct part_select select;
        meta_init(&record_part_select, &select);
        meta_strs_push(&select.names, p.value);
        int rc = client_call(cli_ctld(s->cli), MSG_PART_DELETE, &select, NULL, &e);
        meta_release(&record_part_select, &select);
        return rc < 0 ? failed_delete(s, "partition", argv[1], &e) : 0;
    }
    if (scontrol_is_key(p.key, "NodeName", 4)) {
        struct node_select select;
        meta_init(&record_node_select, &select);
        mem_set_str(&select.nodes, p.value);
        int rc = client_call(cli_ctld(s->cli), MSG_NODE_DELETE, &select, NULL, &e);
        meta_release(&record_node_select, &select);
        if (rc < 0 && e.code != ESLURM_INVALID_USER_ID)
            cli_error(s->cli, "failed to delete nodes %s", p.value);
        return rc < 0 ? failed_delete(s, "node", argv[1], &e) : 0;
    }
    fprintf(stderr, "Invalid deletion entity: %s\n", argv[1]);
    return EXIT_FAILURE;
}
