/* SPDX-License-Identifier: BSD-2-Clause */
/* Drives the rollouts of a rule (an entry of the configuration's `rollouts`): asks the engine,
 * journals what it decides, then acts. Control thread only. */
#pragma once

#include "control/model.h"
#include "control/shift.h"

/* One thing a rule is about to do: decided, not yet journaled. */
struct rule_move {
    struct rule_state *rule;
    struct rollout next;
    struct rollout_effect effect;
    bool is_start;
    int64_t created_ms; /* start: of the deployment */
    bool supersedes;    /* start: ends this one in the same transaction */
    struct rollout superseded;
    struct rollout_effect superseded_effect;
    char who[ROLLOUT_TEXT_SIZE];
    struct shift *shifts; /* one for each record set of the rule; none when nothing shifts */
    struct shift *before; /* start: what an abort restores, for each record set */
    size_t shift_count;
};
void rule_move_done(struct rule_move *move);

struct rule_start {
    const char *candidate; /* member id; NULL: the one that is not stable, if there are but two */
    const char *deployment;
    int64_t created_ms;
    const char *who;
    bool may_supersede;
};

/* The member that traffic goes to as things stand: the running rollout's stable one, else the one
 * with the largest weight. */
const char *rule_live(const struct rule_state *rule);

/* True while a rollout of the rule is not in a final state. */
bool rule_is_running(const struct rule_state *rule);

/* False and err when the start is refused: something runs (and start->may_supersede is not set), no
 * such member, the member is live already. */
MUST_CHECK bool rule_plan_start(struct rule_state *rule, const struct rule_start *start,
                                struct rule_move *move, struct error *err);
/* False and err when the engine refuses an operator's input. */
MUST_CHECK bool rule_plan_input(struct rule_state *rule, enum rollout_input_kind kind,
                                const char *who, struct rule_move *move, struct error *err);
/* The running rollout falls back because of what the text says: an event told it, not its health.
 * False and err when none runs. */
MUST_CHECK bool rule_plan_fail(struct rule_state *rule, const char *text, const char *who,
                               struct rule_move *move, struct error *err);
/* Writes the move inside the caller's transaction. */
MUST_CHECK bool rule_journal(struct rule_move *move, struct error *err);
/* Writes it in a transaction of its own. */
MUST_CHECK bool rule_commit(struct rule_move *move, struct error *err);
/* The store would not take the move: leaves it to a later transaction, and true, when it is one
 * that does not wait for a disk (a fall-back). It is acted on then. */
MUST_CHECK bool rule_leave_behind(struct rule_move *move);
/* After the commit: memory, publish, log, timer. */
void rule_act(struct rule_move *move);
/* Plan, journal in a transaction of its own, act: what an operator's command does. */
MUST_CHECK bool rule_do(struct rule_state *rule, enum rollout_input_kind kind, const char *who,
                        struct error *err);

/* The running rollout falls back: plan (rule_plan_fail), journal, act. */
MUST_CHECK bool rule_fail(struct rule_state *rule, const char *text, const char *who,
                          struct error *err);
/* An operator's answer to the approval that the plan waits for; the reason may be NULL. */
MUST_CHECK bool rule_answer(struct rule_state *rule, bool is_approved, const char *reason,
                            const char *who, struct error *err);
/* What came of a task of the plan (rollout_task). False and err: it is not wanted any more. */
MUST_CHECK bool rule_take_result(struct rule_state *rule, const struct rollout_result *result,
                                 const char *who, struct error *err);

/* Time has passed or health has changed. */
void rule_tick(struct rule_state *rule);
/* Reads the rule's last rollout from the store, when the daemon starts. */
MUST_CHECK bool rule_restore(struct rule_state *rule, struct error *err);
/* Nothing happens any more until rule_watch. */
void rule_stop(struct rule_state *rule);
/* Would rule_reload do? Nothing changes. False and err: it would not. */
MUST_CHECK bool rule_check(struct rule_state *rule, struct error *err);
/* Stops it, and reads what another node of the fleet has made of the rule. False and err: the rule
 * has no rollout then. */
MUST_CHECK bool rule_reload(struct rule_state *rule, struct error *err);
/* Makes the rule's timer, which whoever stops the loop closes. */
void rule_open(struct rule_state *rule);
/* Goes on with a restored rollout. Health checks have been started: a gate does not pass before
 * their first verdicts. */
void rule_watch(struct rule_state *rule);
