/* SPDX-License-Identifier: Apache-2.0 */
/*
 * message: the requests that programs send each other, one row a type, from [message.*] of schema/.
 *
 * A receiver looks the number up, refuses what it does not know, checks `access`, and decodes the body as
 * `request`.
 */
#ifndef MODEL_MESSAGE_H
#define MODEL_MESSAGE_H

#include <stdint.h>

#include "meta/meta.h"

/* Who may send it. A higher level includes the lower ones. */
enum message_access {
    ACCESS_NONE,     /* anybody, even without authentication */
    ACCESS_USER,     /* any authenticated user */
    ACCESS_OPERATOR, /* an operator, by accounting */
    ACCESS_ADMIN,    /* an administrator, SlurmUser or root */
    ACCESS_DAEMON,   /* SlurmUser or root: our own daemons */
};

/* Who handles it. */
enum message_kind {
    MSGK_COMMAND, /* changes the cluster's state: goes to the core */
    MSGK_QUERY,   /* answered from the snapshot */
    MSGK_NODE,    /* handled by a node daemon */
    MSGK_LOCAL,   /* handled by the shell that receives it: ping, tokens */
};

struct message_type {
    uint16_t number; /* enum msg_type */
    const char *name;
    const struct meta_record *request; /* NULL: empty body */
    const struct meta_record *reply;   /* NULL: only success or an error */
    uint8_t access;                    /* enum message_access */
    uint8_t kind;                      /* enum message_kind */
};

extern const struct message_type message_types[]; /* indexed by number; numbers not in use have no name */
extern const uint32_t message_types_count;        /* highest number in use + 1 */

const struct message_type *message_by_number(uint32_t number); /* NULL when unknown */
const struct message_type *message_by_name(const char *name);  /* NULL when unknown */

#endif
