/* SPDX-License-Identifier: Apache-2.0 */
/* Options about GPUs and other generic resources: how they are written, and whether they go together. */
#include "cli/jobopt_priv.h"

#include <string.h>

#include "base/mem.h"
#include "base/text.h"

int set_cpus_per_gpu(struct jobopt_use *u)
{
    uint32_t v;
    if (jobopt_number(u, u->arg, "--cpus-per-gpu", 1, INT32_MAX, &v) < 0)
        return -1;
    mem_free(u->part->spec.cpus_per_tres);
    u->part->spec.cpus_per_tres = buf_format("gres/gpu:%u", v);
    return 0;
}

int set_mem_per_gpu(struct jobopt_use *u)
{
    if (!jobopt_size(u->arg, &u->part->spec.mem_per_gpu))
        return jobopt_bad_arg(u);
    mem_set_str(&u->part->spec.mem_per_tres, NULL);
    if (u->part->spec.mem_per_gpu == 0) /* says nothing */
        return 0;
    u->part->spec.mem_per_tres = buf_format("gres/gpu:%llu", (unsigned long long)u->part->spec.mem_per_gpu);
    return 0;
}

/* "0,1*2" of map_gpu, "0x3,f" of mask_gpu: 0, or -1 after a message. */
static int check_gpu_list(struct jobopt *o, const char *list, bool masks)
{
    struct text_list items = {0};
    int rc = 0;
    text_split(&items, list, ',');
    for (uint32_t i = 0; i < items.n && rc == 0; i++) {
        const char *item = items.v[i] + (masks && text_starts_nocase(items.v[i], "0x") ? 2 : 0);
        size_t good = strspn(item, masks ? "0123456789abcdefABCDEF" : "0123456789");
        if (item[good] == '*')
            good += 1 + strspn(item + good + 1, "0123456789");
        if (item[good]) {
            jobopt_error(o, "Failed to validate %s, offending character is %c", item, item[good]);
            rc = -1;
        }
    }
    text_list_release(&items);
    return rc;
}

/* "[verbose,]type" */
int set_gpu_bind(struct jobopt_use *u)
{
    static const char *const plain[] = {"closest", "none", NULL};
    static const char *const with_value[] = {"single", "per_task", NULL};
    static const char *const maps[] = {"map", "map_gpu", NULL};
    static const char *const masks[] = {"mask", "mask_gpu", NULL};
    const char *type = u->arg;
    char word[16];
    if (text_starts_nocase(type, "verbose,"))
        type += 8;
    else if (text_starts_nocase(type, "v,"))
        type += 2;
    size_t len = strcspn(type, ":");
    const char *value = type[len] ? type + len + 1 : NULL;
    bool ok = buf_print(word, sizeof word, "%.*s", (int)len, type);
    bool map = ok && jobopt_word_in(word, maps), mask = ok && jobopt_word_in(word, masks);
    if (ok && jobopt_word_in(word, plain))
        ok = !value;
    else if (map || mask)
        ok = value && check_gpu_list(u->o, value, mask) == 0;
    else
        ok = ok && jobopt_word_in(word, with_value) && value;
    return ok ? 0 : jobopt_fail(u->o, JOBOPT_EXIT_ARG, "Invalid --gpu-bind argument: %s", u->arg);
}

/* "[type=]value[,[type=]value][,verbose]" */
int set_gpu_freq(struct jobopt_use *u)
{
    static const char *const speeds[] = {"low", "medium", "high", "highm1", NULL};
    struct text_list items = {0};
    text_split(&items, u->arg, ',');
    bool ok = items.n > 0;
    for (uint32_t i = 0; i < items.n && ok; i++) {
        const char *value = items.v[i];
        uint32_t mhz;
        if (text_starts_nocase(value, "memory="))
            value += 7;
        ok = text_to_u32(value, &mhz) || jobopt_word_in(value, speeds) || text_casecmp(value, "verbose") == 0;
    }
    text_list_release(&items);
    if (!ok)
        return jobopt_fail(u->o, JOBOPT_EXIT_ARG, "Invalid --gpu-freq argument: gpu:%s", u->arg);
    mem_free(u->part->spec.tres_freq);
    u->part->spec.tres_freq = buf_format("gpu:%s", u->arg);
    return 0;
}

