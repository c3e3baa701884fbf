/* SPDX-License-Identifier: Apache-2.0 */
#include "os/cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"

int cgroup_detect(const char *mountpoint)
{
    char *unified = buf_format("%s/cgroup.controllers", mountpoint);
    char *memory = buf_format("%s/memory/cgroup.procs", mountpoint);
    char *freezer = buf_format("%s/freezer/cgroup.procs", mountpoint);
    int version = access(unified, F_OK) == 0                                ? 2
                  : access(memory, F_OK) == 0 || access(freezer, F_OK) == 0 ? 1
                                                                            : 0;

    mem_free(unified);
    mem_free(memory);
    mem_free(freezer);
    return version;
}

int cgroup_write(const char *dir, const char *file, const char *text, struct err *e)
{
    char *path = buf_format("%s/%s", dir, file);
    size_t len = strlen(text);
    int fd = open(path, O_WRONLY | O_CLOEXEC), rc = 0;

    if (fd < 0 || write(fd, text, len) != (ssize_t)len)
        rc = err_set(e, errno ? errno : EIO, "%s: cannot write '%s': %s", path, text, strerror(errno));
    if (fd >= 0)
        close(fd);
    mem_free(path);
    return rc;
}

bool cgroup_read(const char *dir, const char *file, struct buf *out)
{
    char *path = buf_format("%s/%s", dir, file);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    char chunk[4096];
    ssize_t got;

    mem_free(path);
    if (fd < 0)
        return false;
    while ((got = read(fd, chunk, sizeof chunk)) > 0)
        buf_add(out, chunk, (size_t)got);
    close(fd);
    return got == 0;
}

int cgroup_make(const char *dir, struct err *e)
{
    if (mkdir(dir, 0755) < 0 && errno != EEXIST)
        return err_set(e, errno, "%s: %s", dir, strerror(errno));
    return 0;
}

/* Calls f for every folder directly below dir. */
static void each_child(const char *dir, void (*f)(const char *child, void *arg), void *arg)
{
    DIR *d = opendir(dir);
    struct dirent *de;

    if (!d)
        return;
    while ((de = readdir(d))) {
        char *child;

        if (de->d_name[0] == '.' || de->d_type != DT_DIR)
            continue;
        child = buf_format("%s/%s", dir, de->d_name);
        f(child, arg);
        mem_free(child);
    }
    closedir(d);
}

struct signalling {
    int sig;
    uint32_t n;
};

static void signal_below(const char *dir, void *arg)
{
    struct signalling *s = arg;
    struct buf pids = BUF_INIT;
    char *end;

    if (cgroup_read(dir, "cgroup.procs", &pids)) {
        for (char *p = pids.s; *p; p = *end ? end + 1 : end) {
            long pid = strtol(p, &end, 10);

            if (end == p)
                break;
            if (pid <= 0 || pid == getpid())
                continue;
            s->n++;
            if (s->sig)
                kill((pid_t)pid, s->sig);
        }
    }
    buf_release(&pids);
    each_child(dir, signal_below, arg);
}

uint32_t cgroup_signal(const char *dir, int sig)
{
    struct signalling s = {.sig = sig};

    signal_below(dir, &s);
    return s.n;
}

uint64_t cgroup_counter(const char *dir, const char *file, const char *key)
{
    struct buf text = BUF_INIT;
    uint64_t v = 0;
    size_t len = strlen(key);

    if (cgroup_read(dir, file, &text))
        for (char *line = text.s; *line; line += strcspn(line, "\n"), line += *line == '\n')
            if (strncmp(line, key, len) == 0 && line[len] == ' ')
                v = strtoull(line + len, NULL, 10);
    buf_release(&text);
    return v;
}

static void remove_below(const char *dir, void *arg)
{
    (void)arg;
    cgroup_remove(dir);
}

void cgroup_remove(const char *dir)
{
    each_child(dir, remove_below, NULL);
    rmdir(dir);
}

static uint64_t bounded(const struct step_cgroup *c, uint64_t mib)
{
    return (mib < c->min_ram ? c->min_ram : mib) << 20;
}

uint64_t cgroup_ram_limit(const struct step_cgroup *c, uint64_t mem)
{
    return mem ? bounded(c, mem * (c->ram_percent ? c->ram_percent : 100) / 100) : 0;
}

uint64_t cgroup_ram_swap_limit(const struct step_cgroup *c, uint64_t mem)
{
    return mem ? bounded(c, mem * (c->ram_percent ? c->ram_percent : 100) / 100 + mem * c->swap_percent / 100)
               : 0;
}
