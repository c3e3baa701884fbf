/* SPDX-License-Identifier: Apache-2.0 */
#include "slurmctld/ctld.h"

#include <time.h>
#include <unistd.h>

#include "base/mem.h"

struct work *work_new(enum msg_type type, void *record)
{
    const struct message_type *t = message_by_number(type);
    struct work *w = mem_alloc(sizeof *w);

    w->type = t->request;
    w->record = record;
    w->command.type = type;
    w->command.record = record;
    w->command.sender.level = ACCESS_DAEMON;
    buf_init(&w->payload);
    return w;
}

void work_free(struct work *w)
{
    if (!w)
        return;
    if (w->type)
        meta_free(w->type, w->record);
    meta_free(&record_job, w->test_job);
    mem_free(w->host);
    buf_release(&w->payload);
    mem_free(w->payload_name.v);
    reply_release(&w->reply);
    if (w->snapshot)
        snapshot_drop(w->snapshot);
    mem_free(w);
}

struct snapshot *ctld_snapshot(struct ctld *c)
{
    pthread_mutex_lock(&c->lock);
    struct snapshot *s = snapshot_keep(c->snapshot);
    pthread_mutex_unlock(&c->lock);
    return s;
}

void ctld_publish(struct ctld *c, struct snapshot *s)
{
    pthread_mutex_lock(&c->lock);
    struct snapshot *old = c->snapshot;
    c->snapshot = s;
    pthread_mutex_unlock(&c->lock);
    if (old)
        snapshot_drop(old);
}

struct shared_conf *ctld_conf(struct ctld *c)
{
    pthread_mutex_lock(&c->lock);
    struct shared_conf *s = c->conf;
    shared_keep(&s->sh);
    pthread_mutex_unlock(&c->lock);
    return s;
}

void ctld_conf_drop(struct shared_conf *s)
{
    if (!s || !shared_drop(&s->sh))
        return;
    conf_free(s->conf);
    meta_release(&record_config_files, &s->files);
    mem_free(s);
}

void ctld_conf_replace(struct ctld *c, struct shared_conf *s)
{
    pthread_mutex_lock(&c->lock);
    struct shared_conf *old = c->conf;
    c->conf = s;
    pthread_mutex_unlock(&c->lock);
    ctld_conf_drop(old);
}

int64_t ctld_now(void)
{
    return time(NULL);
}

void ctld_stop(struct ctld *c)
{
    uint64_t one = 1;

    if (!atomic_exchange(&c->stopping, true) && write(c->stop_fd, &one, sizeof one) < 0)
        _exit(1); /* an eventfd that cannot be written: nothing is left to wait for */
}
