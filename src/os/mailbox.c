/* SPDX-License-Identifier: Apache-2.0 */
#include "os/mailbox.h"

#include "base/mem.h"

static void deliver(uv_async_t *async)
{
    struct mailbox *m = async->data;

    pthread_mutex_lock(&m->lock);
    typeof(m->in) letters = m->in;
    m->in = m->out;
    m->in.n = 0;
    m->out = letters;
    pthread_mutex_unlock(&m->lock);
    for (uint32_t i = 0; i < m->out.n; i++)
        m->out.v[i].fn(m->out.v[i].arg);
    m->out.n = 0;
    if (m->after)
        m->after(m->after_arg);
}

void mailbox_init(struct mailbox *m, uv_loop_t *loop, mailbox_fn *after, void *after_arg)
{
    *m = (struct mailbox){.after = after, .after_arg = after_arg};
    pthread_mutex_init(&m->lock, NULL);
    REQUIRE(uv_async_init(loop, &m->async, deliver) == 0);
    m->async.data = m;
}

void mailbox_post(struct mailbox *m, mailbox_fn *fn, void *arg)
{
    pthread_mutex_lock(&m->lock);
    bool wake = m->in.n == 0;
    *VEC_PUSH(&m->in) = (struct letter){fn, arg};
    pthread_mutex_unlock(&m->lock);
    if (wake)
        uv_async_send(&m->async);
}

static void closed(uv_handle_t *h)
{
    struct mailbox *m = h->data;

    VEC_FREE(&m->in);
    VEC_FREE(&m->out);
    pthread_mutex_destroy(&m->lock);
}

void mailbox_close(struct mailbox *m)
{
    uv_close((uv_handle_t *)&m->async, closed);
}
