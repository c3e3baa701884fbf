/* SPDX-License-Identifier: Apache-2.0 */
/* Options of sbatch, srun and salloc: from an argument vector, a script and an environment to a job_spec or
 * an error. */
#include "unit.h"

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"
#include "cli/jobenv.h"
#include "cli/jobopt_priv.h"
#include "cli/sbatch_script.h"

#define SBATCH JOBOPT_SBATCH
#define SRUN   JOBOPT_SRUN
#define SALLOC JOBOPT_SALLOC

struct row {
    enum jobopt_cmd cmd;
    const char *env, *args;
    int rc;
    const char *log;    /* first line, without "sbatch: "; NULL = nothing is said */
    const char *fields; /* "ntasks=3; name=x": exactly these differ from the defaults */
};

#include "jobopt_rows.h"

static struct jobopt_world world(char *const *env)
{
    return (struct jobopt_world){.env = env,
                                 .cwd = "/home/case",
                                 .hostname = "head",
                                 .now = 1795384800,
                                 .uid = 1000,
                                 .gid = 1000,
                                 .umask = 022,
                                 .gres_types = "gpu"};
}

/* The words of `text` with a NULL at the end, as argv and environ have. */
static void words(struct text_list *l, const char *first, const char *text, const char *rest)
{
    struct script_unmatched bad;
    if (first)
        text_list_push(l, first);
    assert_int_equal(script_words(text ? text : "", text ? strlen(text) : 0, l, &bad), 0);
    if (rest)
        assert_int_equal(script_words(rest, strlen(rest), l, &bad), 0);
    text_list_push(l, "");
    mem_free(l->v[--l->n]);
    l->v[l->n] = NULL;
}

struct run {
    struct text_list argv, env;
    struct jobopt o;
    enum jobopt_result result;
};

static void run(struct run *r, enum jobopt_cmd cmd, const char *env, const char *args, const char *rest)
{
    *r = (struct run){0};
    words(&r->env, NULL, env, NULL);
    words(&r->argv, "command", args, rest);
    struct jobopt_world w = world(r->env.v);
    jobopt_init(&r->o, cmd, &w);
    r->result = jobopt_read(&r->o, (int)r->argv.n, r->argv.v);
}

static void run_end(struct run *r)
{
    jobopt_release(&r->o);
    text_list_release(&r->argv);
    text_list_release(&r->env);
}

/* Fields that every job has, or that repeat the arguments. */
static bool uninteresting(const char *line)
{
    static const char *const names[] = {"submit_line", "work_dir",    "alloc_node",  "umask",
                                        "command",     "name = wrap", "name = true", "name = interactive"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strncmp(line, names[i], strlen(names[i])) == 0)
            return true;
    }
    return false;
}

/* "ntasks=3; name=x" from "ntasks = 3\nname = x\n". */
static char *brief(const struct job_spec *s)
{
    struct buf dump = BUF_INIT, out = BUF_INIT;
    meta_dump(&record_job_spec, s, &dump);
    for (char *line = dump.s, *end; *line; line = end + 1) {
        end = strchr(line, '\n');
        char *equals = strstr(line, " = ");
        if (uninteresting(line))
            continue;
        buf_sep(&out, "; ");
        buf_addf(&out, "%.*s=%.*s", (int)(equals - line), line, (int)(end - equals - 3), equals + 3);
    }
    buf_release(&dump);
    return buf_take(&out);
}

static void check_row(const struct row *row)
{
    struct run r;
    run(&r, row->cmd, row->env, row->args, row->cmd == JOBOPT_SBATCH ? "--wrap true" : NULL);
    const char *log = r.o.log.s;
    size_t name = strlen(r.o.name);
    if (strncmp(log, r.o.name, name) == 0)
        log += name + 2;
    const char *want = row->log ? row->log : "";
    bool same_log =
        strncmp(log, want, strlen(want)) == 0 && (log[strlen(want)] == '\n' || log[strlen(want)] == '\0');
    int rc = r.result == JOBOPT_GO ? 0 : r.o.exit_code;
    char *fields = r.result == JOBOPT_GO ? brief(&r.o.parts[0]->spec) : mem_strdup("");
    if (!same_log || rc != row->rc || strcmp(fields, row->fields ? row->fields : "") != 0)
        fail_msg("%s %s %s\n exit %d, wanted %d\n said \"%s\", wanted \"%s\"\n fields \"%s\", wanted \"%s\"",
                 r.o.name, row->env ? row->env : "", row->args, rc, row->rc, log, want, fields,
                 row->fields ? row->fields : "");
    mem_free(fields);
    run_end(&r);
}