int set_gres(struct jobopt_use *u)
{
    if (text_casecmp(u->arg, "help") != 0)
        return 0;
    struct text_list types = {0};
    text_split(&types, u->o->world.gres_types ? u->o->world.gres_types : "", ',');
    buf_adds(&u->o->out, "Valid gres options are:\n");
    for (uint32_t i = 0; i < types.n; i++)
        buf_addf(&u->o->out, "%s[[:type]:count]\n", types.v[i]);
    text_list_release(&types);
    u->o->exit_code = 0;
    return -1;
}

int set_gres_flags(struct jobopt_use *u)
{
    static const char *const known[] = {"enforce-binding",      "disable-binding",
                                        "one-task-per-sharing", "multiple-tasks-per-sharing",
                                        "allow-task-sharing",   NULL};
    static const char *const pairs[][2] = {{"disable-binding", "enforce-binding"},
                                           {"one-task-per-sharing", "multiple-tasks-per-sharing"}};
    struct text_list items = {0};
    int rc = 0;
    text_split(&items, u->arg, ',');
    for (uint32_t i = 0; i < items.n && rc == 0; i++) {
        if (!jobopt_word_in(items.v[i], known))
            rc = jobopt_fail(u->o, JOBOPT_EXIT_ARG, "Invalid --gres-flags specification: %s", items.v[i]);
    }
    for (size_t k = 0; k < sizeof pairs / sizeof *pairs && rc == 0; k++) {
        if (text_has(u->arg, pairs[k][0]) && text_has(u->arg, pairs[k][1]))
            rc = jobopt_fail(u->o, JOBOPT_EXIT_ARG,
                             "Invalid --gres-flags combo: %s and %s are mutually exclusive.", pairs[k][0],
                             pairs[k][1]);
    }
    text_list_release(&items);
    if (rc == 0 && u->o->cmd != JOBOPT_SRUN && text_has(u->arg, "allow-task-sharing"))
        rc = jobopt_fail(u->o, JOBOPT_EXIT_ARG, "--gres-flags=allow-task-sharing is only used with srun.");
    if (rc == 0 && u->o->world.one_sharing && text_has(u->arg, "one-task-per-sharing"))
        rc = jobopt_fail(u->o, JOBOPT_EXIT_ARG,
                         "In order to use --gres-flags=one-task-per-sharing you must also have "
                         "SelectTypeParameters=MULTIPLE_SHARING_GRES_PJ in your slurm.conf");
    if (rc == 0)
        mem_set_str(&u->part->spec.gres_flags, u->arg);
    return rc;
}

/* Is this item "TYPE=...", "TYPE:..." or "TYPE/..."? */
static bool is_tres(const char *item, const char *type)
{
    size_t len = strlen(type);
    return text_casecmp_n(item, type, len) == 0 && item[len] && strchr("=:/", item[len]);
}

int set_tres_per_task(struct jobopt_use *u)
{
    static const char *const refused[] = {"bb", "billing", "energy", "fs", "mem", "node", "pages", "vmem"};
    struct text_list items = {0};
    int rc = 0;
    text_split(&items, u->arg, ',');
    for (uint32_t i = 0; i < items.n && rc == 0; i++) {
        const char *item = items.v[i];
        uint32_t cpus = 0;
        for (size_t k = 0; k < sizeof refused / sizeof *refused && rc == 0; k++) {
            if (is_tres(item, refused[k]))
                rc = jobopt_fatal(u->o, "Invalid TRES for --tres-per-task: %s", refused[k]);
        }
        if (rc == 0 && (is_tres(item, "cpu") || text_same_nocase(item, "cpu"))) {
            if (!item[3] || !text_to_u32(item + 4, &cpus) || cpus == 0 || cpus >= NO_VAL16)
                rc = jobopt_fatal(u->o, "Invalid --tres-per-task=cpu=%u", cpus);
        }
    }
    text_list_release(&items);
    return rc;
}

