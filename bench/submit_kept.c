/* SPDX-License-Identifier: Apache-2.0 */
/*
 * submit_kept: durable submissions per second over kept connections.
 *
 *   submit_kept [-H] JOBS [CONNECTIONS [IN_FLIGHT]]       (SLURM_CONF says where the controller is)
 *
 * -H submits held jobs: a queue that stays. Each connection keeps IN_FLIGHT requests outstanding. Every job
 * has its own script, so nothing is shared on disk.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "client/client.h"
#include "client/internal.h"

struct lane {
    pthread_t thread;
    const struct client_env *env;
    uint32_t number, jobs, in_flight;
    uint32_t refused;
    bool hold;
};

static void send_one(struct lane *l, struct client *c, uint32_t i)
{
    struct submit_request r;
    struct err e;
    char *script = buf_format("#!/bin/sh\n# job %u of lane %u\nsrun hostname\n", i, l->number);
    char *name = buf_format("bench%u", l->number);

    meta_init(&record_submit_request, &r);
    r.spec = meta_new(&record_job_spec);
    r.spec->name = name;
    r.spec->hold = l->hold;
    r.spec->work_dir = mem_strdup("/tmp");
    r.payload = meta_new(&record_payload);
    meta_bytes_set(&r.payload->script, script, strlen(script));
    for (int k = 0; k < 40; k++)
        meta_strs_push(&r.payload->env, "SOME_VARIABLE_OF_THE_ENVIRONMENT=with a value of usual length");
    if (client_send(c, MSG_SUBMIT, &r, &e) < 0) {
        fprintf(stderr, "%s\n", e.text);
        exit(1);
    }
    meta_release(&record_submit_request, &r);
    mem_free(script);
}

static void take_one(struct lane *l, struct client *c)
{
    enum msg_type type;
    void *record;
    struct err e;

    int rc = client_receive(c, 60000, &type, &record, &e);
    if (rc == 0 || (rc < 0 && !client_alive(c))) {
        fprintf(stderr, "%s\n", rc ? e.text : "no answer");
        exit(1);
    }
    if (rc < 0 && !l->refused++)
        fprintf(stderr, "%s\n", e.text);
    if (record)
        meta_free(&record_submit_reply, record);
}

static void *run_lane(void *arg)
{
    struct lane *l = arg;
    struct client *c = client_to_controller(l->env);
    uint32_t sent = 0, taken = 0;

    while (taken < l->jobs) {
        while (sent < l->jobs && sent - taken < l->in_flight)
            send_one(l, c, sent++);
        take_one(l, c);
        taken++;
    }
    client_close(c);
    return NULL;
}

int main(int argc, char **argv)
{
    enum { LANES_MAX = 64 };
    struct client_env env;
    struct lane lanes[LANES_MAX] = {0};
    struct err e;
    bool hold = argc > 1 && strcmp(argv[1], "-H") == 0;

    argc -= hold;
    argv += hold;
    uint32_t jobs = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 10000, refused = 0;
    uint32_t n = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 4;
    uint32_t in_flight = argc > 3 ? (uint32_t)strtoul(argv[3], NULL, 10) : 256;

    if (n < 1 || n > LANES_MAX || client_env_load(&env, &e) < 0) {
        fprintf(stderr, "%s\n", e.text);
        return 1;
    }
    int64_t begin = client_now_ms();
    for (uint32_t i = 0; i < n; i++) {
        lanes[i] =
            (struct lane){.env = &env, .number = i, .jobs = jobs / n, .in_flight = in_flight, .hold = hold};
        pthread_create(&lanes[i].thread, NULL, run_lane, &lanes[i]);
    }
    for (uint32_t i = 0; i < n; i++) {
        pthread_join(lanes[i].thread, NULL);
        refused += lanes[i].refused;
    }
    int64_t ms = client_now_ms() - begin;
    printf("%u jobs, %u refused, %lld ms: %.0f a second\n", jobs / n * n, refused, (long long)ms,
           (jobs / n * n - refused) * 1000.0 / (double)(ms ? ms : 1));
    client_env_release(&env);
    return 0;
}
