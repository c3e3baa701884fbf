/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the configuration is. In this order, as Slurm's commands look: SLURM_CONF; the compiled-in folder;
 * what a node daemon keeps in /run/slurm/conf; SLURM_CONF_SERVER=host[:port][,...], which is asked.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"
#include "client/configless.h"
#include "client/internal.h"
#include "conf/conf.h"
#include "os/conf_source.h"
#include "version.h"

#define CACHED_CONF CONFIGLESS_FOLDER "/slurm.conf"
enum { STAT_TRIES = 60 };

static int load(struct client_env *ret, const struct conf_source *source, const char *path, struct err *e)
{
    struct conf_messages msgs = {0};
    struct conf *c = conf_load(source, path, CONF_WANT_KEYS, &msgs, e);

    for (uint32_t i = 0; i < msgs.n && !c; i++)
        if (msgs.v[i].severity == CONF_ERROR)
            fprintf(stderr, "%s: error: %s\n", program_invocation_short_name, msgs.v[i].text);
    conf_messages_release(&msgs);
    if (!c)
        return -e->code;
    ret->conf = c;
    ret->conf_path = conf_path(c);
    return 0;
}

/* A command needs no nodes and partitions, and a cluster may have ten thousand lines of them: they are left
 * out before anybody looks at them closely. Continued lines go with the line they continue. */
static void drop_records(char *text)
{
    static const char *const records[] = {"NodeName=", "PartitionName=", "NodeSet=", "DownNodes="};
    char *to = text, *end;
    bool dropping = false, continued = false;

    for (char *line = text; *line; line = end) {
        end = strchrnul(line, '\n');
        bool continues = end > line && end[-1] == '\\';
        if (!continued) {
            dropping = false;
            for (uint32_t i = 0; i < sizeof records / sizeof *records; i++)
                dropping |= text_starts_nocase(text_skip_space(line), records[i]);
        }
        continued = continues;
        end += *end == '\n';
        if (!dropping) {
            memmove(to, line, (size_t)(end - line));
            to += end - line;
        }
    }
    *to = 0;
}

static int read_light(void *ctx, const char *path, char **ret_text, struct err *e)
{
    struct conf_source whole = conf_file_source();
    int rc = whole.read(whole.ctx, path, ret_text, e);

    if (rc == 0)
        drop_records(*ret_text);
    return rc;
}

/* A file on a shared file system may be away for a moment: a command waits a minute for it, and says so. */
static int load_file(struct client_env *ret, const char *path, struct err *e)
{
    struct conf_source source = conf_file_source();

    source.read = read_light;
    for (int i = 0; access(path, F_OK) < 0; i++) {
        if (i == STAT_TRIES)
            return err_set(e, ENOENT, "Unable to process configuration file");
        if (i == 0)
            fprintf(stderr,
                    "%s: error: s_p_parse_file: cannot stat file %s: %s, retrying in 1sec up to %dsec\n",
                    program_invocation_short_name, path, strerror(errno), STAT_TRIES);
        sleep(1);
    }
    return load(ret, &source, path, e);
}

static int load_fetched(struct client_env *ret, const struct config_files *files, struct err *e)
{
    struct conf_file *list = mem_array(files->files.n, sizeof *list);
    struct conf_file_list all = {list, files->files.n};

    for (uint32_t i = 0; i < all.n; i++)
        list[i] = (struct conf_file){files->files.v[i].name, files->files.v[i].text};
    struct conf_source source = conf_list_source(&all);
    int rc = load(ret, &source, "slurm.conf", e);
    mem_free(list);
    return rc;
}

static int load_from_servers(struct client_env *ret, const char *servers, struct err *e)
{
    struct config_files files;

    int rc = client_fetch_config(servers, NULL, NULL, NULL, 0, &files, e);
    if (rc == 0) {
        rc = load_fetched(ret, &files, e);
        meta_release(&record_config_files, &files);
    }
    return rc;
}

int client_env_load(struct client_env *ret, struct err *e)
{
    const char *path = getenv("SLURM_CONF"), *servers = getenv("SLURM_CONF_SERVER");

    *ret = (struct client_env){0};
    if (path && *path)
        return load_file(ret, path, e);
    if (access(SYSCONFDIR "/slurm.conf", F_OK) == 0)
        return load_file(ret, SYSCONFDIR "/slurm.conf", e);
    if (access(CACHED_CONF, F_OK) == 0)
        return load_file(ret, CACHED_CONF, e);
    if (servers && *servers)
        return load_from_servers(ret, servers, e);
    return err_set(e, ENOENT, "Could not establish a configuration source");
}

void client_env_release(struct client_env *env)
{
    conf_free((struct conf *)env->conf);
    *env = (struct client_env){0};
}

/* --- connections that the configuration describes --- */

static struct client *open_with(const struct client_env *env, const struct client_address *addresses,
                                uint32_t n, const char *audience)
{
    const char *socket = NULL;

    conf_has_param(env->conf, CONF_AUTH_INFO, "socket", &socket);
    return client_open(&(struct client_settings){
        .addresses = addresses,
        .addresses_n = n,
        .cluster = conf_str(env->conf, CONF_CLUSTER_NAME),
        .audience = audience,
        .auth_type = conf_str(env->conf, CONF_AUTH_TYPE),
        .auth_socket = socket,
        .program = program_invocation_short_name,
        .timeout_ms = (int)conf_u32(env->conf, CONF_MESSAGE_TIMEOUT) * 1000,
        .connect_ms = (int)conf_u32(env->conf, CONF_TCP_TIMEOUT) * 1000,
    });
}

static struct client *open_controllers(const struct client_env *env, uint32_t first, uint32_t n)
{
    uint32_t all;
    uint16_t port, last_port;
    const struct conf_host *hosts = conf_hosts(env->conf, &all);
    const char *common = conf_str(env->conf, CONF_SLURMCTLD_ADDR);
    struct client_address *addresses;

    conf_ports(env->conf, CONF_SLURMCTLD_PORT, &port, &last_port);
    /* Several ports spread the clients over them. */
    port = (uint16_t)(port + (uint32_t)getpid() % (last_port - port + 1U));
    n = first >= all ? 0 : n < all - first ? n : all - first;
    addresses = mem_array(n, sizeof *addresses);
    for (uint32_t i = 0; i < n; i++)
        addresses[i] = (struct client_address){common ? common : hosts[first + i].addr, port};
    struct client *c = open_with(env, addresses, n, "slurmctld");
    mem_free(addresses);
    return c;
}

struct client *client_to_controller(const struct client_env *env)
{
    return open_controllers(env, 0, UINT32_MAX);
}

struct client *client_to_controller_n(const struct client_env *env, uint32_t n)
{
    return open_controllers(env, n, 1);
}

struct client *client_to_node(const struct client_env *env, const char *addr, uint16_t port,
                              const char *audience)
{
    return open_with(env, &(struct client_address){addr, port}, 1, audience);
}
