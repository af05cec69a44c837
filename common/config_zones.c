/* SPDX-License-Identifier: BSD-2-Clause */
/* The section zones. */
#include "common/config_fill.h"

#include <string.h>

#define DAY_MS  ((int64_t)86400 * 1000)
#define HOUR_MS ((int64_t)3600 * 1000)

/* A duration, or "never", which is 0. */
static bool fill_lifetime(const struct place *place, const char *key, const char *text,
                          int64_t *lifetime_ms)
{
    if (text != NULL && strcmp(text, "never") == 0) {
        return true;
    }
    return fill_duration(place, key, text, (struct range){HOUR_MS, 3650 * DAY_MS}, lifetime_ms);
}

static bool fill_keys(const struct place *place, const struct raw_dnssec *raw,
                      struct config_dnssec *dnssec)
{
    static const char *const first_keys[] = {"csk", "ksk+zsk", "none", NULL};
    static const char *const algorithms[] = {"ECDSAP256SHA256", "ED25519", "RSASHA256", NULL};
    static const uint8_t numbers[] = {13, 15, 8};
    const struct range wait = {0, 30 * DAY_MS};
    unsigned first = CONFIG_FIRST_CSK;
    unsigned algorithm = 0;
    dnssec->parent_ds_ttl_ms = DAY_MS;
    dnssec->propagation_ms = HOUR_MS;
    if (!fill_choice(place, "first_keys", raw->first_keys, first_keys, &first) ||
        !fill_choice(place, "algorithm", raw->algorithm, algorithms, &algorithm)) {
        return false;
    }
    dnssec->first_keys = (enum config_first_keys)first;
    dnssec->algorithm = numbers[algorithm];
    return fill_lifetime(place, "zsk_lifetime", raw->zsk_lifetime, &dnssec->zsk_lifetime_ms) &&
           fill_lifetime(place, "ksk_lifetime", raw->ksk_lifetime, &dnssec->ksk_lifetime_ms) &&
           fill_duration(place, "parent_ds_ttl", raw->parent_ds_ttl, wait,
                         &dnssec->parent_ds_ttl_ms) &&
           fill_duration(place, "propagation", raw->propagation, wait, &dnssec->propagation_ms);
}

static bool fill_dnssec(const struct place *place, const struct raw_dnssec *raw,
                        struct config_zone *zone)
{
    static const char *const denials[] = {"nsec", "nsec3", NULL};
    if (raw == NULL) {
        return true;
    }
    struct place at = place_key(place, "dnssec");
    struct config_dnssec *dnssec = arena_alloc(place->reader->arena, sizeof(*dnssec));
    unsigned denial = CONFIG_DENIAL_NSEC;
    dnssec->line = place_line(&at);
    dnssec->signature_lifetime_ms = 14 * DAY_MS;
    if (!fill_path(&at, "keys", raw->keys, &dnssec->keys) ||
        !fill_choice(&at, "denial", raw->denial, denials, &denial) ||
        !fill_duration(&at, "signature_lifetime", raw->signature_lifetime,
                       (struct range){HOUR_MS, 365 * DAY_MS}, &dnssec->signature_lifetime_ms)) {
        return false;
    }
    int64_t refresh_max_ms = dnssec->signature_lifetime_ms / 4 * 3;
    dnssec->denial = (enum config_denial)denial;
    dnssec->refresh_ms = refresh_max_ms < 5 * DAY_MS ? refresh_max_ms : 5 * DAY_MS;
    zone->dnssec = dnssec;
    return fill_duration(&at, "refresh", raw->refresh, (struct range){1000, refresh_max_ms},
                         &dnssec->refresh_ms) &&
           fill_keys(&at, raw, dnssec);
}

static int compare_zones(const void *one, const void *other)
{
    const struct config_zone *a = one, *b = other;
    return compare_names(a->name, b->name);
}

static bool fill_all_zones(const struct config_reader *reader, const struct raw_config *raw,
                           struct search_tree *by_name)
{
    struct config *config = reader->config;
    struct place top = place_top(reader);
    if (raw->zones_count == 0 && !config->server.answers_nobody) {
        return place_fail(&top, NULL, "the key zones is missing, expected a list");
    }
    config->zones = arena_alloc(reader->arena, raw->zones_count * sizeof(*config->zones));
    config->zone_count = raw->zones_count;
    for (size_t i = 0; i < config->zone_count; i++) {
        struct config_zone *zone = &config->zones[i];
        struct place place = place_item(&top, "zones", i);
        zone->line = place_line(&place);
        if (!fill_text(&place, "name", raw->zones[i].name, &zone->name) ||
            !fill_path(&place, "file", raw->zones[i].file, &zone->file) ||
            !fill_dnssec(&place, raw->zones[i].dnssec, zone)) {
            return false;
        }
        const struct config_zone *first = search_tree_add(by_name, zone);
        if (first != zone) {
            return place_fail(&place, "name",
                              "found zone %s a second time, expected it once (first in line %u)",
                              zone->name, first->line);
        }
    }
    return true;
}

bool fill_zones(const struct config_reader *reader, const struct raw_config *raw)
{
    struct search_tree by_name = {.compare = compare_zones};
    bool ok = fill_all_zones(reader, raw, &by_name);
    search_tree_free(&by_name);
    return ok;
}
