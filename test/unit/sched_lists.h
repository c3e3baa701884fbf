/* SPDX-License-Identifier: Apache-2.0 */
/* What a struct sched_view points to, for programs that fill one by hand: lists that own their records, by
 * job id and by the index of the node or partition. ptree_edit() copies a record that somebody else holds as
 * well. */
#ifndef TEST_UNIT_SCHED_LISTS_H
#define TEST_UNIT_SCHED_LISTS_H

#include "base/ptree.h"

extern const struct ptree_type list_of_jobs, list_of_nodes, list_of_parts;

#endif
