/* SPDX-License-Identifier: BSD-2-Clause */
/* What SQS hands out: messages, and the event that each carries. Pure; any thread. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"

#define QUEUE_BATCH_MAX    10 /* of SQS: messages a call */
#define QUEUE_ID_SIZE      128
#define QUEUE_PROBLEM_SIZE 256

struct queue_message {
    char id[QUEUE_ID_SIZE]; /* SQS's, for people: cleaned, and cut when it is too long */
    char *receipt;          /* the handle by which this receipt of it is deleted */
    unsigned receives;      /* how often it was handed out, this time included; 0: not said */
    json_t *event;          /* as EventBridge made it; NULL: it carries none */
    char problem[QUEUE_PROBLEM_SIZE]; /* … and this is wrong; printable */
};

struct queue_batch {
    struct queue_message messages[QUEUE_BATCH_MAX];
    size_t count;
};

/* The event in a message's body: itself, or what an SNS notification has as its Message. Whatever
 * EventBridge delivers is one, whether it concerns us or not; NULL and problem: no JSON, or no
 * event that can be read. A new reference. */
json_t *queue_message_event(const char *body, char *problem, size_t size);

/* Reads the result of ReceiveMessage, as JSON or as XML has it (control/aws/aws_xml.h). What SQS
 * hands out beyond a batch's size is left alone, so that it comes again. False and err: it is none.
 * Caller frees with queue_batch_done, which is fine after a false, too. */
MUST_CHECK bool queue_batch_read(const json_t *document, bool is_query, struct queue_batch *batch,
                                 struct error *err);
void queue_batch_done(struct queue_batch *batch);
