/* SPDX-License-Identifier: Apache-2.0 */
/* hostrange: what the files that implement hostlist.h share. For them alone. */
#ifndef BASE_HOSTRANGE_H
#define BASE_HOSTRANGE_H

#include <stddef.h>

#include "base/hostlist.h"

unsigned host_digits(uint64_t v);                /* decimal digits of v, 1 for 0 */
unsigned host_width(const struct host_range *r); /* digits of its first host, zeros included */
const char *host_prefix(const struct hostlist *l, const struct host_range *r);
/* Would the hosts of `next` read the same in a range that is padded to `pad`? */
bool host_pad_joins(unsigned pad, const struct host_range *next);
/* len digits as a number and the padding they show; false when there are none, too many or other characters.
 */
bool host_number(const char *digits, size_t len, uint64_t *ret_value, uint8_t *ret_pad);
/* Is the name one of the range? Then *ret_offset is its place in it. */
bool host_range_finds(const struct hostlist *l, const struct host_range *r, const char *name,
                      uint64_t *ret_offset);
/* Appends a range whose prefix is in l->names already, joining it to the last one where both read as one. */
void host_range_append(struct hostlist *l, const struct host_range *range);
/* The same within the limits of a list. */
int host_range_push(struct hostlist *l, const struct host_range *range, struct err *e);

#endif
