/* SPDX-License-Identifier: Apache-2.0 */
#include "model/errors.h"

#include <stddef.h>

static const struct error_row *find(int code)
{
    uint32_t low = 0, high = error_rows_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (error_rows[middle].number < code)
            low = middle + 1;
        else
            high = middle;
    }
    return low < error_rows_count && error_rows[low].number == code ? &error_rows[low] : NULL;
}

const char *error_text(int code)
{
    const struct error_row *row = find(code);
    return row ? row->text : NULL;
}

const char *error_name(int code)
{
    const struct error_row *row = find(code);
    return row ? row->name : NULL;
}
