/* SPDX-License-Identifier: Apache-2.0 */
/* core.h: the table of commands. */
#include "core/decide/decide.h"

#include <stdarg.h>

#include "base/mem.h"
#include "base/text.h"

/* The least level stands with the message type in schema/messages.toml. */
static const struct {
    enum msg_type type;
    decide_fn decide;
} rows[] = {
    {MSG_SUBMIT, decide_submit},
    {MSG_JOB_UPDATE, decide_job_update},
    {MSG_JOB_SIGNAL, decide_job_signal},
    {MSG_JOB_REQUEUE, decide_job_requeue},
    {MSG_JOB_SUSPEND, decide_job_suspend},
    {MSG_JOB_COMPLETE, decide_job_complete},
    {MSG_STEP_CREATE, decide_step_create},
    {MSG_STEP_DONE, decide_step_done},
    {MSG_STEP_UPDATE, decide_step_update},
    {MSG_NODE_UPDATE, decide_node_update},
    {MSG_REBOOT_NODES, decide_reboot_nodes},
    {MSG_POWER_EXCLUDE, decide_power_exclude},
    {MSG_PART_UPDATE, decide_part_update},
    {MSG_PART_DELETE, decide_part_delete},
    {MSG_NODE_CREATE, decide_node_create},
    {MSG_NODE_DELETE, decide_node_delete},
    {MSG_CONFIGURE, decide_configure},
    {MSG_START_JOB, decide_start_job},
    {MSG_LAUNCH_DONE, decide_launch_done},
    {MSG_PROLOG_DONE, decide_prolog_done},
    {MSG_EPILOG_DONE, decide_epilog_done},
    {MSG_PLAN_NOTES, decide_plan_notes},
    {MSG_TICK, decide_tick},
    {MSG_NODE_CONTACT, decide_node_contact},
    {MSG_NODE_REGISTER, decide_node_register},
    {MSG_NODE_REPORT, decide_node_report},
};

int decide_fail(struct decide *d, int code)
{
    const char *text = error_text(code);
    return err_set(d->e, code, "%s", text ? text : "Unspecified error");
}

int decide_fail_text(struct decide *d, int code, const char *fmt, ...)
{
    struct buf more = BUF_INIT;
    va_list ap;
    va_start(ap, fmt);
    buf_addv(&more, fmt, ap);
    va_end(ap);
    const char *text = error_text(code);
    int rc = err_set(d->e, code, "%s\n%s", text ? text : "Unspecified error", more.s);
    buf_release(&more);
    return rc;
}

bool decide_touch(struct decide *d, uint32_t job_id)
{
    if (map_u64_has(&d->touched, job_id))
        return false;
    map_u64_put(&d->touched, job_id, d);
    return true;
}

struct job_changed *decide_job_change(struct decide *d, uint32_t job_id)
{
    struct job_changed *f = facts_add(d->out, FACT_JOB_CHANGED);
    f->job_id = job_id;
    f->eligible_time = f->accrue_time = f->end_time = -1;
    return f;
}

uint32_t decide_next_id(struct decide *d)
{
    const struct policy *p = d->s->policy;
    uint32_t first = p->first_job_id ? p->first_job_id : 1;
    for (uint32_t tries = 0; tries <= d->s->jobs.count + 1; tries++) {
        uint32_t id = d->next_job_id;
        if (id < first || id > p->max_job_id)
            id = first;
        d->next_job_id = id + 1;
        if (!state_job(d->s, id))
            return id;
    }
    return 0;
}

bool job_asks_part(const struct job *j, const char *name)
{
    struct text_list list = {0};
    bool found = false;
    if (j->partition)
        text_split(&list, j->partition, ',');
    for (uint32_t i = 0; i < list.n; i++)
        found |= text_same(list.v[i], name);
    text_list_release(&list);
    return found;
}

void decide_result(struct decide *d, const char *id, int code, const char *text)
{
    struct job_results *r = d->reply;
    struct job_result *row = meta_recs_push(&record_job_result, &r->results);
    row->id = mem_strdup(id);
    row->code = (uint32_t)code;
    const char *known = code ? error_text(code) : "No error";
    row->text = mem_strdup(text && *text ? text : known ? known : "Unspecified error");
}

int core_decide(const struct state *s, const struct command *c, int64_t now, struct facts *out,
                struct reply *reply, struct err *e)
{
    const struct message_type *type = message_by_number(c->type);
    decide_fn decide = NULL;
    for (uint32_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].type == c->type)
            decide = rows[i].decide;
    *reply = (struct reply){0};
    if (!type || !decide)
        return err_set(e, ESLURM_UNEXPECTED_MESSAGE, "%s", error_text(ESLURM_UNEXPECTED_MESSAGE));
    struct decide d = {
        .s = s, .sender = &c->sender, .now = now, .out = out, .e = e, .next_job_id = s->next_job_id};
    if (c->sender.level < (enum message_access)type->access)
        return decide_fail(&d, ESLURM_INVALID_USER_ID);
    if (type->request && !c->record)
        return decide_fail(&d, ESLURM_UNEXPECTED_MESSAGE);
    if (type->reply) {
        reply->type = type->reply;
        reply->record = d.reply = meta_new(type->reply);
    }
    uint32_t before = out->list.n;
    int rc = decide(&d, c->record);
    map_u64_release(&d.touched);
    if (rc < 0) {
        while (out->list.n > before) {
            struct fact *f = &out->list.v[--out->list.n];
            meta_free(fact_by_number(f->type)->record, f->record);
        }
        reply_release(reply);
    }
    return rc;
}
