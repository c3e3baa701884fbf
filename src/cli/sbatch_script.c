/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/sbatch_script.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/jobopt.h"

static bool is_file(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && !S_ISDIR(st.st_mode) && access(path, R_OK) == 0;
}

char *script_find(const char *name, const char *folder, const char *path)
{
    if (*name == '\0' || *name == '.' || *name == '/')
        return mem_strdup(name);
    char *found = buf_format("%s/%s", folder, name);
    if (is_file(found))
        return found;
    mem_free(found);
    for (const char *at = path; at && *at;) {
        size_t len = strcspn(at, ":");
        found = buf_format("%.*s/%s", (int)len, at, name);
        if (len > 0 && is_file(found))
            return found;
        mem_free(found);
        at += len + (at[len] == ':');
    }
    return mem_strdup(name);
}

int script_read(const char *file, struct buf *ret, struct err *e)
{
    int fd = file ? open(file, O_RDONLY | O_CLOEXEC) : STDIN_FILENO;
    if (fd < 0)
        return err_set(e, errno ? errno : EIO, "Unable to open file %s", file);
    int rc = 0;
    for (;;) {
        buf_reserve(ret, 65536);
        ssize_t n = read(fd, ret->s + ret->len, 65536);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        ret->len += (size_t)n;
        ret->s[ret->len] = '\0';
        if (ret->len > JOBOPT_SCRIPT_MAX) {
            rc = err_set(e, EFBIG, "Batch script is larger than %u bytes", JOBOPT_SCRIPT_MAX);
            break;
        }
    }
    if (file)
        close(fd);
    /* A folder opens, but does not read: it is as empty as an empty file. */
    if (rc == 0 && ret->len == 0)
        return err_set(e, EINVAL, "Batch script is empty!");
    return rc;
}

int script_check(const struct buf *script, struct err *e)
{
    if (script->len && !*text_skip_space(script->s))
        return err_set(e, EINVAL, "Batch script contains only whitespace!");
    if (script->len < 2 || script->s[0] != '#' || script->s[1] != '!')
        return err_set(e, EINVAL,
                       "This does not look like a batch script.  The first\n"
                       "line must start with #! followed by the path to an interpreter.\n"
                       "For instance: #!/bin/sh");
    if (memmem(script->s, script->len, "\r\n", 2))
        return err_set(e, EINVAL,
                       "Batch script contains DOS line breaks (\\r\\n)\n"
                       "instead of expected UNIX line breaks (\\n).");
    if (memchr(script->s, '\0', script->len))
        return err_set(e, EINVAL,
                       "The Slurm controller does not allow scripts that\n"
                       "contain a NULL character '\\0'.");
    return 0;
}

int script_words(const char *s, size_t len, struct text_list *ret, struct script_unmatched *ret_bad)
{
    struct buf word = BUF_INIT;
    bool in_word = false;
    char quote = '\0';
    size_t behind = 0, skipped = 0; /* the last whole word; the blanks before the first */
    for (size_t i = 0; i < len; i++) {
        char c = s[i];
        if (quote) {
            if (c == quote)
                quote = '\0';
            else if (c == '\\' && quote == '"' && i + 1 < len)
                buf_addc(&word, s[++i]);
            else
                buf_addc(&word, c);
            continue;
        }
        if (c == '#')
            break;
        if (text_is_space(c)) {
            if (in_word) {
                text_list_push(ret, word.s);
                behind = i;
            }
            buf_clear(&word);
            in_word = false;
            continue;
        }
        in_word = true;
        if (c == '"' || c == '\'')
            quote = c;
        else if (c == '\\' && i + 1 < len)
            buf_addc(&word, s[++i]);
        else if (c != '\\')
            buf_addc(&word, c);
        else
            in_word = word.len > 0;
    }
    if (in_word && !quote)
        text_list_push(ret, word.s);
    buf_release(&word);
    while (behind == 0 && len && text_is_space(*s)) /* blanks count behind a word only */
        s++, len--, skipped++;
    *ret_bad = (struct script_unmatched){quote, behind + skipped};
    return quote ? -1 : 0;
}

