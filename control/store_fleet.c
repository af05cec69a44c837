/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/store_fleet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "control/store_fleet_sql.h"
#include "control/store_private.h"

static bool execute(struct store *store, const char *sql, struct error *err)
{
    return sqlite3_exec(store->db, sql, NULL, NULL, NULL) == SQLITE_OK || store_fail(store, err);
}

/* A statement with its texts bound, as far as it has parameters; the caller finalizes it. */
static sqlite3_stmt *prepare(struct store *store, const char *sql, const char *first,
                             const char *second, struct error *err)
{
    sqlite3_stmt *row = NULL;
    if (sqlite3_prepare_v2(store->db, sql, -1, &row, NULL) != SQLITE_OK) {
        store_fail(store, err);
        return NULL;
    }
    const char *const texts[] = {first, second};
    for (int i = 1; i <= sqlite3_bind_parameter_count(row); i++) {
        sqlite3_bind_text(row, i, texts[i - 1], -1, SQLITE_STATIC);
    }
    return row;
}

static bool run(struct store *store, const char *sql, const char *first, const char *second,
                struct error *err)
{
    sqlite3_stmt *row = prepare(store, sql, first, second, err);
    if (row == NULL) {
        return false;
    }
    int result = sqlite3_step(row);
    bool ok = result == SQLITE_DONE || result == SQLITE_ROW || store_fail(store, err);
    sqlite3_finalize(row);
    return ok;
}

static int digit_of(unsigned char octet)
{
    return octet >= '0' && octet <= '9'   ? octet - '0'
           : octet >= 'A' && octet <= 'F' ? octet - 'A' + 10
                                          : -1;
}

/* The way back from SQL's hex(); NULL: it is none. */
static void octets_of_hex(sqlite3_context *context, int count, sqlite3_value **values)
{
    (void)count;
    const unsigned char *text = sqlite3_value_text(values[0]);
    unsigned char octets[PLAN_MAX_STEPS];
    size_t len = 0;
    for (; text != NULL && *text != '\0'; text += 2) {
        int high = digit_of(text[0]);
        int low = high < 0 ? -1 : digit_of(text[1]);
        if (low < 0 || len == sizeof(octets)) {
            sqlite3_result_null(context);
            return;
        }
        octets[len++] = (unsigned char)(high * 16 + low);
    }
    sqlite3_result_blob(context, octets, (int)len, SQLITE_TRANSIENT);
}

bool store_fleet_open(struct store *store, struct error *err)
{
    return (sqlite3_create_function(store->db, "octets_of_hex", 1,
                                    SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY, NULL,
                                    octets_of_hex, NULL, NULL) == SQLITE_OK ||
            store_fail(store, err)) &&
           execute(store, store_fleet_setup, err);
}

bool store_fleet_set_home(struct store *store, const char *record_set, const char *item,
                          struct error *err)
{
    return run(store, "INSERT OR REPLACE INTO fleet_home VALUES (?1, ?2)", record_set, item, err);
}

bool store_fleet_load_memory(struct store *store, struct store_fleet_memory *memory,
                             struct error *err)
{
    *memory = (struct store_fleet_memory){.fence = 0};
    sqlite3_stmt *row =
        prepare(store, "SELECT origin, fence, applied FROM fleet_memory", NULL, NULL, err);
    if (row == NULL) {
        return false;
    }
    int result = sqlite3_step(row);
    if (result == SQLITE_ROW) {
        store_column_text(row, 0, memory->origin, sizeof(memory->origin));
        memory->fence = sqlite3_column_int64(row, 1);
        memory->applied = sqlite3_column_int64(row, 2);
    }
    bool ok = result == SQLITE_ROW || result == SQLITE_DONE || store_fail(store, err);
    sqlite3_finalize(row);
    return ok;
}

