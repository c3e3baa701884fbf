/* SPDX-License-Identifier: Apache-2.0 */
/* Reading options the way getopt_long(3) does, with its messages, but without its global state: a
 * heterogeneous job is read component by component, and a script's lines look the same as a command line. */
#include "cli/jobopt_priv.h"

#include <string.h>

#include "base/text.h"

/* What people write instead, and what they mean. Names close to a real one are found without this list. */
static const struct {
    const char *given, *meant;
} misspelled[] = {
    {"gpu", "--gpus"},           {"gpu-per-task", "--gpus-per-task"},
    {"memory", "--mem"},         {"mem-per-task", "--mem or --mem-per-cpu"},
    {"mem-per-node", "--mem"},   {"cores", "--cpus-per-task"},
    {"cpus", "--cpus-per-task"}, {"walltime", "--time"},
    {"queue", "--partition"},
};

static enum jobopt_scan_result refuse(struct jobopt *o)
{
    buf_addf(&o->log, "Try \"%s --help\" for more information\n", o->name);
    o->exit_code = JOBOPT_EXIT_ARG;
    return SCAN_BAD;
}

static void hint(struct jobopt *o, const char *given, size_t len)
{
    char name[64];
    if (len >= sizeof name)
        return;
    memcpy(name, given, len);
    name[len] = '\0';
    for (size_t i = 0; i < sizeof misspelled / sizeof *misspelled; i++) {
        if (text_casecmp(name, misspelled[i].given) == 0) {
            buf_addf(&o->log, "%s: did you mean %s?\n", o->name, misspelled[i].meant);
            return;
        }
    }
    const char *names[JOBOPT_ROWS_MAX];
    uint32_t n = 0;
    for (uint32_t i = 0; i < jobopt_rows_count; i++) {
        if ((jobopt_rows[i].cmds & o->cmd) && jobopt_rows[i].section != SECTION_HIDDEN)
            names[n++] = jobopt_rows[i].name;
    }
    const char *near = text_nearest(name, names, n);
    if (near)
        buf_addf(&o->log, "%s: did you mean --%s?\n", o->name, near);
}

/* The row that a long name or a unique beginning of one stands for; NULL after a message. */
static const struct jobopt_row *find_long(struct jobopt *o, const char *text, size_t len)
{
    const struct jobopt_row *found = NULL;
    bool ambiguous = false;
    for (uint32_t i = 0; i < jobopt_rows_count; i++) {
        const struct jobopt_row *row = &jobopt_rows[i];
        if (!(row->cmds & o->cmd) || strncmp(row->name, text, len) != 0)
            continue;
        if (row->name[len] == '\0')
            return row;
        ambiguous |= found && jobopt_resolve(found) != jobopt_resolve(row);
        found = found ? found : row;
    }
    if (!found) {
        buf_addf(&o->log, "%s: unrecognized option '--%s'\n", o->name, text);
        hint(o, text, len);
    } else if (ambiguous) {
        buf_addf(&o->log, "%s: option '--%s' is ambiguous; possibilities:", o->name, text);
        for (uint32_t i = 0; i < jobopt_rows_count; i++) {
            if ((jobopt_rows[i].cmds & o->cmd) && strncmp(jobopt_rows[i].name, text, len) == 0)
                buf_addf(&o->log, " '--%s'", jobopt_rows[i].name);
        }
        buf_addc(&o->log, '\n');
        found = NULL;
    }
    return found;
}

static enum jobopt_scan_result scan_long(struct jobopt_scan *s, const char *text,
                                         const struct jobopt_row **ret_row, const char **ret_arg)
{
    size_t len = strcspn(text, "=");
    const struct jobopt_row *row = find_long(s->o, text, len);
    if (!row)
        return refuse(s->o);
    *ret_arg = text[len] == '=' ? text + len + 1 : NULL;
    if (row->arg == ARG_NONE && *ret_arg) {
        buf_addf(&s->o->log, "%s: option '--%s' doesn't allow an argument\n", s->o->name, row->name);
        return refuse(s->o);
    }
    if (row->arg == ARG_NEEDED && !*ret_arg) {
        if (s->next >= s->argc) {
            buf_addf(&s->o->log, "%s: option '--%s' requires an argument\n", s->o->name, row->name);
            return refuse(s->o);
        }
        *ret_arg = s->argv[s->next++];
    }
    /* "--tasks" is a beginning of --tasks-per-node only, yet whoever writes it means --ntasks. */
    if (len == 5 && strncmp(text, "tasks", len) == 0)
        jobopt_warn(s->o, "--tasks is read as --ntasks-per-node; did you mean --ntasks?");
    *ret_row = row;
    return SCAN_OPTION;
}

static enum jobopt_scan_result scan_letter(struct jobopt_scan *s, const struct jobopt_row **ret_row,
                                           const char **ret_arg)
{
    char letter = *s->letters++;
    const struct jobopt_row *row = NULL;
    for (uint32_t i = 0; i < jobopt_rows_count && !row; i++) {
        if (jobopt_rows[i].letter == letter && (jobopt_rows[i].cmds & s->o->cmd))
            row = &jobopt_rows[i];
    }
    if (!row) {
        buf_addf(&s->o->log, "%s: invalid option -- '%c'\n", s->o->name, letter);
        return refuse(s->o);
    }
    *ret_arg = NULL;
    if (row->arg != ARG_NONE && *s->letters) {
        *ret_arg = s->letters;
        s->letters = NULL;
    } else if (row->arg == ARG_NEEDED) {
        s->letters = NULL;
        if (s->next >= s->argc) {
            buf_addf(&s->o->log, "%s: option requires an argument -- '%c'\n", s->o->name, letter);
            return refuse(s->o);
        }
        *ret_arg = s->argv[s->next++];
    }
    if (s->letters && !*s->letters)
        s->letters = NULL;
    *ret_row = row;
    return SCAN_OPTION;
}

enum jobopt_scan_result jobopt_scan_next(struct jobopt_scan *s, const struct jobopt_row **row,
                                         const char **arg)
{
    if (s->letters)
        return scan_letter(s, row, arg);
    if (s->next >= s->argc)
        return SCAN_END;
    const char *word = s->argv[s->next];
    if (word[0] != '-' || word[1] == '\0')
        return SCAN_END;
    s->next++;
    if (word[1] != '-') {
        s->letters = word + 1;
        return scan_letter(s, row, arg);
    }
    if (word[2] == '\0')
        return SCAN_END;
    return scan_long(s, word + 2, row, arg);
}
