/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of Route 53 share: route53.c (who it is about), route53_step.c (what comes
 * next), route53_pump.c (whose turn it is), route53_keep.c (what outlives a restart),
 * route53_ask.c (the calls), route53_mirror.c (health checks) with route53_mirror_ask.c,
 * route53_command.c. */
#pragma once

#include "control/aws/aws_client.h"
#include "control/aws/route53_xml.h"
#include "control/route53.h"
#include "control/route53_checks.h"
#include "control/route53_plan.h"

#define ROUTE53_TEXT_SIZE   512
#define ROUTE53_CHANGE_SIZE 40

enum route53_stage {
    ROUTE53_REST, /* in step, or something stands in the way: looked at on the timer */
    ROUTE53_LOOK, /* what Route 53 has is read */
    ROUTE53_SEND, /* the plan's batch goes out */
    ROUTE53_POLL, /* GetChange */
};

/* A record set as it was when it was last planned. */
struct route53_wanted {
    uint8_t weights[MAX_MEMBERS];
    uint32_t ttl_s;
    char *name;                          /* as Route 53 has it, in a zone file's form */
    struct route53_member_check *checks; /* one for each member; NULL: nothing is mirrored. Those
                                            of now: who changes one makes the unit new */
};

/* Whoever waits for a look: diff and sync. */
struct route53_waiter {
    struct route53_waiter *next;
    void (*looked)(void *argument, const struct route53_plan *plan, const char *error);
    void *argument;
};

/* The record sets that go out together. */
struct route53_unit {
    struct route53 *all;
    const char *zone_id;
    struct rule_state *rule; /* NULL: it is one record set that nobody moves */
    struct record_set_state **sets;
    struct route53_wanted *wanted;
    size_t set_count;
    enum route53_stage stage;
    bool is_new;      /* it has changed since it was planned */
    bool is_forced;   /* what differs is sent, whatever drift is to be done about */
    bool is_pending;  /* Route 53 does not have it, or is not known to */
    bool was_in_step; /* before this look: what differs is drift */
    bool is_planned_anew;
    int64_t pending_since_ms;            /* wall clock */
    uint64_t due_ms;                     /* of the loop's clock: not before */
    unsigned failures;                   /* in a row */
    unsigned failures_before;            /* … when the look began */
    char change_id[ROUTE53_CHANGE_SIZE]; /* of the last batch; "": not known */
    int64_t sent_ms;                     /* wall clock: when it was sent; 0: nothing is under way */
    struct {
        char change_id[ROUTE53_CHANGE_SIZE];
        int64_t sent_ms;
    } before;                      /* what was under way before the batch that is being sent */
    char error[ROUTE53_TEXT_SIZE]; /* the last one; "" */
    struct route53_group *groups;
    struct route53_record_sets live;
    bool is_live_whole;       /* it was read to its end */
    struct route53_plan plan; /* of the last look */
    bool is_looking;          /* some pages of the look are read, and the next waits for a token */
    size_t looking_at;        /* index into sets */
    char *page;               /* of the list; NULL: the first of the set */
    struct aws_call *call;
    struct route53_waiter *waiters;
    bool is_look_only; /* the look is for waiters alone */
    enum route53_stage stage_before;
};

/* A member whose health check Route 53 gets. */
struct route53_mirror {
    struct route53_unit *unit;
    size_t set, member; /* indexes */
    const char *owner;
    bool is_there;
    bool is_news;    /* its check is another, which its unit has not been told yet */
    bool is_refused; /* Route 53 does not take a check of it; until the next list */
};

/* A record set whose references are known, whether it mirrors or did before. */
struct route53_owned {
    struct route53_unit *unit;
    char owner[ROUTE53_OWNER_SIZE];
};

enum route53_mirror_stage { ROUTE53_LIST_CHECKS, ROUTE53_MAKE_CHECK, ROUTE53_DELETE_CHECK };

/* The health checks of all record sets: one call at a time, behind everything else. */
struct route53_mirrors {
    struct route53 *all;
    struct route53_mirror *list;
    size_t count;
    struct route53_owned *owned;
    size_t owned_count;
    struct route53_found_checks found;  /* what Route 53 has, as far as is known */
    struct route53_found_checks listed; /* … as the list says that is being read */
    char *page;                         /* of that list; NULL: the first */
    bool is_listed;                     /* found is what a list said */
    enum route53_mirror_stage stage;
    uint64_t due_ms;                      /* of the loop's clock; UINT64_MAX: never */
    struct route53_missing_check missing; /* the next one to be made */
    struct route53_mirror *making;        /* … of this member */
    struct route53_found_check deleting;
    unsigned failures; /* in a row */
    char error[ROUTE53_TEXT_SIZE];
    struct aws_call *call;
};

