/* SPDX-License-Identifier: BSD-2-Clause */
/* A node of a fleet: who drives, what is to be written to the shared table and what is to be read
 * from it. Pure: it names one request at a time, is told what came of it, and has time (of this
 * node's monotonic clock, in ms) as an argument; no node's clock is compared with another's.
 *
 * The table's item `head` says who drives: owner, fence, and a beat that the driver renews. One
 * whose beat has not changed for a lease, as this node saw it, is taken with the next fence. Every
 * item has the fence and the sequence that it was written with, and is only overwritten by a larger
 * pair. The new driver seals every item that matters (gives it its fence, and reads what it had)
 * before it drives: whatever a driver of before still sends to them is refused afterwards. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/attributes.h"

#define FLEET_NAME_SIZE 64
#define FLEET_ITEM_SIZE 1025 /* DynamoDB's limit of a sort key, and NUL */
#define FLEET_TEXT_SIZE 512

struct fleet_head {
    bool exists;
    char owner[FLEET_NAME_SIZE];
    char origin[FLEET_NAME_SIZE + 32]; /* who made it, and when: another one is another table */
    int64_t fence, beat;
    int64_t sequence; /* every item up to it is in the table */
    int64_t sealed;   /* the sequence when the fence was taken */
    bool has_ended;   /* the owner has stopped: it may be taken at once */
};

enum fleet_kind {
    FLEET_READ,      /* head */
    FLEET_TAKE,      /* write head, if there is none, or fence and beat are those expected */
    FLEET_RENEW,     /* beat and sequence of head, if owner and fence are ours, the beat is less */
    FLEET_SEAL,      /* fence and sequence of an item, made when it is not there; what was there */
    FLEET_PUT,       /* an item */
    FLEET_REMOVE,    /* an item */
    FLEET_QUERY,     /* items whose sequence is larger than `after`, by sequence, a page */
    FLEET_SAY,       /* our own item node#…, unconditionally */
    FLEET_ASK_NODES, /* all items node#… */
    FLEET_RELEASE,   /* as RENEW, and ended: nothing is sent with this fence afterwards */
};
#define FLEET_KIND_COUNT (FLEET_RELEASE + 1)
const char *fleet_kind_name(enum fleet_kind kind);

struct fleet_request {
    enum fleet_kind kind;
    struct fleet_head head;     /* TAKE, RENEW, RELEASE: as it shall be */
    struct fleet_head expected; /* TAKE */
    char item[FLEET_ITEM_SIZE]; /* SEAL, PUT, REMOVE */
    char *body;                 /* PUT */
    int64_t fence, sequence;    /* SEAL, PUT, REMOVE: only over a smaller pair */
    int64_t after;              /* QUERY */
    bool is_first;              /* QUERY: the first page, else the one after the last that came */
    int64_t change;             /* PUT, REMOVE: which change of the item it is (fleet_memory) */
};

enum fleet_outcome {
    FLEET_DONE,
    FLEET_REFUSED,     /* the condition does not hold: nothing was written */
    FLEET_UNREACHABLE, /* it may have happened all the same */
    FLEET_UNFIT,       /* PUT: never as it is (too large); other items may well go in */
};

struct fleet_item {
    const char *item;
    const char *body; /* NULL: it has none yet */
    int64_t fence, sequence;
};

struct fleet_answer {
    enum fleet_outcome outcome;
    const char *text;               /* UNREACHABLE, UNFIT: why */
    struct fleet_head head;         /* READ */
    const struct fleet_item *items; /* QUERY; SEAL: one, as it was before */
    size_t item_count;
    bool has_more; /* QUERY */
};

/* What the node has of its own. */
struct fleet_memory {
    void *argument;
    /* An item that has changed and is not in the table: the caller of next frees *body, which is
     * NULL when the item is to be removed. False: there is none. */
    bool (*next_dirty)(void *argument, char item[FLEET_ITEM_SIZE], char **body, int64_t *change);
    /* That change of it is in the table. False: that could not be noted, and it is named again. */
    bool (*clean)(void *argument, const char *item, int64_t change);
    /* That change of it never will be: it is not named again before the item's next change. False:
     * as above. */
    bool (*refuse)(void *argument, const char *item, int64_t change, const char *why);
    bool (*is_dirty)(void *argument, const char *item);
    /* NULL: everything there is but what is sealed, for a table in which nothing was announced. */
    void (*mark_dirty)(void *argument, const char *item);
    /* What has changed is of no use: another node has driven since. True: there was something. */
    bool (*forget_dirty)(void *argument);
    /* The items which only the driver writes and the next has to seal, by index; false: no more. */
    bool (*sealed_item)(void *argument, size_t index, char item[FLEET_ITEM_SIZE]);
    /* Takes items over; is_last: all of them have come, up to sequence, and what is in memory and
     * is served follows. False: it cannot (whatever it says, it says itself). */
    bool (*import)(void *argument, const struct fleet_item *items, size_t count, bool is_last,
                   int64_t sequence);
    /* We drive with this fence: kept, so that a restart knows whose the changes are. */
    void (*keep_fence)(void *argument, int64_t fence);
    /* Driving begins (or goes on after the lease had ended), or has ended. */
    void (*driving)(void *argument, bool drives);
};

