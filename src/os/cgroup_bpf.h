/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cgroup_bpf: device control of version 2, a small BPF program on a control group.
 */
#ifndef OS_CGROUP_BPF_H
#define OS_CGROUP_BPF_H

#include "base/err.h"
#include "os/track.h"

enum { CGROUP_BPF_DEVICES_MAX = 256 };

/* Refuses the step's devices that are not allowed; every other device stays as it was. */
int cgroup_bpf_deny(const char *dir, const struct track_step *s, struct err *e);

#endif
