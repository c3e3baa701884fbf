/* SPDX-License-Identifier: Apache-2.0 */
/*
 * meta: records described by tables, and what can be done with any of them.
 *
 * tools/schema_gen.py turns the files of schema/ into C structs (model.h) and constant descriptor tables
 * (model.c). The walkers below interpret the tables: nothing is written per record. Kinds and their text,
 * JSON and wire forms are specified in doc/spec/02-schema.md.
 *
 * Wire and journal use the protobuf wire format. A field that equals its default is not written; an unknown
 * tag is skipped; a tag is never given to another field. So versions can mix.
 */
#ifndef META_META_H
#define META_META_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bits.h"
#include "base/buf.h"
#include "base/err.h"

/* "Not given" and "no limit", for every 32- and 64-bit number that may be so (kinds *_opt, minutes). */
#define NO_VAL     UINT32_C(0xfffffffe)
#define INFINITE   UINT32_C(0xffffffff)
#define NO_VAL64   UINT64_C(0xfffffffffffffffe)
#define INFINITE64 UINT64_C(0xffffffffffffffff)
#define NO_VAL16   UINT16_C(0xfffe)
#define INFINITE16 UINT16_C(0xffff)

enum meta_kind {
    META_BOOL,    /* bool */
    META_TRI,     /* uint16_t: 0, 1 or NO_VAL16 (not given); default NO_VAL16 */
    META_U16,     /* uint16_t */
    META_U32,     /* uint32_t, default 0 */
    META_U64,     /* uint64_t, default 0 */
    META_I32,     /* int32_t (zigzag on the wire) */
    META_I64,     /* int64_t */
    META_F64,     /* double */
    META_U16_OPT, /* uint16_t, default NO_VAL16 */
    META_U32_OPT, /* uint32_t, default NO_VAL; INFINITE allowed */
    META_U64_OPT, /* uint64_t, default NO_VAL64; INFINITE64 allowed */
    META_TIME,    /* int64_t: seconds since 1970, 0 = unset; text as Slurm prints times */
    META_MINUTES, /* uint32_t: time limit; default NO_VAL; INFINITE = UNLIMITED; text D-HH:MM:SS */
    META_SECONDS, /* uint32_t: a duration; default 0; text D-HH:MM:SS */
    META_MB,      /* uint64_t: MiB; default NO_VAL64; text with unit */
    META_UID,     /* uint32_t, default NO_VAL; JSON and wire as number */
    META_GID,     /* uint32_t, default NO_VAL */
    META_ENUM,    /* uint32_t; names from .enums */
    META_FLAGS,   /* uint64_t; names from .enums, each value one bit */
    META_STR,     /* char *, NULL = unset (an empty text is a value of its own) */
    META_HOSTS,   /* char *: a hostlist in its compressed form */
    META_TRES,    /* char *: "cpu=4,mem=100M,gres/gpu=2" */
    META_BYTES,   /* struct meta_bytes */
    META_BITS,    /* struct bits (base/bits.h): a set of small numbers; text "0-3,7" */
    META_REC,     /* struct X *, owned, NULL = absent */
    META_REF,     /* struct X *: a shared record (base/shared.h); copies take a reference */
    META_STRS,    /* struct meta_strs: list of texts */
    META_U32S,    /* struct meta_u32s: list of numbers (packed on the wire) */
    META_RECS,    /* struct meta_recs: list of records, stored one after the other */
    META_KIND_COUNT,
};

struct meta_bytes {
    uint8_t *v;
    uint32_t n;
};
struct meta_strs {
    char **v;
    uint32_t n;
};
struct meta_u32s {
    uint32_t *v;
    uint32_t n;
};
/* In generated structs the element type is the real one: struct { struct X *v; uint32_t n; }. */
struct meta_recs {
    void *v;
    uint32_t n;
};

struct meta_enum_name {
    uint64_t value;
    const char *name; /* as Slurm prints it: "PENDING" */
    const char *alt;  /* the short form ("PD"), or NULL */
    const char *json; /* the name in REST documents when it differs, or NULL */
    const char *help; /* a sentence, or NULL */
};
struct meta_enum {
    const char *name;
    const struct meta_enum_name *names;
    uint32_t n;
};

struct meta_field {
    const char *name; /* the C name */
    const char *kv;   /* Key in Key=Value output and in updates, or NULL */
    const char *json; /* key in JSON, or NULL: not shown */
    const char *help; /* a sentence, or NULL */
    uint16_t tag;     /* 1 to 8191 */
    uint8_t kind;     /* enum meta_kind */
    uint8_t flags;    /* META_F_* */
    uint32_t offset;  /* in the struct */
    uint64_t max;     /* largest text length, list count or number that is accepted; 0 = the kind's own */
    const struct meta_enum *enums; /* ENUM, FLAGS */
    const struct meta_record *sub; /* REC, REF, RECS */
};
enum {
    META_F_SECRET = 1,   /* never printed or logged (keys, tokens) */
    META_F_VOLATILE = 2, /* not compared by meta_equal_durable: times of last contact and the like */
};

struct meta_owned {
    uint16_t field, offset; /* index and place: most are empty, and this alone tells which */
};

