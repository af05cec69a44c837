/* SPDX-License-Identifier: BSD-2-Clause */
/* Shapes: "Amazon SQS API reference", ReceiveMessage; "Amazon SNS developer guide", message formats
 * to HTTP/HTTPS and SQS. */
#include "control/queue_message.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "control/aws/aws_xml.h"
#include "control/ecs_event.h"
#include "control/http/outside_text.h"

static json_t *no_event(char *problem, size_t size, const char *text)
{
    outside_text_copy(text, problem, size);
    return NULL;
}

static json_t *load(const char *what, const char *text, char *problem, size_t size)
{
    json_error_t why;
    struct error err;
    json_t *json = json_loads(text, 0, &why);
    if (json == NULL) {
        error_set(&err, "%s is no JSON: %s", what, why.text);
        return no_event(problem, size, err.text);
    }
    return json;
}

/* The body itself, or an SNS notification's Message; takes over the reference. */
static json_t *unwrap(json_t *body, char *problem, size_t size)
{
    const char *type = json_string_value(json_object_get(body, "Type"));
    const char *message = json_string_value(json_object_get(body, "Message"));
    struct error err;
    if (type == NULL || json_object_get(body, "TopicArn") == NULL) {
        return body;
    }
    json_t *event = NULL;
    if (strcmp(type, "Notification") != 0) {
        error_set(&err, "it is SNS's message of type %s, expected Notification", type);
        no_event(problem, size, err.text);
    } else if (message == NULL) {
        no_event(problem, size, "the SNS notification has no text as its Message");
    } else {
        event = load("the SNS notification's Message", message, problem, size);
    }
    json_decref(body);
    return event;
}

json_t *queue_message_event(const char *body, char *problem, size_t size)
{
    struct ecs_event parsed;
    struct error text = {""};
    json_t *json = load("the body", body, problem, size);
    json_t *event = json == NULL ? NULL : unwrap(json, problem, size);
    if (event != NULL && ecs_event_parse(event, &parsed, &text) == ECS_MALFORMED) {
        json_decref(event);
        return no_event(problem, size, text.text);
    }
    return event;
}

/* An attribute, which XML has as a pair and JSON as a member. */
static const char *attribute(const json_t *message, bool is_query, const char *name)
{
    const char *found = NULL;
    if (!is_query) {
        return json_string_value(json_object_get(json_object_get(message, "Attributes"), name));
    }
    const json_t *value = json_object_get(message, "Attribute");
    size_t count = json_is_array(value) ? json_array_size(value) : 1;
    for (size_t i = 0; i < count; i++) {
        const json_t *pair = json_is_array(value) ? json_array_get(value, i) : value;
        const char *key = json_string_value(json_object_get(pair, "Name"));
        if (key != NULL && strcmp(key, name) == 0) {
            found = json_string_value(json_object_get(pair, "Value"));
        }
    }
    return found;
}

static unsigned receives_of(const json_t *message, bool is_query)
{
    const char *text = attribute(message, is_query, "ApproximateReceiveCount");
    char *end = NULL;
    errno = 0;
    unsigned long count = text == NULL ? 0 : strtoul(text, &end, 10);
    bool is_number = text != NULL && errno == 0 && end != text && *end == '\0' && text[0] != '-';
    return is_number && count < 1000000 ? (unsigned)count : 0;
}

static bool read_message(const json_t *json, bool is_query, struct queue_batch *batch,
                         struct error *err)
{
    const char *id = json_string_value(json_object_get(json, "MessageId"));
    const char *receipt = json_string_value(json_object_get(json, "ReceiptHandle"));
    const char *body = json_string_value(json_object_get(json, "Body"));
    struct queue_message *message = &batch->messages[batch->count];
    if (receipt == NULL || receipt[0] == '\0') {
        return error_set(err, "a message has no ReceiptHandle");
    }
    *message = (struct queue_message){.receipt = alloc_string(receipt),
                                      .receives = receives_of(json, is_query)};
    batch->count++;
    outside_text_copy(id == NULL ? "" : id, message->id, sizeof(message->id));
    if (body == NULL) {
        no_event(message->problem, sizeof(message->problem), "it has no body");
    } else {
        message->event = queue_message_event(body, message->problem, sizeof(message->problem));
    }
    return true;
}

bool queue_batch_read(const json_t *document, bool is_query, struct queue_batch *batch,
                      struct error *err)
{
    batch->count = 0;
    if (is_query && (json_is_string(document) || document == NULL)) {
        return true; /* an element without elements: nothing was handed out */
    }
    if (!json_is_object(document)) {
        return error_set(err, "the answer is no object");
    }
    const json_t *list = json_object_get(document, is_query ? "Message" : "Messages");
    if (list == NULL || json_is_null(list)) {
        return true;
    }
    if (!json_is_array(list) && (!is_query || !json_is_object(list))) {
        return error_set(err, "the answer has messages that are no list");
    }
    size_t count = json_is_array(list) ? json_array_size(list) : 1;
    for (size_t i = 0; i < count && batch->count < QUEUE_BATCH_MAX; i++) {
        const json_t *message = json_is_array(list) ? json_array_get(list, i) : list;
        if (!read_message(message, is_query, batch, err)) {
            return false;
        }
    }
    return true;
}

void queue_batch_done(struct queue_batch *batch)
{
    for (size_t i = 0; i < batch->count; i++) {
        free(batch->messages[i].receipt);
        json_decref(batch->messages[i].event);
    }
    batch->count = 0;
}
