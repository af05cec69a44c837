/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the store share: its struct, its statements, and the few functions through
 * which every read and write goes. Nobody else includes this. */
#pragma once

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/attributes.h"
#include "common/error.h"

/* In the file's header: "BLST", so that file(1) and a later Ballast know what it is. */
#define STORE_APPLICATION_ID 0x424c5354
/* Of the schema. A change of the schema raises it and says how an older file is brought up. */
#define STORE_VERSION 4

#define STORE_EVENTS_KEPT      10000
#define STORE_HISTORY_KEPT     100000
#define STORE_ROLLOUTS_KEPT    10000
#define STORE_DEPLOYMENTS_KEPT 100000
#define STORE_NOTICES_KEPT     10000
#define STORE_DEAD_KEPT        1000
#define STORE_STATS_KEPT       1000
#define STORE_HOOKS_KEPT       1000

enum store_statement {
    STATEMENT_BEGIN,
    STATEMENT_COMMIT,
    STATEMENT_ROLLBACK,
    STATEMENT_SAVE_WEIGHT,
    STATEMENT_LOAD_WEIGHT,
    STATEMENT_SAVE_FORCED,
    STATEMENT_REMOVE_FORCED,
    STATEMENT_LOAD_FORCED,
    STATEMENT_INSERT_ROLLOUT,
    STATEMENT_UPDATE_ROLLOUT,
    STATEMENT_PRUNE_ROLLOUTS,
    STATEMENT_LOAD_ROLLOUT,
    STATEMENT_LIST_ROLLOUTS,
    STATEMENT_LIST_ROLLOUTS_OF_RULE,
    STATEMENT_LIST_RUNNING_ROLLOUTS,
    STATEMENT_SAVE_BEFORE,
    STATEMENT_LOAD_BEFORE,
    STATEMENT_ADD_HISTORY,
    STATEMENT_PRUNE_HISTORY,
    STATEMENT_LIST_HISTORY,
    STATEMENT_LIST_HISTORY_OF_ROLLOUT,
    STATEMENT_LIST_HISTORY_OF_RECORD_SET,
    STATEMENT_LOAD_TASK_VERSION,
    STATEMENT_SAVE_TASK,
    STATEMENT_REMOVE_CONTAINERS,
    STATEMENT_ADD_CONTAINER,
    STATEMENT_PRUNE_STOPPED_TASKS,
    STATEMENT_PRUNE_SILENT_TASKS,
    STATEMENT_COUNT_RUNNING,
    STATEMENT_SAVE_DEPLOYMENT,
    STATEMENT_PRUNE_DEPLOYMENTS,
    STATEMENT_LOAD_DEPLOYMENT,
    STATEMENT_LOAD_NEWEST_DEPLOYMENT,
    STATEMENT_ADD_EVENT,
    STATEMENT_PRUNE_EVENTS,
    STATEMENT_COUNT_EVENT,
    STATEMENT_LIST_EVENTS,
    STATEMENT_COUNT_EVENTS,
    /* Of version 2 on. */
    STATEMENT_SAVE_ALIAS,
    STATEMENT_LOAD_ALIAS,
    /* Of version 3 on. */
    STATEMENT_SAVE_ZONE,
    STATEMENT_REMOVE_ZONE,
    STATEMENT_LIST_ZONES,
    /* Of version 4 on. */
    STATEMENT_ADD_WEIGHT_CHANGE,
    STATEMENT_LIST_WEIGHT_CHANGES,
    STATEMENT_SAVE_TTL,
    STATEMENT_REMOVE_TTL,
    STATEMENT_LOAD_TTL,
    STATEMENT_SAVE_FREEZE,
    STATEMENT_REMOVE_FREEZE,
    STATEMENT_LOAD_FREEZE,
    STATEMENT_ADD_EXECUTION,
    STATEMENT_SAVE_EXECUTION,
    STATEMENT_LOAD_EXECUTION,
    STATEMENT_ADD_EXECUTION_EVENT,
    STATEMENT_LIST_EXECUTION_EVENTS,
    STATEMENT_COUNT_WITHOUT,
    STATEMENT_SAVE_DEPLOYMENT_STATE,
    STATEMENT_PRUNE_DEPLOYMENT_STATES,
    STATEMENT_LOAD_DEPLOYMENT_STATE,
    STATEMENT_ADD_STAT_DEPLOYMENT,
    STATEMENT_PRUNE_STAT_DEPLOYMENTS,
    STATEMENT_COUNT_STAT,
    STATEMENT_LIST_STATS,
    STATEMENT_ADD_SHARES,
    STATEMENT_LIST_SHARES,
    STATEMENT_ADD_NOTICE,
    STATEMENT_PRUNE_NOTICES,
    STATEMENT_LIST_NOTICES,
    STATEMENT_LIST_NOTICES_OF,
    STATEMENT_SAVE_NOTICE,
    STATEMENT_PRUNE_DEAD_NOTICES,
    STATEMENT_REVIVE_NOTICE,
    STATEMENT_REMOVE_NOTICE,
    STATEMENT_SAVE_DESCRIBED,
    STATEMENT_LOAD_DESCRIBED,
    STATEMENT_SAVE_HOOK,
    STATEMENT_PRUNE_HOOKS,
    STATEMENT_LOAD_HOOK,
    STATEMENT_LIST_HOOKS,
    STATEMENT_SAVE_ROUTE53,
    STATEMENT_LIST_ROUTE53,
    STATEMENT_ADD_ROUTE53_CHECK,
    STATEMENT_CLEAR_ROUTE53_CHECKS,
    STATEMENT_LIST_ROUTE53_CHECKS,
    STATEMENT_COUNT
};

