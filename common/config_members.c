/* SPDX-License-Identifier: BSD-2-Clause */
/* The sections health_checks and record_sets. */
#include "common/config_fill.h"

#include <stdio.h>
#include <string.h>

#include "common/duration.h"

#define HOUR_MS       ((int64_t)3600 * 1000)
#define TTL_MAX       INT32_MAX /* RFC 2181, section 8 */
#define INTERVAL_MIN  100
#define TIMEOUT_MS    5000
#define INTERVAL_MS   10000
#define THRESHOLD_MAX 10
/* RFC 1035 section 2.3.4, without the length octets at both ends. */
#define HOST_MAX    253
#define HOST_OCTETS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_."

static const char *const type_names[] = {
    [CHECK_HTTP] = "http", [CHECK_HTTPS] = "https", [CHECK_TCP] = "tcp", NULL};

static const char *const choice_names[] = {
    [CHOICE_EXACT] = "exact", [CHOICE_RANDOM] = "random", [CHOICE_STICKY] = "sticky", NULL};

const char *config_choice_name(enum config_choice choice)
{
    return choice_names[choice];
}

/* "200-299" or "200"; three digits each. */
static bool fill_expect(const struct place *place, const char *text,
                        struct config_health_check *check)
{
    unsigned low = 0;
    unsigned high = 0;
    int used = 0;
    if (text == NULL) {
        return true;
    }
    bool ok = strspn(text, "0123456789-") == strlen(text) && strlen(text) <= 7 &&
              sscanf(text, "%3u%n", &low, &used) == 1;
    high = low;
    if (ok && text[used] == '-') {
        const char *second = text + used + 1;
        ok = sscanf(second, "%3u%n", &high, &used) == 1 && second[used] == '\0';
    } else {
        ok = ok && text[used] == '\0';
    }
    if (!ok || low < 100 || high > 599 || low > high) {
        return place_fail(place, "expect",
                          "found \"%s\", expected an HTTP status from 100 to 599 or a range such "
                          "as \"200-299\"",
                          text);
    }
    check->status_low = low;
    check->status_high = high;
    return true;
}

/* A key that says nothing for the type of the check is a mistake worth telling. */
static bool check_types(const struct place *place, const struct raw_health_check *raw,
                        enum config_check_type type)
{
    const struct {
        const char *key;
        const char *text;
        bool for_https_only;
    } keys[] = {
        {"verify", raw->verify, true}, {"ca_file", raw->ca_file, true},
        {"path", raw->path, false},    {"host", raw->host, false},
        {"body", raw->body, false},    {"expect", raw->expect, false},
    };
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        bool allowed = type == CHECK_HTTPS || (type == CHECK_HTTP && !keys[i].for_https_only);
        if (keys[i].text != NULL && !allowed) {
            return place_fail(place, keys[i].key,
                              "found in a check of type %s, expected only with type %s",
                              type_names[type], keys[i].for_https_only ? "https" : "http or https");
        }
    }
    if (type == CHECK_TCP && raw->port == NULL) {
        return place_fail(place, NULL,
                          "the key port is missing, expected a port from 1 to 65535 with type tcp");
    }
    return true;
}

static bool fill_request(const struct place *place, const struct raw_health_check *raw,
                         struct config_health_check *check)
{
    check->path = "/";
    check->verify = true;
    check->status_low = 200;
    check->status_high = 299;
    if (!fill_text(place, "path", raw->path, &check->path) ||
        !fill_text(place, "host", raw->host, &check->host) ||
        !fill_text(place, "body", raw->body, &check->body) ||
        !fill_path(place, "ca_file", raw->ca_file, &check->ca_file) ||
        !fill_bool(place, "verify", raw->verify, &check->verify) ||
        !fill_expect(place, raw->expect, check)) {
        return false;
    }
    if (check->path[0] != '/' || strchr(check->path, ' ') != NULL) {
        return place_fail(place, "path",
                          "found \"%s\", expected a path that starts with / and has no spaces",
                          check->path);
    }
    if (check->host != NULL && strpbrk(check->host, " /") != NULL) {
        return place_fail(place, "host", "found \"%s\", expected a host name", check->host);
    }
    return true;
}

