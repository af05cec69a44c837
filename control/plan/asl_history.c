/* SPDX-License-Identifier: BSD-2-Clause */
/* Events as GetExecutionHistory of Step Functions has them; timestamps are texts. */
#include <ctype.h>
#include <string.h>

#include "common/alloc.h"
#include "control/plan/asl_data.h"
#include "control/plan/asl_execution_private.h"
#include "control/plan/asl_time.h"

#define ERROR_MAX 256 /* octets, as in Step Functions */
#define CAUSE_MAX 32768

/* "taskScheduledEventDetails"; of all states "stateEnteredEventDetails". */
static char *details_name(const char *type)
{
    const char *state = strstr(type, "State");
    char *name = alloc_printf("%sEventDetails", state != NULL && state > type ? state : type);
    name[0] = (char)tolower((unsigned char)name[0]);
    return name;
}

void asl_history_add(struct asl_execution *execution, const char *type, json_t *details)
{
    char timestamp[ASL_TIME_SIZE];
    int64_t previous = execution->last_event == 1 ? 0 : execution->last_event;
    execution->last_event++;
    asl_time_print(execution->now_ms, timestamp);
    /* The first state's event names none before it, as in Step Functions. */
    json_t *event =
        json_pack("{s:s, s:s, s:I, s:I}", "timestamp", timestamp, "type", type, "id",
                  (json_int_t)execution->last_event, "previousEventId", (json_int_t)previous);
    if (details != NULL) {
        CLEANUP(alloc_freep) char *name = details_name(type);
        json_object_set_new(event, name, details);
    }
    json_array_append_new(execution->history, event);
}

json_t *asl_history_text(json_t *value)
{
    CLEANUP(alloc_freep) char *text = asl_data_text(value);
    return json_string(text == NULL ? "" : text);
}

void asl_history_value(json_t *details, const char *name, json_t *value)
{
    CLEANUP(alloc_freep) char *about = alloc_printf("%sDetails", name);
    json_object_set_new(details, name, asl_history_text(value));
    json_object_set_new(details, about, json_pack("{s:b}", "truncated", 0));
}

void asl_history_error(json_t *details, const char *error, const char *cause)
{
    json_object_set_new(details, "error", asl_data_string(error, ERROR_MAX));
    if (cause != NULL && cause[0] != '\0') {
        json_object_set_new(details, "cause", asl_data_string(cause, CAUSE_MAX));
    }
}

json_t *asl_history_task(const struct asl_execution *execution)
{
    return json_pack("{s:s, s:s}", "resourceType", "ballast", "resource",
                     asl_resource_name(execution->state->resource));
}

void asl_history_state(struct asl_execution *execution, const char *what, json_t *value)
{
    CLEANUP(alloc_freep)
    char *type = alloc_printf("%sState%s", asl_state_type_name(execution->state->type), what);
    json_t *details = json_pack("{s:s}", "name", execution->state->name);
    asl_history_value(details, strcmp(what, "Entered") == 0 ? "input" : "output", value);
    asl_history_add(execution, type, details);
}
