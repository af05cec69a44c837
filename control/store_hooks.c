/* SPDX-License-Identifier: BSD-2-Clause */
/* The part of the store that has the pause hooks of ECS. */
#include "control/store.h"
#include "control/store_private.h"

bool store_save_hook(struct store *store, const struct stored_hook *hook, struct error *err)
{
    bool is_own;
    if (!store_enter(store, &is_own, err)) {
        return false;
    }
    bool ok =
        store_execute(store, STATEMENT_SAVE_HOOK,
                      VALUES(TEXT(hook->id), TEXT(hook->deployment_arn), TEXT(hook->rule),
                             TEXT(hook->service), TEXT(hook->stage), TEXT(hook->action),
                             TEXT(hook->reason), INTEGER(hook->is_done), INTEGER(hook->expires_ms)),
                      err) &&
        store_execute(store, STATEMENT_PRUNE_HOOKS, NO_VALUES, err);
    return store_leave(store, is_own, ok, err);
}

bool store_has_hook(struct store *store, const char *id, bool *found, struct error *err)
{
    int64_t is_done;
    return store_load_integer(store, store_query(store, STATEMENT_LOAD_HOOK, VALUES(TEXT(id)), err),
                              found, &is_done, err);
}

static bool read_hook(const struct store *store, sqlite3_stmt *row, void *item, struct error *err)
{
    (void)store;
    (void)err;
    struct stored_hook *hook = item;
    store_column_text(row, 0, hook->id, sizeof(hook->id));
    store_column_text(row, 1, hook->deployment_arn, sizeof(hook->deployment_arn));
    store_column_text(row, 2, hook->rule, sizeof(hook->rule));
    store_column_text(row, 3, hook->service, sizeof(hook->service));
    store_column_text(row, 4, hook->stage, sizeof(hook->stage));
    store_column_text(row, 5, hook->action, sizeof(hook->action));
    store_column_text(row, 6, hook->reason, sizeof(hook->reason));
    hook->expires_ms = sqlite3_column_int64(row, 7);
    return true;
}

bool store_list_hooks(struct store *store, struct stored_hook **hooks, size_t *count,
                      struct error *err)
{
    *hooks = store_collect(store, store_query(store, STATEMENT_LIST_HOOKS, NO_VALUES, err),
                           read_hook, sizeof(**hooks), count, err);
    return *hooks != NULL;
}
