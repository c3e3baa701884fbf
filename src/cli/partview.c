/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/partview.h"

#include "base/sizetext.h"

#include "base/timetext.h"
#include "cli/jobview.h"

void partview_available(const struct part *p, struct buf *out)
{
    static const char *const names[] = {
        [PART_UP] = "up", [PART_DOWN] = "down", [PART_DRAIN] = "drain", [PART_INACTIVE] = "inact"};
    buf_adds(out, p->state < sizeof names / sizeof names[0] ? names[p->state] : "unknown");
}

void partview_limit(uint32_t minutes, const char *unlimited, struct buf *out)
{
    if (minutes == INFINITE)
        buf_adds(out, unlimited);
    else if (minutes == NO_VAL)
        buf_adds(out, "n/a");
    else
        time_add_short(out, (uint64_t)minutes * 60);
}

void partview_count(uint32_t v, const char *unlimited, struct buf *out)
{
    if (v >= NO_VAL)
        buf_adds(out, unlimited);
    else
        buf_addf(out, "%u", v);
}

void partview_oversubscribe(const struct part *p, struct buf *out)
{
    if (p->flags & PARTF_EXCLUSIVE)
        buf_adds(out, "EXCLUSIVE");
    else if (p->share_force || p->flags & PARTF_ALLOCATEDBYFORCE)
        buf_addf(out, "FORCE:%u", p->max_share);
    else if (p->max_share > 1)
        buf_addf(out, "YES:%u", p->max_share);
    else
        buf_adds(out, "NO");
}

const char *partview_exclusive(const struct part *p)
{
    if (p->flags & PARTF_EXCLUSIVE)
        return "NODE";
    if (p->flags & PARTF_EXCLUSIVEUSER)
        return "USER";
    return p->flags & PARTF_EXCLUSIVETOPO ? "TOPO" : "NO";
}

void partview_size(const struct part *p, struct buf *out)
{
    uint32_t min = p->min_nodes ? p->min_nodes : 1;
    buf_addf(out, "%u", min);
    if (p->max_nodes == min)
        return;
    buf_addc(out, '-');
    partview_count(p->max_nodes, "infinite", out);
}

void partview_tres(const struct part *p, struct node *const *nodes, uint32_t n, struct buf *out)
{
    uint64_t mem = 0;
    for (uint32_t i = 0; i < n; i++)
        if (bits_test(&p->members, nodes[i]->index))
            mem += nodes[i]->real_memory;
    if (!p->total_nodes) {
        buf_adds(out, "(null)");
        return;
    }
    buf_addf(out, "cpu=%u", p->total_cpus);
    if (mem) {
        buf_adds(out, ",mem=");
        size_add_mib(out, mem);
    }
    buf_addf(out, ",node=%u,billing=%u", p->total_nodes, p->total_cpus);
}
