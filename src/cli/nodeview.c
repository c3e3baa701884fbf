/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/nodeview.h"

#include "cli/jobview.h"
#include "model/nodetext.h"

void nodeview_cfg_tres(const struct node *n, struct buf *out)
{
    uint32_t cpus = node_usable_cpus(n);
    buf_addf(out, "cpu=%u,mem=", cpus);
    jobview_mb(n->real_memory > n->mem_spec ? n->real_memory - n->mem_spec : 0, true, out);
    buf_addf(out, ",billing=%u", cpus);
}

void nodeview_alloc_tres(const struct node *n, struct buf *out)
{
    if (!n->alloc_cpus && !n->alloc_mem)
        return;
    buf_addf(out, "cpu=%u", n->alloc_cpus);
    if (n->alloc_mem) {
        buf_adds(out, ",mem=");
        jobview_mb(n->alloc_mem, true, out);
    }
}
