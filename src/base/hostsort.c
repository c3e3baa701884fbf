/* SPDX-License-Identifier: Apache-2.0 */
/* hostlist.h: putting hosts in order, and taking some out. */
#include <string.h>

#include "base/hostlist.h"
#include "base/hostrange.h"
#include "base/mem.h"
#include "base/text.h"
#include "base/vec.h"

/* Runs of digits: as numbers, or digit by digit from the left when one of them begins with 0. */
static int compare_digits(const char **pa, const char **pb)
{
    const char *a = *pa, *b = *pb;
    bool left = *a == '0' || *b == '0';
    int first = 0;
    for (; text_is_digit(*a) && text_is_digit(*b); a++, b++) {
        if (!first)
            first = *a - *b;
        if (left && first)
            return first;
    }
    int longer = text_is_digit(*a) - text_is_digit(*b);
    *pa = a;
    *pb = b;
    return longer ? longer : first;
}

static int compare_natural(const char *a, const char *b)
{
    while (*a && *b) {
        if (text_is_digit(*a) && text_is_digit(*b)) {
            int diff = compare_digits(&a, &b);
            if (diff)
                return diff;
        } else if (*a != *b) {
            break;
        } else {
            a++;
            b++;
        }
    }
    return (uint8_t)*a - (uint8_t)*b;
}

static int compare_ranges(const void *pa, const void *pb, void *arg)
{
    const struct host_range *a = pa, *b = pb;
    const struct hostlist *l = arg;
    int diff = a->prefix == b->prefix ? 0 : compare_natural(host_prefix(l, a), host_prefix(l, b));
    if (!diff)
        diff = (a->pad != 0) - (b->pad != 0);
    if (!diff)
        diff = (int)host_width(a) - (int)host_width(b);
    if (!diff)
        diff = (a->lo > b->lo) - (a->lo < b->lo);
    return diff;
}

/* A place where one more (+1) or one less (-1) range covers the numbers that follow. */
struct edge {
    uint64_t at;
    int32_t step;
};

static int compare_edges(const void *pa, const void *pb, void *arg)
{
    const struct edge *a = pa, *b = pb;
    return (a->at > b->at) - (a->at < b->at);
}

/* Ranges that come out of a sweep over the edges. */
struct sweep {
    struct hostlist *out; /* its names are those of the list that is sorted */
    struct host_range run;
    bool open;
    struct err *e;
};

static int close_run(struct sweep *s)
{
    if (!s->open)
        return 0;
    s->open = false;
    if (s->out->n == HOSTLIST_RANGES_MAX)
        return err_set(s->e, ERR_TOO_BIG, "more than %d ranges in a list of hosts", HOSTLIST_RANGES_MAX);
    s->out->count += (uint32_t)(s->run.hi - s->run.lo + 1);
    struct host_range *r = VEC_PUSH(s->out);
    *r = s->run;
    if (r->pad > 1 && host_digits(r->lo) >= r->pad)
        r->pad = 1;
    return 0;
}

static void open_run(struct sweep *s, uint64_t lo, uint64_t hi)
{
    if (!s->open)
        s->run.lo = lo;
    s->run.hi = hi;
    s->open = true;
}

/* The numbers lo to hi, each `times` times: a run ends at the first of several and the next one begins at the
 * last. */
static int sweep_segment(struct sweep *s, uint64_t lo, uint64_t hi, int32_t times)
{
    int rc = 0;
    if (times == 1)
        open_run(s, lo, hi);
    else if (times == 0)
        rc = close_run(s);
    for (uint64_t x = lo; times > 1 && x <= hi && rc == 0; x++) {
        for (int32_t k = 1; k < times && rc == 0; k++) {
            open_run(s, x, x);
            rc = close_run(s);
        }
        open_run(s, x, x);
    }
    return rc;
}

