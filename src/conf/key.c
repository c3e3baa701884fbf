/* SPDX-License-Identifier: Apache-2.0 */
/* Names of keys: which there are, which was meant. */
#include "conf/table.h"

#include "base/mem.h"
#include "base/text.h"

const struct conf_key_info *conf_key_info(enum conf_key key)
{
    REQUIRE((unsigned)key < CONF_KEY_COUNT);
    return &conf_key_table[key];
}

int conf_key_find(enum conf_key_file file, const char *name)
{
    uint32_t low = 0, high = CONF_KEY_COUNT;
    while (low < high) {
        uint32_t mid = (low + high) / 2;
        const struct conf_key_info *info = &conf_key_table[conf_key_order[mid]];
        int order = info->file != file ? (int)info->file - (int)file : text_casecmp(info->name, name);
        if (order == 0)
            return info->kind == CONF_KIND_RUN ? -1 : conf_key_order[mid];
        if (order < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return -1;
}
