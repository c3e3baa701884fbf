/* SPDX-License-Identifier: Apache-2.0 */
/* No text may crash the readers of times, and what they accept must print and read back. */
#include "base/timetext.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = mem_strndup((const char *)data, size);
    struct buf out = BUF_INIT;
    struct err e;
    uint32_t value, back;
    int64_t at, again;
    if (time_parse_minutes(text, &value, &e) == 0) {
        time_add_limit_short(&out, value);
        REQUIRE(time_parse_minutes(out.s, &back, &e) == 0 && back == value);
    }
    if (time_parse(text, 1795384517, NULL, false, &at, &e) == 0) {
        struct civil c = civil_from_time(at, NULL);
        REQUIRE(civil_to_time(&c, NULL) == at);
        buf_clear(&out);
        time_add_iso(&out, at, NULL);
        REQUIRE(c.year > 9999 || c.year < 1 ||
                (time_parse(out.s, 0, NULL, true, &again, &e) == 0 && again == at));
    }
    buf_release(&out);
    mem_free(text);
    return 0;
}
