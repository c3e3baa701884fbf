/* SPDX-License-Identifier: Apache-2.0 */
/* hostlist.h: reading texts. */
#include <inttypes.h>
#include <string.h>

#include "base/hostlist.h"
#include "base/hostrange.h"
#include "base/mem.h"
#include "base/text.h"
#include "base/vec.h"

/* The numbers of one pair of brackets. */
struct bracket {
    struct host_range *v; /* the prefix is not used */
    uint32_t n, cap;
    uint64_t count; /* of numbers */
};

/* "rack[0-1]node[0-3]-ib": the literals around the brackets, one more than there are brackets. */
struct word {
    const char *literal[HOSTLIST_BRACKETS_MAX + 1];
    size_t literal_len[HOSTLIST_BRACKETS_MAX + 1];
    struct bracket bracket[HOSTLIST_BRACKETS_MAX];
    uint32_t n;
};

static void word_release(struct word *w)
{
    for (uint32_t i = 0; i < w->n; i++)
        VEC_FREE(&w->bracket[i]);
}

static uint32_t intern(struct hostlist *l, const char *prefix, size_t len)
{
    if (l->n) {
        const char *last = host_prefix(l, &l->v[l->n - 1]);
        if (strncmp(last, prefix, len) == 0 && !last[len])
            return l->v[l->n - 1].prefix;
    }
    uint32_t at = l->names_len;
    vec_grow((void **)&l->names, &l->names_cap, at + (uint32_t)len + 1, 1);
    memcpy(l->names + at, prefix, len);
    l->names[at + len] = '\0';
    l->names_len = at + (uint32_t)len + 1;
    return at;
}

static int push_range(struct hostlist *l, const char *prefix, size_t len, const struct host_range *numbers,
                      struct err *e)
{
    unsigned digits = numbers->pad ? host_digits(numbers->hi) : 0;
    if (digits < numbers->pad)
        digits = numbers->pad;
    if (len + digits >= HOSTLIST_NAME_SIZE)
        return err_set(e, ERR_TOO_BIG, "name of a host is longer than %d bytes", HOSTLIST_NAME_SIZE - 1);
    struct host_range r = *numbers;
    r.prefix = intern(l, prefix, len);
    return host_range_push(l, &r, e);
}

/* One name: the digits at its end are its number. */
static int push_name(struct hostlist *l, const char *name, size_t len, struct err *e)
{
    size_t digits = 0;
    while (digits < len && digits < HOSTLIST_DIGITS_MAX && text_is_digit(name[len - digits - 1]))
        digits++;
    struct host_range r = {0};
    if (digits && host_number(name + len - digits, digits, &r.lo, &r.pad))
        r.hi = r.lo;
    return push_range(l, name, len - digits, &r, e);
}

static int bad_range(const char *s, size_t len, struct err *e)
{
    return err_set(e, ERR_INVALID, "Invalid range: `%.*s'", (int)(len < 64 ? len : 64), s);
}

/* "07" or "7-12". */
static int parse_range(struct bracket *b, const char *s, size_t len, struct err *e)
{
    while (len && text_is_space(*s)) {
        s++;
        len--;
    }
    len = text_trimmed_len(s, len);
    const char *dash = memchr(s, '-', len);
    size_t first = text_trimmed_len(s, dash ? (size_t)(dash - s) : len);
    struct host_range r = {0};
    uint8_t pad_of_hi;
    if (!host_number(s, first, &r.lo, &r.pad))
        return bad_range(s, len, e);
    r.hi = r.lo;
    if (dash) {
        const char *second = dash + 1, *end = s + len;
        while (second < end && text_is_space(*second))
            second++;
        if (!host_number(second, (size_t)(end - second), &r.hi, &pad_of_hi) || r.hi < r.lo)
            return bad_range(s, len, e);
    }
    if (r.hi - r.lo >= HOSTLIST_COUNT_MAX || b->count > HOSTLIST_COUNT_MAX)
        return err_set(e, ERR_TOO_BIG, "Too many hosts in range `%.*s'", (int)len, s);
    b->count += r.hi - r.lo + 1;
    *VEC_PUSH(b) = r;
    return 0;
}

/* The text between the brackets. */
static int parse_bracket(struct bracket *b, const char *s, size_t len, struct err *e)
{
    for (;;) {
        const char *comma = memchr(s, ',', len);
        size_t piece = comma ? (size_t)(comma - s) : len;
        int rc = parse_range(b, s, piece, e);
        if (rc < 0)
            return rc;
        if (!comma)
            return 0;
        s += piece + 1;
        len -= piece + 1;
    }
}

static int parse_word(struct word *w, const char *s, size_t len, struct err *e)
{
    size_t at = 0;
    for (;;) {
        size_t from = at;
        while (at < len && s[at] != '[' && s[at] != ']')
            at++;
        w->literal[w->n] = s + from;
        w->literal_len[w->n] = at - from;
        if (at == len)
            return 0;
        size_t open = at++;
        while (at < len && s[at] != '[' && s[at] != ']')
            at++;
        if (s[open] != '[' || at == len || s[at] != ']')
            return err_set(e, ERR_INVALID, "brackets do not match in \"%.*s\"", (int)(len < 128 ? len : 128),
                           s);
        if (w->n == HOSTLIST_BRACKETS_MAX)
            return err_set(e, ERR_TOO_BIG, "more than %d brackets in the name of a host",
                           HOSTLIST_BRACKETS_MAX);
        int rc = parse_bracket(&w->bracket[w->n++], s + open + 1, at - open - 1, e);
        if (rc < 0)
            return rc;
        at++;
    }
}

