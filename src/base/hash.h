/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hash: numbers that spread bytes over 64 bits, and random numbers as an input.
 *
 * The hash is FNV-1a followed by the finaliser of splitmix64. The same bytes give the same number on every
 * machine and in every version. It withstands no attacker: never use it to authenticate anything.
 *
 * Randomness: whoever needs it takes a seed from its caller, so that every run can be repeated.
 */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

uint64_t hash_bytes(const void *p, size_t len);
uint64_t hash_text(const char *s);
uint64_t hash_text_nocase(const char *s); /* equal for texts that differ only in the case of ASCII letters */
uint64_t hash_u64(uint64_t v);            /* splitmix64's finaliser: a bijection */

/* splitmix64: advances *seed and gives the next of 2^64 numbers. */
uint64_t rand_next(uint64_t *seed);
/* A number from 0 to n-1; n > 0. */
uint64_t rand_below(uint64_t *seed, uint64_t n);

#endif
