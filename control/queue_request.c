/* SPDX-License-Identifier: BSD-2-Clause */
/* The query protocol names lists by their entries ("Entry.1.Id"), JSON by the list. */
#include "control/queue_request.h"

#include <stdio.h>
#include <string.h>

#include "common/attributes.h"
#include "control/http/outside_text.h"

#define MOST_WAIT_MS  60000
#define FIRST_WAIT_MS 1000

json_t *queue_receive_input(const struct config_queue *config, bool is_query)
{
    return json_pack("{s:s, s:i, s:I, s:I, s:[s]}", "QueueUrl", config->url, "MaxNumberOfMessages",
                     QUEUE_BATCH_MAX, "WaitTimeSeconds", (json_int_t)(config->wait_ms / 1000),
                     "VisibilityTimeout", (json_int_t)(config->visibility_ms / 1000),
                     is_query ? "AttributeName" : "AttributeNames", "ApproximateReceiveCount");
}

static json_t *entries(const struct queue_batch *batch, unsigned which, int64_t visibility_ms)
{
    json_t *list = json_array();
    for (size_t i = 0; i < batch->count; i++) {
        char id[8];
        if ((which & 1U << i) == 0) {
            continue;
        }
        snprintf(id, sizeof(id), "%zu", i);
        json_t *entry =
            json_pack("{s:s, s:s}", "Id", id, "ReceiptHandle", batch->messages[i].receipt);
        if (visibility_ms != 0) {
            json_object_set_new(entry, "VisibilityTimeout",
                                json_integer((json_int_t)(visibility_ms / 1000)));
        }
        json_array_append_new(list, entry);
    }
    return list;
}

json_t *queue_delete_input(const struct config_queue *config, bool is_query,
                           const struct queue_batch *batch, unsigned which)
{
    return json_pack("{s:s, s:o}", "QueueUrl", config->url,
                     is_query ? "DeleteMessageBatchRequestEntry" : "Entries",
                     entries(batch, which, 0));
}

json_t *queue_visibility_input(const struct config_queue *config, bool is_query,
                               const struct queue_batch *batch, unsigned which)
{
    return json_pack("{s:s, s:o}", "QueueUrl", config->url,
                     is_query ? "ChangeMessageVisibilityBatchRequestEntry" : "Entries",
                     entries(batch, which, config->visibility_ms));
}

/* The bit of an entry's Id, of those that were asked; 0: it is none of them. */
static unsigned bit_of(const json_t *entry, unsigned asked)
{
    const char *id = json_string_value(json_object_get(entry, "Id"));
    bool is_digit = id != NULL && id[0] >= '0' && id[0] <= '9' && id[1] == '\0';
    return is_digit ? 1U << (id[0] - '0') & asked : 0;
}

static bool is_true(const json_t *json)
{
    const char *text = json_string_value(json);
    return json_is_true(json) || (text != NULL && strcmp(text, "true") == 0);
}

static void read_failure(const json_t *entry, unsigned bit, struct queue_results *results)
{
    const char *code = json_string_value(json_object_get(entry, "Code"));
    const char *message = json_string_value(json_object_get(entry, "Message"));
    results->refused |= is_true(json_object_get(entry, "SenderFault")) ? bit : 0;
    if (results->text[0] == '\0') {
        char raw[QUEUE_PROBLEM_SIZE];
        snprintf(raw, sizeof(raw), "%s%s%s", code == NULL ? "no code" : code,
                 message == NULL ? "" : ": ", message == NULL ? "" : message);
        outside_text_copy(raw, results->text, sizeof(results->text));
    }
}

/* A list, which XML has as one entry where it is of one. */
static size_t list_size(const json_t *list)
{
    return json_is_array(list) ? json_array_size(list) : json_is_object(list) ? 1 : 0;
}

static const json_t *list_item(const json_t *list, size_t i)
{
    return json_is_array(list) ? json_array_get(list, i) : list;
}

void queue_results_read(const json_t *document, bool is_query, unsigned asked,
                        struct queue_results *results)
{
    /* Both operations' entries; an answer is of one of them. */
    static const char *const done_keys[] = {"Successful", "DeleteMessageBatchResultEntry",
                                            "ChangeMessageVisibilityBatchResultEntry"};
    const json_t *failed = json_object_get(document, is_query ? "BatchResultErrorEntry" : "Failed");
    *results = (struct queue_results){.done = 0};
    for (size_t k = 0; k < ARRAY_LEN(done_keys); k++) {
        const json_t *list = json_object_get(document, done_keys[k]);
        for (size_t i = 0; i < list_size(list); i++) {
            results->done |= bit_of(list_item(list, i), asked);
        }
    }
    for (size_t i = 0; i < list_size(failed); i++) {
        unsigned bit = bit_of(list_item(failed, i), asked);
        results->done &= ~bit;
        read_failure(list_item(failed, i), bit, results);
    }
}

bool queue_speaks_no_json(const struct aws_answer *answer)
{
    /* What services of the query protocol say to a POST without a form, and those of JSON to an
     * operation or a type that they do not have. */
    static const char *const codes[] = {
        "UnknownOperation", "UnknownOperationException", "UnknownAction",       "InvalidAction",
        "MissingAction",    "SerializationException",    "UnsupportedMediaType"};
    if (answer->outcome != AWS_REFUSED) {
        return false;
    }
    for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
        if (strcmp(answer->code, codes[i]) == 0) {
            return true;
        }
    }
    return answer->code[0] == '\0' && (answer->status == 400 || answer->status == 404 ||
                                       answer->status == 405 || answer->status == 415);
}

int64_t queue_wait_ms(unsigned failures, double fraction)
{
    int64_t most_ms = FIRST_WAIT_MS;
    for (unsigned i = 1; i < failures && most_ms < MOST_WAIT_MS; i++) {
        most_ms *= 2;
    }
    most_ms = most_ms < MOST_WAIT_MS ? most_ms : MOST_WAIT_MS;
    return most_ms / 2 + (int64_t)((double)(most_ms / 2) * fraction);
}
