/* SPDX-License-Identifier: Apache-2.0 */
/* jobopt_priv: what the files of jobopt share. Nobody else includes it. */
#ifndef CLI_JOBOPT_PRIV_H
#define CLI_JOBOPT_PRIV_H

#include "cli/jobopt.h"

enum {
    JOBOPT_EXIT = 1,      /* a value that can be read but makes no sense, and broken combinations */
    JOBOPT_EXIT_ARG = 255 /* an unknown option or an argument of the wrong form */
};

enum jobopt_arg { ARG_NONE, ARG_NEEDED, ARG_MAYBE };

/* How a row stores its argument. `offset` is that of a field in struct jobopt_part. */
enum jobopt_kind {
    KIND_CALL,    /* row->set() does it */
    KIND_TEXT,    /* char * */
    KIND_FLAG,    /* bool: true */
    KIND_TRI,     /* uint16_t: 1 */
    KIND_COUNT16, /* uint16_t, from row->min */
    KIND_COUNT32, /* uint32_t, from row->min */
    KIND_SIZE,    /* uint64_t MiB, with K M G T */
    KIND_SIZE32,  /* uint32_t MiB, the same */
    KIND_MINUTES, /* uint32_t minutes from a duration */
    KIND_NOTHING, /* only remembered as given */
    KIND_EARLY    /* --help and its like: done before anything else is looked at */
};

/* Sections of the --help text. */
enum jobopt_section {
    SECTION_RUN,
    SECTION_CONSTRAINT,
    SECTION_CONTAINER,
    SECTION_SHARING,
    SECTION_AFFINITY,
    SECTION_GPU,
    SECTION_HELP,
    SECTION_HIDDEN, /* accepted, not shown */
    SECTION_COUNT
};

enum jobopt_effect { EFFECT_FULL, NO_EFFECT_YET };

struct jobopt_row;

/* One use of an option. */
struct jobopt_use {
    struct jobopt *o;
    struct jobopt_part *part;
    const struct jobopt_row *row;
    const char *arg; /* NULL when there is none */
    enum jobopt_source source;
};

struct jobopt_row {
    const char *name;
    const char *same_as; /* another name of that row, or NULL */
    const char *metavar; /* "indexes": how the argument is called in --help */
    const char *help;
    /* Names of environment variables, most important last, separated by a blank; NULL = none. */
    const char *env_sbatch, *env_salloc, *env_srun;
    int (*set)(struct jobopt_use *u); /* 0, or -1 with the message and exit_code set */
    uint32_t offset;
    uint16_t min;
    char letter;
    uint8_t arg;     /* enum jobopt_arg */
    uint8_t cmds;    /* enum jobopt_cmd, or-ed */
    uint8_t kind;    /* enum jobopt_kind */
    uint8_t section; /* enum jobopt_section */
    uint8_t effect;  /* enum jobopt_effect */
};

extern const struct jobopt_row jobopt_rows[];
extern const uint32_t jobopt_rows_count;

/* The row of a long name (aliases resolved). The name is one of the table: an unknown one aborts. */
const struct jobopt_row *jobopt_row(const char *name);
const struct jobopt_row *jobopt_resolve(const struct jobopt_row *row);
static inline uint32_t jobopt_index(const struct jobopt_row *row)
{
    return (uint32_t)(row - jobopt_rows);
}

/* --- reading an argument vector (jobopt_scan.c) --- */
struct jobopt_scan {
    struct jobopt *o;
    char **argv;
    int argc, next;
    const char *letters; /* the rest of "-abc", or NULL */
};
enum jobopt_scan_result { SCAN_BAD = -1, SCAN_END, SCAN_OPTION };
/* The next option. Stops at "--" (stepping over it), at the first word that is no option, and at the end;
 * scan->next is then what follows. SCAN_BAD: the message and exit_code are set. */
enum jobopt_scan_result jobopt_scan_next(struct jobopt_scan *scan, const struct jobopt_row **row,
                                         const char **arg);

/* --- storing values (jobopt.c) --- */
int jobopt_apply(struct jobopt *o, struct jobopt_part *p, const struct jobopt_row *row, const char *arg,
                 enum jobopt_source source);
int jobopt_apply_env(struct jobopt *o, struct jobopt_part *p);
struct script_line;
int jobopt_directive(struct jobopt *o, struct jobopt_part *p, const struct script_line *line);

