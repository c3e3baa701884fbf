/* SPDX-License-Identifier: Apache-2.0 */
/* meta.h: records come into being, are copied and go. */
#include "meta/kind.h"

#include "base/mem.h"
#include "base/shared.h"

void meta_init(const struct meta_record *r, void *rec)
{
    memcpy(rec, r->blank, r->size);
}

static void strs_release(struct meta_strs *l)
{
    for (uint32_t i = 0; i < l->n; i++)
        mem_free(l->v[i]);
    mem_free(l->v);
    *l = (struct meta_strs){0};
}

static void release_owned(const struct meta_record *r, void *rec);

static void recs_release(const struct meta_record *sub, struct meta_recs *l)
{
    for (uint32_t i = 0; i < l->n; i++)
        release_owned(sub, member_in(sub, l->v, i));
    mem_free(l->v);
    *l = (struct meta_recs){0};
}

void meta_field_release(const struct meta_field *f, void *rec)
{
    void *p = field_in(f, rec);
    switch (meta_kind(f)->class) {
    case CLASS_NUMBER:
        number_store(meta_kind(f)->width, p, meta_kind(f)->unset);
        break;
    case CLASS_TEXT:
        mem_free(*(char **)p);
        *(char **)p = NULL;
        break;
    case CLASS_BYTES:
        meta_bytes_set(p, NULL, 0);
        break;
    case CLASS_BITS:
        bits_release(p);
        break;
    case CLASS_ONE:
        meta_free(f->sub, *(void **)p);
        *(void **)p = NULL;
        break;
    case CLASS_STRS:
        strs_release(p);
        break;
    case CLASS_U32S:
        mem_free(((struct meta_u32s *)p)->v);
        *(struct meta_u32s *)p = (struct meta_u32s){0};
        break;
    case CLASS_RECS:
        recs_release(f->sub, p);
        break;
    }
}

/* Every kind that owns memory begins with the pointer to it. */
static bool owns(const struct meta_owned *o, const void *rec)
{
    return *(void *const *)((const char *)rec + o->offset) != NULL;
}

/* Frees what the record owns, which goes itself then or begins anew. */
static void release_owned(const struct meta_record *r, void *rec)
{
    for (uint32_t i = 0; i < r->owned_n; i++)
        if (owns(&r->owned[i], rec))
            meta_field_release(&r->fields[r->owned[i].field], rec);
}

void meta_release(const struct meta_record *r, void *rec)
{
    release_owned(r, rec);
    meta_init(r, rec);
}

void *meta_new(const struct meta_record *r)
{
    return mem_dup(r->blank, r->size);
}

void meta_free(const struct meta_record *r, void *rec)
{
    if (!rec || (r->shared && !shared_drop(rec)))
        return;
    release_owned(r, rec);
    mem_free(rec);
}

static void strs_copy(struct meta_strs *dst, const struct meta_strs *src)
{
    *dst = (struct meta_strs){.v = src->n ? mem_array(src->n, sizeof *src->v) : NULL, .n = src->n};
    for (uint32_t i = 0; i < src->n; i++)
        dst->v[i] = mem_strdup(src->v[i]);
}

void meta_recs_copy(const struct meta_record *sub, void *dst_list, const void *src_list)
{
    struct meta_recs *dst = dst_list;
    const struct meta_recs *src = src_list;

    *dst = (struct meta_recs){.v = src->n ? mem_array(src->n, sub->size) : NULL, .n = src->n};
    for (uint32_t i = 0; i < src->n; i++)
        meta_copy(sub, member_in(sub, dst->v, i), member_in(sub, src->v, i));
}

