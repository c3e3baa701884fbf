/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "os/auth.h"

static const struct auth_identity anna = {1001, 100};

static struct auth *auth_with(int fill, const char *cluster)
{
    struct key key = {.len = 64};
    struct err e;

    memset(key.v, fill, key.len);
    struct auth *a = auth_open(&(struct auth_settings){.cluster = cluster, .key = &key}, &e);
    assert_non_null(a);
    return a;
}

static int check(struct auth *a, const struct buf *t, size_t len, const char *audience, int64_t now)
{
    struct auth_identity who = {0};
    struct err e = {0};

    int rc = auth_check_token(a, "auth/slurm", t->s, len, audience, now, &who, &e);
    if (rc == 0) {
        assert_int_equal(who.uid, anna.uid);
        assert_int_equal(who.gid, anna.gid);
    } else {
        assert_int_equal(rc, -e.code);
        assert_true(e.text[0]);
    }
    return rc;
}

static void tokens(void **state)
{
    struct auth *a = auth_with(1, "alpha"), *b = auth_with(2, "alpha"), *c = auth_with(1, "beta");
    struct buf t = BUF_INIT;
    struct err e;

    assert_int_equal(auth_make_token(a, &anna, "slurmctld", 1000, &t, &e), 0);
    for (size_t i = 0; i < t.len; i++)
        assert_true(check(a, &t, i, "slurmctld", 1000) < 0);
    assert_int_equal(check(b, &t, t.len, "slurmctld", 1000), -ESLURM_INVALID_AUTHENTICATION_CREDENTIAL);
    assert_int_equal(check(c, &t, t.len, "slurmctld", 1000), -ESLURM_INVALID_AUTHENTICATION_CREDENTIAL);
    assert_int_equal(check(a, &t, t.len, "n1", 1000), -ESLURM_INVALID_AUTHENTICATION_CREDENTIAL);
    assert_int_equal(check(a, &t, t.len, "slurmctld", 1061), -ESLURM_AUTHENTICATION_CREDENTIAL_EXPIRED);
    assert_int_equal(check(a, &t, t.len, "slurmctld", 900), -ESLURM_INVALID_AUTHENTICATION_CREDENTIAL);
    for (size_t i = 0; i < t.len; i++) {
        t.s[i] ^= 0x10;
        assert_true(check(a, &t, t.len, "slurmctld", 1000) < 0);
        t.s[i] ^= 0x10;
    }
    assert_int_equal(check(a, &t, t.len, "slurmctld", 1000), 0);
    for (int64_t later = 1000; later <= 1060; later += 20)
        assert_int_equal(check(a, &t, t.len, "slurmctld", later), -ESLURM_INVALID_AUTHENTICATION_CREDENTIAL);
    buf_release(&t);
    auth_close(a);
    auth_close(b);
    auth_close(c);
}

static void other_types_and_nobody_are_refused(void **state)
{
    struct auth *a = auth_with(1, "alpha");
    struct auth_identity who;
    struct buf t = BUF_INIT;
    struct err e;

    assert_int_equal(auth_make_token(a, &(struct auth_identity){65534, 65534}, "slurmctld", 1000, &t, &e), 0);
    assert_int_equal(auth_check_token(a, "auth/slurm", t.s, t.len, "slurmctld", 1000, &who, &e),
                     -ESLURM_REJECTING_AUTHENTICATION_USER_NOBODY_OR_GROUP);
    assert_int_equal(auth_check_token(a, "auth/none", t.s, t.len, "slurmctld", 1000, &who, &e),
                     -ESLURM_PROTOCOL_AUTHENTICATION);
    assert_int_equal(auth_check_token(a, NULL, t.s, t.len, "slurmctld", 1000, &who, &e),
                     -ESLURM_PROTOCOL_AUTHENTICATION);
    assert_null(auth_open(&(struct auth_settings){.type = "auth/none", .cluster = "alpha"}, &e));
    assert_null(auth_open(&(struct auth_settings){.type = "auth/slurm", .cluster = "alpha"}, &e));
    buf_release(&t);
    auth_close(a);
}

static struct credential credential_for(const char *node)
{
    struct credential c;

    meta_init(&record_credential, &c);
    c.job_id = 7;
    c.uid = anna.uid;
    struct cred_node *n = meta_recs_push(&record_cred_node, &c.nodes);
    n->name = mem_strdup(node);
    n->cpus = 4;
    return c;
}

static int use(struct auth *a, const struct buf *b, const char *node, int64_t now)
{
    struct credential c;
    struct err e;

    int rc = auth_check_credential(a, b->s, b->len, node, now, &c, &e);
    if (rc == 0) {
        assert_int_equal(c.job_id, 7);
        meta_release(&record_credential, &c);
    }
    return rc;
}

static void credentials(void **state)
{
    struct auth *a = auth_with(1, "alpha"), *other = auth_with(2, "alpha");
    struct credential c = credential_for("n1");
    struct buf b = BUF_INIT;
    struct err e;

    assert_int_equal(auth_sign_credential(a, &c, 1000, &b, &e), 0);
    assert_int_equal(use(other, &b, "n1", 1000), -ESLURM_INVALID_AUTHENTICATION_CREDENTIAL);
    assert_int_equal(use(a, &b, "n2", 1000), -ESLURM_INVALID_JOB_CREDENTIAL);
    assert_int_equal(use(a, &b, "n1", 1121), -ESLURM_JOB_CREDENTIAL_EXPIRED);
    assert_int_equal(use(a, &b, "n1", 1001), 0);
    assert_int_equal(use(a, &b, "n1", 1002), 0); /* a launch may be repeated: replays are nodecore's */
    b.len--;
    assert_true(use(a, &b, "n1", 1001) < 0);
    buf_release(&b);
    meta_release(&record_credential, &c);
    auth_close(a);
    auth_close(other);
}

