/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/call.h"

#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"

const char *call_argument(const struct call *call, size_t index)
{
    return json_string_value(json_array_get(call->arguments, index));
}

size_t call_argument_count(const struct call *call)
{
    return json_array_size(call->arguments);
}

const char *call_option(const struct call *call, const char *name)
{
    size_t count = call_argument_count(call);
    for (size_t i = 0; i + 1 < count; i++) {
        if (strcmp(call_argument(call, i), name) == 0) {
            return call_argument(call, i + 1);
        }
    }
    return NULL;
}

bool call_flag(const struct call *call, const char *name)
{
    size_t count = call_argument_count(call);
    return count > 0 && strcmp(call_argument(call, count - 1), name) == 0;
}

void call_answer(const struct call *call, json_t *result, const struct error *err)
{
    if (result == NULL) {
        admin_request_fail(call->request, "%s", err->text);
    } else {
        admin_request_succeed(call->request, result);
    }
}

struct deferred {
    struct admin_request *request;
    json_t *result;
};

static void answer_deferred(void *argument)
{
    struct deferred *deferred = argument;
    admin_request_succeed(deferred->request, deferred->result);
    free(deferred);
}

void call_answer_when_seen(const struct call *call, json_t *result)
{
    struct deferred *deferred = alloc_zeroed(1, sizeof(*deferred));
    deferred->request = call->request;
    deferred->result = result;
    publisher_when_seen(&call->control->publisher, answer_deferred, deferred);
}