static bool fill_thresholds(const struct place *place, const struct raw_health_check *raw,
                            struct config_health_check *check)
{
    struct range threshold = {1, THRESHOLD_MAX};
    check->rise = 2;
    check->fall = 2;
    check->interval_ms = INTERVAL_MS;
    if (!fill_number(place, "rise", raw->rise, threshold, &check->rise) ||
        !fill_number(place, "fall", raw->fall, threshold, &check->fall) ||
        !fill_duration(place, "interval", raw->interval, (struct range){INTERVAL_MIN, HOUR_MS},
                       &check->interval_ms)) {
        return false;
    }
    check->timeout_ms = check->interval_ms < TIMEOUT_MS ? check->interval_ms : TIMEOUT_MS;
    if (!fill_duration(place, "timeout", raw->timeout, (struct range){1, HOUR_MS},
                       &check->timeout_ms)) {
        return false;
    }
    if (check->timeout_ms > check->interval_ms) {
        char interval[DURATION_TEXT_SIZE];
        duration_print(check->interval_ms, interval);
        return place_fail(place, "timeout", "found %s, expected at most the interval (%s)",
                          raw->timeout, interval);
    }
    return true;
}

static bool fill_health_check(const struct place *place, const struct raw_health_check *raw,
                              struct config_health_check *check)
{
    static const uint16_t default_ports[] = {[CHECK_HTTP] = 80, [CHECK_HTTPS] = 443};
    unsigned type = CHECK_HTTP;
    check->line = place_line(place);
    if (!fill_name(place, "name", raw->name, &check->name) ||
        !fill_choice(place, "type", raw->type, type_names, &type) ||
        !check_types(place, raw, (enum config_check_type)type)) {
        return false;
    }
    check->type = (enum config_check_type)type;
    unsigned port = type < ARRAY_LEN(default_ports) ? default_ports[type] : 0;
    bool ok = fill_number(place, "port", raw->port, (struct range){1, UINT16_MAX}, &port);
    check->port = (uint16_t)port;
    return ok && fill_request(place, raw, check) && fill_thresholds(place, raw, check);
}

bool fill_health_checks(const struct config_reader *reader, const struct raw_config *raw)
{
    struct config *config = reader->config;
    struct place top = place_top(reader);
    size_t count = raw->health_checks_count;
    config->health_checks = arena_alloc(reader->arena, count * sizeof(*config->health_checks));
    config->health_check_count = count;
    for (size_t i = 0; i < count; i++) {
        struct config_health_check *check = &config->health_checks[i];
        struct place place = place_item(&top, "health_checks", i);
        if (!fill_health_check(&place, &raw->health_checks[i], check)) {
            return false;
        }
        for (size_t j = 0; j < i; j++) {
            if (strcmp(check->name, config->health_checks[j].name) == 0) {
                return place_fail(&place, "name",
                                  "found health check %s a second time, expected each name once "
                                  "(first in line %u)",
                                  check->name, config->health_checks[j].line);
            }
        }
    }
    return true;
}

static bool find_health_check(const struct place *place, const char *name,
                              const struct config_health_check **found)
{
    const struct config *config = place->reader->config;
    char list[512] = "";
    if (name == NULL) {
        return true;
    }
    for (size_t i = 0; i < config->health_check_count; i++) {
        if (strcmp(config->health_checks[i].name, name) == 0) {
            *found = &config->health_checks[i];
            return true;
        }
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
    return fill_members(place, raw, set) && fill_traffic(place, raw, set);
}

bool fill_record_sets(const struct config_reader *reader, const struct raw_config *raw)
{
    struct config *config = reader->config;
    struct place top = place_top(reader);
    size_t count = raw->record_sets_count;
    config->record_sets = arena_alloc(reader->arena, count * sizeof(*config->record_sets));
    for (size_t i = 0; i < count; i++) {
        struct config_record_set *set = &config->record_sets[i];
        struct place place = place_item(&top, "record_sets", i);
        if (!fill_record_set(&place, &raw->record_sets[i], set)) {
            return false;
        }
        size_t first = config_find_record_set(config, set->name, set->type);
        if (first != SIZE_MAX) {
            return place_fail(&place, "name",
                              "found record set %s/%s a second time, expected each name and type "
                              "once (first in line %u)",
                              set->name, set->type, config->record_sets[first].line);
        }
        config->record_set_count = i + 1;
    }
    return true;
}
