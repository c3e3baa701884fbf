/* SPDX-License-Identifier: Apache-2.0 */
#include "client/configless.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"

enum { DEFAULT_PORT = 6817, SERVERS_MAX = 16 };

int client_fetch_config(const char *servers, const char *auth_type, client_token_fn *fn, void *arg,
                        uint64_t hash, struct config_files *ret, struct err *e)
{
    struct client_address addresses[SERVERS_MAX];
    struct config_files_request request;
    struct text_list list = {0};
    uint32_t n = 0;

    text_split(&list, servers, ',');
    for (uint32_t i = 0; i < list.n && n < SERVERS_MAX; i++) {
        char *colon = strrchr(list.v[i], ':');
        uint32_t port = DEFAULT_PORT;
        if (colon && strchr(list.v[i], ':') == colon && text_to_u32(colon + 1, &port))
            *colon = 0;
        addresses[n++] = (struct client_address){list.v[i], (uint16_t)port};
    }
    struct client *c = client_open(&(struct client_settings){
        .addresses = addresses, .addresses_n = n, .audience = "slurmctld", .auth_type = auth_type});
    client_set_token_source(c, fn, arg);
    meta_init(&record_config_files_request, &request);
    request.hash = hash;
    int rc = client_call(c, MSG_CONFIG_FILES, &request, ret, e);
    client_close(c);
    text_list_release(&list);
    return rc;
}

/* A new file beside the old one, then in its place: a reader sees one of both. */
static int store_file(const struct config_file *f, const char *folder, struct err *e)
{
    char *path = buf_format("%s/%s", folder, f->name), *fresh = buf_format("%s/%s.new", folder, f->name);
    size_t len = f->text ? strlen(f->text) : 0;
    int rc = 0;

    int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, f->execute ? 0755 : 0644);
    if (fd < 0 || write(fd, f->text, len) != (ssize_t)len || rename(fresh, path) < 0)
        rc = err_set(e, errno, "%s: %s", path, strerror(errno));
    if (fd >= 0)
        close(fd);
    mem_free(path);
    mem_free(fresh);
    return rc;
}

static int make_folder(const char *folder, struct err *e)
{
    char *part = mem_strdup(folder);

    for (char *slash = strchr(part + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        mkdir(part, 0755);
        *slash = '/';
    }
    mem_free(part);
    if (mkdir(folder, 0755) < 0 && errno != EEXIST)
        return err_set(e, errno, "%s: %s", folder, strerror(errno));
    return 0;
}

static bool is_among(const struct config_files *files, const char *name)
{
    for (uint32_t i = 0; i < files->files.n; i++)
        if (text_same(files->files.v[i].name, name))
            return true;
    return false;
}

/* A file that the cluster does not have any more must not be read by anybody. */
static void drop_others(const struct config_files *files, const char *folder)
{
    DIR *dir = opendir(folder);
    const struct dirent *d;

    while (dir && (d = readdir(dir)))
        if (d->d_name[0] != '.' && d->d_type == DT_REG && !is_among(files, d->d_name))
            unlinkat(dirfd(dir), d->d_name, 0);
    if (dir)
        closedir(dir);
}

int configless_store(const struct config_files *files, const char *folder, struct err *e)
{
    int rc = make_folder(folder, e);

    for (uint32_t i = 0; i < files->files.n && rc == 0; i++) {
        const char *name = files->files.v[i].name;
        if (!name || !*name || strchr(name, '/') || name[0] == '.')
            rc = err_set(e, EINVAL, "the controller sent a file named %s", name ? name : "(none)");
        else
            rc = store_file(&files->files.v[i], folder, e);
    }
    if (rc == 0)
        drop_others(files, folder);
    return rc;
}
