/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signame: names and numbers of signals, as Linux has them on x86-64, arm64, riscv64 and ppc64.
 */
#ifndef BASE_SIGNAME_H
#define BASE_SIGNAME_H

#include "base/err.h"

enum { SIGNAME_MAX = 64 }; /* the largest number */

/* "USR1", "SIGUSR1", "usr1", "10"; ERR_INVALID for anything else, 0 included. */
int signame_parse(const char *text, int *ret, struct err *e);
/* "USR1"; NULL for numbers without a name of their own. */
const char *signame_text(int number);

#endif
