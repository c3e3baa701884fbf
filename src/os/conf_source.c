/* SPDX-License-Identifier: Apache-2.0 */
#include "os/conf_source.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

_Static_assert(CONF_ENOENT == ENOENT, "conf.h names the number without errno.h");

/* The whole of an open file. A file that grows while it is read is read to its first end. */
static int read_all(int fd, const char *path, struct buf *ret, struct err *e)
{
    struct stat st;
    ssize_t n = 1;

    if (fstat(fd, &st) < 0)
        return err_set(e, errno, "%s: %s", path, strerror(errno));
    if (!S_ISREG(st.st_mode) && !S_ISFIFO(st.st_mode))
        return err_set(e, EINVAL, "%s is not a plain file", path);
    while (n > 0) {
        size_t room = (size_t)st.st_size > ret->len ? (size_t)st.st_size - ret->len + 1 : 4096;
        buf_reserve(ret, room);
        n = read(fd, ret->s + ret->len, room);
        if (n < 0 && errno == EINTR)
            n = 1;
        else if (n < 0)
            return err_set(e, errno, "%s: %s", path, strerror(errno));
        else
            ret->len += (size_t)n;
        if (ret->len > CONF_FILE_MAX)
            return err_set(e, EFBIG, "%s is longer than %d bytes", path, CONF_FILE_MAX);
    }
    if (memchr(ret->s, 0, ret->len))
        return err_set(e, EINVAL, "%s is not a text", path);
    return 0;
}

static int file_read(void *ctx, const char *path, char **ret_text, struct err *e)
{
    struct buf b = BUF_INIT;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return err_set(e, errno, "%s: %s", path, strerror(errno));
    int rc = read_all(fd, path, &b, e);
    close(fd);
    if (rc < 0) {
        buf_release(&b);
        return rc;
    }
    buf_reserve(&b, 1);
    b.s[b.len] = 0;
    *ret_text = buf_take(&b);
    return 0;
}

static int file_glob(void *ctx, const char *pattern, struct meta_strs *ret_paths, struct err *e)
{
    glob_t g = {0};
    int rc = glob(pattern, 0, NULL, &g);

    if (rc == GLOB_NOSPACE || rc == GLOB_ABORTED) {
        globfree(&g);
        return err_set(e, EIO, "%s cannot be expanded", pattern);
    }
    for (size_t i = 0; i < g.gl_pathc; i++)
        meta_strs_push(ret_paths, g.gl_pathv[i]);
    globfree(&g);
    return 0;
}

struct conf_source conf_file_source(void)
{
    return (struct conf_source){.read = file_read, .glob = file_glob};
}
