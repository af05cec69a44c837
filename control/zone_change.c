/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/zone_change.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "common/clock.h"
#include "common/log.h"
#include "control/alias_signing.h"
#include "control/key_work.h"
#include "control/zone_journal.h"
#include "control/zone_refresh.h"
#include "control/zone_retire.h"
#include "control/zone_serial.h"
#include "control/zone_start.h"
#include "zones/snapshot_builder.h"

/* One who asked. */
struct change_wait {
    struct change_wait *next;
    struct zone_change change;
    char who[ROLLOUT_TEXT_SIZE];
};

struct zone_changer {
    struct control *control;
    uv_work_t work;
    bool is_loading;
    struct change_wait *loading; /* served by the load that runs: one, or reloads */
    struct change_wait *waiting; /* in their order */
    struct change_wait **waiting_end;
    struct zone_view view;
    struct alias_signing *aliases; /* of the load that runs */
    size_t failed;                 /* index of the zone that cannot be loaded, or SIZE_MAX */
    bool has_failed;
    struct error err;
};

static bool fail(struct zone_changer *changer, const struct error *err)
{
    changer->has_failed = true;
    changer->err = *err;
    return false;
}

/* ---- what is to be loaded ---- */

/* A record set belongs to the zone with the longest origin above its name, so that a zone that
 * comes may take some from the one above it, which then is loaded without them. */
static void want_parent_of_added(struct zone_changer *changer, const struct name *origin)
{
    const struct control *control = changer->control;
    const struct zone_table *zones = control->publisher.current->zones;
    size_t parent = zone_view_find_parent(&changer->view, origin);
    for (size_t i = 0; parent != SIZE_MAX && i < control->sets->count; i++) {
        const struct record_set *set = control->sets->sets[i];
        const struct zone *owner =
            name_is_within(&set->name, origin) ? model_find_zone(zones, set) : NULL;
        if (owner != NULL && owner->origin.label_count < origin->label_count) {
            changer->view.slots[parent].is_wanted = true;
        }
    }
}

/* … and gives them back when it goes. */
static bool want_parent_of_removed(struct zone_changer *changer, const struct zone *zone)
{
    const struct control *control = changer->control;
    const struct zone_table *zones = control->publisher.current->zones;
    size_t parent = zone_view_find_parent(&changer->view, &zone->origin);
    for (size_t i = 0; i < control->sets->count; i++) {
        if (model_find_zone(zones, control->sets->sets[i]) != zone) {
            continue;
        }
        if (parent == SIZE_MAX) {
            struct error err;
            error_set(&err, "record set %s lies in it, and in no other zone",
                      control->record_sets[i].key);
            return fail(changer, &err);
        }
        changer->view.slots[parent].is_wanted = true;
    }
    return true;
}

/* entry: NULL, or of one that could not be loaded so far. */
static void want_added(struct zone_changer *changer, struct zone_definition *definition,
                       struct zone_entry *entry)
{
    size_t index = zone_view_add(&changer->view, definition, entry);
    changer->view.slots[index].is_wanted = true;
    want_parent_of_added(changer, &definition->origin);
}

static bool prepare_add(struct zone_changer *changer, const struct zone_change *change)
{
    const struct zone_entry *there =
        zone_list_find(&changer->control->zones, &change->definition->origin);
    if (there != NULL) {
        struct error err;
        error_set(&err, "zone %s is there already, %s (%s)", change->definition->zone->name,
                  there->definition->own == NULL ? "in the configuration" : "added at run time",
                  there->definition->zone->file);
        return fail(changer, &err);
    }
    zone_view_add_served(&changer->view, &changer->control->zones, NULL);
    want_added(changer, change->definition, NULL);
    return true;
}

static bool prepare_remove(struct zone_changer *changer, const struct zone_change *change)
{
    const struct zone_entry *entry =
        zone_list_find_definition(&changer->control->zones, change->definition);
    if (entry == NULL) {
        struct error err;
        error_set(&err, "zone %s was removed meanwhile", change->definition->zone->name);
        return fail(changer, &err);
    }
    zone_view_add_served(&changer->view, &changer->control->zones, change->definition);
    return entry->zone == NULL || want_parent_of_removed(changer, entry->zone);
}

