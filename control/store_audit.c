/* SPDX-License-Identifier: BSD-2-Clause */
/* The part of the store that says what was done to weights, and why nothing is done to them. */
#include <stdlib.h>

#include "common/alloc.h"
#include "control/store.h"
#include "control/store_private.h"

bool store_add_history_weights(struct store *store, int64_t history,
                               const struct history_weights *change, struct error *err)
{
    return store_execute(store, STATEMENT_ADD_WEIGHT_CHANGE,
                         VALUES(INTEGER(history), TEXT(change->record_set), TEXT(change->before),
                                TEXT(change->after)),
                         err);
}

static char *column_copy(sqlite3_stmt *row, int column)
{
    return alloc_string((const char *)sqlite3_column_text(row, column));
}

static bool read_change(const struct store *store, sqlite3_stmt *row, void *item, struct error *err)
{
    (void)store;
    (void)err;
    struct history_weights *change = item;
    change->record_set = column_copy(row, 0);
    change->before = column_copy(row, 1);
    change->after = column_copy(row, 2);
    return true;
}

bool store_list_history_weights(struct store *store, int64_t history,
                                struct history_weights **changes, size_t *count, struct error *err)
{
    sqlite3_stmt *row =
        store_query(store, STATEMENT_LIST_WEIGHT_CHANGES, VALUES(INTEGER(history)), err);
    *changes = store_collect(store, row, read_change, sizeof(**changes), count, err);
    return *changes != NULL;
}

void store_free_history_weights(struct history_weights *changes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(changes[i].record_set);
        free(changes[i].before);
        free(changes[i].after);
    }
    free(changes);
}

bool store_add_history_shares(struct store *store, int64_t history,
                              const struct history_shares *shares, struct error *err)
{
    return store_execute(store, STATEMENT_ADD_SHARES,
                         VALUES(INTEGER(history), TEXT(shares->record_set), TEXT(shares->shares)),
                         err);
}

static bool read_shares(const struct store *store, sqlite3_stmt *row, void *item, struct error *err)
{
    (void)store;
    (void)err;
    struct history_shares *shares = item;
    shares->record_set = column_copy(row, 0);
    shares->shares = column_copy(row, 1);
    return true;
}

bool store_list_history_shares(struct store *store, int64_t history, struct history_shares **shares,
                               size_t *count, struct error *err)
{
    sqlite3_stmt *row = store_query(store, STATEMENT_LIST_SHARES, VALUES(INTEGER(history)), err);
    *shares = store_collect(store, row, read_shares, sizeof(**shares), count, err);
    return *shares != NULL;
}

void store_free_history_shares(struct history_shares *shares, size_t count)
{
    for (size_t i = 0; shares != NULL && i < count; i++) {
        free(shares[i].record_set);
        free(shares[i].shares);
    }
    free(shares);
}

bool store_save_ttl(struct store *store, const char *record_set, uint32_t ttl_s, struct error *err)
{
    if (ttl_s == TTL_AS_CONFIGURED) {
        return store_execute(store, STATEMENT_REMOVE_TTL, VALUES(TEXT(record_set)), err);
    }
    return store_execute(store, STATEMENT_SAVE_TTL, VALUES(TEXT(record_set), INTEGER(ttl_s)), err);
}

bool store_load_ttl(struct store *store, const char *record_set, uint32_t *ttl_s, struct error *err)
{
    bool found = false;
    int64_t value = 0;
    sqlite3_stmt *row = store_query(store, STATEMENT_LOAD_TTL, VALUES(TEXT(record_set)), err);
    if (!store_load_integer(store, row, &found, &value, err)) {
        return false;
    }
    if (value < 0 || value >= TTL_AS_CONFIGURED) {
        return error_set(err, "state file %s: TTL %lld of %s is none", store->path,
                         (long long)value, record_set);
    }
    *ttl_s = found ? (uint32_t)value : TTL_AS_CONFIGURED;
    return true;
}

bool store_save_freeze(struct store *store, const struct freeze *freeze, struct error *err)
{
    if (!freeze->is_on) {
        return store_execute(store, STATEMENT_REMOVE_FREEZE, NO_VALUES, err);
    }
    return store_execute(store, STATEMENT_SAVE_FREEZE,
                         VALUES(INTEGER(freeze->at_ms), TEXT(freeze->who), TEXT(freeze->reason)),
                         err);
}

bool store_load_freeze(struct store *store, struct freeze *freeze, struct error *err)
{
    sqlite3_stmt *row = store_query(store, STATEMENT_LOAD_FREEZE, NO_VALUES, err);
    *freeze = (struct freeze){0};
    if (row == NULL || !store_next(store, row, &freeze->is_on, err)) {
        return false;
    }
    if (freeze->is_on) {
        freeze->at_ms = sqlite3_column_int64(row, 0);
        store_column_text(row, 1, freeze->who, sizeof(freeze->who));
        store_column_text(row, 2, freeze->reason, sizeof(freeze->reason));
        store_finish(row);
    }
    return true;
}
