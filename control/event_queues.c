/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/event_queues.h"

#include <stdlib.h>
#include <sys/random.h>

#include "common/alloc.h"
#include "control/describe.h"
#include "control/fleet.h"
#include "control/intake.h"
#include "control/metrics_text.h"

struct event_queues {
    struct queue_host host;
    struct queue **queues; /* config->aws.queue_count */
};

bool queue_may_poll(const struct control *control)
{
    return !control->is_stopping && fleet_drives(control);
}

void queue_when_saved(struct control *control, queue_saved saved, void *argument)
{
    fleet_when_saved(control, saved, argument);
}

static bool may_poll(void *argument)
{
    return queue_may_poll(argument);
}

static void when_saved(void *argument, queue_saved saved, void *saved_argument)
{
    queue_when_saved(argument, saved, saved_argument);
}

static void forget_saved(void *argument, void *saved_argument)
{
    fleet_forget_saved(argument, saved_argument);
}

static double fraction(void *argument)
{
    (void)argument;
    uint32_t drawn;
    return getrandom(&drawn, sizeof(drawn), GRND_NONBLOCK) == (ssize_t)sizeof(drawn)
               ? (double)drawn / ((double)UINT32_MAX + 1)
               : 0.5;
}

static bool take(void *argument, const struct queue_message *message, const char *queue,
                 struct error *err)
{
    CLEANUP(alloc_freep) char *who = alloc_printf("queue %s", queue);
    struct intake *intake = intake_new(argument, who);
    bool is_taken = intake_take(intake, message->event, NULL);
    (void)is_taken; /* intake_finish says so */
    json_t *result = intake_finish(intake, err);
    json_decref(result);
    return result != NULL;
}

void event_queues_open(struct control *control)
{
    const struct config_aws *aws = &control->config->aws;
    if (aws->queue_count == 0) {
        return;
    }
    struct event_queues *queues = alloc_zeroed(1, sizeof(*queues));
    queues->host = (struct queue_host){.may_poll = may_poll,
                                       .take = take,
                                       .when_saved = when_saved,
                                       .forget_saved = forget_saved,
                                       .fraction = fraction,
                                       .argument = control};
    queues->queues = alloc_zeroed(aws->queue_count, sizeof(struct queue *));
    for (size_t i = 0; i < aws->queue_count; i++) {
        queues->queues[i] = queue_new(&control->loop, control->aws, &aws->queues[i], &queues->host);
    }
    control->queues = queues;
}

void event_queues_close(struct control *control)
{
    if (control->queues == NULL) {
        return;
    }
    for (size_t i = 0; i < control->config->aws.queue_count; i++) {
        queue_close(control->queues->queues[i]);
    }
    free(control->queues->queues);
    free(STEAL(control->queues));
}

static json_t *describe(const struct queue *queue)
{
    struct queue_numbers numbers = queue_numbers(queue);
    json_t *json = json_object();
    json_object_set_new(json, "url", describe_text(queue_url(queue)));
    json_object_set_new(json, "connected", json_boolean(numbers.is_connected));
    json_object_set_new(json, "protocol", json_string(numbers.is_query ? "query" : "json"));
    json_object_set_new(json, "received", json_integer((json_int_t)numbers.received));
    json_object_set_new(json, "deleted", json_integer((json_int_t)numbers.deleted));
    json_object_set_new(json, "poison", json_integer((json_int_t)numbers.poison));
    json_object_set_new(json, "last_receive_at", describe_time(numbers.last_receive_ms));
    json_object_set_new(json, "error",
                        queue_error(queue)[0] == '\0' ? json_null()
                                                      : describe_text(queue_error(queue)));
    return json;
}

json_t *event_queues_describe(const struct control *control)
{
    json_t *list = json_array();
    for (size_t i = 0; control->queues != NULL && i < control->config->aws.queue_count; i++) {
        json_array_append_new(list, describe(control->queues->queues[i]));
    }
    return list;
}

static double of_connected(const struct queue_numbers *numbers)
{
    return numbers->is_connected ? 1 : 0;
}

static double of_received(const struct queue_numbers *numbers)
{
    return (double)numbers->received;
}

static double of_deleted(const struct queue_numbers *numbers)
{
    return (double)numbers->deleted;
}

static double of_poison(const struct queue_numbers *numbers)
{
    return (double)numbers->poison;
}

static double of_last_receive(const struct queue_numbers *numbers)
{
    return (double)numbers->last_receive_ms / 1000;
}

void event_queues_put_metrics(const struct control *control, FILE *out)
{
    static const struct {
        const char *name, *type, *help;
        double (*value)(const struct queue_numbers *numbers);
    } families[] = {
        {"ballast_queue_connected", "gauge", "1 when the queue answered the last poll, else 0.",
         of_connected},
        {"ballast_queue_received_total", "counter", "Messages received, repeated ones included.",
         of_received},
        {"ballast_queue_deleted_total", "counter", "Messages deleted after they were taken in.",
         of_deleted},
        {"ballast_queue_poison_total", "counter",
         "Receipts of messages without an event, which are left to the dead-letter queue.",
         of_poison},
        {"ballast_queue_last_receive_timestamp_seconds", "gauge",
         "When the queue last answered a poll, in Unix time; 0: never.", of_last_receive},
    };
    for (size_t f = 0; control->queues != NULL && f < ARRAY_LEN(families); f++) {
        metrics_begin(out, families[f].name, families[f].type, families[f].help);
        for (size_t i = 0; i < control->config->aws.queue_count; i++) {
            const struct queue *queue = control->queues->queues[i];
            struct queue_numbers numbers = queue_numbers(queue);
            const struct metric_label labels[METRIC_LABELS_MAX] = {{"queue", queue_url(queue)}};
            metrics_put(out, families[f].name, labels, families[f].value(&numbers));
        }
    }
}