bool store_fleet_save_memory(struct store *store, const struct store_fleet_memory *memory,
                             struct error *err)
{
    CLEANUP(alloc_freep)
    char *sql = alloc_printf("INSERT OR REPLACE INTO fleet_memory VALUES (1, ?1, %lld, %lld)",
                             (long long)memory->fence, (long long)memory->applied);
    return run(store, sql, memory->origin, NULL, err);
}

static const struct store_fleet_kind *kind_of(const char *item)
{
    for (unsigned i = 0; i < store_fleet_kind_count; i++) {
        const char *prefix = store_fleet_kinds[i].prefix;
        if (strncmp(item, prefix, strlen(prefix)) == 0) {
            return &store_fleet_kinds[i];
        }
    }
    return NULL;
}

static bool print(struct store *store, const char *item, char **body, struct error *err)
{
    const struct store_fleet_kind *kind = kind_of(item);
    *body = NULL;
    if (kind == NULL) {
        return true;
    }
    sqlite3_stmt *row = prepare(store, kind->print, item, NULL, err);
    if (row == NULL) {
        return false;
    }
    int result = sqlite3_step(row);
    if (result == SQLITE_ROW && sqlite3_column_text(row, 0) != NULL) {
        *body = alloc_string((const char *)sqlite3_column_text(row, 0));
    }
    bool ok = result == SQLITE_ROW || result == SQLITE_DONE || store_fail(store, err);
    sqlite3_finalize(row);
    return ok;
}

bool store_fleet_next(struct store *store, bool *found, char item[STORE_ITEM_SIZE], char **body,
                      int64_t *change, struct error *err)
{
    sqlite3_stmt *row = prepare(store,
                                "SELECT item, change FROM fleet_open ORDER BY CASE"
                                " WHEN item GLOB 'rule#*' THEN 0"
                                " WHEN item GLOB 'set#*' OR item = 'freeze' THEN 1"
                                " WHEN item GLOB 'history#*' THEN 3 ELSE 2 END, change LIMIT 1",
                                NULL, NULL, err);
    *found = false;
    if (row == NULL) {
        return false;
    }
    int result = sqlite3_step(row);
    if (result == SQLITE_ROW) {
        *found = true;
        store_column_text(row, 0, item, STORE_ITEM_SIZE);
        *change = sqlite3_column_int64(row, 1);
    }
    bool ok = result == SQLITE_ROW || result == SQLITE_DONE || store_fail(store, err);
    sqlite3_finalize(row);
    return ok && (!*found || print(store, item, body, err));
}

bool store_fleet_clean(struct store *store, int64_t change, struct error *err)
{
    CLEANUP(alloc_freep)
    char *note =
        alloc_printf("INSERT OR IGNORE INTO fleet_written VALUES (%lld)", (long long)change);
    const char *drop =
        "DELETE FROM fleet_outbox WHERE change IN (SELECT change FROM fleet_written);"
        "DELETE FROM fleet_written WHERE change NOT IN (SELECT change FROM fleet_outbox)";
    struct error full; /* what the disk does not drop now it drops with a later one */
    return run(store, note, NULL, NULL, err) && (execute(store, drop, &full) || true);
}

bool store_fleet_refuse(struct store *store, int64_t change, const char *why, struct error *err)
{
    CLEANUP(alloc_freep)
    char *sql =
        alloc_printf("INSERT OR REPLACE INTO fleet_refused VALUES (%lld, ?1)", (long long)change);
    return run(store, sql, why, NULL, err);
}

bool store_fleet_refused(struct store *store, size_t *count, char item[STORE_ITEM_SIZE],
                         struct error *why, struct error *err)
{
    sqlite3_stmt *row = prepare(store,
                                "SELECT item, why, count(*) OVER () FROM fleet_outbox"
                                " JOIN fleet_refused USING (change) ORDER BY change LIMIT 1",
                                NULL, NULL, err);
    *count = 0;
    if (row == NULL) {
        return false;
    }
    int result = sqlite3_step(row);
    if (result == SQLITE_ROW) {
        store_column_text(row, 0, item, STORE_ITEM_SIZE);
        store_column_text(row, 1, why->text, sizeof(why->text));
        *count = (size_t)sqlite3_column_int64(row, 2);
    }
    bool ok = result == SQLITE_ROW || result == SQLITE_DONE || store_fail(store, err);
    sqlite3_finalize(row);
    return ok;
}

