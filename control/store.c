/* SPDX-License-Identifier: BSD-2-Clause */
/* How the store runs its statements, transactions, and what a shift needs: weights and rollouts. */
#include "control/store.h"

#include "common/alloc.h"
#include "control/store_private.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool store_fail(const struct store *store, struct error *err)
{
    int code = sqlite3_errcode(store->db) & 0xff;
    if (code == SQLITE_BUSY || code == SQLITE_LOCKED) {
        return error_set(err, "state file %s is in use by another process", store->path);
    }
    return error_set(err, "state file %s: %s", store->path, sqlite3_errmsg(store->db));
}

int64_t store_limit(size_t most)
{
    return most > INT64_MAX ? INT64_MAX : (int64_t)most;
}

/* Only SQLite's lack of memory makes a bind fail. */
static void bind(sqlite3_stmt *statement, int index, const struct store_value *value)
{
    int result = SQLITE_OK;
    switch (value->kind) {
    case STORE_INTEGER:
        result = sqlite3_bind_int64(statement, index, value->integer);
        break;
    case STORE_TEXT:
        result = sqlite3_bind_text(statement, index, value->octets, -1, SQLITE_STATIC);
        break;
    case STORE_BLOB:
        result = sqlite3_bind_blob64(statement, index, value->octets, value->len, SQLITE_STATIC);
        break;
    }
    assert(result == SQLITE_OK);
}

sqlite3_stmt *store_query(struct store *store, enum store_statement statement,
                          struct store_values values, struct error *err)
{
    if (store->has_failed) {
        error_set(err, "state file %s: a write of this transaction has failed", store->path);
        return NULL;
    }
    sqlite3_stmt *row = store->statements[statement];
    assert((size_t)sqlite3_bind_parameter_count(row) == values.count);
    for (size_t i = 0; i < values.count; i++) {
        bind(row, (int)i + 1, &values.items[i]);
    }
    return row;
}

void store_finish(sqlite3_stmt *row)
{
    sqlite3_reset(row);
    sqlite3_clear_bindings(row);
}

bool store_next(struct store *store, sqlite3_stmt *row, bool *has_row, struct error *err)
{
    int result = sqlite3_step(row);
    *has_row = result == SQLITE_ROW;
    if (*has_row) {
        return true;
    }
    bool ok = result == SQLITE_DONE || store_fail(store, err);
    store_finish(row);
    return ok;
}

bool store_execute(struct store *store, enum store_statement statement, struct store_values values,
                   struct error *err)
{
    sqlite3_stmt *row = store_query(store, statement, values, err);
    bool has_row;
    if (row == NULL) {
        return false;
    }
    if (!store_next(store, row, &has_row, err)) {
        store->has_failed = store->in_transaction;
        return false;
    }
    assert(!has_row);
    return true;
}

bool store_load_integer(struct store *store, sqlite3_stmt *row, bool *found, int64_t *value,
                        struct error *err)
{
    *found = false;
    if (row == NULL || !store_next(store, row, found, err)) {
        return false;
    }
    if (*found) {
        *value = sqlite3_column_int64(row, 0);
        store_finish(row);
    }
    return true;
}

void store_column_text(sqlite3_stmt *row, int column, char *out, size_t size)
{
    const unsigned char *text = sqlite3_column_text(row, column);
    snprintf(out, size, "%s", text == NULL ? "" : (const char *)text);
}

void *store_collect(struct store *store, sqlite3_stmt *row, store_read read, size_t size,
                    size_t *count, struct error *err)
{
    CLEANUP(alloc_freep) char *list = alloc_zeroed(1, size);
    size_t room = 1;
    bool has_row = row != NULL;
    *count = 0;
    while (has_row) {
        if (!store_next(store, row, &has_row, err)) {
            return NULL;
        }
        if (!has_row) {
            break;
        }
        if (*count == room) {
            room *= 2;
            list = alloc_resize(list, room, size);
        }
        memset(list + *count * size, 0, size);
        if (!read(store, row, list + (*count)++ * size, err)) {
            store_finish(row);
            return NULL;
        }
    }
    return row == NULL ? NULL : STEAL(list);
}

bool store_begin(struct store *store, struct error *err)
{
    assert(!store->in_transaction);
    if (!store_execute(store, STATEMENT_BEGIN, NO_VALUES, err)) {
        return false;
    }
    store->in_transaction = true;
    return true;
}

bool store_commit(struct store *store, struct error *err)
{
    assert(store->in_transaction);
    bool ok = store_execute(store, STATEMENT_COMMIT, NO_VALUES, err);
    if (!ok) {
        store_rollback(store);
    }
    store->in_transaction = false;
    return ok;
}

