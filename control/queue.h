/* SPDX-License-Identifier: BSD-2-Clause */
/* Events out of one SQS queue: one long poll at a time, each message's event handed on, and a
 * message deleted only after what became of its event is saved. Control thread only.
 *
 * What has no event in it is left alone, so that SQS moves it to the dead-letter queue. What is not
 * taken in (the state file fails) is held, with its visibility extended, and tried again: it would
 * else wander to the dead-letter queue, too. Whatever a kill or an error leaves undone comes again,
 * and is a duplicate then. */
#pragma once

#include <jansson.h>
#include <uv.h>

#include "common/config.h"
#include "control/aws/aws_client.h"
#include "control/queue_message.h"

/* is_saved false: it never will be (another has the state now), and the messages are not deleted.
 */
typedef void (*queue_saved)(void *argument, bool is_saved);

/* What a queue's events are for. */
struct queue_host {
    /* False: the queue is left alone, and asked about again in a second. */
    bool (*may_poll)(void *argument);
    /* Takes in one event, from the queue called so, in a transaction of its own. False and err: it
     * was not, and may be handed on again. */
    bool (*take)(void *argument, const struct queue_message *message, const char *queue,
                 struct error *err);
    /* Calls when everything taken so far is saved: at once or later, once. */
    void (*when_saved)(void *argument, queue_saved saved, void *saved_argument);
    /* Does not call any more: the queue is closed. */
    void (*forget_saved)(void *argument, void *saved_argument);
    double (*fraction)(void *argument); /* by chance, of [0, 1) */
    void *argument;
};

struct queue;

/* Begins to poll with the loop's next turn. loop, aws, config and host outlive it. */
struct queue *queue_new(uv_loop_t *loop, struct aws_client *aws, const struct config_queue *config,
                        const struct queue_host *host);
/* Ends what it has asked, closes its handles on the loop, which must still turn, and frees itself.
 * NULL is fine. */
void queue_close(struct queue *queue);

struct queue_numbers {
    uint64_t received; /* messages, those that came again included */
    uint64_t deleted;
    uint64_t poison;         /* received without an event */
    int64_t last_receive_ms; /* wall clock: when SQS last answered a poll; 0: never */
    bool is_connected;       /* it did, the last time that it was asked */
    bool is_query;           /* by the query protocol */
};
struct queue_numbers queue_numbers(const struct queue *queue);
const char *queue_url(const struct queue *queue);
/* What is wrong with it now, for people; "": nothing. Valid until the loop turns. */
const char *queue_error(const struct queue *queue);
