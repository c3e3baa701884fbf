/* SPDX-License-Identifier: Apache-2.0 */
/* A recursive-descent reader of constraint.h's expressions: expr := term (('&' | ',' | '|') term)*, which
 * binds from left to right, term := name['*'n] | '(' expr ')'. */
#include "sched/constraint.h"

#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "model.h"
#include "model/errors.h"

enum { NAME_LEN_MAX = 256, DEPTH_MAX = 16, COUNT_NODES_MAX = 1 << 24 };

struct reader {
    const char *at;
    const char *have;                           /* a node's features, for matching */
    bool (*known)(void *arg, const char *name); /* for checking */
    void *arg;
    bool bad;
    char unknown[NAME_LEN_MAX];
    int depth;
};

static bool list_has(const char *list, const char *name)
{
    size_t n = strlen(name);
    for (const char *s = list; s && *s;) {
        const char *end = strchr(s, ',');
        size_t len = end ? (size_t)(end - s) : strlen(s);
        if (len == n && memcmp(s, name, n) == 0)
            return true;
        s = end ? end + 1 : NULL;
    }
    return false;
}

static bool read_expr(struct reader *r);

static bool read_name(struct reader *r)
{
    char name[NAME_LEN_MAX];
    size_t n = strcspn(r->at, "&|,()[]*");
    if (n == 0 || n >= sizeof name) {
        r->bad = true;
        return false;
    }
    memcpy(name, r->at, n);
    name[n] = '\0';
    r->at += n;
    if (*r->at == '*') {
        r->at++;
        size_t digits = strspn(r->at, "0123456789");
        r->bad |= digits == 0;
        r->at += digits;
    }
    if (r->known && !r->unknown[0] && !r->known(r->arg, name))
        memcpy(r->unknown, name, n + 1);
    return list_has(r->have, name);
}

static bool read_term(struct reader *r)
{
    if (*r->at != '(' && *r->at != '[')
        return read_name(r);
    char close = *r->at == '(' ? ')' : ']';
    if (++r->depth > DEPTH_MAX) {
        r->bad = true;
        return false;
    }
    r->at++;
    bool ok = read_expr(r);
    r->depth--;
    if (*r->at == close)
        r->at++;
    else
        r->bad = true;
    if (*r->at == '*')
        r->at += 1 + strspn(r->at + 1, "0123456789");
    return ok;
}

static bool read_expr(struct reader *r)
{
    bool ok = read_term(r);
    while (!r->bad && *r->at && strchr("&,|", *r->at)) {
        char op = *r->at++;
        if (!*r->at) /* "amd&" is "amd" */
            break;
        bool term = read_term(r);
        ok = op == '|' ? ok || term : ok && term;
    }
    return ok;
}

/* What stands between two brackets: every one of the terms has a count, or none has and they are
 * alternatives. */
struct group {
    uint32_t terms, counts;
    bool has_or;
};

static bool group_ok(const struct group *g)
{
    if (g->counts)
        return g->counts == g->terms && !g->has_or;
    return g->terms == 1 || g->has_or;
}

/* Brackets and parentheses hold none of their kind; counts are those of the terms in brackets, or that of a
 * name alone. */
static bool form_ok(const char *expr)
{
    struct group g = {0};
    bool paren = false, bracket = false;
    for (const char *s = expr; *s; s++) {
        switch (*s) {
        case '(':
        case '[':
            if (paren || (*s == '[' && bracket))
                return false;
            *(*s == '(' ? &paren : &bracket) = true;
            if (*s == '[')
                g = (struct group){.terms = 1};
            break;
        case ')':
            paren = false;
            break;
        case ']':
            bracket = false;
            if (!group_ok(&g))
                return false;
            break;
        case '&':
        case ',':
            g.terms += !paren;
            break;
        case '|':
            g.terms += !paren;
            g.has_or |= !paren;
            break;
        case '*':
            g.counts++;
            if (paren || (!bracket && strpbrk(expr, "&|,()[]")) || s[1 + strspn(s + 1, "0")] < '1' ||
                s[1 + strspn(s + 1, "0")] > '9')
                return false;
            break;
        default:
            break;
        }
    }
    return true;
}

bool constraint_match(const char *expr, const char *node_features)
{
    if (!expr || !*expr)
        return true;
    struct reader r = {.at = expr, .have = node_features};
    return read_expr(&r) && !r.bad;
}

