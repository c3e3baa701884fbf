/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the values of options: numbers, sizes, durations, signals. No locale, no errno. */
#include "cli/jobopt_priv.h"

#include <signal.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

enum { NUMBER_MAX = INT32_MAX, COUNT16_MAX = NO_VAL16 - 1, SIGNAL_MAX = 64 };

int jobopt_number(struct jobopt_use *u, const char *text, const char *what, uint32_t min, uint32_t max, uint32_t *ret)
{
    uint64_t v = 0;
    if (*text == '\0' || text[strspn(text, "0123456789")] != '\0')
        return jobopt_fail(u->o, JOBOPT_EXIT, "Invalid numeric value \"%s\" for %s.", text, what);
    if (!text_to_u64(text, &v) || v > max)
        return jobopt_fail(u->o, JOBOPT_EXIT, "Numeric argument (%s) too large for %s.", text, what);
    if (v < min)
        return jobopt_fail(u->o, JOBOPT_EXIT, "Invalid numeric value \"%s\" for %s.", text, what);
    *ret = (uint32_t)v;
    return 0;
}

bool jobopt_size(const char *text, uint64_t *ret_mb)
{
    static const char units[] = "MGTP"; /* each 1024 times the one before */
    char digits[24];
    size_t n = strspn(text, "0123456789");
    uint64_t v;
    if (n == 0 || n >= sizeof digits)
        return false;
    memcpy(digits, text, n);
    digits[n] = '\0';
    if (!text_to_u64(digits, &v))
        return false;
    char unit = text[n] ? text_upper(text[n]) : 'M';
    const char *rest = text[n] ? text + n + 1 : "";
    if (*rest && text_casecmp(rest, "b") != 0)
        return false;
    if (unit == 'K') {
        *ret_mb = v / 1024 + (v % 1024 != 0);
        return true;
    }
    const char *at = strchr(units, unit);
    if (!at)
        return false;
    unsigned shift = 10 * (unsigned)(at - units);
    if (v > (NO_VAL64 - 1) >> shift)
        return false;
    *ret_mb = v << shift;
    return true;
}

/* Up to three numbers separated by ':' to the end of the text; how many, or 0 when there is something else. */
static unsigned clock_parts(const char *s, uint64_t part[3])
{
    unsigned n = 0;
    for (;;) {
        size_t digits = strspn(s, "0123456789");
        if (digits == 0 || digits > 9 || n == 3)
            return 0;
        part[n] = 0;
        for (; digits; digits--)
            part[n] = part[n] * 10 + (uint64_t)(*s++ - '0');
        n++;
        if (*s == '\0')
            return n;
        if (*s++ != ':')
            return 0;
    }
}

bool jobopt_minutes(const char *text, uint32_t *ret)
{
    if (strcmp(text, "-1") == 0 || text_casecmp(text, "unlimited") == 0 || text_casecmp(text, "infinite") == 0) {
        *ret = INFINITE;
        return true;
    }
    uint64_t part[3] = {0}, days = 0, seconds;
    const char *dash = strchr(text, '-');
    if (dash) {
        size_t digits = (size_t)(dash - text);
        if (digits == 0 || digits > 6 || strspn(text, "0123456789") != digits)
            return false;
        for (const char *s = text; s < dash; s++)
            days = days * 10 + (uint64_t)(*s - '0');
        if (dash[1] && clock_parts(dash + 1, part) == 0)
            return false;
        seconds = part[0] * 3600 + part[1] * 60 + part[2];
    } else {
        unsigned n = clock_parts(text, part);
        if (n == 0)
            return false;
        seconds = n == 3 ? part[0] * 3600 + part[1] * 60 + part[2] : part[0] * 60 + (n == 2 ? part[1] : 0);
    }
    seconds += days * 86400;
    uint64_t minutes = seconds / 60 + (seconds % 60 != 0);
    if (minutes >= NO_VAL)
        return false;
    *ret = (uint32_t)minutes;
    return true;
}

bool jobopt_tres_count(const char *text, uint64_t *ret)
{
    static const char units[] = "KMGTP";
    char digits[24];
    size_t n = strspn(text, "0123456789");
    uint64_t v;
    if (n == 0 || n >= sizeof digits)
        return false;
    memcpy(digits, text, n);
    digits[n] = '\0';
    if (!text_to_u64(digits, &v))
        return false;
    unsigned shift = 0;
    if (text[n]) {
        const char *at = strchr(units, text_upper(text[n]));
        if (!at || text[n + 1])
            return false;
        shift = 10 * (unsigned)(at - units + 1);
    }
    if (v > (NO_VAL64 - 1) >> shift)
        return false;
    *ret = v << shift;
    return true;
}

bool jobopt_signal(const char *text, uint32_t *ret)
{
    static const struct {
        const char *name;
        uint8_t number;
    } names[] = {
        {"HUP", SIGHUP},   {"INT", SIGINT},   {"QUIT", SIGQUIT}, {"ABRT", SIGABRT}, {"KILL", SIGKILL},
        {"ALRM", SIGALRM}, {"TERM", SIGTERM}, {"USR1", SIGUSR1}, {"USR2", SIGUSR2}, {"URG", SIGURG},
        {"CONT", SIGCONT}, {"STOP", SIGSTOP}, {"TSTP", SIGTSTP}, {"TTIN", SIGTTIN}, {"TTOU", SIGTTOU},
        {"PIPE", SIGPIPE}, {"CHLD", SIGCHLD}, {"XCPU", SIGXCPU}, {"XFSZ", SIGXFSZ}, {"WINCH", SIGWINCH},
    };
    uint32_t number;
    if (text_to_u32(text, &number)) {
        if (number == 0 || number > SIGNAL_MAX)
            return false;
        *ret = number;
        return true;
    }
    if (text_starts_nocase(text, "SIG"))
        text += 3;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (text_casecmp(text, names[i].name) == 0) {
            *ret = names[i].number;
            return true;
        }
    }
    return false;
}

bool jobopt_word_in(const char *text, const char *const *words)
{
    for (; *words; words++) {
        if (text_casecmp(text, *words) == 0)
            return true;
    }
    return false;
}

int jobopt_store(struct jobopt_use *u)
{
    void *field = (char *)u->part + u->row->offset;
    char what[64];
    uint32_t number;
    uint64_t size;
    buf_print(what, sizeof what, "--%s", u->row->name);
    switch ((enum jobopt_kind)u->row->kind) {
    case KIND_CALL:
        return u->row->set(u);
    case KIND_TEXT:
        mem_set_str(field, u->arg);
        return 0;
    case KIND_FLAG:
        *(bool *)field = true;
        return 0;
    case KIND_TRI:
        *(uint16_t *)field = 1;
        return 0;
    case KIND_COUNT16:
        if (jobopt_number(u, u->arg, what, u->row->min, COUNT16_MAX, &number) < 0)
            return -1;
        *(uint16_t *)field = (uint16_t)number;
        return 0;
    case KIND_COUNT32:
        return jobopt_number(u, u->arg, what, u->row->min, NUMBER_MAX, field);
    case KIND_SIZE:
        return jobopt_size(u->arg, field) ? 0 : jobopt_bad_arg(u);
    case KIND_SIZE32:
        if (!jobopt_size(u->arg, &size) || size >= NO_VAL)
            return jobopt_bad_arg(u);
        *(uint32_t *)field = (uint32_t)size;
        return 0;
    case KIND_MINUTES:
        return jobopt_minutes(u->arg, field) ? 0 : jobopt_bad_arg(u);
    case KIND_NOTHING:
    case KIND_EARLY:
        break;
    }
    return 0;
}
