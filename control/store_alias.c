/* SPDX-License-Identifier: BSD-2-Clause */
/* Alias targets' last good addresses. */
#include "common/alloc.h"
#include "control/store.h"
#include "control/store_private.h"

bool store_save_alias(struct store *store, const char *host, const char *type,
                      const struct store_alias *alias, struct error *err)
{
    return store_execute(store, STATEMENT_SAVE_ALIAS,
                         VALUES(TEXT(host), TEXT(type), BLOB(alias->addresses, alias->octets),
                                INTEGER(alias->resolved_ms)),
                         err);
}

bool store_load_alias(struct store *store, const char *host, const char *type,
                      struct store_alias *alias, struct error *err)
{
    *alias = (struct store_alias){0};
    bool found = false;
    sqlite3_stmt *row =
        store_query(store, STATEMENT_LOAD_ALIAS, VALUES(TEXT(host), TEXT(type)), err);
    if (row == NULL || !store_next(store, row, &found, err)) {
        return false;
    }
    if (!found) {
        return true;
    }
    alias->resolved_ms = sqlite3_column_int64(row, 0);
    alias->octets = (size_t)sqlite3_column_bytes(row, 1);
    if (alias->octets > 0) {
        alias->addresses = alloc_copy(sqlite3_column_blob(row, 1), alias->octets);
    }
    store_finish(row);
    return true;
}
