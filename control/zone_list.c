/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/zone_list.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "common/alloc.h"
#include "common/clock.h"
#include "common/log.h"
#include "zones/zone_keys.h"
#include "zones/zonefile.h"

struct zone_definition *zone_definition_ref(struct zone_definition *definition)
{
    definition->references++;
    return definition;
}

void zone_definition_unref(struct zone_definition *definition)
{
    if (definition != NULL && --definition->references == 0) {
        config_free(definition->own);
        free(definition->text);
        free(definition);
    }
}

struct zone_definition *zone_definition_of(const struct config *config,
                                           const struct config_zone *zone, struct error *err)
{
    struct name origin;
    if (!name_parse(&origin, zone->name, err)) {
        error_add_context(err, "%s:%u", config->path, zone->line);
        return NULL;
    }
    struct zone_definition *definition = alloc_zeroed(1, sizeof(*definition));
    definition->zone = zone;
    definition->origin = origin;
    definition->references = 1;
    return definition;
}

/* A configuration of one zone, for the reader of configurations to judge. */
static char *wrap(const char *text, struct error *err)
{
    json_error_t why;
    json_t *zone = json_loads(text, JSON_REJECT_DUPLICATES, &why);
    if (zone == NULL) {
        error_set(err, "not JSON: %s", why.text);
        return NULL;
    }
    json_t *all = json_pack("{s:{s:[s]}, s:{s:s, s:s}, s:[o]}", "server", "listen", "127.0.0.1@53",
                            "control", "socket", "none", "state", "none", "zones", zone);
    char *wrapped = json_dumps(all, JSON_COMPACT);
    json_decref(all);
    return wrapped;
}

/* "PATH:1: zones[0].dnssec.denial: found …" is nobody's line: what is said begins at the key. */
static void strip_place(struct error *err)
{
    static const char mark[] = "zones[0]";
    const char *at = strstr(err->text, mark);
    if (at != NULL) {
        at += sizeof(mark) - 1;
        at += strspn(at, ".: ");
        memmove(err->text, at, strlen(at) + 1);
    }
}

struct zone_definition *zone_definition_parse(const struct config *config, const char *text,
                                              struct error *err)
{
    char *wrapped = wrap(text, err);
    if (wrapped == NULL) {
        return NULL;
    }
    struct config *own = config_parse(config->path, (const uint8_t *)wrapped, strlen(wrapped), err);
    free(wrapped); /* jansson's */
    if (own == NULL) {
        strip_place(err);
        return NULL;
    }
    own->zones[0].line = 0;
    struct zone_definition *definition = zone_definition_of(own, &own->zones[0], err);
    if (definition == NULL) {
        config_free(own);
        return NULL;
    }
    definition->own = own;
    definition->text = alloc_string(text);
    return definition;
}

/* ---- the list ---- */

struct zone_entry *zone_list_add(struct zone_list *list, struct zone_definition *definition)
{
    struct zone_entry *entry = alloc_zeroed(1, sizeof(*entry));
    entry->definition = definition;
    list->entries = alloc_resize(list->entries, list->count + 1, sizeof(*list->entries));
    list->entries[list->count++] = entry;
    return entry;
}

void zone_entry_set(struct zone_entry *entry, struct zone *zone)
{
    struct zone *old = entry->zone;
    if (zone != NULL) {
        zone_ref(zone);
    }
    entry->zone = zone;
    if (old != NULL) {
        zone_unref(old);
    }
}

static void entry_free(struct zone_entry *entry)
{
    zone_entry_set(entry, NULL);
    zone_definition_unref(entry->definition);
    free(entry->failure);
    free(entry->warning);
    free(entry);
}

void zone_list_remove(struct zone_list *list, struct zone_entry *entry)
{
    size_t at = 0;
    while (list->entries[at] != entry) {
        at++;
    }
    list->count--;
    memmove(list->entries + at, list->entries + at + 1,
            (list->count - at) * sizeof(*list->entries));
    entry_free(entry);
}

void zone_list_done(struct zone_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        entry_free(list->entries[i]);
    }
    free(list->entries);
}

static bool is_same_name(const struct name *left, const struct name *right)
{
    return left->len == right->len && memcmp(left->octets, right->octets, left->len) == 0;
}

struct zone_entry *zone_list_find(const struct zone_list *list, const struct name *origin)
{
    for (size_t i = 0; i < list->count; i++) {
        if (is_same_name(&list->entries[i]->definition->origin, origin)) {
            return list->entries[i];
        }
    }
    return NULL;
}

struct zone_entry *zone_list_find_definition(const struct zone_list *list,
                                             const struct zone_definition *definition)
{
    for (size_t i = 0; i < list->count; i++) {
        if (list->entries[i]->definition == definition) {
            return list->entries[i];
        }
    }
    return NULL;
}

struct zone_entry *zone_list_find_text(const struct zone_list *list, const char *name,
                                       struct error *err)
{
    char known[512] = "";
    struct name wanted;
    if (!name_parse(&wanted, name, err)) {
        return NULL;
    }
    struct zone_entry *found = zone_list_find(list, &wanted);
    for (size_t i = 0; found == NULL && i < list->count; i++) {
        size_t used = strlen(known);
        snprintf(known + used, sizeof(known) - used, "%s%s", i == 0 ? "" : ", ",
                 list->entries[i]->definition->zone->name);
    }
    if (found == NULL) {
        error_set(err, "there is no zone %s; there are: %s", name, known);
    }
    return found;
}

