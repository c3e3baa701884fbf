/* SPDX-License-Identifier: Apache-2.0 */
/* The --help and --usage texts, made from the table. */
#include "cli/jobopt_priv.h"

#include <string.h>

#include "base/mem.h"

enum { HELP_COLUMN = 30, USAGE_WIDTH = 80, TEXT_WIDTH = 80 };

static const char *const titles[SECTION_COUNT] = {
    [SECTION_RUN] = "Parallel run options:",
    [SECTION_CONSTRAINT] = "Constraint options:",
    [SECTION_CONTAINER] = "Container options:",
    [SECTION_SHARING] = "Consumable resources related options:",
    [SECTION_AFFINITY] = "Affinity/Multi-core options:",
    [SECTION_GPU] = "GPU scheduling options:",
    [SECTION_HELP] = "Help options:",
};

static const char *synopsis(enum jobopt_cmd cmd)
{
    switch (cmd) {
    case JOBOPT_SBATCH:
        return "sbatch [OPTIONS(0)...] [ : [OPTIONS(N)...]] script(0) [args(0)...]";
    case JOBOPT_SRUN:
        return "srun [OPTIONS(0)... [executable(0) [args(0)...]]] [ : [OPTIONS(N)...]] executable(N) "
               "[args(N)...]";
    default:
        return "salloc [OPTIONS(0)...] [ : [OPTIONS(N)...]] [command(0) [args(0)...]]";
    }
}

/* "--array=indexes", "--nice[=n]" */
static void add_long(struct buf *out, const struct jobopt_row *row)
{
    buf_addf(out, "--%s", row->name);
    if (row->arg == ARG_NEEDED)
        buf_addf(out, "=%s", row->metavar);
    else if (row->arg == ARG_MAYBE)
        buf_addf(out, "[=%s]", row->metavar);
}

/* The text, broken at blanks so that it stays in its column. */
static void add_wrapped(struct buf *out, const char *text)
{
    size_t column = HELP_COLUMN;
    while (*text) {
        size_t len = strcspn(text, " ");
        if (column > HELP_COLUMN && column + 1 + len > TEXT_WIDTH) {
            buf_addc(out, '\n');
            buf_addn(out, ' ', HELP_COLUMN);
            column = HELP_COLUMN;
        }
        if (column > HELP_COLUMN) {
            buf_addc(out, ' ');
            column++;
        }
        buf_add(out, text, len);
        column += len;
        text += len + (text[len] == ' ');
    }
    buf_addc(out, '\n');
}

static void add_option(struct buf *out, const struct jobopt_row *row)
{
    size_t start = out->len;
    if (row->letter)
        buf_addf(out, "  -%c, ", row->letter);
    else
        buf_adds(out, "      ");
    add_long(out, row);
    size_t width = out->len - start;
    if (width + 2 > HELP_COLUMN) {
        buf_addc(out, '\n');
        width = 0;
    }
    buf_addn(out, ' ', HELP_COLUMN - width);
    char *text = buf_format("%s%s", row->help, row->effect == NO_EFFECT_YET ? " (no effect yet)" : "");
    add_wrapped(out, text);
    mem_free(text);
}

void jobopt_help(enum jobopt_cmd cmd, struct buf *out)
{
    buf_addf(out, "Usage: %s\n", synopsis(cmd));
    for (int section = 0; section < SECTION_HIDDEN; section++) {
        buf_addf(out, "\n%s\n", titles[section]);
        for (uint32_t i = 0; i < jobopt_rows_count; i++) {
            const struct jobopt_row *row = &jobopt_rows[i];
            if (row->section == section && (row->cmds & cmd) && !row->same_as)
                add_option(out, row);
        }
    }
}

void jobopt_usage(enum jobopt_cmd cmd, struct buf *out)
{
    static const char *const names[] = {
        [JOBOPT_SBATCH] = "sbatch", [JOBOPT_SRUN] = "srun", [JOBOPT_SALLOC] = "salloc"};
    static const char *const ends[] = {[JOBOPT_SBATCH] = "script [args...]",
                                       [JOBOPT_SRUN] = "executable [args...]",
                                       [JOBOPT_SALLOC] = "[command [args...]]"};
    struct buf item = BUF_INIT;
    size_t indent = strlen("Usage: ") + strlen(names[cmd]) + 1, column = indent;
    buf_addf(out, "Usage: %s", names[cmd]);
    for (uint32_t i = 0; i < jobopt_rows_count; i++) {
        const struct jobopt_row *row = &jobopt_rows[i];
        if (!(row->cmds & cmd) || row->section >= SECTION_HELP || row->same_as)
            continue;
        buf_clear(&item);
        if (row->letter && row->arg == ARG_NEEDED)
            buf_addf(&item, "-%c %s", row->letter, row->metavar);
        else
            add_long(&item, row);
        if (column + item.len + 3 > USAGE_WIDTH) {
            buf_addc(out, '\n');
            buf_addn(out, ' ', indent - 1);
            column = indent;
        }
        buf_addf(out, " [%s]", item.s);
        column += item.len + 3;
    }
    buf_release(&item);
    buf_addc(out, '\n');
    buf_addn(out, ' ', indent);
    buf_addf(out, "%s\n", ends[cmd]);
}
