/* SPDX-License-Identifier: BSD-2-Clause */
/* What SQS is asked, in either protocol, and what its answers to batches and errors mean. Pure; any
 * thread. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/config.h"
#include "control/aws/aws_client.h"
#include "control/queue_message.h"

/* Inputs of operations, new references. Lists are named as the protocol has them. A bit of `which`
 * for each message of the batch that is meant. */
json_t *queue_receive_input(const struct config_queue *config, bool is_query);
json_t *queue_delete_input(const struct config_queue *config, bool is_query,
                           const struct queue_batch *batch, unsigned which);
json_t *queue_visibility_input(const struct config_queue *config, bool is_query,
                               const struct queue_batch *batch, unsigned which);

/* What came of a batch's entries: bits, as above. */
struct queue_results {
    unsigned done;
    unsigned refused;              /* asking again helps nothing */
    char text[QUEUE_PROBLEM_SIZE]; /* of the first that was not done: "InternalError: …"; or "" */
};
/* Of those that were asked; one that is in neither may be asked again. */
void queue_results_read(const json_t *document, bool is_query, unsigned asked,
                        struct queue_results *results);

/* Whether the answer to a request in JSON says that JSON is not understood there. */
bool queue_speaks_no_json(const struct aws_answer *answer);

/* How long to wait after so many failures in a row (1 is the first): 1 s, twice as long each time
 * up to 60 s, between half and all of that; fraction of [0, 1). */
int64_t queue_wait_ms(unsigned failures, double fraction);
