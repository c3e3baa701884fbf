/* SPDX-License-Identifier: Apache-2.0 */
/* query_jobs: how long the list of all jobs takes, from question to last record.  query_jobs [TIMES] */
#include <stdio.h>
#include <stdlib.h>

#include "client/client.h"
#include "client/internal.h"

static int count(void *arg, void *record)
{
    meta_free(&record_job, record);
    ++*(uint32_t *)arg;
    return 0;
}

int main(int argc, char **argv)
{
    uint32_t times = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 10;
    struct client_env env;
    struct job_select all;
    struct err e;

    if (client_env_load(&env, &e) < 0) {
        fprintf(stderr, "%s\n", e.text);
        return 1;
    }
    struct client *c = client_to_controller(&env);
    meta_init(&record_job_select, &all);
    for (uint32_t i = 0; i < times; i++) {
        uint32_t n = 0;
        int64_t begin = client_now_ms();
        if (client_list(c, MSG_JOBS, &all, count, &n, &e) < 0) {
            fprintf(stderr, "%s\n", e.text);
            return 1;
        }
        printf("%u jobs in %lld ms\n", n, (long long)(client_now_ms() - begin));
    }
    client_close(c);
    client_env_release(&env);
    return 0;
}
