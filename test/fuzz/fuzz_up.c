/* SPDX-License-Identifier: Apache-2.0 */
/* A site's slurm.conf as `sluice up --conf` writes it again: it must read back with the changed keys changed.
 */
#include "cli/uptext.h"
#include "fuzz.h"

static bool keep(void *ctx, const char *text, struct buf *out)
{
    struct buf value = BUF_INIT;

    up_line_value(text, "Port", &value);
    buf_release(&value);
    return false;
}

static struct buf write_again(const char *text, struct err *e)
{
    struct conf_file file = {(char *)"slurm.conf", (char *)text};
    struct conf_file_list list = {&file, 1, "/etc/slurm/"};
    struct conf_source source = conf_list_source(&list);
    struct buf out = BUF_INIT;
    struct up_text t = {0};
    struct up_changes changes = {0};

    if (up_text_read(&t, &source, "/etc/slurm/slurm.conf", e) == 0) {
        mem_free(up_text_value(&t, "ClusterName"));
        up_change(&changes, "SlurmctldHost,ControlMachine", mem_strdup("here"), "of this cluster");
        up_text_write(&t, &changes, keep, NULL, &out);
        up_changes_release(&changes);
    }
    up_text_release(&t);
    return out;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = mem_strndup((const char *)data, strnlen((const char *)data, size));
    struct err e;
    struct buf once = write_again(text, &e);

    if (once.len) {
        struct buf twice = write_again(once.s, &e);
        REQUIRE(twice.len);
        buf_release(&twice);
    }
    buf_release(&once);
    mem_free(text);
    return 0;
}