/* --- counting --- */

static int refuse_gres(struct jobopt *o)
{
    return jobopt_fail(o, JOBOPT_EXIT, "Invalid generic resource (gres) specification");
}

/* The count at the end of "gpu:a100:2", "a100:2", "2", "gpu=2"; 1 when there is none. */
static bool item_count(const char *item, uint64_t *ret)
{
    const char *last = item;
    for (const char *s = item; *s; s++) {
        if (*s == ':' || *s == '=')
            last = s + 1;
    }
    *ret = 1;
    return jobopt_tres_count(last, ret) || last == item;
}

/* No cluster has more; sums and products of what is capped stay in range. */
static uint64_t capped(uint64_t n)
{
    return n < INT32_MAX ? n : INT32_MAX;
}

/* Sum of the counts of "a100:1,2"; a type alone counts none. */
static uint64_t count_of(const char *list)
{
    struct text_list items = {0};
    uint64_t sum = 0, n;
    text_split(&items, list ? list : "", ',');
    for (uint32_t i = 0; i < items.n; i++)
        sum += (strpbrk(items.v[i], ":=") || jobopt_tres_count(items.v[i], &n)) && item_count(items.v[i], &n)
                   ? capped(n)
                   : 0;
    text_list_release(&items);
    return sum;
}

/* The GPUs in a list of mixed resources: "gpu:2,nic:1" or "cpu=2,gres/gpu=1". */
static uint64_t gpus_among(const char *list)
{
    struct text_list items = {0};
    uint64_t sum = 0, n;
    text_split(&items, list ? list : "", ',');
    for (uint32_t i = 0; i < items.n; i++) {
        const char *item = items.v[i];
        if (text_starts_nocase(item, "gres/") || text_starts_nocase(item, "gres:"))
            item += 5;
        if (text_casecmp_n(item, "gpu", 3) == 0 && strchr(":=", item[3]))
            sum += item_count(item + 3 + (item[3] != '\0'), &n) ? capped(n) : 0;
    }
    text_list_release(&items);
    return sum;
}

static bool says_none(const char *text)
{
    return !text || *text == '\0' || text_casecmp(text, "none") == 0;
}

/* The --gres list: known names, readable counts, no mixture of "gpu:1" and "gpu:a100:1". */
static int check_gres(struct jobopt *o, const char *list)
{
    struct text_list items = {0}, types = {0};
    bool typed = false, plain = false;
    int rc = 0;
    text_split(&items, says_none(list) ? "" : list, ',');
    text_split(&types, o->world.gres_types ? o->world.gres_types : "", ',');
    for (uint32_t i = 0; i < items.n && rc == 0; i++) {
        const char *item = items.v[i] + (text_starts_nocase(items.v[i], "gres/") ? 5 : 0);
        size_t len = strcspn(item, ":=");
        bool known = !o->world.gres_types;
        for (uint32_t k = 0; k < types.n && !known; k++)
            known = strlen(types.v[k]) == len && text_casecmp_n(types.v[k], item, len) == 0;
        const char *rest = item[len] ? item + len + 1 : NULL, *count = rest ? strpbrk(rest, ":=") : NULL;
        uint64_t n;
        if (!known)
            rc = refuse_gres(o);
        else if (rest && (*rest == '\0' || (count && !jobopt_tres_count(count + 1, &n))))
            rc = jobopt_fail(o, JOBOPT_EXIT, "Invalid Trackable RESource (TRES) specification");
        bool is_gpu = len == 3 && text_casecmp_n(item, "gpu", 3) == 0;
        typed |= is_gpu && rest && (count || !jobopt_tres_count(rest, &n));
        plain |= is_gpu && (!rest || (!count && jobopt_tres_count(rest, &n)));
    }
    text_list_release(&items);
    text_list_release(&types);
    if (rc == 0 && typed && plain)
        rc = jobopt_fail(o, JOBOPT_EXIT, "Invalid GRES specification (with and without type identification)");
    return rc;
}

struct gpus {
    uint64_t job, node, socket, task;
};

