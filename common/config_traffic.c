/* SPDX-License-Identifier: BSD-2-Clause */
/* A record set's `traffic`, and the queries of its members. */
#include "common/config_fill.h"

#include <string.h>

#include "common/duration.h"

#define SECOND_MS ((int64_t)1000)
#define MINUTE_MS (60 * SECOND_MS)
#define HOUR_MS   (60 * MINUTE_MS)
#define DAY_MS    (24 * HOUR_MS)

bool fill_prometheus_url(const struct place *place, const char *key, const char *text,
                         const char **value)
{
    if (!fill_url(place, key, text, value)) {
        return false;
    }
    if (strpbrk(*value, "?{") != NULL) {
        return place_fail(place, key,
                          "found \"%s\", expected the URL of a Prometheus server, without a query "
                          "and placeholders",
                          *value);
    }
    size_t len = strlen(*value);
    while ((*value)[len - 1] == '/') {
        len--;
    }
    char *url = arena_copy_octets(place->reader->arena, *value, len + 1);
    url[len] = '\0';
    *value = url;
    return true;
}

static bool fill_times(const struct place *place, const struct raw_traffic *raw,
                       struct config_traffic *traffic)
{
    struct range often = {SECOND_MS, HOUR_MS};
    traffic->interval_ms = 15 * SECOND_MS;
    traffic->window_ms = 60 * SECOND_MS;
    if (!fill_duration(place, "interval", raw->interval, often, &traffic->interval_ms) ||
        !fill_duration(place, "window", raw->window, (struct range){SECOND_MS, DAY_MS},
                       &traffic->window_ms)) {
        return false;
    }
    traffic->timeout_ms =
        traffic->interval_ms < 5 * SECOND_MS ? traffic->interval_ms : 5 * SECOND_MS;
    if (!fill_duration(place, "timeout", raw->timeout, (struct range){100, HOUR_MS},
                       &traffic->timeout_ms)) {
        return false;
    }
    if (traffic->timeout_ms > traffic->interval_ms) {
        char interval[DURATION_TEXT_SIZE];
        duration_print(traffic->interval_ms, interval);
        return place_fail(place, "timeout", "found %s, expected at most the interval (%s)",
                          raw->timeout, interval);
    }
    return true;
}

bool fill_cloudwatch(const struct place *place, const char *delay, const char *const *others,
                     int64_t *delay_ms)
{
    static const char *const keys[] = {"url", "ca_file", "token_file"};
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        if (others[i] != NULL) {
            return place_fail(place, keys[i],
                              "found beside cloudwatch, expected only where Prometheus is asked");
        }
    }
    *delay_ms = MINUTE_MS;
    return fill_duration(place, "delay", delay, (struct range){0, HOUR_MS}, delay_ms);
}

static bool fill_prometheus(const struct place *place, const struct raw_traffic *raw,
                            struct config_traffic *traffic)
{
    if (raw->delay != NULL) {
        return place_fail(place, "delay", "found with prometheus, expected only with cloudwatch");
    }
    if (raw->url == NULL) {
        return place_fail(place, NULL, "the key url is missing, expected the Prometheus server's");
    }
    return fill_prometheus_url(place, "url", raw->url, &traffic->url) &&
           fill_path(place, "ca_file", raw->ca_file, &traffic->ca_file) &&
           fill_path(place, "token_file", raw->token_file, &traffic->token_file);
}

static bool fill_source(const struct place *place, const struct raw_traffic *raw,
                        struct config_traffic *traffic)
{
    static const char *const types[] = {"prometheus", "cloudwatch", NULL};
    const char *const others[] = {raw->url, raw->ca_file, raw->token_file};
    unsigned type = 0;
    traffic->line = place_line(place);
    traffic->min_rate = 1;
    if (!fill_choice(place, "type", raw->type, types, &type)) {
        return false;
    }
    traffic->is_cloudwatch = type == 1;
    bool is_good = traffic->is_cloudwatch
                       ? fill_cloudwatch(place, raw->delay, others, &traffic->delay_ms)
                       : fill_prometheus(place, raw, traffic);
    if (!is_good || !fill_times(place, raw, traffic) ||
        !fill_decimal(place, "min_rate", raw->min_rate, &traffic->min_rate)) {
        return false;
    }
    if (traffic->ca_file != NULL && strncmp(traffic->url, "https:", 6) != 0) {
        return place_fail(place, "ca_file",
                          "found beside a URL without TLS, expected only with https://");
    }
    return traffic->min_rate >= 0 ||
           place_fail(place, "min_rate", "found %s, expected requests per second, 0 or more",
                      raw->min_rate);
}

/* A source needs what to ask about each member; without one there is nobody to ask. */
static bool fill_member_query(const struct place *place, const struct raw_member *raw,
                              bool has_source, struct config_member *member)
{
    if (raw->traffic_query != NULL && !has_source) {
        return place_fail(place, "traffic_query",
                          "found in a record set without traffic, expected only beside it");
    }
    if (raw->traffic_query == NULL && has_source) {
        return place_fail(place, NULL,
                          "the key traffic_query is missing, expected the query for the member's "
                          "requests per second, since the record set has traffic");
    }
    return fill_text(place, "traffic_query", raw->traffic_query, &member->traffic_query);
}

bool fill_traffic(const struct place *place, const struct raw_record_set *raw,
                  struct config_record_set *set)
{
    if (raw->traffic != NULL) {
        struct place at = place_key(place, "traffic");
        struct config_traffic *traffic = arena_alloc(place->reader->arena, sizeof(*traffic));
        if (!fill_source(&at, raw->traffic, traffic)) {
            return false;
        }
        set->traffic = traffic;
    }
    for (size_t i = 0; i < set->member_count; i++) {
        struct place at = place_item(place, "members", i);
        if (!fill_member_query(&at, &raw->members[i], set->traffic != NULL, &set->members[i])) {
            return false;
        }
    }
    return true;
}