/* --- messages: all return -1, for `return jobopt_fail(...)` --- */
int jobopt_fail(struct jobopt *o, int exit_code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
int jobopt_fatal(struct jobopt *o, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void jobopt_warn(struct jobopt *o, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* "Invalid --time specification", exit code 255. */
int jobopt_bad_arg(struct jobopt_use *u);

/* --- values (jobopt_value.c) --- */
/* A whole number from `min` up; `what` is how messages call it: "--ntasks". */
int jobopt_number(struct jobopt_use *u, const char *text, const char *what, uint32_t min, uint32_t max,
                  uint32_t *ret);
/* As atoi(3) reads it: leading blanks, a sign, digits; 0 when there are none. What is out of range of 32 bits
 * stays out of it. */
int64_t jobopt_leading_number(const char *text);
bool jobopt_size(const char *text, uint64_t *ret_mb);    /* 100, 100M, 2GB: rounded up to MiB */
bool jobopt_minutes(const char *text, uint32_t *ret);    /* a duration; INFINITE for none */
bool jobopt_seconds(const char *text, uint32_t *ret);    /* the same, in seconds; a plain number is minutes */
bool jobopt_tres_count(const char *text, uint64_t *ret); /* 4, 2k */
bool jobopt_signal(const char *text, uint32_t *ret);     /* USR1, SIGUSR1, 10 */
bool jobopt_word_in(const char *text, const char *const *words); /* ignoring case; words end with NULL */
int jobopt_store(struct jobopt_use *u);                          /* what u->row->kind says */

/* --- handlers, by concern --- */
int set_nodes(struct jobopt_use *u);
int set_nodelist(struct jobopt_use *u);
int set_nodefile(struct jobopt_use *u);
int set_exclude(struct jobopt_use *u);
int set_extra_node_info(struct jobopt_use *u);
int set_distribution(struct jobopt_use *u);
int set_exclusive(struct jobopt_use *u);
int set_oversubscribe(struct jobopt_use *u);
int set_hint(struct jobopt_use *u);
int set_switches(struct jobopt_use *u);
int set_segment(struct jobopt_use *u);
int set_thread_spec(struct jobopt_use *u);

int set_begin(struct jobopt_use *u);
int set_deadline(struct jobopt_use *u);
int set_delay_boot(struct jobopt_use *u);
int set_signal(struct jobopt_use *u);
int set_immediate(struct jobopt_use *u);
int set_nice(struct jobopt_use *u);
int set_priority(struct jobopt_use *u);
int set_array(struct jobopt_use *u);
int set_mail_type(struct jobopt_use *u);
int set_open_mode(struct jobopt_use *u);
int set_requeue(struct jobopt_use *u);
int set_no_requeue(struct jobopt_use *u);
int set_kill_on_invalid_dep(struct jobopt_use *u);
int set_no_kill(struct jobopt_use *u);
int set_wait_all_nodes(struct jobopt_use *u);
int set_oom_kill_step(struct jobopt_use *u);
int set_chdir(struct jobopt_use *u);
int set_uid(struct jobopt_use *u);
int set_gid(struct jobopt_use *u);
int set_propagate(struct jobopt_use *u);
int set_profile(struct jobopt_use *u);
int set_acctg_freq(struct jobopt_use *u);
int set_cpu_freq(struct jobopt_use *u);
int set_mem_bind(struct jobopt_use *u);
int set_mem_update(struct jobopt_use *u);
int set_bbf(struct jobopt_use *u);
int set_verbose(struct jobopt_use *u);
int set_x11(struct jobopt_use *u);

int set_cpus_per_gpu(struct jobopt_use *u);
int set_mem_per_gpu(struct jobopt_use *u);
int set_gpu_bind(struct jobopt_use *u);
int set_gpu_freq(struct jobopt_use *u);
int set_gres(struct jobopt_use *u);
int set_gres_flags(struct jobopt_use *u);
int set_tres_per_task(struct jobopt_use *u);

int set_bell(struct jobopt_use *u);
int set_no_bell(struct jobopt_use *u);
int set_kill_command(struct jobopt_use *u);
int set_bcast(struct jobopt_use *u);
int set_compress(struct jobopt_use *u);
int set_send_libs(struct jobopt_use *u);
int set_cpu_bind(struct jobopt_use *u);
int set_het_group(struct jobopt_use *u);
int set_ignore_signals(struct jobopt_use *u);
int set_jobid(struct jobopt_use *u);
int set_kill_on_bad_exit(struct jobopt_use *u);
int set_mpi(struct jobopt_use *u);
int set_pty(struct jobopt_use *u);
int set_slurmd_debug(struct jobopt_use *u);
int set_treewidth(struct jobopt_use *u);
int set_resv_ports(struct jobopt_use *u);

/* --- after all options are in --- */
int jobopt_check(struct jobopt *o, struct jobopt_part *p); /* combinations (jobopt_check.c) */
int jobopt_check_gpus(struct jobopt *o,
                      struct jobopt_part *p);    /* GPUs against tasks and nodes (jobopt_gpu.c) */
void jobopt_compose_tres(struct jobopt_part *p); /* tres_per_* from the texts given (jobopt_gpu.c) */
/* Names, folders, the command: what follows from all options together (jobopt_finish.c). */
void jobopt_finish(struct jobopt *o, int argc, char **argv);
void jobopt_show_given(struct jobopt *o, const struct jobopt_part *p); /* -v: the options that were given */

#endif
