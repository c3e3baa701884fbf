/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signals to srun, and the ways in which it ends a step: Ctrl-C, a failed task, one that lags behind, a lost
 * node. "SIGNALS AND ESCAPE SEQUENCES", --ignore-signals, --wait and --kill-on-bad-exit of srun(1).
 */
#include <signal.h>

#include "base/mem.h"
#include "base/signame.h"
#include "base/text.h"
#include "cli/srun.h"
#include "cli/srun_exit.h"
#include "conf/conf.h"

enum {
    TWICE_MS = 1000,      /* two Ctrl-C within it mean it */
    PATIENCE_EXTRA_S = 2, /* beyond KillWait */
};

static uint32_t kill_wait(struct srun *s)
{
    return conf_u32(cli_env(s->cli)->conf, CONF_KILL_WAIT);
}

/* --- ending the step --- */

void srun_abort_said(struct srun *s)
{
    uint32_t patience = kill_wait(s) + PATIENCE_EXTRA_S;
    if (s->aborting)
        return;
    s->aborting = true;
    s->abort_ms = alloc_now_ms() + (int64_t)patience * 1000;
    cli_info(s->cli, "Job step aborted: Waiting up to %u seconds for job step to finish.", patience);
}

void srun_abort(struct srun *s)
{
    srun_abort_said(s);
    srun_nodes_signal(s, SIGKILL, false);
}

static void say_state(struct srun *s, enum srun_task_state state, const char *text)
{
    struct bits tasks = {0};
    struct buf line = BUF_INIT;
    for (uint32_t i = 0; i < s->step->ntasks; i++)
        if (s->states[i] == state)
            bits_set(&tasks, i);
    if (bits_any(&tasks)) {
        srun_tasks_text(&tasks, &line);
        cli_info(s->cli, "StepId=%s %s: %s", s->id, line.s, text);
    }
    bits_release(&tasks);
    buf_release(&line);
}

void srun_say_states(struct srun *s)
{
    say_state(s, TASK_UNKNOWN, "unknown");
    say_state(s, TASK_RUNNING, "running");
    say_state(s, TASK_EXITED, "exited");
    say_state(s, TASK_ABNORMAL, "exited abnormally");
}

static bool ends_on_failure(struct srun *s)
{
    uint32_t given = s->given->kill_on_bad_exit;
    return given == NO_VAL ? conf_u32(cli_env(s->cli)->conf, CONF_KILL_ON_BAD_EXIT) == 1 : given == 1;
}

static uint32_t longest_wait(struct srun *s)
{
    return s->given->max_wait == NO_VAL ? conf_u32(cli_env(s->cli)->conf, CONF_WAIT_TIME)
                                        : s->given->max_wait;
}

void srun_end_failed(struct srun *s)
{
    if (s->ending || s->aborting)
        return;
    s->ending = true;
    s->kill_ms = alloc_now_ms() + (int64_t)kill_wait(s) * 1000;
    srun_nodes_signal(s, SIGTERM, true);
}

void srun_task_failed(struct srun *s, bool bad)
{
    if (!s->open_tasks || s->ending || s->aborting)
        return;
    if (bad && ends_on_failure(s)) {
        srun_tell_exits(s, true);
        cli_info(s->cli, "Terminating StepId=%s", s->id);
        srun_end_failed(s);
    } else if (!s->wait_ms && longest_wait(s)) {
        s->wait_ms = alloc_now_ms() + (int64_t)longest_wait(s) * 1000;
    }
}

static void waited_enough(struct srun *s)
{
    s->wait_ms = 0;
    if (!s->open_tasks || s->aborting || s->ending)
        return;
    s->ending = true;
    cli_info(s->cli, "First task exited %us ago", longest_wait(s));
    srun_say_states(s);
    cli_info(s->cli, "Terminating StepId=%s", s->id);
    srun_nodes_signal(s, SIGKILL, false);
}

static void earlier(int64_t *t, int64_t than)
{
    if (than && (!*t || than < *t))
        *t = than;
}

