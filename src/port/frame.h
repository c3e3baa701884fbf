/* SPDX-License-Identifier: Apache-2.0 */
/*
 * frame: the 12 bytes before every message on a connection, and the packed bodies of lists. Bytes in, bytes
 * out.
 *
 * Specified in doc/spec/03-wire.md. Servers and clients share it; nothing here reads or writes a descriptor.
 */
#ifndef PORT_FRAME_H
#define PORT_FRAME_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "meta/meta.h"

enum {
    WIRE_VERSION = 1,
    FRAME_HEADER = 12,            /* bytes */
    FRAME_BODY_MAX = 64 << 20,    /* bytes, after authentication */
    FRAME_BODY_MAX_NEW = 16 << 10 /* bytes, before */
};

enum frame_flag {
    FRAME_REPLY = 1,
    FRAME_ERROR = 2, /* the body is an error_reply */
    FRAME_MORE = 4,  /* further frames of this reply follow */
};

struct frame {
    uint16_t type;  /* enum msg_type */
    uint16_t flags; /* enum frame_flag */
    uint32_t seq;
    const void *body; /* borrowed */
    uint32_t len;
};

/*
 * Looks for a frame at the beginning of `data`. 1: *ret is it, it takes FRAME_HEADER + ret->len bytes. 0:
 * more bytes are needed (ret->len is set once the header is there). Negative: the body is longer than
 * body_max; *ret holds the header.
 */
int frame_parse(const void *data, size_t len, uint32_t body_max, struct frame *ret, struct err *e);

/* Begins a frame at the end of `out`; what is added until frame_end is its body. */
size_t frame_begin(struct buf *out, uint16_t type, uint16_t flags, uint32_t seq);
void frame_end(struct buf *out, size_t begin);
/* A whole frame. rec NULL: an empty body. */
void frame_add(struct buf *out, uint16_t type, uint16_t flags, uint32_t seq, const struct meta_record *r,
               const void *rec);
/* An ERROR frame; a positive code is expected. */
void frame_add_error(struct buf *out, uint16_t type, uint32_t seq, int code, const char *text);
/* The text and code of an ERROR frame. Gives the negative code, also when the body itself is broken. */
int frame_read_error(const struct frame *f, struct err *e);

/* Lists: a body is a sequence of (varint length, record). */
void frame_list_add(struct buf *out, const struct meta_record *r, const void *rec);
/* The same with fewer fields (meta_encode_fields). */
void frame_list_add_fields(struct buf *out, const struct meta_record *r, const void *rec,
                           const struct meta_mask *masks, uint32_t masks_n);
/* 1: *ret and *ret_len are the next item, *pos (from 0) is behind it. 0: the end. Negative: broken. */
int frame_list_next(const void *body, uint32_t len, uint32_t *pos, const void **ret, uint32_t *ret_len,
                    struct err *e);

#endif
