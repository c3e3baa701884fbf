/* SPDX-License-Identifier: Apache-2.0 */
/* Sets of nodes for a job in a row of blocks. */
#include "sched/switches.h"

#include "base/bits.h"

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* A group of blocks, and what it has for the job: nodes in whole segments. */
struct group {
    const struct switch_set *v;
    uint32_t n;
    const struct bits *free;
    struct segments want;
};

static uint32_t free_nodes(const struct group *g, uint32_t block)
{
    uint32_t n = 0;
    const struct bits *nodes = &g->v[block].nodes;
    for (uint32_t i = bits_next(nodes, 0); i != BITS_MAX; i = bits_next(nodes, i + 1))
        n += bits_test(g->free, i);
    return n;
}

static uint32_t usable_nodes(const struct group *g, uint32_t block)
{
    uint32_t segments = free_nodes(g, block) / g->want.size;
    return (g->want.spread ? least(segments, 1) : segments) * g->want.size;
}

static void take_nodes(const struct group *g, uint32_t block, uint32_t want, struct bits *ret)
{
    const struct bits *nodes = &g->v[block].nodes;
    for (uint32_t i = bits_next(nodes, 0); i != BITS_MAX && want; i = bits_next(nodes, i + 1)) {
        if (!bits_test(g->free, i))
            continue;
        bits_set(ret, i);
        want--;
    }
}

/* The block that has room for all that is left and the fewest free nodes, else the one with most room; of
 * equal ones the last. g->n when none has any. */
static uint32_t best_block(const struct group *g, const struct bits *used, uint32_t left)
{
    uint32_t best = g->n, best_room = 0, best_free = 0;
    for (uint32_t i = 0; i < g->n; i++) {
        uint32_t room = bits_test(used, i) ? 0 : usable_nodes(g, i), free = free_nodes(g, i);
        if (!room)
            continue;
        bool better =
            best_room >= left ? room >= left && free <= best_free : room >= left || room >= best_room;
        if (best < g->n && !better)
            continue;
        best = i;
        best_room = room;
        best_free = free;
    }
    return best;
}

/* The nodes of a job that needs several blocks. False when the group has too few. */
static bool take_segments(const struct group *g, struct bits *ret)
{
    struct bits used = {0};
    uint32_t left = g->want.nodes;
    while (left) {
        uint32_t block = best_block(g, &used, left);
        if (block == g->n)
            break;
        uint32_t take = least(left, usable_nodes(g, block));
        take_nodes(g, block, take, ret);
        bits_set(&used, block);
        left -= take;
    }
    bits_release(&used);
    return left == 0;
}

/* Blocks in the smallest group that is large enough when it is empty. */
static uint32_t group_width(const struct switch_sets *blocks, const struct segments *want)
{
    uint32_t largest = 1, width = 1;
    for (uint32_t i = 0; i < blocks->list.n; i++) {
        uint32_t nodes = bits_count(&blocks->list.v[i].nodes);
        largest = nodes > largest ? nodes : largest;
    }
    uint32_t per_block = want->spread ? least(want->size, largest) : largest;
    while (width < blocks->list.n && (uint64_t)width * per_block < want->nodes)
        width *= 2;
    return width;
}

static void add_set(const struct group *g, struct switch_sets *ret)
{
    struct switch_set set = {0};
    for (uint32_t i = 0; i < g->n; i++)
        set.free += free_nodes(g, i);
    bool enough = set.free >= g->want.nodes;
    if (enough && g->n > 1)
        enough = take_segments(g, &set.nodes);
    else if (enough)
        take_nodes(g, 0, set.free, &set.nodes);
    if (!enough) {
        bits_release(&set.nodes);
        return;
    }
    VEC_PUSH(&ret->list);
    uint32_t k = ret->list.n - 1;
    for (; k > 0 && ret->list.v[k - 1].free >= set.free; k--) /* of equal groups the last comes first */
        ret->list.v[k] = ret->list.v[k - 1];
    ret->list.v[k] = set;
}

void switch_sets_of_blocks(const struct switch_sets *blocks, const struct bits *free,
                           const struct segments *want, struct switch_sets *ret)
{
    uint32_t width = group_width(blocks, want);
    *ret = (struct switch_sets){0};
    for (uint32_t i = 0; i < blocks->list.n; i += width) {
        struct group g = {&blocks->list.v[i], least(width, blocks->list.n - i), free, *want};
        bool fits = want->size && want->size <= bits_count(&g.v[0].nodes);
        g.want.size = fits ? want->size : 1;
        g.want.spread = fits && want->spread;
        add_set(&g, ret);
    }
}
