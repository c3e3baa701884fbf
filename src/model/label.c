/* SPDX-License-Identifier: Apache-2.0 */
#include "model/label.h"

#include <string.h>

uint32_t label_width(uint32_t ntasks)
{
    uint32_t width = 1;
    for (uint32_t highest = ntasks ? ntasks - 1 : 0; highest >= 10; highest /= 10)
        width++;
    return width;
}

static void add_line(const struct buf *part, uint32_t task, uint32_t width, const char *rest, size_t n,
                     struct buf *out)
{
    buf_addf(out, "%*u: ", (int)width, task);
    buf_add(out, part->s, part->len);
    buf_add(out, rest, n);
    buf_addc(out, '\n');
}

void label_add(struct buf *part, uint32_t task, uint32_t width, const void *data, size_t n, struct buf *out)
{
    const char *at = data, *end = at + n;
    while (at < end) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        size_t len = (size_t)((newline ? newline : end) - at);
        if (!newline && part->len + len < LABEL_LINE_MAX) {
            buf_add(part, at, len);
            return;
        }
        add_line(part, task, width, at, len, out);
        buf_clear(part);
        at += len + (newline != NULL);
    }
}

void label_end(struct buf *part, uint32_t task, uint32_t width, struct buf *out)
{
    if (part->len)
        add_line(part, task, width, "", 0, out);
    buf_clear(part);
}