/* dst holds the bytes of src: what it owns is copied. */
static void field_own(const struct meta_field *f, void *dst)
{
    void *p = field_in(f, dst);
    switch (meta_kind(f)->class) {
    case CLASS_TEXT:
        *(char **)p = mem_strdup(*(char **)p);
        break;
    case CLASS_BYTES: {
        struct meta_bytes *b = p;
        b->v = b->n ? mem_dup(b->v, b->n) : NULL;
        break;
    }
    case CLASS_BITS: {
        struct bits old = *(struct bits *)p;
        *(struct bits *)p = (struct bits){0};
        bits_copy(p, &old);
        break;
    }
    case CLASS_ONE:
        if (f->kind == META_REC)
            *(void **)p = meta_dup(f->sub, *(void **)p);
        else if (*(void **)p)
            shared_keep(*(struct shared **)p);
        break;
    case CLASS_STRS: {
        struct meta_strs old = *(struct meta_strs *)p;
        strs_copy(p, &old);
        break;
    }
    case CLASS_U32S: {
        struct meta_u32s *l = p;
        l->v = l->n ? mem_dup(l->v, l->n * sizeof *l->v) : NULL;
        break;
    }
    case CLASS_RECS: {
        struct meta_recs old = *(struct meta_recs *)p;
        meta_recs_copy(f->sub, p, &old);
        break;
    }
    }
}

void meta_copy(const struct meta_record *r, void *dst, const void *src)
{
    /* Not the count: other threads may be changing it. */
    size_t head = r->shared ? sizeof(struct shared) : 0;
    memcpy((char *)dst + head, (const char *)src + head, r->size - head);
    if (r->shared)
        shared_init(dst);
    for (uint32_t i = 0; i < r->owned_n; i++)
        if (owns(&r->owned[i], dst))
            field_own(&r->fields[r->owned[i].field], dst);
}

static size_t field_size(const struct meta_field *f)
{
    switch (meta_kind(f)->class) {
    case CLASS_NUMBER:
        return meta_kind(f)->width;
    case CLASS_TEXT:
    case CLASS_ONE:
        return sizeof(void *);
    case CLASS_BYTES:
        return sizeof(struct meta_bytes);
    case CLASS_BITS:
        return sizeof(struct bits);
    case CLASS_STRS:
        return sizeof(struct meta_strs);
    case CLASS_U32S:
        return sizeof(struct meta_u32s);
    default:
        return sizeof(struct meta_recs);
    }
}

void meta_copy_field(const struct meta_field *f, void *dst, const void *src)
{
    if (dst == src)
        return;
    meta_field_release(f, dst);
    memcpy(field_in(f, dst), field_of(f, src), field_size(f));
    field_own(f, dst);
}

void *meta_dup(const struct meta_record *r, const void *src)
{
    if (!src)
        return NULL;
    void *dst = mem_alloc(r->size);
    meta_copy(r, dst, src);
    return dst;
}

/* Room for one more. The size is always rounded up to a power of two, so most calls find the block large
 * enough already, and a list that was allocated to measure can be extended too. */
static void *grow(void *v, uint32_t n, size_t size)
{
    REQUIRE(n < UINT32_MAX / 2);
    size_t room = 1;
    while (room <= n)
        room *= 2;
    return mem_realloc(v, room * size);
}

void *meta_recs_push(const struct meta_record *sub, void *list)
{
    struct meta_recs *l = list;
    l->v = grow(l->v, l->n, sub->size);
    void *member = member_in(sub, l->v, l->n++);
    meta_init(sub, member);
    return member;
}

void meta_strs_push(struct meta_strs *l, const char *s)
{
    l->v = grow(l->v, l->n, sizeof *l->v);
    l->v[l->n++] = mem_strdup(s ? s : "");
}

void meta_u32s_push(struct meta_u32s *l, uint32_t v)
{
    l->v = grow(l->v, l->n, sizeof *l->v);
    l->v[l->n++] = v;
}

void meta_bytes_set(struct meta_bytes *b, const void *p, size_t n)
{
    REQUIRE(n <= UINT32_MAX);
    uint8_t *old = b->v;
    b->v = n ? mem_dup(p, n) : NULL;
    b->n = (uint32_t)n;
    mem_free(old);
}
