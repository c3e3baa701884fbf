/* SPDX-License-Identifier: Apache-2.0 */
#include "model/fact.h"

#include <string.h>

const struct fact_type_row *fact_by_number(uint32_t number)
{
    return number < fact_types_count && fact_types[number].name ? &fact_types[number] : NULL;
}

const struct fact_type_row *fact_by_name(const char *name)
{
    for (uint32_t i = 0; i < fact_types_count; i++)
        if (fact_types[i].name && strcmp(fact_types[i].name, name) == 0)
            return &fact_types[i];
    return NULL;
}
