/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of Route 53 share: route53.c (who it is about), route53_step.c (what comes
 * next), route53_keep.c (what outlives a restart), route53_ask.c (the calls), route53_command.c. */
#pragma once

#include "control/aws/aws_client.h"
#include "control/aws/route53_xml.h"
#include "control/route53.h"
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
    char *name; /* as Route 53 has it, in a zone file's form */
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
    struct route53_plan plan; /* of the last look */
    bool is_looking;          /* some pages of the look are read, and the next waits for a token */
    size_t looking_at;        /* index into sets */
    char *page;               /* of the list; NULL: the first of the set */
    struct aws_call *call;
    struct route53_waiter *waiters;
    bool is_look_only; /* the look is for waiters alone */
    enum route53_stage stage_before;
};

struct route53 {
    struct control *control;
    const struct config_route53 *config;
    struct route53_unit *units;
    size_t unit_count;
    double tokens; /* of calls that may be made now */
    uint64_t filled_ms;
    uint64_t quiet_until_ms; /* Route 53 said that it is asked too often */
    bool is_driver;          /* when it was last looked at; it may send */
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
/* Does what is due then. */
void route53_pump_in(struct route53 *all, uint64_t wait_ms);

/* ---- route53_keep.c ---- */

/* Writes the unit down as "sending", "pending" or "in step". Nothing waits for it: without it a
 * restart only has to wait longer. */
void route53_journal(const struct route53_unit *unit, const char *state);
/* From what the store has, once what is wanted is taken. */
void route53_restore_unit(struct route53_unit *unit, const struct stored_route53 *list,
                          size_t count);

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
