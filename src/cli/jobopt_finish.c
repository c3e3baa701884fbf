/* SPDX-License-Identifier: Apache-2.0 */
/* The rest of job_spec, which no option says: names, folders, the command for display; and what -v shows. */
#include "cli/jobopt_priv.h"

#include <string.h>

#include "base/mem.h"
#include "base/text.h"

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static void default_name(const struct jobopt *o, struct jobopt_part *p)
{
    const struct jobopt_part *first = o->parts[0];
    const char *name = "interactive";
    p->cli.job_name_given = p->spec.name != NULL;
    if (p->spec.name)
        return;
    if (o->cmd == JOBOPT_SBATCH)
        name = first->cli.wrap ? "wrap" : first->argc ? base_name(first->argv[0]) : "sbatch";
    else if (o->cmd == JOBOPT_SRUN && p->argc)
        name = base_name(p->argv[0]);
    p->spec.name = mem_strdup(name);
}

static char *join(char *const *words, uint32_t n)
{
    struct buf b = BUF_INIT;
    for (uint32_t i = 0; i < n; i++) {
        buf_adds(&b, i ? " " : "");
        buf_adds(&b, words[i]);
    }
    return buf_take(&b);
}

static void set_command(const struct jobopt *o, struct job_spec *s)
{
    const struct jobopt_part *first = o->parts[0];
    if (o->cmd != JOBOPT_SBATCH || !o->script_path)
        return;
    char *words = join(first->argv + 1, first->argc - 1);
    s->command = buf_format("%s%s%s", o->script_path, *words ? " " : "", words);
    mem_free(words);
}

static const char *umask_of(const struct jobopt *o)
{
    return jobopt_env(o->world.env, "SLURM_UMASK");
}

static uint16_t octal(const char *text, uint16_t otherwise)
{
    uint32_t v = 0;
    if (!text || *text == '\0' || strlen(text) > 4 || text[strspn(text, "01234567")])
        return otherwise;
    for (; *text; text++)
        v = v * 8 + (uint32_t)(*text - '0');
    return (uint16_t)v;
}

void jobopt_finish(struct jobopt *o, int argc, char **argv)
{
    char *line = join(argv, (uint32_t)argc);
    for (uint32_t i = 0; i < o->n_parts; i++) {
        struct jobopt_part *p = o->parts[i];
        struct job_spec *s = &p->spec;
        default_name(o, p);
        if (!s->work_dir)
            s->work_dir = mem_strdup(o->world.cwd);
        set_command(o, s);
        if (s->partition && !*s->partition) /* as if it were not given */
            mem_set_str(&s->partition, NULL);
        mem_set_str(&s->submit_line, line);
        mem_set_str(&s->alloc_node, o->world.hostname);
        s->alloc_sid = o->world.session;
        s->umask = octal(umask_of(o), o->world.umask);
        if (p->cli.verbose)
            jobopt_show_given(o, p);
    }
    mem_free(line);
}

static void show_value(struct buf *out, const struct jobopt_row *row, const struct jobopt_part *p)
{
    const char *text = p->given[jobopt_index(row)];
    const struct meta_field *f;
    if (strcmp(row->name, "verbose") == 0)
        buf_addf(out, "%u", p->cli.verbose);
    else if (row->kind == KIND_MINUTES &&
             (f = meta_find(&record_job_spec, strcmp(row->name, "time") == 0 ? "time_limit" : "time_min")))
        meta_text(f, &p->spec, out);
    else
        buf_adds(out, *text ? text : "set");
}

void jobopt_show_given(struct jobopt *o, const struct jobopt_part *p)
{
    jobopt_info(o, "defined options");
    jobopt_info(o, "-------------------- --------------------");
    for (uint32_t i = 0; i < jobopt_rows_count; i++) {
        if (p->source[i] == JOBOPT_UNSET)
            continue;
        buf_addf(&o->log, "%s: %-20s: ", o->name, jobopt_rows[i].name);
        show_value(&o->log, &jobopt_rows[i], p);
        buf_addc(&o->log, '\n');
    }
    jobopt_info(o, "-------------------- --------------------");
    jobopt_info(o, "end of defined options");
}
