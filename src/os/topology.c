/* SPDX-License-Identifier: Apache-2.0 */
#include "os/topology.h"

#include <errno.h>
#include <hwloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/sysinfo.h>
#include <time.h>

#include "base/mem.h"

static uint16_t count_of(hwloc_topology_t h, hwloc_obj_type_t type)
{
    int n = hwloc_get_nbobjs_by_type(h, type);

    return n > 0 ? (uint16_t)n : 1;
}

static int64_t boot_time(void)
{
    struct timespec now, up;

    clock_gettime(CLOCK_REALTIME, &now);
    clock_gettime(CLOCK_BOOTTIME, &up);
    return now.tv_sec - up.tv_sec;
}

static void fill_cores(struct topology *t, hwloc_topology_t h)
{
    hwloc_obj_t core = NULL;

    t->core_cpus = mem_array(t->core_count ? t->core_count : 1, sizeof *t->core_cpus);
    for (uint32_t i = 0; i < t->core_count; i++) {
        unsigned cpu;

        core = hwloc_get_next_obj_by_type(h, HWLOC_OBJ_CORE, core);
        if (!core)
            return;
        hwloc_bitmap_foreach_begin(cpu, core->cpuset) bits_set(&t->core_cpus[i], cpu);
        hwloc_bitmap_foreach_end();
    }
}

int topology_discover(struct topology *t, struct err *e)
{
    hwloc_topology_t h;
    struct sysinfo info;
    int cores, cpus;

    *t = (struct topology){0};
    setenv("HWLOC_HIDE_ERRORS", "2", 0);
    if (hwloc_topology_init(&h) < 0)
        return err_set(e, ENOMEM, "hwloc: cannot begin");
    if (hwloc_topology_load(h) < 0) {
        hwloc_topology_destroy(h);
        return err_set(e, EIO, "hwloc: cannot read the topology of this host");
    }
    cpus = hwloc_get_nbobjs_by_type(h, HWLOC_OBJ_PU);
    cores = hwloc_get_nbobjs_by_type(h, HWLOC_OBJ_CORE);
    t->cpus = cpus > 0 ? (uint32_t)cpus : 1;
    t->core_count = cores > 0 ? (uint32_t)cores : t->cpus;
    t->boards = 1;
    t->sockets = count_of(h, HWLOC_OBJ_PACKAGE);
    t->cores = (uint16_t)(t->core_count / t->sockets ? t->core_count / t->sockets : 1);
    t->threads = (uint16_t)(t->cpus / t->core_count ? t->cpus / t->core_count : 1);
    fill_cores(t, h);
    hwloc_topology_destroy(h);
    if (sysinfo(&info) == 0)
        t->real_memory = (uint64_t)info.totalram * info.mem_unit >> 20;
    t->boot_time = boot_time();
    return 0;
}

void topology_release(struct topology *t)
{
    for (uint32_t i = 0; t->core_cpus && i < t->core_count; i++)
        bits_release(&t->core_cpus[i]);
    mem_free(t->core_cpus);
    *t = (struct topology){0};
}

void topology_cpus(const struct topology *t, const struct bits *cores, struct bits *ret)
{
    bits_clear_all(ret);
    for (uint32_t i = bits_next(cores, 0); i != BITS_MAX; i = bits_next(cores, i + 1)) {
        if (i >= t->core_count) {
            bits_clear_all(ret);
            return;
        }
        bits_or(ret, &t->core_cpus[i]);
    }
}

void topology_text(const struct topology *t, const char *node_name, struct buf *out)
{
    buf_addf(out,
             "NodeName=%s CPUs=%u Boards=%u SocketsPerBoard=%u CoresPerSocket=%u ThreadsPerCore=%u "
             "RealMemory=%llu",
             node_name, t->cpus, t->boards, t->sockets, t->cores, t->threads,
             (unsigned long long)t->real_memory);
}

void topology_uptime_text(const struct topology *t, int64_t now, struct buf *out)
{
    long long up = now - t->boot_time;

    buf_addf(out, "UpTime=%lld-%02lld:%02lld:%02lld", up / 86400, up / 3600 % 24, up / 60 % 60, up % 60);
}

uint32_t topology_cpu_load(void)
{
    struct sysinfo info;

    return sysinfo(&info) == 0 ? (uint32_t)((uint64_t)info.loads[0] * 100 >> SI_LOAD_SHIFT) : 0;
}

uint64_t topology_free_memory(void)
{
    struct sysinfo info;

    return sysinfo(&info) == 0 ? (uint64_t)info.freeram * info.mem_unit >> 20 : 0;
}

uint32_t topology_tmp_disk(const char *path)
{
    struct statvfs st;

    return statvfs(path, &st) == 0 ? (uint32_t)((uint64_t)st.f_blocks * st.f_frsize >> 20) : 0;
}
