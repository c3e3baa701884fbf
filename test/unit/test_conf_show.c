/* SPDX-License-Identifier: Apache-2.0 */
/* `scontrol show config` against what Slurm printed for the same files. */
#include "unit.h"

#include "base/text.h"
#include "conf_files.h"

static bool user_id(void *ctx, const char *name, uint32_t *ret_uid)
{
    *ret_uid = strcmp(name, "slurm") == 0 ? 64030 : 0;
    return true;
}

/* Line by line, so that a difference is readable. */
static void compare(const char *dir, const char *got, const char *want)
{
    struct text_list a = {0}, b = {0};
    text_split(&a, got, '\n');
    text_split(&b, want, '\n');
    uint32_t wrong = 0;
    for (uint32_t i = 0; i < a.n || i < b.n; i++) {
        const char *x = i < a.n ? a.v[i] : "", *y = i < b.n ? b.v[i] : "";
        if (strcmp(x, y) != 0 && wrong++ < 20)
            print_error("%s line %u:\n  got  %s\n  want %s\n", dir, i + 1, x, y);
    }
    text_list_release(&a);
    text_list_release(&b);
    assert_int_equal(wrong, 0);
}

static void shows_what_slurm_shows(const char *dir, uint32_t nodes)
{
    char *path = buf_format(TEST_DATA "/conf/%s/slurm.conf", dir),
         *want_path = buf_format(TEST_DATA "/conf/%s/config.txt", dir);
    struct conf_messages msgs = {0};
    struct err e;
    struct conf *c = conf_load(&disk_source, path, CONF_WANT_NODES, &msgs, &e);
    if (!c)
        fail_msg("%s: %s", dir, e.text);
    struct conf_runtime run = {.user_id = user_id,
                               .as_of = "2026-01-02T03:04:05",
                               .boot_time = "2026-01-02T03:04:05",
                               .conf_path = "/etc/slurm/slurm.conf",
                               .version = "26.05.5",
                               .plugin_dir = "/usr/lib/slurm",
                               .hash_val = "Match",
                               .next_job_id = conf_u32(c, CONF_FIRST_JOB_ID),
                               .node_count = nodes,
                               .multiple_slurmd = true};
    struct buf got = BUF_INIT;
    conf_text(c, &run, &got);
    char *want = file_text(want_path);
    compare(dir, got.s, want);
    mem_free(want);
    buf_release(&got);
    conf_free(c);
    conf_messages_release(&msgs);
    mem_free(path);
    mem_free(want_path);
}

static void nothing_but_what_must_be_set(void **state)
{
    shows_what_slurm_shows("show-min", 1);
}

static void many_keys_set(void **state)
{
    shows_what_slurm_shows("show-full", 0);
}

static void plugins_none_and_flags(void **state)
{
    shows_what_slurm_shows("show-none", 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_but_what_must_be_set),
        cmocka_unit_test(many_keys_set),
        cmocka_unit_test(plugins_none_and_flags),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