/* Sorted ranges with the same prefix and padding that goes together. */
static int sweep_group(struct sweep *s, const struct host_range *v, uint32_t n)
{
    struct edge *edges = mem_array(n, 2 * sizeof *edges);
    for (uint32_t i = 0; i < n; i++) {
        edges[2 * i] = (struct edge){.at = v[i].lo, .step = 1};
        edges[2 * i + 1] = (struct edge){.at = v[i].hi + 1, .step = -1};
    }
    vec_sort(edges, 2 * n, sizeof *edges, compare_edges, NULL);
    s->run = v[0];
    int32_t times = 0;
    int rc = 0;
    for (uint32_t i = 0; i < 2 * n && rc == 0; i++) {
        times += edges[i].step;
        if (i + 1 < 2 * n && edges[i + 1].at > edges[i].at)
            rc = sweep_segment(s, edges[i].at, edges[i + 1].at - 1, times);
    }
    mem_free(edges);
    return rc < 0 ? rc : close_run(s);
}

/* How many of the sorted ranges from v on can be swept as one. */
static uint32_t group_len(const struct hostlist *l, const struct host_range *v, const struct host_range *end)
{
    uint32_t n = 1;
    if (v->pad)
        while (v + n < end && v[n].pad && host_pad_joins(v->pad, &v[n]) &&
               strcmp(host_prefix(l, v), host_prefix(l, &v[n])) == 0)
            n++;
    else
        while (v + n < end && !v[n].pad && strcmp(host_prefix(l, v), host_prefix(l, &v[n])) == 0)
            n++;
    return n;
}

static void adopt_ranges(struct hostlist *l, struct hostlist *from)
{
    mem_free(l->v);
    l->v = from->v;
    l->n = from->n;
    l->cap = from->cap;
    l->count = from->count;
}

int hostlist_sort(struct hostlist *l, struct err *e)
{
    struct host_range *v = mem_dup(l->v, l->n * sizeof *v);
    struct hostlist fresh = {.names = l->names};
    struct sweep s = {.out = &fresh, .e = e};
    int rc = 0;
    vec_sort(v, l->n, sizeof *v, compare_ranges, l);
    for (uint32_t i = 0, n; i < l->n && rc == 0; i += n) {
        n = group_len(l, v + i, v + l->n);
        rc = sweep_group(&s, v + i, n);
    }
    mem_free(v);
    if (rc < 0)
        mem_free(fresh.v);
    else
        adopt_ranges(l, &fresh);
    return rc;
}

/* The first number that has `pad` digits of its own. */
static uint64_t least_with_digits(unsigned pad)
{
    uint64_t least = 1;
    for (unsigned i = 1; i < pad; i++)
        least *= 10;
    return least;
}

static int compare_paddings(const void *pa, const void *pb, void *arg)
{
    const struct host_range *a = pa, *b = pb;
    const struct hostlist *l = arg;
    int diff = a->prefix == b->prefix ? 0 : strcmp(host_prefix(l, a), host_prefix(l, b));
    if (!diff)
        diff = a->pad - b->pad;
    return diff ? diff : (a->lo > b->lo) - (a->lo < b->lo);
}

void hostlist_uniq(struct hostlist *l)
{
    /* Padding that is not needed is taken off, so that every name can be in ranges of one padding only. */
    VEC(struct host_range) v = {0};
    for (uint32_t i = 0; i < l->n; i++) {
        struct host_range r = l->v[i];
        uint64_t least = least_with_digits(r.pad);
        if (r.pad > 1 && r.hi >= least) {
            struct host_range plain = {
                .lo = least > r.lo ? least : r.lo, .hi = r.hi, .prefix = r.prefix, .pad = 1};
            *VEC_PUSH(&v) = plain;
            r.hi = plain.lo - 1;
        }
        if (r.lo <= r.hi)
            *VEC_PUSH(&v) = r;
    }
    vec_sort(v.v, v.n, sizeof *v.v, compare_paddings, l);
    uint32_t n = 0;
    for (uint32_t i = 0; i < v.n; i++) {
        struct host_range *last = n ? &v.v[n - 1] : NULL;
        bool meets = last && last->pad == v.v[i].pad && v.v[i].lo <= last->hi + (last->pad != 0) &&
                     strcmp(host_prefix(l, last), host_prefix(l, &v.v[i])) == 0;
        if (!meets)
            v.v[n++] = v.v[i];
        else if (v.v[i].hi > last->hi)
            last->hi = v.v[i].hi;
    }
    vec_sort(v.v, n, sizeof *v.v, compare_ranges, l);
    struct hostlist fresh = {.names = l->names};
    for (uint32_t i = 0; i < n; i++)
        host_range_append(&fresh, &v.v[i]);
    VEC_FREE(&v);
    adopt_ranges(l, &fresh);
}

