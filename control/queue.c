/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/queue.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "common/clock.h"
#include "common/log.h"
#include "control/queue_request.h"

/* Until it is asked again whether the queue may be polled. */
#define ASK_AGAIN_MS 1000
/* From poll to poll, of a queue that has nothing and says so before the wait is over. */
#define SOONEST_MS 1000
/* Beyond the wait that SQS was asked for. */
#define POLL_GRACE_MS 10000
/* At deleting a batch. */
#define DELETE_ATTEMPTS 3

/* Something that fails, and has been said to. */
struct trouble {
    unsigned failures; /* in a row */
    char code[AWS_CODE_SIZE];
    char text[AWS_TEXT_SIZE];
};

struct queue {
    const struct config_queue *config;
    const struct queue_host *host;
    struct aws_client *aws;
    const char *name; /* the URL's last part */
    bool is_query;
    bool has_json;    /* JSON was understood once */
    uv_timer_t timer; /* runs `next` */
    void (*next)(struct queue *);
    uv_timer_t extension_timer; /* while a batch is in work: half of its visibility is over */
    size_t open_handles;
    struct aws_call *call; /* of the poll, then of the deletion */
    uint64_t polled_ms;    /* the loop's time: when the last poll began */
    struct aws_call *extension;
    struct queue_batch batch;
    size_t at;         /* the message that is taken next */
    unsigned taken;    /* bits of the batch's messages: their events are taken in, */
    unsigned left;     /* … and they are to be deleted yet */
    unsigned poison;   /* they are left alone */
    unsigned attempts; /* at deleting them */
    struct trouble receiving, taking, deleting;
    struct queue_numbers numbers;
};

static void receive(struct queue *queue);
static void take_next(struct queue *queue);
static void delete_taken(struct queue *queue);

static void on_timer(uv_timer_t *timer)
{
    struct queue *queue = timer->data;
    queue->next(queue);
}

static void go_on(struct queue *queue, void (*next)(struct queue *), int64_t wait_ms)
{
    queue->next = next;
    uv_timer_start(&queue->timer, on_timer, (uint64_t)wait_ms, 0);
}

/* ---- what is wrong ---- */

/* Said when it begins and when it is another than before: a queue that is away would fill the log.
 */
static void fail(struct queue *queue, struct trouble *trouble, const char *what, const char *code,
                 const char *text)
{
    if (trouble->failures == 0 || strcmp(trouble->code, code) != 0) {
        log_warning("queue %s: %s: %s", queue->name, what, text);
    }
    trouble->failures++;
    snprintf(trouble->code, sizeof(trouble->code), "%s", code);
    snprintf(trouble->text, sizeof(trouble->text), "%s", text);
}

static void recover(struct queue *queue, struct trouble *trouble, const char *what)
{
    if (trouble->failures > 0) {
        log_info("queue %s: %s", queue->name, what);
    }
    *trouble = (struct trouble){.failures = 0};
}

static int64_t wait_after(const struct queue *queue, const struct trouble *trouble)
{
    return queue_wait_ms(trouble->failures, queue->host->fraction(queue->host->argument));
}

/* ---- asking ---- */

static struct aws_call *ask(struct queue *queue, const char *operation, json_t *input,
                            int64_t timeout_ms, aws_done done)
{
    const struct aws_request request = {.service = AWS_SQS,
                                        .operation = operation,
                                        .input = input,
                                        .timeout_ms = timeout_ms,
                                        .attempts = 1, /* it is asked again from here */
                                        .is_query = queue->is_query,
                                        .url = queue->config->url};
    struct aws_call *call = aws_call_start(queue->aws, &request, done, queue);
    json_decref(input);
    return call;
}

/* ---- visibility ---- */

/* Messages whose fate is still open; what has none is to be seen by others in time. */
static unsigned in_work(const struct queue *queue)
{
    unsigned all = (1U << queue->batch.count) - 1;
    return all & ~queue->poison & ~(queue->taken & ~queue->left);
}

static void on_extended(void *argument, const struct aws_answer *answer)
{
    struct queue *queue = argument;
    queue->extension = NULL;
    if (answer->outcome != AWS_DONE) { /* the messages may come a second time, which is harmless */
        log_debug("queue %s: visibility is not extended: %s", queue->name, answer->text);
    }
}

static void on_half_visible(uv_timer_t *timer)
{
    struct queue *queue = timer->data;
    unsigned which = in_work(queue);
    if (queue->extension == NULL && which != 0) {
        queue->extension =
            ask(queue, "ChangeMessageVisibilityBatch",
                queue_visibility_input(queue->config, queue->is_query, &queue->batch, which), 0,
                on_extended);
    }
}

