/* SPDX-License-Identifier: Apache-2.0 */
#include "os/folders.h"

#include <sys/stat.h>

#include "base/mem.h"

void folders_make_above(const char *path)
{
    char *copy = mem_strdup(path);
    if (!*copy) {
        mem_free(copy);
        return;
    }
    for (char *p = copy + 1; *p; p++) {
        if (*p != '/')
            continue;
        *p = 0;
        mkdir(copy, 0755);
        *p = '/';
    }
    mem_free(copy);
}