enum fleet_role { FLEET_FOLLOWS, FLEET_SEALS, FLEET_DRIVES };

struct fleet_node {
    char name[FLEET_NAME_SIZE];
    int64_t lease_ms, margin_ms, interval_ms;
    struct fleet_memory memory;
    enum fleet_role role;
    struct fleet_head head; /* as last seen, or written */
    bool has_head;          /* it was ever read */
    int64_t seen_ms;        /* when this fence and beat were first seen */
    int64_t reached_ms;     /* the last answer of the table; or when the node began */
    bool is_failing;        /* the last request was not answered */
    char why[FLEET_TEXT_SIZE];
    int64_t next_read_ms, next_say_ms, next_ask_ms;
    int64_t lease_until_ms, renew_ms; /* ours; SEALS, DRIVES */
    int64_t told_ms;                  /* when head was last written */
    int64_t may_take_ms;              /* not before */
    int64_t may_query_ms;             /* likewise, after what came could not be taken over */
    int64_t may_put_ms;               /* likewise, after what was written could not be noted */
    int64_t counter;                  /* SEALS, DRIVES: the last sequence that was given out */
    int64_t beat;                     /* SEALS, DRIVES: the last that was sent */
    int64_t confirmed;                /* the largest sequence that is in the table */
    int64_t applied;                  /* what has been taken over; of the driver what head says */
    int64_t query_until;              /* what applied becomes after the query's last page */
    bool has_synced;                  /* all of the table has been taken over once */
    bool is_querying;                 /* not on its last page yet */
    bool has_paged;                   /* … but a page has come */
    int64_t in_step_ms;               /* when it last had all that head says */
    int64_t said;                     /* the sequence that our item has */
    int64_t stuck_ms;                 /* since when nothing of its work was answered; 0: it is */
    char stuck_why[FLEET_TEXT_SIZE];
    int64_t progress_ms;       /* SEALS: when it last came further, or its lease began */
    unsigned given_up;         /* how often it had the lease and could not take over … */
    int64_t given_up_until_ms; /* … and does not try again before */
    bool is_leaving;           /* see fleet_node_leave */
    bool is_releasing;         /* RELEASE is under way */
    bool was_driving;
    int64_t kept_fence; /* with which what is dirty was changed */
    bool keeps_dirty;   /* SEALS: what is dirty stands: nobody else drove since */
    char **seals;       /* SEALS: the items still to be sealed; the last is next */
    size_t seal_count;
    struct fleet_item *adopted; /* SEALS: what they had */
    size_t adopted_count;
};

struct fleet_settings {
    const char *name;
    int64_t lease_ms, interval_ms;
    struct fleet_memory memory;
    int64_t applied;    /* what an earlier process had taken over; 0: nothing */
    const char *origin; /* … of the table with this origin; NULL: of none */
    int64_t kept_fence; /* with which it drove last */
};
void fleet_node_init(struct fleet_node *node, const struct fleet_settings *settings,
                     int64_t now_ms);
void fleet_node_done(struct fleet_node *node);

/* The next request, if there is one to be made now; false: at *next_ms at the latest there may be.
 * One is under way at a time: fleet_node_answered follows, whatever happens to it. The caller frees
 * request->body. */
MUST_CHECK bool fleet_node_next(struct fleet_node *node, int64_t now_ms,
                                struct fleet_request *request, int64_t *next_ms);
void fleet_node_answered(struct fleet_node *node, const struct fleet_request *request,
                         int64_t sent_ms, const struct fleet_answer *answer, int64_t now_ms);
/* This node stops: if it drives, what has changed is written, and then the lease is ended, so that
 * nobody waits for it. The caller decides nothing any more, and asks and answers until
 * fleet_node_has_left (nothing is left to be done, or the table does not answer), or not so long.
 */
void fleet_node_leave(struct fleet_node *node);
bool fleet_node_has_left(const struct fleet_node *node, int64_t now_ms);
/* How long an attempt of a request may take. */
int64_t fleet_node_timeout_ms(const struct fleet_node *node);

/* It holds the lease, with a margin, and has sealed: only then anything is decided here. */
bool fleet_node_drives(const struct fleet_node *node, int64_t now_ms);
/* Of our lease; 0: over, or never ours. */
int64_t fleet_node_lease_left_ms(const struct fleet_node *node, int64_t now_ms);
/* The table has not answered for two intervals. */
bool fleet_node_is_cut_off(const struct fleet_node *node, int64_t now_ms);
/* The table answers, but not to what this node's role needs (permissions, an index that is not
 * there), for a lease: stuck_why says what. It does not take the lease then, or gives it up. */
bool fleet_node_is_stuck(const struct fleet_node *node, int64_t now_ms);
/* How far what is served here is behind the table, in ms; 0: in step. */
int64_t fleet_node_lag_ms(const struct fleet_node *node, int64_t now_ms);
