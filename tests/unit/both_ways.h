/* SPDX-License-Identifier: BSD-2-Clause */
/* A query answered twice from the same state: as it comes, and in full. server/plain.h says that
 * nobody can tell the two apart. */
#pragma once

#include "server/answer.h"
#include "server/rate_limit.h"

/* Limits the context's answers from now on; answers in full have a limit of their own, which is
 * asked the same and so stays the same. One context at a time. The configuration is borrowed until
 * both_ways_unlimit. */
void both_ways_limit(struct answer_context *context, const struct config_rate_limit *config);
void both_ways_unlimit(struct answer_context *context);

/* As answer_query. Ends the program unless answer_in_full gives the same octets, and leaves the
 * same counters, tally and pick. With a rate limit only if it is that of both_ways_limit. */
size_t both_ways_answer(struct answer_context *context, const struct answer_task *task);
