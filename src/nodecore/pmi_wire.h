/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pmi_wire: the two encodings of PMI requests and answers.
 *
 * PMI-1: "cmd=put kvsname=k key=a value=b\n", a line of words. PMI-2: six characters with the length, then
 * "cmd=kvs-put;key=a;value=b;", where a semicolon of a value is written twice. A PMI-2 client says hello in
 * PMI-1. Both are described in MPICH's documentation of its process manager interface.
 */
#ifndef NODECORE_PMI_WIRE_H
#define NODECORE_PMI_WIRE_H

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

enum pmi_wire { PMI_1 = 1, PMI_2 = 2 };
enum {
    PMI_REQUEST_MAX = 64 << 10, /* bytes of one request */
    PMI_WORDS_MAX = 32,
};

struct pmi_request {
    char *text; /* owned; the words point into it */
    size_t n;
    struct {
        const char *key, *value;
    } words[PMI_WORDS_MAX];
};

/* The first request in the data: its length in bytes; 0 when more must come; negative when it is not PMI.
 * Release what a positive result gave. */
int pmi_parse(enum pmi_wire wire, const char *data, size_t len, struct pmi_request *ret, struct err *e);
void pmi_request_release(struct pmi_request *r);
const char *pmi_word(const struct pmi_request *r, const char *key); /* NULL when absent */

/* Adds an answer: pairs of key and value follow, then NULL. A pair whose value is NULL is left out. */
void pmi_answer(enum pmi_wire wire, struct buf *out, const char *command, ...) __attribute__((sentinel));

#endif
