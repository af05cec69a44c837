/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/windows.h"

#define MINUTE_MS       INT64_C(60000)
#define MINUTES_A_DAY   1440
#define MINUTES_A_WEEK  (7 * MINUTES_A_DAY)
#define MINUTES_AHEAD   (8 * MINUTES_A_DAY)
#define EPOCH_WEEK_DAYS 3 /* 1970-01-01 was a Thursday; weeks begin on Monday */

/* Minutes since Monday, 0:00, in the window's time. */
static unsigned minute_of_week(const struct config_window *window, int64_t now_ms)
{
    int64_t minutes = now_ms / MINUTE_MS + window->offset_min + EPOCH_WEEK_DAYS * MINUTES_A_DAY;
    int64_t rest = minutes % MINUTES_A_WEEK;
    return (unsigned)(rest < 0 ? rest + MINUTES_A_WEEK : rest);
}

/* The part of the window that began on this day. */
static bool is_in_day(const struct config_window *window, unsigned minute, unsigned day)
{
    unsigned len = window->to_min > window->from_min
                       ? window->to_min - window->from_min
                       : MINUTES_A_DAY - window->from_min + window->to_min;
    unsigned since =
        (minute + MINUTES_A_WEEK - day * MINUTES_A_DAY - window->from_min) % MINUTES_A_WEEK;
    return (window->days & 1U << day) != 0 && since < len;
}

static bool is_in(const struct config_window *window, int64_t now_ms)
{
    if (window->end_ms != 0) {
        return now_ms >= window->begin_ms && now_ms < window->end_ms;
    }
    unsigned minute = minute_of_week(window, now_ms), day = minute / MINUTES_A_DAY;
    return is_in_day(window, minute, day) || is_in_day(window, minute, (day + 6) % 7);
}

const struct config_window *windows_find(const struct config_window *windows, size_t count,
                                         int64_t now_ms)
{
    for (size_t i = 0; i < count; i++) {
        if (is_in(&windows[i], now_ms)) {
            return &windows[i];
        }
    }
    return NULL;
}

int64_t windows_open_ms(const struct config_window *open, size_t open_count,
                        const struct config_window *quiet, size_t quiet_count, int64_t now_ms)
{
    int64_t at_ms = now_ms;
    for (size_t i = 0; i <= MINUTES_AHEAD; i++) {
        bool is_open = open_count == 0 || windows_find(open, open_count, at_ms) != NULL;
        if (is_open && windows_find(quiet, quiet_count, at_ms) == NULL) {
            return at_ms;
        }
        at_ms = (at_ms / MINUTE_MS + 1) * MINUTE_MS;
    }
    return INT64_MAX;
}
