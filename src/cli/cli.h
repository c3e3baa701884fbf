/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli: what every command shares: its name in messages, the way to the controller, help and version texts.
 *
 * A command is one function in one file, called once by main.c; it returns the exit status of the process.
 * Memory that lives until then need not be released.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/text.h"
#include "model.h"
#include "client/client.h"

struct cli {
    const char *name; /* "squeue" */
    int argc;
    char **argv; /* argv[0] is the name */
    struct client_env env;
    struct client *ctld; /* NULL until cli_ctld() */
    bool env_loaded;
    unsigned verbose; /* count of -v */
    bool quiet;
};

/* "NAME: error: ...", "NAME: fatal: ..." and "NAME: ..." with a newline, on standard error. None ends the
 * process. */
void cli_error(const struct cli *cli, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void cli_fatal(const struct cli *cli, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void cli_info(const struct cli *cli, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void cli_verbose(const struct cli *cli, const char *fmt, ...)
    __attribute__((format(printf, 2, 3))); /* with -v */

/* The configuration; ends the process with Slurm's message when there is none. */
const struct client_env *cli_env(struct cli *cli);
/* The controller, not connected yet. Ends the process as cli_env() does. */
struct client *cli_ctld(struct cli *cli);
const char *cli_cluster(struct cli *cli);
/* --clusters: only the own cluster can be asked for, and only where accounting knows it. False after the
 * complaint. */
bool cli_knows_cluster(struct cli *cli, const char *names);

/* The text of an error as Slurm's tools print it: our first line only; cli_error_hint() is what follows it,
 * or NULL. */
const char *cli_error_line(const struct err *e, struct buf *scratch);
const char *cli_error_hint(const struct err *e);
/* Is a hint welcome: to a person at a terminal, or with -v? Programs that read our errors know Slurm's alone.
 */
bool cli_wants_hints(const struct cli *cli);

/* "slurm 26.05.0 (Sluice 0.1.0)" */
void cli_version(void);
/* After getopt_long has complained. */
int cli_try_help(const struct cli *cli);
/* Writes the text and empties the buffer; a reader that has gone away ends the process quietly. */
void cli_flush(struct buf *out);
void cli_flush_some(struct buf *out); /* only when much has gathered */

/* The variable when it is set and not empty. */
const char *cli_getenv(const char *name);
int64_t cli_now(void);

#endif