int constraint_check(const char *expr, int code, bool (*known)(void *, const char *), void *arg,
                     struct err *e)
{
    if (!expr || !*expr)
        return 0;
    struct reader r = {.at = expr, .known = known, .arg = arg};
    read_expr(&r);
    if (r.bad || *r.at)
        return err_set(e, code, "%s\n'%s' cannot be read from '%s' on", error_text(code), expr, r.at);
    if (!form_ok(expr))
        return err_set(e, code, "%s\n'%s': only terms in one pair of brackets have counts, and all of them",
                       error_text(code), expr);
    if (known && r.unknown[0])
        return err_set(e, code, "%s\nno node has the feature '%s'", error_text(code), r.unknown);
    return 0;
}

/* Where a term of counted ones ends: at the '&' or ',' outside of parentheses. */
static size_t term_length(const char *s)
{
    size_t n = 0;
    for (int depth = 0; s[n] && (depth || (s[n] != '&' && s[n] != ',')); n++)
        depth += (s[n] == '(') - (s[n] == ')');
    return n;
}

/* "PREFIX[a*2&b*1]SUFFIX", or "a*2" as it stands. */
static void split_counts(const char *expr, const char *open, const char *close,
                         struct constraint_alternative *ret)
{
    const char *body = open ? open + 1 : expr, *end = open ? close : expr + strlen(expr);
    struct buf any = BUF_INIT;
    for (const char *at = body; at < end;) {
        size_t n = term_length(at);
        if (at + n > end)
            n = (size_t)(end - at);
        const char *star = memchr(at, '*', n);
        int name = (int)(star ? (size_t)(star - at) : n);
        uint32_t nodes = 0;
        for (const char *d = star; d && *++d >= '0' && *d <= '9' && nodes < COUNT_NODES_MAX;)
            nodes = nodes * 10 + (uint32_t)(*d - '0');
        *VEC_PUSH(&ret->terms) =
            (struct constraint_term){.expr = buf_format("%.*s(%.*s)%s", open ? (int)(open - expr) : 0, expr,
                                                        name, at, open ? close + 1 : ""),
                                     .nodes = nodes};
        buf_addf(&any, "%s%.*s", any.len ? "|" : "", name, at);
        at += n + (at[n] == '&' || at[n] == ',');
    }
    ret->expr = buf_format("%.*s(%s)%s", open ? (int)(open - expr) : 0, expr, any.s, open ? close + 1 : "");
    buf_release(&any);
}

int constraint_split(const char *expr, struct constraint_alternatives *ret, struct err *e)
{
    const char *open = expr ? strchr(expr, '[') : NULL, *close = open ? strchr(open, ']') : NULL;
    bool counted = expr && strchr(expr, '*') && !open == !close;
    if (!close || counted) {
        if (ret->n == CONSTRAINT_ALTERNATIVES_MAX)
            return err_set(e, ESLURM_INVALID_FEATURE, "too many alternatives");
        struct constraint_alternative *one = &ret->v[ret->n++];
        *one = (struct constraint_alternative){0};
        if (counted)
            split_counts(expr, open, close, one);
        else
            one->expr = mem_strdup(expr ? expr : "");
        return 0;
    }
    struct text_list inner = {0};
    char *body = mem_strndup(open + 1, (size_t)(close - open - 1));
    text_split(&inner, body, '|');
    mem_free(body);
    int r = 0;
    if (inner.n == 0 || inner.n > CONSTRAINT_ALTERNATIVES_MAX - ret->n)
        r = err_set(e, ESLURM_INVALID_FEATURE, "'%s' has %u alternatives", expr, inner.n);
    for (uint32_t i = 0; r == 0 && i < inner.n; i++)
        ret->v[ret->n++] = (struct constraint_alternative){
            .expr = buf_format("%.*s(%s)%s", (int)(open - expr), expr, inner.v[i], close + 1)};
    text_list_release(&inner);
    return r;
}

void constraint_release(struct constraint_alternatives *a)
{
    for (uint32_t i = 0; i < a->n; i++) {
        struct constraint_alternative *one = &a->v[i];
        for (uint32_t k = 0; k < one->terms.n; k++)
            mem_free(one->terms.v[k].expr);
        VEC_FREE(&one->terms);
        mem_free(one->expr);
    }
    a->n = 0;
}
