/* SPDX-License-Identifier: Apache-2.0 */
/* conf_files: configurations for tests, from files of test/data and from texts. */
#ifndef TEST_CONF_FILES_H
#define TEST_CONF_FILES_H

#include <glob.h>
#include <stdio.h>

#include "base/mem.h"
#include "conf/conf.h"
#include "model.h"

static inline char *file_text(const char *path)
{
    FILE *f = fopen(path, "r");
    struct buf text = BUF_INIT;
    char part[4096];
    size_t n;
    if (!f)
        return NULL;
    while ((n = fread(part, 1, sizeof part, f)) > 0)
        buf_add(&text, part, n);
    fclose(f);
    return buf_take(&text);
}

static inline int disk_read(void *ctx, const char *path, char **ret_text, struct err *e)
{
    *ret_text = file_text(path);
    return *ret_text ? 0 : err_set(e, CONF_ENOENT, "%s: no such file", path);
}

static inline int disk_glob(void *ctx, const char *pattern, struct meta_strs *ret, struct err *e)
{
    glob_t g;
    if (glob(pattern, 0, NULL, &g) == 0) {
        for (size_t i = 0; i < g.gl_pathc; i++)
            meta_strs_push(ret, g.gl_pathv[i]);
    }
    globfree(&g);
    return 0;
}

static const struct conf_source disk_source = {.read = disk_read, .glob = disk_glob};

/* The first lines that every configuration needs. */
#define CONF_HEAD "ClusterName=x\nSlurmctldHost=head\n"

/* Loads a slurm.conf of a text, with a gres.conf where one is given. */
static inline struct conf *load_texts(const char *slurm, const char *gres, unsigned want,
                                      struct conf_messages *msgs, struct err *e)
{
    struct conf_file files[2] = {{(char *)"slurm.conf", (char *)slurm}, {(char *)"gres.conf", (char *)gres}};
    struct conf_file_list list = {files, gres ? 2 : 1, "/etc/slurm/"};
    struct conf_source source = conf_list_source(&list);
    memset(e, 0, sizeof *e);
    return conf_load(&source, "/etc/slurm/slurm.conf", want, msgs, e);
}

#endif
