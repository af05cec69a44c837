/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/plan/asl_time.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define DAY_MS   INT64_C(86400000)
#define FIRST_MS (INT64_C(-62167219200) * 1000) /* 0000-01-01T00:00:00Z */
#define LAST_MS  (INT64_C(253402300799) * 1000 + 999)

/* Days since 1970-01-01 in the Gregorian calendar; the year begins with March, so that the leap day
 * is its last. */
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year -
           719468;
}

static bool read_digits(const char **at, unsigned count, int64_t *number)
{
    *number = 0;
    for (unsigned i = 0; i < count; i++, ++*at) {
        if (**at < '0' || **at > '9') {
            return false;
        }
        *number = *number * 10 + (**at - '0');
    }
    return true;
}

static bool read_mark(const char **at, char mark)
{
    return *(*at)++ == mark;
}

static bool read_date(const char **at, int64_t *days)
{
    int64_t year, month, day;
    if (!read_digits(at, 4, &year) || !read_mark(at, '-') || !read_digits(at, 2, &month) ||
        !read_mark(at, '-') || !read_digits(at, 2, &day) || month < 1 || month > 12 || day < 1) {
        return false;
    }
    *days = days_of(year, month, day);
    return *days < (month == 12 ? days_of(year + 1, 1, 1) : days_of(year, month + 1, 1));
}

static bool read_time(const char **at, int64_t *time_ms)
{
    int64_t hour, minute, second;
    if (!read_digits(at, 2, &hour) || !read_mark(at, ':') || !read_digits(at, 2, &minute) ||
        !read_mark(at, ':') || !read_digits(at, 2, &second) || hour > 23 || minute > 59 ||
        second > 60) {
        return false;
    }
    *time_ms = ((hour * 60 + minute) * 60 + second) * 1000;
    if (**at != '.') {
        return true;
    }
    const char *first = ++*at;
    for (int64_t unit_ms = 100; **at >= '0' && **at <= '9'; ++*at, unit_ms /= 10) {
        *time_ms += (**at - '0') * unit_ms;
    }
    return *at > first;
}

static bool read_offset(const char **at, int64_t *offset_ms)
{
    *offset_ms = 0;
    char sign = **at;
    if (sign != 'Z' && sign != '+' && sign != '-') {
        return false;
    }
    ++*at;
    if (sign == 'Z') {
        return true;
    }
    int64_t hour, minute;
    if (!read_digits(at, 2, &hour) || !read_mark(at, ':') || !read_digits(at, 2, &minute) ||
        hour > 23 || minute > 59) {
        return false;
    }
    *offset_ms = (hour * 60 + minute) * 60000 * (sign == '-' ? -1 : 1);
    return true;
}

bool asl_time_parse(const char *text, int64_t *time_ms)
{
    int64_t days, of_day_ms, offset_ms;
    if (!read_date(&text, &days) || !read_mark(&text, 'T') || !read_time(&text, &of_day_ms) ||
        !read_offset(&text, &offset_ms) || *text != '\0') {
        return false;
    }
    *time_ms = days * DAY_MS + of_day_ms - offset_ms;
    return true;
}

void asl_time_print(int64_t time_ms, char out[ASL_TIME_SIZE])
{
    time_ms = time_ms < FIRST_MS ? FIRST_MS : time_ms > LAST_MS ? LAST_MS : time_ms;
    int64_t days = time_ms / DAY_MS - (time_ms % DAY_MS < 0);
    int64_t of_day_ms = time_ms - days * DAY_MS;
    /* The inverse of days_of. */
    int64_t shifted = days + 719468;
    int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
    int64_t day_of_era = shifted - era * 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t from_march = (5 * day_of_year + 2) / 153;
    int64_t day = day_of_year - (153 * from_march + 2) / 5 + 1;
    int64_t month = from_march < 10 ? from_march + 3 : from_march - 9;
    int64_t year = year_of_era + era * 400 + (month <= 2);
    snprintf(out, ASL_TIME_SIZE,
             "%04" PRId64 "-%02" PRId64 "-%02" PRId64 "T%02" PRId64 ":%02" PRId64 ":%02" PRId64
             ".%03" PRId64 "Z",
             year, month, day, of_day_ms / 3600000, of_day_ms / 60000 % 60, of_day_ms / 1000 % 60,
             of_day_ms % 1000);
}
