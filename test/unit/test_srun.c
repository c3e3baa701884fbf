/* SPDX-License-Identifier: Apache-2.0 */
/* The texts of srun: what became of tasks, and labels. The expected ones are those of Slurm 26.05. */
#include "unit.h"

#include "base/bits.h"
#include "base/buf.h"
#include "cli/srun_exit.h"
#include "model/label.h"

static void test_tasks(void **state)
{
    struct bits tasks = {0};
    struct buf b = BUF_INIT;
    bits_set(&tasks, 1);
    srun_tasks_text(&tasks, &b);
    buf_adds(&b, "; ");
    srun_ranks_text(&tasks, &b);
    assert_string_equal(b.s, "task 1; 1");
    bits_set_range(&tasks, 3, 5);
    buf_clear(&b);
    srun_tasks_text(&tasks, &b);
    buf_adds(&b, "; ");
    srun_ranks_text(&tasks, &b);
    assert_string_equal(b.s, "tasks 1,3-5; [1,3-5]");
    bits_release(&tasks);
    buf_release(&b);
}

static void test_status(void **state)
{
    static const struct {
        uint32_t status;
        bool oom;
        const char *text;
        int shell;
    } rows[] = {
        {0, false, "Completed", 0},
        {0, true, "Out Of Memory", 1},
        {3 << 8, false, "Exited with exit code 3", 3},
        {255 << 8, false, "Exited with exit code 255", 255},
        {9, false, "Killed", 137},
        {9, true, "Out Of Memory", 1},
        {15, false, "Terminated", 143},
        {10, false, "User defined signal 1", 138},
        {6, false, "Aborted", 134},
        {11, false, "Segmentation fault", 139},
        {11 | 0x80, false, "Segmentation fault (core dumped)", 139},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf b = BUF_INIT;
        srun_status_text(rows[i].status, rows[i].oom, &b);
        assert_string_equal(b.s, rows[i].text);
        assert_int_equal(srun_shell_status(rows[i].status, rows[i].oom), rows[i].shell);
        buf_release(&b);
    }
    /* The node could not open a file: one failure, not a signal. */
    assert_int_equal(srun_shell_status(SRUN_STATUS_IO_FAILED, false), 1);
}

static void test_label_width(void **state)
{
    assert_int_equal(label_width(0), 1);
    assert_int_equal(label_width(1), 1);
    assert_int_equal(label_width(10), 1);
    assert_int_equal(label_width(11), 2);
    assert_int_equal(label_width(100), 2);
    assert_int_equal(label_width(101), 3);
}

static void test_labels(void **state)
{
    struct buf part = BUF_INIT, out = BUF_INIT;
    label_add(&part, 3, 2, "a\nb", 3, &out);
    assert_string_equal(out.s, " 3: a\n");
    label_add(&part, 3, 2, "c\n\nd", 4, &out);
    assert_string_equal(out.s, " 3: a\n 3: bc\n 3: \n");
    buf_clear(&out);
    label_end(&part, 3, 2, &out);
    label_end(&part, 3, 2, &out);
    assert_string_equal(out.s, " 3: d\n");
    buf_release(&part);
    buf_release(&out);
}

/* A task that never ends its line must not fill the memory. */
static void test_long_line(void **state)
{
    struct buf part = BUF_INIT, out = BUF_INIT;
    char chunk[4096];
    memset(chunk, 'x', sizeof chunk);
    for (int i = 0; i < 64; i++) {
        label_add(&part, 0, 1, chunk, sizeof chunk, &out);
        assert_true(part.len < LABEL_LINE_MAX);
    }
    label_end(&part, 0, 1, &out);
    size_t letters = 0, lines = 0;
    for (size_t i = 0; i < out.len; i++) {
        letters += out.s[i] == 'x';
        lines += out.s[i] == '\n';
    }
    assert_int_equal(letters, 64 * sizeof chunk);
    assert_true(lines >= 4);
    buf_release(&part);
    buf_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tasks),  cmocka_unit_test(test_status),    cmocka_unit_test(test_label_width),
        cmocka_unit_test(test_labels), cmocka_unit_test(test_long_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
