/* SPDX-License-Identifier: Apache-2.0 */
/* scontrol show of what belongs to the whole cluster: licenses, the cache of accounts. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/fetch.h"
#include "cli/scontrol.h"
#include "model/jobtext.h"

/* Licenses as configured; what jobs hold of each is summed up here. */
struct license {
    char *name;
    uint64_t total, used;
};
struct licenses {
    VEC(struct license) list;
};

/* "matlab:4,ansys:2": adds to the totals, or to what is used of those that are known. */
static void add_licenses(struct licenses *l, const char *text, bool used)
{
    struct text_list items = {0};
    text_split(&items, text, ',');
    for (uint32_t i = 0; i < items.n; i++) {
        char *count = strpbrk(items.v[i], ":=");
        uint64_t n = 1;
        if (count) {
            *count++ = '\0';
            text_to_u64(count, &n);
        }
        bool found = false;
        for (uint32_t k = 0; k < l->list.n && used; k++) {
            if (strcmp(l->list.v[k].name, items.v[i]) == 0) {
                l->list.v[k].used += n;
                found = true;
            }
        }
        if (!found && !used) {
            struct license *new = VEC_PUSH(&l->list);
            new->name = mem_strdup(items.v[i]);
            new->total = n;
        }
    }
    text_list_release(&items);
}

static int compare_licenses(const void *a, const void *b, void *arg)
{
    return strcmp(((const struct license *)a)->name, ((const struct license *)b)->name);
}

static int load_jobs(struct scontrol *s, struct job_list *jobs, struct err *e)
{
    struct job_select select;
    meta_init(&record_job_select, &select);
    select.all = s->all;
    int rc = fetch_jobs(cli_ctld(s->cli), &select, jobs, e);
    meta_release(&record_job_select, &select);
    return rc;
}

int scontrol_show_licenses(struct scontrol *s, const char *name)
{
    struct config_reply config;
    struct job_list jobs = {0};
    struct licenses l = {0};
    struct err e;
    if (client_call(cli_ctld(s->cli), MSG_CONFIG, NULL, &config, &e) < 0)
        return scontrol_fail(s, "slurm_load_licenses error: ", &e);
    for (uint32_t i = 0; i < config.pairs.n; i++)
        if (text_starts_nocase(config.pairs.v[i], "Licenses="))
            add_licenses(&l, strchr(config.pairs.v[i], '=') + 1, false);
    if (load_jobs(s, &jobs, &e) == 0)
        for (uint32_t i = 0; i < jobs.list.n; i++)
            if (job_is_active(jobs.list.v[i]) && jobs.list.v[i]->spec->licenses)
                add_licenses(&l, jobs.list.v[i]->spec->licenses, true);
    vec_sort(l.list.v, l.list.n, sizeof(struct license), compare_licenses, NULL);
    bool found = !name;
    for (uint32_t i = 0; i < l.list.n; i++) {
        const struct license *x = &l.list.v[i];
        if (name && strcmp(name, x->name) != 0)
            continue;
        found = true;
        printf("LicenseName=%s%sTotal=%llu Used=%llu Free=%llu Reserved=0 Remote=no\n", x->name,
               s->one_line ? " " : "\n    ", (unsigned long long)x->total, (unsigned long long)x->used,
               (unsigned long long)(x->total > x->used ? x->total - x->used : 0));
    }
    meta_release(&record_config_reply, &config);
    job_list_release(&jobs);
    if (!found)
        cli_error(s->cli, "query \"%s\" matched zero licenses.", name);
    return found ? 0 : EXIT_FAILURE;
}

/* Users, associations and QOS that the controller has from a database: none. */
int scontrol_show_assoc(struct scontrol *s, const char *id)
{
    static const char *const kinds[][2] = {
        {"users", "No users currently cached in Slurm.\n"},
        {"assoc", "No associations currently cached in Slurm.\n"},
        {"qos", "No QOS currently cached in Slurm.\n"},
    };
    struct pair p = {.value = NULL};
    if (id && !scontrol_split(id, &p)) {
        fprintf(stderr, "No value given for option %s\n", id);
        return 0;
    }
    bool flags = id && scontrol_is_key(p.key, "flags", 1), known = !flags;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        known |= flags && text_has(p.value, kinds[i][0]);
    if (!known) {
        fprintf(stderr, "invalid flag '%s', valid options are 'Assoc, QOS, and/or Users'\n", p.value);
        return 0;
    }
    puts("Current Association Manager state");
    for (size_t i = 0, shown = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (!flags || text_has(p.value, kinds[i][0]))
            printf("%s\n%s\n", shown++ ? "" : "", kinds[i][1]);
    return 0;
}