static int open_forward(struct auth *a, const struct buf *b, int64_t now)
{
    struct forward_body m;
    struct err e;

    int rc = auth_check_forward(a, b->s, b->len, now, &m, &e);
    if (rc == 0) {
        assert_string_equal(m.nodes, "n[1-3]");
        meta_release(&record_forward_body, &m);
    }
    return rc;
}

static void messages_that_are_passed_on(void **state)
{
    struct auth *a = auth_with(1, "alpha"), *other = auth_with(2, "alpha"), *beta = auth_with(1, "beta");
    struct forward_body m;
    struct buf b = BUF_INIT, credential = BUF_INIT;
    struct credential c = credential_for("n1");
    struct err e;

    meta_init(&record_forward_body, &m);
    m.nodes = mem_strdup("n[1-3]");
    m.expires = 1100;
    assert_int_equal(auth_seal_forward(a, &m, 1000, &b, &e), 0);
    assert_int_equal(open_forward(a, &b, 1001), 0);
    assert_int_equal(open_forward(a, &b, 1002), 0); /* whether it came before is slurmd's to know */
    assert_int_equal(open_forward(a, &b, 1101), -ESLURM_AUTHENTICATION_CREDENTIAL_EXPIRED);
    assert_int_equal(open_forward(a, &b, 900), -ESLURM_INVALID_AUTHENTICATION_CREDENTIAL);
    assert_int_equal(open_forward(other, &b, 1001), -ESLURM_INVALID_AUTHENTICATION_CREDENTIAL);
    assert_int_equal(open_forward(beta, &b, 1001), -ESLURM_INVALID_AUTHENTICATION_CREDENTIAL);
    for (size_t i = 0; i < b.len; i++) {
        b.s[i] ^= 1;
        assert_true(open_forward(a, &b, 1001) < 0);
        b.s[i] ^= 1;
    }
    /* What was signed for one purpose is nothing for another. */
    assert_int_equal(use(a, &b, "n1", 1001), -ESLURM_INVALID_AUTHENTICATION_CREDENTIAL);
    assert_int_equal(auth_sign_credential(a, &c, 1000, &credential, &e), 0);
    assert_int_equal(open_forward(a, &credential, 1001), -ESLURM_INVALID_AUTHENTICATION_CREDENTIAL);
    buf_release(&b);
    buf_clear(&credential);
    m.expires = 1000 + AUTH_FORWARD_LIFE_S_MAX + 1;
    assert_int_equal(auth_seal_forward(a, &m, 1000, &credential, &e), 0);
    assert_int_equal(open_forward(a, &credential, 1001), -ESLURM_INVALID_AUTHENTICATION_CREDENTIAL);
    buf_release(&credential);
    meta_release(&record_forward_body, &m);
    meta_release(&record_credential, &c);
    auth_close(a);
    auth_close(other);
    auth_close(beta);
}

static void a_token_is_no_credential(void **state)
{
    struct auth *a = auth_with(1, "alpha");
    struct buf b = BUF_INIT;
    struct err e;

    assert_int_equal(auth_make_token(a, &anna, "n1", 1000, &b, &e), 0);
    assert_int_equal(use(a, &b, "n1", 1000), -ESLURM_INVALID_AUTHENTICATION_CREDENTIAL);
    buf_release(&b);
    auth_close(a);
}

static void keys(void **state)
{
    char dir[] = "/tmp/test_authXXXXXX", path[64];
    struct key key, again;
    struct err e;

    assert_non_null(mkdtemp(dir));
    buf_print(path, sizeof path, "%s/slurm.key", dir);
    assert_int_equal(key_load(path, geteuid(), &key, &e), -ENOENT);
    assert_int_equal(key_create(path, geteuid(), &e), 0);
    assert_int_equal(key_create(path, geteuid(), &e), -EEXIST);
    assert_int_equal(key_load(path, geteuid(), &key, &e), 0);
    assert_int_equal(key_load(path, geteuid(), &again, &e), 0);
    assert_int_equal(key.len, KEY_MAX);
    assert_memory_equal(key.v, again.v, KEY_MAX);
    chmod(path, 0640);
    assert_int_equal(key_load(path, geteuid(), &key, &e), -ESLURM_INVALID_AUTHENTICATION_CREDENTIAL);
    assert_non_null(strstr(e.text, "chmod 600"));
    chmod(path, 0600);
    assert_int_equal(truncate(path, KEY_MIN - 1), 0);
    assert_int_equal(key_load(path, geteuid(), &key, &e), -ESLURM_INVALID_AUTHENTICATION_CREDENTIAL);
    unlink(path);
    mkdir(path, 0700);
    assert_int_equal(key_load(path, geteuid(), &key, &e), -ESLURM_INVALID_AUTHENTICATION_CREDENTIAL);
    rmdir(path);
    rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tokens),
        cmocka_unit_test(other_types_and_nobody_are_refused),
        cmocka_unit_test(credentials),
        cmocka_unit_test(messages_that_are_passed_on),
        cmocka_unit_test(a_token_is_no_credential),
        cmocka_unit_test(keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
