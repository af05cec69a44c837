/* SPDX-License-Identifier: BSD-2-Clause */
/* Whether a response that has been made is sent: what rate_limit.h decides by. One worker's thread.
 */
#pragma once

#include <stdbool.h>

#include "common/attributes.h"
#include "server/rate_limit.h"
#include "server/response.h"

/* What the rate limit says of a response about this node, or of an error (NULL). Counts it. Only
 * with context->rate_limit. */
enum rate_verdict restrain_judge(struct answer_context *context, const struct answer_task *task,
                                 const struct node *node, enum rate_kind kind);

/* False: not at all. True: as it is, or truncated. Only with context->rate_limit. judged: as in
 * answer_in_full. */
RARELY bool restrain_response(struct response *response, enum rate_verdict judged);
