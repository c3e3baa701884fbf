/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "os/journal_sqlite.h"

static char folder[64];

static int set_up(void **state)
{
    buf_print(folder, sizeof folder, "/tmp/test_journalXXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static const char *const files[] = {"journal.db", "journal.db-wal", "journal.db-shm", "journal.lock"};

static char *file_path(int i)
{
    static char path[128];

    buf_print(path, sizeof path, "%s/%s", folder, files[i]);
    return path;
}

static int tear_down(void **state)
{
    for (int i = 0; i < 4; i++)
        unlink(file_path(i));
    return rmdir(folder);
}

static struct journal *open_it(void)
{
    struct err e = {0};
    struct journal *j = journal_sqlite_open(folder, &e);

    if (!j)
        fail_msg("%s", e.text);
    return j;
}

static void append(struct journal *j, uint64_t index, const char *text, const char *blob)
{
    struct err e;
    struct journal_blob b = {(const uint8_t *)"name", 4, blob, blob ? strlen(blob) : 0};

    if (j->ops->append(j, index, text, strlen(text), &b, blob ? 1 : 0, &e) < 0)
        fail_msg("%s", e.text);
}

struct seen {
    uint64_t first, last;
    uint32_t n;
};

static int see(void *arg, uint64_t index, const void *batch, size_t len)
{
    struct seen *s = arg;
    char want[32];

    buf_print(want, sizeof want, "batch %llu", (unsigned long long)index);
    assert_int_equal(len, strlen(want));
    assert_memory_equal(batch, want, len);
    s->first = s->n++ ? s->first : index;
    s->last = index;
    return 0;
}

static void append_numbered(struct journal *j, uint64_t first, uint64_t last)
{
    char text[32];

    for (uint64_t i = first; i <= last; i++) {
        buf_print(text, sizeof text, "batch %llu", (unsigned long long)i);
        append(j, i, text, NULL);
    }
}

static void what_was_written_comes_back(void **state)
{
    struct journal *j = open_it();
    struct seen seen = {0};
    struct buf b = BUF_INIT;
    struct err e;
    bool found;

    assert_int_equal(j->ops->term(j), 1);
    append_numbered(j, 1, 20);
    append(j, 21, "batch 21", "#!/bin/sh\n");
    j->ops->close(j);
    j = open_it();
    assert_int_equal(j->ops->term(j), 2);
    assert_int_equal(j->ops->read(j, 5, see, &seen, &e), 0);
    assert_int_equal(seen.first, 6);
    assert_int_equal(seen.last, 21);
    assert_int_equal(j->ops->blob_get(j, (const uint8_t *)"name", 4, &b, &e), 0);
    assert_string_equal(b.s, "#!/bin/sh\n");
    assert_int_equal(j->ops->snapshot_get(j, &b, &found, &e), 0);
    assert_false(found);
    buf_release(&b);
    j->ops->close(j);
}

static void snapshots_forget_what_they_hold(void **state)
{
    struct journal *j = open_it();
    struct seen seen = {0};
    struct buf big = BUF_INIT, b = BUF_INIT;
    struct err e;
    bool found;

    append_numbered(j, 1, 9);
    append(j, 10, "batch 10", "script");
    append_numbered(j, 11, 15);
    buf_addn(&big, 'x', (3 << 20) + 17);
    struct journal_name live = {(const uint8_t *)"name", 4};
    assert_int_equal(j->ops->snapshot_put(j, 12, big.s, big.len, &live, 1, &e), 0);
    assert_int_equal(j->ops->snapshot_get(j, &b, &found, &e), 0);
    assert_true(found);
    assert_int_equal(b.len, big.len);
    assert_memory_equal(b.s, big.s, b.len);
    assert_int_equal(j->ops->read(j, 0, see, &seen, &e), 0);
    assert_int_equal(seen.first, 13);
    buf_clear(&b);
    assert_int_equal(j->ops->blob_get(j, live.v, live.len, &b, &e), 0);
    /* A payload that is stored again after the snapshot was taken stays, although the snapshot knows nothing
     * of it. */
    append(j, 16, "batch 16", "script");
    assert_int_equal(j->ops->snapshot_put(j, 14, "s", 1, NULL, 0, &e), 0);
    assert_int_equal(j->ops->blob_get(j, live.v, live.len, &b, &e), 0);
    assert_int_equal(j->ops->snapshot_put(j, 16, "t", 1, NULL, 0, &e), 0);
    assert_true(j->ops->blob_get(j, live.v, live.len, &b, &e) < 0);
    buf_clear(&b);
    assert_int_equal(j->ops->snapshot_get(j, &b, &found, &e), 0);
    assert_string_equal(b.s, "t");
    buf_release(&b);
    buf_release(&big);
    j->ops->close(j);
}

static void a_second_controller_is_refused(void **state)
{
    struct journal *j = open_it();
    struct err e;

    assert_null(journal_sqlite_open(folder, &e));
    assert_non_null(strstr(e.text, "another slurmctld"));
    j->ops->close(j);
}

static void foreign_and_damaged_files_are_named(void **state)
{
    struct err e;
    int fd = open(file_path(0), O_WRONLY | O_CREAT, 0600);

    for (int i = 0; i < 200; i++)
        assert_int_equal(write(fd, "This is no database at all. ", 28), 28);
    close(fd);
    assert_null(journal_sqlite_open(folder, &e));
    assert_non_null(strstr(e.text, "journal.db is damaged or no journal"));
    unlink(file_path(0));

    struct journal *j = open_it();
    append_numbered(j, 1, 50);
    j->ops->close(j);
    fd = open(file_path(0), O_RDWR);
    char page[8192];
    memset(page, 0x5a, sizeof page);
    off_t end = lseek(fd, 0, SEEK_END);
    for (off_t at = sizeof page; at < end; at += sizeof page)
        assert_int_equal(pwrite(fd, page, sizeof page, at), sizeof page);
    close(fd);
    j = journal_sqlite_open(folder, &e);
    if (j) {
        struct seen seen = {0};
        assert_true(j->ops->read(j, 0, see, &seen, &e) < 0);
        j->ops->close(j);
    }
    assert_non_null(strstr(e.text, "journal.db is damaged"));
}

/* A child appends and tells each durable index; it is killed in the middle, and nothing that it told may be
 * missing. */
static void nothing_told_is_lost_by_kill(void **state)
{
    uint64_t told = 0;

    for (int round = 0; round < 6; round++) {
        int p[2];
        assert_int_equal(pipe(p), 0);
        pid_t pid = fork();
        if (pid == 0) {
            struct journal *j = open_it();
            for (uint64_t i = told + 1;; i++) {
                append_numbered(j, i, i);
                if (write(p[1], &i, sizeof i) != sizeof i)
                    _exit(1);
            }
        }
        close(p[1]);
        for (uint64_t want = told + 15 + (uint64_t)round; told < want;)
            assert_int_equal(read(p[0], &told, sizeof told), sizeof told);
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
        while (read(p[0], &told, sizeof told) == sizeof told)
            ;
        close(p[0]);

        struct journal *j = open_it();
        struct seen seen = {0};
        struct err e;
        assert_int_equal(j->ops->read(j, 0, see, &seen, &e), 0);
        assert_int_equal(seen.first, 1);
        assert_true(seen.last == told || seen.last == told + 1);
        assert_int_equal(seen.n, seen.last);
        told = seen.last;
        j->ops->close(j);
    }
}

/* A write-ahead log that was cut off in the middle of a transaction loses that one and nothing before it. */
static void a_torn_log_keeps_whole_batches(void **state)
{
    pid_t pid = fork();
    struct stat st;

    if (pid == 0) {
        append_numbered(open_it(), 1, 30);
        _exit(0); /* without a close, which would empty the log */
    }
    waitpid(pid, NULL, 0);
    assert_int_equal(stat(file_path(1), &st), 0);
    assert_int_equal(truncate(file_path(1), st.st_size - 5000), 0);
    struct journal *j = open_it();
    struct seen seen = {0};
    struct err e;
    assert_int_equal(j->ops->read(j, 0, see, &seen, &e), 0);
    assert_int_equal(seen.first, 1);
    assert_in_range(seen.last, 28, 29);
    append_numbered(j, seen.last + 1, seen.last + 3);
    j->ops->close(j);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_was_written_comes_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(snapshots_forget_what_they_hold, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_second_controller_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(foreign_and_damaged_files_are_named, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nothing_told_is_lost_by_kill, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_torn_log_keeps_whole_batches, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