static bool has_row(struct store *store, const char *sql, const char *text, bool *has,
                    struct error *err)
{
    sqlite3_stmt *row = prepare(store, sql, text, NULL, err);
    *has = false;
    if (row == NULL) {
        return false;
    }
    int result = sqlite3_step(row);
    *has = result == SQLITE_ROW;
    bool ok = result == SQLITE_ROW || result == SQLITE_DONE || store_fail(store, err);
    sqlite3_finalize(row);
    return ok;
}

bool store_fleet_is_dirty(struct store *store, const char *item, bool *is_dirty, struct error *err)
{
    return has_row(store,
                   item == NULL ? "SELECT 1 FROM fleet_open LIMIT 1"
                                : "SELECT 1 FROM fleet_unwritten WHERE item = ?1 LIMIT 1",
                   item, is_dirty, err);
}

bool store_fleet_is_undecided(struct store *store, bool *is_undecided, struct error *err)
{
    return has_row(store,
                   "SELECT 1 FROM fleet_open WHERE item GLOB 'rule#*' OR item GLOB 'set#*' LIMIT 1",
                   NULL, is_undecided, err);
}

bool store_fleet_mark(struct store *store, const char *item, struct error *err)
{
    return run(store, "INSERT OR REPLACE INTO fleet_outbox (item) VALUES (?1)", item, NULL, err);
}

bool store_fleet_mark_all(struct store *store, struct error *err)
{
    return execute(store, store_fleet_mark_all_sql, err);
}

bool store_fleet_forget(struct store *store, bool *had, struct error *err)
{
    return has_row(store, "SELECT 1 FROM fleet_outbox LIMIT 1", NULL, had, err) &&
           (!*had || execute(store, "DELETE FROM fleet_outbox", err));
}

bool store_fleet_take(struct store *store, const char *item, const char *body, struct error *err)
{
    const struct store_fleet_kind *kind = kind_of(item);
    struct error inner = {""};
    if (kind == NULL) {
        return true;
    }
    bool ok = execute(store, "UPDATE fleet_switch SET is_on = 0", err);
    for (size_t i = 0; ok && kind->take[i] != NULL; i++) {
        ok = run(store, kind->take[i], item, body, &inner) ||
             error_set(err, "item %.200s of the fleet's table: %s", item, inner.text);
    }
    return ok && execute(store, "UPDATE fleet_switch SET is_on = 1", err);
}

bool store_fleet_prune(struct store *store, int64_t now_ms, struct error *err)
{
    int64_t oldest_ms = store->history_keep_ms == 0 ? INT64_MIN : now_ms - store->history_keep_ms;
    bool ok = execute(store, "UPDATE fleet_switch SET is_on = 0", err) &&
              store_execute(store, STATEMENT_PRUNE_HISTORY,
                            VALUES(INTEGER(store->history_most), INTEGER(oldest_ms)), err) &&
              store_execute(store, STATEMENT_PRUNE_ROLLOUTS, NO_VALUES, err) &&
              store_execute(store, STATEMENT_PRUNE_DEPLOYMENTS, NO_VALUES, err) &&
              store_execute(store, STATEMENT_PRUNE_STOPPED_TASKS, VALUES(INTEGER(now_ms)), err) &&
              store_execute(store, STATEMENT_PRUNE_SILENT_TASKS, VALUES(INTEGER(now_ms)), err);
    return ok && execute(store, "UPDATE fleet_switch SET is_on = 1", err);
}
