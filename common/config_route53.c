/* SPDX-License-Identifier: BSD-2-Clause */
/* `route53`: how Route 53 is kept in step, with which record sets, and what it has of members. */
#include "common/config_fill.h"

#include <string.h>
#include <strings.h>

#define SECOND_MS      ((int64_t)1000)
#define MINUTE_MS      (60 * SECOND_MS)
#define HOUR_MS        (60 * MINUTE_MS)
#define RATE_MAX       50
#define TTL_MAX        INT32_MAX
#define IDENTIFIER_MAX 128
#define ZONE_ID_MAX    32
#define DEFAULT_PREFIX "ballast-"

/* Those that may have several record sets of one name. */
static const char *const types[] = {"A",   "AAAA", "CAA", "CNAME", "DS",   "HTTPS", "MX",  "NAPTR",
                                    "PTR", "SPF",  "SRV", "SSHFP", "SVCB", "TLSA",  "TXT", NULL};

static const char *const foreign_names[] = {"refuse", "adopt", NULL};
static const char *const drift_names[] = {"report", "correct", NULL};

static bool fill_identifier(const struct place *place, const char *key, const char *text,
                            const char **value)
{
    if (text == NULL) {
        return true;
    }
    size_t len = strlen(text);
    if (len == 0 || len > IDENTIFIER_MAX) {
        return place_fail(place, key, "found %zu octets, expected 1 to %d", len, IDENTIFIER_MAX);
    }
    return fill_text(place, key, text, value);
}

static bool fill_foreign(const struct place *place, const char *text, bool *adopts)
{
    unsigned choice = *adopts ? 1 : 0;
    bool is_filled = fill_choice(place, "foreign", text, foreign_names, &choice);
    *adopts = choice == 1;
    return is_filled;
}

static bool fill_owned(const struct place *place, const struct raw_route53 *raw,
                       struct config_route53 *route53)
{
    if (raw->prefix != NULL && raw->identifiers != NULL) {
        return place_fail(place, "prefix", "found beside identifiers, expected one of the two");
    }
    if (raw->identifiers == NULL) {
        return fill_identifier(place, "prefix", raw->prefix, &route53->prefix);
    }
    route53->prefix = NULL;
    route53->identifier_count = raw->identifiers_count;
    return fill_texts(place, "identifiers", raw->identifiers, raw->identifiers_count,
                      &route53->identifiers);
}

bool fill_route53(const struct config_reader *reader, const struct raw_config *raw)
{
    struct place top = place_top(reader);
    struct place place = place_key(&top, "route53");
    struct config_route53 *route53 = &reader->config->route53;
    unsigned drift = 1;
    *route53 = (struct config_route53){.prefix = DEFAULT_PREFIX,
                                       .corrects_drift = true,
                                       .rate = 5,
                                       .interval_ms = 5 * MINUTE_MS,
                                       .poll_ms = 5 * SECOND_MS,
                                       .settle_ms = MINUTE_MS};
    if (raw->route53 == NULL) {
        return true;
    }
    route53->line = place_line(&place);
    if (!fill_owned(&place, raw->route53, route53) ||
        !fill_foreign(&place, raw->route53->foreign, &route53->adopts_foreign) ||
        !fill_choice(&place, "drift", raw->route53->drift, drift_names, &drift) ||
        !fill_number(&place, "rate", raw->route53->rate, (struct range){1, RATE_MAX},
                     &route53->rate) ||
        !fill_duration(&place, "interval", raw->route53->interval,
                       (struct range){SECOND_MS, 24 * HOUR_MS}, &route53->interval_ms) ||
        !fill_duration(&place, "poll", raw->route53->poll, (struct range){100, 10 * MINUTE_MS},
                       &route53->poll_ms) ||
        !fill_duration(&place, "settle", raw->route53->settle, (struct range){100, HOUR_MS},
                       &route53->settle_ms)) {
        return false;
    }
    route53->corrects_drift = drift == 1;
    return true;
}

bool config_route53_owns(const struct config_route53 *route53, const char *identifier)
{
    if (route53->prefix != NULL) {
        return strncmp(identifier, route53->prefix, strlen(route53->prefix)) == 0;
    }
    for (size_t i = 0; i < route53->identifier_count; i++) {
        if (strcmp(identifier, route53->identifiers[i]) == 0) {
            return true;
        }
    }
    return false;
}

static bool find_identifier(const struct place *place, const struct config_member *member,
                            struct config_route53_member *route53)
{
    const struct config_route53 *all = &place->reader->config->route53;
    if (route53->set_identifier == NULL) {
        size_t prefix_len = all->prefix == NULL ? 0 : strlen(all->prefix);
        size_t id_len = strlen(member->id);
        char *identifier = arena_alloc(place->reader->arena, prefix_len + id_len + 1);
        memcpy(identifier, all->prefix == NULL ? "" : all->prefix, prefix_len);
        memcpy(identifier + prefix_len, member->id, id_len + 1);
        route53->set_identifier = identifier;
    }
    if (strlen(route53->set_identifier) > IDENTIFIER_MAX) {
        return place_fail(place, "set_identifier", "found %s, expected at most %d octets",
                          route53->set_identifier, IDENTIFIER_MAX);
    }
    if (config_route53_owns(all, route53->set_identifier)) {
        return true;
    }
    return all->prefix != NULL
               ? place_fail(place, "set_identifier",
                            "found %s, expected one that begins with %s, as route53.prefix has it",
                            route53->set_identifier, all->prefix)
               : place_fail(place, "set_identifier",
                            "found %s, expected one of route53.identifiers",
                            route53->set_identifier);
}

