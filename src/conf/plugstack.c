/* SPDX-License-Identifier: Apache-2.0 */
/* plugstack.h */
#include "conf/plugstack.h"

#include "base/mem.h"
#include "conf/reader.h"

struct stack_reader {
    struct plugstack *stack;
    struct conf_messages *msgs;
    bool failed;
};

void plugstack_release(struct plugstack *p)
{
    for (uint32_t i = 0; i < p->n; i++) {
        for (uint32_t k = 0; k < p->v[i].args.n; k++)
            mem_free(p->v[i].args.v[k]);
        mem_free(p->v[i].args.v);
        mem_free(p->v[i].path);
        mem_free(p->v[i].file);
    }
    mem_free(p->v);
    *p = (struct plugstack){0};
}

/* The words of a line; a word may be partly in quotes, which are not kept. */
static void split_words(const char *s, struct text_list *words)
{
    struct buf word = BUF_INIT;
    while (*(s = text_skip_space(s))) {
        char quote = 0;
        buf_clear(&word);
        for (; *s && (quote || !text_is_space(*s)); s++) {
            if (*s == quote)
                quote = 0;
            else if (!quote && (*s == '"' || *s == '\''))
                quote = *s;
            else
                buf_addc(&word, *s);
        }
        text_list_push(words, word.s);
    }
    buf_release(&word);
}

static void take_line(void *ctx, const struct conf_place *at, const char *line)
{
    struct stack_reader *r = ctx;
    struct text_list words = {0};
    split_words(line, &words);
    bool required = text_same_nocase(words.v[0], "required");
    if ((!required && !text_same_nocase(words.v[0], "optional")) || words.n < 2) {
        conf_messages_add(r->msgs, CONF_ERROR, at->file, at->line, "required|optional PATH [ARGUMENTS]",
                          "plugstack: invalid line: %s", line);
        r->failed = true;
    } else {
        struct plugstack_entry *entry = VEC_PUSH(r->stack);
        entry->required = required;
        entry->path = mem_strdup(words.v[1]);
        entry->file = mem_strdup(at->file);
        entry->line = at->line;
        for (uint32_t i = 2; i < words.n; i++)
            meta_strs_push(&entry->args, words.v[i]);
    }
    text_list_release(&words);
}

int plugstack_load(const struct conf_source *source, const char *path, struct plugstack *ret,
                   struct conf_messages *msgs, struct err *e)
{
    struct stack_reader r = {.stack = ret, .msgs = msgs};
    struct reader reader = {.source = source, .msgs = msgs, .take = take_line, .ctx = &r};
    *ret = (struct plugstack){0};
    int rc = reader_optional(&reader, path, e);
    if (rc == 0 && r.failed)
        rc = err_set(e, ERR_INVALID, "plugstack: %s has invalid lines", path);
    if (rc < 0)
        plugstack_release(ret);
    return rc;
}
