/* SPDX-License-Identifier: Apache-2.0 */
/* What ResumeProgram and SuspendProgram are told, and how long they may take. */
#include "slurmctld/powerprog.h"

#include <sys/mman.h>
#include <unistd.h>

#include "base/bits.h"
#include "base/hostlist.h"
#include "base/mem.h"
#include "meta/meta.h"
#include "model/jobvars.h"

/* The 16-bit timeouts from here on mean that there is none. */
enum { INFINITE_16 = 65534 };

static void add_text(struct buf *out, const char *key, const char *value)
{
    buf_addf(out, ",\"%s\":", key);
    if (value)
        meta_json_string(value, out);
    else
        buf_adds(out, "null");
}

/* Those of the job's nodes that are in the set, NULL when none is. */
static char *nodes_of(const struct snapshot *s, const struct job *j, const struct bits *resumed)
{
    struct hostlist list = {0};
    struct buf text = BUF_INIT;

    for (uint32_t i = 0; i < j->alloc.n; i++) {
        const struct node *n = ptree_get(&s->nodes, j->alloc.v[i].node_index);
        if (n && bits_test(resumed, n->index))
            (void)hostlist_push(&list, n->name, NULL);
    }
    if (list.count)
        hostlist_text(&list, &text);
    hostlist_release(&list);
    return text.len ? buf_take(&text) : NULL;
}

static void add_job(const struct job *j, const char *nodes_resume, struct buf *out)
{
    buf_addf(out, "{\"exclusive\":\"%s\"", jobvars_exclusive(j));
    add_text(out, "extra", j->spec->extra);
    buf_addf(out, ",\"job_id\":%u,\"priority\":%u", j->job_id, j->priority);
    add_text(out, "features", j->spec->features);
    add_text(out, "nodes_alloc", j->nodes);
    add_text(out, "nodes_resume", nodes_resume);
    add_text(out, "oversubscribe", jobvars_oversubscribe(j));
    add_text(out, "partition", j->partition);
    add_text(out, "reservation", j->spec->reservation);
    buf_addc(out, '}');
}

int powerprog_resume_file(const struct snapshot *s, const struct bits *resumed, const char *names)
{
    struct buf text = BUF_INIT;
    const struct job *j;
    int fd = memfd_create("resume", MFD_CLOEXEC);

    buf_adds(&text, "{\"jobs\":[");
    for (uint32_t id = 0; fd >= 0 && (j = ptree_next(&s->jobs, &id)); id++) {
        char *nodes = j->flags & JOBF_CONFIGURING ? nodes_of(s, j, resumed) : NULL;
        if (!nodes)
            continue;
        if (text.s[text.len - 1] == '}')
            buf_addc(&text, ',');
        add_job(j, nodes, &text);
        mem_free(nodes);
    }
    buf_addc(&text, ']');
    add_text(&text, "all_nodes_resume", names);
    buf_addc(&text, '}');
    if (fd >= 0 && write(fd, text.s, text.len) != (ssize_t)text.len) {
        close(fd);
        fd = -1;
    }
    buf_release(&text);
    return fd;
}

static void take_larger(uint32_t *slot, uint32_t value)
{
    if (value != NO_VAL && value > *slot)
        *slot = value;
}

uint32_t powerprog_time_limit(const struct conf *c)
{
    uint32_t n, limit = conf_u32(c, CONF_RESUME_TIMEOUT);
    const struct part *parts = conf_parts(c, &n);

    take_larger(&limit, conf_u32(c, CONF_SUSPEND_TIMEOUT));
    for (uint32_t i = 0; i < n; i++) {
        take_larger(&limit, parts[i].resume_timeout);
        take_larger(&limit, parts[i].suspend_timeout);
    }
    return limit >= INFINITE_16 ? 0 : limit;
}