/* The i-th number of a bracket as its text. */
static void add_number(const struct bracket *b, uint64_t i, struct buf *out)
{
    const struct host_range *r = b->v;
    for (; i > r->hi - r->lo; r++)
        i -= r->hi - r->lo + 1;
    buf_addf(out, "%0*" PRIu64, r->pad, r->lo + i);
}

/* All hosts of the last bracket, behind a prefix in which those before it are settled. */
static int push_last(struct hostlist *l, const struct word *w, struct buf *name, struct err *e)
{
    const struct bracket *last = &w->bracket[w->n - 1];
    size_t suffix = w->literal_len[w->n], prefix = name->len;
    int rc = 0;
    if (!suffix && last->count > 1) {
        for (uint32_t i = 0; i < last->n && rc == 0; i++)
            rc = push_range(l, name->s, name->len, &last->v[i], e);
        return rc;
    }
    for (uint64_t i = 0; i < last->count && rc == 0; i++) {
        buf_truncate(name, prefix);
        add_number(last, i, name);
        buf_add(name, w->literal[w->n], suffix);
        rc = push_name(l, name->s, name->len, e);
    }
    return rc;
}

/* Counts all brackets but the last through, the first one fastest. */
static int push_word(struct hostlist *l, const struct word *w, struct err *e)
{
    if (!w->n)
        return push_name(l, w->literal[0], w->literal_len[0], e);
    uint64_t at[HOSTLIST_BRACKETS_MAX] = {0}, ranges = w->literal_len[w->n] ? w->bracket[w->n - 1].count : 1;
    for (uint32_t i = 0; i + 1 < w->n && ranges <= HOSTLIST_RANGES_MAX; i++)
        ranges *= w->bracket[i].count;
    if (ranges > HOSTLIST_RANGES_MAX)
        return err_set(e, ERR_TOO_BIG, "more than %d ranges in a list of hosts", HOSTLIST_RANGES_MAX);
    struct buf name = BUF_INIT;
    uint32_t turn;
    int rc;
    do {
        buf_clear(&name);
        for (uint32_t i = 0; i < w->n; i++) {
            buf_add(&name, w->literal[i], w->literal_len[i]);
            if (i + 1 < w->n)
                add_number(&w->bracket[i], at[i], &name);
        }
        rc = push_last(l, w, &name, e);
        for (turn = 0; turn + 1 < w->n && ++at[turn] == w->bracket[turn].count; turn++)
            at[turn] = 0;
    } while (rc == 0 && turn + 1 < w->n);
    buf_release(&name);
    return rc;
}

static int add_word(struct hostlist *l, const char *s, size_t len, struct err *e)
{
    struct word w = {0};
    int rc = parse_word(&w, s, len, e);
    if (rc == 0)
        rc = push_word(l, &w, e);
    word_release(&w);
    return rc;
}

static bool is_separator(char c)
{
    return c == ',' || text_is_space(c);
}

/* How far the name at s goes: separators inside brackets belong to it. */
static size_t word_len(const char *s)
{
    bool inside = false;
    size_t len = 0;
    for (; s[len] && (inside || !is_separator(s[len])); len++)
        inside = s[len] == '[' || (inside && s[len] != ']');
    return len;
}

/* What has to be put back when half a text was good. Joining may have changed the last range. */
struct mark {
    uint32_t n, names_len, count;
    struct host_range last;
};

static struct mark mark_set(const struct hostlist *l)
{
    struct mark m = {.n = l->n, .names_len = l->names_len, .count = l->count};
    if (l->n)
        m.last = l->v[l->n - 1];
    return m;
}

static void mark_return(struct hostlist *l, const struct mark *m)
{
    l->n = m->n;
    l->names_len = m->names_len;
    l->count = m->count;
    if (l->n)
        l->v[l->n - 1] = m->last;
}

int hostlist_add(struct hostlist *l, const char *text, struct err *e)
{
    struct mark before = mark_set(l);
    for (const char *s = text ? text : ""; *s;) {
        if (is_separator(*s)) {
            s++;
            continue;
        }
        size_t len = word_len(s);
        int rc = add_word(l, s, len, e);
        if (rc < 0) {
            mark_return(l, &before);
            return rc;
        }
        s += len;
    }
    return 0;
}

int hostlist_parse(struct hostlist *l, const char *text, struct err *e)
{
    struct hostlist fresh = {0};
    int rc = hostlist_add(&fresh, text, e);
    if (rc < 0) {
        hostlist_release(&fresh);
        return rc;
    }
    hostlist_release(l);
    *l = fresh;
    return 0;
}

int hostlist_push(struct hostlist *l, const char *host, struct err *e)
{
    size_t len = strlen(host);
    for (size_t i = 0; i < len; i++)
        if (is_separator(host[i]) || host[i] == '[' || host[i] == ']')
            return err_set(e, ERR_INVALID, "\"%.128s\" is not the name of one host", host);
    return len ? push_name(l, host, len, e) : err_set(e, ERR_INVALID, "the name of a host is empty");
}
