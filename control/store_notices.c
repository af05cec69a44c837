/* SPDX-License-Identifier: BSD-2-Clause */
/* The part of the store that has what is still to be told, and what could not be. */
#include <stdlib.h>

#include "common/alloc.h"
#include "control/store.h"
#include "control/store_private.h"

bool store_add_notice(struct store *store, const struct notice *notice, struct error *err)
{
    return store_execute(store, STATEMENT_ADD_NOTICE,
                         VALUES(TEXT(notice->receiver), TEXT(notice->event), TEXT(notice->body),
                                INTEGER(notice->next_ms)),
                         err) &&
           store_execute(store, STATEMENT_PRUNE_NOTICES, NO_VALUES, err);
}

static char *column_copy(sqlite3_stmt *row, int column)
{
    const unsigned char *text = sqlite3_column_text(row, column);
    return alloc_string(text == NULL ? "" : (const char *)text);
}

static bool read_notice(const struct store *store, sqlite3_stmt *row, void *item, struct error *err)
{
    (void)store;
    (void)err;
    struct notice *notice = item;
    notice->id = sqlite3_column_int64(row, 0);
    notice->receiver = column_copy(row, 1);
    notice->event = column_copy(row, 2);
    notice->body = column_copy(row, 3);
    notice->attempts = sqlite3_column_int64(row, 4);
    notice->next_ms = sqlite3_column_int64(row, 5);
    notice->is_dead = sqlite3_column_int64(row, 6) != 0;
    notice->error = column_copy(row, 7);
    return true;
}

void store_free_notices(struct notice *notices, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(notices[i].receiver);
        free(notices[i].event);
        free(notices[i].body);
        free(notices[i].error);
    }
    free(notices);
}

bool store_list_notices(struct store *store, const char *receiver, size_t most,
                        struct notice **notices, size_t *count, struct error *err)
{
    sqlite3_stmt *row =
        receiver == NULL
            ? store_query(store, STATEMENT_LIST_NOTICES, VALUES(INTEGER(store_limit(most))), err)
            : store_query(store, STATEMENT_LIST_NOTICES_OF,
                          VALUES(INTEGER(store_limit(most)), TEXT(receiver)), err);
    *notices = store_collect(store, row, read_notice, sizeof(**notices), count, err);
    return *notices != NULL;
}

bool store_save_notice(struct store *store, const struct notice *notice, struct error *err)
{
    return store_execute(store, STATEMENT_SAVE_NOTICE,
                         VALUES(INTEGER(notice->id), INTEGER(notice->attempts),
                                INTEGER(notice->next_ms), INTEGER(notice->is_dead),
                                TEXT(notice->error)),
                         err) &&
           store_execute(store, STATEMENT_PRUNE_DEAD_NOTICES, NO_VALUES, err);
}

bool store_revive_notice(struct store *store, int64_t id, int64_t now_ms, bool *found,
                         struct error *err)
{
    bool is_done =
        store_execute(store, STATEMENT_REVIVE_NOTICE, VALUES(INTEGER(id), INTEGER(now_ms)), err);
    *found = is_done && sqlite3_changes(store->db) == 1;
    return is_done;
}

bool store_remove_notice(struct store *store, int64_t id, bool *found, struct error *err)
{
    bool is_done = store_execute(store, STATEMENT_REMOVE_NOTICE, VALUES(INTEGER(id)), err);
    *found = is_done && sqlite3_changes(store->db) == 1;
    return is_done;
}
