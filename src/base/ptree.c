/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ptree.h as a radix tree of 64-way nodes. Every link (root, inner slot, leaf slot) holds one reference. A
 * writer that meets a count above one on its way down replaces that node by a copy, which takes a reference
 * to every child: so whatever hangs below a shared node counts as shared too, and a sole node with sole
 * ancestors is the writer's alone.
 */
#include "base/ptree.h"

#include <string.h>

#include "base/mem.h"

enum {
    FANOUT_BITS = 6,
    FANOUT = 1 << FANOUT_BITS,
    HEIGHT_MAX = 6, /* 64^6 is more than 2^32 */
};

struct ptree_node {
    struct shared ref;
    uint64_t used; /* which slots are filled */
    void *slot[FANOUT];
};

static uint32_t index_at(uint32_t key, unsigned level)
{
    return key >> (level * FANOUT_BITS) & (FANOUT - 1);
}

/* Is the key beyond what a tree of this height can hold? */
static bool beyond(uint32_t key, unsigned height)
{
    return height < HEIGHT_MAX && key >> (height * FANOUT_BITS) != 0;
}

static struct ptree_node *node_new(void)
{
    struct ptree_node *node = mem_alloc(sizeof *node);
    shared_init(&node->ref);
    return node;
}

static void node_fill(struct ptree_node *node, uint32_t i, void *child)
{
    node->slot[i] = child;
    node->used |= UINT64_C(1) << i;
}

static void node_empty(struct ptree_node *node, uint32_t i)
{
    node->slot[i] = NULL;
    node->used &= ~(UINT64_C(1) << i);
}

static void record_drop(const struct ptree_type *type, void *record)
{
    if (shared_drop(record))
        type->free(record);
}

/* Drops a reference to a node whose leaves are `level` steps below it. Recursion is as deep as the tree is
 * high. */
static void node_drop(const struct ptree_type *type, struct ptree_node *node, unsigned level)
{
    if (!shared_drop(&node->ref))
        return;
    for (uint64_t rest = node->used; rest; rest &= rest - 1) {
        void *child = node->slot[__builtin_ctzll(rest)];
        if (level)
            node_drop(type, child, level - 1);
        else
            record_drop(type, child);
    }
    mem_free(node);
}

/* Makes the node behind *link the writer's alone. */
static struct ptree_node *node_own(const struct ptree_type *type, struct ptree_node **link, unsigned level)
{
    struct ptree_node *old = *link;
    if (shared_sole(&old->ref))
        return old;
    struct ptree_node *copy = node_new();
    copy->used = old->used;
    memcpy(copy->slot, old->slot, sizeof copy->slot);
    /* Nodes and records alike begin with their count. */
    for (uint64_t rest = copy->used; rest; rest &= rest - 1)
        shared_keep(copy->slot[__builtin_ctzll(rest)]);
    node_drop(type, old, level);
    *link = copy;
    return copy;
}

void ptree_init(struct ptree *t, const struct ptree_type *type)
{
    *t = (struct ptree){.type = type};
}

void ptree_release(struct ptree *t)
{
    if (t->root)
        node_drop(t->type, t->root, t->height - 1u);
    ptree_init(t, t->type);
}

void ptree_snapshot(const struct ptree *t, struct ptree *ret_copy)
{
    *ret_copy = *t;
    if (t->root)
        shared_keep(&t->root->ref);
}

const void *ptree_get(const struct ptree *t, uint32_t key)
{
    if (!t->root || beyond(key, t->height))
        return NULL;
    const void *at = t->root;
    for (unsigned level = t->height; at && level-- > 0;)
        at = ((const struct ptree_node *)at)->slot[index_at(key, level)];
    return at;
}

/* Walks to the leaf of a key that is present, owning every node on the way; path[level] receives them. */
static void own_path(struct ptree *t, uint32_t key, struct ptree_node *path[HEIGHT_MAX])
{
    struct ptree_node **link = &t->root;
    for (unsigned level = t->height; level-- > 0;) {
        path[level] = node_own(t->type, link, level);
        link = (struct ptree_node **)&path[level]->slot[index_at(key, level)];
    }
}

void *ptree_edit(struct ptree *t, uint32_t key)
{
    if (!ptree_get(t, key))
        return NULL;
    struct ptree_node *path[HEIGHT_MAX];
    own_path(t, key, path);
    void **slot = &path[0]->slot[index_at(key, 0)];
    if (!shared_sole(*slot)) {
        struct shared *copy = t->type->copy(*slot);
        record_drop(t->type, *slot);
        *slot = copy;
    }
    return *slot;
}

