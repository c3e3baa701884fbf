/* SPDX-License-Identifier: Apache-2.0 */
#include "os/track.h"

#include <unistd.h>

#include "base/mem.h"
#include "os/cgroup.h"

struct track *track_open(const struct track_step *s, struct err *e)
{
    if (!s->cgroup || !s->cgroup->version)
        return track_linuxproc_open();
    return s->cgroup->version == 1 ? track_cgroup_v1_open(s, e) : track_cgroup_v2_open(s, e);
}

uint32_t track_sweep(const struct track_orphan *o)
{
    if (!o->cgroup || !o->cgroup->version)
        return track_linuxproc_sweep(o);
    return o->cgroup->version == 1 ? track_cgroup_v1_sweep(o) : track_cgroup_v2_sweep(o);
}

void track_remove_root(const struct step_cgroup *c)
{
    if (c && c->version == 2)
        rmdir(c->root);
    for (int i = 0; c && c->version == 1 && i < CGROUP_V1_COUNT; i++) {
        char *dir = buf_format("%s/%s/%s", c->mountpoint, cgroup_v1_names[i], c->root);

        rmdir(dir);
        mem_free(dir);
    }
}
