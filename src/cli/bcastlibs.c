/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/bcastlibs.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"
#include "conf/conf.h"

enum { LDD_TEXT_MAX = 1 << 20 };

/* --- what ldd says --- */

static _Noreturn void run_ldd(const char *program, int out)
{
    int null = open("/dev/null", O_RDWR);
    dup2(null, STDIN_FILENO);
    dup2(out, STDOUT_FILENO);
    dup2(null, STDERR_FILENO);
    execlp("ldd", "ldd", program, (char *)NULL);
    _exit(127);
}

static bool read_ldd(const char *program, struct buf *ret)
{
    int fds[2], status = -1;
    ssize_t got = 1;
    if (pipe2(fds, O_CLOEXEC) < 0)
        return false;
    pid_t pid = fork();
    if (pid == 0)
        run_ldd(program, fds[1]);
    close(fds[1]);
    while (pid > 0 && got > 0 && ret->len < LDD_TEXT_MAX) {
        buf_reserve(ret, 4096);
        got = read(fds[0], ret->s + ret->len, 4096);
        ret->len += got > 0 ? (size_t)got : 0;
        ret->s[ret->len] = '\0';
    }
    close(fds[0]);
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return pid > 0 && status == 0;
}

/* --- folders that stay out --- */

static void read_exclude(struct cli *cli, const char *given, struct text_list *ret)
{
    const struct meta_strs *configured = conf_list(cli_env(cli)->conf, CONF_BCAST_EXCLUDE);
    struct buf joined = BUF_INIT;
    for (uint32_t i = 0; !given && i < configured->n; i++) {
        buf_sep(&joined, ",");
        buf_adds(&joined, configured->v[i]);
    }
    text_split(ret, given ? given : joined.s, ',');
    for (uint32_t i = 0; i < ret->n; i++)
        if (*ret->v[i] != '/' && text_casecmp(ret->v[i], "NONE") != 0)
            cli_error(cli, "Ignoring non-absolute excluded path: '%s'", ret->v[i]);
    buf_release(&joined);
}

static bool lies_below(const char *path, const struct text_list *folders)
{
    for (uint32_t i = 0; i < folders->n; i++) {
        size_t len = strlen(folders->v[i]);
        while (len > 1 && folders->v[i][len - 1] == '/')
            len--;
        if (*folders->v[i] == '/' && strncmp(path, folders->v[i], len) == 0 && path[len] == '/')
            return true;
    }
    return false;
}

/* "libc.so.6 => /lib/libc.so.6 (0x...)" and "/lib64/ld-linux.so.2 (0x...)"; what the kernel brings has no
 * path. */
static void add_library(char *line, const struct text_list *exclude, struct meta_strs *ret)
{
    char *arrow = strstr(line, "=> "), *path = arrow ? arrow + 3 : (char *)text_skip_space(line);
    path[strcspn(path, " \t")] = '\0';
    if (*path == '/' && !lies_below(path, exclude))
        meta_strs_push(ret, path);
}

bool bcast_libs(struct cli *cli, const char *program, const char *exclude, struct meta_strs *ret)
{
    struct text_list folders = {0};
    struct buf text = BUF_INIT;
    bool known = read_ldd(program, &text);
    if (!known)
        cli_error(
            cli,
            "Cannot autodetect libraries for '%s' with ldd command; still sending the file but ignoring "
            "send_libs",
            program);
    else
        read_exclude(cli, exclude, &folders);
    for (char *line = text.s, *end; known && *line; line = end) {
        end = line + strcspn(line, "\n");
        if (*end)
            *end++ = '\0';
        add_library(line, &folders, ret);
    }
    text_list_release(&folders);
    buf_release(&text);
    return known;
}

void bcast_libs_release(struct meta_strs *libs)
{
    for (uint32_t i = 0; i < libs->n; i++)
        mem_free(libs->v[i]);
    mem_free(libs->v);
    *libs = (struct meta_strs){0};
}

/* --- the way there --- */

int bcast_send_libs(struct cli *cli, const struct bcast_grant *to, const struct bcast_order *o,
                    const struct meta_strs *libs)
{
    struct bcast_order order = *o;
    order.folder = true;
    order.suffix = BCAST_LIBS_SUFFIX;
    int rc = bcast_send(cli, to, &order);
    order.folder = false;
    order.force = true; /* another program's copy may have left the same library there */
    for (uint32_t i = 0; rc == 0 && i < libs->n; i++) {
        char *suffix = buf_format("%s%s", BCAST_LIBS_SUFFIX, strrchr(libs->v[i], '/'));
        order.source = libs->v[i];
        order.suffix = suffix;
        rc = bcast_send(cli, to, &order);
        mem_free(suffix);
    }
    return rc;
}
