/* SPDX-License-Identifier: Apache-2.0 */
/* Which jobs somebody asks for: any job_select against a controller with a few jobs. */
#include "fuzz.h"
#include "../unit/core_world.h"
#include "slurmctld/jobfilter.h"

static struct snapshot *a_few_jobs(void)
{
    static struct world w;

    world_init(&w);
    world_register_all(&w);
    world_job(&w, ALICE);
    world_array(&w, "1-4%2");
    world_plan(&w);
    world_job(&w, BOB);
    return state_publish(w.s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct snapshot *s;
    struct fuzz_input in = {data, size};
    uint8_t who = fuzz_u8(&in);
    struct job_select select;
    uint32_t key = 0, found = 0;
    struct err e;

    if (!s)
        s = a_few_jobs();
    if (meta_decode(&record_job_select, &select, in.p, in.left, &e) < 0)
        return 0;
    struct job_filter *f =
        job_filter_new(&select, s, who & 1 ? ALICE : BOB, who & 2 ? ACCESS_DAEMON : ACCESS_USER, who & 4, &e);
    while (f && job_filter_next(f, s, &key))
        REQUIRE(++found <= s->jobs.count);
    job_filter_free(f);
    meta_release(&record_job_select, &select);
    return 0;
}