static bool is_zone_id(const char *text)
{
    size_t len = strlen(text);
    return len > 0 && len <= ZONE_ID_MAX &&
           strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == len;
}

static bool fill_zone_id(const struct place *place, const char *key, const char *text,
                         const char **value)
{
    if (text != NULL && !is_zone_id(text)) {
        return place_fail(place, key,
                          "found \"%s\", expected the id of a hosted zone: capital letters and "
                          "digits, for example Z2FDTNDATAQYW2",
                          text);
    }
    return fill_text(place, key, text, value);
}

static bool fill_alias_target(const struct place *place, const struct raw_route53_member *raw,
                              const struct config_member *member,
                              struct config_route53_member *route53)
{
    route53->alias_name = member->alias;
    route53->evaluate_target_health = true;
    if (!fill_zone_id(place, "alias_zone_id", raw->alias_zone_id, &route53->alias_zone_id) ||
        !fill_text(place, "alias_name", raw->alias_name, &route53->alias_name) ||
        !fill_bool(place, "evaluate_target_health", raw->evaluate_target_health,
                   &route53->evaluate_target_health)) {
        return false;
    }
    if (route53->alias_zone_id == NULL && member->alias != NULL) {
        return place_fail(place, NULL,
                          "the key alias_zone_id is missing, expected the hosted zone of %s, since "
                          "the member is an alias",
                          member->alias);
    }
    const char *alone = route53->alias_zone_id != NULL        ? NULL
                        : raw->alias_name != NULL             ? "alias_name"
                        : raw->evaluate_target_health != NULL ? "evaluate_target_health"
                                                              : NULL;
    if (alone != NULL) {
        return place_fail(place, alone, "found without alias_zone_id, expected only beside it");
    }
    return route53->alias_zone_id == NULL || route53->alias_name != NULL ||
           place_fail(place, NULL,
                      "the key alias_name is missing, expected the name of the alias target");
}

static bool fill_one(const struct place *place, const struct raw_member *raw,
                     struct config_member *member)
{
    static const struct raw_route53_member nothing;
    const struct raw_route53_member *keys = raw->route53 == NULL ? &nothing : raw->route53;
    struct place at = raw->route53 == NULL ? *place : place_key(place, "route53");
    struct config_route53_member *route53 = arena_alloc(place->reader->arena, sizeof(*route53));
    route53->line = place_line(&at);
    member->route53 = route53;
    return fill_identifier(&at, "set_identifier", keys->set_identifier, &route53->set_identifier) &&
           fill_identifier(&at, "health_check_id", keys->health_check_id,
                           &route53->health_check_id) &&
           fill_alias_target(&at, keys, member, route53) && find_identifier(&at, member, route53);
}

static bool fill_route53_members(const struct place *place, const struct raw_record_set *raw,
                                 struct config_record_set *set)
{
    for (size_t i = 0; i < set->member_count; i++) {
        struct place at = place_item(place, "members", i);
        if (set->route53 == NULL && raw->members[i].route53 != NULL) {
            return place_fail(&at, "route53",
                              "found in a record set without route53, expected only beside it");
        }
        if (set->route53 != NULL && !fill_one(&at, &raw->members[i], &set->members[i])) {
            return false;
        }
        for (size_t k = 0; set->route53 != NULL && k < i; k++) {
            const char *identifier = set->members[i].route53->set_identifier;
            if (strcmp(identifier, set->members[k].route53->set_identifier) == 0) {
                return place_fail(&at, "route53.set_identifier",
                                  "found %s a second time, expected each once in the record set "
                                  "(first in line %u)",
                                  identifier, set->members[k].route53->line);
            }
        }
    }
    return true;
}

bool fill_route53_set(const struct place *place, const struct raw_record_set *raw,
                      struct config_record_set *set)
{
    if (raw->route53 == NULL) {
        return fill_route53_members(place, raw, set);
    }
    struct place at = place_key(place, "route53");
    struct config_route53_set *route53 = arena_alloc(place->reader->arena, sizeof(*route53));
    unsigned ttl_s = set->ttl_s;
    size_t type = 0;
    route53->line = place_line(&at);
    route53->adopts_foreign = place->reader->config->route53.adopts_foreign;
    set->route53 = route53;
    while (types[type] != NULL && strcasecmp(types[type], set->type) != 0) {
        type++;
    }
    if (types[type] == NULL) {
        return place_fail(&at, NULL, "the record set is of type %s, which Route 53 does not weigh",
                          set->type);
    }
    if (!fill_zone_id(&at, "zone_id", raw->route53->zone_id, &route53->zone_id) ||
        !fill_number(&at, "ttl", raw->route53->ttl, (struct range){0, TTL_MAX}, &ttl_s) ||
        !fill_foreign(&at, raw->route53->foreign, &route53->adopts_foreign)) {
        return false;
    }
    route53->ttl_s = ttl_s;
    return fill_route53_members(place, raw, set) &&
           fill_route53_checks(place, raw->route53->health_checks, set, &route53->mirrors_checks);
}
