/* SPDX-License-Identifier: Apache-2.0 */
#include "os/track.h"

struct track *track_open(const struct track_step *s, struct err *e)
{
    if (!s->cgroup || !s->cgroup->version)
        return track_linuxproc_open();
    return s->cgroup->version == 1 ? track_cgroup_v1_open(s, e) : track_cgroup_v2_open(s, e);
}
