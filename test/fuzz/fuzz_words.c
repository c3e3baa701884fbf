/* SPDX-License-Identifier: Apache-2.0 */
/* Short texts of requests, options and files: the first byte picks who reads them. */
#include "base/bits.h"
#include "base/signame.h"
#include "base/sizetext.h"
#include "cli/nodestates.h"
#include "conf/gres.h"
#include "core/array.h"
#include "core/depend.h"
#include "fuzz.h"
#include "model/errors.h"
#include "model/multiprog.h"
#include "model/pattern.h"
#include "os/log.h"
#include "sched/constraint.h"
#include "sched/licenses.h"

enum { BITS_PRINTED_MAX = 4096, ARRAY_LIMIT = 4000001 };

static void read_bits(const char *text)
{
    struct bits b = {0}, again = {0};
    struct buf out = BUF_INIT;
    struct err e;

    if (bits_parse(&b, text, &e) == 0 && bits_count(&b) < BITS_PRINTED_MAX) {
        bits_text(&b, &out);
        REQUIRE(bits_parse(&again, out.s, &e) == 0 && bits_equal(&b, &again));
    }
    bits_release(&b);
    bits_release(&again);
    buf_release(&out);
}

static void read_sizes(const char *text)
{
    struct buf out = BUF_INIT;
    uint64_t v;
    struct err e;

    if (size_parse_mib(text, &v, &e) == 0)
        size_add_mib(&out, v);
    if (size_parse_bytes(text, 1024, &v, &e) == 0)
        size_add_units(&out, v, 'B');
    buf_release(&out);
}

static void read_signal(const char *text)
{
    struct err e;
    int number;

    if (signame_parse(text, &number, &e) == 0)
        REQUIRE(number > 0 && number <= SIGNAME_MAX);
}

static void read_array(const char *text)
{
    struct array_spec spec;
    struct err e;

    if (array_parse(&spec, text, ARRAY_LIMIT, &e) == 0)
        bits_release(&spec.tasks);
}

static void read_job_id(const char *text)
{
    struct job_target target;
    struct err e;

    if (job_target_parse(&target, text, &e) == 0)
        job_target_release(&target);
}

static void read_dependency(const char *text)
{
    struct depend d = {0}, again = {0};
    struct buf out = BUF_INIT;
    struct err e;

    if (depend_parse(&d, text, &e) == 0) {
        if (!depend_text(&d, &out))
            REQUIRE(depend_parse(&again, out.s, &e) == 0);
        depend_release(&again);
        depend_release(&d);
    }
    buf_release(&out);
}

static bool any_name(void *arg, const char *name)
{
    return *name;
}

static void read_constraint(const char *text)
{
    struct constraint_alternatives a = {0};
    struct err e;

    if (constraint_check(text, ESLURM_INVALID_FEATURE, any_name, NULL, &e) < 0)
        return;
    constraint_match(text, "fast,big,rack1");
    if (constraint_split(text, &a, &e) == 0)
        constraint_release(&a);
}

static void read_gres(const char *text)
{
    char *name = NULL, *type = NULL;
    uint64_t count;
    bool no_consume;
    struct err e;

    if (gres_parse(text, &name, &type, &count, &no_consume, &e) == 0) {
        mem_free(name);
        mem_free(type);
    }
}

static void read_licenses(const char *text)
{
    struct licenses all = {0}, some = {0};
    struct err e;

    licenses_init(&all, text);
    licenses_init(&some, "matlab:2,ansys,a@b:7");
    if (licenses_check(&some, text, false, &e) == 0 && licenses_fit(&some, text))
        licenses_take(&some, text);
    licenses_release(&all);
    licenses_release(&some);
}

static void read_programs(const char *text)
{
    struct err e;

    for (uint32_t task = 0; task < 3; task++) {
        struct meta_strs argv = {0};
        multiprog_argv(text, task, &argv, &e);
        for (uint32_t i = 0; i < argv.n; i++)
            mem_free(argv.v[i]);
        mem_free(argv.v);
    }
}

static void read_pattern(const char *text)
{
    const struct pattern_values v = {.job_id = 7,
                                     .step_id = NO_VAL,
                                     .array_job_id = 7,
                                     .array_task_id = 3,
                                     .node_name = "n1.cluster",
                                     .user_name = "alice",
                                     .job_name = "a%jb",
                                     .sluid = "s1"};
    struct buf out = BUF_INIT;

    pattern_expand(text, &v, &out);
    buf_release(&out);
}

static void read_node_states(const char *text)
{
    struct node *n = meta_new(&record_node);
    char bad[8];

    if (nodestates_valid(text, bad, sizeof bad))
        nodestates_match(text, n);
    meta_free(&record_node, n);
}

static void read_log_level(const char *text)
{
    enum log_level level;

    if (log_level_parse(text, &level))
        REQUIRE(log_level_text(level));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const readers[])(const char *) = {
        read_bits,       read_sizes,       read_signal,   read_array,    read_job_id,
        read_dependency, read_constraint,  read_gres,     read_licenses, read_programs,
        read_pattern,    read_node_states, read_log_level};
    struct fuzz_input in = {data, size};
    uint8_t reader = fuzz_u8(&in) % (sizeof readers / sizeof readers[0]);
    char *text = mem_strndup((const char *)in.p, strnlen((const char *)in.p, in.left));

    readers[reader](text);
    mem_free(text);
    return 0;
}