struct meta_record {
    const char *name;
    const char *help;
    const struct meta_field *fields; /* ascending by tag */
    uint32_t n;
    uint32_t size;                  /* sizeof the struct */
    bool shared;                    /* begins with struct shared */
    const struct meta_owned *owned; /* the fields that own memory */
    uint32_t owned_n;
    const void *blank; /* the record with every field at its default */
};

/* Limits of every decoder: beyond them input is refused before memory is taken. */
enum {
    META_TEXT_MAX = 4 << 20, /* bytes of one text unless the field says otherwise */
    META_LIST_MAX = 1 << 20, /* members of one list */
    META_DEPTH_MAX = 8,      /* nesting of records */
};

/* --- life --------------------------------------------------------------------------------------------- */
void meta_init(const struct meta_record *r, void *rec);    /* every field its default; shared count 1 */
void meta_release(const struct meta_record *r, void *rec); /* frees what the record owns, then as meta_init */
void *meta_new(const struct meta_record *r);
/* NULL allowed; a shared record drops one reference. */
void meta_free(const struct meta_record *r, void *rec);
/* dst is uninitialised. Deep, except REF: a further reference. */
void meta_copy(const struct meta_record *r, void *dst, const void *src);
void *meta_dup(const struct meta_record *r, const void *src);
/* Gives one field of dst the value that it has in src: a copy of what it owns, REF by reference. */
void meta_copy_field(const struct meta_field *f, void *dst, const void *src);
/* Appends a default record to a RECS list and gives its address. */
void *meta_recs_push(const struct meta_record *sub, void *list);
/* dst is empty, or what it held belongs to somebody else now. */
void meta_recs_copy(const struct meta_record *sub, void *dst_list, const void *src_list);
void meta_strs_push(struct meta_strs *l, const char *s);
void meta_u32s_push(struct meta_u32s *l, uint32_t v);
void meta_bytes_set(struct meta_bytes *b, const void *p, size_t n);

/* --- wire --------------------------------------------------------------------------------------------- */
void meta_encode(const struct meta_record *r, const void *rec, struct buf *out);
/*
 * Only some fields of some records: of a record that a mask names only the fields of the mask are written, at
 * any depth; records without a mask are written whole.
 */
struct meta_mask {
    const struct meta_record *record;
    uint16_t *fields; /* indexes of fields, ascending; owned */
    uint32_t n;
};
void meta_mask_init(struct meta_mask *m, const struct meta_record *r, const struct meta_u32s *tags);
void meta_mask_release(struct meta_mask *m);
void meta_encode_fields(const struct meta_record *r, const void *rec, const struct meta_mask *masks,
                        uint32_t masks_n, struct buf *out);
/* rec is initialised here; on failure it is left at defaults (nothing to release). */
int meta_decode(const struct meta_record *r, void *rec, const void *data, size_t len, struct err *e);
/* The same with everything that the record points to in the arena: it is only to be read, never released, and
 * goes with the arena. For long lists that are looked at once. */
struct arena;
int meta_decode_in(struct arena *a, const struct meta_record *r, void *rec, const void *data, size_t len,
                   struct err *e);

/* --- comparison --------------------------------------------------------------------------------------- */
bool meta_equal(const struct meta_record *r, const void *a, const void *b);
/* The same without META_F_VOLATILE fields. */
bool meta_equal_durable(const struct meta_record *r, const void *a, const void *b);
/* One line a difference, "path: old -> new". Adds nothing when equal. */
void meta_diff(const struct meta_record *r, const void *a, const void *b, struct buf *out);

/* --- text --------------------------------------------------------------------------------------------- */
/* Value as Key=Value output shows it (without the key). */
void meta_text(const struct meta_field *f, const void *rec, struct buf *out);
/* Sets one field from text, as an update command gives it. */
int meta_parse(const struct meta_field *f, void *rec, const char *text, struct err *e);
/* "key=value key=value", every field with a kv name. */
void meta_kv(const struct meta_record *r, const void *rec, struct buf *out);
/* JSON object of every field with a json name, in REST form: numbers that may be unset are {set, infinite,
 * number}. */
void meta_json(const struct meta_record *r, const void *rec, struct buf *out);
void meta_json_string(const char *s, struct buf *out); /* quoted and escaped; NULL gives "" */
/* For gdb and logs: every non-default field, one a line; secrets as "(hidden)". */
void meta_dump(const struct meta_record *r, const void *rec, struct buf *out);

const struct meta_field *meta_find(const struct meta_record *r, const char *name);   /* by C name */
const struct meta_field *meta_find_kv(const struct meta_record *r, const char *key); /* ignoring case */
const char *meta_enum_text(const struct meta_enum *e, uint64_t value);               /* NULL when unknown */
/* By name or alt, ignoring case. */
bool meta_enum_value(const struct meta_enum *e, const char *text, uint64_t *ret_value);
void meta_flags_text(const struct meta_enum *e, uint64_t flags, const char *sep, struct buf *out);

/* --- tests -------------------------------------------------------------------------------------------- */
/* A random valid record, from a seed; the same seed gives the same record. */
void meta_random(const struct meta_record *r, void *rec, uint64_t *seed);

#endif
