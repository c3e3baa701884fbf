/* SPDX-License-Identifier: Apache-2.0 */
/*
 * journal_sqlite: port/journal.h in one SQLite file (WAL, synchronous=FULL), FOLDER/journal.db.
 *
 * FOLDER/journal.lock is held while it is open: a second controller on the same folder is refused.
 */
#ifndef OS_JOURNAL_SQLITE_H
#define OS_JOURNAL_SQLITE_H

#include "port/journal.h"

/* Opens or makes it and raises the term. A damaged or foreign file is an error that names it. */
struct journal *journal_sqlite_open(const char *folder, struct err *e);

#endif
