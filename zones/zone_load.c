/* SPDX-License-Identifier: BSD-2-Clause */
/* Zones made: from their master files, or from what is served of them. */
#include "zones/zonefile.h"

#include <assert.h>
#include <string.h>

#include "common/alloc.h"
#include "zones/encoded_reader.h"
#include "zones/record_type.h"
#include "zones/zonefile_read.h"

/* What a zone is made for. */
struct zone_wanted {
    const struct config *config;
    size_t zone_index;
    const struct record_sets *sets;
    const struct signing_time *time;
};

/* The configuration's zone that a name belongs to, by the longest origin, or zone_count. */
static size_t find_zone(const struct config *config, const struct name *name)
{
    size_t found = config->zone_count;
    unsigned labels = 0;
    for (size_t i = 0; i < config->zone_count; i++) {
        struct name origin;
        if (name_parse(&origin, config->zones[i].name, NULL) && name_is_within(name, &origin) &&
            (found == config->zone_count || origin.label_count > labels)) {
            found = i;
            labels = origin.label_count;
        }
    }
    return found;
}

/* "file:line" of the configuration, or the name of a zone that is not from there (line 0). */
static bool add_place(struct error *err, const struct config *config,
                      const struct config_zone *zone, unsigned line)
{
    if (line == 0) {
        return error_add_context(err, "zone %s", zone->name);
    }
    return error_add_context(err, "%s:%u", config->path, line);
}

static bool parse_origin(const struct config *config, size_t zone_index, struct name *origin,
                         struct error *err)
{
    const struct config_zone *zone = &config->zones[zone_index];
    if (!name_parse(origin, zone->name, err)) {
        return add_place(err, config, zone, zone->line);
    }
    return true;
}

static bool add_record_sets(struct zone_draft *draft, const struct config *config,
                            size_t zone_index, const struct name *origin,
                            const struct record_sets *sets, struct error *err)
{
    for (size_t i = 0; i < sets->count; i++) {
        const struct record_set *set = sets->sets[i];
        if (!name_is_within(&set->name, origin) || find_zone(config, &set->name) != zone_index) {
            continue;
        }
        struct draft_place place = {config->path, config->record_sets[set->id].line};
        if (!zone_draft_add_record_set(draft, set, place, err)) {
            return false;
        }
    }
    return true;
}

/* NULL where the configuration has no keys for the zone. False: they cannot be used. */
static bool make_signer(const struct config *config, size_t zone_index, const struct name *origin,
                        const struct signing_time *time, struct signer **signer, struct error *err)
{
    const struct config_zone *zone = &config->zones[zone_index];
    const struct config_dnssec *dnssec = zone->dnssec;
    if (dnssec == NULL) {
        return true;
    }
    assert(time != NULL);
    if (time->is_trial && !signer_has_keys(dnssec, origin)) {
        return true;
    }
    *signer = signer_new(dnssec, origin, time, err);
    return *signer != NULL || add_place(err, config, zone, zone->line == 0 ? 0 : dnssec->line);
}

/* ---- a zone that is served, as the source of the next one ---- */

/* What signing makes; CDS and CDNSKEY only where the file had none. */
static bool is_made_here(const struct zone *zone, uint16_t type)
{
    return type == TYPE_RRSIG || type == TYPE_NSEC || type == TYPE_NSEC3 ||
           type == TYPE_NSEC3PARAM || type == TYPE_DNSKEY ||
           ((type == TYPE_CDS || type == TYPE_CDNSKEY) && !zone->has_own_sync);
}

static bool add_encoded(struct zone_draft *draft, struct encoded_reader *reader,
                        const struct encoded *encoded, const struct node *node,
                        struct draft_place place, struct error *err)
{
    encoded_reader_open(reader, encoded, node->name, node->name_len);
    while (encoded_reader_next(reader)) {
        struct draft_input input = {.type = reader->type,
                                    .rdata_len = reader->rdata_len,
                                    .ttl_s = reader->ttl_s,
                                    .rdata = reader->rdata,
                                    .place = place};
        struct name_key key; /* a name in RDATA that the owner points to has its letter case */
        size_t owner_len = name_key_parse(&key, reader->owner, reader->owner_len);
        input.owner.len = (uint8_t)owner_len;
        input.owner.label_count = key.label_count;
        memcpy(input.owner.octets, key.lower, owner_len);
        if (!zone_draft_add(draft, &input, err)) {
            return false;
        }
    }
    return true;
}