static void test_rows(void **state)
{
    assert_true(sizeof rows / sizeof *rows >= 150);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        check_row(&rows[i]);
}

static void test_answers(void **state)
{
    static const struct {
        enum jobopt_cmd cmd;
        const char *args, *starts;
        int rc;
    } cases[] = {
        {SBATCH, "--help", "Usage: sbatch [OPTIONS(0)...]", 0},
        {SRUN, "-h", "Usage: srun [OPTIONS(0)...", 0},
        {SALLOC, "--usage", "Usage: salloc [-A name]", 0},
        {SBATCH, "-V", "slurm 26.05.0 (Sluice ", 0},
        {SRUN, "--version", "slurm 26.05.0 (Sluice ", 0},
        {SBATCH, "--gres=help", "Valid gres options are:\ngpu[[:type]:count]\n", 0},
        {SRUN, "--mpi=list", "MPI plugin types are...\n\tnone\n", 0},
        {SBATCH, "--hint=help", "Application hint options:\n", 1},
        {SALLOC, "--mem-bind=help", "Memory bind options:\n", 255},
        {SBATCH, "--autocomplete=time", "--time=\n--time-min=\n", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct run r;
        run(&r, cases[i].cmd, NULL, cases[i].args, NULL);
        assert_int_equal(r.result, JOBOPT_DONE);
        assert_int_equal(r.o.exit_code, cases[i].rc);
        assert_true(text_starts(r.o.out.s, cases[i].starts));
        run_end(&r);
    }
}

static void test_messages_of_getopt(void **state)
{
    static const struct {
        const char *args, *log;
    } cases[] = {
        {"--bogus", "sbatch: unrecognized option '--bogus'\nTry \"sbatch --help\" for more information\n"},
        {"--gpu-per-node=2",
         "sbatch: unrecognized option '--gpu-per-node=2'\nsbatch: did you mean --gpus-per-node?\n"
         "Try \"sbatch --help\" for more information\n"},
        {"--memory=2", "sbatch: unrecognized option '--memory=2'\nsbatch: did you mean --mem?\n"
                       "Try \"sbatch --help\" for more information\n"},
        {"--mem-per-task=2", "sbatch: unrecognized option '--mem-per-task=2'\nsbatch: did you mean --mem or "
                             "--mem-per-cpu?\nTry \"sbatch --help\" for more information\n"},
        {"-y", "sbatch: invalid option -- 'y'\nTry \"sbatch --help\" for more information\n"},
        {"-t", "sbatch: option requires an argument -- 't'\nTry \"sbatch --help\" for more information\n"},
        {"--time",
         "sbatch: option '--time' requires an argument\nTry \"sbatch --help\" for more information\n"},
        {"--hold=3",
         "sbatch: option '--hold' doesn't allow an argument\nTry \"sbatch --help\" for more information\n"},
        {"--ntask 3", "sbatch: option '--ntask' is ambiguous; possibilities: '--ntasks' '--ntasks-per-core' "
                      "'--ntasks-per-gpu' '--ntasks-per-node' '--ntasks-per-socket' '--ntasks-per-tres'\n"
                      "Try \"sbatch --help\" for more information\n"},
        {"--b", "sbatch: option '--b' is ambiguous; possibilities: '--batch' '--begin' '--bb' '--bbf'\n"
                "Try \"sbatch --help\" for more information\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct run r;
        run(&r, SBATCH, NULL, cases[i].args, NULL);
        assert_int_equal(r.result, JOBOPT_FAILED);
        assert_int_equal(r.o.exit_code, 255);
        assert_string_equal(r.o.log.s, cases[i].log);
        run_end(&r);
    }
}

/* Not before its effect exists may an option pass without a word. */
static void test_no_effect_is_said(void **state)
{
    struct run r;
    run(&r, SBATCH, NULL, "--container=/x --wrap true", NULL);
    assert_int_equal(r.result, JOBOPT_GO);
    assert_string_equal(r.o.log.s, "sbatch: warning: --container has no effect yet\n");
    run_end(&r);
}

static void test_heterogeneous(void **state)
{
    struct run r;
    run(&r, SBATCH, NULL, "-n 2 -t 5 -J foo -c 2 --mem=10 : -n 3 --wrap true", NULL);
    assert_int_equal(r.result, JOBOPT_GO);
    assert_int_equal(r.o.n_parts, 2);
    const struct job_spec *second = &r.o.parts[1]->spec;
    assert_int_equal(second->ntasks, 3);
    assert_int_equal(second->cpus_per_task, NO_VAL16);
    assert_int_equal(second->time_limit, 5);
    assert_int_equal(second->mem_per_node, 10);
    assert_string_equal(second->name, "foo");
    run_end(&r);
    run(&r, SRUN, NULL, "-n 2 a b : -n 3 c", NULL);
    assert_int_equal(r.result, JOBOPT_GO);
    assert_int_equal(r.o.n_parts, 2);
    assert_string_equal(r.o.parts[0]->argv[1], "b");
    assert_string_equal(r.o.parts[1]->argv[0], "c");
    run_end(&r);
    run(&r, SALLOC, NULL, "-n 2 : -n 3 c d", NULL);
    assert_int_equal(r.result, JOBOPT_GO);
    assert_int_equal(r.o.parts[0]->argc, 2);
    run_end(&r);
}

/* --- scripts --- */

/* Runs sbatch on a script of its own; -1 for the length means strlen. */
static void run_script(struct run *r, const char *env, const char *options, const char *script, ssize_t len)
{
    char path[] = "/tmp/test_jobopt.XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    size_t size = len < 0 ? strlen(script) : (size_t)len;
    assert_int_equal(write(fd, script, size), size);
    close(fd);
    char *args = buf_format("%s %s one two", options, path);
    run(r, SBATCH, env, args, NULL);
    mem_free(args);
    unlink(path);
}

static void test_scripts(void **state)
{
    static const struct {
        const char *script, *fields;
        int rc;
        const char *log; /* a part of it */
    } cases[] = {
        {"#!/bin/sh\n#SBATCH -n 2 -t 5\n\n# c\n#SBATCH --comment=\"two words\"\necho\n#SBATCH -N 3\n",
         "comment=two words; ntasks=2; time_limit=00:05:00", 0, NULL},
        {"#!/bin/sh\n##SBATCH -n 2\n #SBATCH -n 3\n#SBATCH -n 5 # -n 6\n#SBATCH-c 2\n",
         "ntasks=5; cpus_per_task=2; tres_per_task=cpu=2", 0, NULL},
        {"#!/bin/sh\n#SBATCH -n 3#4\n#SBATCH --comment='a # b'\n", "comment=a # b; ntasks=3", 0, NULL},
        {"#!/bin/sh\n#SBATCH\t--comment=a\\ b\n", "comment=a b", 0, NULL},
        {"#!/bin/sh\n#SBATCH --help\n#SBATCH -V\n#SBATCH --wrap=x\n", "", 0, NULL},
        {"#!/bin/sh\n#SBATCH -n 2 word\n", NULL, 255,
         "sbatch: error: Invalid directive found in batch script: word\n"},
        {"#!/bin/sh\n#SBATCHX -n 2\n", NULL, 255,
         "sbatch: error: Invalid directive found in batch script: X\n"},
        {"#!/bin/sh\n#SBATCH --bogus\n", NULL, 255, "sbatch: unrecognized option '--bogus'\n"},
        {"#!/bin/sh\n#SBATCH -n x\n", NULL, 1, "sbatch: error: Invalid numeric value \"x\" for --ntasks.\n"},
        {"#!/bin/sh\n#SBATCH --comment=\"a b\n", NULL, 1, ": line 2: Unmatched `\"` in [--comment=\"a b]\n"},
        {"echo\n", NULL, 1,
         "sbatch: error: This does not look like a batch script.  The first\nsbatch: error: line must start "
         "with #! followed by the path to an interpreter.\nsbatch: error: For instance: #!/bin/sh\n"},
        {"\n#!/bin/sh\n", NULL, 1, "This does not look like a batch script."},
        {"", NULL, 1, "sbatch: error: Batch script is empty!\n"},
        {"#!/bin/sh\r\necho\r\n", NULL, 1,
         "sbatch: error: Batch script contains DOS line breaks (\\r\\n)\n"
         "sbatch: error: instead of expected UNIX line breaks (\\n).\n"},
        {"#!/bin/sh\n#PBS -N nn -q low\n#PBS -l nodes=2:ppn=3,walltime=00:10:00,mem=1gb\n",
         "name=nn; partition=low; min_nodes=2; max_nodes=2; ntasks=6; ntasks_per_node=3; mem_per_node=1G; "
         "time_limit=00:10:00",
         0, NULL},
        {"#!/bin/sh\n#BSUB -J bb\n#BSUB -n 4 -W 1:30\n#SBATCH -c 2\n",
         "name=bb; ntasks=4; cpus_per_task=2; tres_per_task=cpu=2; time_limit=01:30:00", 0, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct run r;
        run_script(&r, NULL, "", cases[i].script, -1);
        assert_int_equal(r.result == JOBOPT_GO ? 0 : r.o.exit_code, cases[i].rc);
        if (cases[i].log && !strstr(r.o.log.s, cases[i].log))
            fail_msg("script %zu said \"%s\", wanted \"%s\"", i, r.o.log.s, cases[i].log);
        if (cases[i].fields) {
            if (text_starts(r.o.parts[0]->spec.name, "test_jobopt."))
                mem_set_str(&r.o.parts[0]->spec.name, "wrap");
            char *fields = brief(&r.o.parts[0]->spec);
            assert_string_equal(fields, cases[i].fields);
            mem_free(fields);
            assert_int_equal(r.o.parts[0]->argc, 3);
        }
        run_end(&r);
    }
}

static void test_script_with_zero_byte(void **state)
{
    struct run r;
    run_script(&r, NULL, "", "#!/bin/sh\ntrue\0x\n", 17);
    assert_int_equal(r.o.exit_code, 1);
    assert_string_equal(r.o.log.s, "sbatch: error: The Slurm controller does not allow scripts that\n"
                                   "sbatch: error: contain a NULL character '\\0'.\n");
    run_end(&r);
}

static void test_precedence(void **state)
{
    static const char script[] = "#!/bin/sh\n#SBATCH -t 1 -p script -A script --mem=100\n";
    struct run r;
    run_script(&r, "SBATCH_TIMELIMIT=2 SBATCH_PARTITION=env SBATCH_MEM_PER_CPU=7", "-t 3", script, -1);
    assert_int_equal(r.result, JOBOPT_GO);
    const struct job_spec *s = &r.o.parts[0]->spec;
    assert_int_equal(s->time_limit, 3);
    assert_string_equal(s->partition, "env");
    assert_string_equal(s->account, "script");
    /* Memory is one question: what was asked for hides the environment, wherever it was asked. */
    assert_int_equal(s->mem_per_node, 100);
    assert_int_equal(s->mem_per_cpu, NO_VAL64);
    assert_int_equal(jobopt_given(r.o.parts[0], "time"), JOBOPT_ARGV);
    assert_int_equal(jobopt_given(r.o.parts[0], "partition"), JOBOPT_ENV);
    assert_int_equal(jobopt_given(r.o.parts[0], "account"), JOBOPT_SCRIPT);
    assert_string_equal(jobopt_text(r.o.parts[0], "time"), "3");
    run_end(&r);
    run_script(&r, "SBATCH_IGNORE_PBS=1", "", "#!/bin/sh\n#PBS -N nn\n#SBATCH hetjob\n#SBATCH -n 2\n", -1);
    assert_int_equal(r.o.n_parts, 2);
    assert_true(text_starts(r.o.parts[0]->spec.name, "test_jobopt."));
    assert_int_equal(r.o.parts[1]->spec.ntasks, 2);
    run_end(&r);
}

/* --- environment of the job --- */

static void test_environment(void **state)
{
    static const struct {
        const char *export_list, *name, *value;
    } cases[] = {
        {NULL, "FOO", "foo"},
        {"ALL", "FOO", "foo"},
        {"ALL,BAR=6", "FOO", "foo"},
        {"ALL,BAR=6", "BAR", "6"},
        {"NONE", "FOO", NULL},
        {"NIL", "FOO", NULL},
        {"FOO,BAR=7", "FOO", "foo"},
        {"FOO,BAR=7", "BAR", "7"},
        {"BAR=5", "FOO", NULL},
        {"BAR=5", "BAR", "5"},
        {"NONE", "SLURM_CONF", "/c"},
        {"A='x,y',B=1", "A", "'x,y'"},
        {"NONE", "SLURM_EXPORT_ENV", "NONE"},
        {"NONE", "SLURM_GET_USER_ENV", "1"},
        {"NIL", "SLURM_GET_USER_ENV", NULL},
        {NULL, "SLURM_EXPORT_ENV", NULL},
        {"FOO", "SLURM_NTASKS", "4"},
        {"FOO", "SLURM_NPROCS", "4"},
        {"FOO", "SLURM_CPUS_PER_TASK", "2"},
        {"FOO", "SLURM_TRES_PER_TASK", "cpu=2"},
        {"FOO", "SLURM_MEM_PER_NODE", "1024"},
        {"FOO", "SLURM_GPUS", "2"},
        {"FOO", "SLURM_DISTRIBUTION", "plane"},
        {"FOO", "SLURM_DIST_PLANESIZE", "2"},
        {"FOO", "SLURM_SUBMIT_HOST", "head"},
        {"FOO", "SLURM_SUBMIT_DIR", "/home/case"},
        {"FOO", "SLURM_JOB_NAME", "wrap"},
        {"FOO", "SLURM_OPEN_MODE", "a"},
        {"FOO", "SLURM_THREADS_PER_CORE", "1"},
        {"FOO", "SLURM_HINT", "nomultithread"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *args =
            buf_format("-n 4 -c 2 --mem=1G --gpus=2 -m plane=2 --open-mode=append --hint=nomultithread "
                       "%s%s%s --wrap true",
                       cases[i].export_list ? "\"--export=" : "",
                       cases[i].export_list ? cases[i].export_list : "", cases[i].export_list ? "\"" : "");
        struct run r;
        run(&r, SBATCH, "FOO=foo SLURM_CONF=/c", args, NULL);
        assert_int_equal(r.result, JOBOPT_GO);
        struct jobenv e;
        struct err err;
        assert_int_equal(jobenv_make(&e, &r.o, r.o.parts[0], &err), 0);
        const char *value = jobenv_get(&e, cases[i].name);
        if (!text_same(value, cases[i].value))
            fail_msg("--export=%s: %s is \"%s\", wanted \"%s\"", cases[i].export_list, cases[i].name,
                     value ? value : "(unset)", cases[i].value ? cases[i].value : "(unset)");
        jobenv_release(&e);
        run_end(&r);
        mem_free(args);
    }
}

/* --- whatever is given --- */

static uint32_t next_random(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*seed >> 33);
}

static void test_any_options(void **state)
{
    static const char *const values[] = {"1",
                                         "0",
                                         "-1",
                                         "x",
                                         "",
                                         "1-3",
                                         "gpu:2",
                                         "gpu:a100:1",
                                         "help",
                                         "block:cyclic",
                                         "4k",
                                         "1:2:3",
                                         "now+1hour",
                                         "none",
                                         "ALL",
                                         "n[1-3]",
                                         "cpu=2,gres/gpu=1",
                                         "B:USR1@10",
                                         ",",
                                         ":",
                                         "=",
                                         "%%%",
                                         "999999999999999999999",
                                         "*:*:*",
                                         "plane=2",
                                         "a,b=c",
                                         "user",
                                         "100G",
                                         "verbose,single:1"};
    static const enum jobopt_cmd cmds[] = {SBATCH, SRUN, SALLOC};
    uint64_t seed = 7;
    for (int i = 0; i < 4000; i++) {
        char command[] = "command", wrap[] = "--wrap=true", program[] = "true", *argv[12] = {command};
        int argc = 1;
        enum jobopt_cmd cmd = cmds[next_random(&seed) % 3];
        while (argc < 9 && next_random(&seed) % 6) {
            const struct jobopt_row *row = &jobopt_rows[next_random(&seed) % jobopt_rows_count];
            const char *value = values[next_random(&seed) % (sizeof values / sizeof *values)];
            if (row->cmds & cmd)
                argv[argc++] = row->arg == ARG_NONE ? buf_format("--%s", row->name)
                                                    : buf_format("--%s=%s", row->name, value);
        }
        int words_at = argc;
        argv[argc++] = cmd == SBATCH ? wrap : program;
        char *env[] = {NULL};
        struct jobopt_world w = world(env);
        struct jobopt o;
        jobopt_init(&o, cmd, &w);
        enum jobopt_result result = jobopt_read(&o, argc, argv);
        /* A refusal says why, and has an exit code that is not success. */
        assert_true(result != JOBOPT_FAILED || (o.exit_code != 0 && o.log.len > 0));
        jobopt_release(&o);
        for (int k = 1; k < words_at; k++)
            mem_free(argv[k]);
    }
}

int main(void)
{
    setenv("TZ", "UTC0", 1);
    tzset();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_answers),
        cmocka_unit_test(test_messages_of_getopt),
        cmocka_unit_test(test_no_effect_is_said),
        cmocka_unit_test(test_heterogeneous),
        cmocka_unit_test(test_scripts),
        cmocka_unit_test(test_script_with_zero_byte),
        cmocka_unit_test(test_precedence),
        cmocka_unit_test(test_environment),
        cmocka_unit_test(test_any_options),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
