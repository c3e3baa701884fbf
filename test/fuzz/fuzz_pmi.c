/* SPDX-License-Identifier: Apache-2.0 */
/* What a task may say on its PMI socket, in pieces of any length: the first byte chooses the protocol. */
#include "fuzz.h"
#include "nodecore/pmi.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const hello[] = {"cmd=init pmi_version=1\n", "cmd=init pmi_version=2\n"};
    static struct step *step;
    struct pmi p;
    struct err e;

    if (!size)
        return 0;
    if (!step) {
        step = meta_new(&record_step);
        step->ntasks = 1;
        struct step_node *where = meta_recs_push(&record_step_node, &step->layout);
        meta_u32s_push(&where->tasks, 0);
    }
    pmi_init(&p, "7.0", step, 0);
    REQUIRE(pmi_feed(&p, 0, hello[data[0] & 1], strlen(hello[0]), &e) == 0);
    for (size_t at = 1, n; at < size; at += n) {
        n = 1 + data[at] % 64;
        if (n > size - at)
            n = size - at;
        if (pmi_feed(&p, 0, data + at, n, &e) < 0)
            break;
        if (p.fence_wanted) {
            struct pmi_fence all = p.put;
            meta_init(&record_pmi_fence, &p.put);
            p.fence_wanted = false;
            pmi_fence_done(&p, &all);
            meta_release(&record_pmi_fence, &all);
        }
    }
    pmi_release(&p);
    return 0;
}
