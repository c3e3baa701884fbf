/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/upfolder.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/mem.h"

enum { TAIL_BYTES = 16384 };

static const char *home_folder(void)
{
    const char *home = getenv("HOME");
    struct passwd *pw;

    if (home && home[0] == '/')
        return home;
    pw = getpwuid(getuid());
    return pw ? pw->pw_dir : NULL;
}

/* Absolute, so that daemons may change their folder. */
static char *absolute(const char *dir, struct err *e)
{
    char *here, *path;

    if (dir && dir[0] == '/')
        return mem_strdup(dir);
    if (!dir) {
        const char *home = home_folder();
        if (home)
            return buf_format("%s/.sluice/private", home);
        err_set(e, ENOENT, "there is no home folder: say --dir");
        return NULL;
    }
    here = getcwd(NULL, 0);
    if (!here) {
        err_set(e, errno, "the present folder: %s", strerror(errno));
        return NULL;
    }
    path = buf_format("%s/%s", here, dir);
    free(here);
    return path;
}

static int check_name(const char *dir, struct err *e)
{
    const struct sockaddr_un *longest = NULL;

    if (strlen(dir) + sizeof "/run/sack.socket" > sizeof longest->sun_path)
        return err_set(e, ENAMETOOLONG, "%s: the name is too long for a folder with sockets", dir);
    if (strpbrk(dir, " \t\n\"#%\\"))
        return err_set(e, EINVAL, "%s: a name in slurm.conf cannot have white space or any of \" # %% \\",
                       dir);
    return 0;
}

int up_folder_name(struct up_folder *f, const char *dir, struct err *e)
{
    *f = (struct up_folder){.lock = -1};
    f->dir = absolute(dir, e);
    if (!f->dir)
        return -e->code;
    for (size_t n = strlen(f->dir); n > 1 && f->dir[n - 1] == '/'; n--)
        f->dir[n - 1] = '\0';
    if (check_name(f->dir, e) < 0) {
        mem_free(f->dir);
        f->dir = NULL;
        return -e->code;
    }
    f->etc = buf_format("%s/etc", f->dir);
    f->state = buf_format("%s/state", f->dir);
    f->spool = buf_format("%s/spool", f->dir);
    f->log = buf_format("%s/log", f->dir);
    f->run = buf_format("%s/run", f->dir);
    f->conf = buf_format("%s/slurm.conf", f->etc);
    f->key = buf_format("%s/slurm.key", f->etc);
    f->socket = buf_format("%s/sack.socket", f->run);
    return 0;
}

static int make_folder(const char *path, mode_t mode, struct err *e)
{
    if (mkdir(path, mode) < 0 && errno != EEXIST)
        return err_set(e, errno, "%s: %s", path, strerror(errno));
    return 0;
}

int up_folder_make(const struct up_folder *f, struct err *e)
{
    char *path = mem_strdup(f->dir);
    int rc = 0;

    for (char *s = path + 1; rc == 0 && (s = strchr(s, '/')); s++) {
        *s = '\0';
        rc = make_folder(path, 0755, e);
        *s = '/';
    }
    mem_free(path);
    const struct {
        const char *path;
        mode_t mode;
    } folders[] = {{f->dir, 0755},   {f->etc, 0755}, {f->state, 0700},
                   {f->spool, 0755}, {f->log, 0755}, {f->run, 0755}};
    for (size_t i = 0; rc == 0 && i < sizeof folders / sizeof folders[0]; i++)
        rc = make_folder(folders[i].path, folders[i].mode, e);
    return rc;
}

int up_folder_lock(struct up_folder *f, struct err *e)
{
    char *path = buf_format("%s/lock", f->dir);

    f->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (f->lock < 0 || flock(f->lock, LOCK_EX) < 0)
        err_set(e, errno, "%s: %s", path, strerror(errno));
    else
        e->code = 0;
    mem_free(path);
    return -e->code;
}

bool up_folder_exists(const struct up_folder *f)
{
    return access(f->conf, F_OK) == 0;
}

bool up_folder_is_open(const struct up_folder *f)
{
    char *path = mem_strdup(f->dir);
    struct stat st;
    bool open = true;

    for (char *slash = path + strlen(path); open && slash; slash = strrchr(path, '/')) {
        *slash = '\0';
        open = stat(*path ? path : "/", &st) == 0 && (st.st_mode & S_IXOTH);
    }
    mem_free(path);
    return open;
}

static int write_all(int fd, const char *s, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, s, len);
        if (n < 0 && errno != EINTR)
            return -1;
        if (n > 0) {
            s += n;
            len -= (size_t)n;
        }
    }
    return 0;
}

int up_write(const char *path, const char *text, mode_t mode, struct err *e)
{
    char *fresh = buf_format("%s.new", path);
    int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode), rc = 0;

    if (fd < 0 || write_all(fd, text, strlen(text)) < 0 || rename(fresh, path) < 0)
        rc = err_set(e, errno, "%s: %s", path, strerror(errno));
    if (fd >= 0)
        close(fd);
    mem_free(fresh);
    return rc;
}

int up_copy(const char *from, const char *to, struct err *e)
{
    char block[65536];
    int in = open(from, O_RDONLY | O_CLOEXEC), out = -1, rc = 0;
    struct stat st;
    ssize_t n;

    if (in < 0 || fstat(in, &st) < 0)
        rc = err_set(e, errno, "%s: %s", from, strerror(errno));
    else if ((out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, st.st_mode & 0777)) < 0)
        rc = err_set(e, errno, "%s: %s", to, strerror(errno));
    while (rc == 0 && (n = read(in, block, sizeof block)) != 0)
        if (n < 0 || write_all(out, block, (size_t)n) < 0)
            rc = err_set(e, errno, "%s: %s", to, strerror(errno));
    if (in >= 0)
        close(in);
    if (out >= 0)
        close(out);
    return rc;
}

void up_tail(const char *path, unsigned lines, struct buf *out)
{
    char block[TAIL_BYTES];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    off_t size = fd < 0 ? 0 : lseek(fd, 0, SEEK_END);
    ssize_t n = fd < 0 ? -1 : pread(fd, block, sizeof block, size > TAIL_BYTES ? size - TAIL_BYTES : 0);

    if (fd >= 0)
        close(fd);
    while (n > 0 && block[n - 1] == '\n')
        n--;
    if (n <= 0)
        return;
    ssize_t start = n;
    while (start > 0 && (block[start - 1] != '\n' || --lines > 0))
        start--;
    buf_add(out, block + start, (size_t)(n - start));
    buf_addc(out, '\n');
}
