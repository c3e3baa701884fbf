/* SPDX-License-Identifier: Apache-2.0 */
/* Options about nodes and the layout of tasks. */
#include "cli/jobopt_priv.h"

#include <fcntl.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"

enum { NODE_FILE_MAX = 1 << 20, SEGMENT_MAX = NO_VAL16 - 1 };

/* "4", "2k", "1m"; an empty text is `empty`. */
static bool node_count(const char *text, size_t len, int64_t empty, int64_t *ret)
{
    int64_t v = 0;
    size_t n = 0;
    for (; n < len && text_is_digit(text[n]) && n < 10; n++)
        v = v * 10 + (text[n] - '0');
    if (n == 0 && len == 0)
        v = empty;
    else if (n == 0)
        return false;
    if (n + 1 == len && text_lower(text[n]) == 'k')
        v *= 1024, n++;
    else if (n + 1 == len && text_lower(text[n]) == 'm')
        v *= 1024 * 1024, n++;
    *ret = v;
    return n == len && v <= INT32_MAX;
}

/* "1,3-5,10-20:2": the lowest and the highest count. False with the first item that is none in `bad`. */
static bool node_sizes(const char *text, uint32_t *ret_min, uint32_t *ret_max, struct buf *bad)
{
    struct text_list items = {0};
    bool ok = true;
    *ret_min = UINT32_MAX;
    *ret_max = 0;
    text_split(&items, text, ',');
    for (uint32_t i = 0; i < items.n && ok; i++) {
        const char *s = items.v[i];
        size_t len = strcspn(s, ":"), first = strcspn(s, "-:");
        int64_t low, high, step = 1;
        ok = node_count(s, first, -1, &low) && low >= 0;
        high = low;
        if (ok && s[first] == '-')
            ok = node_count(s + first + 1, len - first - 1, -1, &high) && high >= low;
        if (ok && s[len] == ':')
            ok = node_count(s + len + 1, strlen(s + len + 1), -1, &step) && step > 0;
        if (!ok) {
            buf_adds(bad, s);
            break;
        }
        high = low + (high - low) / step * step;
        *ret_min = low < *ret_min ? (uint32_t)low : *ret_min;
        *ret_max = high > *ret_max ? (uint32_t)high : *ret_max;
    }
    ok = ok && items.n > 0;
    text_list_release(&items);
    return ok;
}

int set_nodes(struct jobopt_use *u)
{
    struct job_spec *s = &u->part->spec;
    int64_t low, high;
    if (strpbrk(u->arg, ",:")) {
        uint32_t min, max;
        struct buf bad = BUF_INIT;
        bool ok = node_sizes(u->arg, &min, &max, &bad);
        if (!ok)
            jobopt_fail(u->o, JOBOPT_EXIT_ARG, "\"%s\" is not a valid node count", bad.s);
        buf_release(&bad);
        if (!ok)
            return -1;
        s->min_nodes = min;
        s->max_nodes = max;
        mem_set_str(&s->node_sizes, u->arg);
        return 0;
    }
    size_t first = strcspn(u->arg, "-");
    if (!*u->arg || !node_count(u->arg, first, 1, &low))
        return jobopt_fail(u->o, JOBOPT_EXIT_ARG, "\"%.*s\" is not a valid node count", (int)first, u->arg);
    high = low;
    if (u->arg[first] == '-') {
        const char *rest = u->arg + first + 1;
        if (!node_count(rest, strlen(rest), -1, &high))
            return jobopt_fail(u->o, JOBOPT_EXIT_ARG, "\"%s\" is not a valid node count", rest);
    }
    if (high < low)
        return jobopt_fail(u->o, JOBOPT_EXIT_ARG, "Maximum node count %d is less than minimum node count %d",
                           (int)high, (int)low);
    s->min_nodes = (uint32_t)low;
    s->max_nodes = (uint32_t)high;
    mem_set_str(&s->node_sizes, NULL);
    return 0;
}

