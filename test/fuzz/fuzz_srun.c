/* SPDX-License-Identifier: Apache-2.0 */
/* What a node may send to an srun: the answer to the launch, starts and ends of tasks, output, notices, or
 * anything else. */
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cli/srun.h"
#include "fuzz.h"

enum { TASKS = 4 };

/* Instead of the rest of srun. */
void cli_error(const struct cli *cli, const char *fmt, ...) {}
void cli_info(const struct cli *cli, const char *fmt, ...) {}
void cli_verbose(const struct cli *cli, const char *fmt, ...) {}
void srun_abort(struct srun *s)
{
    s->aborting = true;
}
void srun_abort_said(struct srun *s)
{
    s->aborting = true;
}
void srun_task_failed(struct srun *s, bool bad) {}
void srun_end_failed(struct srun *s) {}
void srun_output(struct srun *s, uint32_t task, uint32_t stream, const void *data, size_t n)
{
    REQUIRE(n);
}
void srun_output_end(struct srun *s, uint32_t task, uint32_t stream) {}
int64_t alloc_now_ms(void)
{
    return 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint32_t ranks[TASKS] = {0, 1, 2, 3};
    uint8_t states[TASKS] = {TASK_UNKNOWN};
    struct step step = {.ntasks = TASKS};
    struct step_node where = {.name = (char *)"n1", .tasks = {ranks, TASKS}};
    struct srun_node node = {.where = &where, .open_tasks = TASKS};
    struct jobopt_part part = {0};
    struct srun s = {.step = &step,
                     .part = &part,
                     .id = (char *)"7.0",
                     .states = states,
                     .nodes = &node,
                     .nodes_n = 1,
                     .nodes_open = 1,
                     .open_tasks = TASKS};
    int pair[2];

    if (stderr != stdout)
        stderr = stdout = fopen("/dev/null", "we"); /* notices are printed */
    buf_init(&node.in);
    buf_init(&node.out);
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
    node.fd = pair[0];
    if (send(pair[1], data, size, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)size) {
        shutdown(pair[1], SHUT_WR);
        while (node.fd >= 0)
            srun_node_readable(&s, &node);
    }
    REQUIRE(s.open_tasks <= TASKS && node.open_tasks <= TASKS);
    srun_tell_exits(&s, true);
    if (node.fd >= 0)
        close(node.fd);
    close(pair[1]);
    VEC_FREE(&node.exits);
    buf_release(&node.in);
    buf_release(&node.out);
    return 0;
}
