/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz: what the targets share: the entry point and taking an input apart. What is missing at its end reads
 * as 0. */
#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct fuzz_input {
    const uint8_t *p;
    size_t left;
};

static inline uint8_t fuzz_u8(struct fuzz_input *in)
{
    return in->left ? in->left--, *in->p++ : 0;
}

/* A piece that has its length, two bytes, in front. */
static inline const uint8_t *fuzz_piece(struct fuzz_input *in, size_t *ret_len)
{
    size_t len = fuzz_u8(in);
    const uint8_t *piece;

    len |= (size_t)fuzz_u8(in) << 8;
    *ret_len = len < in->left ? len : in->left;
    piece = in->p;
    in->p += *ret_len;
    in->left -= *ret_len;
    return piece;
}

/* What is left up to the next newline, which goes too; mem_free it. */
static inline char *fuzz_line(struct fuzz_input *in)
{
    size_t len = 0;
    char *text;

    while (len < in->left && in->p[len] != '\n')
        len++;
    text = mem_strndup((const char *)in->p, strnlen((const char *)in->p, len));
    len += len < in->left;
    in->p += len;
    in->left -= len;
    return text;
}

#endif
