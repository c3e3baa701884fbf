/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Three connections: the writer's, one for snapshots and one for reading payloads, so that the two that may
 * take long never hold up a commit. A snapshot is written in chunks, a short transaction each, and counts
 * from the moment its row is there.
 */
#include "os/journal_sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/mem.h"

enum {
    APPLICATION_ID = 0x534c4a31, /* "SLJ1" */
    FORMAT = 1,
    BUSY_MS = 60000,
    CHUNK = 1 << 20,
    FORGET_BATCHES = 2000, /* a transaction */
};

enum statement {
    ADD_BATCH,
    ADD_BLOB,
    USE_BLOB, /* apart, so that storing the same payload again writes a few bytes only */
    STATEMENTS,
};

struct sqlite_journal {
    struct journal j;
    char *path;
    int lock_fd;
    uint64_t term;
    sqlite3 *writer, *keeper, *reader;
    sqlite3_stmt *statement[STATEMENTS]; /* of the writer */
    pthread_mutex_t keeper_lock, reader_lock;
};

static const char schema[] =
    "CREATE TABLE IF NOT EXISTS batches(idx INTEGER PRIMARY KEY, sum INTEGER NOT NULL, data BLOB NOT NULL);"
    "CREATE TABLE IF NOT EXISTS blobs(name BLOB PRIMARY KEY, data BLOB NOT NULL);"
    "CREATE TABLE IF NOT EXISTS blob_uses(name BLOB PRIMARY KEY, idx INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS snapshots(idx INTEGER PRIMARY KEY, len INTEGER NOT NULL, sum INTEGER NOT "
    "NULL);"
    "CREATE TABLE IF NOT EXISTS chunks(idx INTEGER, n INTEGER, data BLOB NOT NULL, PRIMARY KEY(idx, n));"
    "CREATE TABLE IF NOT EXISTS term(one INTEGER PRIMARY KEY CHECK(one = 1), value INTEGER NOT NULL);"
    "INSERT INTO term VALUES(1, 1) ON CONFLICT DO UPDATE SET value = value + 1;";

static struct sqlite_journal *of(struct journal *j)
{
    return (struct sqlite_journal *)j;
}

static int fail(const struct sqlite_journal *s, sqlite3 *db, const char *what, struct err *e)
{
    int code = db ? sqlite3_errcode(db) : SQLITE_NOMEM;

    if (code == SQLITE_NOTADB || code == SQLITE_CORRUPT)
        return err_set(e, EIO, "%s is damaged or no journal of slurmctld: %s", s->path, sqlite3_errmsg(db));
    return err_set(e, code == SQLITE_FULL ? ENOSPC : EIO, "%s %s: %s", what, s->path,
                   db ? sqlite3_errmsg(db) : "out of memory");
}

static int run(struct sqlite_journal *s, sqlite3 *db, const char *sql, const char *what, struct err *e)
{
    return sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : fail(s, db, what, e);
}

/* The single number of a query; 0 when there is no row. */
static int number_of(struct sqlite_journal *s, sqlite3 *db, const char *sql, int64_t *ret, struct err *e)
{
    sqlite3_stmt *q = NULL;
    int rc = sqlite3_prepare_v2(db, sql, -1, &q, NULL);

    *ret = 0;
    if (rc == SQLITE_OK)
        rc = sqlite3_step(q);
    if (rc == SQLITE_ROW)
        *ret = sqlite3_column_int64(q, 0);
    int result = rc == SQLITE_ROW || rc == SQLITE_DONE ? 0 : fail(s, db, "cannot read", e);
    sqlite3_finalize(q);
    return result;
}

/* --- writing --- */

