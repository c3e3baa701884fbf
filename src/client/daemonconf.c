/* SPDX-License-Identifier: Apache-2.0 */
#include "client/daemonconf.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"
#include "client/configless.h"
#include "version.h"

char *daemonconf_folder(void)
{
    const char *runtime = getenv("RUNTIME_DIRECTORY");

    return runtime && *runtime ? buf_format("%s/conf", runtime) : mem_strdup(CONFIGLESS_FOLDER);
}

char *daemonconf_key_path(const char *conf_path)
{
    const char *slash = conf_path ? strrchr(conf_path, '/') : NULL;

    return slash ? buf_format("%.*s/slurm.key", (int)(slash - conf_path), conf_path)
                 : mem_strdup(SYSCONFDIR "/slurm.key");
}

struct auth *daemonconf_auth(const char *key_path, const char *auth_info, struct err *e)
{
    struct auth_settings s = {.slurm_uid = geteuid()};
    struct key key;

    if (text_starts(auth_info ? auth_info : "", "socket="))
        s.socket = auth_info + strlen("socket=");
    if (s.socket || access(key_path, F_OK) < 0) {
        struct err no_munge;
        struct auth *a = NULL;
        struct buf token = BUF_INIT;

        s.type = "auth/munge";
        a = auth_open(&s, &no_munge);
        if (a && auth_make_token(a, &(struct auth_identity){0}, "", time(NULL), &token, &no_munge) == 0) {
            buf_release(&token);
            return a;
        }
        auth_close(a);
        if (s.socket) {
            *e = no_munge;
            return NULL;
        }
        s.type = NULL;
    }
    if (key_load(key_path, geteuid(), &key, e) < 0)
        return NULL;
    s.key = &key;
    struct auth *a = auth_open(&s, e);
    explicit_bzero(&key, sizeof key);
    return a;
}

static int own_token(void *arg, const char *audience, struct buf *ret, struct err *e)
{
    struct auth_identity me = {geteuid(), getegid()};

    return auth_make_token(arg, &me, audience, time(NULL), ret, e);
}

int daemonconf_fetch(const char *servers, struct auth *a, uint64_t hash, struct config_files *ret,
                     struct err *e)
{
    return client_fetch_config(servers, auth_type(a), own_token, a, hash, ret, e);
}

int daemonconf_check(const struct config_files *files, unsigned want, struct err *e)
{
    struct conf_file *list = mem_array(files->files.n ? files->files.n : 1, sizeof *list);
    struct conf_file_list all = {.v = list, .n = files->files.n};
    struct conf_messages msgs = {0};

    for (uint32_t i = 0; i < all.n; i++)
        list[i] = (struct conf_file){files->files.v[i].name, files->files.v[i].text};
    struct conf_source source = conf_list_source(&all);
    struct conf *conf = conf_load(&source, "slurm.conf", want, &msgs, e);
    int rc = conf ? 0 : -e->code;
    conf_free(conf);
    conf_messages_release(&msgs);
    mem_free(list);
    return rc;
}
