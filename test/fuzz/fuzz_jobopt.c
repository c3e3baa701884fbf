/* SPDX-License-Identifier: Apache-2.0 */
/* Command lines of sbatch, srun and salloc: the first byte picks the command, every line is an argument, or
 * with '$' in front a variable of the environment. */
#include "cli/jobenv.h"
#include "fuzz.h"

enum { TEXTS_MAX = 24 };

static void make_environment(const struct jobopt *o)
{
    for (uint32_t i = 0; i < o->n_parts; i++) {
        struct jobenv env;
        struct err e;

        /* A number is a descriptor: it would be read. */
        if (!o->parts[i]->cli.export_file && jobenv_make(&env, o, o->parts[i], &e) == 0)
            jobenv_release(&env);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct {
        enum jobopt_cmd cmd;
        const char *name;
    } commands[] = {{JOBOPT_SBATCH, "sbatch"}, {JOBOPT_SRUN, "srun"}, {JOBOPT_SALLOC, "salloc"}};
    struct fuzz_input in = {data, size};
    size_t which = fuzz_u8(&in) % (sizeof commands / sizeof commands[0]);
    char *argv[TEXTS_MAX + 3] = {mem_strdup(commands[which].name)}, *env[TEXTS_MAX + 1] = {NULL};
    int argc = 1, envc = 0;

    if (commands[which].cmd == JOBOPT_SBATCH)
        argv[argc++] = mem_strdup("--wrap=true"); /* so that no script is looked for */
    while (in.left && argc < TEXTS_MAX && envc < TEXTS_MAX) {
        char *text = fuzz_line(&in);
        if (*text == '$')
            env[envc++] = mem_strdup(text + 1);
        else
            argv[argc++] = mem_strdup(text);
        mem_free(text);
    }
    const struct jobopt_world world = {
        .env = env, .cwd = "/", .hostname = "h", .now = 1795384517, .uid = 1000, .gres_types = "gpu,nic"};
    struct jobopt o;
    jobopt_init(&o, commands[which].cmd, &world);
    if (jobopt_read(&o, argc, argv) == JOBOPT_GO)
        make_environment(&o);
    jobopt_release(&o);
    for (int i = 0; i < argc; i++)
        mem_free(argv[i]);
    for (int i = 0; i < envc; i++)
        mem_free(env[i]);
    return 0;
}
