/* SPDX-License-Identifier: Apache-2.0 */
/*
 * agent: the inside of what goes to the nodes; ctld.h has its outside.
 *
 * An effect becomes a parcel (agent_send.c, agent_launch.c), a parcel goes over the node's link
 * (agent_link.c), its answer becomes a command for the core (agent_answer.c). What is the same for more
 * than TreeWidth nodes goes through a tree of them (agent_tree.c): a parcel for a head of the tree then
 * carries the message for every node behind it. Everything happens on the agent's one loop; links, parcels
 * and trees belong to it.
 */
#ifndef SLURMCTLD_AGENT_H
#define SLURMCTLD_AGENT_H

#include "os/mailbox.h"
#include "os/net.h"
#include "slurmctld/ctld.h"

/* One message to several nodes; told in the log when the last has answered. */
struct round {
    uint16_t type;
    uint32_t nodes, open, messages;
    uint64_t since;
};

struct tree; /* agent_tree.c */

/* A message for a node, encoded. */
struct parcel {
    struct parcel *next;
    struct round *round; /* that it belongs to, or NULL */
    struct tree *tree;   /* it is for a head of this tree, and those behind it; else NULL */
    uint32_t head;
    uint16_t type;
    uint32_t seq; /* 0 while it waits for a connection */
    uint32_t job_id, restarts, node_index;
    uint64_t made_at, sent_at; /* of the loop, in ms */
    int64_t time;              /* of day, when it was made */
    uint64_t token;            /* of the registration that a launch is made for */
    struct buf body;
};

enum link_state {
    LINK_CLOSED,
    LINK_WAITING, /* for its turn to be opened */
    LINK_LOOKUP,  /* the resolver works */
    LINK_OPENING,
    LINK_OPEN,
};

struct link {
    struct agent *agent;
    uint32_t index;
    enum link_state state;
    char *name, *host;
    uint16_t port;
    struct sockaddr_storage addr;
    bool known_addr;
    struct lookup *lookup; /* in LINK_LOOKUP */
    struct net_conn *conn;
    struct parcel *queue, *sent; /* oldest first */
    uint32_t held; /* messages for this node that are under way through others: it gets nothing before them */
    uint32_t seq;
    uint64_t since;      /* of the state */
    uint64_t not_before; /* pause after a failure */
    uint64_t token;      /* of the node's last known registration */
    uint32_t pause_ms;
    uint64_t silent_since; /* while pause_ms */
    char *why;
    bool told; /* the log has it */
    struct link *next_active;
    bool active; /* in the list of links that have something to do */
};

struct agent {
    struct ctld *ctld;
    pthread_t thread;
    uv_loop_t loop;
    struct net *net;
    struct mailbox mailbox;
    uv_timer_t sweep;
    struct map_u64 links; /* node index -> struct link */
    struct link *active;
    struct tree *trees;
    struct shared_conf *route_conf; /* that route_leaf is made of; NULL: none */
    struct map_str route_leaf;      /* agent_route.c */
    uint32_t opening;
    VEC(uint32_t) again; /* jobs whose launch reached a slurmd that had not registered yet */
    bool stopping;
    uint64_t timeout_ms;
};

/* --- agent_answer.c --- */
struct parcel *parcel_new(struct agent *a, uint16_t type, uint32_t node_index);
void parcel_free(struct agent *a, struct parcel *p);
/* The node has answered. The parcel is the callee's. */
void parcel_answered(struct link *l, struct parcel *p, const struct frame *f);
/* It could not be delivered. True when it is to be tried again. */
bool parcel_undeliverable(struct link *l, struct parcel *p);
/* The core hears that a launch has happened (error 0) or never will. */
void parcel_report_launch(struct agent *a, const struct parcel *p, uint32_t error, const char *text);

/* --- agent_route.c --- */
enum { ROUTE_ALONE = INT32_MAX }; /* group of a node that is asked directly */
struct routed {
    uint32_t node, group;
};
/* Sets the groups and sorts by them. False: the site has not asked for groups. */
bool routes_sort(struct agent *a, struct shared_conf *conf, const struct snapshot *s, struct routed *v,
                 uint32_t n);
void routes_release(struct agent *a);

/* --- agent_tree.c --- */
/* Sends one message to many nodes through a tree of them, which has a part for each group, if there are any.
 * `ordered`: a node gets nothing else before it has this. */
void tree_send(struct agent *a, uint16_t type, const struct buf *body, const struct routed *nodes, uint32_t n,
               bool grouped, uint32_t width, bool ordered, struct snapshot *s);
/* A head's answers; after the last of them the parcel is the caller's again. */
void tree_answered(struct parcel *p, const struct frame *f);
/* A head cannot be reached: those behind it are seen to. */
void tree_undeliverable(struct parcel *p);
/* Nothing more is expected of this head. */
bool tree_over(const struct parcel *p);
/* It has answered itself: it is not to blame for what is missing. */
bool tree_head_answered(const struct parcel *p);
void trees_sweep(struct agent *a);
void trees_release(struct agent *a); /* after the links */

/* --- agent_link.c --- */
struct link *link_of(struct agent *a, const struct node *n); /* made when it is new */
/* Takes the parcel; it goes out when the node can be reached. */
void link_deliver(struct link *l, struct parcel *p);
void link_deliver_first(struct link *l, struct parcel *p); /* before all others */
/* One of the messages that came through others is there. */
void link_let_go(struct link *l);
bool link_idle(const struct link *l); /* nothing is under way to the node */
/* Time limits and second tries of every link that has something to do. */
void links_sweep(struct agent *a);
void links_stop(struct agent *a);    /* no callback of a connection reaches its link any more */
void links_release(struct agent *a); /* after the loop */

/* --- agent_launch.c --- */
void agent_send_launch(struct agent *a, uint32_t job_id, struct snapshot *s);
void agent_launch_again(struct agent *a); /* what slurmds refused that had not registered yet */

/* --- agent_send.c --- */
void agent_send_effects(struct agent *a, const struct outbox *o, struct snapshot *s);

#endif
