/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jobopt: the options that sbatch, srun and salloc share.
 *
 * One table (jobopt_table.c) has a row for every option of sbatch(1), srun(1) and salloc(1). From it come the
 * parser of the command line, of #SBATCH lines and of environment variables, the help texts and the checks.
 * The result is a `struct job_spec` (schema/job.toml) for each component of the job, and what only the client
 * needs.
 *
 *     struct jobopt o;
 *     jobopt_init(&o, JOBOPT_SBATCH, &world);
 *     switch (jobopt_read(&o, argc, argv)) { ... }
 *     fputs(o.out.s, stdout); fputs(o.log.s, stderr);
 *
 * Order of precedence: #SBATCH lines, then the environment, then the command line, as sbatch(1) says.
 *
 * Nothing here prints or exits. Texts collect in `out` and `log`, lines complete with the "sbatch: error: "
 * that Slurm would print, because tools match them; the caller writes them and exits with `exit_code`.
 *
 * Ownership: jobopt_release() frees all that is reachable from a struct jobopt. Argument texts are copied;
 * argv and the environment are only read. Limits: JOBOPT_PARTS_MAX components, JOBOPT_SCRIPT_MAX bytes of
 * script.
 */
#ifndef CLI_JOBOPT_H
#define CLI_JOBOPT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/vec.h"
#include "meta/meta.h"
#include "model.h"

enum jobopt_cmd { JOBOPT_SBATCH = 1, JOBOPT_SRUN = 2, JOBOPT_SALLOC = 4 };

enum {
    JOBOPT_PARTS_MAX = 128,      /* components of a heterogeneous job */
    JOBOPT_SCRIPT_MAX = 4 << 20, /* bytes; the controller may allow less, and checks */
    JOBOPT_ROWS_MAX = 256,       /* rows of the table */
};

/* What the parser may know of the world; the caller fills it. Nothing is owned, everything outlives the
 * struct jobopt. */
struct jobopt_world {
    char *const *env;     /* NULL terminated, as environ */
    const char *cwd;      /* absolute */
    const char *hostname; /* short name */
    int64_t now;          /* seconds since 1970, for --begin and --deadline */
    uint32_t uid, gid;    /* of the caller */
    uint32_t session;     /* the caller's */
    uint16_t umask;
    /* What follows is of slurm.conf. It is read when the first option hangs on it, and once the options are
     * known to be good: --help needs no slurm.conf. NULL = it is as the caller has filled it. */
    void (*read_conf)(struct jobopt_world *w, void *arg);
    void *read_conf_arg;
    /* PropagateResourceLimits and PropagateResourceLimitsExcept; NULL = not known: all limits go */
    const struct meta_strs *limits, *limits_except;
    const char *gres_types; /* GresTypes: "gpu,nic"; NULL = not known, so not checked */
    bool one_sharing;       /* SelectTypeParameters lacks MULTIPLE_SHARING_GRES_PJ */
};

/* Where an option's value came from; later ones win. */
enum jobopt_source { JOBOPT_UNSET, JOBOPT_SCRIPT, JOBOPT_ENV, JOBOPT_ARGV };

/* --bell and its like */
enum jobopt_bell { JOBOPT_BELL_AFTER_DELAY, JOBOPT_BELL_ALWAYS, JOBOPT_BELL_NEVER };
enum jobopt_x11 { JOBOPT_X11_NONE, JOBOPT_X11_ALL, JOBOPT_X11_BATCH, JOBOPT_X11_FIRST, JOBOPT_X11_LAST };

/* What the client needs and job_spec does not hold. Numbers: NO_VAL = not given. Texts: NULL = not given. */
struct job_cli_opts {
    /* sbatch, srun and salloc */
    uint32_t verbose; /* count of -v */
    bool quiet;
    bool test_only;
    uint32_t uid, gid;
    uint32_t immediate; /* seconds to wait; 0 = none, and then spec.immediate is set */
    bool job_name_given;
    enum jobopt_x11 x11;
    char *export_env;  /* --export as given */
    char *export_file; /* path or number of a descriptor */
    bool get_user_env;
    char *propagate; /* comma separated limit names, "ALL" or "NONE"; NULL = as configured */

    /* sbatch */
    bool wait, parsable, ignore_pbs;
    char *wrap;

