/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mailbox: work handed to the thread of an event loop, in the order in which it was posted.
 *
 * Any thread posts; the loop's thread runs. After the last letter of a delivery `after` is called once, for
 * flushing.
 */
#ifndef OS_MAILBOX_H
#define OS_MAILBOX_H

#include <pthread.h>
#include <stdbool.h>
#include <uv.h>

#include "base/vec.h"

typedef void mailbox_fn(void *arg);

struct letter {
    mailbox_fn *fn;
    void *arg;
};
struct mailbox {
    pthread_mutex_t lock;
    VEC(struct letter) in, out; /* `out` is being delivered: the loop's thread only */
    uv_async_t async;
    mailbox_fn *after;
    void *after_arg;
};

void mailbox_init(struct mailbox *m, uv_loop_t *loop, mailbox_fn *after, void *after_arg);
void mailbox_post(struct mailbox *m, mailbox_fn *fn, void *arg);
/* On the loop's thread; letters that were not delivered are dropped. The loop must run once more before `m`
 * goes. */
void mailbox_close(struct mailbox *m);

#endif
