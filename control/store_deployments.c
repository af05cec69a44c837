/* SPDX-License-Identifier: BSD-2-Clause */
/* The part of the store that remembers what ECS said of deployments, and what came of their events.
 */
#include "control/store.h"
#include "control/store_private.h"

bool store_count_without(struct store *store, const struct ecs_event *task, const char *deployment,
                         const char *container, unsigned *running, unsigned *without,
                         struct error *err)
{
    sqlite3_stmt *row = store_query(store, STATEMENT_COUNT_WITHOUT,
                                    VALUES(TEXT(task->cluster_arn), TEXT(task->service),
                                           TEXT(deployment), TEXT(container), TEXT(task->task_arn)),
                                    err);
    bool has_row;
    if (row == NULL || !store_next(store, row, &has_row, err)) {
        return false;
    }
    *running = (unsigned)sqlite3_column_int64(row, 0);
    *without = (unsigned)sqlite3_column_int64(row, 1);
    store_finish(row);
    return true;
}

bool store_save_deployment_state(struct store *store, const struct ecs_event *event,
                                 struct error *err)
{
    bool is_own;
    if (!store_enter(store, &is_own, err)) {
        return false;
    }
    bool ok = store_execute(store, STATEMENT_SAVE_DEPLOYMENT_STATE,
                            VALUES(TEXT(event->cluster_arn), TEXT(event->deployment),
                                   TEXT(ecs_deployment_state_name(event->state)),
                                   INTEGER(event->updated_ms)),
                            err) &&
              store_execute(store, STATEMENT_PRUNE_DEPLOYMENT_STATES, NO_VALUES, err);
    return store_leave(store, is_own, ok, err);
}

bool store_load_deployment_state(struct store *store, const char *cluster_arn,
                                 const char *deployment, enum ecs_deployment_state state,
                                 bool *found, int64_t *updated_ms, struct error *err)
{
    sqlite3_stmt *row = store_query(
        store, STATEMENT_LOAD_DEPLOYMENT_STATE,
        VALUES(TEXT(cluster_arn), TEXT(deployment), TEXT(ecs_deployment_state_name(state))), err);
    return store_load_integer(store, row, found, updated_ms, err);
}

bool store_save_described(struct store *store, const char *cluster, const char *service,
                          int64_t since_ms, struct error *err)
{
    return store_execute(store, STATEMENT_SAVE_DESCRIBED,
                         VALUES(TEXT(cluster), TEXT(service), INTEGER(since_ms)), err);
}

bool store_load_described(struct store *store, const char *cluster, const char *service,
                          bool *found, int64_t *since_ms, struct error *err)
{
    sqlite3_stmt *row =
        store_query(store, STATEMENT_LOAD_DESCRIBED, VALUES(TEXT(cluster), TEXT(service)), err);
    return store_load_integer(store, row, found, since_ms, err);
}

bool store_count_stat(struct store *store, const char *rule, const char *deployment,
                      const char *fate, const char *field, struct error *err)
{
    bool is_own;
    if (!store_enter(store, &is_own, err)) {
        return false;
    }
    bool ok = store_execute(store, STATEMENT_ADD_STAT_DEPLOYMENT,
                            VALUES(TEXT(rule), TEXT(deployment)), err) &&
              store_execute(store, STATEMENT_COUNT_STAT,
                            VALUES(TEXT(rule), TEXT(deployment), TEXT(fate), TEXT(field)), err) &&
              store_execute(store, STATEMENT_PRUNE_STAT_DEPLOYMENTS, NO_VALUES, err);
    return store_leave(store, is_own, ok, err);
}

static bool read_stat(const struct store *store, sqlite3_stmt *row, void *item, struct error *err)
{
    (void)store;
    (void)err;
    struct event_stat *stat = item;
    stat->deployment_id = sqlite3_column_int64(row, 0);
    store_column_text(row, 1, stat->rule, sizeof(stat->rule));
    store_column_text(row, 2, stat->deployment, sizeof(stat->deployment));
    store_column_text(row, 3, stat->fate, sizeof(stat->fate));
    store_column_text(row, 4, stat->field, sizeof(stat->field));
    stat->total = sqlite3_column_int64(row, 5);
    return true;
}

bool store_list_stats(struct store *store, struct event_stat **stats, size_t *count,
                      struct error *err)
{
    *stats = store_collect(store, store_query(store, STATEMENT_LIST_STATS, NO_VALUES, err),
                           read_stat, sizeof(**stats), count, err);
    return *stats != NULL;
}
