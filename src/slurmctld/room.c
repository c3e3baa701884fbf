/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Room on the disk of StateSaveLocation. Below a reserve no job is taken any more, with an error that says
 * so, while ends of jobs and whatever else happens to those that are there is still written. Only when the
 * reserve is used up, too, does a write fail, and that ends slurmctld (doc/adr/0001).
 */
#include <stdatomic.h>
#include <sys/statvfs.h>

#include "os/log.h"
#include "slurmctld/ctld.h"

enum {
    RESERVE_PART = 4, /* of the file system, at most ... */
    RESERVE_MAX = 64 << 20,
    LOOK_AGAIN_US = 100000,
};

void room_look(struct ctld *c)
{
    struct statvfs st;

    if (statvfs(c->state_folder, &st) < 0)
        return; /* the next write tells what is wrong */
    uint64_t total = (uint64_t)st.f_blocks * st.f_frsize, left = (uint64_t)st.f_bavail * st.f_frsize;
    uint64_t reserve = total / RESERVE_PART < RESERVE_MAX ? total / RESERVE_PART : RESERVE_MAX;
    bool was = atomic_load(&c->room_low), low = left < (was ? reserve + reserve / 4 : reserve);

    if (low == was || !atomic_compare_exchange_strong(&c->room_low, &was, low))
        return;
    if (low)
        log_error("%s: only %llu MiB left: no job is taken until there is more room", c->state_folder,
                  (unsigned long long)left >> 20);
    else
        log_info("%s: there is room again: jobs are taken", c->state_folder);
}

/* The journal looks after each batch; while nothing is written, this does. */
bool room_for_jobs(struct ctld *c)
{
    uint64_t now = stat_now_us(), last = atomic_load(&c->room_looked);

    if (!atomic_load(&c->room_low))
        return true;
    if (now - last >= LOOK_AGAIN_US && atomic_compare_exchange_strong(&c->room_looked, &last, now))
        room_look(c);
    return !atomic_load(&c->room_low);
}
