/* SPDX-License-Identifier: BSD-2-Clause */
/* Keeps Route 53 in step with the weights as set: after each local publish, what Route 53 is asked
 * for is read, and where it differs the whole group goes out as one change batch, which is followed
 * until Route 53 says INSYNC. Nothing here holds up answers or a fall-back: local first, outward as
 * soon as it goes.
 *
 * Record sets of one zone that one rule moves go out as one batch. What is there is read before
 * every batch, so that an answer that was lost, a kill or a second daemon cost a question and not a
 * second batch. Control thread only. */
#pragma once

#include "control/call.h"
#include "control/model.h"

struct route53;

/* Record sets with `route53`; none: control->route53 stays NULL. Reads what was under way when the
 * daemon ended. control->aws is there. */
MUST_CHECK bool route53_open(struct control *control, struct error *err);
/* Before control->aws is closed; the loop must still turn. */
void route53_close(struct control *control);

/* Whether this daemon is the one that tells Route 53. */
bool route53_may_send(const struct control *control);
/* This daemon may send now and did not before: everything is read, and sent where it differs. */
void route53_take_over(struct control *control);
/* … and does not any more: who waits for a look is told. */
void route53_hand_over(struct control *control);

/* The record set has been published. */
void route53_published(struct record_set_state *set);
/* Whether the rule has record sets that go to Route 53. */
bool route53_is_of(const struct rule_state *rule);
/* Whether Route 53 does not have all of the rule's record sets as they are, or is not known to;
 * text (may be NULL) gets why. False where another node tells Route 53. */
bool route53_is_pending(const struct rule_state *rule, char *text, size_t size);

/* {"state": "in step" …} of the record set, or NULL: it does not go to Route 53. */
json_t *route53_describe(const struct record_set_state *set);
/* How many record sets are pending. */
size_t route53_pending_count(const struct control *control);

/* route53 status; route53 diff [NAME/TYPE]; route53 sync NAME/TYPE [--dry-run]. */
void command_route53_status(const struct call *call);
void command_route53_diff(const struct call *call);
void command_route53_sync(const struct call *call);
