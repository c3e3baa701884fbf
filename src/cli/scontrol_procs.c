/* SPDX-License-Identifier: Apache-2.0 */
/* Keywords of scontrol(1) about processes of this host: their environment says which task they belong to. */
#include <dirent.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "cli/fetch.h"
#include "cli/filters.h"
#include "cli/scontrol.h"
#include "cli/timefmt.h"

struct process {
    uint32_t pid;
    char job[32], step[32], node[256], local[16], global[16];
    bool first; /* of its task */
};

/* The value of NAME in a block of NAME=value texts, each ended by a zero byte. */
static void env_value(const char *block, size_t len, const char *name, char *out, size_t size)
{
    size_t name_len = strlen(name);
    for (const char *p = block; p < block + len; p += strlen(p) + 1) {
        if (strncmp(p, name, name_len) == 0 && p[name_len] == '=') {
            buf_print(out, size, "%s", p + name_len + 1);
            return;
        }
    }
}

static bool read_process(uint32_t pid, struct process *p)
{
    char path[64], task[16] = "";
    uint32_t task_pid;
    static char block[1 << 18]; /* larger than what an environment is in practice */
    memset(p, 0, sizeof *p);
    p->pid = pid;
    buf_print(path, sizeof path, "/proc/%u/environ", pid);
    FILE *f = fopen(path, "re");
    if (!f)
        return false;
    size_t len = fread(block, 1, sizeof block - 1, f);
    fclose(f);
    block[len] = '\0';
    env_value(block, len, "SLURM_JOB_ID", p->job, sizeof p->job);
    env_value(block, len, "SLURM_STEP_ID", p->step, sizeof p->step);
    env_value(block, len, "SLURM_LOCALID", p->local, sizeof p->local);
    env_value(block, len, "SLURM_PROCID", p->global, sizeof p->global);
    env_value(block, len, "SLURMD_NODENAME", p->node, sizeof p->node);
    env_value(block, len, "SLURM_TASK_PID", task, sizeof task);
    p->first = text_to_u32(task, &task_pid) && task_pid == pid;
    if (*task && !*p->step)
        buf_print(p->step, sizeof p->step, "batch");
    if (strcmp(p->step, "-5") == 0 || strcmp(p->step, "4294967291") == 0)
        buf_print(p->step, sizeof p->step, "batch");
    return *p->job && *p->step;
}

typedef void process_fn(void *arg, const struct process *p);

static void each_process(process_fn *fn, void *arg)
{
    DIR *dir = opendir("/proc");
    if (!dir)
        return;
    for (const struct dirent *d; (d = readdir(dir));) {
        struct process p;
        uint32_t pid;
        if (text_to_u32(d->d_name, &pid) && read_process(pid, &p))
            fn(arg, &p);
    }
    closedir(dir);
}

enum listing_kind { LIST_PIDS, LIST_JOBS, LIST_STEPS, LIST_USERS };

struct listing {
    const char *job, *step, *node; /* only these; NULL = all */
    struct text_list seen;
    enum listing_kind what;
    uint32_t shown;
};

/* The owner as a line of passwd(5); a step has no groups of its own here. */
static void list_user(const struct process *p)
{
    char path[64];
    struct stat st;
    buf_print(path, sizeof path, "/proc/%u", p->pid);
    const struct passwd *pw = stat(path, &st) == 0 ? getpwuid(st.st_uid) : NULL;
    printf("JobId=%s.%s:\nUser:\n", p->job, p->step);
    if (pw)
        printf("%s:*:%u:%u:%s:%s:%s\n", pw->pw_name, pw->pw_uid, pw->pw_gid, pw->pw_gecos, pw->pw_dir,
               pw->pw_shell);
    puts("Groups:\n");
}

static bool seen_before(struct listing *l, const struct process *p)
{
    char key[80];
    buf_print(key, sizeof key, "%s%s%s", p->job, l->what == LIST_JOBS ? "" : " ",
              l->what == LIST_JOBS ? "" : p->step);
    for (uint32_t i = 0; i < l->seen.n; i++)
        if (strcmp(l->seen.v[i], key) == 0)
            return true;
    text_list_push(&l->seen, key);
    return false;
}

