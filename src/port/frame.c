/* SPDX-License-Identifier: Apache-2.0 */
#include "port/frame.h"

#include <string.h>

#include "base/mem.h"
#include "model.h"
#include "model/errors.h"

static void put32(char *p, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        p[i] = (char)(v >> 8 * i);
}

static uint32_t get32(const uint8_t *p)
{
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

int frame_parse(const void *data, size_t len, uint32_t body_max, struct frame *ret, struct err *e)
{
    const uint8_t *p = data;

    *ret = (struct frame){0};
    if (len < FRAME_HEADER)
        return 0;
    ret->len = get32(p);
    ret->type = (uint16_t)(p[4] | p[5] << 8);
    ret->flags = (uint16_t)(p[6] | p[7] << 8);
    ret->seq = get32(p + 8);
    if (ret->len > body_max)
        return err_set(e, ESLURM_INSANE_MESSAGE_LENGTH, "%s: %u bytes, the limit is %u",
                       error_text(ESLURM_INSANE_MESSAGE_LENGTH), ret->len, body_max);
    if (len - FRAME_HEADER < ret->len)
        return 0;
    ret->body = p + FRAME_HEADER;
    return 1;
}

size_t frame_begin(struct buf *out, uint16_t type, uint16_t flags, uint32_t seq)
{
    size_t begin = out->len;

    buf_addn(out, 0, FRAME_HEADER);
    out->s[begin + 4] = (char)type;
    out->s[begin + 5] = (char)(type >> 8);
    out->s[begin + 6] = (char)flags;
    out->s[begin + 7] = (char)(flags >> 8);
    put32(out->s + begin + 8, seq);
    return begin;
}

void frame_end(struct buf *out, size_t begin)
{
    size_t len = out->len - begin - FRAME_HEADER;

    REQUIRE(len <= UINT32_MAX);
    put32(out->s + begin, (uint32_t)len);
}

void frame_add(struct buf *out, uint16_t type, uint16_t flags, uint32_t seq, const struct meta_record *r,
               const void *rec)
{
    size_t begin = frame_begin(out, type, flags, seq);

    if (rec)
        meta_encode(r, rec, out);
    frame_end(out, begin);
}

void frame_add_error(struct buf *out, uint16_t type, uint32_t seq, int code, const char *text)
{
    struct error_reply reply;

    meta_init(&record_error_reply, &reply);
    reply.code = (uint32_t)code;
    reply.text = (char *)text;
    frame_add(out, type, FRAME_REPLY | FRAME_ERROR, seq, &record_error_reply, &reply);
}

int frame_read_error(const struct frame *f, struct err *e)
{
    struct error_reply reply;

    if (meta_decode(&record_error_reply, &reply, f->body, f->len, e) < 0 || reply.code == 0 ||
        reply.code > INT32_MAX) {
        meta_release(&record_error_reply, &reply);
        return err_set(e, ESLURM_MESSAGE_RECEIVE_FAILURE, "%s: an error that cannot be read",
                       error_text(ESLURM_MESSAGE_RECEIVE_FAILURE));
    }
    int rc = err_set(e, (int)reply.code, "%s", reply.text ? reply.text : "");
    meta_release(&record_error_reply, &reply);
    return rc;
}

void frame_list_add(struct buf *out, const struct meta_record *r, const void *rec)
{
    frame_list_add_fields(out, r, rec, NULL, 0);
}

void frame_list_add_fields(struct buf *out, const struct meta_record *r, const void *rec,
                           const struct meta_mask *masks, uint32_t masks_n)
{
    /* Most records take two bytes of length; the others are moved. */
    enum { GUESS = 2 };
    size_t begin = out->len;
    uint8_t varint[5];
    size_t n = 0;

    buf_addn(out, 0, GUESS);
    meta_encode_fields(r, rec, masks, masks_n, out);
    size_t len = out->len - begin - GUESS;
    REQUIRE(len <= UINT32_MAX);
    for (size_t v = len;; v >>= 7) {
        varint[n++] = (uint8_t)((v & 0x7f) | (v > 0x7f ? 0x80 : 0));
        if (v <= 0x7f)
            break;
    }
    if (n != GUESS) {
        if (n > GUESS)
            buf_addn(out, 0, n - GUESS);
        memmove(out->s + begin + n, out->s + begin + GUESS, len);
        buf_truncate(out, begin + n + len);
    }
    memcpy(out->s + begin, varint, n);
}

int frame_list_next(const void *body, uint32_t len, uint32_t *pos, const void **ret, uint32_t *ret_len,
                    struct err *e)
{
    const uint8_t *p = body;
    uint64_t v = 0;
    int shift = 0;

    if (*pos == len)
        return 0;
    for (;; shift += 7) {
        if (*pos == len || shift > 28)
            return err_set(e, ESLURM_MESSAGE_RECEIVE_FAILURE, "a list ends in the middle of a length");
        uint8_t byte = p[(*pos)++];
        v |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80))
            break;
    }
    if (v > len - *pos)
        return err_set(e, ESLURM_MESSAGE_RECEIVE_FAILURE, "a list ends in the middle of a record");
    *ret = p + *pos;
    *ret_len = (uint32_t)v;
    *pos += (uint32_t)v;
    return 1;
}
