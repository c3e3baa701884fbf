/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tres: the texts "cpu=4,mem=2000M,node=1,billing=4,gres/gpu=2" that a request and an allocation are shown
 * as. Devices are in it when AccountingStorageTRES names them. Texts are the caller's.
 */
#ifndef SCHED_TRES_H
#define SCHED_TRES_H

#include "sched/demand.h"

char *tres_of_alloc(const struct policy *p, const struct start_job *start);
char *tres_of_step(const struct policy *p, const struct step *step);
/* mem in MiB for the whole job. */
char *tres_of_request(const struct policy *p, const struct demand *d, uint32_t cpus, uint32_t nodes,
                      uint64_t mem);
/* MiB as in these texts: the largest unit that shows it without a fraction. */
void tres_mem_text(uint64_t mib, struct buf *out);

#endif
