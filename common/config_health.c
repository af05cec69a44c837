/* SPDX-License-Identifier: BSD-2-Clause */
/* The section health_checks. */
#include <stdio.h>
#include <string.h>

#include "common/config_fill.h"
#include "common/duration.h"

#define HOUR_MS          ((int64_t)3600 * 1000)
#define INTERVAL_MIN     100
#define TIMEOUT_MS       5000
#define INTERVAL_MS      10000
#define THRESHOLD_MAX    10
#define TARGET_GROUP_MAX 512
#define STALE_AFTER_MS   ((int64_t)5 * 60 * 1000)

static const char *const type_names[] = {[CHECK_HTTP] = "http",
                                         [CHECK_HTTPS] = "https",
                                         [CHECK_TCP] = "tcp",
                                         [CHECK_ELBV2] = "elbv2",
                                         NULL};

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
    enum {
        HTTP = 1 << CHECK_HTTP,
        HTTPS = 1 << CHECK_HTTPS,
        TCP = 1 << CHECK_TCP,
        ELBV2 = 1 << CHECK_ELBV2
    };
    const struct {
        const char *key;
        const char *text;
        unsigned types;
        const char *expected;
    } keys[] = {
        {"verify", raw->verify, HTTPS, "https"},
        {"ca_file", raw->ca_file, HTTPS, "https"},
        {"path", raw->path, HTTP | HTTPS, "http or https"},
        {"host", raw->host, HTTP | HTTPS, "http or https"},
        {"body", raw->body, HTTP | HTTPS, "http or https"},
        {"expect", raw->expect, HTTP | HTTPS, "http or https"},
        {"port", raw->port, HTTP | HTTPS | TCP, "http, https or tcp"},
        {"target_group", raw->target_group, ELBV2, "elbv2"},
        {"minimum", raw->minimum, ELBV2, "elbv2"},
        {"stale_after", raw->stale_after, ELBV2, "elbv2"},
    };
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        if (keys[i].text != NULL && (keys[i].types & (1U << type)) == 0) {
            return place_fail(place, keys[i].key,
                              "found in a check of type %s, expected only with type %s",
                              type_names[type], keys[i].expected);
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

/* "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/cats/0123456789abcdef" */
static bool is_target_group(const char *text)
{
    const char *service = strstr(text, ":elasticloadbalancing:");
    return strncmp(text, "arn:aws", strlen("arn:aws")) == 0 && service != NULL &&
           strstr(service, ":targetgroup/") != NULL && strlen(text) <= TARGET_GROUP_MAX &&
           strpbrk(text, " \t\"") == NULL;
}

static bool fill_target_group(const struct place *place, const struct raw_health_check *raw,
                              struct config_health_check *check)
{
    check->minimum = 100;
    check->stale_after_ms = check->type == CHECK_ELBV2 ? STALE_AFTER_MS : 0;
    if (check->type != CHECK_ELBV2) {
        return true;
    }
    if (raw->target_group == NULL) {
        return place_fail(place, NULL,
                          "the key target_group is missing, expected the ARN of a target group "
                          "with type elbv2");
    }
    if (!is_target_group(raw->target_group)) {
        return place_fail(place, "target_group",
                          "found \"%s\", expected the ARN of a target group "
                          "(arn:aws:elasticloadbalancing:REGION:ACCOUNT:targetgroup/NAME/ID)",
                          raw->target_group);
    }
    return fill_text(place, "target_group", raw->target_group, &check->target_group) &&
           fill_number(place, "minimum", raw->minimum, (struct range){1, 100}, &check->minimum) &&
           fill_duration(place, "stale_after", raw->stale_after, (struct range){1000, HOUR_MS},
                         &check->stale_after_ms);
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
    return ok && fill_request(place, raw, check) && fill_thresholds(place, raw, check) &&
           fill_target_group(place, raw, check);
}

static int compare_checks(const void *one, const void *other)
{
    const struct config_health_check *a = one, *b = other;
    return strcmp(a->name, b->name);
}

bool fill_health_checks(const struct config_reader *reader, const struct raw_config *raw)
{
    struct config *config = reader->config;
    struct place top = place_top(reader);
    size_t count = raw->health_checks_count;
    config->health_checks = arena_alloc(reader->arena, count * sizeof(*config->health_checks));
    config->health_check_count = count;
    config->by_name.health_checks.compare = compare_checks;
    for (size_t i = 0; i < count; i++) {
        struct config_health_check *check = &config->health_checks[i];
        struct place place = place_item(&top, "health_checks", i);
        if (!fill_health_check(&place, &raw->health_checks[i], check)) {
            return false;
        }
        const struct config_health_check *first =
            search_tree_add(&config->by_name.health_checks, check);
        if (first != check) {
            return place_fail(&place, "name",
                              "found health check %s a second time, expected each name once (first "
                              "in line %u)",
                              check->name, first->line);
        }
    }
    return true;
}
