/* SPDX-License-Identifier: Apache-2.0 */
#include "os/cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"

enum { REMOVE_TRIES = 100, REMOVE_PAUSE_MS = 10 };

const char *const cgroup_v1_names[CGROUP_V1_COUNT] = {"freezer", "memory", "cpuset", "devices"};

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

int cgroup_write_number(const char *dir, const char *file, uint64_t v, struct err *e)
{
    char text[32];

    buf_print(text, sizeof text, "%" PRIu64, v);
    return cgroup_write(dir, file, text, e);
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

void cgroup_each(const char *dir, void (*f)(const char *child, void *arg), void *arg)
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
    cgroup_each(dir, signal_below, arg);
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
    const struct timespec pause = {.tv_nsec = REMOVE_PAUSE_MS * 1000000};

    cgroup_each(dir, remove_below, NULL);
    for (int i = 0; rmdir(dir) < 0 && errno == EBUSY && i < REMOVE_TRIES && cgroup_signal(dir, 0) == 0; i++)
        nanosleep(&pause, NULL);
}

bool cgroup_lists(const char *dir, const char *file, const char *word)
{
    struct buf text = BUF_INIT;
    size_t len = strlen(word);
    bool found = false;

    if (cgroup_read(dir, file, &text))
        for (const char *p = text.s; *p && !found; p += strcspn(p, " \n"), p += *p != 0)
            found = strncmp(p, word, len) == 0 && strcspn(p, " \n") == len;
    buf_release(&text);
    return found;
}

/* Shares are hundredths of a percent. */
static uint64_t share_of(uint64_t mib, uint64_t share)
{
    uint64_t bytes = mib << 20;

    return bytes / 10000 * share + bytes % 10000 * share / 10000;
}

/* `share` of mem, within the bounds that the node sets. */
static uint64_t bounded(const struct step_cgroup *c, uint64_t mem, uint64_t share, uint32_t max_share)
{
    uint64_t most = c->real_memory > 1 ? share_of(c->real_memory, max_share) : 0; /* 1: not configured */
    uint64_t least = c->min_ram << 20, bytes = share_of(mem, share);

    if (!mem)
        return most;
    if (bytes < least)
        bytes = least;
    return most && bytes > most ? most : bytes;
}

static uint64_t ram_share(const struct step_cgroup *c)
{
    return c->ram && c->ram_percent ? c->ram_percent : 10000;
}

uint64_t cgroup_ram_limit(const struct step_cgroup *c, uint64_t mem)
{
    return bounded(c, mem, ram_share(c), c->max_ram_percent);
}

uint64_t cgroup_ram_swap_limit(const struct step_cgroup *c, uint64_t mem)
{
    uint64_t ram = cgroup_ram_limit(c, mem),
             both = bounded(c, mem, ram_share(c) + c->swap_percent, c->max_swap_percent);

    return both && both < ram ? ram : both;
}
