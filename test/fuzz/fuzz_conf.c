/* SPDX-License-Identifier: Apache-2.0 */
/* Any text as slurm.conf, gres.conf, cgroup.conf and plugstack.conf at once; what loads must be printable and
 * load again alike. */
#include "conf/lint.h"
#include "conf/plugstack.h"
#include "fuzz.h"

static void load_again(struct conf *c)
{
    struct conf_file_list files = conf_files(c);
    struct conf_source source = conf_list_source(&files);
    struct conf_messages msgs = {0};
    struct err e;
    struct conf *again = conf_load(&source, "/etc/slurm/slurm.conf", CONF_WANT_KEYS, &msgs, &e);
    REQUIRE(again);
    conf_free(again);
    conf_messages_release(&msgs);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = mem_strndup((const char *)data, strnlen((const char *)data, size));
    char *slurm = buf_format("ClusterName=x\nSlurmctldHost=h\n%s", text);
    struct conf_file files[] = {{(char *)"slurm.conf", slurm},
                                {(char *)"gres.conf", text},
                                {(char *)"cgroup.conf", text},
                                {(char *)"plugstack.conf", text}};
    struct conf_file_list list = {files, 4, "/etc/slurm/"};
    struct conf_source source = conf_list_source(&list);
    struct conf_messages msgs = {0};
    struct plugstack stack;
    struct buf out = BUF_INIT;
    struct err e;
    struct conf_runtime run = {0};
    struct conf *c = conf_load(&source, "/etc/slurm/slurm.conf", CONF_WANT_NODES, &msgs, &e);
    if (c) {
        conf_text(c, &run, &out);
        load_again(c);
    }
    conf_free(c);
    conf_lint(&source, "/etc/slurm/slurm.conf", &msgs);
    conf_lint_text(&msgs, &out);
    if (plugstack_load(&source, "/etc/slurm/plugstack.conf", &stack, &msgs, &e) == 0)
        plugstack_release(&stack);
    conf_messages_release(&msgs);
    buf_release(&out);
    mem_free(slurm);
    mem_free(text);
    return 0;
}
