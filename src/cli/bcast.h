/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bcast: a file to every node of a job, in pieces, all nodes at once. sbcast and srun --bcast share it.
 *
 * Each node gets its copy from us directly; a piece is sent when all nodes have written the one before, to
 * all at the same time or to so many as `fanout` says.
 */
#ifndef CLI_BCAST_H
#define CLI_BCAST_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/cli.h"

enum {
    BCAST_BLOCK_MAX = 8 << 20, /* bytes of a piece, also when nothing is said */
    BCAST_FANOUT_MAX = 64,
};

struct bcast_order {
    const char *source; /* a regular file here */
    const char *dest;   /* absolute path there */
    bool name_nodes;    /* "_NODENAME" is added to it */
    const char *suffix; /* added after that; may be NULL */
    bool folder;        /* a folder is made there, and nothing is read */
    bool force, preserve;
    bool compress;      /* pieces are sent packed, those that get smaller by it */
    uint64_t block;     /* bytes of a piece; 0 or more than BCAST_BLOCK_MAX: that */
    uint32_t fanout;    /* nodes that get a piece at the same time; 0: all */
    uint32_t timeout_s; /* for a node's answer; 0: MessageTimeout */
};

/* "lz4", "none", or NULL for the usual one: what --compress and Compression of BcastParameters take. What
 * cannot be done is told on standard error, and the file goes as it is. */
void bcast_compression(struct cli *cli, struct bcast_order *o, const char *library);

/* Compression of BcastParameters, for an order whose options say nothing of it. */
void bcast_default_compression(struct cli *cli, struct bcast_order *o);

/* "16", or "off"; false: neither, and nothing is changed. */
bool bcast_fanout(struct bcast_order *o, const char *text);

/* 0, or the exit status after the complaint. */
int bcast_send(struct cli *cli, const struct bcast_grant *to, const struct bcast_order *o);

/* Absolute path of `dest`: what is relative lies in DestDir of BcastParameters, else in the working folder.
 * mem_free it. */
char *bcast_dest(struct cli *cli, const char *dest);

#endif
