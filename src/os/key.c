/* SPDX-License-Identifier: Apache-2.0 */
#include "os/key.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "model.h"

static int check_file(const struct stat *st, const char *path, uid_t slurm_uid, struct err *e)
{
    const int code = ESLURM_INVALID_AUTHENTICATION_CREDENTIAL;

    if (!S_ISREG(st->st_mode))
        return err_set(e, code, "%s is not a plain file", path);
    if (st->st_uid != 0 && st->st_uid != slurm_uid && st->st_uid != geteuid())
        return err_set(e, code, "%s belongs to uid %u; it must belong to root or SlurmUser (uid %u)", path,
                       st->st_uid, slurm_uid);
    if (st->st_mode & (S_IRWXG | S_IRWXO))
        return err_set(e, code, "%s has mode %04o; others could read the key: chmod 600 %s", path,
                       st->st_mode & 07777, path);
    if (st->st_size < KEY_MIN || st->st_size > KEY_MAX)
        return err_set(e, code, "%s has %lld bytes; a key has %d to %d", path, (long long)st->st_size,
                       KEY_MIN, KEY_MAX);
    return 0;
}

int key_load(const char *path, uid_t slurm_uid, struct key *ret, struct err *e)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

    if (fd < 0)
        return err_set(e, errno, "cannot read the key %s: %s", path, strerror(errno));
    int rc = fstat(fd, &st) < 0 ? err_set(e, errno, "%s: %s", path, strerror(errno))
                                : check_file(&st, path, slurm_uid, e);
    if (rc == 0) {
        ssize_t n = read(fd, ret->v, sizeof ret->v);
        if (n < KEY_MIN)
            rc = err_set(e, n < 0 ? errno : EIO, "cannot read the key %s", path);
        else
            ret->len = (uint32_t)n;
    }
    close(fd);
    return rc;
}

int key_create(const char *path, uid_t slurm_uid, struct err *e)
{
    uint8_t bytes[KEY_MAX];
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);

    if (fd < 0)
        return err_set(e, errno, "cannot make the key %s: %s", path, strerror(errno));
    bool ok = getrandom(bytes, sizeof bytes, 0) == (ssize_t)sizeof bytes &&
              write(fd, bytes, sizeof bytes) == sizeof bytes && fsync(fd) == 0 &&
              (geteuid() != 0 || fchown(fd, slurm_uid, (gid_t)-1) == 0);
    int code = errno;
    explicit_bzero(bytes, sizeof bytes);
    close(fd);
    if (ok)
        return 0;
    unlink(path);
    return err_set(e, code, "cannot make the key %s: %s", path, strerror(code));
}
