/* SPDX-License-Identifier: Apache-2.0 */
/* A node without configuration files asks the controller for them. Only the key, or munge, has to be here
 * already. */
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "client/configless.h"
#include "client/daemonconf.h"
#include "slurmd/slurmd.h"
#include "version.h"

enum { FETCH_TRIES = 60, FETCH_PAUSE_MS = 1000 };

const char *fetch_servers(const struct options *o)
{
    const char *servers = getenv("SLURM_CONF_SERVER"), *path = getenv("SLURM_CONF");

    if (o->conf_server)
        return o->conf_server;
    if (o->conf_file || (path && access(path, F_OK) == 0) || access(SYSCONFDIR "/slurm.conf", F_OK) == 0)
        return NULL;
    return servers && *servers ? servers : NULL;
}

/* At the start the controller may come up after us; later there is a configuration to go on with. */
static int fetch(const char *servers, struct auth *a, bool starting, struct config_files *ret, struct err *e)
{
    int rc = -1;

    for (int i = 0; i < (starting ? FETCH_TRIES : 1) && rc < 0; i++) {
        if (i)
            poll(NULL, 0, FETCH_PAUSE_MS);
        rc = daemonconf_fetch(servers, a, 0, ret, e);
        if (rc < 0 && starting)
            log_error("cannot fetch the configuration: %s", e->text);
    }
    return rc;
}

int fetch_conf(struct slurmd *d, const char *servers, struct err *e)
{
    char *folder = daemonconf_folder(), *key_path = daemonconf_key_path(getenv("SLURM_CONF"));
    struct auth *a = daemonconf_auth(key_path, d->opt->auth_info, e);
    struct config_files files;
    int rc = a ? fetch(servers, a, !d->running, &files, e) : -e->code;

    auth_close(a);
    if (rc == 0) {
        /* Nothing of it is written before all of it is known to be good. */
        rc = daemonconf_check(&files, CONF_WANT_ALL | CONF_WANT_DAEMON, e);
        if (rc == 0)
            rc = configless_store(&files, folder, e);
        meta_release(&record_config_files, &files);
    }
    if (rc == 0) {
        d->conf_path = buf_format("%s/slurm.conf", folder);
        d->key_path = key_path;
        key_path = NULL;
    }
    mem_free(key_path);
    mem_free(folder);
    return rc;
}
