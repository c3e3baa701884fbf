/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fact: what the core may say has happened, one row a type, from [fact.*] of schema/.
 *
 * Facts are what the journal holds and what every follower of the cluster reads.
 */
#ifndef MODEL_FACT_H
#define MODEL_FACT_H

#include <stdbool.h>
#include <stdint.h>

#include "meta/meta.h"

struct fact_type_row {
    uint16_t number; /* enum fact_type */
    const char *name;
    const struct meta_record *record;
    bool durable; /* must be on disk before anybody is told */
};

extern const struct fact_type_row fact_types[]; /* indexed by number; numbers not in use have no name */
extern const uint32_t fact_types_count;         /* highest number in use + 1 */

const struct fact_type_row *fact_by_number(uint32_t number); /* NULL when unknown */
const struct fact_type_row *fact_by_name(const char *name);  /* NULL when unknown */

#endif
