/* SPDX-License-Identifier: BSD-2-Clause */
/* The part of the store that a fleet shares: rows as items of a table, and back. While it is open,
 * every change of a shared row is noted in the transaction that makes it, so that a change which is
 * in the file is never forgotten by the fleet. Control thread only; errors as in store.h. */
#pragma once

#include "control/store.h"

#define STORE_ITEM_SIZE 1025

/* What a node has of the table. */
struct store_fleet_memory {
    char origin[128]; /* of the table; "": of none */
    int64_t fence;    /* with which this node drove last */
    int64_t applied;  /* the sequence up to which it has the table */
};

/* From here on changes are noted. Once for each store. */
MUST_CHECK bool store_fleet_open(struct store *store, struct error *err);
/* The item that has the record set, other than set#NAME/TYPE. */
MUST_CHECK bool store_fleet_set_home(struct store *store, const char *record_set, const char *item,
                                     struct error *err);

MUST_CHECK bool store_fleet_load_memory(struct store *store, struct store_fleet_memory *memory,
                                        struct error *err);
MUST_CHECK bool store_fleet_save_memory(struct store *store,
                                        const struct store_fleet_memory *memory, struct error *err);

/* An item that has changed, as it is now: what moves weights first, then the oldest. body: JSON,
 * the caller frees it; NULL: its rows are gone. Larger changes are later ones. */
MUST_CHECK bool store_fleet_next(struct store *store, bool *found, char item[STORE_ITEM_SIZE],
                                 char **body, int64_t *change, struct error *err);
/* That change is in the table; later ones of the item still count. A full disk does not make it a
 * change again: it is dropped from the file with a later one, or written once more after a restart.
 */
MUST_CHECK bool store_fleet_clean(struct store *store, int64_t change, struct error *err);
/* That change of an item does not go into the table, because of why: store_fleet_next passes it
 * over until the item changes again, or the store is opened anew. */
MUST_CHECK bool store_fleet_refuse(struct store *store, int64_t change, const char *why,
                                   struct error *err);
/* How many have been, and are not changed since; item and why: the oldest's, unless there is none.
 */
MUST_CHECK bool store_fleet_refused(struct store *store, size_t *count, char item[STORE_ITEM_SIZE],
                                    struct error *why, struct error *err);
/* item NULL: is anything that is to go into the table? */
MUST_CHECK bool store_fleet_is_dirty(struct store *store, const char *item, bool *is_dirty,
                                     struct error *err);
/* Is a rule or a record set that is to go into the table? */
MUST_CHECK bool store_fleet_is_undecided(struct store *store, bool *is_undecided,
                                         struct error *err);
MUST_CHECK bool store_fleet_mark(struct store *store, const char *item, struct error *err);
/* Everything that others need to go on: tasks, deployments, the newest 1,000 lines of the history.
 * (Weights and rollouts are sealed, and marked one by one.) */
MUST_CHECK bool store_fleet_mark_all(struct store *store, struct error *err);
MUST_CHECK bool store_fleet_forget(struct store *store, bool *had, struct error *err);

/* Inside the caller's transaction: the rows become what the body says, and are not noted as
 * changes. An item of a kind that is not known is passed over. The body may be anything: false and
 * err when it fits no rows. */
MUST_CHECK bool store_fleet_take(struct store *store, const char *item, const char *body,
                                 struct error *err);
/* Drops what store.h says is not kept, as far as it came from the table. */
MUST_CHECK bool store_fleet_prune(struct store *store, int64_t now_ms, struct error *err);
