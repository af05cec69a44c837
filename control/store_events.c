/* SPDX-License-Identifier: BSD-2-Clause */
/* The part of the store that remembers what came and what was done: history, tasks, deployments,
 * the event log. All of it is bounded; what is dropped is in store_schema.c. */
#include "control/store.h"

#include "common/alloc.h"
#include "control/store_private.h"

#include <stdlib.h>
#include <string.h>

void store_keep_history(struct store *store, int64_t most, int64_t keep_ms)
{
    store->history_most = most;
    store->history_keep_ms = keep_ms;
}

bool store_add_history(struct store *store, struct history_entry *entry, struct error *err)
{
    bool is_own;
    if (!store_enter(store, &is_own, err)) {
        return false;
    }
    bool ok = store_execute(store, STATEMENT_ADD_HISTORY,
                            VALUES(INTEGER(entry->at_ms), INTEGER(entry->rollout),
                                   TEXT(entry->kind), TEXT(entry->who), TEXT(entry->text)),
                            err);
    entry->id = store_last_id(store);
    int64_t oldest_ms =
        store->history_keep_ms == 0 ? INT64_MIN : entry->at_ms - store->history_keep_ms;
    ok = ok && store_execute(store, STATEMENT_PRUNE_HISTORY,
                             VALUES(INTEGER(store->history_most), INTEGER(oldest_ms)), err);
    return store_leave(store, is_own, ok, err);
}

static sqlite3_stmt *query_history(struct store *store, const struct history_wanted *wanted,
                                   struct error *err)
{
    int64_t limit = store_limit(wanted->most);
    if (wanted->rollout != 0) {
        return store_query(store, STATEMENT_LIST_HISTORY_OF_ROLLOUT,
                           VALUES(INTEGER(limit), INTEGER(wanted->rollout)), err);
    }
    if (wanted->record_set != NULL) {
        return store_query(store, STATEMENT_LIST_HISTORY_OF_RECORD_SET,
                           VALUES(INTEGER(limit), TEXT(wanted->record_set), TEXT(wanted->rule),
                                  INTEGER(wanted->since_ms)),
                           err);
    }
    return store_query(store, STATEMENT_LIST_HISTORY,
                       VALUES(INTEGER(limit), INTEGER(wanted->since_ms)), err);
}

static bool read_history(const struct store *store, sqlite3_stmt *row, void *item,
                         struct error *err)
{
    (void)store;
    (void)err;
    struct history_entry *entry = item;
    entry->id = sqlite3_column_int64(row, 0);
    entry->at_ms = sqlite3_column_int64(row, 1);
    entry->rollout = sqlite3_column_int64(row, 2);
    store_column_text(row, 3, entry->kind, sizeof(entry->kind));
    store_column_text(row, 4, entry->who, sizeof(entry->who));
    store_column_text(row, 5, entry->text, sizeof(entry->text));
    return true;
}

bool store_list_history(struct store *store, const struct history_wanted *wanted,
                        struct history_entry **entries, size_t *count, struct error *err)
{
    *entries = store_collect(store, query_history(store, wanted, err), read_history,
                             sizeof(**entries), count, err);
    return *entries != NULL;
}

bool store_load_task_version(struct store *store, const char *task_arn, bool *found,
                             int64_t *version, struct error *err)
{
    sqlite3_stmt *row =
        store_query(store, STATEMENT_LOAD_TASK_VERSION, VALUES(TEXT(task_arn)), err);
    return store_load_integer(store, row, found, version, err);
}

static bool save_containers(struct store *store, const struct ecs_event *event, struct error *err)
{
    if (!store_execute(store, STATEMENT_REMOVE_CONTAINERS, VALUES(TEXT(event->task_arn)), err)) {
        return false;
    }
    for (size_t i = 0; i < event->container_count; i++) {
        if (!store_execute(store, STATEMENT_ADD_CONTAINER,
                           VALUES(TEXT(event->task_arn), TEXT(event->containers[i])), err)) {
            return false;
        }
    }
    return true;
}

bool store_save_task(struct store *store, const struct ecs_event *event, int64_t now_ms,
                     struct error *err)
{
    bool is_own;
    if (!store_enter(store, &is_own, err)) {
        return false;
    }
    bool ok = store_execute(
                  store, STATEMENT_SAVE_TASK,
                  VALUES(TEXT(event->task_arn), INTEGER(event->version), TEXT(event->cluster_arn),
                         TEXT(event->service), TEXT(event->deployment), TEXT(event->desired_status),
                         TEXT(event->last_status), INTEGER(event->created_ms), INTEGER(now_ms)),
                  err) &&
              save_containers(store, event, err) &&
              store_execute(store, STATEMENT_PRUNE_STOPPED_TASKS, VALUES(INTEGER(now_ms)), err) &&
              store_execute(store, STATEMENT_PRUNE_SILENT_TASKS, VALUES(INTEGER(now_ms)), err);
    return store_leave(store, is_own, ok, err);
}

