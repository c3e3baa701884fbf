/* SPDX-License-Identifier: Apache-2.0 */
/* What hosts without configuration files are given: the files that were read, those that only nodes and
 * commands read, and the scripts that are named without a folder. */
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/text.h"
#include "os/conf_source.h"
#include "os/log.h"
#include "slurmctld/ctld.h"

static const char *const others[] = {"acct_gather.conf",   "cgroup.conf",    "cli_filter.lua",
                                     "gres.conf",          "helpers.conf",   "mpi.conf",
                                     "job_container.conf", "namespace.yaml", "oci.conf",
                                     "plugstack.conf",     "topology.conf",  "topology.yaml"};

static bool has_file(const struct config_files *l, const char *name)
{
    for (uint32_t i = 0; i < l->files.n; i++)
        if (text_same(l->files.v[i].name, name))
            return true;
    return false;
}

static void add_file(struct config_files *to, const char *name, const char *text, bool execute)
{
    struct config_file *f = meta_recs_push(&record_config_file, &to->files);

    f->name = mem_strdup(name);
    f->text = mem_strdup(text);
    f->execute = execute;
    to->hash ^= hash_u64(hash_text(name) + 31 * hash_text(text) + execute);
}

/* Beside slurm.conf. What is not there is not sent. */
static void read_file(struct config_files *to, const char *conf_path, const char *name, bool execute)
{
    struct conf_source source = conf_file_source();
    const char *slash = strrchr(conf_path, '/');
    char *path = buf_format("%.*s%s", slash ? (int)(slash - conf_path) + 1 : 0, conf_path, name), *text;
    struct err e;

    if (!has_file(to, name)) {
        int rc = source.read(source.ctx, path, &text, &e);
        if (rc == 0) {
            add_file(to, name, text, execute);
            mem_free(text);
        } else if (rc != -CONF_ENOENT || execute)
            log_error("nodes without configuration files do not get it: %s", e.text);
    }
    mem_free(path);
}

static void read_scripts(struct config_files *to, const struct conf *conf)
{
    static const enum conf_key keys[] = {CONF_PROLOG, CONF_EPILOG, CONF_TASK_PROLOG, CONF_TASK_EPILOG};

    for (uint32_t k = 0; k < sizeof keys / sizeof *keys; k++) {
        const struct meta_strs *names = conf_list(conf, keys[k]);
        const char *one = names && names->n ? NULL : conf_str(conf, keys[k]);

        for (uint32_t i = 0; names && i < names->n; i++)
            if (!strchr(names->v[i], '/'))
                read_file(to, conf_path(conf), names->v[i], true);
        if (one && *one && !strchr(one, '/'))
            read_file(to, conf_path(conf), one, true);
    }
}

void configfiles_read(const struct conf *conf, struct config_files *ret)
{
    struct conf_file_list read = conf_files(conf);

    meta_init(&record_config_files, ret);
    if (!conf_has_param(conf, CONF_SLURMCTLD_PARAMETERS, "enable_configless", NULL))
        return;
    for (uint32_t i = 0; i < read.n; i++)
        if (!strchr(read.v[i].name, '/'))
            add_file(ret, read.v[i].name, read.v[i].text, false);
    for (uint32_t i = 0; i < sizeof others / sizeof *others; i++)
        read_file(ret, conf_path(conf), others[i], false);
    read_scripts(ret, conf);
    ret->hash |= 1; /* 0 says that somebody has nothing */
}
