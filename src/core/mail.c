/* SPDX-License-Identifier: Apache-2.0 */
#include "core/mail.h"

#include "base/mem.h"
#include "base/text.h"
#include "base/timetext.h"
#include "model/jobtext.h"

enum { SIGKILL_NUMBER = 9 };

static const struct stretch {
    const char *wish, *words;
    uint32_t percent;
    uint64_t mark;
} parts[] = {
    {"TIME_LIMIT_90", "Reached 90% of time limit", 90, JOBF_MAILED_90},
    {"TIME_LIMIT_80", "Reached 80% of time limit", 80, JOBF_MAILED_80},
    {"TIME_LIMIT_50", "Reached 50% of time limit", 50, JOBF_MAILED_50},
};
enum { PARTS = sizeof parts / sizeof *parts };

static bool wants(const struct job *j, const char *type)
{
    struct text_list types = {0};
    bool found = false;
    if (!j->spec->mail_type)
        return false;
    text_split(&types, j->spec->mail_type, ',');
    for (uint32_t i = 0; i < types.n && !found; i++)
        found = text_same_nocase(types.v[i], type);
    text_list_release(&types);
    return found;
}

bool mail_of_array(const struct job *j)
{
    return j->array_job_id && j->spec->mail_type && !wants(j, "ARRAY_TASKS");
}

/* --- parts of the time limit --- */

static int64_t part_time(const struct job *j, const struct stretch *p)
{
    int64_t limit = (int64_t)j->time_limit * 60;
    return j->end_time - limit * (100 - (int64_t)p->percent) / 100;
}

static bool part_open(const struct job *j, const struct stretch *p)
{
    return !(j->flags & p->mark) && wants(j, p->wish);
}

static bool has_limit(const struct job *j)
{
    return j->end_time && j->time_limit != NO_VAL && j->time_limit != INFINITE &&
           !(j->flags & JOBF_CONFIGURING);
}

int64_t mail_time(const struct job *j)
{
    int64_t first = INT64_MAX;
    if (!j->spec->mail_type || !has_limit(j))
        return first;
    for (uint32_t i = 0; i < PARTS; i++)
        if (part_open(j, &parts[i]) && part_time(j, &parts[i]) < first)
            first = part_time(j, &parts[i]);
    return first;
}

uint64_t mail_due(const struct job *j, int64_t now)
{
    uint64_t marks = 0;
    if (!j->spec->mail_type || !has_limit(j))
        return 0;
    for (uint32_t i = 0; i < PARTS; i++)
        if (part_open(j, &parts[i]) && part_time(j, &parts[i]) <= now)
            marks |= parts[i].mark;
    return marks;
}

/* --- what is kept of an array's tasks --- */

bool mail_array_goes_on(const struct state *s, const struct job *j)
{
    const struct job *head = state_job(s, j->array_job_id);
    if (head && head != j && !job_is_final(head)) /* mostly: some of it has not started */
        return true;
    const struct idset *set = index_array(s, j->array_job_id);
    if (!set)
        return false;
    IDSET_EACH (set, id)
        if (id != j->job_id && !job_is_final(state_job(s, id)))
            return true;
    return false;
}

/* Slurm counts a cancelled task as killed. */
static void count_status(struct job *head, const struct job *j)
{
    uint32_t signal = j->state == JOB_CANCELLED ? SIGKILL_NUMBER : j->exit_code & 0x7f;
    uint32_t code = j->exit_code >> 8 & 0xff;
    if (j->state != JOB_COMPLETED && j->state != JOB_CANCELLED)
        head->flags |= JOBF_ARRAY_FAILED;
    if (signal) {
        head->array_signal_max = signal > head->array_signal_max ? signal : head->array_signal_max;
        return;
    }
    head->array_exit_max = code > head->array_exit_max ? code : head->array_exit_max;
    head->array_exit_min = code < head->array_exit_min ? code : head->array_exit_min; /* NO_VAL: none yet */
}

void mail_count_dropped(struct job *array)
{
    if (array->spec->mail_type && array->array_signal_max < SIGKILL_NUMBER)
        array->array_signal_max = SIGKILL_NUMBER;
}

void mail_count_end(struct state *s, uint32_t job_id)
{
    const struct job *j = state_job(s, job_id);
    if (!j->array_job_id || !j->spec->mail_type || !state_job(s, j->array_job_id))
        return;
    struct job *head = ptree_edit(&s->jobs, j->array_job_id);
    if (j->state == JOB_PENDING)
        head->flags |= JOBF_ARRAY_REQUEUED;
    else
        count_status(head, state_job(s, job_id));
}

/* --- one mail --- */

static const char *base_state(const struct job *j)
{
    const char *name = meta_enum_text(&enum_job_state, j->state);
    return name ? name : "";
}

