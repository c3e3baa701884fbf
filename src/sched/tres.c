/* SPDX-License-Identifier: Apache-2.0 */
#include "sched/tres.h"

#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"

/* A unit is passed as soon as half of the next one divides the number, so there is at most one half: 62.50G.
 */
void tres_mem_text(uint64_t mib, struct buf *out)
{
    static const char units[] = "MGTPE";
    uint32_t unit = 0;
    bool half = false;
    while (mib > 1024 && mib % 512 == 0 && !half && unit + 2 < sizeof units) {
        half = mib % 1024 != 0;
        mib /= 1024;
        unit++;
    }
    buf_addf(out, "%llu%s%c", (unsigned long long)mib, half ? ".50" : "", units[unit]);
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

/* Is it "gres/NAME" or "gres/NAME:TYPE" of these devices? */
static bool names_need(const char *tres, const struct gres_need *need)
{
    char *plain = buf_format("gres/%s", need->name);
    char *typed = need->type ? buf_format("gres/%s:%s", need->name, need->type) : NULL;
    bool yes = text_same_nocase(tres, plain) || (typed && text_same_nocase(tres, typed));
    mem_free(plain);
    mem_free(typed);
    return yes;
}

/* Each TRES that the site counts, once, over all kinds of devices that it names. */
static void add_gres(const struct policy *p, const struct demand *d, uint64_t nodes, uint64_t tasks,
                     struct buf *b)
{
    for (uint32_t i = 0; i < p->account_tres.n; i++) {
        uint64_t count = 0;
        for (uint32_t k = 0; k < d->gres_n; k++)
            if (names_need(p->account_tres.v[i], &d->gres[k]))
                count += d->gres[k].per_job + d->gres[k].per_node * nodes + d->gres[k].per_task * tasks;
        if (count)
            buf_addf(b, ",%s=%llu", p->account_tres.v[i], (unsigned long long)count);
    }
}

/* `sum` serves as the list of name:type pairs. */
static void sum_gres(const struct job_gres *v, uint32_t n, struct demand *sum)
{
    for (uint32_t i = 0; i < n; i++)
        demand_add_gres(sum, v[i].name, v[i].type, v[i].count);
}

static void add_sum(const struct policy *p, struct demand *sum, struct buf *b)
{
    add_gres(p, sum, 0, 0, b);
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
    add_gres(p, d, nodes, d->ntasks, &b);
    return buf_take(&b);
}
