/* SPDX-License-Identifier: Apache-2.0 */
/* Launch credentials: doc/spec/04-credentials.md. The identity comes from the name service, not from the
 * client. */
#include "base/hostlist.h"
#include "base/mem.h"
#include "model/errors.h"
#include "model/jobtext.h"
#include "slurmctld/ctld.h"

static void set_identity(struct ctld *c, const struct job *job, struct credential *cred)
{
    struct user *user = users_get(c->users, job->uid);

    cred->job_id = job->job_id;
    cred->uid = job->uid;
    cred->gid = job->gid;
    cred->user_name = mem_strdup(user->name);
    for (uint32_t i = 0; i < user->groups_n; i++)
        meta_u32s_push(&cred->gids, user->groups[i]);
    cred->restarts = job->restarts;
    cred->term = c->term;
    user_drop(user);
}

/* What the whole job holds on one node. */
static struct cred_node *add_node(struct credential *cred, const char *name, const struct node *node,
                                  const struct job_node *held)
{
    struct cred_node *n = meta_recs_push(&record_cred_node, &cred->nodes);

    n->name = mem_strdup(name);
    n->token = node ? node->token : 0;
    n->asked = node ? node->asked : 0;
    if (!held)
        return n;
    n->job_cpus = held->cpus;
    bits_copy(&n->job_cores, &held->cores);
    n->job_mem = held->mem;
    meta_recs_copy(&record_job_gres, &n->job_gres, &held->gres);
    return n;
}

static const struct job_node *held_on(const struct job *job, uint32_t node_index)
{
    for (uint32_t i = 0; i < job->alloc.n; i++)
        if (job->alloc.v[i].node_index == node_index)
            return &job->alloc.v[i];
    return NULL;
}

int credential_for_batch(struct ctld *c, const struct job *job, const struct node *node, struct buf *ret,
                         struct err *e)
{
    const struct job_node *held = held_on(job, node->index);
    struct credential cred;

    meta_init(&record_credential, &cred);
    set_identity(c, job, &cred);
    cred.step_id = STEP_BATCH;
    struct cred_node *n = add_node(&cred, node->name, node, held);
    if (held) {
        n->cpus = held->cpus;
        bits_copy(&n->cores, &held->cores);
        n->mem = held->mem;
        meta_recs_copy(&record_job_gres, &n->gres, &held->gres);
    }
    meta_u32s_push(&n->tasks, 0);
    int rc = auth_sign_credential(c->auth, &cred, ctld_now(), ret, e);
    meta_release(&record_credential, &cred);
    return rc;
}

int credential_for_step(struct ctld *c, const struct job *job, const struct step *step, struct buf *ret,
                        struct err *e)
{
    struct snapshot *s = ctld_snapshot(c);
    struct credential cred;

    if (!snapshot_has_step(s, step)) {
        snapshot_drop(s);
        return err_set(e, ESLURM_JOB_STEP_ALREADY_COMPLETING_OR_COMPLETED, "%s",
                       error_text(ESLURM_JOB_STEP_ALREADY_COMPLETING_OR_COMPLETED));
    }
    meta_init(&record_credential, &cred);
    set_identity(c, job, &cred);
    cred.job = meta_dup(&record_job, job);
    cred.step_id = step->step_id;
    for (uint32_t i = 0; i < step->layout.n; i++) {
        const struct step_node *part = &step->layout.v[i];
        const struct node *node = ptree_get(&s->nodes, part->node_index);
        struct cred_node *n = add_node(&cred, part->name, node, held_on(job, part->node_index));
        n->cpus = part->cpus;
        bits_copy(&n->cores, &part->cores);
        n->mem = part->mem;
        meta_recs_copy(&record_job_gres, &n->gres, &part->gres);
        for (uint32_t k = 0; k < part->tasks.n; k++)
            meta_u32s_push(&n->tasks, part->tasks.v[k]);
    }
    snapshot_drop(s);
    int rc = auth_sign_credential(c->auth, &cred, ctld_now(), ret, e);
    meta_release(&record_credential, &cred);
    return rc;
}

int credential_for_bcast(struct ctld *c, const struct snapshot *s, const struct job *job,
                         const struct step *step, struct bcast_grant *ret, struct err *e)
{
    uint32_t count = step ? step->layout.n : job->alloc.n;
    struct credential cred;
    struct buf blob = BUF_INIT;

    meta_init(&record_credential, &cred);
    set_identity(c, job, &cred);
    cred.step_id = step ? step->step_id : NO_VAL;
    cred.bcast = true;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t index = step ? step->layout.v[i].node_index : job->alloc.v[i].node_index;
        const struct node *node = ptree_get(&s->nodes, index);
        if (!node)
            continue;
        struct step_node *n = meta_recs_push(&record_step_node, &ret->nodes);
        n->node_index = index;
        n->name = mem_strdup(node->name);
        n->addr = mem_strdup(node->addr);
        n->port = node->port;
        add_node(&cred, node->name, node, NULL);
    }
    int rc = auth_sign_credential(c->auth, &cred, ctld_now(), &blob, e);
    if (rc == 0)
        meta_bytes_set(&ret->credential, blob.s, blob.len);
    buf_release(&blob);
    meta_release(&record_credential, &cred);
    return rc;
}
