/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/foreign.h"

#include <string.h>

#include "base/mem.h"
#include "cli/jobopt_priv.h"

/* A letter option of another manager and the long option it corresponds to; NULL = its argument is skipped.
 */
struct foreign_row {
    const char *letters; /* "-N", "-cwd" */
    const char *option;
    bool has_arg;
    const char *fixed; /* the argument to give instead of its own */
};

static const struct foreign_row pbs_rows[] = {
    {"-a", "begin", true},
    {"-A", "account", true},
    {"-d", "chdir", true},
    {"-D", "chdir", true},
    {"-e", "error", true},
    {"-h", "hold", false},
    {"-I", NULL, false},
    {"-j", NULL, true},
    {"-J", "array", true},
    {"-k", NULL, true},
    {"-M", "mail-user", true},
    {"-n", "exclusive", false},
    {"-N", "job-name", true},
    {"-o", "output", true},
    {"-p", "nice", true},
    {"-P", "wckey", true},
    {"-q", "partition", true},
    {"-r", NULL, true},
    {"-S", NULL, true},
    {"-t", "array", true},
    {"-u", NULL, true},
    {"-v", "export", true},
    {"-V", "export", false, "ALL"},
    {"-z", NULL, false},
};
static const struct foreign_row bsub_rows[] = {
    {"-cwd", "chdir", true},
    {"-J", "job-name", true},
    {"-q", "partition", true},
    {"-W", "time", true},
    {"-o", "output", true},
    {"-oo", "output", true},
    {"-e", "error", true},
    {"-eo", "error", true},
    {"-i", "input", true},
    {"-n", "ntasks", true},
    {"-M", "mem", true},
    {"-m", "nodelist", true},
    {"-x", "exclusive", false},
    {"-P", "wckey", true},
    {"-u", "mail-user", true},
    {"-H", "hold", false},
    {"-b", NULL, true},
    {"-w", NULL, true},
    {"-R", NULL, true},
    {"-B", "mail-type", false, "BEGIN"},
    {"-N", "mail-type", false, "END"},
};

static int give(struct jobopt *o, struct jobopt_part *p, const char *option, const char *arg)
{
    return jobopt_apply(o, p, jobopt_row(option), arg, JOBOPT_SCRIPT);
}

/* "nodes=2:ppn=3" */
static int pbs_nodes(struct jobopt *o, struct jobopt_part *p, char *text)
{
    char *ppn = strstr(text, ":ppn=");
    int rc = 0;
    if (ppn) {
        *ppn = '\0';
        ppn += strlen(":ppn=");
        ppn[strcspn(ppn, ":")] = '\0';
        rc = give(o, p, "ntasks-per-node", ppn);
    }
    text[strcspn(text, ":")] = '\0';
    if (rc == 0)
        rc = give(o, p, text[strspn(text, "0123456789-")] ? "nodelist" : "nodes", text);
    return rc;
}

/* The list of -l: "nodes=2:ppn=3,walltime=1:00:00,mem=1gb". */
static int pbs_resources(struct jobopt *o, struct jobopt_part *p, const char *list)
{
    static const char *const names[][2] = {
        {"walltime", "time"},    {"cput", "time"},    {"mem", "mem"},       {"pmem", "mem-per-cpu"},
        {"ncpus", "mincpus"},    {"file", "tmp"},     {"host", "nodelist"}, {"nice", "nice"},
        {"naccesspolicy", NULL}, {"select", "nodes"},
    };
    struct text_list items = {0};
    int rc = 0;
    text_split(&items, list, ',');
    for (uint32_t i = 0; i < items.n && rc == 0; i++) {
        char *value = strchr(items.v[i], '=');
        if (!value)
            continue;
        *value++ = '\0';
        if (strcmp(items.v[i], "nodes") == 0) {
            rc = pbs_nodes(o, p, value);
            continue;
        }
        for (size_t k = 0; k < sizeof names / sizeof *names && rc == 0; k++) {
            if (names[k][1] && strcmp(items.v[i], names[k][0]) == 0)
                rc = give(o, p, names[k][1], value);
        }
    }
    text_list_release(&items);
    return rc;
}

/* -m: letters of b (begin), e (end), a (fail), n (none). */
static int pbs_mail(struct jobopt *o, struct jobopt_part *p, const char *letters)
{
    struct buf types = BUF_INIT;
    for (; *letters; letters++) {
        const char *type = *letters == 'b'   ? "BEGIN"
                           : *letters == 'e' ? "END"
                           : *letters == 'a' ? "FAIL"
                                             : "NONE";
        buf_sep(&types, ",");
        buf_adds(&types, type);
    }
    int rc = types.len ? give(o, p, "mail-type", types.s) : 0;
    buf_release(&types);
    return rc;
}

/* -W: "depend=afterok:7", "umask=..." and others. */
static int pbs_attributes(struct jobopt *o, struct jobopt_part *p, const char *list)
{
    return text_starts(list, "depend=") ? give(o, p, "dependency", list + strlen("depend=")) : 0;
}

/* bsub's -W is "[hours:]minutes"; with two parts ours would be minutes and seconds. */
static int bsub_time(struct jobopt *o, struct jobopt_part *p, const char *text)
{
    char *full = strchr(text, ':') ? buf_format("%s:00", text) : mem_strdup(text);
    int rc = give(o, p, "time", full);
    mem_free(full);
    return rc;
}

static int apply_word(struct jobopt *o, struct jobopt_part *p, enum script_dialect dialect, const char *word,
                      const char *arg, const struct foreign_row *row)
{
    if (dialect == SCRIPT_PBS && strcmp(word, "-l") == 0)
        return pbs_resources(o, p, arg);
    if (dialect == SCRIPT_PBS && strcmp(word, "-m") == 0)
        return pbs_mail(o, p, arg);
    if (dialect == SCRIPT_PBS && strcmp(word, "-W") == 0)
        return pbs_attributes(o, p, arg);
    if (dialect == SCRIPT_PBS && strcmp(word, "-r") == 0)
        return give(o, p, *arg == 'n' ? "no-requeue" : "requeue", NULL);
    if (dialect == SCRIPT_BSUB && strcmp(word, "-W") == 0)
        return bsub_time(o, p, arg);
    if (!row || !row->option)
        return 0;
    return give(o, p, row->option, row->fixed ? row->fixed : row->has_arg ? arg : NULL);
}

int foreign_directive(struct jobopt *o, struct jobopt_part *p, const struct script_line *line)
{
    bool pbs = line->dialect == SCRIPT_PBS;
    const struct foreign_row *rows = pbs ? pbs_rows : bsub_rows;
    size_t n_rows = pbs ? sizeof pbs_rows / sizeof *pbs_rows : sizeof bsub_rows / sizeof *bsub_rows;
    for (uint32_t i = 0; i < line->words.n; i++) {
        const char *word = line->words.v[i];
        if (*word != '-')
            continue;
        const struct foreign_row *row = NULL;
        for (size_t k = 0; k < n_rows && !row; k++)
            row = strcmp(rows[k].letters, word) == 0 ? &rows[k] : NULL;
        bool has_arg = row ? row->has_arg : pbs && strchr("lmW", word[1]) && word[1] != '\0';
        if (has_arg && i + 1 >= line->words.n)
            return 0;
        const char *arg = has_arg ? line->words.v[++i] : NULL;
        if (apply_word(o, p, line->dialect, word, arg, row) < 0)
            return -1;
    }
    return 0;
}