struct route53 {
    struct control *control;
    const struct config_route53 *config;
    struct route53_unit *units;
    size_t unit_count;
    double tokens; /* of calls that may be made now */
    uint64_t filled_ms;
    uint64_t quiet_until_ms;         /* Route 53 said that it is asked too often */
    bool is_driver;                  /* when it was last looked at; it may send */
    struct route53_mirrors *mirrors; /* NULL: Route 53 has no health check of ours */
    uint64_t batches, errors;
    uv_timer_t timer;
};

/* ---- route53.c ---- */

/* NULL: the record set does not go to Route 53. */
struct route53_unit *route53_unit_of(const struct record_set_state *set);
/* The waiter, which is taken, is told of the next look; forced: what differs is sent. */
void route53_want_look(struct route53_unit *unit, struct route53_waiter *waiter, bool is_forced);

/* ---- route53_step.c ---- */

void route53_come_next(struct route53_unit *unit, enum route53_stage stage, uint64_t in_ms);
void route53_set_pending(struct route53_unit *unit);
/* What is wanted is as things stand. */
void route53_take_wanted(struct route53_unit *unit);
bool route53_is_as_planned(const struct record_set_state *set, const struct route53_wanted *wanted);
void route53_tell_waiters(struct route53_unit *unit, const struct route53_plan *plan,
                          const char *error);
/* It is about to be sent: the state file says so. */
void route53_note_sending(struct route53_unit *unit);
uint64_t route53_now_ms(const struct route53 *all);
uint64_t route53_back_off_ms(unsigned failures);

/* ---- route53_pump.c ---- */

/* Does what is due. */
void route53_pump(struct route53 *all);
/* … then. */
void route53_pump_in(struct route53 *all, uint64_t wait_ms);

/* ---- route53_keep.c ---- */

/* Writes the unit down as "sending", "pending" or "in step". Nothing waits for it: without it a
 * restart only has to wait longer. */
void route53_journal(const struct route53_unit *unit, const char *state);
/* From what the store has, once what is wanted is taken. */
void route53_restore_units(struct route53 *all, struct stored_route53 *list, size_t count);

/* ---- route53_ask.c ---- */

/* Starts the call of the unit's stage; of a look that has begun the next page. */
void route53_ask(struct route53_unit *unit);

/* Somebody has only looked. What was published meanwhile is not left to the timer of what was under
 * way before. */
void route53_go_on(struct route53_unit *unit);

/* What came of it; they may be called from route53_ask.c alone. */
void route53_looked(struct route53_unit *unit);
void route53_sent(struct route53_unit *unit, const char *change_id, bool is_in_sync);
void route53_polled(struct route53_unit *unit, bool is_in_sync);
/* The call came to nothing. */
void route53_failed(struct route53_unit *unit, const struct aws_answer *answer);

/* ---- route53_mirror.c ---- */

/* Before units are restored. */
MUST_CHECK bool route53_mirrors_open(struct route53 *all, struct error *err);
void route53_mirrors_free(struct route53_mirrors *mirrors);
/* Another node may have made others: what is known is not until it has been listed. */
void route53_mirrors_forget(struct route53_mirrors *mirrors);
/* A unit is in step: what nobody names any more can go. */
void route53_mirrors_consider(struct route53_mirrors *mirrors);
/* Route 53 did not know a health check of the unit's: none is sent until they have been listed.
 * False: none was sent. */
bool route53_mirrors_leave_out(struct route53_unit *unit);
/* Starts what is due. */
void route53_mirrors_pump(struct route53_mirrors *mirrors);
/* {"members": 2, "made": 1, "error": …} of the record set; NULL: it mirrors nothing. */
json_t *route53_mirrors_describe(const struct route53_unit *unit, size_t set);

/* What came of a call; from route53_mirror_ask.c alone. */
void route53_mirrors_listed(struct route53_mirrors *mirrors);
void route53_mirrors_made(struct route53_mirrors *mirrors, const struct route53_found_check *made);
void route53_mirrors_deleted(struct route53_mirrors *mirrors);
void route53_mirrors_failed(struct route53_mirrors *mirrors, const struct aws_answer *answer);

/* ---- route53_mirror_ask.c ---- */

/* Starts the call of the stage. */
void route53_mirrors_ask(struct route53_mirrors *mirrors);
