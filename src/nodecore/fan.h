/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fan: one message for many nodes, sent through a tree of nodes: who is asked directly, who passes it on to
 * whom, and what is done when somebody on the way does not answer. doc/spec/11-fan-out.md.
 *
 * The same machine runs in the controller, which has the whole tree below it, and in every slurmd that passes
 * a message on. Nodes are numbers 0..n-1, "targets", in the order of the message's list. A head is a target
 * that is asked directly, for itself and for the targets behind it. No clock, no network: the caller sends to
 * the heads that fan_next() gives, and says what came of it; times are in ms of a clock of the caller's.
 *
 *     fan_next()      -> send to this head        fan_done()   a target has answered
 *     fan_tick()      a head may be too slow      fan_failed() a head says that it cannot reach a target
 *     fan_late()      -> give this head up        fan_lost()   a head cannot be reached any more
 *
 * Times: a head with others behind it gives a sign within half of `timeout`, else what is behind it is taken
 * from it. It may take `timeout` for each level of its tree; one that has nobody behind it, `timeout`.
 * What is taken from a head is split again and sent by us: each of its children becomes a head. So every
 * target that can be reached is, and the last word about one (`root`) is said by whoever began.
 *
 * Ownership: fan_release() frees what fan_init() and fan_next() made. Limits: FAN_TARGETS_MAX.
 */
#ifndef NODECORE_FAN_H
#define NODECORE_FAN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/vec.h"

enum {
    FAN_TARGETS_MAX = 1 << 20,
    FAN_WIDTH_MAX = 65533,        /* TreeWidth */
    FAN_WAIT_MS_MAX = 600 * 1000, /* of a whole tree */
};

/* How many levels are below who sends to n targets: 0 when there are none, 1 when all are asked directly. */
uint32_t fan_height(uint32_t n, uint32_t width);
/* The i-th of the (at most width) parts into which n targets are split: its first one and its length. Parts
 * are in order, without holes, and differ in length by at most one. */
uint32_t fan_parts(uint32_t n, uint32_t width);
void fan_part(uint32_t n, uint32_t width, uint32_t i, uint32_t *ret_first, uint32_t *ret_n);

enum fan_state { FAN_OPEN, FAN_DONE, FAN_FAILED };

struct fan_head {
    uint32_t *targets; /* rising; the first is the head itself */
    uint32_t given;    /* how many it was given */
    uint32_t n;        /* how many it still has to see to: given, or 1 when the others have been taken away */
    uint32_t open;     /* of those, without an answer */
    bool heard, over;
    int64_t since;
};

struct fan {
    uint32_t n, width;
    int64_t timeout;
    bool root;        /* nobody else tries again: what a head could not reach is asked directly */
    uint32_t open;    /* targets without an outcome; 0: it is over */
    uint32_t next;    /* the first head that has not been given out */
    uint8_t *states;  /* enum fan_state, of each target */
    uint32_t *owners; /* the head that sees to each target */
    VEC(struct fan_head) heads;
};

/* `groups`, of each target: those of one group follow each other, and each group is one part; NULL: the parts
 * are those of fan_part(). */
void fan_init(struct fan *f, uint32_t n, uint32_t width, int64_t timeout_ms, bool root,
              const uint32_t *groups);
void fan_release(struct fan *f);

/* The next head that a message has to be sent to; false when there is none. */
bool fan_next(struct fan *f, int64_t now, uint32_t *ret_head);
/* How long a head may take: what it is told, so that its own answer is there before we give it up. */
int64_t fan_wait_ms(const struct fan *f, uint32_t head);

/* An answer of this target came from this head. False: it had no such target, or it has an outcome. */
bool fan_done(struct fan *f, uint32_t head, uint32_t target);
/* This head cannot reach that target. True: that is the target's outcome. */
bool fan_failed(struct fan *f, uint32_t head, uint32_t target);
/* Nothing more will come from this head. True: it has not answered itself, which is its outcome. */
bool fan_lost(struct fan *f, uint32_t head);

/* Takes from slow heads what is behind them. */
void fan_tick(struct fan *f, int64_t now);
/* A head whose time is up; fan_lost() must follow. False: there is none. */
bool fan_late(const struct fan *f, int64_t now, uint32_t *ret_head);
/* When fan_tick or fan_late has something to say; INT64_MAX: never. */
int64_t fan_deadline(const struct fan *f);

#endif