/* SQLite has rolled back itself after some errors (disk full): then there is nothing left to do. */
void store_rollback(struct store *store)
{
    store->has_failed = false;
    store->in_transaction = false;
    if (sqlite3_get_autocommit(store->db) == 0) {
        struct error ignored;
        bool ok = store_execute(store, STATEMENT_ROLLBACK, NO_VALUES, &ignored);
        assert(ok || sqlite3_get_autocommit(store->db) != 0);
    }
}

int64_t store_last_id(const struct store *store)
{
    return sqlite3_last_insert_rowid(store->db);
}

bool store_enter(struct store *store, bool *is_own, struct error *err)
{
    *is_own = !store->in_transaction;
    return !*is_own || store_begin(store, err);
}

bool store_leave(struct store *store, bool is_own, bool ok, struct error *err)
{
    if (!is_own) {
        return ok;
    }
    if (!ok) {
        store_rollback(store);
        return false;
    }
    return store_commit(store, err);
}

static bool load_weight(struct store *store, sqlite3_stmt *row, bool *found, uint8_t *weight,
                        struct error *err)
{
    int64_t value = 0;
    if (!store_load_integer(store, row, found, &value, err)) {
        return false;
    }
    if (value < 0 || value > UINT8_MAX) {
        return error_set(err, "state file %s: weight %lld is not in 0 to 255", store->path,
                         (long long)value);
    }
    if (*found) {
        *weight = (uint8_t)value;
    }
    return true;
}

bool store_save_weight(struct store *store, const char *record_set, const char *member,
                       uint8_t weight, struct error *err)
{
    return store_execute(store, STATEMENT_SAVE_WEIGHT,
                         VALUES(TEXT(record_set), TEXT(member), INTEGER(weight)), err);
}

bool store_load_weight(struct store *store, const char *record_set, const char *member, bool *found,
                       uint8_t *weight, struct error *err)
{
    sqlite3_stmt *row =
        store_query(store, STATEMENT_LOAD_WEIGHT, VALUES(TEXT(record_set), TEXT(member)), err);
    return load_weight(store, row, found, weight, err);
}

bool store_save_before(struct store *store, int64_t rollout, const char *record_set,
                       const char *member, uint8_t weight, struct error *err)
{
    return store_execute(store, STATEMENT_SAVE_BEFORE,
                         VALUES(INTEGER(rollout), TEXT(record_set), TEXT(member), INTEGER(weight)),
                         err);
}

bool store_load_before(struct store *store, int64_t rollout, const char *record_set,
                       const char *member, bool *found, uint8_t *weight, struct error *err)
{
    sqlite3_stmt *row = store_query(store, STATEMENT_LOAD_BEFORE,
                                    VALUES(INTEGER(rollout), TEXT(record_set), TEXT(member)), err);
    return load_weight(store, row, found, weight, err);
}

bool store_save_forced(struct store *store, const char *record_set, const char *member,
                       const char *forced, struct error *err)
{
    if (strcmp(forced, "auto") == 0) {
        return store_execute(store, STATEMENT_REMOVE_FORCED, VALUES(TEXT(record_set), TEXT(member)),
                             err);
    }
    return store_execute(store, STATEMENT_SAVE_FORCED,
                         VALUES(TEXT(record_set), TEXT(member), TEXT(forced)), err);
}

bool store_load_forced(struct store *store, const char *record_set, const char *member,
                       char forced[8], struct error *err)
{
    sqlite3_stmt *row =
        store_query(store, STATEMENT_LOAD_FORCED, VALUES(TEXT(record_set), TEXT(member)), err);
    bool found;
    strcpy(forced, "auto");
    if (row == NULL || !store_next(store, row, &found, err)) {
        return false;
    }
    if (found) {
        store_column_text(row, 0, forced, 8);
        store_finish(row);
    }
    return true;
}

static bool update_rollout(struct store *store, const struct rollout *rollout,
                           struct store_values values, struct error *err)
{
    if (!store_execute(store, STATEMENT_UPDATE_ROLLOUT, values, err)) {
        return false;
    }
    return sqlite3_changes(store->db) == 1 ||
           error_set(err, "state file %s has no rollout %lld", store->path, (long long)rollout->id);
}

static bool insert_rollout(struct store *store, struct rollout *rollout, struct store_values values,
                           struct error *err)
{
    if (!store_execute(store, STATEMENT_INSERT_ROLLOUT, values, err)) {
        return false;
    }
    rollout->id = store_last_id(store);
    return store_execute(store, STATEMENT_PRUNE_ROLLOUTS, NO_VALUES, err);
}

