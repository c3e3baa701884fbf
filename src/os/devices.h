/* SPDX-License-Identifier: Apache-2.0 */
/*
 * devices: the generic resources of this host as configured, checked against what is there.
 */
#ifndef OS_DEVICES_H
#define OS_DEVICES_H

#include "base/buf.h"
#include "model.h"

/*
 * Marks declarations whose files do not exist as stand-ins, so that a cluster can be tried without its
 * devices. A text that names them is added to `comment` ("stand-in for gpu:h100 /dev/nvidia[0-7]").
 */
void devices_check(struct node *node, struct buf *comment);
/* The first file of the declarations that is not there; NULL: all are. */
const char *devices_missing(const struct node *node);
/* Every file of the declarations, for device control; appends to l->devices. */
void devices_list(const struct node *node, struct step_launch *l);

#endif
