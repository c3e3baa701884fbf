/* SPDX-License-Identifier: Apache-2.0 */
/* yamltree.h: libyaml reads; what becomes of its document is a tree of ours, whatever the document refers to.
 */
#include "conf/yamltree.h"

#include <yaml.h>

#include "base/bits.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"

enum { DEPTH_MAX = 32 };

struct builder {
    yaml_document_t *doc;
    struct bits seen; /* a node that comes again was referred to: trees of such grow without end */
    uint32_t depth;
    struct err *e;
};

static int bad(struct err *e, const char *what, yaml_mark_t at)
{
    return err_set(e, 1, "%s, line: %zu, column: %zu", what, at.line + 1, at.column + 1);
}

static int build(struct builder *b, int id, struct yaml *ret);

static const char *scalar(const yaml_node_t *n)
{
    return (const char *)n->data.scalar.value;
}

static bool is_null(const yaml_node_t *n)
{
    const char *text = scalar(n);
    return n->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
           (!*text || text_same(text, "~") || text_same_nocase(text, "null"));
}

static int build_scalar(struct builder *b, const yaml_node_t *n, struct yaml *ret)
{
    if (memchr(scalar(n), '\0', n->data.scalar.length))
        return bad(b->e, "zero byte in a string", n->start_mark);
    if (!is_null(n)) {
        ret->kind = YAML_SCALAR;
        ret->text = mem_strdup(scalar(n));
    }
    return 0;
}

static int build_list(struct builder *b, const yaml_node_t *n, struct yaml *ret)
{
    int rc = 0;
    ret->kind = YAML_LIST;
    for (yaml_node_item_t *i = n->data.sequence.items.start; rc == 0 && i < n->data.sequence.items.top; i++) {
        struct yaml value = {0};
        rc = build(b, *i, &value);
        *VEC_PUSH(&ret->entries) = (struct yaml_entry){.value = value};
    }
    return rc;
}

static int build_map(struct builder *b, const yaml_node_t *n, struct yaml *ret)
{
    int rc = 0;
    ret->kind = YAML_MAP;
    for (yaml_node_pair_t *p = n->data.mapping.pairs.start; rc == 0 && p < n->data.mapping.pairs.top; p++) {
        const yaml_node_t *key = yaml_document_get_node(b->doc, p->key);
        struct yaml value = {0};
        if (key->type != YAML_SCALAR_NODE)
            return bad(b->e, "a key that is no string", key->start_mark);
        rc = build(b, p->value, &value);
        *VEC_PUSH(&ret->entries) = (struct yaml_entry){.key = mem_strdup(scalar(key)), .value = value};
    }
    return rc;
}

static int build(struct builder *b, int id, struct yaml *ret)
{
    const yaml_node_t *n = yaml_document_get_node(b->doc, id);
    ret->line = (uint32_t)n->start_mark.line + 1;
    if (bits_test(&b->seen, (uint32_t)id))
        return bad(b->e, "aliases are not supported", n->start_mark);
    bits_set(&b->seen, (uint32_t)id);
    if (b->depth == DEPTH_MAX)
        return bad(b->e, "exceeded the maximum depth", n->start_mark);
    b->depth++;
    int rc = n->type == YAML_SEQUENCE_NODE  ? build_list(b, n, ret)
             : n->type == YAML_MAPPING_NODE ? build_map(b, n, ret)
                                            : build_scalar(b, n, ret);
    b->depth--;
    return rc;
}

static int read_document(yaml_parser_t *parser, struct yaml *ret, struct err *e)
{
    yaml_document_t doc;
    if (!yaml_parser_load(parser, &doc))
        return bad(e, parser->problem ? parser->problem : "out of memory", parser->problem_mark);
    struct builder b = {.doc = &doc, .e = e};
    int rc = yaml_document_get_root_node(&doc) ? build(&b, 1, ret) : 0;
    bits_release(&b.seen);
    yaml_document_delete(&doc);
    return rc;
}

int yaml_parse(const char *text, struct yaml *ret, struct err *e)
{
    yaml_parser_t parser;
    *ret = (struct yaml){.line = 1};
    if (!yaml_parser_initialize(&parser))
        return err_set(e, 1, "out of memory");
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, strlen(text));
    int rc = read_document(&parser, ret, e);
    yaml_parser_delete(&parser);
    if (rc < 0)
        yaml_release(ret);
    return rc;
}

void yaml_release(struct yaml *y)
{
    for (uint32_t i = 0; i < y->entries.n; i++) {
        mem_free(y->entries.v[i].key);
        yaml_release(&y->entries.v[i].value);
    }
    VEC_FREE(&y->entries);
    mem_free(y->text);
    *y = (struct yaml){0};
}

const struct yaml *yaml_get(const struct yaml *map, const char *key)
{
    for (uint32_t i = 0; map->kind == YAML_MAP && i < map->entries.n; i++)
        if (text_same(map->entries.v[i].key, key))
            return &map->entries.v[i].value;
    return NULL;
}

const char *yaml_kind_text(const struct yaml *y)
{
    static const char *const names[] = {"null", "string", "list", "dictionary"};
    return names[y->kind];
}