static void begin_work(struct queue *queue)
{
    uint64_t half_ms = (uint64_t)queue->config->visibility_ms / 2;
    queue->at = 0;
    queue->taken = queue->left = queue->poison = queue->attempts = 0;
    uv_timer_start(&queue->extension_timer, on_half_visible, half_ms, half_ms);
}

static void end_work(struct queue *queue, int64_t wait_ms)
{
    uv_timer_stop(&queue->extension_timer);
    aws_call_cancel(STEAL(queue->extension));
    queue_batch_done(&queue->batch);
    go_on(queue, receive, wait_ms);
}

/* What is not deleted comes again, is a duplicate, and is deleted then. */
static void give_up(struct queue *queue)
{
    end_work(queue, 0);
}

/* ---- polling ---- */

/* SQS holds a poll that finds nothing for as long as it was asked to; whoever does not would be
 * asked without pause. */
static int64_t wait_after_nothing(const struct queue *queue)
{
    uint64_t took_ms = uv_now(queue->timer.loop) - queue->polled_ms;
    return took_ms < SOONEST_MS ? (int64_t)(SOONEST_MS - took_ms) : 0;
}

static void read_batch(struct queue *queue, const struct aws_answer *answer)
{
    struct error err;
    if (!queue_batch_read(answer->document, queue->is_query, &queue->batch, &err)) {
        queue_batch_done(&queue->batch);
        fail(queue, &queue->receiving, "polling failed", "answer", err.text);
        go_on(queue, receive, wait_after(queue, &queue->receiving));
        return;
    }
    queue->numbers.last_receive_ms = clock_now_ms();
    queue->numbers.received += queue->batch.count;
    queue->has_json |= !queue->is_query;
    recover(queue, &queue->receiving, "polling works again");
    queue->numbers.is_connected = true;
    if (queue->batch.count == 0) {
        go_on(queue, receive, wait_after_nothing(queue));
    } else {
        begin_work(queue);
        go_on(queue, take_next, 0);
    }
}

static void on_polled(void *argument, const struct aws_answer *answer)
{
    struct queue *queue = argument;
    queue->call = NULL;
    if (answer->outcome == AWS_DONE) {
        read_batch(queue, answer);
        return;
    }
    if (queue->config->protocol == QUEUE_PROTOCOL_AUTO && !queue->is_query && !queue->has_json &&
        queue_speaks_no_json(answer)) {
        log_info("queue %s: JSON is not understood there (%s), the query protocol is used",
                 queue->name, answer->text);
        queue->is_query = true;
        go_on(queue, receive, 0);
        return;
    }
    queue->numbers.is_connected = false;
    fail(queue, &queue->receiving, "polling failed",
         answer->code[0] == '\0' ? aws_outcome_name(answer->outcome) : answer->code, answer->text);
    go_on(queue, receive, wait_after(queue, &queue->receiving));
}

static void receive(struct queue *queue)
{
    if (!queue->host->may_poll(queue->host->argument)) {
        go_on(queue, receive, ASK_AGAIN_MS);
        return;
    }
    queue->polled_ms = uv_now(queue->timer.loop);
    queue->call = ask(queue, "ReceiveMessage", queue_receive_input(queue->config, queue->is_query),
                      queue->config->wait_ms + POLL_GRACE_MS, on_polled);
}

/* ---- taking in ---- */

static void on_saved(void *argument, bool is_saved)
{
    struct queue *queue = argument;
    uv_timer_stop(&queue->extension_timer);
    go_on(queue, is_saved ? delete_taken : give_up, 0);
}

static void leave_alone(struct queue *queue, const struct queue_message *message)
{
    queue->poison |= 1U << queue->at;
    queue->numbers.poison++;
    log_warning("queue %s: message %s is left to the dead-letter queue (receipt %u): %s",
                queue->name, message->id, message->receives, message->problem);
}