struct store {
    char *path;
    int lock_fd; /* -1: none; closed after the database, see store_file.c */
    int version; /* of the schema in the file, before it is brought up */
    sqlite3 *db;
    sqlite3_stmt *statements[STATEMENT_COUNT];
    int64_t history_most, history_keep_ms; /* what is kept of it; keep 0: whatever its age */
    bool in_transaction;
    bool has_failed; /* a write of this transaction failed: nothing of it may be committed */
};

/* The tables of a new file; what turns a file of version i + 1 into the next version; and every
 * statement that is ever run on them, as far as a file of that version has what they need. */
extern const char store_schema[];
extern const char *const store_upgrades[STORE_VERSION - 1];
MUST_CHECK bool store_prepare_statements(struct store *store, int version, struct error *err);
void store_finalize_statements(struct store *store);

/* One parameter of a statement. */
struct store_value {
    enum { STORE_INTEGER, STORE_TEXT, STORE_BLOB } kind;
    int64_t integer;
    const void *octets; /* text (NULL: SQL's NULL) or blob; not copied */
    size_t len;
};
struct store_values {
    const struct store_value *items;
    size_t count;
};
#define INTEGER(value)                                                                             \
    {                                                                                              \
        .kind = STORE_INTEGER, .integer = (value)                                                  \
    }
#define TEXT(value)                                                                                \
    {                                                                                              \
        .kind = STORE_TEXT, .octets = (value)                                                      \
    }
#define BLOB(value, size)                                                                          \
    {                                                                                              \
        .kind = STORE_BLOB, .octets = (value), .len = (size)                                       \
    }
#define VALUES(...)                                                                                \
    ((struct store_values){(const struct store_value[]){__VA_ARGS__},                              \
                           ARRAY_LEN(((const struct store_value[]){__VA_ARGS__}))})
#define NO_VALUES ((struct store_values){NULL, 0})

struct rollout_run;
/* store_execution.c, for store_save_rollout. */
MUST_CHECK bool store_save_run(struct store *store, int64_t rollout, const struct rollout_run *run,
                               bool is_new, struct error *err);

/* Runs a statement that returns no row. */
MUST_CHECK bool store_execute(struct store *store, enum store_statement statement,
                              struct store_values values, struct error *err);
/* Starts a statement that returns rows; store_next steps to each (has_row false: that was all, the
 * statement is finished). One that is left early needs store_finish, which also lets go of the
 * caller's texts. NULL: err. */
MUST_CHECK sqlite3_stmt *store_query(struct store *store, enum store_statement statement,
                                     struct store_values values, struct error *err);
MUST_CHECK bool store_next(struct store *store, sqlite3_stmt *row, bool *has_row,
                           struct error *err);
void store_finish(sqlite3_stmt *row);
/* For a query of at most one row that is one integer. */
MUST_CHECK bool store_load_integer(struct store *store, sqlite3_stmt *row, bool *found,
                                   int64_t *value, struct error *err);
/* Of the row that was inserted last. */
int64_t store_last_id(const struct store *store);
/* Copies a column's text; what does not fit is cut (the file is nobody's promise). */
void store_column_text(sqlite3_stmt *row, int column, char *out, size_t size);

/* For a write of several statements: joins the caller's transaction or makes one. */
MUST_CHECK bool store_enter(struct store *store, bool *is_own, struct error *err);
MUST_CHECK bool store_leave(struct store *store, bool is_own, bool ok, struct error *err);

/* Reads the row into a zeroed item. False: err, and the list is given up. */
typedef bool (*store_read)(const struct store *store, sqlite3_stmt *row, void *item,
                           struct error *err);
/* All rows of a query (NULL: it failed, err says why) as an array of items of `size` octets, which
 * the caller frees. NULL: err; no rows at all are no failure. */
MUST_CHECK void *store_collect(struct store *store, sqlite3_stmt *row, store_read read, size_t size,
                               size_t *count, struct error *err);
/* Says what SQLite says; returns false. */
bool store_fail(const struct store *store, struct error *err);
/* LIMIT wants a signed number. */
int64_t store_limit(size_t most);
