/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scontrol: shared by the files of the command scontrol(1). Each keyword is a function that returns an exit
 * status; scontrol.c has the table.
 */
#ifndef CLI_SCONTROL_H
#define CLI_SCONTROL_H

#include <stdbool.h>

#include "cli/cli.h"
#include "model.h"

struct scontrol {
    struct cli *cli;
    bool all, details, one_line, json, yaml, future, quit;
    uint32_t uid; /* --uid, or NO_VAL */
};

typedef int keyword_fn(struct scontrol *s, int argc, char **argv); /* argv[0] is the keyword */

keyword_fn scontrol_show, scontrol_completing;
keyword_fn scontrol_update, scontrol_create, scontrol_delete;
keyword_fn scontrol_hold, scontrol_uhold, scontrol_release, scontrol_requeue, scontrol_requeuehold,
    scontrol_suspend, scontrol_resume, scontrol_top, scontrol_notify, scontrol_wait_job, scontrol_write;
keyword_fn scontrol_ping, scontrol_reconfigure, scontrol_shutdown, scontrol_setdebug, scontrol_setdebugflags,
    scontrol_takeover, scontrol_token, scontrol_errnumstr, scontrol_getaddrs, scontrol_listpids,
    scontrol_listjobs, scontrol_liststeps, scontrol_pidinfo, scontrol_reboot, scontrol_power,
    scontrol_cancel_reboot, scontrol_schedloglevel, scontrol_fsdampening, scontrol_getent;

/* scontrol show, of show_cluster.c and show_hosts.c; id may be NULL. */
typedef int entity_fn(struct scontrol *s, const char *id);
entity_fn scontrol_show_licenses, scontrol_show_topology, scontrol_show_topoconf, scontrol_show_assoc,
    scontrol_show_hostnames, scontrol_show_hostlist, scontrol_show_hostlistsorted;

/* "prefix TEXT" with the first line of the error, then our hint. Gives EXIT_FAILURE. */
int scontrol_fail(struct scontrol *s, const char *prefix, const struct err *e);
/* "TEXT for job ID" for each failure, "IDS: TEXT" of an array's tasks; EXIT_FAILURE when there was one.
 * `twice` (may be NULL) is a prefix: the text of a plain job is said again after it. */
int scontrol_report_jobs(struct scontrol *s, const struct job_results *results, const char *twice);
/* Adds the ids of jobs with that name that have not ended, whoever's they are; false when there are none. */
bool scontrol_jobs_named(struct scontrol *s, const char *name, struct meta_strs *ids);
/* Is it the name of this cluster? If not, says so. */
bool scontrol_check_cluster(struct scontrol *s, const char *name);

/* A pair KEY=VALUE, KEY+=VALUE or KEY-=VALUE. */
struct pair {
    char key[64];
    char op; /* '=', '+' or '-' */
    const char *value;
};
bool scontrol_split(const char *arg, struct pair *ret);
/* The key is `name` or a beginning of it of at least `least` letters, ignoring case. */
bool scontrol_is_key(const char *key, const char *name, size_t least);

#endif
