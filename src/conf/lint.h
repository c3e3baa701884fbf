/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lint: what is wrong, doubtful or without effect in a configuration, before any daemon reads it.
 */
#ifndef CONF_LINT_H
#define CONF_LINT_H

#include "conf/conf.h"

/*
 * Loads `path` as the daemons would and adds what they accept but hardly anybody means. Every finding is in
 * *msgs, sorted by file and line; the counts are there too. Returns 0 when there is no error, else -1. Text
 * for people: lint_text.
 */
int conf_lint(const struct conf_source *source, const char *path, struct conf_messages *msgs);
/* One finding a line and a last line with the counts. */
void conf_lint_text(const struct conf_messages *msgs, struct buf *out);

#endif
