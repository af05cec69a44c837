/* SPDX-License-Identifier: BSD-2-Clause */
/* The plain query, as nearly all are: one question of class IN for a type that is nothing special,
 * and perhaps an OPT that is empty or has a good cookie. What it is answered with is encoded
 * already, so that it goes from the packet to the answer without anything in between. Whatever is
 * unusual about it, or about the answer, is left to answer_in_full, which knows all there is and
 * would answer a plain query with the same octets. */
#pragma once

#include "server/answer.h"
#include "server/rate_limit.h"

/* Any query. judged: what the rate limit has said of this response, RATE_UNKNOWN when it has not
 * been asked. answer.c. */
size_t answer_in_full(struct answer_context *context, const struct answer_task *task,
                      enum rate_verdict judged);
