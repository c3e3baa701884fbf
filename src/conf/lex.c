/* SPDX-License-Identifier: Apache-2.0 */
/* Lines and pairs of a configuration text. */
#include "conf/lex.h"

#include "base/text.h"

void lex_init(struct lex *l, const char *text)
{
    *l = (struct lex){.next = text, .text = BUF_INIT};
}

void lex_release(struct lex *l)
{
    buf_release(&l->text);
}

/* Adds one physical line, without its comment; true when a backslash continues it. */
static bool physical_line(struct lex *l)
{
    bool comment = false;
    size_t start = l->text.len;
    const char *s = l->next;
    for (; *s && *s != '\n'; s++) {
        if (s[0] == '\\' && s[1] == '#' && !comment)
            buf_addc(&l->text, *++s);
        else if (*s == '#')
            comment = true;
        else if (!comment)
            buf_addc(&l->text, *s);
    }
    l->next = *s ? s + 1 : s;
    l->ended++;
    size_t len = l->text.len;
    if (len > start && l->text.s[len - 1] == '\r')
        len--;
    bool more = !comment && len > start && l->text.s[len - 1] == '\\' && *l->next;
    buf_truncate(&l->text, len > start && l->text.s[len - 1] == '\\' && !comment ? len - 1 : len);
    return more;
}

bool lex_line(struct lex *l)
{
    while (*l->next) {
        buf_clear(&l->text);
        l->line = l->ended + 1;
        while (physical_line(l)) {
        }
        buf_truncate(&l->text, text_trimmed_len(l->text.s, l->text.len));
        if (*text_skip_space(l->text.s))
            return true;
    }
    return false;
}

void lex_pair_release(struct lex_pair *p)
{
    buf_release(&p->key);
    buf_release(&p->value);
}

static bool is_key_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || text_is_digit(c) || c == '_' || c == '.';
}

int lex_pair(const char **at, struct lex_pair *p)
{
    const char *s = text_skip_space(*at), *start = s;
    buf_clear(&p->key);
    buf_clear(&p->value);
    if (!*s)
        return 0;
    while (is_key_char(*s))
        s++;
    if (s == start)
        return -1;
    buf_add(&p->key, start, (size_t)(s - start));
    s = text_skip_space(s);
    if (*s != '=')
        return -1;
    s = text_skip_space(s + 1);
    start = s;
    if (*s == '"') {
        for (start = ++s; *s && *s != '"'; s++) {
        }
        if (!*s || (s[1] && !text_is_space(s[1])))
            return -1;
        buf_add(&p->value, start, (size_t)(s - start));
        s++;
    } else {
        while (*s && !text_is_space(*s))
            s++;
        if (s == start)
            return -1;
        buf_add(&p->value, start, (size_t)(s - start));
    }
    *at = s;
    return 1;
}
