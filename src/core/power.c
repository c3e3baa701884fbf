/* SPDX-License-Identifier: Apache-2.0 */
#include "core/power.h"

#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "core/conf_names.h"

enum { INFINITE_16 = 65534 }; /* from here on the 16-bit timeouts mean that there is none */

static const uint64_t ASLEEP = NODEF_POWERED_DOWN | NODEF_POWERING_UP;

/* --- limits --- */

struct limits {
    uint32_t idle, up, down; /* NO_VAL: no partition says */
    bool excluded, counted;
};

static void take_highest(uint32_t *slot, uint32_t value)
{
    if (value != NO_VAL && (*slot == NO_VAL || value > *slot))
        *slot = value;
}

static bool is_excluded(const struct state *s, const struct part *p)
{
    const struct meta_strs *list = &s->policy->suspend_exc_parts;
    for (uint32_t i = 0; i < list->n; i++)
        if (text_same(list->v[i], p->name))
            return true;
    return false;
}

static void of_parts(const struct state *s, struct limits *v)
{
    const struct part *p;
    for (uint32_t i = 0; (p = ptree_next(&s->parts, &i)); i++) {
        bool excluded = is_excluded(s, p);
        for (uint32_t k = 0; (k = bits_next(&p->members, k)) != BITS_MAX; k++) {
            take_highest(&v[k].idle, p->suspend_time);
            take_highest(&v[k].up, p->resume_timeout);
            take_highest(&v[k].down, p->suspend_timeout);
            v[k].excluded |= excluded;
        }
    }
}

bool power_exc_next(const struct state *s, const char **at, struct bits *ret, uint32_t *ret_count)
{
    const char *end = *at;
    bits_clear_all(ret);
    *ret_count = NO_VAL;
    if (!end || !*end)
        return false;
    for (uint32_t depth = 0; *end && (depth || *end != ','); end++)
        depth += *end == '[' ? 1 : *end == ']' ? -1u : 0;
    char *piece = mem_strndup(*at, (size_t)(end - *at)), *colon = strrchr(piece, ':');
    if (colon && text_to_u32(colon + 1, ret_count)) {
        *colon = '\0';
        *ret_count = *ret_count ? *ret_count : NO_VAL;
    }
    names_to_nodes(s, piece, ret, NULL);
    mem_free(piece);
    *at = *end ? end + 1 : end;
    return true;
}

static void of_excluded(const struct state *s, struct limits *v)
{
    const char *at = s->policy->suspend_exc_nodes;
    struct bits set = {0};
    uint32_t count;
    while (power_exc_next(s, &at, &set, &count))
        for (uint32_t k = 0; (k = bits_next(&set, k)) != BITS_MAX; k++) {
            v[k].excluded |= count == NO_VAL;
            v[k].counted |= count != NO_VAL;
        }
    bits_release(&set);
}

static uint32_t timeout(uint32_t of_part, uint32_t of_cluster)
{
    uint32_t value = of_part != NO_VAL ? of_part : of_cluster;
    return value >= INFINITE_16 ? INFINITE : value;
}

void power_link(struct state *s)
{
    struct limits *v = mem_array(s->next_node_index, sizeof *v);
    for (uint32_t i = 0; i < s->next_node_index; i++)
        v[i] = (struct limits){NO_VAL, NO_VAL, NO_VAL, false, false};
    of_parts(s, v);
    of_excluded(s, v);
    const struct node *n;
    for (uint32_t i = 0; (n = ptree_next(&s->nodes, &i)); i++) {
        const struct policy *p = s->policy;
        uint32_t idle = n->suspend_time != NO_VAL ? n->suspend_time
                        : v[i].idle != NO_VAL     ? v[i].idle
                                                  : p->suspend_time;
        struct node *mine = ptree_edit(&s->nodes, i);
        mine->power_idle = v[i].excluded || !p->power_save || idle == NO_VAL ? INFINITE : idle;
        mine->power_counted = v[i].counted;
        mine->power_up_s = timeout(v[i].up, p->resume_timeout);
        mine->power_down_s = timeout(v[i].down, p->suspend_timeout);
        node_timer(s, mine);
    }
    mem_free(v);
}

/* --- states --- */

bool node_is_asleep(const struct node *n)
{
    return n->flags & ASLEEP;
}

bool node_is_ready(const struct node *n)
{
    return !(n->flags & (ASLEEP | NODEF_POWERING_DOWN | NODEF_REBOOT_ISSUED));
}

bool node_stays_up(const struct node *n)
{
    const uint64_t away =
        ASLEEP | NODEF_POWERING_DOWN | NODEF_POWER_DOWN | NODEF_DRAIN | NODEF_FAIL | NODEF_NOT_RESPONDING;
    return n->state == NODE_UP && !(n->flags & away);
}

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t after(int64_t time, uint32_t seconds)
{
    return seconds == INFINITE ? INT64_MAX : time + seconds;
}

/* SuspendTime: since it was last used, came up or went down. */
static int64_t idle_due(const struct state *s, const struct node *n)
{
    const uint64_t busy = NODEF_POWERED_DOWN | NODEF_REBOOT_REQUESTED | NODEF_REBOOT_ISSUED;
    bool down = n->state == NODE_DOWN;
    if (n->power_idle == INFINITE || n->running_jobs || n->flags & (busy | s->policy->suspend_exc_flags) ||
        (n->state != NODE_UP && !down) || (down && s->policy->suspend_exc_down))
        return INT64_MAX;
    int64_t since = later(n->last_busy, n->power_time);
    return after(down ? later(since, n->reason_time) : since, n->power_idle);
}

static bool wants_up(const struct node *n)
{
    return n->flags & NODEF_POWER_UP ||
           (n->flags & NODEF_POWERED_DOWN && n->running_jobs && n->state == NODE_UP);
}

/* Also of one that is off already: SuspendProgram is told once more. */
static bool wants_down(const struct node *n)
{
    return n->flags & NODEF_POWER_DOWN && !n->running_jobs && !(n->flags & NODEF_POWERING_UP);
}

bool node_power_asked(const struct node *n)
{
    return wants_down(n) || wants_up(n);
}

int64_t node_power_due(const struct state *s, const struct node *n)
{
    if (!s->policy || !s->policy->power_save || n->state == NODE_FUTURE)
        return INT64_MAX;
    if (n->flags & NODEF_POWERING_DOWN)
        return after(n->power_time, n->power_down_s);
    if (n->flags & NODEF_POWERING_UP)
        return after(n->power_time, n->power_up_s);
    int64_t due = node_power_asked(n) ? 0 : idle_due(s, n);
    return due == INT64_MAX ? due : later(due, n->power_look);
}

enum power_move node_power_move(const struct node *n)
{
    if (n->flags & NODEF_POWERING_DOWN)
        return POWER_SUSPENDED;
    if (n->flags & NODEF_POWERING_UP)
        return POWER_RESUME_FAILED;
    return wants_up(n) ? POWER_RESUMING : POWER_SUSPENDING;
}
