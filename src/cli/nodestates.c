/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/nodestates.h"

#include <string.h>

#include "base/buf.h"
#include "base/text.h"
#include "model/nodetext.h"

enum { WORD_MAX = 64 };

static bool is_busy(const struct node *n)
{
    enum node_use use = node_use(n);
    return use == NODE_USE_ALLOCATED || use == NODE_USE_MIXED || n->completing;
}
static bool is_draining(const struct node *n)
{
    return n->flags & NODEF_DRAIN && is_busy(n);
}
static bool is_drained(const struct node *n)
{
    return n->flags & NODEF_DRAIN && !is_busy(n);
}
static bool is_completing(const struct node *n)
{
    return n->completing > 0;
}
static bool is_allocated(const struct node *n)
{
    enum node_use use = node_use(n);
    return use == NODE_USE_ALLOCATED || use == NODE_USE_MIXED;
}

struct state_word {
    const char *name;
    int use;       /* enum node_use, or -1 */
    uint64_t flag; /* NODEF_*, or 0 */
    bool (*test)(const struct node *n);
};
/* In the order in which an abbreviation is looked up. */
static const struct state_word words[] = {
    {"unknown", NODE_USE_UNKNOWN, 0, NULL},
    {"down", NODE_USE_DOWN, 0, NULL},
    {"idle", NODE_USE_IDLE, 0, NULL},
    {"allocated", -1, 0, is_allocated},
    {"mixed", NODE_USE_MIXED, 0, NULL},
    {"future", NODE_USE_FUTURE, 0, NULL},
    {"drain", -1, NODEF_DRAIN, NULL},
    {"drained", -1, 0, is_drained},
    {"draining", -1, 0, is_draining},
    {"no_respond", -1, NODEF_NOT_RESPONDING, NULL},
    {"reserved", -1, NODEF_RESERVED, NULL},
    {"planned", -1, NODEF_PLANNED, NULL},
    {"blocked", -1, NODEF_BLOCKED, NULL},
    {"cloud", -1, NODEF_CLOUD, NULL},
    {"completing", -1, 0, is_completing},
    {"powering_down", -1, NODEF_POWERING_DOWN, NULL},
    {"powered_down", -1, NODEF_POWERED_DOWN, NULL},
    {"power_down", -1, NODEF_POWER_DOWN, NULL},
    {"powering_up", -1, NODEF_POWERING_UP, NULL},
    {"power_up", -1, NODEF_POWER_UP, NULL},
    {"inval", -1, NODEF_INVALID_REG, NULL},
    {"fail", -1, NODEF_FAIL, NULL},
    {"maint", -1, NODEF_MAINTENANCE, NULL},
    {"reboot", -1, NODEF_REBOOT_REQUESTED, NULL},
    {"reboot^", -1, NODEF_REBOOT_ISSUED, NULL},
    {"alloc", -1, 0, is_allocated},
    {"comp", -1, 0, is_completing},
    {"drng", -1, 0, is_draining},
    {"dynamic_norm", -1, NODEF_DYNAMIC_NORM, NULL},
    {"futr", NODE_USE_FUTURE, 0, NULL},
    {"mix", NODE_USE_MIXED, 0, NULL},
    {"noresp", -1, NODEF_NOT_RESPONDING, NULL},
    {"plnd", -1, NODEF_PLANNED, NULL},
    {"invalid_reg", -1, NODEF_INVALID_REG, NULL},
    {"reboot_requested", -1, NODEF_REBOOT_REQUESTED, NULL},
    {"reboot_issued", -1, NODEF_REBOOT_ISSUED, NULL},
    {"resv", -1, NODEF_RESERVED, NULL},
    {"unk", NODE_USE_UNKNOWN, 0, NULL},
};

static const struct state_word *find(const char *name)
{
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (text_same_nocase(words[i].name, name))
            return &words[i];
    for (size_t i = 0; *name && i < sizeof words / sizeof words[0]; i++)
        if (text_starts_nocase(words[i].name, name))
            return &words[i];
    return NULL;
}

/* The next word of a list at *p, without its "~"; false at the end. *ret_and: the word is bound to the one
 * before by "+" or "&". */
static bool next_word(const char **p, char word[WORD_MAX], bool *ret_not, bool *ret_and)
{
    if (!**p)
        return false;
    *ret_and = **p == '+' || **p == '&';
    if (**p == '+' || **p == ',' || **p == '&')
        (*p)++;
    *ret_not = **p == '~';
    if (*ret_not)
        (*p)++;
    size_t len = strcspn(*p, ",+&");
    buf_print(word, WORD_MAX, "%.*s", (int)(len < WORD_MAX ? len : WORD_MAX - 1), *p);
    *p += len;
    return true;
}

bool nodestates_valid(const char *list, char *bad, size_t size)
{
    char word[WORD_MAX];
    bool invert, both;
    while (next_word(&list, word, &invert, &both)) {
        if (*word && !text_same_nocase(word, "all") && !find(word)) {
            buf_print(bad, size, "%s", word);
            return false;
        }
    }
    return true;
}

static bool word_matches(const char *word, const struct node *n)
{
    const struct state_word *w = find(word);
    if (text_same_nocase(word, "all"))
        return true;
    if (!w)
        return false;
    if (w->test)
        return w->test(n);
    return w->flag ? (n->flags & w->flag) != 0 : node_use(n) == (enum node_use)w->use;
}

bool nodestates_match(const char *list, const struct node *n)
{
    char word[WORD_MAX];
    bool invert, both, any = false, term = false, first = true;
    while (next_word(&list, word, &invert, &both)) {
        bool hit = word_matches(word, n) != invert;
        if (both && !first) {
            term = term && hit;
        } else {
            any = any || term;
            term = hit;
        }
        first = false;
    }
    return any || term;
}