int64_t srun_deadline(const struct srun *s)
{
    int64_t t = 0;
    earlier(&t, s->wait_ms);
    earlier(&t, s->kill_ms);
    earlier(&t, s->abort_ms);
    earlier(&t, s->alloc.retry_ms);
    for (uint32_t i = 0; i < s->nodes_n; i++)
        earlier(&t, s->nodes[i].exits_ms);
    return t;
}

static uint32_t eio_timeout(const struct srun *s)
{
    return conf_u32(cli_env(s->cli)->conf, CONF_EIO_TIMEOUT);
}

static void out_of_patience(struct srun *s)
{
    s->abort_ms = 0;
    if (s->open_tasks) {
        cli_error(s->cli, "Timed out waiting for job step to complete");
        s->leave = true;
    } else if (s->awaits_end)
        cli_error(s->cli, "eio_handle_mainloop: Abandoning IO %u secs after job shutdown initiated",
                  eio_timeout(s));
    for (uint32_t i = 0; i < s->nodes_n; i++)
        srun_node_lost(s, &s->nodes[i], NULL);
}

void srun_timers(struct srun *s)
{
    int64_t now = alloc_now_ms();
    if (s->wait_ms && now >= s->wait_ms)
        waited_enough(s);
    if (s->kill_ms && now >= s->kill_ms) {
        s->kill_ms = 0;
        srun_nodes_signal(s, SIGKILL, false);
    }
    /* After the last task a node cleans up and may have a last word; but not for ever. */
    if (!s->open_tasks && s->nodes_open && !s->abort_ms) {
        s->abort_ms = now + (int64_t)eio_timeout(s) * 1000;
        s->awaits_end = true;
    }
    if (s->abort_ms && now >= s->abort_ms)
        out_of_patience(s);
    srun_tell_exits(s, false);
}

/* --- signals --- */

static void interrupt(struct srun *s)
{
    int64_t now = alloc_now_ms();
    bool again = s->interrupt_ms && now - s->interrupt_ms < TWICE_MS;
    bool once = s->given->disable_status || s->given->quit_on_interrupt;
    s->interrupt_ms = now;
    if (s->aborting) {
        s->leave = true; /* the third time: the user wants the prompt back */
        return;
    }
    if (!again && !once) {
        cli_info(s->cli, "interrupt (one more within 1 sec to abort)");
        srun_say_states(s);
        return;
    }
    cli_info(s->cli, "sending Ctrl-C to StepId=%s", s->id);
    srun_nodes_signal(s, SIGINT, false);
    if (!again && s->given->disable_status)
        return;
    cli_info(s->cli, "forcing job termination");
    srun_abort(s);
}

static bool is_ignored(const struct srun *s, int signal)
{
    struct text_list items = {0};
    bool found = false;
    text_split(&items, s->given->ignore_signals ? s->given->ignore_signals : "", ',');
    for (uint32_t i = 0; i < items.n && !found; i++) {
        int number;
        struct err e;
        found = signame_parse(items.v[i], &number, &e) == 0 && number == signal;
    }
    text_list_release(&items);
    return found;
}

static void take(struct srun *s, int signal)
{
    if (is_ignored(s, signal))
        return;
    switch (signal) {
    case SIGINT:
        interrupt(s);
        break;
    case SIGQUIT:
        cli_info(s->cli, "Quit");
        /* fall through */
    case SIGTERM:
    case SIGHUP:
        cli_info(s->cli, "forcing job termination");
        srun_abort(s);
        break;
    case SIGCONT:
        cli_info(s->cli, "got SIGCONT");
        break;
    case SIGWINCH:
        srun_pty_resized(s);
        break;
    case SIGALRM:
    case SIGTSTP:
    case SIGPIPE:
        break;
    default:
        srun_nodes_signal(s, signal, false);
        break;
    }
}

void srun_signals(struct srun *s)
{
    for (int signal; (signal = alloc_next_signal(&s->alloc));)
        take(s, signal);
}