bool store_save_rollout(struct store *store, struct rollout *rollout, struct error *err)
{
    const struct plan *plan = &rollout->plan;
    const struct store_value items[] = {
        TEXT(rollout->rule),
        TEXT(rollout->deployment),
        TEXT(rollout->who),
        TEXT(rollout->stable),
        TEXT(rollout->candidate),
        BLOB(plan->steps, plan->step_count),
        INTEGER(plan->hold_ms),
        TEXT(rollout_state_name(rollout->state)),
        INTEGER((int64_t)rollout->step),
        INTEGER(rollout->started_ms),
        INTEGER(rollout->hold_since_ms),
        INTEGER(rollout->hold_passed_ms),
        INTEGER(rollout->ended_ms),
        TEXT(rollout->reason),
        INTEGER(rollout->id),
    };
    struct store_values values = {items, ARRAY_LEN(items)};
    bool is_new = rollout->id == 0, is_own;
    int64_t id = rollout->id;
    if (!store_enter(store, &is_own, err)) {
        return false;
    }
    values.count -= is_new ? 1 : 0;
    bool ok = is_new ? insert_rollout(store, rollout, values, err)
                     : update_rollout(store, rollout, values, err);
    ok = ok &&
         (rollout->run == NULL || store_save_run(store, rollout->id, rollout->run, is_new, err));
    if (!store_leave(store, is_own, ok, err)) {
        rollout->id = id;
        return false;
    }
    return true;
}

static bool read_plan(const struct store *store, sqlite3_stmt *row, struct rollout *rollout,
                      struct error *err)
{
    const void *steps = sqlite3_column_blob(row, 6);
    int count = sqlite3_column_bytes(row, 6);
    int64_t step = sqlite3_column_int64(row, 9);
    if (count < 1 || count > PLAN_MAX_STEPS || step < 0 || step >= count) {
        return error_set(err, "state file %s: rollout %lld is at step %lld of %d", store->path,
                         (long long)rollout->id, (long long)step, count);
    }
    memcpy(rollout->plan.steps, steps, (size_t)count);
    rollout->plan.step_count = (size_t)count;
    rollout->plan.hold_ms = sqlite3_column_int64(row, 7);
    rollout->step = (size_t)step;
    return true;
}

static bool read_rollout(const struct store *store, sqlite3_stmt *row, void *item,
                         struct error *err)
{
    struct rollout *rollout = item;
    char state[32];
    *rollout = (struct rollout){.id = sqlite3_column_int64(row, 0)};
    store_column_text(row, 1, rollout->rule, sizeof(rollout->rule));
    store_column_text(row, 2, rollout->deployment, sizeof(rollout->deployment));
    store_column_text(row, 3, rollout->who, sizeof(rollout->who));
    store_column_text(row, 4, rollout->stable, sizeof(rollout->stable));
    store_column_text(row, 5, rollout->candidate, sizeof(rollout->candidate));
    store_column_text(row, 8, state, sizeof(state));
    rollout->started_ms = sqlite3_column_int64(row, 10);
    rollout->hold_since_ms = sqlite3_column_int64(row, 11);
    rollout->hold_passed_ms = sqlite3_column_int64(row, 12);
    rollout->ended_ms = sqlite3_column_int64(row, 13);
    store_column_text(row, 14, rollout->reason, sizeof(rollout->reason));
    if (!rollout_state_parse(state, &rollout->state)) {
        return error_set(err, "state file %s: rollout %lld has the unknown state \"%s\"",
                         store->path, (long long)rollout->id, state);
    }
    return read_plan(store, row, rollout, err);
}

bool store_load_rollout(struct store *store, int64_t id, bool *found, struct rollout *rollout,
                        struct error *err)
{
    sqlite3_stmt *row = store_query(store, STATEMENT_LOAD_ROLLOUT, VALUES(INTEGER(id)), err);
    *found = false;
    if (row == NULL || !store_next(store, row, found, err)) {
        return false;
    }
    if (!*found) {
        return true;
    }
    bool ok = read_rollout(store, row, rollout, err);
    store_finish(row);
    return ok;
}

static sqlite3_stmt *query_rollouts(struct store *store, const char *rule, size_t most,
                                    struct error *err)
{
    if (rule == NULL) {
        return store_query(store, STATEMENT_LIST_ROLLOUTS, VALUES(INTEGER(store_limit(most))), err);
    }
    return store_query(store, STATEMENT_LIST_ROLLOUTS_OF_RULE,
                       VALUES(INTEGER(store_limit(most)), TEXT(rule)), err);
}

static bool list_rollouts(struct store *store, sqlite3_stmt *row, struct rollout **rollouts,
                          size_t *count, struct error *err)
{
    *rollouts = store_collect(store, row, read_rollout, sizeof(**rollouts), count, err);
    return *rollouts != NULL;
}

bool store_list_rollouts(struct store *store, const char *rule, size_t most,
                         struct rollout **rollouts, size_t *count, struct error *err)
{
    return list_rollouts(store, query_rollouts(store, rule, most, err), rollouts, count, err);
}

bool store_list_running_rollouts(struct store *store, struct rollout **rollouts, size_t *count,
                                 struct error *err)
{
    sqlite3_stmt *row = store_query(store, STATEMENT_LIST_RUNNING_ROLLOUTS, NO_VALUES, err);
    return list_rollouts(store, row, rollouts, count, err);
}
