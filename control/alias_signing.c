/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/alias_signing.h"

#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "common/log.h"
#include "zones/address_records.h"

/* A member whose records are signed anew. */
struct entry {
    const struct alias_source *source;
    struct alias_user user;
    size_t zone_index;
    uint8_t *addresses; /* as they were; none: never resolved */
    size_t count;
    bool is_loaded; /* the zone was */
    struct member_records *records;
};

struct alias_signing {
    size_t count;
    struct entry *entries;
};

static bool is_signed_now(const struct control *control, const struct record_set *set)
{
    const struct zone *zone = model_find_zone(control->publisher.current->zones, set);
    return zone != NULL && zone->signer != NULL;
}

static void add_user(struct alias_signing *signing, const struct alias_source *source,
                     const struct alias_user *user, const struct zone_view *view)
{
    const struct record_set *set = user->set->record_set;
    size_t index = zone_view_find_owner(view, &set->name);
    if (index == SIZE_MAX || !view->slots[index].is_wanted ||
        (view->definitions[index]->zone->dnssec == NULL && !is_signed_now(source->control, set))) {
        return;
    }
    const struct alias *alias = &source->alias;
    signing->entries =
        alloc_resize(signing->entries, signing->count + 1, sizeof(*signing->entries));
    signing->entries[signing->count++] = (struct entry){
        .source = source,
        .user = *user,
        .zone_index = index,
        .addresses =
            alias->count == 0 ? NULL : alloc_copy(alias->addresses, alias->count * alias->octets),
        .count = alias->count,
    };
}

struct alias_signing *alias_signing_new(const struct control *control, const struct zone_view *view)
{
    struct alias_signing *signing = alloc_zeroed(1, sizeof(*signing));
    for (size_t i = 0; i < control->alias_count; i++) {
        const struct alias_source *source = control->aliases[i];
        for (size_t j = 0; j < source->user_count; j++) {
            add_user(signing, source, &source->users[j], view);
        }
    }
    return signing;
}

void alias_signing_free(struct alias_signing *signing)
{
    for (size_t i = 0; signing != NULL && i < signing->count; i++) {
        free(signing->entries[i].addresses);
        free(signing->entries[i].records);
    }
    if (signing != NULL) {
        free(signing->entries);
    }
    free(signing);
}

bool alias_signing_sign(struct alias_signing *signing, size_t zone_index, struct zone *loaded,
                        struct error *err)
{
    for (size_t i = 0; i < signing->count; i++) {
        struct entry *entry = &signing->entries[i];
        if (entry->zone_index != zone_index) {
            continue;
        }
        entry->is_loaded = true;
        if (entry->count == 0) {
            continue;
        }
        entry->records = address_records_new(entry->user.set->record_set, entry->addresses,
                                             entry->count, loaded->signer, err);
        if (entry->records == NULL) {
            return error_add_context(err, "%s, member %s", entry->user.set->key,
                                     entry->user.member->config->id);
        }
        if (loaded->signer != NULL) {
            zone_has_signed(loaded);
        }
    }
    return true;
}

/* Nothing was resolved since the load began, or what was before. */
static bool is_as_it_was(const struct entry *entry)
{
    const struct alias *alias = &entry->source->alias;
    return entry->count == alias->count &&
           (entry->count == 0 ||
            memcmp(entry->addresses, alias->addresses, alias->count * alias->octets) == 0);
}

/* What is left of an entry is what to publish. */
static void renew(struct entry *entry, const struct zone_table *zones)
{
    struct error err;
    if (alias_source_renew(entry->source, &entry->user, zones, &err)) {
        free(entry->records);
        entry->records = STEAL(entry->user.member->new_records);
    } else {
        log_error("alias %s: answers keep the addresses of before: %s", entry->source->host,
                  err.text);
    }
}

void alias_signing_publish(struct alias_signing *signing, const struct zone_table *zones,
                           struct snapshot_builder *builder)
{
    for (size_t i = 0; i < signing->count; i++) {
        struct entry *entry = &signing->entries[i];
        const struct record_set_state *set = entry->user.set;
        if (entry->is_loaded && !is_as_it_was(entry)) {
            renew(entry, zones);
        }
        if (entry->records != NULL) {
            snapshot_builder_set_member_records(builder, set->record_set->id,
                                                (size_t)(entry->user.member - set->members),
                                                STEAL(entry->records));
        }
    }
}
