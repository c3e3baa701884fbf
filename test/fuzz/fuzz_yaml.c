/* SPDX-License-Identifier: Apache-2.0 */
/* Any text as YAML. */
#include "base/mem.h"
#include "conf/yamltree.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = mem_strndup((const char *)data, strnlen((const char *)data, size));
    struct yaml y;
    struct err e;
    if (yaml_parse(text, &y, &e) == 0)
        yaml_release(&y);
    else
        REQUIRE(*e.text);
    mem_free(text);
    return 0;
}
