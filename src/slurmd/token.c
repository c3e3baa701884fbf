/* SPDX-License-Identifier: Apache-2.0 */
#include "slurmd/token.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"

enum { CLOCK_BITS = 16 }; /* below the time of the start */

static uint64_t read_last(const char *path)
{
    uint64_t last = 0;
    FILE *f = fopen(path, "re");
    if (!f)
        return 0;
    if (fscanf(f, "%" SCNu64, &last) != 1)
        last = 0;
    fclose(f);
    return last;
}

bool token_is_first(const char *spool, int64_t since)
{
    char *path = buf_format("%s/token", spool);
    bool first = (int64_t)(read_last(path) >> CLOCK_BITS) < since;
    mem_free(path);
    return first;
}

int token_next(const char *spool, int64_t now, uint64_t *ret_token, struct err *e)
{
    char *path = buf_format("%s/token", spool), *fresh = buf_format("%s/token.new", spool);
    uint64_t last = read_last(path), by_clock = (uint64_t)now << CLOCK_BITS;
    *ret_token = last >= by_clock ? last + 1 : by_clock;
    int rc = 0, fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0 || dprintf(fd, "%" PRIu64 "\n", *ret_token) < 0 || fsync(fd) < 0 || rename(fresh, path) < 0)
        rc = err_set(e, errno, "%s: %s", path, strerror(errno));
    if (fd >= 0)
        close(fd);
    mem_free(path);
    mem_free(fresh);
    return rc;
}
