/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sbatch_script: a batch script and the options inside it.
 *
 * Directives are the lines that begin with #SBATCH (or #PBS, #BSUB) before the first line that is neither
 * empty nor a comment. Their words are split as a shell would without expanding anything: '...', "...", \ and
 * a # that begins a comment. "#SBATCH hetjob" begins the next component.
 *
 * Ownership: struct script_lines owns its words. Reading a file is the only use of the system.
 */
#ifndef CLI_SBATCH_SCRIPT_H
#define CLI_SBATCH_SCRIPT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/text.h"
#include "base/vec.h"

enum script_dialect { SCRIPT_SBATCH, SCRIPT_PBS, SCRIPT_BSUB };

struct script_line {
    enum script_dialect dialect;
    uint32_t component; /* 0 for the first */
    uint32_t number;    /* of the line, from 1 */
    struct text_list words;
};

struct script_lines {
    VEC(struct script_line) lines;
    uint32_t components; /* at least 1 */
    bool packjob;        /* the old word for hetjob was used */
    bool misnamed;       /* a directive began with #SLURM */
};

/* Where sbatch finds a script: as given when it begins with '.' or '/', else below `folder`, else along the
 * path list `path`, else as given. The caller's; never NULL. */
char *script_find(const char *name, const char *folder, const char *path);

/* Reads the file, or standard input when file is NULL. The message is complete. */
int script_read(const char *file, struct buf *ret, struct err *e);

/* Is that a batch script? The message may have several lines. */
int script_check(const struct buf *script, struct err *e);

/* `name` is for messages. */
int script_directives(const struct buf *script, const char *name, struct script_lines *ret, struct err *e);
void script_lines_release(struct script_lines *l);

/* A quote without a partner, and where the text behind the last whole word begins. */
struct script_unmatched {
    char quote;
    size_t at;
};

/* Splits one line into words as described above. -1 with *ret_bad when a quote has no partner. */
int script_words(const char *s, size_t len, struct text_list *ret, struct script_unmatched *ret_bad);

/* The script that --wrap makes. */
void script_wrap(const char *command, struct buf *ret);

#endif
