/* SPDX-License-Identifier: Apache-2.0 */
#include "nodecore/fan.h"

#include "base/mem.h"

uint32_t fan_parts(uint32_t n, uint32_t width)
{
    return n < width ? n : width;
}

void fan_part(uint32_t n, uint32_t width, uint32_t i, uint32_t *ret_first, uint32_t *ret_n)
{
    uint32_t parts = fan_parts(n, width), each = n / parts, longer = n % parts;

    *ret_first = i * each + (i < longer ? i : longer);
    *ret_n = each + (i < longer);
}

uint32_t fan_height(uint32_t n, uint32_t width)
{
    uint32_t height = 0;

    for (; n; height++) {
        uint32_t first, longest;
        fan_part(n, width, 0, &first, &longest);
        n = longest - 1;
    }
    return height;
}

/* --- heads --- */

static void add_head(struct fan *f, const uint32_t *targets, uint32_t n)
{
    uint32_t index = f->heads.n;
    struct fan_head *h = VEC_PUSH(&f->heads);

    h->targets = mem_array(n, sizeof *h->targets);
    memcpy(h->targets, targets, n * sizeof *targets);
    h->given = h->n = h->open = n;
    for (uint32_t i = 0; i < n; i++)
        f->owners[targets[i]] = index;
}

static void split(struct fan *f, const uint32_t *targets, uint32_t n)
{
    for (uint32_t i = 0; i < fan_parts(n, f->width); i++) {
        uint32_t first, count;
        fan_part(n, f->width, i, &first, &count);
        add_head(f, targets + first, count);
    }
}

static void split_groups(struct fan *f, const uint32_t *targets, uint32_t n, const uint32_t *groups)
{
    for (uint32_t first = 0, i = 1; i <= n; i++)
        if (i == n || groups[i] != groups[first]) {
            add_head(f, targets + first, i - first);
            first = i;
        }
}

void fan_init(struct fan *f, uint32_t n, uint32_t width, int64_t timeout_ms, bool root,
              const uint32_t *groups)
{
    uint32_t *all = mem_array(n ? n : 1, sizeof *all);

    REQUIRE(n <= FAN_TARGETS_MAX && width && width <= FAN_WIDTH_MAX && timeout_ms > 0);
    *f = (struct fan){.n = n, .width = width, .timeout = timeout_ms, .root = root, .open = n};
    f->states = mem_array(n ? n : 1, sizeof *f->states);
    f->owners = mem_array(n ? n : 1, sizeof *f->owners);
    for (uint32_t i = 0; i < n; i++)
        all[i] = i;
    if (groups)
        split_groups(f, all, n, groups);
    else
        split(f, all, n);
    mem_free(all);
}

void fan_release(struct fan *f)
{
    for (uint32_t i = 0; i < f->heads.n; i++)
        mem_free(f->heads.v[i].targets);
    VEC_FREE(&f->heads);
    mem_free(f->states);
    mem_free(f->owners);
    *f = (struct fan){0};
}

bool fan_next(struct fan *f, int64_t now, uint32_t *ret_head)
{
    while (f->next < f->heads.n) {
        struct fan_head *h = &f->heads.v[f->next];
        *ret_head = f->next++;
        h->since = now;
        if (h->open)
            return true;
        h->over = true; /* what it was made for has been answered meanwhile */
    }
    return false;
}

static int64_t time_of(const struct fan *f, uint32_t n)
{
    int64_t ms = f->timeout * (1 + fan_height(n - 1, f->width));

    return ms < FAN_WAIT_MS_MAX ? ms : FAN_WAIT_MS_MAX;
}

int64_t fan_wait_ms(const struct fan *f, uint32_t head)
{
    const struct fan_head *h = &f->heads.v[head];

    return time_of(f, h->given) - f->timeout / 4;
}

