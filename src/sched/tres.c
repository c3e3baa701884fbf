/* SPDX-License-Identifier: Apache-2.0 */
#include "sched/tres.h"

#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"

void tres_mem_text(uint64_t mib, struct buf *out)
{
    static const char units[] = "MGTPE";
    uint32_t unit = 0;
    while (mib && mib % 1024 == 0 && unit + 2 < sizeof units) {
        mib /= 1024;
        unit++;
    }
    buf_addf(out, "%llu%c", (unsigned long long)mib, units[unit]);
}

static void begin(struct buf *b, uint64_t cpus, uint64_t mem, uint64_t nodes, bool billing)
{
    buf_addf(b, "cpu=%llu", (unsigned long long)cpus);
    if (mem) {
        buf_adds(b, ",mem=");
        tres_mem_text(mem, b);
    }
    buf_addf(b, ",node=%llu", (unsigned long long)nodes);
    if (billing)
        buf_addf(b, ",billing=%llu", (unsigned long long)cpus);
}

static void add_gres(const struct policy *p, const char *name, const char *type, uint64_t count,
                     struct buf *b)
{
    char *plain = buf_format("gres/%s", name), *typed = type ? buf_format("gres/%s:%s", name, type) : NULL;
    for (uint32_t i = 0; count && i < p->account_tres.n; i++)
        if (text_same_nocase(p->account_tres.v[i], plain) ||
            (typed && text_same_nocase(p->account_tres.v[i], typed)))
            buf_addf(b, ",%s=%llu", p->account_tres.v[i], (unsigned long long)count);
    mem_free(plain);
    mem_free(typed);
}

/* `sum` serves as the list of name:type pairs. */
static void sum_gres(const struct job_gres *v, uint32_t n, struct demand *sum)
{
    for (uint32_t i = 0; i < n; i++)
        demand_add_gres(sum, v[i].name, v[i].type, v[i].count);
}

static void add_sum(const struct policy *p, struct demand *sum, struct buf *b)
{
    for (uint32_t i = 0; i < sum->gres_n; i++)
        add_gres(p, sum->gres[i].name, sum->gres[i].type, sum->gres[i].per_job, b);
    demand_release(sum);
}

char *tres_of_step(const struct policy *p, const struct step *step)
{
    struct demand sum = {0};
    struct buf b = BUF_INIT;
    uint64_t cpus = 0, mem = 0;
    for (uint32_t i = 0; i < step->layout.n; i++) {
        const struct step_node *n = &step->layout.v[i];
        cpus += n->cpus;
        mem += n->mem;
        sum_gres(n->gres.v, n->gres.n, &sum);
    }
    begin(&b, cpus, mem, step->layout.n, false);
    add_sum(p, &sum, &b);
    return buf_take(&b);
}

char *tres_of_alloc(const struct policy *p, const struct start_job *start)
{
    struct demand sum = {0};
    uint64_t mem = 0;
    for (uint32_t i = 0; i < start->alloc.n; i++) {
        const struct job_node *share = &start->alloc.v[i];
        mem += share->mem;
        sum_gres(share->gres.v, share->gres.n, &sum);
    }
    struct buf b = BUF_INIT;
    begin(&b, start->cpus, mem, start->alloc.n, true);
    add_sum(p, &sum, &b);
    return buf_take(&b);
}

char *tres_of_request(const struct policy *p, const struct demand *d, uint32_t cpus, uint32_t nodes,
                      uint64_t mem)
{
    struct buf b = BUF_INIT;
    begin(&b, cpus, mem, nodes, true);
    for (uint32_t i = 0; i < d->gres_n; i++) {
        const struct gres_need *g = &d->gres[i];
        add_gres(p, g->name, g->type, g->per_job + g->per_node * nodes + g->per_task * d->ntasks, &b);
    }
    return buf_take(&b);
}