/* The name is the user's: it must not begin another line of what a mail program makes of it. */
static void add_name(const struct job *j, struct buf *out)
{
    for (const char *c = j->spec->name ? j->spec->name : ""; *c; c++)
        buf_addc(out, (unsigned char)*c < ' ' || *c == 0x7f ? ' ' : *c);
}

static void add_var(struct mail *m, const char *name, const char *value)
{
    char *text = buf_format("%s=%s", name, value);
    meta_strs_push(&m->vars, text);
    mem_free(text);
}

static void add_number(struct mail *m, const char *name, uint32_t value)
{
    char *text = buf_format("%u", value);
    add_var(m, name, text);
    mem_free(text);
}

/* A mail whose subject ends with what it is about; `state` as the user is told it. */
static struct mail *mail_new(const struct job *j, const char *words, const char *state, struct buf *subject)
{
    struct mail *m = meta_new(&record_mail);
    m->job = (struct job *)j;
    shared_keep(&m->job->sh);
    m->to = mem_strdup(j->spec->mail_user ? j->spec->mail_user : j->spec->user_name);
    if (mail_of_array(j))
        buf_addf(subject, "Slurm Array Summary Job_id=%u_* (%u) Name=", j->array_job_id, j->array_job_id);
    else if (j->array_job_id)
        buf_addf(subject, "Slurm Array Task Job_id=%u_%u (%u) Name=", j->array_job_id, j->array_task_id,
                 j->job_id);
    else
        buf_addf(subject, "Slurm Job_id=%u Name=", j->job_id);
    add_name(j, subject);
    buf_addf(subject, " %s", words);
    add_var(m, "SLURM_JOB_STATE", state);
    add_var(m, "SLURM_JOB_MAIL_TYPE", words);
    return m;
}

/* A time as a variable, and in the subject unless that is about a whole array. */
static void add_time(struct mail *m, const char *name, const char *words, int64_t seconds,
                     struct buf *subject)
{
    struct buf text = BUF_INIT;
    time_add_long(&text, seconds > 0 ? (uint64_t)seconds : 0);
    add_var(m, name, text.s);
    if (!mail_of_array(m->job))
        buf_addf(subject, ", %s %s", words, text.s);
    buf_release(&text);
}

static void post(struct mail *m, struct buf *subject, struct outbox *out)
{
    struct effect *e = VEC_PUSH(&out->list);
    e->type = EFFECT_MAIL;
    e->job_id = m->job->job_id;
    e->step_id = e->node_index = NO_VAL;
    m->subject = buf_take(subject);
    e->record = m;
    e->record_type = &record_mail;
}

static void mail_ran(const struct state *s, const struct job *j, const char *words, const char *state,
                     struct outbox *out)
{
    struct buf subject = BUF_INIT;
    struct mail *m = mail_new(j, words, state, &subject);
    add_time(m, "SLURM_JOB_RUN_TIME", "Run time", job_run_time(j, s->time), &subject);
    post(m, &subject, out);
}

static void mail_begun(const struct state *s, const struct job_started *f, struct outbox *out)
{
    const struct job *j = state_job(s, f->job_id);
    struct buf subject = BUF_INIT;
    if (!wants(j, "BEGIN") || (mail_of_array(j) && !(f->set_flags & JOBF_ARRAY_BEGUN)))
        return;
    const struct job *head = mail_of_array(j) ? state_job(s, j->array_job_id) : NULL;
    struct mail *m = mail_new(head ? head : j, "Began", base_state(head ? head : j), &subject);
    if (!head)
        add_time(m, "SLURM_JOB_QUEUED_TIME", "Queued time", j->start_time - j->submit_time, &subject);
    post(m, &subject, out);
}

/* --- ends --- */

enum job_state mail_end_state(const struct job *j, uint32_t exit_code)
{
    if (j->state != JOB_PENDING)
        return (enum job_state)j->state;
    return exit_code ? JOB_FAILED : j->reason == WHY_NODEDOWN ? JOB_NODE_FAIL : JOB_PENDING;
}

static bool is_failure(enum job_state state)
{
    return state != JOB_COMPLETED && state != JOB_CANCELLED;
}

static void mail_end_of_job(const struct state *s, const struct job *j, enum job_state state,
                            struct outbox *out)
{
    bool failed = is_failure(state) && wants(j, "FAIL");
    const char *name = meta_enum_text(&enum_job_state, state);
    struct buf subject = BUF_INIT;
    if (!failed && !wants(j, "END"))
        return;
    struct mail *m = mail_new(j, failed ? "Failed" : "Ended", name, &subject);
    add_time(m, "SLURM_JOB_RUN_TIME", "Run time", j->alloc.n ? job_run_time(j, s->time) : 0, &subject);
    buf_addf(&subject, ", %s", name);
    uint32_t code = j->exit_code & 0x7f ? 0 : j->exit_code >> 8 & 0xff;
    if (!(j->exit_code & 0x7f) && state != JOB_NODE_FAIL)
        buf_addf(&subject, ", ExitCode %u", code);
    add_number(m, "SLURM_JOB_EXIT_CODE_MAX", code);
    post(m, &subject, out);
}

