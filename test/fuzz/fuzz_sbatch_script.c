/* SPDX-License-Identifier: Apache-2.0 */
/* No script may crash the readers of directives, nor the options they hold. */
#include "cli/foreign.h"
#include "cli/jobopt_priv.h"
#include "cli/sbatch_script.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char *const env[] = {NULL};
    const struct jobopt_world world = {
        .env = env, .cwd = "/", .hostname = "h", .now = 1795384517, .uid = 1000};
    char name[] = "sbatch", wrap[] = "--wrap=true", *argv[] = {name, wrap, NULL};
    struct buf script = BUF_INIT;
    struct script_lines lines = {0};
    struct jobopt o;
    struct err e;
    buf_adds(&script, "#!/bin/sh\n#SBATCH ");
    buf_add(&script, data, size);
    script_check(&script, &e);
    jobopt_init(&o, JOBOPT_SBATCH, &world);
    if (jobopt_read(&o, 2, argv) == JOBOPT_GO && script_directives(&script, "script", &lines, &e) == 0) {
        REQUIRE(lines.components >= 1 && lines.components <= JOBOPT_PARTS_MAX);
        bool ok = true;
        for (uint32_t i = 0; i < lines.lines.n && ok; i++) {
            const struct script_line *line = &lines.lines.v[i];
            ok = jobopt_directive(&o, o.parts[0], line) == 0;
        }
        if (ok)
            jobopt_check(&o, o.parts[0]);
    }
    script_lines_release(&lines);
    jobopt_release(&o);
    buf_release(&script);
    return 0;
}