static bool prepare_reload(struct zone_changer *changer)
{
    struct zone_view *view = &changer->view;
    zone_view_add_served(&changer->view, &changer->control->zones, NULL);
    for (const struct change_wait *wait = changer->loading; wait != NULL; wait = wait->next) {
        struct zone_definition *definition = wait->change.definition;
        if (definition == NULL) {
            for (size_t i = 0; i < view->count; i++) {
                view->slots[i].is_wanted = true;
            }
            continue;
        }
        size_t index = zone_view_find(view, definition);
        struct zone_entry *entry = zone_list_find_definition(&changer->control->zones, definition);
        if (index != SIZE_MAX) {
            view->slots[index].is_wanted = true;
        } else if (entry != NULL) {
            want_added(changer, definition, entry);
        } /* else it was removed meanwhile */
    }
    return true;
}

/* One that was removed meanwhile, or is not served, needs no signatures. */
static void prepare_sign(struct zone_changer *changer)
{
    struct zone_view *view = &changer->view;
    zone_view_add_served(view, &changer->control->zones, NULL);
    for (const struct change_wait *wait = changer->loading; wait != NULL; wait = wait->next) {
        size_t index = zone_view_find(view, wait->change.definition);
        if (index != SIZE_MAX) {
            view->slots[index].is_wanted = true;
            view->slots[index].again = view->slots[index].entry->zone;
        }
    }
}

static bool prepare(struct zone_changer *changer)
{
    const struct zone_change *change = &changer->loading->change;
    switch (change->kind) {
    case ZONE_RELOAD:
        return prepare_reload(changer);
    case ZONE_SIGN:
        prepare_sign(changer);
        return true;
    case ZONE_ADD:
        return prepare_add(changer, change);
    case ZONE_REMOVE:
        return prepare_remove(changer, change);
    }
    return false;
}

/* On a thread of uv's pool: reads the record sets, which are const, and writes only the view. */
static void load(uv_work_t *work)
{
    struct zone_changer *changer = work->data;
    if (changer->has_failed) {
        return;
    }
    changer->failed = zone_view_load(&changer->view, changer->control->sets, &changer->err);
    for (size_t i = 0; changer->failed == SIZE_MAX && i < changer->view.count; i++) {
        struct zone *loaded = changer->view.slots[i].loaded;
        if (loaded != NULL && !alias_signing_sign(changer->aliases, i, loaded, &changer->err)) {
            changer->failed = i;
        }
    }
    changer->has_failed = changer->failed != SIZE_MAX;
}

/* ---- what comes of it ---- */

/* Each zone that was loaded may follow the one that is served. The warnings are kept, by index. */
static bool judge(struct zone_changer *changer, char **warnings)
{
    const struct zone_view *view = &changer->view;
    for (size_t i = 0; i < view->count; i++) {
        const struct zone_entry *entry = view->slots[i].entry;
        struct error warning, err;
        if (view->slots[i].loaded == NULL || entry == NULL || entry->zone == NULL) {
            continue;
        }
        if (!zone_may_follow(entry->zone, view->slots[i].loaded, changer->loading->change.is_forced,
                             &warning, &err)) {
            changer->failed = i;
            return fail(changer, &err);
        }
        warnings[i] = warning.text[0] == '\0' ? NULL : alloc_string(warning.text);
    }
    return true;
}

/* What is added or removed has to be in the store before it is served. Of what is no more than a
 * line of history a full disk stops nothing. */
static bool journal_all(struct zone_changer *changer)
{
    const struct error *failure = changer->has_failed ? &changer->err : NULL;
    struct error err;
    for (const struct change_wait *wait = changer->loading; wait != NULL; wait = wait->next) {
        if (zone_journal(changer->control, &wait->change, wait->who, failure, &err)) {
            continue;
        }
        bool is_as_before = wait->change.kind == ZONE_RELOAD || wait->change.kind == ZONE_SIGN;
        if (is_as_before || changer->has_failed) {
            log_warning("zones: not in the history: %s", err.text);
        } else {
            error_add_context(&err, "nothing was changed");
            return fail(changer, &err);
        }
    }
    return true;
}

