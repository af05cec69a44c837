/* SPDX-License-Identifier: BSD-2-Clause */
/* Zones that were added at run time. */
#include "control/store.h"

#include <stdlib.h>

#include "common/alloc.h"
#include "control/store_private.h"

bool store_save_zone(struct store *store, const char *name, const char *definition,
                     struct error *err)
{
    return store_execute(store, STATEMENT_SAVE_ZONE, VALUES(TEXT(name), TEXT(definition)), err);
}

bool store_remove_zone(struct store *store, const char *name, struct error *err)
{
    return store_execute(store, STATEMENT_REMOVE_ZONE, VALUES(TEXT(name)), err);
}

static bool read_zone(const struct store *store, sqlite3_stmt *row, void *item, struct error *err)
{
    (void)store;
    (void)err;
    struct stored_zone *zone = item;
    const unsigned char *name = sqlite3_column_text(row, 0);
    const unsigned char *definition = sqlite3_column_text(row, 1);
    zone->name = alloc_string(name == NULL ? "" : (const char *)name);
    zone->definition = alloc_string(definition == NULL ? "" : (const char *)definition);
    return true;
}

bool store_list_zones(struct store *store, struct stored_zone **zones, size_t *count,
                      struct error *err)
{
    sqlite3_stmt *row = store_query(store, STATEMENT_LIST_ZONES, NO_VALUES, err);
    *zones = store_collect(store, row, read_zone, sizeof(**zones), count, err);
    return *zones != NULL;
}

void store_free_zones(struct stored_zone *zones, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(zones[i].name);
        free(zones[i].definition);
    }
    free(zones);
}