static struct gpus count_gpus(const struct jobopt_part *p)
{
    struct gpus g = {.job = count_of(jobopt_text(p, "gpus")),
                     .node = count_of(jobopt_text(p, "gpus-per-node")),
                     .socket = count_of(jobopt_text(p, "gpus-per-socket")),
                     .task = count_of(jobopt_text(p, "gpus-per-task"))};
    g.node += gpus_among(jobopt_text(p, "gres"));
    g.task += gpus_among(jobopt_text(p, "tres-per-task"));
    return g;
}

/* --- do they go together? --- */

static int check_exclusive(struct jobopt *o, const struct jobopt_part *p)
{
    static const char *const against[] = {"gpus-per-task", "ntasks-per-node", "gpus-per-socket"};
    bool per_gpu = jobopt_given(p, "ntasks-per-gpu") != JOBOPT_UNSET;
    for (size_t i = 0; per_gpu && i < sizeof against / sizeof *against; i++) {
        if (jobopt_given(p, against[i]) == JOBOPT_UNSET)
            continue;
        /* Inside a job srun finds the job's own options in its environment: those give way. */
        if (jobopt_given(p, against[i]) == JOBOPT_ENV || jobopt_given(p, "ntasks-per-gpu") == JOBOPT_ENV)
            continue;
        return jobopt_fatal(o, "--%s is mutually exclusive with --ntasks-per-gpu and SLURM_NTASKS_PER_GPU",
                            against[i]);
    }
    if (jobopt_given(p, "gpus-per-node") > JOBOPT_ENV && jobopt_given(p, "gres") > JOBOPT_ENV &&
        gpus_among(jobopt_text(p, "gres")))
        return jobopt_fatal(o, "--gpus-per-node and --gres=gpu are mutually exclusive.");
    if (jobopt_given(p, "gpus-per-task") > JOBOPT_ENV && jobopt_given(p, "tres-per-task") > JOBOPT_ENV &&
        gpus_among(jobopt_text(p, "tres-per-task")))
        return jobopt_fatal(
            o, "You can not have --tres-per-task=gres/gpu= and --gpus-per-task please use one or the other");
    return 0;
}

static int check_amounts(struct jobopt *o, struct jobopt_part *p, const struct gpus *g)
{
    const struct job_spec *s = &p->spec;
    bool any = g->job || g->node || g->socket || g->task || s->ntasks_per_gpu != NO_VAL16;
    if (s->mem_per_tres && !any) {
        jobopt_error(o, "Requested mem_per_tres=%s but did not request any GPU.", s->mem_per_tres);
        return refuse_gres(o);
    }
    if (s->cpus_per_tres && !any) {
        jobopt_error(o, "Requested cpus_per_tres=%s but did not request any GPU.", s->cpus_per_tres);
        return refuse_gres(o);
    }
    if (jobopt_text(p, "gpus-per-socket") && s->sockets_per_node == NO_VAL16) {
        jobopt_error(o, "--gpus-per-socket option requires --sockets-per-node specification");
        return refuse_gres(o);
    }
    if ((g->job && g->node > g->job) || (g->node && g->socket > g->node) || (g->job && g->socket > g->job)) {
        jobopt_error(o, "Failed to ensure --gpus >= --gres=gpu/--gpus-per-node >= --gpus-per-socket");
        return refuse_gres(o);
    }
    return 0;
}

/* GPUs of the job over GPUs of a node give the number of nodes. */
static int check_nodes(struct jobopt *o, struct jobopt_part *p, const struct gpus *g)
{
    struct job_spec *s = &p->spec;
    if (!g->job || !g->node)
        return 0;
    if (g->job % g->node) {
        jobopt_error(o, "Failed to validate job spec, --gpus is not multiple of --gres=gpu/--gpus-per-node");
        return refuse_gres(o);
    }
    uint64_t nodes = g->job / g->node;
    uint32_t min = s->min_nodes == NO_VAL ? 1 : s->min_nodes;
    bool bounded = s->max_nodes != NO_VAL;
    if (nodes > INT32_MAX || nodes < min || (bounded && nodes > s->max_nodes)) {
        jobopt_error(o,
                     "Failed to validate job spec. Based on --gpu and --gres=gpu/--gpus-per-node required "
                     "nodes (%llu) "
                     "doesn't fall between min_nodes (%u) and max_nodes (%u) boundaries.",
                     (unsigned long long)nodes, min, bounded ? s->max_nodes : NO_VAL);
        return refuse_gres(o);
    }
    s->min_nodes = s->max_nodes = (uint32_t)nodes;
    return 0;
}