static void log_loaded(const struct zone_entry *entry, const struct zone *new)
{
    const char *name = entry->definition->zone->name;
    if (entry->zone == NULL) {
        log_info("zone %s: loaded, serial %u, %zu names", name, (unsigned)new->serial,
                 new->node_count);
    } else {
        log_info("zone %s: reloaded, serial %u -> %u, %zu names", name,
                 (unsigned)entry->zone->serial, (unsigned)new->serial, new->node_count);
    }
    if (entry->warning != NULL) {
        log_warning("%s", entry->warning);
    }
}

/* Zones that are served no more, held until they are retired. */
struct old_zones {
    struct zone **zones;
    size_t count;
};

static void keep_old(struct old_zones *old, struct zone *zone)
{
    if (zone != NULL) {
        zone_ref(zone);
        old->zones[old->count++] = zone;
    }
}

static void take_loaded(struct zone_changer *changer, struct zone_entry *entry, size_t index,
                        char *warning)
{
    struct zone *new = STEAL(changer->view.slots[index].loaded);
    if (changer->view.slots[index].again == NULL) {
        free(entry->warning);
        free(STEAL(entry->failure));
        entry->warning = warning;
        entry->loaded_ms = clock_now_ms();
        log_loaded(entry, new);
    } else { /* what is to be said of its file stays so */
        free(warning);
        log_info("zone %s: signed anew", entry->definition->zone->name);
    }
    if (entry->zone != NULL) {
        zone_follow(new, entry->zone, clock_now_ms() / 1000);
    }
    key_work_served(changer->control, new, entry->zone);
    zone_entry_set(entry, new);
}

/* Takes the warnings. */
static void publish(struct zone_changer *changer, char **warnings)
{
    struct control *control = changer->control;
    const struct zone_change *change = &changer->loading->change;
    const struct zone_view *view = &changer->view;
    CLEANUP(alloc_freep) struct zone **zones = alloc_zeroed(view->count, sizeof(*zones));
    struct old_zones old = {.zones = alloc_zeroed(view->count + 1, sizeof(*old.zones))};
    if (change->kind == ZONE_ADD) {
        size_t added = zone_view_find(view, change->definition);
        view->slots[added].entry =
            zone_list_add(&control->zones, zone_definition_ref(change->definition));
    } else if (change->kind == ZONE_REMOVE) {
        log_info("zone %s: removed (%s)", change->definition->zone->name, changer->loading->who);
        struct zone_entry *entry = zone_list_find_definition(&control->zones, change->definition);
        keep_old(&old, entry->zone);
        zone_list_remove(&control->zones, entry);
    }
    for (size_t i = 0; i < view->count; i++) {
        struct zone_entry *entry = view->slots[i].entry;
        if (view->slots[i].loaded != NULL) {
            keep_old(&old, entry->zone);
            take_loaded(changer, entry, i, STEAL(warnings[i]));
        }
        zones[i] = entry->zone;
    }
    struct snapshot_builder *builder = publisher_begin(&control->publisher, control->sets);
    struct zone_table *table = zone_table_new(zones, view->count);
    zone_start_add_absent(&control->zones, table);
    snapshot_builder_set_zones(builder, table);
    alias_signing_publish(changer->aliases, table, builder);
    publisher_publish(&control->publisher, snapshot_builder_finish(builder));
    for (size_t i = 0; i < old.count; i++) {
        zone_retire(control, old.zones[i]);
    }
    free(old.zones);
    zone_refresh_arm(control);
}

static void finish(struct change_wait *wait, const struct error *err)
{
    if (wait->change.finished != NULL) {
        wait->change.finished(wait->change.argument, err);
    }
    zone_definition_unref(wait->change.definition);
    free(wait);
}

static void on_seen(void *argument)
{
    finish(argument, NULL);
}

static void keep_failure(struct zone_changer *changer)
{
    log_error("zones stay as they are: %s", changer->err.text);
    struct zone_entry *entry =
        changer->failed == SIZE_MAX ? NULL : changer->view.slots[changer->failed].entry;
    if (entry != NULL) {
        free(entry->failure);
        entry->failure = alloc_string(changer->err.text);
    }
}

static void act(struct zone_changer *changer)
{
    size_t count = changer->view.count;
    char **warnings = alloc_zeroed(count, sizeof(*warnings));
    bool is_done = !changer->has_failed && judge(changer, warnings);
    is_done = journal_all(changer) && is_done;
    if (is_done) {
        publish(changer, warnings);
    } else {
        keep_failure(changer);
    }
    for (size_t i = 0; i < count; i++) {
        free(warnings[i]);
    }
    free(warnings);
}

