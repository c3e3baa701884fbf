/* SPDX-License-Identifier: Apache-2.0 */
#include "os/debugflags.h"

#include <stdlib.h>

#include "base/text.h"
#include "conf/conf.h"
#include "model.h"
#include "model/errors.h"
#include "os/log.h"

static uint64_t flag_of(const char *name)
{
    const struct conf_key_info *k = conf_key_info(CONF_DEBUG_FLAGS);

    for (uint32_t i = 0; i < k->n_values; i++)
        if (text_same_nocase(name, k->values[i].name))
            return k->values[i].value;
    return 0;
}

/* A name without a sign is added. */
static bool change(const char *words, uint64_t *flags)
{
    struct text_list list = {0};
    bool known = true;

    text_split(&list, words, ',');
    for (uint32_t i = 0; i < list.n; i++) {
        const char *word = list.v[i];
        uint64_t flag = flag_of(word + (*word == '+' || *word == '-'));
        known &= flag != 0;
        *flags = *word == '-' ? *flags & ~flag : *flags | flag;
    }
    text_list_release(&list);
    return known;
}

void debug_flags_load(const struct conf *c)
{
    const char *words = getenv("SLURM_DEBUG_FLAGS");
    uint64_t flags = 0;

    if (!words)
        flags = conf_u64(c, CONF_DEBUG_FLAGS);
    else if (!change(words, &flags))
        log_error("SLURM_DEBUG_FLAGS=%s has unknown names", words);
    log_set_flags(flags);
}

int debug_set(const struct set_debug *s, struct err *e)
{
    uint64_t flags = log_flags();
    enum log_level level = log_file_level();

    if ((s->level && !log_level_parse(s->level, &level)) || (s->flags && !change(s->flags, &flags)))
        return err_set(e, ESLURM_BAD_ARGUMENT, "%s", error_text(ESLURM_BAD_ARGUMENT));
    if (s->level) {
        log_set_level(level, level);
        log_info("Set debug level to '%s'", log_level_text(level));
    }
    if (s->flags) {
        log_set_flags(flags);
        log_info("Set DebugFlags to %s", s->flags);
    }
    return 0;
}
