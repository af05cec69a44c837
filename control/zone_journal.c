/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/zone_journal.h"

#include <stdio.h>

#include "common/clock.h"
#include "control/fleet.h"
#include "control/journal.h"

static void print_change(const struct zone_change *change, const struct error *failure, char *out,
                         size_t size)
{
    const char *name = change->definition == NULL ? "all zones" : change->definition->zone->name;
    if (failure != NULL) {
        snprintf(out, size, "%s: %s", name, failure->text);
        return;
    }
    switch (change->kind) {
    case ZONE_RELOAD:
        snprintf(out, size, "%s: reloaded%s", name, change->is_forced ? " (forced)" : "");
        break;
    case ZONE_SIGN:
        snprintf(out, size, "%s: signed anew", name);
        break;
    case ZONE_ADD:
        snprintf(out, size, "%s: added from %s", name, change->definition->zone->file);
        break;
    case ZONE_REMOVE:
        snprintf(out, size, "%s: removed", name);
        break;
    }
}

/* The configuration's zones are not in the store. */
static bool write_zone(struct store *store, const struct zone_change *change, struct error *err)
{
    char name[NAME_TEXT_SIZE];
    bool is_in_list = change->kind == ZONE_ADD || change->kind == ZONE_REMOVE;
    if (!is_in_list || change->definition->own == NULL) {
        return true;
    }
    name_print(change->definition->origin.octets, name);
    return change->kind == ZONE_ADD ? store_save_zone(store, name, change->definition->text, err)
                                    : store_remove_zone(store, name, err);
}

bool zone_journal(struct control *control, const struct zone_change *change, const char *who,
                  const struct error *failure, struct error *err)
{
    struct history_entry entry = {.at_ms = clock_now_ms(), .kind = "zone"};
    snprintf(entry.who, sizeof(entry.who), "%s", who);
    print_change(change, failure, entry.text, sizeof(entry.text));
    return journal_begin_own(control, err) &&
           journal_end(
               control,
               (failure != NULL || write_zone(control->store, change, err)) &&
                   (!fleet_drives(control) || store_add_history(control->store, &entry, err)),
               err);
}