static void start(struct zone_changer *changer);

static void on_loaded(uv_work_t *work, int status)
{
    struct zone_changer *changer = work->data;
    struct control *control = changer->control;
    changer->is_loading = false;
    if (status != 0 || control->is_stopping) {
        changer->has_failed = true;
        error_set(&changer->err, "the daemon stops");
    }
    if (changer->loading != NULL && !control->is_stopping) {
        act(changer);
    }
    zone_view_discard(&control->loop, &changer->view);
    alias_signing_free(STEAL(changer->aliases));
    struct change_wait *waits = STEAL(changer->loading);
    bool has_failed = changer->has_failed;
    const struct error err = changer->err; /* who is called may ask for the next load */
    while (waits != NULL) {
        struct change_wait *next = waits->next;
        if (has_failed) {
            finish(waits, &err);
        } else {
            publisher_when_seen(&control->publisher, on_seen, waits);
        }
        waits = next;
    }
    start(changer);
}

static struct change_wait *pop(struct zone_changer *changer)
{
    struct change_wait *wait = changer->waiting;
    changer->waiting = wait->next;
    if (changer->waiting == NULL) {
        changer->waiting_end = &changer->waiting;
    }
    wait->next = NULL;
    return wait;
}

/* Reloads that follow each other and are equally bold are done together, and so is signing. */
static void take_batch(struct zone_changer *changer)
{
    struct change_wait *last = changer->loading = pop(changer);
    const struct zone_change *first = &last->change;
    bool can_join = first->kind == ZONE_RELOAD || first->kind == ZONE_SIGN;
    while (can_join && changer->waiting != NULL && changer->waiting->change.kind == first->kind &&
           changer->waiting->change.is_forced == first->is_forced) {
        last = last->next = pop(changer);
    }
}

static void start(struct zone_changer *changer)
{
    struct control *control = changer->control;
    if (changer->is_loading || changer->waiting == NULL || control->is_stopping) {
        return;
    }
    take_batch(changer);
    changer->has_failed = false;
    changer->failed = SIZE_MAX;
    changer->is_loading = true;
    zone_view_init(&changer->view, control->config);
    (void)prepare(changer);
    changer->aliases = alias_signing_new(control, &changer->view);
    uv_queue_work(&control->loop, &changer->work, load, on_loaded);
}

/* The next load does for a second signal what it does for the first. */
static bool is_asked_for(const struct zone_changer *changer, const struct zone_change *change)
{
    const struct change_wait *wait = changer->waiting;
    while (wait != NULL && (wait->change.finished != NULL || wait->change.kind != ZONE_RELOAD ||
                            wait->change.definition != change->definition)) {
        wait = wait->next;
    }
    return wait != NULL;
}

void zone_change_ask(struct control *control, const struct zone_change *change)
{
    struct zone_changer *changer = control->changer;
    if (changer == NULL) {
        changer = control->changer = alloc_zeroed(1, sizeof(*changer));
        changer->control = control;
        changer->work.data = changer;
        changer->waiting_end = &changer->waiting;
    }
    if (change->finished == NULL && is_asked_for(changer, change)) {
        return;
    }
    struct change_wait *wait = alloc_zeroed(1, sizeof(*wait));
    wait->change = *change;
    if (change->definition != NULL) {
        zone_definition_ref(change->definition);
    }
    snprintf(wait->who, sizeof(wait->who), "%s", change->who);
    *changer->waiting_end = wait;
    changer->waiting_end = &wait->next;
    start(changer);
}

static void finish_all(struct change_wait **waits)
{
    struct error err;
    error_set(&err, "the daemon stops");
    while (*waits != NULL) {
        struct change_wait *next = (*waits)->next;
        finish(*waits, &err);
        *waits = next;
    }
}

void zone_change_stop(struct control *control)
{
    struct zone_changer *changer = control->changer;
    if (changer == NULL) {
        return;
    }
    finish_all(&changer->waiting);
    finish_all(&changer->loading);
    changer->waiting_end = &changer->waiting;
    if (!changer->is_loading) {
        free(changer);
        control->changer = NULL;
    }
}
