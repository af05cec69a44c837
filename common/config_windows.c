/* SPDX-License-Identifier: BSD-2-Clause */
/* Times of the week, and single spans: when rollouts may take steps, and when none does. */
#include "common/config_fill.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define MINUTES_A_DAY 1440

static const char *const day_names[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

static bool find_day(const char *text, size_t len, unsigned *day)
{
    for (*day = 0; *day < ARRAY_LEN(day_names); (*day)++) {
        if (len == 3 && strncmp(text, day_names[*day], 3) == 0) {
            return true;
        }
    }
    return false;
}

/* "mon", or "mon-fri", also over the end of the week. */
static bool add_days(const struct place *place, const char *text, unsigned *days)
{
    unsigned from, to;
    const char *dash = strchr(text, '-');
    size_t len = dash == NULL ? strlen(text) : (size_t)(dash - text);
    if (!find_day(text, len, &from) ||
        (dash != NULL && !find_day(dash + 1, strlen(dash + 1), &to))) {
        return place_fail(place, NULL,
                          "found \"%s\", expected mon, tue, wed, thu, fri, sat or sun, or two of "
                          "them as in mon-fri",
                          text);
    }
    to = dash == NULL ? from : to;
    for (unsigned day = from;; day = (day + 1) % 7) {
        *days |= 1U << day;
        if (day == to) {
            return true;
        }
    }
}

static bool fill_clock(const struct place *place, const char *key, const char *text,
                       unsigned *minutes)
{
    unsigned hour, minute;
    int end = 0;
    if (text == NULL || sscanf(text, "%2u:%2u%n", &hour, &minute, &end) != 2 || end != 5 ||
        text[end] != '\0' || minute > 59 || hour * 60 + minute > MINUTES_A_DAY) {
        return place_fail(place, key, "found \"%s\", expected a time from 00:00 to 24:00",
                          text == NULL ? "" : text);
    }
    *minutes = hour * 60 + minute;
    return true;
}

static bool fill_offset(const struct place *place, const char *text, int *minutes)
{
    unsigned hour, minute;
    int end = 0;
    if (text == NULL) {
        return true;
    }
    if ((text[0] != '+' && text[0] != '-') ||
        sscanf(text + 1, "%2u:%2u%n", &hour, &minute, &end) != 2 || end != 5 ||
        text[1 + end] != '\0' || hour > 14 || minute > 59) {
        return place_fail(place, "utc_offset", "found \"%s\", expected one such as +01:00", text);
    }
    *minutes = (int)(hour * 60 + minute) * (text[0] == '-' ? -1 : 1);
    return true;
}

static bool fill_time(const struct place *place, const char *key, const char *text, int64_t *at_ms)
{
    struct tm tm = {0};
    const char *end = text == NULL ? NULL : strptime(text, "%Y-%m-%dT%H:%M:%SZ", &tm);
    if (end == NULL || *end != '\0') {
        return place_fail(place, key, "found \"%s\", expected a time such as 2026-12-24T00:00:00Z",
                          text == NULL ? "" : text);
    }
    *at_ms = (int64_t)timegm(&tm) * 1000;
    return true;
}

static bool fill_span(const struct place *place, const struct raw_window *raw,
                      struct config_window *window)
{
    if (raw->days_count > 0 || raw->from != NULL || raw->to != NULL || raw->utc_offset != NULL) {
        return place_fail(place, NULL,
                          "found begin or end beside times of the week, expected one "
                          "of the two");
    }
    return fill_time(place, "begin", raw->begin, &window->begin_ms) &&
           fill_time(place, "end", raw->end, &window->end_ms) &&
           (window->begin_ms < window->end_ms ||
            place_fail(place, "end", "found \"%s\", expected a time after begin", raw->end));
}

static bool fill_weekly(const struct place *place, const struct raw_window *raw,
                        struct config_window *window)
{
    for (unsigned i = 0; i < raw->days_count; i++) {
        struct place at = place_item(place, "days", i);
        if (!add_days(&at, raw->days[i], &window->days)) {
            return false;
        }
    }
    window->days = raw->days_count == 0 ? 0x7f : window->days;
    return fill_clock(place, "from", raw->from, &window->from_min) &&
           fill_clock(place, "to", raw->to, &window->to_min) &&
           fill_offset(place, raw->utc_offset, &window->offset_min) &&
           (window->from_min != window->to_min ||
            place_fail(place, "to", "found \"%s\", which is from, too", raw->to));
}

bool fill_windows(const struct place *place, const char *key, const struct raw_window *raw,
                  size_t count, struct config_window **windows)
{
    *windows = arena_alloc(place->reader->arena, count * sizeof(**windows));
    for (size_t i = 0; i < count; i++) {
        struct place at = place_item(place, key, i);
        struct config_window *window = &(*windows)[i];
        *window = (struct config_window){.line = place_line(&at), .reason = ""};
        bool is_span = raw[i].begin != NULL || raw[i].end != NULL;
        if (!(is_span ? fill_span(&at, &raw[i], window) : fill_weekly(&at, &raw[i], window)) ||
            (raw[i].reason != NULL && !fill_text(&at, "reason", raw[i].reason, &window->reason))) {
            return false;
        }
    }
    return true;
}
