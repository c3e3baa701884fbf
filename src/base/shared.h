/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shared: a reference count at the head of a record that several threads read.
 *
 * A record that starts with `struct shared` is immutable once a second reference exists. Its writer (there is
 * one: the core thread) asks shared_sole() and copies first when the answer is no. The count is atomic, the
 * content is not: publication happens through the lock or queue that hands the reference over.
 */
#ifndef BASE_SHARED_H
#define BASE_SHARED_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct shared {
    _Atomic uint32_t refs; /* 1 after creation */
};

static inline void shared_init(struct shared *s)
{
    s->refs = 1;
}
static inline void shared_keep(struct shared *s)
{
    s->refs++;
}
/* True when that was the last reference: the caller frees the record. */
static inline bool shared_drop(struct shared *s)
{
    return --s->refs == 0;
}
static inline bool shared_sole(struct shared *s)
{
    return s->refs == 1;
}

/* A record that borrows all that a shared one holds, for an encoder that leaves something out. The count is
 * not read: other threads change it. */
#define BORROW_SHARED(dst, src)                                                                              \
    (shared_init(&(dst)->sh),                                                                                \
     memcpy((char *)(dst) + sizeof(struct shared), (const char *)(src) + sizeof(struct shared),              \
            sizeof *(dst) - sizeof(struct shared)))

#endif
