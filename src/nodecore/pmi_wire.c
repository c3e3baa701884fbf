/* SPDX-License-Identifier: Apache-2.0 */
#include "nodecore/pmi_wire.h"

#include <stdarg.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

enum { LENGTH_DIGITS = 6 };

static int add_word(struct pmi_request *r, char *word, struct err *e)
{
    char *equals = strchr(word, '=');
    if (r->n == PMI_WORDS_MAX)
        return err_set(e, ERR_INVALID, "PMI: more than %d words in a request", PMI_WORDS_MAX);
    if (equals)
        *equals = '\0';
    r->words[r->n].key = word;
    r->words[r->n].value = equals ? equals + 1 : "";
    r->n++;
    return 0;
}

static int split_1(struct pmi_request *r, struct err *e)
{
    char *p = r->text;
    while (*p) {
        char *word = p;
        p += strcspn(p, " ");
        if (*p)
            *p++ = '\0';
        if (*word && add_word(r, word, e) < 0)
            return -e->code;
    }
    return 0;
}

/* Takes the doubled semicolons back, in place. */
static int split_2(struct pmi_request *r, struct err *e)
{
    char *from = r->text, *to = r->text, *word = r->text;
    while (*from) {
        bool end = *from == ';' && from[1] != ';';
        if (*from == ';' && !end)
            from++;
        *to++ = end ? '\0' : *from;
        from++;
        if (end && *word && add_word(r, word, e) < 0)
            return -e->code;
        if (end)
            word = to;
    }
    *to = '\0';
    return *word ? add_word(r, word, e) : 0;
}

/* Where the request lies in the data: *ret_from, *ret_len; gives the bytes that it takes. */
static int find_1(const char *data, size_t len, size_t *ret_from, size_t *ret_len, struct err *e)
{
    const char *end = memchr(data, '\n', len);
    if (!end && len >= PMI_REQUEST_MAX)
        return err_set(e, ERR_INVALID, "PMI: a line without an end");
    if (!end)
        return 0;
    *ret_from = 0;
    *ret_len = (size_t)(end - data);
    return *ret_len >= PMI_REQUEST_MAX ? err_set(e, ERR_INVALID, "PMI: a line without an end")
                                       : (int)*ret_len + 1;
}

static int find_2(const char *data, size_t len, size_t *ret_from, size_t *ret_len, struct err *e)
{
    size_t n = 0;
    if (len < LENGTH_DIGITS)
        return 0;
    for (size_t i = 0; i < LENGTH_DIGITS; i++)
        if (data[i] >= '0' && data[i] <= '9')
            n = n * 10 + (size_t)(data[i] - '0');
        else if (data[i] != ' ')
            return err_set(e, ERR_INVALID, "PMI: a request does not begin with its length");
    if (n == 0 || n > PMI_REQUEST_MAX)
        return err_set(e, ERR_INVALID, "PMI: a request of %zu bytes", n);
    *ret_from = LENGTH_DIGITS;
    *ret_len = n;
    return len < LENGTH_DIGITS + n ? 0 : (int)(LENGTH_DIGITS + n);
}

int pmi_parse(enum pmi_wire wire, const char *data, size_t len, struct pmi_request *ret, struct err *e)
{
    size_t from = 0, n = 0;
    int used = wire == PMI_1 ? find_1(data, len, &from, &n, e) : find_2(data, len, &from, &n, e);
    if (used <= 0)
        return used;
    ret->n = 0;
    ret->text = mem_strndup(data + from, n);
    int rc = wire == PMI_1 ? split_1(ret, e) : split_2(ret, e);
    if (rc < 0)
        pmi_request_release(ret);
    return rc < 0 ? rc : used;
}

void pmi_request_release(struct pmi_request *r)
{
    mem_free(r->text);
    r->text = NULL;
    r->n = 0;
}

const char *pmi_word(const struct pmi_request *r, const char *key)
{
    for (size_t i = 0; i < r->n; i++)
        if (strcmp(r->words[i].key, key) == 0)
            return r->words[i].value;
    return NULL;
}

static void add_pair(enum pmi_wire wire, struct buf *out, const char *key, const char *value)
{
    if (wire == PMI_1) {
        buf_addf(out, "%s%s=%s", out->len ? " " : "", key, value);
        return;
    }
    buf_addf(out, "%s=", key);
    for (const char *c = value; *c; c++) {
        buf_addc(out, *c);
        if (*c == ';')
            buf_addc(out, ';');
    }
    buf_addc(out, ';');
}

void pmi_answer(enum pmi_wire wire, struct buf *out, const char *command, ...)
{
    struct buf body = BUF_INIT;
    const char *key;
    va_list ap;

    add_pair(wire, &body, "cmd", command);
    va_start(ap, command);
    while ((key = va_arg(ap, const char *))) {
        const char *value = va_arg(ap, const char *);
        if (value)
            add_pair(wire, &body, key, value);
    }
    va_end(ap);
    if (wire == PMI_2)
        buf_addf(out, "%-*zu", LENGTH_DIGITS, body.len);
    buf_add(out, body.s, body.len);
    if (wire == PMI_1)
        buf_addc(out, '\n');
    buf_release(&body);
}