/* The length of the marker that begins a directive, or 0. */
static size_t directive(const char *line, size_t len, enum script_dialect *ret)
{
    static const struct {
        const char *text;
        enum script_dialect dialect;
    } markers[] = {
        {"#SBATCH", SCRIPT_SBATCH}, {"#SLURM", SCRIPT_SBATCH}, {"#PBS", SCRIPT_PBS}, {"#BSUB", SCRIPT_BSUB}};
    for (size_t i = 0; i < sizeof markers / sizeof *markers; i++) {
        size_t n = strlen(markers[i].text);
        if (len >= n && memcmp(line, markers[i].text, n) == 0) {
            *ret = markers[i].dialect;
            return n;
        }
    }
    return 0;
}

static void drop_empty_words(struct text_list *words)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < words->n; i++)
        if (*words->v[i])
            words->v[kept++] = words->v[i];
        else
            mem_free(words->v[i]);
    words->n = kept;
}

/* Options and values may stand on lines of their own: the lines of #SBATCH are one command line. Empty words
 * do not count. */
static void add_line(struct script_lines *l, struct script_line *got)
{
    drop_empty_words(&got->words);
    struct script_line *last = l->lines.n ? &l->lines.v[l->lines.n - 1] : NULL;
    if (!last || got->dialect != SCRIPT_SBATCH || last->dialect != SCRIPT_SBATCH ||
        last->component != got->component) {
        *VEC_PUSH(&l->lines) = *got;
        return;
    }
    for (uint32_t i = 0; i < got->words.n; i++)
        text_list_push(&last->words, got->words.v[i]);
    text_list_release(&got->words);
}

/* "#SBATCH hetjob": the next component begins. */
static bool begins_component(const struct script_line *line, bool *packjob)
{
    if (line->dialect != SCRIPT_SBATCH || line->words.n == 0)
        return false;
    bool old = strcmp(line->words.v[0], "packjob") == 0;
    *packjob |= old;
    return old || strcmp(line->words.v[0], "hetjob") == 0;
}

int script_directives(const struct buf *script, const char *name, struct script_lines *ret, struct err *e)
{
    uint32_t number = 0;
    ret->components = 1;
    for (size_t at = 0; at < script->len;) {
        const char *line = script->s + at, *end = memchr(line, '\n', script->len - at);
        size_t len = end ? (size_t)(end - line) : script->len - at, first = 0;
        at += len + 1;
        number++;
        while (first < len && text_is_space(line[first]))
            first++;
        if (first == len)
            continue;
        if (line[first] != '#')
            break;
        struct script_line got = {.number = number, .component = ret->components - 1};
        size_t marker = directive(line, len, &got.dialect);
        if (marker == 0)
            continue;
        struct script_unmatched bad;
        if (script_words(line + marker, len - marker, &got.words, &bad) < 0) {
            text_list_release(&got.words);
            return err_set(e, EINVAL, "%s: line %u: Unmatched `%c` in [%.*s]", name, number, bad.quote,
                           (int)(len - marker - bad.at), line + marker + bad.at);
        }
        if (begins_component(&got, &ret->packjob)) {
            text_list_release(&got.words);
            if (ret->components == JOBOPT_PARTS_MAX)
                return err_set(e, EINVAL, "%s: line %u: more than %u components", name, number,
                               JOBOPT_PARTS_MAX);
            ret->components++;
        } else {
            ret->misnamed |= line[2] == 'L'; /* #SLURM */
            add_line(ret, &got);
        }
    }
    return 0;
}

void script_lines_release(struct script_lines *l)
{
    for (uint32_t i = 0; i < l->lines.n; i++)
        text_list_release(&l->lines.v[i].words);
    VEC_FREE(&l->lines);
}

void script_wrap(const char *command, struct buf *ret)
{
    buf_adds(ret, "#!/bin/sh\n# This script was created by sbatch --wrap.\n\n");
    buf_adds(ret, command);
    buf_addc(ret, '\n');
}