static void list_process(void *arg, const struct process *p)
{
    static const char *const titles[] = {"PID      JOBID    STEPID   LOCALID GLOBALID", "JOBID",
                                         "JOBID    STEPID  ", NULL};
    struct listing *l = arg;
    if ((l->job && strcmp(l->job, p->job) != 0) || (l->step && strcmp(l->step, p->step) != 0) ||
        (l->node && strcmp(l->node, p->node) != 0))
        return;
    if (l->what != LIST_PIDS && seen_before(l, p))
        return;
    if (!l->shown++ && titles[l->what])
        puts(titles[l->what]);
    if (l->what == LIST_PIDS)
        printf("%-8u %-8s %-8s %-7s %-8s\n", p->pid, p->job, p->step, p->first ? p->local : "-",
               p->first ? p->global : "-");
    else if (l->what == LIST_JOBS)
        puts(p->job);
    else if (l->what == LIST_STEPS)
        printf("%-8s %-8s\n", p->job, p->step);
    else
        list_user(p);
}

static uint32_t list(struct listing *l)
{
    each_process(list_process, l);
    text_list_release(&l->seen);
    return l->shown;
}

/* [JOB[.STEP]] [NODE] */
int scontrol_listpids(struct scontrol *s, int argc, char **argv)
{
    struct listing l = {.what = LIST_PIDS, .node = argc > 2 ? argv[2] : NULL};
    char job[32];
    if (argc > 1 && strcmp(argv[1], "*") != 0) {
        buf_print(job, sizeof job, "%.*s", (int)strcspn(argv[1], "."), argv[1]);
        l.job = job;
        l.step = strchr(argv[1], '.') ? strchr(argv[1], '.') + 1 : NULL;
        if (!text_to_u32(job, &(uint32_t){0})) {
            fprintf(stderr, "\"%s\" does not look like a jobid\n", argv[1]);
            return EXIT_FAILURE;
        }
    }
    if (list(&l))
        return 0;
    if (!l.job)
        fprintf(stderr, "No job steps exist on this node.\n");
    else
        fprintf(stderr, "%s=%s does not exist on node %s.\n", l.step ? "StepId" : "JobId", argv[1],
                l.node ? l.node : "(null)");
    return EXIT_FAILURE;
}

static int list_or_fail(enum listing_kind what, int argc, char **argv)
{
    struct listing l = {.what = what, .node = argc > 1 ? argv[1] : NULL};
    if (list(&l) || what == LIST_USERS)
        return 0;
    fprintf(stderr, "No slurmstepd's found on this node\n");
    return EXIT_FAILURE;
}

int scontrol_listjobs(struct scontrol *s, int argc, char **argv)
{
    return list_or_fail(LIST_JOBS, argc, argv);
}

int scontrol_liststeps(struct scontrol *s, int argc, char **argv)
{
    return list_or_fail(LIST_STEPS, argc, argv);
}

int scontrol_getent(struct scontrol *s, int argc, char **argv)
{
    return list_or_fail(LIST_USERS, argc, argv);
}

int scontrol_pidinfo(struct scontrol *s, int argc, char **argv)
{
    struct process p;
    struct job_list jobs = {0};
    struct job_select select;
    struct err e;
    struct buf out = BUF_INIT;
    uint32_t pid;
    if (!text_to_u32(argv[1], &pid) || !read_process(pid, &p)) {
        fprintf(stderr, "Failed to locate job for requested pid\n");
        return EXIT_FAILURE;
    }
    meta_init(&record_job_select, &select);
    meta_strs_push(&select.ids, p.job);
    if (fetch_jobs(cli_ctld(s->cli), &select, &jobs, &e) < 0 || !jobs.list.n) {
        fprintf(stderr, "Failed to locate job for requested pid\n");
        return EXIT_FAILURE;
    }
    timefmt_time(jobs.list.v[0]->end_time, "Unknown", &out);
    printf("Slurm JobId=%s ends at %s\n", p.job, out.s);
    int64_t left = jobs.list.v[0]->end_time - cli_now();
    printf("slurm_get_rem_time is %lld\n", (long long)(left > 0 ? left : 0));
    return 0;
}
