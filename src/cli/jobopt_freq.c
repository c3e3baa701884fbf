/* SPDX-License-Identifier: Apache-2.0 */
/* --cpu-freq: "p1[-p2][:p3]", frequencies and a governor, or a governor alone. */
#include "cli/jobopt_priv.h"

#include <string.h>

#include "base/mem.h"
#include "base/text.h"

enum { WORD_MAX = 32, LETTERS_MIN = 2 };

static const char *const speeds[] = {"low", "medium", "highm1", "high"}; /* in this order */
static const char *const governors[] = {"conservative", "ondemand",  "performance",
                                        "powersave",    "schedutil", "userspace"};

/* Both may be shortened, and what follows a whole word does not count. -1: none of them. */
static int find_word(const char *text, const char *const *words, int n)
{
    size_t len = strlen(text);
    for (int i = 0; i < n; i++) {
        if (text_casecmp(text, words[i]) == 0)
            return i;
    }
    for (int i = 0; i < n && len >= LETTERS_MIN; i++) {
        size_t word = strlen(words[i]);
        if (text_casecmp_n(text, words[i], len < word ? len : word) == 0)
            return i;
    }
    return -1;
}

static int governor_of(const char *text)
{
    return find_word(text, governors, sizeof governors / sizeof *governors);
}

/* Words are above all numbers. False when it is neither. */
static bool speed_of(const char *text, uint64_t *ret)
{
    uint32_t khz;
    int word = find_word(text, speeds, sizeof speeds / sizeof *speeds);
    if (text_to_u32(text, &khz))
        *ret = khz;
    else
        *ret = (uint64_t)UINT32_MAX + (uint64_t)(word + 1);
    return word >= 0 || text_to_u32(text, &khz);
}

static int refuse(struct jobopt_use *u)
{
    return jobopt_fail(u->o, JOBOPT_EXIT_ARG, "Invalid --cpu-freq argument");
}

static int unknown(struct jobopt_use *u, const char *text)
{
    jobopt_error(u->o, "unrecognized --cpu-freq argument \"%s\"", text);
    return refuse(u);
}

static int check_governor(struct jobopt_use *u, const char *first, const char *governor)
{
    if (strchr(governor, ':'))
        jobopt_error(u->o, "gov on cpu-frec (%s) illegal without max", governor);
    else if (governor_of(first) >= 0)
        jobopt_error(u->o, "governor cannot be specified twice %s{-}:%s in --cpu-freq", first, governor);
    else if (governor_of(governor) < 0)
        jobopt_error(u->o, "illegal governor: %s on --cpu-freq", governor);
    else
        return 0;
    return refuse(u);
}

static int check_range(struct jobopt_use *u, const char *first, const char *second, const char *governor)
{
    uint64_t low, high;
    if (!governor) {
        jobopt_error(
            u->o,
            "You must explicitly choose a governor when defining a range. Please specify only one value "
            "for the desired frequency (p1) or choose a specific governor (p3).");
        return refuse(u);
    }
    if (!speed_of(first, &low))
        return unknown(u, first);
    if (!speed_of(second, &high))
        return unknown(u, second);
    if (check_governor(u, first, governor) < 0)
        return -1;
    if (high < low) {
        jobopt_error(u->o, "min cpu-frec (%s) must be < max cpu-freq (%s)", first, second);
        return refuse(u);
    }
    if (strcmp(governors[governor_of(governor)], "userspace") == 0) {
        jobopt_error(u->o,
                     "userspace governor does not support a range. Please specify only one value for the "
                     "desired frequency (p1) or choose a different governor.");
        return refuse(u);
    }
    return 0;
}

int set_cpu_freq(struct jobopt_use *u)
{
    char first[WORD_MAX], second[WORD_MAX] = "";
    size_t len = strcspn(u->arg, ":"), dash = strcspn(u->arg, "-:");
    const char *governor = u->arg[len] ? u->arg + len + 1 : NULL;
    bool range = u->arg[dash] == '-';
    uint64_t speed;
    if (dash == 0)
        return refuse(u);
    if (!buf_print(first, sizeof first, "%.*s", (int)dash, u->arg) ||
        (range && !buf_print(second, sizeof second, "%.*s", (int)(len - dash - 1), u->arg + dash + 1)))
        return unknown(u, u->arg);
    int rc = 0;
    if (range)
        rc = check_range(u, first, second, governor);
    else if (governor)
        rc = check_governor(u, first, governor);
    if (rc < 0)
        return rc;
    if (!range && !speed_of(first, &speed) && governor_of(first) < 0)
        return unknown(u, first);
    mem_set_str(&u->part->spec.cpu_freq, u->arg);
    return 0;
}
