/* SPDX-License-Identifier: BSD-2-Clause */
/* A query answered twice from the same state: as it comes, and in full. server/plain.h says that
 * nobody can tell the two apart. */
#pragma once

#include "server/answer.h"

/* As answer_query. Ends the program unless answer_in_full gives the same octets, and leaves the
 * same counters, tally and pick. Without a rate limit. */
size_t both_ways_answer(struct answer_context *context, const struct answer_task *task);