/* ---- views ---- */

void zone_view_init(struct zone_view *view, const struct config *config)
{
    *view = (struct zone_view){.config = *config};
    view->config.zones = NULL;
    view->config.zone_count = 0;
}

size_t zone_view_add(struct zone_view *view, struct zone_definition *definition,
                     struct zone_entry *entry)
{
    size_t index = view->count++;
    if ((view->count & index) == 0) { /* a power of two is full, or nothing was there */
        size_t room = 2 * view->count;
        view->config.zones = alloc_resize(view->config.zones, room, sizeof(struct config_zone));
        view->definitions = alloc_resize(view->definitions, room, sizeof(*view->definitions));
        view->slots = alloc_resize(view->slots, room, sizeof(*view->slots));
    }
    view->config.zones[index] = *definition->zone;
    view->config.zone_count = view->count;
    view->definitions[index] = zone_definition_ref(definition);
    view->slots[index] = (struct zone_slot){.entry = entry};
    return index;
}

void zone_view_add_served(struct zone_view *view, const struct zone_list *list,
                          const struct zone_definition *without)
{
    for (size_t i = 0; i < list->count; i++) {
        struct zone_entry *entry = list->entries[i];
        if (entry->zone != NULL && entry->definition != without) {
            zone_view_add(view, entry->definition, entry);
        }
    }
}

size_t zone_view_find(const struct zone_view *view, const struct zone_definition *definition)
{
    size_t at = 0;
    while (at < view->count && view->definitions[at] != definition) {
        at++;
    }
    return at < view->count ? at : SIZE_MAX;
}

void zone_view_done(struct zone_view *view)
{
    for (size_t i = 0; i < view->count; i++) {
        zone_free(view->slots[i].loaded);
        zone_definition_unref(view->definitions[i]);
    }
    free(view->config.zones);
    free(view->definitions);
    free(view->slots);
    *view = (struct zone_view){.count = 0};
}

/* Of the zones with fewer labels than this. */
static size_t find_owner(const struct zone_view *view, const struct name *name, unsigned labels)
{
    size_t found = SIZE_MAX;
    for (size_t i = 0; i < view->count; i++) {
        const struct name *origin = &view->definitions[i]->origin;
        if (origin->label_count < labels && name_is_within(name, origin) &&
            (found == SIZE_MAX ||
             origin->label_count > view->definitions[found]->origin.label_count)) {
            found = i;
        }
    }
    return found;
}

size_t zone_view_find_owner(const struct zone_view *view, const struct name *name)
{
    return find_owner(view, name, name->label_count + 1U);
}

size_t zone_view_find_parent(const struct zone_view *view, const struct name *origin)
{
    return find_owner(view, origin, origin->label_count);
}

struct signing_time zone_signing_time(void)
{
    struct signing_time time = {.now_s = clock_now_ms() / 1000};
    if (getrandom(&time.random, sizeof(time.random), GRND_NONBLOCK) != sizeof(time.random)) {
        time.random = (uint64_t)time.now_s; /* it only spreads the ends of signatures */
    }
    return time;
}

/* As if there were this zone alone, with the record sets that lie in it: so that not each load has
 * to find out again which of all zones a record set lies in. own: room for all of them. */
static struct zone *load_one(const struct zone_view *view, size_t index,
                             const struct record_sets *sets, struct record_set **own,
                             const struct signing_time *time, struct error *err)
{
    const struct zone *again = view->slots[index].again;
    const struct name *origin = &view->definitions[index]->origin;
    struct config config = view->config;
    struct record_sets lying_in = {.sets = own};
    config.zones = &view->config.zones[index];
    config.zone_count = 1;
    for (size_t i = 0; i < sets->count; i++) {
        const struct name *name = &sets->sets[i]->name;
        if (name_is_within(name, origin) && zone_view_find_owner(view, name) == index) {
            own[lying_in.count++] = sets->sets[i];
        }
    }
    return again != NULL ? zonefile_sign_again(again, &config, 0, &lying_in, time, err)
                         : zonefile_load(&config, 0, &lying_in, time, err);
}

/* Keys that cannot be made or rolled are no reason not to load a zone that has some. */
static void prepare_keys(const struct zone_definition *definition, const struct signing_time *time)
{
    struct error err;
    const struct config_dnssec *dnssec = definition->zone->dnssec;
    if (dnssec != NULL && !time->is_trial &&
        !zone_keys_prepare(dnssec, &definition->origin, time->now_s, &err)) {
        log_warning("zone %s: keys stay as they are: %s", definition->zone->name, err.text);
    }
}

size_t zone_view_load(struct zone_view *view, const struct record_sets *sets, struct error *err)
{
    struct signing_time time = zone_signing_time();
    CLEANUP(alloc_freep) struct record_set **own = alloc_zeroed(sets->count, sizeof(*own));
    time.is_trial = view->is_trial;
    for (size_t i = 0; i < view->count; i++) {
        struct zone_slot *slot = &view->slots[i];
        if (!slot->is_wanted || slot->loaded != NULL) {
            continue;
        }
        prepare_keys(view->definitions[i], &time);
        slot->loaded = load_one(view, i, sets, own, &time, err);
        if (slot->loaded == NULL) {
            return i;
        }
    }
    return SIZE_MAX;
}
