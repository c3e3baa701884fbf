/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/uphost.h"

#include <arpa/inet.h>
#include <glob.h>
#include <pwd.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"

enum { PORT_MIN = 20000, PORT_MAX = 32700 };
#define MUNGE_SOCKET "/run/munge/munge.socket.2"

uint32_t up_host_cpus(void)
{
    cpu_set_t set;
    long n = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : sysconf(_SC_NPROCESSORS_ONLN);

    return n > 0 ? (uint32_t)n : 1;
}

uint64_t up_host_mib(void)
{
    long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGESIZE);

    return pages > 0 && size > 0 ? (uint64_t)pages * (uint64_t)size >> 20 : 1024;
}

const char *up_host_user(void)
{
    static char name[TEXT_NAME_MAX + 1];
    struct passwd *pw = getpwuid(geteuid());

    if (pw)
        buf_print(name, sizeof name, "%s", pw->pw_name);
    else
        buf_print(name, sizeof name, "%u", geteuid());
    return name;
}

bool up_host_has_user(const char *name)
{
    uint32_t uid;

    return text_to_u32(name, &uid) || getpwnam(name);
}

bool up_port_free(const char *addr, uint16_t port)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;
    bool free = false;

    /* As daemons do: what is left of closed connections does not count. */
    if (fd >= 0 && inet_pton(AF_INET, addr, &in.sin_addr) == 1 &&
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) == 0)
        free = bind(fd, (struct sockaddr *)&in, sizeof in) == 0 && listen(fd, 1) == 0;
    if (fd >= 0)
        close(fd);
    return free;
}

uint32_t up_number_of(const char *text, uint32_t below)
{
    uint32_t hash = 2166136261u; /* FNV-1a */

    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * 16777619u;
    return (hash ^ hash >> 16) % below;
}

uint16_t up_ports_find(const char *seed, uint32_t count)
{
    const uint32_t all = PORT_MAX - PORT_MIN;

    if (count == 0 || count > all)
        return 0;
    uint32_t first = PORT_MIN + up_number_of(seed, all - count + 1), got = 0;
    for (uint32_t looked = 0; looked < 2 * all; looked++) {
        if (first + got >= PORT_MAX) {
            first = PORT_MIN;
            got = 0;
        }
        if (up_port_free("127.0.0.1", (uint16_t)(first + got))) {
            if (++got == count)
                return (uint16_t)first;
        } else {
            first += got + 1;
            got = 0;
        }
    }
    return 0;
}

bool up_host_has_munge(const char *path)
{
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool answers = false;

    if (fd >= 0 && buf_print(un.sun_path, sizeof un.sun_path, "%s", path ? path : MUNGE_SOCKET))
        answers = connect(fd, (struct sockaddr *)&un, sizeof un) == 0;
    if (fd >= 0)
        close(fd);
    return answers;
}

bool up_host_has_cgroups(const char *mountpoint)
{
    glob_t found = {0};
    char *pattern = buf_format("%s/*/cgroup.procs", mountpoint); /* version 1: a folder a controller */
    char *unified = buf_format("%s/cgroup.procs", mountpoint);
    bool usable = geteuid() == 0 && access(unified, W_OK) == 0;

    if (!usable && geteuid() == 0 && glob(pattern, 0, NULL, &found) == 0)
        usable = access(found.gl_pathv[0], W_OK) == 0;
    globfree(&found);
    mem_free(pattern);
    mem_free(unified);
    return usable;
}