static int check_tasks(struct jobopt *o, struct jobopt_part *p, const struct gpus *g)
{
    struct job_spec *s = &p->spec;
    bool given = s->ntasks != NO_VAL;
    if (!g->task)
        return 0;
    if (g->job) {
        uint64_t tasks = g->job / g->task;
        if (tasks == 0 || tasks > INT32_MAX || (given && tasks != s->ntasks)) {
            jobopt_error(
                o,
                "Failed to validate job spec. Based on --gpus and --gpus-per-task number of requested tasks "
                "differ from -n/--ntasks.");
            return refuse_gres(o);
        }
        s->ntasks = (uint32_t)tasks;
    } else if (g->node && (given || p->cli.nodes_given)) {
        if (s->ntasks_per_node == NO_VAL16 && g->node >= g->task && g->node / g->task < NO_VAL16)
            s->ntasks_per_node = (uint16_t)(g->node / g->task);
    } else if (!given) {
        jobopt_error(
            o,
            "Failed to validate job spec. --gpus-per-task or --tres-per-task used without either --gpus or "
            "-n/--ntasks is not allowed.");
        return refuse_gres(o);
    }
    return 0;
}

/* --ntasks-per-gpu: GPUs give the tasks, or tasks the GPUs. */
static int check_tasks_per_gpu(struct jobopt *o, struct jobopt_part *p, const struct gpus *g)
{
    struct job_spec *s = &p->spec;
    if (s->ntasks_per_gpu == NO_VAL16)
        return 0;
    uint64_t nodes = s->min_nodes == NO_VAL ? 1 : s->min_nodes,
             total = capped(g->job ? g->job : capped(g->node) * nodes);
    if (total) {
        if (total * s->ntasks_per_gpu <= INT32_MAX)
            s->ntasks = (uint32_t)(total * s->ntasks_per_gpu);
        return 0;
    }
    if (s->ntasks == NO_VAL) {
        jobopt_error(o, "gres_job_state_validate: --ntasks-per-tres needs either a GRES GPU specification or "
                        "a node/ntask "
                        "specification");
        return refuse_gres(o);
    }
    if (s->ntasks % s->ntasks_per_gpu) {
        jobopt_error(o, "Failed to validate job spec, -n/--ntasks has to be a multiple of --ntasks-per-gpu.");
        return refuse_gres(o);
    }
    mem_free(s->tres_per_job);
    s->tres_per_job = buf_format("gres/gpu:%u", s->ntasks / s->ntasks_per_gpu);
    return 0;
}

int jobopt_check_gpus(struct jobopt *o, struct jobopt_part *p)
{
    struct gpus g = count_gpus(p);
    if (check_exclusive(o, p) < 0 || check_gres(o, jobopt_text(p, "gres")) < 0)
        return -1;
    /* A step inherits the job's options through its environment; amounts are those of the job, not of the
     * step. */
    if (p->cli.jobid != NO_VAL)
        return p->spec.ntasks == NO_VAL ? check_tasks_per_gpu(o, p, &g) : 0;
    if (check_amounts(o, p, &g) < 0 || check_nodes(o, p, &g) < 0 || check_tasks(o, p, &g) < 0)
        return -1;
    return check_tasks_per_gpu(o, p, &g);
}

/* --- the texts that go into job_spec --- */

/* Adds "PREFIXitem" for each item of a list; items that have the prefix already keep it. */
static void add_prefixed(struct buf *out, const char *list, const char *prefix)
{
    struct text_list items = {0};
    text_split(&items, list ? list : "", ',');
    for (uint32_t i = 0; i < items.n; i++) {
        buf_sep(out, ",");
        buf_addf(out, "%s%s", text_starts_nocase(items.v[i], prefix) ? "" : prefix, items.v[i]);
    }
    text_list_release(&items);
}

