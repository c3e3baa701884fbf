/* SPDX-License-Identifier: Apache-2.0 */
#include "base/signame.h"

#include <stddef.h>

#include "base/text.h"

static const char *const names[] = {
    [1] = "HUP",   [2] = "INT",     [3] = "QUIT",  [4] = "ILL",     [5] = "TRAP",  [6] = "ABRT",
    [7] = "BUS",   [8] = "FPE",     [9] = "KILL",  [10] = "USR1",   [11] = "SEGV", [12] = "USR2",
    [13] = "PIPE", [14] = "ALRM",   [15] = "TERM", [16] = "STKFLT", [17] = "CHLD", [18] = "CONT",
    [19] = "STOP", [20] = "TSTP",   [21] = "TTIN", [22] = "TTOU",   [23] = "URG",  [24] = "XCPU",
    [25] = "XFSZ", [26] = "VTALRM", [27] = "PROF", [28] = "WINCH",  [29] = "IO",   [30] = "PWR",
    [31] = "SYS",
};

static const struct {
    const char *name;
    int number;
} also[] = {{"IOT", 6}, {"CLD", 17}, {"POLL", 29}};

enum { NAMES = sizeof names / sizeof names[0], ALSO = sizeof also / sizeof also[0] };

const char *signame_text(int number)
{
    return number > 0 && number < NAMES ? names[number] : NULL;
}

static int find_name(const char *name)
{
    for (int i = 1; i < NAMES; i++)
        if (text_same_nocase(name, names[i]))
            return i;
    for (int i = 0; i < ALSO; i++)
        if (text_same_nocase(name, also[i].name))
            return also[i].number;
    return 0;
}

int signame_parse(const char *text, int *ret, struct err *e)
{
    uint32_t number;
    if (!text_to_u32(text, &number))
        number = (uint32_t)find_name(text_starts_nocase(text, "SIG") ? text + 3 : text);
    if (number < 1 || number > SIGNAME_MAX)
        return err_set(e, ERR_INVALID, "Unknown signal \"%.64s\"", text);
    *ret = (int)number;
    return 0;
}