/* What has been given to a head and has no answer is split again, but for the head itself. */
static void take_over(struct fan *f, uint32_t head)
{
    struct fan_head *h = &f->heads.v[head];
    uint32_t *rest = mem_array(h->given, sizeof *rest), n = 0, own = h->targets[0];

    for (uint32_t i = 1; i < h->n; i++)
        if (f->states[h->targets[i]] == FAN_OPEN && f->owners[h->targets[i]] == head)
            rest[n++] = h->targets[i];
    h->n = 1;
    h->open = f->states[own] == FAN_OPEN && f->owners[own] == head;
    if (n)
        split(f, rest, n); /* h is not valid any more */
    mem_free(rest);
}

/* --- outcomes --- */

static bool has(const struct fan_head *h, uint32_t target)
{
    uint32_t lo = 0, hi = h->given;

    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;
        if (h->targets[mid] < target)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo < h->given && h->targets[lo] == target;
}

static void set_outcome(struct fan *f, uint32_t target, enum fan_state state)
{
    struct fan_head *owner = &f->heads.v[f->owners[target]];

    f->states[target] = (uint8_t)state;
    f->open--;
    if (owner->open)
        owner->open--;
}

bool fan_done(struct fan *f, uint32_t head, uint32_t target)
{
    if (head >= f->heads.n || target >= f->n || !has(&f->heads.v[head], target))
        return false;
    f->heads.v[head].heard = true;
    if (f->states[target] != FAN_OPEN)
        return false;
    set_outcome(f, target, FAN_DONE);
    return true;
}

bool fan_failed(struct fan *f, uint32_t head, uint32_t target)
{
    if (head >= f->heads.n || target >= f->n || !has(&f->heads.v[head], target) ||
        f->states[target] != FAN_OPEN || f->owners[target] != head)
        return false;
    f->heads.v[head].heard = true;
    if (f->root && target != f->heads.v[head].targets[0]) {
        if (f->heads.v[head].open)
            f->heads.v[head].open--;
        add_head(f, &target, 1);
        return false;
    }
    set_outcome(f, target, FAN_FAILED);
    return true;
}

bool fan_lost(struct fan *f, uint32_t head)
{
    struct fan_head *h = &f->heads.v[head];
    uint32_t own = h->targets[0];

    if (h->over)
        return false;
    h->over = true;
    take_over(f, head);
    if (f->states[own] != FAN_OPEN || f->owners[own] != head)
        return false;
    set_outcome(f, own, FAN_FAILED);
    return true;
}

/* --- time --- */

static bool waits(const struct fan *f, uint32_t head)
{
    const struct fan_head *h = &f->heads.v[head];

    return head < f->next && !h->over && h->open;
}

/* Until when it has to give a sign of life; only who has others behind it. */
static int64_t sign_due(const struct fan *f, const struct fan_head *h)
{
    return h->n > 1 && !h->heard ? h->since + f->timeout / 2 : INT64_MAX;
}

static int64_t end_due(const struct fan *f, const struct fan_head *h)
{
    return h->since + time_of(f, h->n);
}

void fan_tick(struct fan *f, int64_t now)
{
    for (uint32_t i = 0; i < f->next; i++)
        if (waits(f, i) && sign_due(f, &f->heads.v[i]) <= now)
            take_over(f, i);
}

bool fan_late(const struct fan *f, int64_t now, uint32_t *ret_head)
{
    for (uint32_t i = 0; i < f->next; i++)
        if (waits(f, i) && end_due(f, &f->heads.v[i]) <= now) {
            *ret_head = i;
            return true;
        }
    return false;
}

int64_t fan_deadline(const struct fan *f)
{
    int64_t at = INT64_MAX;

    for (uint32_t i = 0; i < f->next; i++) {
        int64_t sign, end;
        if (!waits(f, i))
            continue;
        sign = sign_due(f, &f->heads.v[i]);
        end = end_due(f, &f->heads.v[i]);
        at = sign < at ? sign : at;
        at = end < at ? end : at;
    }
    return at;
}