static void take_text(char **slot, struct buf *b)
{
    if (b->len) {
        mem_free(*slot);
        *slot = buf_take(b);
    }
    buf_release(b);
}

/* "a100:2" of --gpus-per-task is "gres/gpu:a100=2" among the resources of a task. What has no count, or 0,
 * asks for nothing. */
static void add_task_gpus(struct buf *out, const char *list)
{
    struct text_list items = {0};
    text_split(&items, list ? list : "", ',');
    for (uint32_t i = 0; i < items.n; i++) {
        char *colon = strchr(items.v[i], ':');
        uint64_t n;
        if (colon) {
            buf_sep(out, ",");
            buf_addf(out, "gres/gpu:%.*s=%s", (int)(colon - items.v[i]), items.v[i], colon + 1);
        } else if (jobopt_tres_count(items.v[i], &n) && n) {
            buf_sep(out, ",");
            buf_addf(out, "gres/gpu=%s", items.v[i]);
        }
    }
    text_list_release(&items);
}

static void compose_task(struct jobopt_part *p)
{
    struct job_spec *s = &p->spec;
    const char *given = jobopt_text(p, "tres-per-task");
    struct text_list items = {0};
    struct buf task = BUF_INIT;
    bool has_gpus = false;
    text_split(&items, given ? given : "", ',');
    for (uint32_t i = 0; i < items.n; i++) {
        uint32_t cpus;
        if (is_tres(items.v[i], "cpu") && text_to_u32(items.v[i] + 4, &cpus) &&
            s->cpus_per_task == NO_VAL16) {
            s->cpus_per_task = (uint16_t)cpus;
            s->tres_per_task_cpu = true;
        }
    }
    if (s->cpus_per_task != NO_VAL16)
        buf_addf(&task, "cpu=%u", s->cpus_per_task);
    for (uint32_t i = 0; i < items.n; i++) {
        if (is_tres(items.v[i], "cpu"))
            continue;
        has_gpus |= gpus_among(items.v[i]) > 0;
        buf_sep(&task, ",");
        buf_adds(&task, items.v[i]);
    }
    text_list_release(&items);
    if (!has_gpus)
        add_task_gpus(&task, jobopt_text(p, "gpus-per-task"));
    take_text(&s->tres_per_task, &task);
}

static void compose_bind(struct jobopt_part *p, uint64_t gpus_per_task)
{
    struct job_spec *s = &p->spec;
    const char *gpu_bind = jobopt_text(p, "gpu-bind");
    if (s->tres_bind && text_has(s->tres_bind, "gres/gpu"))
        return;
    struct buf bind = BUF_INIT;
    buf_adds(&bind, s->tres_bind);
    if (gpu_bind) {
        buf_sep(&bind, "+");
        buf_addf(&bind, "gres/gpu:%s", gpu_bind);
    } else if (gpus_per_task) {
        buf_sep(&bind, "+");
        buf_addf(&bind, "gres/gpu:per_task:%llu", (unsigned long long)gpus_per_task);
    }
    take_text(&s->tres_bind, &bind);
}

void jobopt_compose_tres(struct jobopt_part *p)
{
    struct job_spec *s = &p->spec;
    struct buf job = BUF_INIT, node = BUF_INIT, socket = BUF_INIT;
    const char *gres = jobopt_text(p, "gres");
    add_prefixed(&job, jobopt_text(p, "gpus"), "gres/gpu:");
    if (!says_none(gres))
        add_prefixed(&node, gres, "gres/");
    if (!gpus_among(gres))
        add_prefixed(&node, jobopt_text(p, "gpus-per-node"), "gres/gpu:");
    add_prefixed(&socket, jobopt_text(p, "gpus-per-socket"), "gres/gpu:");
    take_text(&s->tres_per_job, &job);
    take_text(&s->tres_per_node, &node);
    take_text(&s->tres_per_socket, &socket);
    compose_task(p);
    compose_bind(p, count_gpus(p).task);
}
