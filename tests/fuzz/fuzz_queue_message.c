/* SPDX-License-Identifier: BSD-2-Clause */
/* Any octets as what SQS answers. The first octet: 'b' the body of a message, 'j' a batch in JSON,
 * 'q' one as XML has it, in JSON; in capitals what came of a batch. Every message has either an
 * event that is one or a text that anyone can be shown; nothing is done that was not asked. */
#include <assert.h>
#include <ctype.h>
#include <jansson.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "control/ecs_event.h"
#include "control/queue_request.h"

#define ASKED 0x155U

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(const char *text, size_t size)
{
    size_t len = strlen(text);
    json_t *json = json_string(text);
    assert(len < size && json != NULL);
    json_decref(json);
    for (size_t i = 0; i < len; i++) {
        assert((unsigned char)text[i] >= ' ' && text[i] != 0x7f);
    }
}

static void check_event(const json_t *event, const char *problem, size_t size)
{
    struct ecs_event parsed;
    struct error text;
    if (event == NULL) {
        assert(problem[0] != '\0');
        check_text(problem, size);
    } else {
        assert(ecs_event_parse(event, &parsed, &text) != ECS_MALFORMED);
    }
}

static void read_body(const char *body)
{
    char problem[QUEUE_PROBLEM_SIZE] = "";
    json_t *event = queue_message_event(body, problem, sizeof(problem));
    check_event(event, problem, sizeof(problem));
    json_decref(event);
}

static void read_batch(const json_t *document, bool is_query)
{
    struct queue_batch batch;
    struct error err = {""};
    bool is_good = queue_batch_read(document, is_query, &batch, &err);
    assert(is_good || err.text[0] != '\0');
    assert(batch.count <= QUEUE_BATCH_MAX);
    for (size_t i = 0; i < batch.count; i++) {
        const struct queue_message *message = &batch.messages[i];
        assert(message->receipt[0] != '\0');
        check_text(message->id, sizeof(message->id));
        check_event(message->event, message->problem, sizeof(message->problem));
    }
    queue_batch_done(&batch);
}

static void read_results(const json_t *document, bool is_query)
{
    struct queue_results results;
    queue_results_read(document, is_query, ASKED, &results);
    assert((results.done & ~ASKED) == 0 && (results.refused & ~ASKED) == 0);
    assert((results.done & results.refused) == 0);
    check_text(results.text, sizeof(results.text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    char *text = calloc(size, 1);
    assert(text != NULL);
    memcpy(text, data + 1, size - 1);
    json_t *document = data[0] == 'b' ? NULL : json_loads(text, JSON_DECODE_ANY, NULL);
    bool is_query = tolower(data[0]) == 'q';
    if (data[0] == 'b') {
        read_body(text);
    } else if (isupper(data[0])) {
        read_results(document, is_query);
    } else {
        read_batch(document, is_query);
    }
    json_decref(document);
    free(text);
    return 0;
}