void ptree_put(struct ptree *t, uint32_t key, void *record)
{
    REQUIRE(record);
    if (!t->root) {
        t->root = node_new();
        t->height = 1;
    }
    for (; beyond(key, t->height); t->height++) {
        struct ptree_node *above = node_new();
        node_fill(above, 0, t->root);
        t->root = above;
    }
    struct ptree_node **link = &t->root, *node = NULL;
    for (unsigned level = t->height; level-- > 0;) {
        if (node && !*link)
            node_fill(node, index_at(key, level + 1), node_new());
        node = node_own(t->type, link, level);
        link = (struct ptree_node **)&node->slot[index_at(key, level)];
    }
    void *older = *link;
    node_fill(node, index_at(key, 0), record);
    if (older)
        record_drop(t->type, older);
    else
        t->count++;
}

/* Takes levels off the top that hold nothing but slot 0. The top node is the writer's alone. */
static void lower(struct ptree *t)
{
    while (t->height > 1 && shared_sole(&t->root->ref) && t->root->used == 1) {
        struct ptree_node *top = t->root;
        t->root = top->slot[0];
        t->height--;
        mem_free(top);
    }
}

bool ptree_remove(struct ptree *t, uint32_t key)
{
    if (!ptree_get(t, key))
        return false;
    struct ptree_node *path[HEIGHT_MAX];
    own_path(t, key, path);
    record_drop(t->type, path[0]->slot[index_at(key, 0)]);
    unsigned level = 0;
    node_empty(path[0], index_at(key, 0));
    for (; level + 1 < t->height && !path[level]->used; level++) {
        mem_free(path[level]);
        node_empty(path[level + 1], index_at(key, level + 1));
    }
    t->count--;
    if (!path[level]->used)
        ptree_release(t);
    else
        lower(t);
    return true;
}

const void *ptree_next(const struct ptree *t, uint32_t *key)
{
    if (!t->root)
        return NULL;
    uint64_t at = *key;
    const struct ptree_node *node = t->root;
    unsigned level = t->height - 1u;
    while (at <= UINT32_MAX && !beyond((uint32_t)at, t->height)) {
        unsigned shift = level * FANOUT_BITS;
        uint32_t i = index_at((uint32_t)at, level);
        uint64_t rest = node->used & (~UINT64_C(0) << i);
        if (!rest) { /* nothing more in this node: on to the one after it, from the top */
            at = ((at >> shift >> FANOUT_BITS) + 1) << shift << FANOUT_BITS;
            node = t->root;
            level = t->height - 1u;
            continue;
        }
        uint32_t found = (uint32_t)__builtin_ctzll(rest);
        if (found != i) {
            at = (at >> shift >> FANOUT_BITS) << shift << FANOUT_BITS;
            at |= (uint64_t)found << shift;
        }
        if (!level) {
            *key = (uint32_t)at;
            return node->slot[found];
        }
        node = node->slot[found];
        level--;
    }
    return NULL;
}

static const struct ptree_node *lift(struct ptree_node *top, const struct ptree_node *node)
{
    *top = (struct ptree_node){.used = 1};
    top->slot[0] = (void *)node;
    return top;
}

struct diff {
    ptree_changed *changed;
    void *arg;
};

/* Two subtrees of one height, either of which may be NULL. Recursion is as deep as the trees are high. */
static void diff_nodes(const struct diff *d, const struct ptree_node *was, const struct ptree_node *is,
                       unsigned level, uint32_t base)
{
    if (was == is)
        return;
    for (uint64_t rest = (was ? was->used : 0) | (is ? is->used : 0); rest; rest &= rest - 1) {
        uint32_t i = (uint32_t)__builtin_ctzll(rest), key = base | i << (level * FANOUT_BITS);
        void *a = was ? was->slot[i] : NULL, *b = is ? is->slot[i] : NULL;
        if (level)
            diff_nodes(d, a, b, level - 1, key);
        else if (a != b)
            d->changed(d->arg, key, a, b);
    }
}

void ptree_diff(const struct ptree *was, const struct ptree *is, ptree_changed *changed, void *arg)
{
    struct diff d = {changed, arg};
    const struct ptree_node *a = was->root, *b = is->root;
    unsigned level = was->height > is->height ? was->height : is->height;
    struct ptree_node lifted[HEIGHT_MAX]; /* tops for the lower tree, so that both are of one height */
    for (unsigned h = was->height; a && h < level; h++)
        a = lift(&lifted[h], a);
    for (unsigned h = is->height; b && h < level; h++)
        b = lift(&lifted[h], b);
    if (level)
        diff_nodes(&d, a, b, level - 1, 0);
}