bool store_count_running(struct store *store, const char *cluster_arn, const char *service,
                         const char *deployment, const char *container, unsigned *running,
                         int64_t *created_ms, struct error *err)
{
    sqlite3_stmt *row = store_query(
        store, STATEMENT_COUNT_RUNNING,
        VALUES(TEXT(cluster_arn), TEXT(service), TEXT(deployment), TEXT(container)), err);
    bool has_row;
    if (row == NULL || !store_next(store, row, &has_row, err)) {
        return false;
    }
    *running = (unsigned)sqlite3_column_int64(row, 0);
    *created_ms = sqlite3_column_int64(row, 1);
    store_finish(row);
    return true;
}

bool store_save_deployment(struct store *store, const char *rule, const char *cluster_arn,
                           const char *deployment, int64_t created_ms, int64_t rollout,
                           const char *outcome, struct error *err)
{
    bool is_own;
    if (!store_enter(store, &is_own, err)) {
        return false;
    }
    bool ok = store_execute(store, STATEMENT_SAVE_DEPLOYMENT,
                            VALUES(TEXT(rule), TEXT(cluster_arn), TEXT(deployment),
                                   INTEGER(created_ms), INTEGER(rollout), TEXT(outcome)),
                            err) &&
              store_execute(store, STATEMENT_PRUNE_DEPLOYMENTS, NO_VALUES, err);
    return store_leave(store, is_own, ok, err);
}

bool store_load_deployment(struct store *store, const char *rule, const char *cluster_arn,
                           const char *deployment, bool *found, int64_t *created_ms,
                           int64_t *rollout, struct error *err)
{
    sqlite3_stmt *row = store_query(store, STATEMENT_LOAD_DEPLOYMENT,
                                    VALUES(TEXT(rule), TEXT(cluster_arn), TEXT(deployment)), err);
    *found = false;
    if (row == NULL || !store_next(store, row, found, err)) {
        return false;
    }
    if (*found) {
        *created_ms = sqlite3_column_int64(row, 0);
        *rollout = sqlite3_column_int64(row, 1);
        store_finish(row);
    }
    return true;
}

bool store_load_newest_deployment(struct store *store, const char *rule, int64_t *created_ms,
                                  struct error *err)
{
    bool found;
    sqlite3_stmt *row =
        store_query(store, STATEMENT_LOAD_NEWEST_DEPLOYMENT, VALUES(TEXT(rule)), err);
    *created_ms = 0;
    return store_load_integer(store, row, &found, created_ms, err);
}

bool store_add_event(struct store *store, struct event_entry *entry, struct error *err)
{
    bool is_own;
    if (!store_enter(store, &is_own, err)) {
        return false;
    }
    bool ok =
        store_execute(store, STATEMENT_ADD_EVENT,
                      VALUES(INTEGER(entry->at_ms), TEXT(entry->event_id), TEXT(entry->task_arn),
                             INTEGER(entry->version), TEXT(entry->service), TEXT(entry->deployment),
                             TEXT(entry->fate), TEXT(entry->reason), INTEGER(entry->rollout)),
                      err);
    entry->seq = ok ? sqlite3_last_insert_rowid(store->db) : 0;
    ok = ok && store_execute(store, STATEMENT_COUNT_EVENT, VALUES(TEXT(entry->fate)), err) &&
         store_execute(store, STATEMENT_PRUNE_EVENTS, NO_VALUES, err);
    return store_leave(store, is_own, ok, err);
}

static bool read_event(const struct store *store, sqlite3_stmt *row, void *item, struct error *err)
{
    (void)store;
    (void)err;
    struct event_entry *entry = item;
    entry->seq = sqlite3_column_int64(row, 0);
    entry->at_ms = sqlite3_column_int64(row, 1);
    store_column_text(row, 2, entry->event_id, sizeof(entry->event_id));
    store_column_text(row, 3, entry->task_arn, sizeof(entry->task_arn));
    entry->version = sqlite3_column_int64(row, 4);
    store_column_text(row, 5, entry->service, sizeof(entry->service));
    store_column_text(row, 6, entry->deployment, sizeof(entry->deployment));
    store_column_text(row, 7, entry->fate, sizeof(entry->fate));
    store_column_text(row, 8, entry->reason, sizeof(entry->reason));
    entry->rollout = sqlite3_column_int64(row, 9);
    return true;
}

bool store_list_events(struct store *store, size_t most, struct event_entry **entries,
                       size_t *count, struct error *err)
{
    sqlite3_stmt *row =
        store_query(store, STATEMENT_LIST_EVENTS, VALUES(INTEGER(store_limit(most))), err);
    *entries = store_collect(store, row, read_event, sizeof(**entries), count, err);
    return *entries != NULL;
}

bool store_count_events(struct store *store, store_each_count each, void *argument,
                        struct error *err)
{
    sqlite3_stmt *row = store_query(store, STATEMENT_COUNT_EVENTS, NO_VALUES, err);
    bool has_row = row != NULL;
    while (has_row) {
        if (!store_next(store, row, &has_row, err)) {
            return false;
        }
        if (has_row) {
            char fate[32];
            store_column_text(row, 0, fate, sizeof(fate));
            each(argument, fate, sqlite3_column_int64(row, 1));
        }
    }
    return row != NULL;
}
