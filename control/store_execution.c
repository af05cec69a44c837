/* SPDX-License-Identifier: BSD-2-Clause */
/* The part of the store that knows where rollouts are in their plans. */
#include <stdlib.h>

#include "common/alloc.h"
#include "control/rollout_run.h"
#include "control/store.h"
#include "control/store_private.h"

static bool add_events(struct store *store, int64_t rollout, const json_t *events,
                       struct error *err)
{
    for (size_t i = 0; i < json_array_size(events); i++) {
        const json_t *event = json_array_get(events, i);
        CLEANUP(alloc_freep) char *text = json_dumps(event, JSON_COMPACT);
        json_int_t id = json_integer_value(json_object_get(event, "id"));
        if (!store_execute(store, STATEMENT_ADD_EXECUTION_EVENT,
                           VALUES(INTEGER(rollout), INTEGER(id), TEXT(text)), err)) {
            return false;
        }
    }
    return true;
}

bool store_save_run(struct store *store, int64_t rollout, const struct rollout_run *run,
                    bool is_new, struct error *err)
{
    CLEANUP(alloc_freep) char *plan = is_new ? asl_document_resolved(run->document) : NULL;
    CLEANUP(alloc_freep) char *saved = rollout_run_save(run);
    bool is_saved = is_new ? store_execute(store, STATEMENT_ADD_EXECUTION,
                                           VALUES(INTEGER(rollout), TEXT(plan), TEXT(saved)), err)
                           : store_execute(store, STATEMENT_SAVE_EXECUTION,
                                           VALUES(INTEGER(rollout), TEXT(saved)), err);
    return is_saved && add_events(store, rollout, run->events, err);
}

static char *column_copy(sqlite3_stmt *row, int column)
{
    const unsigned char *text = sqlite3_column_text(row, column);
    return alloc_string(text == NULL ? "" : (const char *)text);
}

bool store_load_execution(struct store *store, int64_t rollout, struct store_execution *execution,
                          struct error *err)
{
    sqlite3_stmt *row = store_query(store, STATEMENT_LOAD_EXECUTION, VALUES(INTEGER(rollout)), err);
    bool found;
    *execution = (struct store_execution){NULL, NULL};
    if (row == NULL || !store_next(store, row, &found, err)) {
        return false;
    }
    if (found) {
        execution->plan = column_copy(row, 0);
        execution->run = column_copy(row, 1);
        store_finish(row);
    }
    return true;
}

void store_execution_done(struct store_execution *execution)
{
    free(execution->plan);
    free(execution->run);
}

json_t *store_list_execution_events(struct store *store, int64_t rollout, struct error *err)
{
    sqlite3_stmt *row =
        store_query(store, STATEMENT_LIST_EXECUTION_EVENTS, VALUES(INTEGER(rollout)), err);
    json_t *events = json_array();
    bool found = row != NULL;
    while (found) {
        if (!store_next(store, row, &found, err)) {
            row = NULL;
            break;
        }
        if (found) {
            json_t *event = json_loads((const char *)sqlite3_column_text(row, 0), 0, NULL);
            json_array_append_new(events, event != NULL ? event : json_null());
        }
    }
    if (row == NULL) {
        json_decref(events);
        return NULL;
    }
    return events;
}
