/* SPDX-License-Identifier: BSD-2-Clause */
/* The section record_sets. */
#include "common/config_fill.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define TTL_MAX INT32_MAX /* RFC 2181, section 8 */
/* RFC 1035 section 2.3.4, without the length octets at both ends. */
#define HOST_MAX    253
#define HOST_OCTETS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_."

static const char *const choice_names[] = {
    [CHOICE_EXACT] = "exact", [CHOICE_RANDOM] = "random", [CHOICE_STICKY] = "sticky", NULL};

const char *config_choice_name(enum config_choice choice)
{
    return choice_names[choice];
}

static bool find_health_check(const struct place *place, const char *name,
                              const struct config_health_check **found)
{
    const struct config *config = place->reader->config;
    char list[512] = "";
    if (name == NULL) {
        return true;
    }
    *found = config_find_health_check(config, name);
    if (*found != NULL) {
        return true;
    }
    for (size_t i = 0; i < config->health_check_count; i++) {
        size_t used = strlen(list);
        snprintf(list + used, sizeof(list) - used, "%s%s", i == 0 ? "" : ", ",
                 config->health_checks[i].name);
    }
    return place_fail(place, "health_check",
                      "found \"%s\", expected the name of a health check (there are: %s)", name,
                      list[0] == '\0' ? "none" : list);
}

/* The name of a host, as a resolver can be asked for it. */
static bool fill_alias(const struct place *place, const char *text, const char **alias)
{
    struct address address;
    struct error why;
    size_t len = strlen(text);
    if (address_parse(&address, text, 1, &why)) {
        return place_fail(place, "alias",
                          "found the address %s, expected the name of a host (addresses are "
                          "values)",
                          text);
    }
    if (len > HOST_MAX || strspn(text, HOST_OCTETS) != len || strspn(text, ".") == len) {
        return place_fail(place, "alias",
                          "found \"%s\", expected the name of a host: letters, digits, '-', '_' "
                          "and '.', at most %d",
                          text, HOST_MAX);
    }
    return fill_text(place, "alias", text, alias);
}

static bool fill_values(const struct place *place, const struct raw_member *raw,
                        struct config_member *member)
{
    if (raw->alias != NULL && raw->values != NULL) {
        return place_fail(place, "alias", "found beside values, expected one of the two");
    }
    if (raw->alias != NULL) {
        return fill_alias(place, raw->alias, &member->alias);
    }
    if (raw->values == NULL) {
        return place_fail(place, NULL,
                          "the key values is missing, expected a list of the member's addresses "
                          "(or an alias, the host that has them)");
    }
    member->value_count = raw->values_count;
    return fill_texts(place, "values", raw->values, raw->values_count, &member->values);
}

static bool fill_member(const struct place *place, const struct raw_member *raw,
                        struct config_member *member)
{
    unsigned weight = 0;
    member->line = place_line(place);
    if (!fill_name(place, "id", raw->id, &member->id) ||
        !fill_number(place, "weight", raw->weight, (struct range){0, UINT8_MAX}, &weight) ||
        !fill_values(place, raw, member) ||
        !find_health_check(place, raw->health_check, &member->health_check) ||
        !fill_text(place, "ecs_service", raw->ecs_service, &member->ecs_service) ||
        !fill_text(place, "ecs_container", raw->ecs_container, &member->ecs_container)) {
        return false;
    }
    member->weight = (uint8_t)weight;
    return true;
}

static bool fill_members(const struct place *place, const struct raw_record_set *raw,
                         struct config_record_set *set)
{
    set->member_count = raw->members_count;
    set->members = arena_alloc(place->reader->arena, set->member_count * sizeof(*set->members));
    for (size_t i = 0; i < set->member_count; i++) {
        struct place at = place_item(place, "members", i);
        if (!fill_member(&at, &raw->members[i], &set->members[i])) {
            return false;
        }
        for (size_t j = 0; j < i; j++) {
            if (strcmp(set->members[i].id, set->members[j].id) == 0) {
                return place_fail(&at, "id",
                                  "found member %s a second time, expected each id once in the "
                                  "record set (first in line %u)",
                                  set->members[i].id, set->members[j].line);
            }
        }
    }
    return true;
}

static bool fill_record_set(const struct place *place, const struct raw_record_set *raw,
                            struct config_record_set *set)
{
    unsigned choice = CHOICE_EXACT;
    unsigned ttl_s = 60;
    set->line = place_line(place);
    if (!fill_text(place, "name", raw->name, &set->name) ||
        !fill_text(place, "type", raw->type, &set->type) ||
        !fill_number(place, "ttl", raw->ttl, (struct range){0, TTL_MAX}, &ttl_s) ||
        !fill_choice(place, "choice", raw->choice, choice_names, &choice)) {
        return false;
    }
    set->ttl_s = ttl_s;
    set->choice = (enum config_choice)choice;
    return fill_members(place, raw, set) && fill_traffic(place, raw, set) &&
           fill_route53_set(place, raw, set);
}

static int compare_sets(const void *one, const void *other)
{
    const struct config_record_set *a = one, *b = other;
    int by_type = strcasecmp(a->type, b->type);
    return by_type != 0 ? by_type : compare_names(a->name, b->name);
}

bool fill_record_sets(const struct config_reader *reader, const struct raw_config *raw)
{
    struct config *config = reader->config;
    struct place top = place_top(reader);
    size_t count = raw->record_sets_count;
    config->record_sets = arena_alloc(reader->arena, count * sizeof(*config->record_sets));
    config->by_name.record_sets.compare = compare_sets;
    for (size_t i = 0; i < count; i++) {
        struct config_record_set *set = &config->record_sets[i];
        struct place place = place_item(&top, "record_sets", i);
        if (!fill_record_set(&place, &raw->record_sets[i], set)) {
            return false;
        }
        const struct config_record_set *first = search_tree_add(&config->by_name.record_sets, set);
        if (first != set) {
            return place_fail(&place, "name",
                              "found record set %s/%s a second time, expected each name and type "
                              "once (first in line %u)",
                              set->name, set->type, first->line);
        }
        config->record_set_count = i + 1;
    }
    return true;
}
