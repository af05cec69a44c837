/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/zone_start.h"

#include <stdlib.h>

#include "common/alloc.h"
#include "common/clock.h"
#include "common/log.h"
#include "control/journal.h"
#include "zones/zonefile.h"

static void take(struct zone_view *view, size_t index)
{
    struct zone_entry *entry = view->slots[index].entry;
    zone_entry_set(entry, STEAL(view->slots[index].loaded));
    entry->loaded_ms = clock_now_ms();
    log_info("zone %s: loaded, serial %u, %zu names", entry->definition->zone->name,
             (unsigned)entry->zone->serial, entry->zone->node_count);
}

static void take_all(struct zone_view *view)
{
    for (size_t i = 0; i < view->count; i++) {
        if (view->slots[i].loaded != NULL) {
            take(view, i);
        }
    }
}

bool zone_start_configured(struct zone_list *list, const struct config *config,
                           const struct record_sets *sets, bool is_trial, struct error *err)
{
    if (!zonefile_check_names(config, sets, err)) {
        return false;
    }
    struct zone_view view;
    zone_view_init(&view, config);
    view.is_trial = is_trial;
    bool is_good = true;
    for (size_t i = 0; i < config->zone_count && is_good; i++) {
        struct zone_definition *definition = zone_definition_of(config, &config->zones[i], err);
        is_good = definition != NULL;
        if (is_good) {
            struct zone_entry *entry = zone_list_add(list, definition);
            size_t index = zone_view_add(&view, definition, entry);
            view.slots[index].is_wanted = true;
        }
    }
    is_good = is_good && zone_view_load(&view, sets, err) == SIZE_MAX;
    if (is_good) {
        take_all(&view);
    }
    zone_view_done(&view);
    return is_good;
}

void zone_start_add_absent(const struct zone_list *list, struct zone_table *table)
{
    for (size_t i = 0; i < list->count; i++) {
        if (list->entries[i]->zone == NULL) {
            zone_table_add_absent(table, &list->entries[i]->definition->origin);
        }
    }
}

struct zone_table *zone_start_table(const struct zone_list *list)
{
    CLEANUP(alloc_freep) struct zone **zones = alloc_zeroed(list->count, sizeof(*zones));
    size_t count = 0;
    for (size_t i = 0; i < list->count; i++) {
        if (list->entries[i]->zone != NULL) {
            zones[count++] = list->entries[i]->zone;
        }
    }
    struct zone_table *table = zone_table_new(zones, count);
    zone_start_add_absent(list, table);
    return table;
}

/* ---- those of the store ---- */

static bool forget(struct control *control, const struct stored_zone *stored, struct error *err)
{
    log_info("zone %s: was added at run time, and the configuration has it now: what was added is "
             "forgotten",
             stored->name);
    return journal_begin_own(control, err) &&
           journal_end(control, store_remove_zone(control->store, stored->name, err), err);
}

static bool list_stored(struct control *control, const struct stored_zone *stored,
                        struct error *err)
{
    struct error why;
    struct zone_definition *definition =
        zone_definition_parse(control->config, stored->definition, &why);
    if (definition == NULL) {
        log_error("zone %s: was added at run time and is not served: %s", stored->name, why.text);
        return true;
    }
    if (zone_list_find(&control->zones, &definition->origin) != NULL) {
        zone_definition_unref(definition);
        return forget(control, stored, err);
    }
    zone_list_add(&control->zones, definition);
    return true;
}

static bool list_all_stored(struct control *control, struct error *err)
{
    struct stored_zone *stored = NULL;
    size_t count = 0;
    if (!store_list_zones(control->store, &stored, &count, err)) {
        return false;
    }
    bool is_good = true;
    for (size_t i = 0; i < count; i++) {
        is_good = is_good && list_stored(control, &stored[i], err);
    }
    store_free_zones(stored, count);
    return is_good;
}

/* All that may be served: an added zone that takes record sets from the one above it is loaded
 * together with that. */
static void make_view(struct control *control, struct zone_view *view)
{
    zone_view_init(view, control->config);
    for (size_t i = 0; i < control->zones.count; i++) {
        struct zone_entry *entry = control->zones.entries[i];
        if (entry->failure == NULL) {
            size_t index = zone_view_add(view, entry->definition, entry);
            view->slots[index].is_wanted = entry->zone == NULL;
        }
    }
    for (size_t i = 0; i < control->sets->count; i++) {
        size_t owner = zone_view_find_owner(view, &control->sets->sets[i]->name);
        const struct zone_definition *has = owner == SIZE_MAX ? NULL : view->definitions[owner];
        size_t parent =
            has == NULL || has->own == NULL ? SIZE_MAX : zone_view_find_parent(view, &has->origin);
        if (parent != SIZE_MAX) {
            view->slots[parent].is_wanted = true;
        }
    }
}

static bool has_record_sets(const struct control *control, const struct zone_view *view,
                            size_t zone)
{
    for (size_t i = 0; i < control->sets->count; i++) {
        if (zone_view_find_owner(view, &control->sets->sets[i]->name) == zone) {
            return true;
        }
    }
    return false;
}

static void keep_failure(struct zone_entry *entry, const struct error *err)
{
    entry->failure = alloc_string(err->text);
    log_error("zone %s: was added at run time and is NOT SERVED, since it cannot be loaded: %s; "
              "`zone reload` serves it when that is mended",
              entry->definition->zone->name, err->text);
}

/* is_whole false: a zone that has record sets cannot be loaded: they lie in another one then, which
 * has to be loaded with them. */
static bool load_stored(struct control *control, struct zone_view *view, bool *is_whole,
                        struct error *err)
{
    *is_whole = true;
    for (;;) {
        size_t failed = zone_view_load(view, control->sets, err);
        if (failed == SIZE_MAX) {
            return true;
        }
        struct zone_entry *entry = view->slots[failed].entry;
        if (entry->definition->own == NULL) {
            return false;
        }
        keep_failure(entry, err);
        view->slots[failed].is_wanted = false;
        *is_whole = *is_whole && !has_record_sets(control, view, failed);
    }
}

bool zone_start_stored(struct control *control, struct error *err)
{
    if (!list_all_stored(control, err)) {
        return false;
    }
    bool is_whole = false;
    bool is_good = true;
    while (is_good && !is_whole) {
        struct zone_view view;
        make_view(control, &view);
        is_good = load_stored(control, &view, &is_whole, err);
        if (is_good && is_whole) {
            take_all(&view);
        }
        zone_view_done(&view);
    }
    return is_good;
}
