/* SPDX-License-Identifier: Apache-2.0 */
/* Every key that the manual pages name is in the tables, and the tables are sound. */
#include "unit.h"

#include "base/text.h"
#include "conf/table.h"
#include "conf_files.h"

static bool is_line_key(const char *line, const char *key)
{
    for (uint32_t i = 0; i < CONF_LINE_COUNT; i++) {
        for (uint32_t k = 0; k < conf_line_table[i].n; k++) {
            if (text_same(conf_line_table[i].name, line) && text_same(conf_line_table[i].keys[k].name, key))
                return true;
        }
    }
    return false;
}

static void every_documented_key_is_known(void **state)
{
    char *text = file_text(TEST_DATA "/conf/keys.txt");
    struct text_list lines = {0};
    assert_non_null(text);
    text_split(&lines, text, '\n');
    assert_true(lines.n > 300);
    for (uint32_t i = 0; i < lines.n; i++) {
        char *key = strchr(lines.v[i], ' ');
        *key++ = '\0';
        bool slurm = text_same(lines.v[i], "slurm"), cgroup = text_same(lines.v[i], "cgroup");
        bool known = slurm    ? conf_key_find(CONF_FILE_SLURM, key) >= 0
                     : cgroup ? conf_key_find(CONF_FILE_CGROUP, key) >= 0
                              : is_line_key(lines.v[i], key);
        if (!known && !(slurm && is_line_key(key, key)))
            fail_msg("%s key %s is not known", lines.v[i], key);
    }
    text_list_release(&lines);
    mem_free(text);
}

static void every_key_is_found_and_explained(void **state)
{
    for (int i = 0; i < CONF_KEY_COUNT; i++) {
        const struct conf_key_info *k = conf_key_info((enum conf_key)i);
        if (k->kind == CONF_KIND_RUN)
            continue;
        assert_int_equal(conf_key_find((enum conf_key_file)k->file, k->name), i);
        assert_non_null(k->help);
    }
    assert_int_equal(conf_key_find(CONF_FILE_SLURM, "slurmctldport"), CONF_SLURMCTLD_PORT);
    assert_int_equal(conf_key_find(CONF_FILE_SLURM, "BOOT_TIME"), -1);
}

/* An old spelling is no present key, and leads to one of its own file. */
static void old_spellings_lead_somewhere(void **state)
{
    for (uint32_t i = 0; i < conf_old_count; i++) {
        const struct conf_old *old = &conf_old_table[i];
        assert_int_equal(conf_key_find((enum conf_key_file)old->file, old->name), -1);
        assert_true((old->key >= 0) != (old->drop != NULL));
        if (old->key >= 0)
            assert_int_equal(conf_key_table[old->key].file, old->file);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_documented_key_is_known),
        cmocka_unit_test(every_key_is_found_and_explained),
        cmocka_unit_test(old_spellings_lead_somewhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
