/* SPDX-License-Identifier: BSD-2-Clause */
/* The part of the store that knows what Route 53 was last told, and which of its health checks are
 * ours. */
#include "control/store.h"
#include "control/store_private.h"

bool store_save_route53(struct store *store, const struct stored_route53 *stored, struct error *err)
{
    return store_execute(store, STATEMENT_SAVE_ROUTE53,
                         VALUES(TEXT(stored->record_set), TEXT(stored->state),
                                TEXT(stored->change_id), INTEGER(stored->sent_ms),
                                TEXT(stored->wanted)),
                         err);
}

static bool read_route53(const struct store *store, sqlite3_stmt *row, void *item,
                         struct error *err)
{
    (void)store;
    (void)err;
    struct stored_route53 *stored = item;
    store_column_text(row, 0, stored->record_set, sizeof(stored->record_set));
    store_column_text(row, 1, stored->state, sizeof(stored->state));
    store_column_text(row, 2, stored->change_id, sizeof(stored->change_id));
    stored->sent_ms = sqlite3_column_int64(row, 3);
    store_column_text(row, 4, stored->wanted, sizeof(stored->wanted));
    return true;
}

bool store_list_route53(struct store *store, struct stored_route53 **list, size_t *count,
                        struct error *err)
{
    *list = store_collect(store, store_query(store, STATEMENT_LIST_ROUTE53, NO_VALUES, err),
                          read_route53, sizeof(**list), count, err);
    return *list != NULL;
}

bool store_save_route53_checks(struct store *store, const struct stored_route53_check *list,
                               size_t count, struct error *err)
{
    bool is_written = store_execute(store, STATEMENT_CLEAR_ROUTE53_CHECKS, NO_VALUES, err);
    for (size_t i = 0; is_written && i < count; i++) {
        is_written = store_execute(store, STATEMENT_ADD_ROUTE53_CHECK,
                                   VALUES(TEXT(list[i].reference), TEXT(list[i].id)), err);
    }
    return is_written;
}

static bool read_check(const struct store *store, sqlite3_stmt *row, void *item, struct error *err)
{
    (void)store;
    (void)err;
    struct stored_route53_check *stored = item;
    store_column_text(row, 0, stored->reference, sizeof(stored->reference));
    store_column_text(row, 1, stored->id, sizeof(stored->id));
    return true;
}

bool store_list_route53_checks(struct store *store, struct stored_route53_check **list,
                               size_t *count, struct error *err)
{
    *list = store_collect(store, store_query(store, STATEMENT_LIST_ROUTE53_CHECKS, NO_VALUES, err),
                          read_check, sizeof(**list), count, err);
    return *list != NULL;
}
