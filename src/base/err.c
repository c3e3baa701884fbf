/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"

#include <string.h>

#include "base/buf.h"
#include "base/mem.h"

static void set_text(struct err *e, struct buf *text)
{
    size_t n = text->len < ERR_TEXT_MAX ? text->len : ERR_TEXT_MAX - 1;
    memcpy(e->text, text->s, n);
    e->text[n] = '\0';
    buf_release(text);
}

int err_set(struct err *e, int code, const char *fmt, ...)
{
    REQUIRE(code > 0);
    if (!e)
        return -code;
    struct buf text = BUF_INIT;
    va_list ap;
    va_start(ap, fmt);
    buf_addv(&text, fmt, ap);
    va_end(ap);
    e->code = code;
    set_text(e, &text);
    return -code;
}

int err_wrap(struct err *e, const char *prefix_fmt, ...)
{
    struct buf text = BUF_INIT;
    va_list ap;
    va_start(ap, prefix_fmt);
    buf_addv(&text, prefix_fmt, ap);
    va_end(ap);
    buf_addf(&text, ": %s", e->text);
    set_text(e, &text);
    return -e->code;
}