/* Node names from a file: lines, blanks and commas separate them, # begins a comment. */
static int read_node_file(struct jobopt *o, const char *path, char **ret)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct buf text = BUF_INIT, list = BUF_INIT;
    ssize_t n = fd < 0 ? -1 : 0;
    while (fd >= 0 && text.len <= NODE_FILE_MAX) {
        buf_reserve(&text, 4096);
        n = read(fd, text.s + text.len, 4096);
        if (n <= 0)
            break;
        text.len += (size_t)n;
        text.s[text.len] = '\0';
    }
    if (text.len > NODE_FILE_MAX) {
        errno = EFBIG;
        n = -1;
    }
    if (n < 0)
        jobopt_error(o, "slurm_allocate_resources error opening file %s, %s", path, strerror(errno));
    if (fd >= 0)
        close(fd);
    for (const char *s = text.s; *s;) {
        if (*s == '#')
            s += strcspn(s, "\n");
        size_t len = strcspn(s, " \t\r\n,#");
        /* A comma inside brackets is part of a name. */
        while (memchr(s, '[', len) && !memchr(s, ']', len) && s[len])
            len += 1 + strcspn(s + len + 1, " \t\r\n,#");
        if (len) {
            buf_sep(&list, ",");
            buf_add(&list, s, len);
        }
        s += len;
        s += strspn(s, " \t\r\n,");
    }
    buf_release(&text);
    mem_free(*ret);
    *ret = buf_take(&list);
    return n < 0 ? -1 : 0;
}

static int set_node_names(struct jobopt_use *u, char **slot)
{
    if (strchr(u->arg, '/')) {
        if (read_node_file(u->o, u->arg, slot) == 0)
            return 0;
        u->o->exit_code = JOBOPT_EXIT;
        return -1;
    }
    mem_set_str(slot, u->arg);
    return 0;
}

int set_nodelist(struct jobopt_use *u)
{
    return set_node_names(u, &u->part->spec.req_nodes);
}

int set_exclude(struct jobopt_use *u)
{
    return set_node_names(u, &u->part->spec.exc_nodes);
}

int set_nodefile(struct jobopt_use *u)
{
    if (read_node_file(u->o, u->arg, &u->part->spec.req_nodes) == 0)
        return 0;
    return jobopt_fail(u->o, JOBOPT_EXIT_ARG, "Invalid --nodefile node file");
}

int set_extra_node_info(struct jobopt_use *u)
{
    static const char *const what[] = {"first arg of -B", "second arg of -B", "third arg of -B"};
    struct job_spec *s = &u->part->spec;
    uint16_t *fields[] = {&s->sockets_per_node, &s->cores_per_socket, &s->threads_per_core};
    const char *at = u->arg;
    for (unsigned i = 0; i < 3; i++) {
        size_t len = strcspn(at, ":");
        char item[32];
        uint32_t v;
        buf_print(item, sizeof item, "%.*s", (int)len, at);
        if (strcmp(item, "*") != 0 && strcmp(item, "0") != 0 && *item) {
            /* A range gives the least and the most; nodes are chosen by the least. */
            char *dash = strchr(item, '-');
            if (dash && dash > item)
                *dash = '\0';
            if (jobopt_number(u, item, what[i], 1, NO_VAL16 - 1, &v) < 0)
                return -1;
            *fields[i] = (uint16_t)v;
        }
        if (at[len] == '\0')
            break;
        at += len + 1;
    }
    return 0;
}

/* The part after the first ':' or ',' : "block:cyclic" or "...,Pack". */
static bool dist_parts(const char *text)
{
    static const char *const levels[] = {"*", "block", "cyclic", "fcyclic", "", NULL};
    static const char *const packing[] = {"pack", "nopack", NULL};
    unsigned n = 0;
    for (const char *at = text; *at;) {
        char mark = *at++, item[16];
        size_t len = strcspn(at, ":,");
        if (!buf_print(item, sizeof item, "%.*s", (int)len, at))
            return false;
        if (mark == ':' ? ++n > 2 || !jobopt_word_in(item, levels) : !jobopt_word_in(item, packing))
            return false;
        at += len;
    }
    return true;
}

/* "block:cyclic,Pack"; "plane=4". */
int set_distribution(struct jobopt_use *u)
{
    static const struct {
        const char *name;
        uint32_t dist;
    } names[] = {{"*", DIST_UNSET},
                 {"block", DIST_BLOCK},
                 {"cyclic", DIST_CYCLIC},
                 {"arbitrary", DIST_ARBITRARY},
                 {"plane", DIST_PLANE}};
    struct job_spec *s = &u->part->spec;
    size_t len = strcspn(u->arg, ":,="), i = 0;
    const char *rest = u->arg + len;
    if (text_casecmp(u->arg, "pack") == 0 || text_casecmp(u->arg, "nopack") == 0 ||
        (*rest == ':' && len == 0 && rest[1])) { /* the first part is left to the default */
        if (*rest == ':' && !dist_parts(rest))
            return jobopt_bad_arg(u);
        s->dist = DIST_UNSET;
        mem_set_str(&s->dist_sub, *rest == ':' ? rest + 1 : u->arg);
        return 0;
    }
    while (i < sizeof names / sizeof *names &&
           (strlen(names[i].name) != len || text_casecmp_n(u->arg, names[i].name, len) != 0))
        i++;
    if (i == sizeof names / sizeof *names || (*rest == '=' && names[i].dist != DIST_PLANE))
        return jobopt_bad_arg(u);
    if (names[i].dist == DIST_PLANE) {
        const char *size = *rest == '=' ? rest + 1 : jobopt_env(u->o->world.env, "SLURM_DIST_PLANESIZE");
        char number[16];
        if (!size || !buf_print(number, sizeof number, "%s", size) || !text_to_u32(number, &s->plane_size) ||
            s->plane_size == 0) {
            jobopt_error(u->o, "Invalid plane size or size not specified");
            return jobopt_bad_arg(u);
        }
        if (*rest == '=')
            rest += strlen(rest);
    }
    if (!dist_parts(rest))
        return jobopt_bad_arg(u);
    s->dist = names[i].dist;
    mem_set_str(&s->dist_sub, *rest ? rest + (*rest == ':') : NULL);
    return 0;
}

