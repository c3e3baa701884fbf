/* SPDX-License-Identifier: Apache-2.0 */
/* hostlist.h: what a list is made of, how it is walked, and its text. Reading is in hostparse.c, sorting in
 * hostsort.c. */
#include "base/hostlist.h"

#include <inttypes.h>
#include <string.h>

#include "base/hostrange.h"
#include "base/mem.h"
#include "base/text.h"
#include "base/vec.h"

unsigned host_digits(uint64_t v)
{
    unsigned n = 1;
    for (; v >= 10; v /= 10)
        n++;
    return n;
}

unsigned host_width(const struct host_range *r)
{
    unsigned digits = host_digits(r->lo);
    return digits > r->pad ? digits : r->pad;
}

bool host_pad_joins(unsigned pad, const struct host_range *next)
{
    return next->pad == pad || (next->pad == 1 && host_digits(next->lo) >= pad);
}

const char *host_prefix(const struct hostlist *l, const struct host_range *r)
{
    return l->names + r->prefix;
}

static uint64_t range_count(const struct host_range *r)
{
    return r->hi - r->lo + 1;
}

static void range_name(const struct hostlist *l, const struct host_range *r, uint64_t offset,
                       char name[HOSTLIST_NAME_SIZE])
{
    bool whole = r->pad ? buf_print(name, HOSTLIST_NAME_SIZE, "%s%0*" PRIu64, host_prefix(l, r), r->pad,
                                    r->lo + offset)
                        : buf_print(name, HOSTLIST_NAME_SIZE, "%s", host_prefix(l, r));
    REQUIRE(whole);
}

bool host_number(const char *digits, size_t len, uint64_t *ret_value, uint8_t *ret_pad)
{
    uint64_t value = 0;
    if (!len || len > HOSTLIST_DIGITS_MAX)
        return false;
    for (size_t i = 0; i < len; i++) {
        if (!text_is_digit(digits[i]))
            return false;
        value = value * 10 + (uint64_t)(digits[i] - '0');
    }
    *ret_value = value;
    *ret_pad = digits[0] == '0' ? (uint8_t)len : 1;
    return true;
}

bool host_range_finds(const struct hostlist *l, const struct host_range *r, const char *name,
                      uint64_t *ret_offset)
{
    const char *prefix = host_prefix(l, r);
    size_t len = strlen(prefix);
    uint64_t value;
    uint8_t pad;
    *ret_offset = 0;
    if (strncmp(name, prefix, len) != 0)
        return false;
    if (!r->pad)
        return !name[len];
    size_t digits = strlen(name + len);
    if (!host_number(name + len, digits, &value, &pad) || value < r->lo || value > r->hi)
        return false;
    *ret_offset = value - r->lo;
    return digits == (host_digits(value) > r->pad ? host_digits(value) : r->pad);
}

void hostlist_release(struct hostlist *l)
{
    mem_free(l->v);
    mem_free(l->names);
    *l = (struct hostlist){0};
}

void hostlist_copy(struct hostlist *dst, const struct hostlist *src)
{
    if (dst == src)
        return;
    hostlist_release(dst);
    *dst = *src;
    dst->v = mem_dup(src->v, src->n * sizeof *src->v);
    dst->names = mem_dup(src->names, src->names_len);
    dst->cap = src->n;
    dst->names_cap = src->names_len;
}

void hostlist_nth(const struct hostlist *l, uint32_t i, char ret_name[HOSTLIST_NAME_SIZE])
{
    REQUIRE(i < l->count);
    const struct host_range *r = l->v;
    uint64_t offset = i;
    for (; offset >= range_count(r); r++)
        offset -= range_count(r);
    range_name(l, r, offset, ret_name);
}

int64_t hostlist_find(const struct hostlist *l, const char *name)
{
    uint64_t before = 0, offset;
    for (uint32_t i = 0; i < l->n; i++) {
        if (host_range_finds(l, &l->v[i], name, &offset))
            return (int64_t)(before + offset);
        before += range_count(&l->v[i]);
    }
    return -1;
}

const char *host_iter_next(struct host_iter *it)
{
    if (it->range >= it->list->n)
        return NULL;
    const struct host_range *r = &it->list->v[it->range];
    range_name(it->list, r, it->offset, it->name);
    if (++it->offset == range_count(r)) {
        it->offset = 0;
        it->range++;
    }
    return it->name;
}

void host_range_append(struct hostlist *l, const struct host_range *range)
{
    struct host_range r = *range, *last = l->n ? &l->v[l->n - 1] : NULL;
    if (r.pad > 1 && host_digits(r.lo) >= r.pad)
        r.pad = 1;
    l->count += (uint32_t)range_count(&r);
    if (last && last->pad && r.pad && r.lo == last->hi + 1 && host_pad_joins(last->pad, &r) &&
        strcmp(host_prefix(l, last), host_prefix(l, &r)) == 0)
        last->hi = r.hi;
    else
        *VEC_PUSH(l) = r;
}

int host_range_push(struct hostlist *l, const struct host_range *range, struct err *e)
{
    if (range_count(range) > (uint64_t)HOSTLIST_COUNT_MAX - l->count)
        return err_set(e, ERR_TOO_BIG, "more than %d hosts in a list", HOSTLIST_COUNT_MAX);
    if (l->n >= HOSTLIST_RANGES_MAX)
        return err_set(e, ERR_TOO_BIG, "more than %d ranges in a list of hosts", HOSTLIST_RANGES_MAX);
    host_range_append(l, range);
    return 0;
}

static void add_range_text(struct buf *out, const struct host_range *r)
{
    buf_addf(out, "%0*" PRIu64, r->pad, r->lo);
    if (r->hi > r->lo)
        buf_addf(out, "-%0*" PRIu64, r->pad, r->hi);
}

void hostlist_text(const struct hostlist *l, struct buf *out)
{
    for (uint32_t i = 0, end; i < l->n; i = end) {
        const struct host_range *r = &l->v[i];
        const char *prefix = host_prefix(l, r);
        end = i + 1;
        while (r->pad && end < l->n && l->v[end].pad && strcmp(prefix, host_prefix(l, &l->v[end])) == 0)
            end++;
        buf_adds(out, i ? "," : NULL);
        buf_adds(out, prefix);
        if (!r->pad)
            continue;
        bool brackets = end > i + 1 || r->hi > r->lo;
        buf_adds(out, brackets ? "[" : NULL);
        for (uint32_t k = i; k < end; k++) {
            buf_adds(out, k > i ? "," : NULL);
            add_range_text(out, &l->v[k]);
        }
        buf_adds(out, brackets ? "]" : NULL);
    }
}