static int step_once(sqlite3_stmt *q)
{
    int rc = sqlite3_step(q);

    sqlite3_reset(q);
    sqlite3_clear_bindings(q);
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static int add_batch(struct sqlite_journal *s, uint64_t index, const void *batch, size_t len,
                     const struct journal_blob *blobs, uint32_t blobs_n)
{
    sqlite3_stmt *q;
    int rc = SQLITE_OK;

    for (uint32_t i = 0; i < blobs_n && rc == SQLITE_OK; i++) {
        q = s->statement[ADD_BLOB];
        sqlite3_bind_blob64(q, 1, blobs[i].name, blobs[i].name_len, SQLITE_STATIC);
        sqlite3_bind_blob64(q, 2, blobs[i].data, blobs[i].len, SQLITE_STATIC);
        rc = step_once(q);
        if (rc != SQLITE_OK)
            break;
        q = s->statement[USE_BLOB];
        sqlite3_bind_blob64(q, 1, blobs[i].name, blobs[i].name_len, SQLITE_STATIC);
        sqlite3_bind_int64(q, 2, (int64_t)index);
        rc = step_once(q);
    }
    if (rc != SQLITE_OK)
        return rc;
    q = s->statement[ADD_BATCH];
    sqlite3_bind_int64(q, 1, (int64_t)index);
    sqlite3_bind_int64(q, 2, (int64_t)XXH3_64bits(batch, len));
    sqlite3_bind_blob64(q, 3, batch, len, SQLITE_STATIC);
    return step_once(q);
}

static int sq_append(struct journal *j, uint64_t index, const void *batch, size_t len,
                     const struct journal_blob *blobs, uint32_t blobs_n, struct err *e)
{
    struct sqlite_journal *s = of(j);

    if (sqlite3_exec(s->writer, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK ||
        add_batch(s, index, batch, len, blobs, blobs_n) != SQLITE_OK ||
        sqlite3_exec(s->writer, "COMMIT", NULL, NULL, NULL) != SQLITE_OK) {
        int rc = fail(s, s->writer, "cannot write", e);
        sqlite3_exec(s->writer, "ROLLBACK", NULL, NULL, NULL);
        return rc;
    }
    return 0;
}

/* --- reading --- */

static int check_row(struct sqlite_journal *s, sqlite3_stmt *q, uint64_t expect, struct err *e)
{
    uint64_t index = (uint64_t)sqlite3_column_int64(q, 0);
    const void *data = sqlite3_column_blob(q, 2);
    size_t len = (size_t)sqlite3_column_bytes(q, 2);

    if (expect && index != expect)
        return err_set(e, EIO, "%s: entry %llu is missing, %llu follows", s->path, (unsigned long long)expect,
                       (unsigned long long)index);
    if ((uint64_t)sqlite3_column_int64(q, 1) != XXH3_64bits(data, len))
        return err_set(e, EIO, "%s: entry %llu is damaged: its checksum is wrong", s->path,
                       (unsigned long long)index);
    return 0;
}

static int sq_read(struct journal *j, uint64_t from,
                   int (*each)(void *arg, uint64_t index, const void *batch, size_t len), void *arg,
                   struct err *e)
{
    struct sqlite_journal *s = of(j);
    sqlite3_stmt *q = NULL;
    uint64_t expect = from ? from + 1 : 0;
    int rc = sqlite3_prepare_v2(s->writer, "SELECT idx, sum, data FROM batches WHERE idx > ? ORDER BY idx",
                                -1, &q, NULL);

    if (rc != SQLITE_OK)
        return fail(s, s->writer, "cannot read", e);
    sqlite3_bind_int64(q, 1, (int64_t)from);
    int result = 0;
    while (result == 0 && (rc = sqlite3_step(q)) == SQLITE_ROW) {
        result = check_row(s, q, expect, e);
        if (result == 0)
            result = each(arg, (uint64_t)sqlite3_column_int64(q, 0), sqlite3_column_blob(q, 2),
                          (size_t)sqlite3_column_bytes(q, 2));
        expect = (uint64_t)sqlite3_column_int64(q, 0) + 1;
    }
    if (result == 0 && rc != SQLITE_DONE)
        result = fail(s, s->writer, "cannot read", e);
    sqlite3_finalize(q);
    return result;
}

static int sq_blob_get(struct journal *j, const uint8_t *name, size_t name_len, struct buf *ret,
                       struct err *e)
{
    struct sqlite_journal *s = of(j);
    sqlite3_stmt *q = NULL;
    int result = 0;

    pthread_mutex_lock(&s->reader_lock);
    int rc = sqlite3_prepare_v2(s->reader, "SELECT data FROM blobs WHERE name = ?", -1, &q, NULL);
    if (rc == SQLITE_OK) {
        sqlite3_bind_blob64(q, 1, name, name_len, SQLITE_STATIC);
        rc = sqlite3_step(q);
    }
    if (rc == SQLITE_ROW)
        buf_add(ret, sqlite3_column_blob(q, 0), (size_t)sqlite3_column_bytes(q, 0));
    else if (rc == SQLITE_DONE)
        result = err_set(e, ENOENT, "%s holds no such payload", s->path);
    else
        result = fail(s, s->reader, "cannot read", e);
    sqlite3_finalize(q);
    pthread_mutex_unlock(&s->reader_lock);
    return result;
}

/* --- snapshots --- */

static int read_chunks(struct sqlite_journal *s, int64_t index, struct buf *ret, struct err *e)
{
    sqlite3_stmt *q = NULL;
    int rc = sqlite3_prepare_v2(s->keeper, "SELECT data FROM chunks WHERE idx = ? ORDER BY n", -1, &q, NULL);

    if (rc == SQLITE_OK) {
        sqlite3_bind_int64(q, 1, index);
        while ((rc = sqlite3_step(q)) == SQLITE_ROW)
            buf_add(ret, sqlite3_column_blob(q, 0), (size_t)sqlite3_column_bytes(q, 0));
    }
    int result = rc == SQLITE_DONE ? 0 : fail(s, s->keeper, "cannot read", e);
    sqlite3_finalize(q);
    return result;
}

static int snapshot_read(struct sqlite_journal *s, struct buf *ret, bool *ret_found, struct err *e)
{
    sqlite3_stmt *q = NULL;
    int rc = sqlite3_prepare_v2(s->keeper, "SELECT idx, len, sum FROM snapshots ORDER BY idx DESC LIMIT 1",
                                -1, &q, NULL);
    int result = 0;

    *ret_found = false;
    if (rc == SQLITE_OK)
        rc = sqlite3_step(q);
    if (rc == SQLITE_ROW) {
        int64_t index = sqlite3_column_int64(q, 0);
        result = read_chunks(s, index, ret, e);
        if (result == 0 && ((int64_t)ret->len != sqlite3_column_int64(q, 1) ||
                            (int64_t)XXH3_64bits(ret->s, ret->len) != sqlite3_column_int64(q, 2)))
            result = err_set(e, EIO, "%s: the snapshot at entry %lld is damaged: its checksum is wrong",
                             s->path, (long long)index);
        *ret_found = result == 0;
    } else if (rc != SQLITE_DONE)
        result = fail(s, s->keeper, "cannot read", e);
    sqlite3_finalize(q);
    return result;
}

static int sq_snapshot_get(struct journal *j, struct buf *ret, bool *ret_found, struct err *e)
{
    struct sqlite_journal *s = of(j);

    pthread_mutex_lock(&s->keeper_lock);
    int rc = snapshot_read(s, ret, ret_found, e);
    pthread_mutex_unlock(&s->keeper_lock);
    return rc;
}

static int write_chunks(struct sqlite_journal *s, uint64_t index, const char *data, size_t len, struct err *e)
{
    sqlite3_stmt *q = NULL;
    int n = 0,
        rc = sqlite3_prepare_v2(s->keeper, "INSERT OR REPLACE INTO chunks VALUES(?, ?, ?)", -1, &q, NULL);

    for (size_t at = 0; at < len && rc == SQLITE_OK; at += CHUNK) {
        sqlite3_bind_int64(q, 1, (int64_t)index);
        sqlite3_bind_int(q, 2, n++);
        sqlite3_bind_blob64(q, 3, data + at, len - at < CHUNK ? len - at : CHUNK, SQLITE_STATIC);
        rc = step_once(q);
    }
    int result = rc == SQLITE_OK ? 0 : fail(s, s->keeper, "cannot write", e);
    sqlite3_finalize(q);
    return result;
}

/* Runs a statement with the index as its only parameter until it changes nothing more. */
static int repeat(struct sqlite_journal *s, const char *sql, uint64_t index, struct err *e)
{
    sqlite3_stmt *q = NULL;
    int rc = sqlite3_prepare_v2(s->keeper, sql, -1, &q, NULL);

    while (rc == SQLITE_OK) {
        sqlite3_bind_int64(q, 1, (int64_t)index);
        rc = step_once(q);
        if (rc == SQLITE_OK && sqlite3_changes(s->keeper) == 0)
            break;
    }
    int result = rc == SQLITE_OK ? 0 : fail(s, s->keeper, "cannot write", e);
    sqlite3_finalize(q);
    return result;
}

static int forget_blobs(struct sqlite_journal *s, uint64_t index, const struct journal_name *live,
                        uint32_t live_n, struct err *e)
{
    sqlite3_stmt *q = NULL;
    int rc = run(s, s->keeper,
                 "CREATE TEMP TABLE IF NOT EXISTS live(name BLOB PRIMARY KEY); DELETE FROM temp.live;"
                 "BEGIN",
                 "cannot write", e);

    if (rc < 0)
        return rc;
    rc = sqlite3_prepare_v2(s->keeper, "INSERT OR IGNORE INTO temp.live VALUES(?)", -1, &q, NULL);
    for (uint32_t i = 0; i < live_n && rc == SQLITE_OK; i++) {
        sqlite3_bind_blob64(q, 1, live[i].v, live[i].len, SQLITE_STATIC);
        rc = step_once(q);
    }
    sqlite3_finalize(q);
    if (rc != SQLITE_OK)
        return fail(s, s->keeper, "cannot write", e);
    rc = run(s, s->keeper, "COMMIT", "cannot write", e);
    if (rc < 0)
        return rc;
    rc = repeat(
        s,
        "DELETE FROM blobs WHERE rowid IN (SELECT b.rowid FROM blobs b JOIN blob_uses u ON u.name = b.name "
        "WHERE u.idx <= ? AND b.name NOT IN temp.live LIMIT 1000)",
        index, e);
    return rc < 0 ? rc
                  : repeat(s, "DELETE FROM blob_uses WHERE idx <= ? AND name NOT IN temp.live", index, e);
}

static int snapshot_write(struct sqlite_journal *s, uint64_t index, const void *data, size_t len,
                          const struct journal_name *live, uint32_t live_n, struct err *e)
{
    char sql[256];

    int rc = write_chunks(s, index, data, len, e);
    if (rc < 0)
        return rc;
    sqlite3_snprintf(sizeof sql, sql, "INSERT OR REPLACE INTO snapshots VALUES(%lld, %lld, %lld)",
                     (long long)index, (long long)len, (long long)XXH3_64bits(data, len));
    rc = run(s, s->keeper, sql, "cannot write", e);
    if (rc == 0)
        rc = repeat(s, "DELETE FROM snapshots WHERE idx < ?", index, e);
    if (rc == 0)
        rc = repeat(s, "DELETE FROM chunks WHERE rowid IN (SELECT rowid FROM chunks WHERE idx < ? LIMIT 16)",
                    index, e);
    sqlite3_snprintf(
        sizeof sql, sql,
        "DELETE FROM batches WHERE idx IN (SELECT idx FROM batches WHERE idx <= ? ORDER BY idx LIMIT %d)",
        FORGET_BATCHES);
    if (rc == 0)
        rc = repeat(s, sql, index, e);
    return rc == 0 ? forget_blobs(s, index, live, live_n, e) : rc;
}

static int sq_snapshot_put(struct journal *j, uint64_t index, const void *data, size_t len,
                           const struct journal_name *live, uint32_t live_n, struct err *e)
{
    struct sqlite_journal *s = of(j);

    pthread_mutex_lock(&s->keeper_lock);
    int rc = snapshot_write(s, index, data, len, live, live_n, e);
    pthread_mutex_unlock(&s->keeper_lock);
    return rc;
}

static int sq_blob_drop(struct journal *j, const uint8_t *name, size_t name_len, struct err *e)
{
    struct sqlite_journal *s = of(j);
    sqlite3_stmt *q = NULL;

    pthread_mutex_lock(&s->keeper_lock);
    int rc = sqlite3_prepare_v2(s->keeper, "DELETE FROM blobs WHERE name = ?", -1, &q, NULL);
    if (rc == SQLITE_OK) {
        sqlite3_bind_blob64(q, 1, name, name_len, SQLITE_STATIC);
        rc = step_once(q);
    }
    int result = rc == SQLITE_OK ? 0 : fail(s, s->keeper, "cannot write", e);
    sqlite3_finalize(q);
    pthread_mutex_unlock(&s->keeper_lock);
    return result;
}

/* --- life --- */

static uint64_t sq_term(const struct journal *j)
{
    return ((const struct sqlite_journal *)j)->term;
}

static void sq_close(struct journal *j)
{
    struct sqlite_journal *s = of(j);

    for (int i = 0; i < STATEMENTS; i++)
        sqlite3_finalize(s->statement[i]);
    sqlite3_close(s->reader);
    sqlite3_close(s->keeper);
    sqlite3_close(s->writer);
    if (s->lock_fd >= 0)
        close(s->lock_fd);
    pthread_mutex_destroy(&s->keeper_lock);
    pthread_mutex_destroy(&s->reader_lock);
    mem_free(s->path);
    mem_free(s);
}

static const struct journal_ops sqlite_ops = {
    .append = sq_append,
    .read = sq_read,
    .snapshot_get = sq_snapshot_get,
    .snapshot_put = sq_snapshot_put,
    .blob_get = sq_blob_get,
    .blob_drop = sq_blob_drop,
    .term = sq_term,
    .close = sq_close,
};

static int open_db(struct sqlite_journal *s, sqlite3 **ret, struct err *e)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;

    if (sqlite3_open_v2(s->path, ret, flags, NULL) != SQLITE_OK)
        return fail(s, *ret, "cannot open", e);
    sqlite3_busy_timeout(*ret, BUSY_MS);
    return run(
        s, *ret,
        "PRAGMA page_size=8192; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA temp_store=MEMORY;"
        "PRAGMA wal_autocheckpoint=2000",
        "cannot open", e);
}

/* Ours, or new: a file of somebody else is left alone. */
static int check_identity(struct sqlite_journal *s, struct err *e)
{
    int64_t id, version, tables;
    char sql[96];

    int rc = number_of(s, s->writer, "PRAGMA application_id", &id, e);
    if (rc == 0)
        rc = number_of(s, s->writer, "PRAGMA user_version", &version, e);
    if (rc == 0)
        rc = number_of(s, s->writer, "SELECT count(*) FROM sqlite_master", &tables, e);
    if (rc < 0)
        return rc;
    if (id != APPLICATION_ID && (id != 0 || tables != 0))
        return err_set(e, EIO, "%s is damaged or no journal of slurmctld: another program's database",
                       s->path);
    if (id == APPLICATION_ID && version != FORMAT)
        return err_set(e, EIO, "%s has format %lld; this version knows format %d", s->path,
                       (long long)version, FORMAT);
    sqlite3_snprintf(sizeof sql, sql, "PRAGMA application_id=%d; PRAGMA user_version=%d", APPLICATION_ID,
                     FORMAT);
    return id == APPLICATION_ID ? 0 : run(s, s->writer, sql, "cannot make", e);
}

static int prepare(struct sqlite_journal *s, struct err *e)
{
    static const char *const sql[STATEMENTS] = {
        [ADD_BATCH] = "INSERT INTO batches VALUES(?, ?, ?)",
        [ADD_BLOB] = "INSERT OR IGNORE INTO blobs VALUES(?, ?)",
        [USE_BLOB] =
            "INSERT INTO blob_uses VALUES(?1, ?2) ON CONFLICT(name) DO UPDATE SET idx = ?2 WHERE idx < ?2",
    };

    for (int i = 0; i < STATEMENTS; i++)
        if (sqlite3_prepare_v3(s->writer, sql[i], -1, SQLITE_PREPARE_PERSISTENT, &s->statement[i], NULL) !=
            SQLITE_OK)
            return fail(s, s->writer, "cannot open", e);
    return 0;
}

static int take_lock(struct sqlite_journal *s, const char *folder, struct err *e)
{
    char *path = buf_format("%s/journal.lock", folder);
    int rc = 0;

    s->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (s->lock_fd < 0)
        rc = err_set(e, errno, "%s: %s", path, strerror(errno));
    else if (flock(s->lock_fd, LOCK_EX | LOCK_NB) < 0)
        rc = err_set(e, EAGAIN, "%s is in use: another slurmctld is running with this StateSaveLocation",
                     folder);
    mem_free(path);
    return rc;
}

/* Scripts and environments hold secrets: SQLite gives its other files the mode of this one. */
static int make_private(const struct sqlite_journal *s, struct err *e)
{
    int fd = open(s->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

    if (fd < 0)
        return err_set(e, errno, "%s: %s", s->path, strerror(errno));
    close(fd);
    return 0;
}

struct journal *journal_sqlite_open(const char *folder, struct err *e)
{
    struct sqlite_journal *s = mem_alloc(sizeof *s);
    int64_t term = 0;

    s->j.ops = &sqlite_ops;
    s->path = buf_format("%s/journal.db", folder);
    pthread_mutex_init(&s->keeper_lock, NULL);
    pthread_mutex_init(&s->reader_lock, NULL);
    int rc = take_lock(s, folder, e);
    if (rc == 0)
        rc = make_private(s, e);
    if (rc == 0)
        rc = open_db(s, &s->writer, e);
    if (rc == 0)
        rc = check_identity(s, e);
    if (rc == 0)
        rc = run(s, s->writer, schema, "cannot make", e);
    if (rc == 0)
        rc = number_of(s, s->writer, "SELECT value FROM term", &term, e);
    if (rc == 0)
        rc = prepare(s, e);
    if (rc == 0)
        rc = open_db(s, &s->keeper, e);
    if (rc == 0)
        rc = open_db(s, &s->reader, e);
    s->term = (uint64_t)term;
    if (rc < 0) {
        sq_close(&s->j);
        return NULL;
    }
    return &s->j;
}
