/* SPDX-License-Identifier: Apache-2.0 */
/* Names that the resolver is slow about: its place is taken by a getaddrinfo() that answers when told to. */
#include <netdb.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "model.h"
#include "os/lookup.h"

enum { NAMES = 50 };

static struct {
    pthread_mutex_t mutex;
    pthread_cond_t opened;
    bool open;
} gate = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false};

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **ret)
{
    pthread_mutex_lock(&gate.mutex);
    while (!gate.open)
        pthread_cond_wait(&gate.opened, &gate.mutex);
    pthread_mutex_unlock(&gate.mutex);
    return EAI_NONAME;
}

static struct {
    uint32_t unknown;
    struct err e;
} seen;

static void set_gate(bool open)
{
    pthread_mutex_lock(&gate.mutex);
    gate.open = open;
    pthread_cond_broadcast(&gate.opened);
    pthread_mutex_unlock(&gate.mutex);
}

static void answered(void *user, const struct sockaddr_storage *addr, const struct err *e)
{
    assert_null(addr);
    seen.unknown++;
    seen.e = *e;
}

static void other_work(uv_work_t *req) {}

static void other_done(uv_work_t *req, int status)
{
    assert_int_equal(seen.unknown, 0);
    set_gate(true);
}

static void other_work_goes_on_while_names_are_looked_up(void **arg)
{
    uv_loop_t loop;
    uv_work_t other;
    struct lookup *handles[NAMES];

    assert_int_equal(uv_loop_init(&loop), 0);
    for (uint32_t i = 0; i < NAMES; i++)
        lookup_start(&loop, "slow.example", 7000, answered, NULL, &handles[i]);
    assert_int_equal(uv_queue_work(&loop, &other, other_work, other_done), 0);
    uv_run(&loop, UV_RUN_DEFAULT); /* for ever, if the names have all threads */
    assert_int_equal(seen.unknown, NAMES);
    assert_int_equal(seen.e.code, ESLURM_CANT_FIND_ADDRESS_CHECK_SLURM_CONF);
    assert_non_null(strstr(seen.e.text, "slow.example"));
    assert_int_equal(uv_loop_close(&loop), 0);
}

static void the_end_does_not_wait_for_names_not_begun(void **arg)
{
    uv_loop_t loop;
    struct lookup *handles[NAMES];

    set_gate(false);
    seen.unknown = 0;
    assert_int_equal(uv_loop_init(&loop), 0);
    for (uint32_t i = 0; i < NAMES; i++)
        lookup_start(&loop, "slow.example", 7000, answered, NULL, &handles[i]);
    for (uint32_t i = 0; i < NAMES; i++)
        lookup_cancel(handles[i]);
    while (seen.unknown < NAMES - 4) /* but for those at work, fewer than the pool has threads */
        uv_run(&loop, UV_RUN_ONCE);
    set_gate(true);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(seen.unknown, NAMES);
    for (uint32_t i = 0; i < NAMES; i++)
        assert_null(handles[i]);
    assert_int_equal(uv_loop_close(&loop), 0);
}

static void what_can_be_no_name_is_refused_at_once(void **arg)
{
    char name[2000];
    struct lookup *handle = NULL;
    uv_loop_t loop;

    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = 0;
    seen.unknown = 0;
    assert_int_equal(uv_loop_init(&loop), 0);
    lookup_start(&loop, name, 7000, answered, NULL, &handle);
    assert_int_equal(seen.unknown, 1);
    assert_null(handle);
    assert_int_equal(uv_loop_close(&loop), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(other_work_goes_on_while_names_are_looked_up),
        cmocka_unit_test(the_end_does_not_wait_for_names_not_begun),
        cmocka_unit_test(what_can_be_no_name_is_refused_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