int set_exclusive(struct jobopt_use *u)
{
    static const struct {
        const char *name;
        uint32_t share;
    } names[] = {{"", SHARE_NODE},
                 {"allocation", SHARE_NODE},
                 {"user", SHARE_USER},
                 {"mcs", SHARE_MCS},
                 {"topo", SHARE_TOPO}};
    const char *name = u->arg ? u->arg : "";
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (text_casecmp(name, names[i].name) == 0) {
            u->part->spec.share = names[i].share;
            /* For a step the plain form means: CPUs that no other step uses. */
            u->part->cli.exclusive_step = names[i].share == SHARE_NODE && *name == '\0';
            return 0;
        }
    }
    return jobopt_bad_arg(u);
}

int set_oversubscribe(struct jobopt_use *u)
{
    /* Kept apart until the check: --exclusive may be given as well, and then both are refused. */
    if (jobopt_given(u->part, "exclusive") == JOBOPT_UNSET)
        u->part->spec.share = SHARE_YES;
    return 0;
}

int set_hint(struct jobopt_use *u)
{
    static const char help[] =
        "Application hint options:\n"
        "    --hint=             Bind tasks according to application hints\n"
        "        compute_bound   use all cores in each socket\n"
        "        memory_bound    use only one core in each socket\n"
        "        [no]multithread [don't] use extra threads with in-core multi-threading\n"
        "        help            show this help message\n";
    static const char *const known[] = {"compute_bound", "memory_bound", "multithread", "nomultithread",
                                        NULL};
    if (text_casecmp(u->arg, "help") == 0) {
        buf_adds(&u->o->out, help);
        u->o->exit_code = JOBOPT_EXIT;
        return -1;
    }
    struct text_list items = {0};
    int rc = 0;
    text_split(&items, u->arg, ',');
    if (!*u->arg || *u->arg == ',' || text_has(u->arg, ",,") || text_ends(u->arg, ","))
        rc = jobopt_fail(u->o, JOBOPT_EXIT, "unrecognized --hint argument \"\", see --hint=help");
    for (uint32_t i = 0; i < items.n && rc == 0; i++) {
        if (!jobopt_word_in(items.v[i], known))
            rc = jobopt_fail(u->o, JOBOPT_EXIT, "unrecognized --hint argument \"%s\", see --hint=help",
                             items.v[i]);
    }
    text_list_release(&items);
    if (rc == 0)
        mem_set_str(&u->part->spec.hint, u->arg);
    return rc;
}

/* "count[@time]" */
int set_switches(struct jobopt_use *u)
{
    char count[16];
    size_t len = strcspn(u->arg, "@");
    buf_print(count, sizeof count, "%.*s", (int)len, u->arg);
    if (jobopt_number(u, count, "--switches", 1, INT32_MAX, &u->part->spec.switches) < 0)
        return -1;
    if (u->arg[len] == '@')
        jobopt_seconds(u->arg + len + 1,
                       &u->part->spec.switches_wait); /* what cannot be read is the default */
    return 0;
}

int set_segment(struct jobopt_use *u)
{
    uint32_t v;
    if (!text_to_u32(u->arg, &v) || v > SEGMENT_MAX)
        return jobopt_bad_arg(u);
    u->part->spec.segment_size = (uint16_t)v;
    return 0;
}

int set_thread_spec(struct jobopt_use *u)
{
    uint32_t v;
    if (jobopt_number(u, u->arg, "--thread-spec", 1, NO_VAL16 - 1, &v) < 0)
        return -1;
    u->part->spec.thread_spec = (uint16_t)v;
    return 0;
}
