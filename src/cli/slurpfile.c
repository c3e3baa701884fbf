/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/slurpfile.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

int slurpfile(const char *path, struct buf *out, struct err *e)
{
    char chunk[8192];
    size_t n;
    FILE *f = fopen(path, "re");
    if (!f)
        return err_set(e, errno, "%s: %s", path, strerror(errno));
    while ((n = fread(chunk, 1, sizeof chunk, f)) > 0 && out->len <= SLURPFILE_MAX)
        buf_add(out, chunk, n);
    int failed = ferror(f) ? errno : out->len > SLURPFILE_MAX ? EFBIG : 0;
    fclose(f);
    return failed ? err_set(e, failed, "%s: %s", path, strerror(failed)) : 0;
}
