/* SPDX-License-Identifier: BSD-2-Clause */
/* `health_checks: mirror` of a record set's `route53`: whether Route 53 can have the checks. */
#include "common/config_fill.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

#include "common/attributes.h"

#define TEXT_MAX     255 /* of a path, a host and a text to be found */
#define CHILDREN_MAX 256 /* of a calculated check */
#define STATUS_MIN   200 /* what Route 53 takes for healthy */
#define STATUS_MAX   399

static const char *const mirror_names[] = {"none", "mirror", NULL};

/* Where Route 53's checkers do not go: RFC 5735 and 6598, RFC 5156. Addresses of documentation are
 * left out, as in AWS's examples. */
static const char *const unreachable[] = {
    "0.0.0.0/8",     "10.0.0.0/8",   "100.64.0.0/10",  "127.0.0.0/8",   "169.254.0.0/16",
    "172.16.0.0/12", "192.0.0.0/24", "192.168.0.0/16", "198.18.0.0/15", "224.0.0.0/4",
    "240.0.0.0/4",   "::/96",        "::ffff:0:0/96",  "2001:10::/28",  "fc00::/7",
    "fe80::/10",     "fec0::/10",    "ff00::/8",
};

bool config_route53_mirrors(const struct config_member *member)
{
    return member->health_check != NULL && member->value_count > 0 &&
           member->route53->alias_zone_id == NULL && member->route53->health_check_id == NULL;
}

/* The prefix in which an address lies that no checker of Route 53's reaches; NULL: none. */
static const char *find_unreachable(const struct address *address)
{
    for (size_t i = 0; i < ARRAY_LEN(unreachable); i++) {
        struct prefix prefix;
        struct error err;
        if (prefix_parse(&prefix, unreachable[i], &err) &&
            prefix_contains(&prefix, &address->any)) {
            return unreachable[i];
        }
    }
    return NULL;
}

static bool check_value(const struct place *place, size_t index, const char *type,
                        const char *value)
{
    struct place at = place_item(place, "values", index);
    struct address address;
    struct error why;
    int family = strcasecmp(type, "A") == 0 ? AF_INET : AF_INET6;
    uint8_t octets[sizeof(struct in6_addr)];
    if (inet_pton(family, value, octets) != 1 || !address_parse(&address, value, 1, &why)) {
        return place_fail(&at, NULL,
                          "found \"%s\", expected an IPv%d address, which Route 53 can "
                          "check",
                          value, family == AF_INET ? 4 : 6);
    }
    const char *prefix = find_unreachable(&address);
    return prefix == NULL ||
           place_fail(&at, NULL,
                      "found %s, which lies in %s, where Route 53's health checkers do not go, "
                      "expected an address that is reachable from the Internet",
                      value, prefix);
}

/* What a check has that Route 53 has not. */
static bool check_form(const struct place *place, const struct config_health_check *check)
{
    if (check->type == CHECK_ELBV2) {
        return place_fail(place, "health_check",
                          "found %s, of type elbv2, expected one of http, https or tcp, since "
                          "Route 53 has no other (or the route53.health_check_id of one that it "
                          "has)",
                          check->name);
    }
    if (check->type == CHECK_TCP) {
        return true;
    }
    if (check->status_low < STATUS_MIN || check->status_high > STATUS_MAX) {
        return place_fail(place, "health_check",
                          "found %s, which expects %u-%u, expected a status of %d to %d, since "
                          "those are healthy to Route 53",
                          check->name, check->status_low, check->status_high, STATUS_MIN,
                          STATUS_MAX);
    }
    const struct {
        const char *key, *text;
    } texts[] = {{"path", check->path}, {"host", check->host}, {"body", check->body}};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        size_t len = texts[i].text == NULL ? 0 : strlen(texts[i].text);
        if (len > TEXT_MAX) {
            return place_fail(place, "health_check",
                              "found %s, whose %s has %zu octets, expected at most %d, as Route 53 "
                              "has it",
                              check->name, texts[i].key, len, TEXT_MAX);
        }
    }
    return true;
}

static bool check_member(const struct place *place, const char *type,
                         const struct config_member *member)
{
    if (!check_form(place, member->health_check)) {
        return false;
    }
    if (member->value_count > CHILDREN_MAX) {
        return place_fail(place, "values",
                          "found %zu, expected at most %d, as many as Route 53 checks together",
                          member->value_count, CHILDREN_MAX);
    }
    for (size_t i = 0; i < member->value_count; i++) {
        if (!check_value(place, i, type, member->values[i])) {
            return false;
        }
    }
    return true;
}

bool fill_route53_checks(const struct place *place, const char *text,
                         const struct config_record_set *set, bool *mirrors)
{
    struct place at = place_key(place, "route53");
    unsigned choice = 0;
    if (!fill_choice(&at, "health_checks", text, mirror_names, &choice)) {
        return false;
    }
    *mirrors = choice == 1;
    if (!*mirrors) {
        return true;
    }
    if (strcasecmp(set->type, "A") != 0 && strcasecmp(set->type, "AAAA") != 0) {
        return place_fail(&at, "health_checks",
                          "found mirror in a record set of type %s, expected type A or AAAA, whose "
                          "values are addresses",
                          set->type);
    }
    for (size_t i = 0; i < set->member_count; i++) {
        struct place member = place_item(place, "members", i);
        if (config_route53_mirrors(&set->members[i]) &&
            !check_member(&member, set->type, &set->members[i])) {
            return false;
        }
    }
    return true;
}