/* One message a turn of the loop, each a wait for the disk. */
static void take_next(struct queue *queue)
{
    struct error err;
    bool may_go_on = queue->host->may_poll(queue->host->argument);
    if (!may_go_on && queue->taken == 0) {
        end_work(queue, ASK_AGAIN_MS); /* the batch comes again, to whoever polls then */
        return;
    }
    if (queue->at == queue->batch.count || !may_go_on) {
        queue->host->when_saved(queue->host->argument, on_saved, queue);
        return;
    }
    const struct queue_message *message = &queue->batch.messages[queue->at];
    if (message->event == NULL) {
        leave_alone(queue, message);
    } else if (queue->host->take(queue->host->argument, message, queue->name, &err)) {
        recover(queue, &queue->taking, "events are taken in again");
        queue->taken |= 1U << queue->at;
        queue->left |= 1U << queue->at;
    } else {
        fail(queue, &queue->taking, "events are not taken in", "", err.text);
        go_on(queue, take_next, wait_after(queue, &queue->taking));
        return;
    }
    queue->at++;
    go_on(queue, take_next, 0);
}

/* ---- deleting ---- */

static unsigned count_bits(unsigned bits)
{
    unsigned count = 0;
    for (; bits != 0; bits &= bits - 1) {
        count++;
    }
    return count;
}

/* A few times only, so that a queue that does not delete does not hold up the next events. */
static void delete_again(struct queue *queue)
{
    if (queue->attempts < DELETE_ATTEMPTS) {
        go_on(queue, delete_taken,
              queue_wait_ms(queue->attempts, queue->host->fraction(queue->host->argument)));
    } else {
        give_up(queue);
    }
}

static void on_deleted(void *argument, const struct aws_answer *answer)
{
    struct queue *queue = argument;
    struct queue_results results;
    queue->call = NULL;
    if (answer->outcome != AWS_DONE) {
        fail(queue, &queue->deleting, "messages are not deleted",
             answer->code[0] == '\0' ? aws_outcome_name(answer->outcome) : answer->code,
             answer->text);
        if (answer->outcome == AWS_REFUSED) {
            give_up(queue);
        } else {
            delete_again(queue);
        }
        return;
    }
    queue_results_read(answer->document, queue->is_query, queue->left, &results);
    queue->numbers.deleted += count_bits(results.done);
    queue->left &= ~results.done;
    if (queue->left == 0) {
        recover(queue, &queue->deleting, "messages are deleted again");
        end_work(queue, 0);
        return;
    }
    queue->left &= ~results.refused;
    fail(queue, &queue->deleting, "messages are not deleted", "",
         results.text[0] == '\0' ? "the answer does not name them" : results.text);
    if (queue->left == 0) {
        give_up(queue);
    } else {
        delete_again(queue);
    }
}

static void delete_taken(struct queue *queue)
{
    if (queue->left == 0) {
        end_work(queue, 0);
        return;
    }
    queue->attempts++;
    queue->call =
        ask(queue, "DeleteMessageBatch",
            queue_delete_input(queue->config, queue->is_query, &queue->batch, queue->left), 0,
            on_deleted);
}

/* ---- all ---- */

static const char *last_part(const char *url)
{
    const char *slash = strrchr(url, '/');
    return slash == NULL ? url : slash + 1;
}

struct queue *queue_new(uv_loop_t *loop, struct aws_client *aws, const struct config_queue *config,
                        const struct queue_host *host)
{
    struct queue *queue = alloc_zeroed(1, sizeof(*queue));
    queue->config = config;
    queue->host = host;
    queue->aws = aws;
    queue->name = last_part(config->url);
    queue->is_query = config->protocol == QUEUE_PROTOCOL_QUERY;
    uv_timer_init(loop, &queue->timer);
    uv_timer_init(loop, &queue->extension_timer);
    queue->timer.data = queue->extension_timer.data = queue;
    queue->open_handles = 2;
    go_on(queue, receive, 0);
    return queue;
}

static void on_closed(uv_handle_t *handle)
{
    struct queue *queue = handle->data;
    if (--queue->open_handles == 0) {
        queue_batch_done(&queue->batch);
        free(queue);
    }
}

void queue_close(struct queue *queue)
{
    if (queue == NULL) {
        return;
    }
    aws_call_cancel(STEAL(queue->call));
    aws_call_cancel(STEAL(queue->extension));
    queue->host->forget_saved(queue->host->argument, queue);
    uv_close((uv_handle_t *)&queue->timer, on_closed);
    uv_close((uv_handle_t *)&queue->extension_timer, on_closed);
}

struct queue_numbers queue_numbers(const struct queue *queue)
{
    struct queue_numbers numbers = queue->numbers;
    numbers.is_query = queue->is_query;
    return numbers;
}

const char *queue_url(const struct queue *queue)
{
    return queue->config->url;
}

const char *queue_error(const struct queue *queue)
{
    return queue->receiving.failures > 0 ? queue->receiving.text
           : queue->taking.failures > 0  ? queue->taking.text
                                         : queue->deleting.text;
}
