/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/jobfields.h"

#include "base/mem.h"
#include "base/text.h"

/* Choosing jobs, splitting them into lines (struct job_row) and the run time need these, whatever is shown.
 */
#define ALWAYS                                                                                               \
    "job_id array_job_id array_task_id array_tasks state flags uid start_time end_time suspend_time "        \
    "pre_sus_time partition spec spec.partition"

static void add_tag(struct meta_u32s *tags, uint32_t tag)
{
    for (uint32_t i = 0; i < tags->n; i++)
        if (tags->v[i] == tag)
            return;
    meta_u32s_push(tags, tag);
}

static void add_name(struct job_select *s, const char *name)
{
    bool of_spec = text_starts(name, "spec.");
    const struct meta_field *f =
        of_spec ? meta_find(&record_job_spec, name + strlen("spec.")) : meta_find(&record_job, name);
    REQUIRE(f);
    add_tag(of_spec ? &s->spec_fields : &s->job_fields, f->tag);
}

void jobfields_add(struct job_select *s, const char *names)
{
    struct text_list list = {0};
    text_split(&list, names, ' ');
    for (uint32_t i = 0; i < list.n; i++)
        add_name(s, list.v[i]);
    text_list_release(&list);
}

void jobfields_of_columns(struct job_select *s, const struct layout *l, const struct sort_spec *sort)
{
    for (uint32_t i = 0; i < l->uses.n; i++)
        if (l->uses.v[i].column && !l->uses.v[i].column->reads)
            return;
    for (uint32_t i = 0; i < sort->keys.n; i++)
        if (!sort->keys.v[i].column->reads)
            return;
    jobfields_add(s, ALWAYS);
    for (uint32_t i = 0; i < l->uses.n; i++)
        if (l->uses.v[i].column)
            jobfields_add(s, l->uses.v[i].column->reads);
    for (uint32_t i = 0; i < sort->keys.n; i++)
        jobfields_add(s, sort->keys.v[i].column->reads);
}