struct span {
    uint64_t lo, hi;
};

static int compare_spans(const void *pa, const void *pb, void *arg)
{
    const struct span *a = pa, *b = pb;
    return (a->lo > b->lo) - (a->lo < b->lo);
}

/* What the ranges r (of l) and g (of gone) have in common, as numbers of r. */
static bool common_span(const struct hostlist *l, const struct host_range *r, const struct hostlist *gone,
                        const struct host_range *g, struct span *ret)
{
    if (g->lo == g->hi) { /* by name: n14 is in n1[4-5] too */
        struct hostlist one = {.v = (struct host_range *)g, .n = 1, .names = gone->names, .count = 1};
        char name[HOSTLIST_NAME_SIZE];
        uint64_t offset;
        hostlist_nth(&one, 0, name);
        bool found = host_range_finds(l, r, name, &offset);
        *ret = (struct span){r->lo + offset, r->lo + offset};
        return found;
    }
    if (!r->pad || strcmp(host_prefix(l, r), host_prefix(gone, g)) != 0)
        return false;
    *ret = (struct span){r->lo > g->lo ? r->lo : g->lo, r->hi < g->hi ? r->hi : g->hi};
    /* Below the width of the wider padding, names with other padding are other names. */
    unsigned pad = r->pad > g->pad ? r->pad : g->pad;
    if (r->pad != g->pad && ret->lo < least_with_digits(pad))
        ret->lo = least_with_digits(pad);
    return ret->lo <= ret->hi;
}

/* Pushes what is left of a range without the spans, which are sorted. */
static int push_rest(struct hostlist *out, struct host_range r, const struct span *v, uint32_t n,
                     struct err *e)
{
    uint64_t end = r.hi;
    int rc = 0;
    for (uint32_t i = 0; i < n && rc == 0; i++) {
        if (v[i].lo > r.lo) {
            r.hi = v[i].lo - 1;
            rc = host_range_push(out, &r, e);
        }
        if (v[i].hi >= r.lo)
            r.lo = v[i].hi + 1;
    }
    r.hi = end;
    return rc == 0 && r.lo <= end ? host_range_push(out, &r, e) : rc;
}

int64_t hostlist_delete(struct hostlist *l, const struct hostlist *gone, struct err *e)
{
    struct hostlist rest = {.names = l->names};
    VEC(struct span) spans = {0};
    int rc = 0;
    for (uint32_t i = 0; i < l->n && rc == 0; i++) {
        spans.n = 0;
        for (uint32_t k = 0; k < gone->n; k++) {
            struct span s;
            if (common_span(l, &l->v[i], gone, &gone->v[k], &s))
                *VEC_PUSH(&spans) = s;
        }
        vec_sort(spans.v, spans.n, sizeof *spans.v, compare_spans, NULL);
        rc = push_rest(&rest, l->v[i], spans.v, spans.n, e);
    }
    VEC_FREE(&spans);
    if (rc < 0) {
        mem_free(rest.v);
        return rc;
    }
    int64_t deleted = (int64_t)l->count - rest.count;
    adopt_ranges(l, &rest);
    return deleted;
}
