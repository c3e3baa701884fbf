/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sizetext: amounts of memory and other large numbers as users write them and Slurm prints them. Memory is
 * counted in MiB.
 */
#ifndef BASE_SIZETEXT_H
#define BASE_SIZETEXT_H

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

/* "100" (MiB), "100K", "100M", "2G", "1T", "1P", ignoring case, "KB" and so on too; a part of a MiB counts as
 * a whole one. Refused: signs, fractions, white space, anything of 2^60 MiB or more. */
int size_parse_mib(const char *text, uint64_t *ret, struct err *e);
/* The same in bytes, for texts whose plain numbers are in units of `unit` bytes (1024 for --bb and files);
 * below 2^63. */
int size_parse_bytes(const char *text, uint64_t unit, uint64_t *ret, struct err *e);

/* "100M", "62.50G", "1.50T", "0": the largest unit in which the number is whole or a half at every step, as
 * squeue and scontrol print it (so 64000 MiB is 62.50G, and 2000 MiB stays 2000M). */
void size_add_mib(struct buf *out, uint64_t mib);
/* The same for a number that counts units of `from`: 'B' (printed without a letter) or one of "KMGTP". */
void size_add_units(struct buf *out, uint64_t number, char from);

#endif