    /* salloc */
    bool no_shell;
    enum jobopt_bell bell;
    uint32_t kill_command; /* signal; 0 = none */

    /* srun: the step */
    uint32_t jobid; /* --jobid or SLURM_JOB_ID */
    bool jobid_from_env;
    bool pty;
    uint32_t pty_fd; /* --pty=fd; NO_VAL = the standard ones */
    bool label, unbuffered, multi_prog, overlap, exact, exclusive_step, no_allocate, async, whole;
    bool external_launcher, preserve_env, disable_status, quit_on_interrupt, debugger_test;
    bool wait_for_children;
    uint32_t kill_on_bad_exit; /* 0, 1 or NO_VAL = as configured */
    uint32_t max_wait;         /* -W seconds; 0 = for ever; NO_VAL = as configured */
    uint32_t relative;         /* -r */
    uint32_t max_threads;      /* -T; NO_VAL = default */
    uint32_t tree_width, msg_timeout;
    char *mpi_type;
    char *bcast, *bcast_exclude, *compress; /* bcast "" = beside the program */
    bool bcast_given, send_libs;
    char *het_group;
    char *prolog, *epilog, *task_prolog, *task_epilog;
    uint32_t slurmd_debug; /* level; NO_VAL = not given */
    char *ignore_signals;
    bool nodes_given, ntasks_given, cpus_given, time_given; /* by script, environment or command line */
};

/* One component: all there is unless the job is heterogeneous. */
struct jobopt_part {
    struct job_spec spec;
    struct job_cli_opts cli;         /* of the first part, for what concerns the whole command */
    uint8_t source[JOBOPT_ROWS_MAX]; /* enum jobopt_source, by row of the table */
    char *given[JOBOPT_ROWS_MAX]; /* the argument as given ("" when none), by row; owned; NULL = not given */
    char **argv;                  /* script or command with arguments, NULL terminated, owned */
    uint32_t argc;
};

struct jobopt {
    enum jobopt_cmd cmd;
    const char *name; /* "sbatch" */
    struct jobopt_world world;
    struct jobopt_part **parts; /* n_parts >= 1, each owned */
    uint32_t n_parts;

    struct buf script; /* sbatch: the whole script (also for --wrap and standard input) */
    char *script_path; /* sbatch: where it was found, absolute; NULL for --wrap and standard input */

    struct buf out, log; /* for standard output and standard error */
    int exit_code;
};

enum jobopt_result {
    JOBOPT_GO,    /* submit; `log` may hold warnings */
    JOBOPT_DONE,  /* --help, --usage, --version, --gres=help ...: write `out`, exit with exit_code */
    JOBOPT_FAILED /* write `log`, exit with exit_code: 1 or 255, whatever SLURM_EXIT_ERROR says */
};

void jobopt_init(struct jobopt *o, enum jobopt_cmd cmd, const struct jobopt_world *world);
/* The world with what slurm.conf says. */
const struct jobopt_world *jobopt_conf(struct jobopt *o);
void jobopt_release(struct jobopt *o);

/* Everything: command line, script, #SBATCH lines, environment, derivations and checks. argv[0] is the
 * command's name. */
enum jobopt_result jobopt_read(struct jobopt *o, int argc, char **argv);

/* Whether an option was given to a part, and by whom. `name` is the long name: "cpus-per-task". */
enum jobopt_source jobopt_given(const struct jobopt_part *p, const char *name);
/* Its argument as it was given; "" when it has none, NULL when the option was not given. */
const char *jobopt_text(const struct jobopt_part *p, const char *name);

/* The name's value in an environment, or NULL. */
const char *jobopt_env(char *const *env, const char *name);

/* Adds "NAME: error: ...\n" or "NAME: ...\n" to o->log. */
void jobopt_error(struct jobopt *o, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void jobopt_info(struct jobopt *o, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

bool jobopt_mpi_known(const char *type); /* one that --mpi takes? */
/* The known ones of a list of mail types, in capital letters, are added to `types`, the others to `unknown`.
 * False when none is known ("none" is, and clears the list). */
bool jobopt_mail_types(const char *text, struct buf *types, struct buf *unknown);

/* --help and --usage texts. */
void jobopt_help(enum jobopt_cmd cmd, struct buf *out);
void jobopt_usage(enum jobopt_cmd cmd, struct buf *out);

#endif
