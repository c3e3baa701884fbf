/* SPDX-License-Identifier: Apache-2.0 */
#include "model/message.h"

#include <string.h>

const struct message_type *message_by_number(uint32_t number)
{
    return number < message_types_count && message_types[number].name ? &message_types[number] : NULL;
}

const struct message_type *message_by_name(const char *name)
{
    for (uint32_t i = 0; i < message_types_count; i++)
        if (message_types[i].name && strcmp(message_types[i].name, name) == 0)
            return &message_types[i];
    return NULL;
}