static bool add_node(struct zone_draft *draft, struct encoded_reader *reader,
                     const struct zone *zone, const struct node *node, struct draft_place place,
                     struct error *err)
{
    if (node->is_delegation && !add_encoded(draft, reader, &node->referral[0], node, place, err)) {
        return false;
    }
    for (unsigned i = 0; i < node->rrset_count; i++) {
        const struct rrset *rrset = &node->rrsets[i];
        if (rrset->record_set == RRSET_STATIC && !is_made_here(zone, rrset->type) &&
            !add_encoded(draft, reader, &rrset->answer, node, place, err)) {
            return false;
        }
    }
    return true;
}

static bool read_served(struct zone_draft *draft, const struct zone *zone, struct draft_place place,
                        struct error *err)
{
    CLEANUP(alloc_freep) struct encoded_reader *reader = alloc_zeroed(1, sizeof(*reader));
    for (size_t i = 0; i < zone->node_count; i++) {
        if (!add_node(draft, reader, zone, &zone->nodes[i], place, err)) {
            return false;
        }
    }
    return true;
}

/* ---- zones ---- */

static struct zone *make_zone(struct zone_draft *draft, const struct zone_wanted *wanted,
                              const struct name *origin, struct draft_place end, struct error *err)
{
    CLEANUP(signer_freep) struct signer *signer = NULL;
    if (!make_signer(wanted->config, wanted->zone_index, origin, wanted->time, &signer, err)) {
        return NULL;
    }
    struct zone *zone = zone_draft_finish(draft, end, signer, err);
    if (zone != NULL && signer != NULL) {
        zone->signer = STEAL(signer);
        zone_has_signed(zone);
    }
    return zone;
}

struct zone *zonefile_load(const struct config *config, size_t zone_index,
                           const struct record_sets *sets, const struct signing_time *time,
                           struct error *err)
{
    struct name origin;
    struct draft_place end;
    const struct zone_wanted wanted = {config, zone_index, sets, time};
    if (!parse_origin(config, zone_index, &origin, err)) {
        return NULL;
    }
    CLEANUP(zone_draft_freep) struct zone_draft *draft = zone_draft_new(&origin);
    return add_record_sets(draft, config, zone_index, &origin, sets, err) &&
                   zonefile_read(draft, config->zones[zone_index].file, &origin, plain_entry_read,
                                 &end, err)
               ? make_zone(draft, &wanted, &origin, end, err)
               : NULL;
}

struct zone *zonefile_sign_again(const struct zone *served, const struct config *config,
                                 size_t zone_index, const struct record_sets *sets,
                                 const struct signing_time *time, struct error *err)
{
    const struct zone_wanted wanted = {config, zone_index, sets, time};
    const struct draft_place place = {served->file, 0};
    CLEANUP(zone_draft_freep) struct zone_draft *draft = zone_draft_new(&served->origin);
    if (!add_record_sets(draft, config, zone_index, &served->origin, sets, err) ||
        !read_served(draft, served, place, err)) {
        return NULL;
    }
    struct zone *zone = make_zone(draft, &wanted, &served->origin, place, err);
    if (zone != NULL) {
        zone->content = served->content; /* occluded records count, and are not there any more */
        zone->record_count = served->record_count;
    }
    return zone;
}

static bool is_same_name(const struct name *left, const struct name *right)
{
    return left->len == right->len && memcmp(left->octets, right->octets, left->len) == 0;
}

static bool lies_in_one(const struct name *name, const struct name *origins, size_t count)
{
    size_t i = 0;
    while (i < count && !name_is_within(name, &origins[i])) {
        i++;
    }
    return i < count;
}

bool zonefile_check_names(const struct config *config, const struct record_sets *sets,
                          struct error *err)
{
    CLEANUP(alloc_freep)
    struct name *origins = alloc_zeroed(config->zone_count, sizeof(*origins));
    for (size_t i = 0; i < config->zone_count; i++) {
        if (!parse_origin(config, i, &origins[i], err)) {
            return false;
        }
        for (size_t j = 0; j < i; j++) {
            if (is_same_name(&origins[i], &origins[j])) {
                return error_set(err, "%s:%u: zone %s is there twice (first in line %u)",
                                 config->path, config->zones[i].line, config->zones[i].name,
                                 config->zones[j].line);
            }
        }
    }
    /* Where nobody is answered, there need not be a zone for them. */
    for (size_t i = 0; !config->server.answers_nobody && i < sets->count; i++) {
        const struct record_set *set = sets->sets[i];
        if (!lies_in_one(&set->name, origins, config->zone_count)) {
            const struct config_record_set *from = &config->record_sets[set->id];
            return error_set(err,
                             "%s:%u: record set %s/%s is in none of the zones, expected a "
                             "name within one",
                             config->path, from->line, from->name, from->type);
        }
    }
    return true;
}
