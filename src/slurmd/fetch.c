/* SPDX-License-Identifier: Apache-2.0 */
/* --conf-server: a node without configuration files asks the controller for them. Only the key has to be here
 * already. */
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "client/configless.h"
#include "slurmd/slurmd.h"
#include "version.h"

enum { FETCH_TRIES = 60, FETCH_PAUSE_MS = 1000 };

static int own_token(void *arg, const char *audience, struct buf *ret, struct err *e)
{
    struct auth_identity who = {(uint32_t)getuid(), (uint32_t)getgid()};

    return auth_make_token(arg, &who, audience, slurmd_now(), ret, e);
}

static struct auth *first_auth(const char *key_path, struct err *e)
{
    struct auth_settings s = {.slurm_uid = geteuid()};
    struct auth *a;
    struct key key;

    if (key_load(key_path, geteuid(), &key, e) < 0)
        return NULL;
    s.key = &key;
    a = auth_open(&s, e);
    explicit_bzero(&key, sizeof key);
    return a;
}

static int fetch(const char *servers, struct auth *a, struct err *e)
{
    struct config_files files;
    int rc = -1;

    for (int i = 0; i < FETCH_TRIES && rc < 0; i++) {
        if (i)
            poll(NULL, 0, FETCH_PAUSE_MS);
        rc = client_fetch_config(servers, own_token, a, &files, e);
        if (rc < 0)
            log_error("cannot fetch the configuration: %s", e->text);
    }
    if (rc < 0)
        return rc;
    rc = configless_store(&files, CONFIGLESS_FOLDER, e);
    meta_release(&record_config_files, &files);
    return rc;
}

int fetch_conf(struct slurmd *d, struct err *e)
{
    const char *conf = getenv("SLURM_CONF"), *slash = conf ? strrchr(conf, '/') : NULL;
    char *key_path =
        slash ? buf_format("%.*s/slurm.key", (int)(slash - conf), conf) : mem_strdup(SYSCONFDIR "/slurm.key");
    struct auth *a = first_auth(key_path, e);
    int rc = a ? fetch(d->opt->conf_server, a, e) : -e->code;

    auth_close(a);
    if (rc < 0) {
        mem_free(key_path);
        return rc;
    }
    d->conf_path = mem_strdup(CONFIGLESS_FOLDER "/slurm.conf");
    d->key_path = key_path;
    return 0;
}
