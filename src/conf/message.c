/* SPDX-License-Identifier: Apache-2.0 */
/* What was found in a configuration. */
#include "conf/conf.h"

#include "base/mem.h"
#include "base/vec.h"

void conf_messages_release(struct conf_messages *m)
{
    for (uint32_t i = 0; i < m->n; i++) {
        mem_free(m->v[i].file);
        mem_free(m->v[i].text);
        mem_free(m->v[i].hint);
    }
    mem_free(m->v);
    *m = (struct conf_messages){0};
}

void conf_messages_add(struct conf_messages *m, enum conf_severity severity, const char *file, uint32_t line,
                       const char *hint, const char *fmt, ...)
{
    if (severity == CONF_ERROR)
        m->errors++;
    else
        m->warnings++;
    if (m->n >= CONF_MESSAGES_MAX)
        return;
    struct buf text = BUF_INIT;
    va_list ap;
    va_start(ap, fmt);
    buf_addv(&text, fmt, ap);
    va_end(ap);
    *VEC_PUSH(m) = (struct conf_message){
        .severity = severity,
        .file = mem_strdup(file),
        .line = line,
        .text = buf_take(&text),
        .hint = mem_strdup(hint),
    };
}

void conf_message_text(const struct conf_message *m, struct buf *out)
{
    if (m->file && m->line)
        buf_addf(out, "%s:%u: ", m->file, m->line);
    else if (m->file)
        buf_addf(out, "%s: ", m->file);
    buf_addf(out, "%s: %s", m->severity == CONF_ERROR ? "error" : "warning", m->text);
    if (m->hint)
        buf_addf(out, " (%s)", m->hint);
}