/* Of tasks that were killed Slurm says "Ended" where END is wanted too. */
static void mail_end_of_array(const struct state *s, const struct job *j, struct outbox *out)
{
    const struct job *head = state_job(s, j->array_job_id);
    struct buf subject = BUF_INIT;
    if (!head)
        head = j;
    bool end = wants(j, "END"), some_failed = head->flags & JOBF_ARRAY_FAILED;
    bool failed = wants(j, "FAIL") && some_failed && !(end && head->array_signal_max);
    if (failed || end) {
        uint32_t min = head->array_exit_min == NO_VAL ? 0 : head->array_exit_min, max = head->array_exit_max;
        struct mail *m = mail_new(head, failed ? "Failed" : "Ended", base_state(head), &subject);
        add_time(m, "SLURM_JOB_RUN_TIME", "Run time", head->alloc.n ? job_run_time(head, s->time) : 0,
                 &subject);
        if (head->array_signal_max) {
            buf_addf(&subject, ", Mixed, MaxSignal [%u]", head->array_signal_max);
            add_number(m, "SLURM_JOB_TERM_SIGNAL_MAX", head->array_signal_max);
        } else {
            buf_addf(&subject, ", %s, ExitCode [%u-%u]",
                     min != max || (some_failed && !max) ? "Mixed"
                     : max                               ? "FAILED"
                                                         : "COMPLETED",
                     min, max);
            add_number(m, "SLURM_JOB_EXIT_CODE_MIN", min);
            add_number(m, "SLURM_JOB_EXIT_CODE_MAX", max);
        }
        if (head->flags & JOBF_ARRAY_REQUEUED)
            buf_adds(&subject, ", with requeued tasks");
        post(m, &subject, out);
    }
    if (head->flags & JOBF_ARRAY_REQUEUED && wants(j, "REQUEUE"))
        mail_ran(s, head, "Requeued", base_state(head), out);
}

/* It ends, or goes back to the queue: by command, because its node is lost, or by its exit code, which counts
 * as an end. */
static void mail_ending(const struct state *s, const struct job *j, uint32_t exit_code, struct outbox *out)
{
    if (mail_of_array(j)) {
        if (job_is_final(j) && !mail_array_goes_on(s, j))
            mail_end_of_array(s, j, out);
        return;
    }
    enum job_state state = mail_end_state(j, exit_code);
    if (state != JOB_PENDING)
        mail_end_of_job(s, j, state, out);
    if (j->state == JOB_PENDING && !exit_code && wants(j, "REQUEUE"))
        mail_ran(s, j, "Requeued", base_state(j), out);
}

static void mail_never(const struct job *j, struct outbox *out)
{
    struct buf subject = BUF_INIT;
    if (wants(j, "INVALID_DEPEND"))
        post(mail_new(j, "Invalid dependency", base_state(j), &subject), &subject, out);
}

static void mail_changed(const struct state *s, const struct job_changed *f, struct outbox *out)
{
    const struct job *j = state_job(s, f->job_id);
    for (uint32_t i = 0; i < PARTS; i++)
        if (f->set_flags & parts[i].mark)
            mail_ran(s, j, parts[i].words, base_state(j), out);
    if (f->set_flags & JOBF_DEP_NEVER)
        mail_never(j, out);
}

void mail_of(const struct state *s, const struct fact *f, struct outbox *out)
{
    switch (f->type) {
    case FACT_JOB_SUBMITTED: {
        const struct job *j = state_job(s, ((const struct job *)f->record)->job_id);
        if (j->flags & JOBF_DEP_NEVER)
            mail_never(j, out);
        break;
    }
    case FACT_JOB_STARTED:
        mail_begun(s, f->record, out);
        break;
    case FACT_JOB_CHANGED:
        mail_changed(s, f->record, out);
        break;
    case FACT_JOB_ENDING: {
        const struct job_ending *c = f->record;
        const struct job *j = state_job(s, c->job_id);
        if (c->reason == WHY_TIMELIMIT && wants(j, "TIME_LIMIT"))
            mail_ran(s, j, "Reached time limit", "RUNNING", out);
        mail_ending(s, j, c->exit_code, out);
        break;
    }
    case FACT_JOB_ENDED: {
        const struct job_ended *c = f->record;
        const struct job *j = state_job(s, c->job_id);
        if (!j->alloc.n) /* it never ran, and its end is told here */
            mail_ending(s, j, 0, out);
        break;
    }
    default:
        break;
    }
}
