/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/filters.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/names.h"
#include "model/jobtext.h"

void filters_strings(struct meta_strs *to, const char *list)
{
    struct text_list pieces = {0};
    text_split(&pieces, list, ',');
    for (uint32_t i = 0; i < pieces.n; i++)
        meta_strs_push(to, pieces.v[i]);
    text_list_release(&pieces);
}

bool filters_users(const struct cli *cli, struct job_select *s, const char *list)
{
    bool all_known = true;
    struct text_list pieces = {0};
    text_split(&pieces, list, ',');
    for (uint32_t i = 0; i < pieces.n; i++) {
        uint32_t uid;
        if (names_find_user(pieces.v[i], &uid)) {
            meta_u32s_push(&s->uids, uid);
        } else {
            cli_error(cli, "Invalid user: %s", pieces.v[i]);
            all_known = false;
        }
    }
    text_list_release(&pieces);
    return all_known;
}

/* Flags of enum job_flag that squeue(1) takes as states: those with a short form. */
/* Flags that are shown as states, but are not taken as such. */
static bool is_only_shown(const char *name)
{
    static const char *const names[] = {"launch_failed", "power_up_node", "ex"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (text_same_nocase(name, names[i]))
            return true;
    return false;
}

static uint64_t state_flag(const char *name)
{
    for (uint32_t i = 0; i < enum_job_flag.n; i++) {
        const struct meta_enum_name *n = &enum_job_flag.names[i];
        if (n->alt && (text_same_nocase(n->name, name) || text_same_nocase(n->alt, name)))
            return n->value;
    }
    return 0;
}

bool filters_states(const struct cli *cli, struct job_select *s, const char *list)
{
    static const char valid[] = "pending,running,suspended,completed,cancelled,failed,timeout,node_fail,"
                                "preempted,boot_fail,deadline,out_of_memory,"
                                "completing,configuring,expediting,resizing,resv_del_hold,requeued,requeue_"
                                "fed,requeue_hold,revoked,signaling,"
                                "special_exit,stage_out,stopped";
    bool good = true;
    struct text_list pieces = {0};
    text_split(&pieces, list, ',');
    for (uint32_t i = 0; i < pieces.n && good; i++) {
        uint64_t value, flag = state_flag(pieces.v[i]);
        if (text_same_nocase(pieces.v[i], "all")) {
            for (uint32_t k = 0; k < enum_job_state.n; k++)
                meta_u32s_push(&s->states, (uint32_t)enum_job_state.names[k].value);
        } else if (!is_only_shown(pieces.v[i]) && meta_enum_value(&enum_job_state, pieces.v[i], &value)) {
            meta_u32s_push(&s->states, (uint32_t)value);
        } else if (flag && !is_only_shown(pieces.v[i])) {
            s->flag_states |= flag;
        } else {
            cli_error(cli, "Invalid job state specified: %s", pieces.v[i]);
            cli_error(cli, "Valid job states include: %s", valid);
            good = false;
        }
    }
    text_list_release(&pieces);
    return good;
}

void filters_states_default(struct job_select *s)
{
    meta_u32s_push(&s->states, JOB_PENDING);
    meta_u32s_push(&s->states, JOB_RUNNING);
    meta_u32s_push(&s->states, JOB_SUSPENDED);
    s->flag_states |= JOBF_COMPLETING;
}

bool filters_has_state(const struct job_select *s, const struct job *job)
{
    if (!s->states.n && !s->flag_states)
        return true;
    for (uint32_t i = 0; i < s->states.n; i++)
        if (s->states.v[i] == job->state)
            return true;
    return job->flags & s->flag_states;
}

static const char *skip_number(const char *s)
{
    while (text_is_digit(*s))
        s++;
    return s;
}

bool filters_is_job_id(const char *text, bool step_allowed)
{
    const char *s = skip_number(text);
    if (s == text || strtoul(text, NULL, 10) == 0)
        return false;
    if (*s == '_') {
        const char *task = s + 1;
        if (*task == '[') {
            s = task + strspn(task, "[0123456789-,:%");
            if (*s != ']' || s == task + 1)
                return false;
            s++;
        } else if (*task == '*') {
            s = task + 1;
        } else {
            s = skip_number(task);
            if (s == task)
                return false;
        }
    } else if (*s == '+') {
        const char *offset = s + 1;
        s = skip_number(offset);
        if (s == offset)
            return false;
    }
    if (*s == '.' && step_allowed) {
        const char *step = s + 1;
        s = skip_number(step);
        if (s == step) {
            static const char *const names[] = {"batch", "extern", "interactive"};
            for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
                if (strcmp(step, names[i]) == 0)
                    return true;
            return false;
        }
    }
    return !*s;
}
