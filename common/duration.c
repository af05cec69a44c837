/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/duration.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "common/attributes.h"

#define DAY_MS ((int64_t)86400 * 1000)
/* Far beyond any use, and far from where sums of times would overflow. */
#define DURATION_MAX_MS (36500 * DAY_MS)

/* Largest first: a duration names each unit at most once, in this order. */
static const struct unit {
    const char *name;
    int64_t ms;
} units[] = {{"d", DAY_MS}, {"h", 3600 * 1000}, {"m", 60 * 1000}, {"s", 1000}, {"ms", 1}};

static bool fail(const char *text, struct error *err)
{
    return error_set(err,
                     "found \"%s\", expected a duration with its unit such as 500ms, 10s or "
                     "1m30s (d, h, m, s, ms)",
                     text);
}

/* Index of the unit that is spelled in the first `len` octets, or ARRAY_LEN(units). */
static size_t find_unit(const char *text, size_t len)
{
    size_t i = 0;
    while (i < ARRAY_LEN(units) &&
           (strlen(units[i].name) != len || memcmp(units[i].name, text, len) != 0)) {
        i++;
    }
    return i;
}

bool duration_parse(const char *text, int64_t *duration_ms, struct error *err)
{
    const char *at = text;
    int64_t total = 0;
    size_t next_unit = 0;
    do {
        size_t digits = strspn(at, "0123456789");
        size_t letters = strspn(at + digits, "dhms");
        size_t unit = find_unit(at + digits, letters);
        /* 18 digits fit in 63 bits; more is beyond the maximum anyway. */
        if (digits == 0 || digits > 18 || unit < next_unit || unit == ARRAY_LEN(units)) {
            return fail(text, err);
        }
        int64_t count = 0;
        for (size_t i = 0; i < digits; i++) {
            count = count * 10 + (at[i] - '0');
        }
        if (count > (DURATION_MAX_MS - total) / units[unit].ms) {
            return error_set(err, "found \"%s\", expected at most 36500d", text);
        }
        total += count * units[unit].ms;
        next_unit = unit + 1;
        at += digits + letters;
    } while (*at != '\0');
    *duration_ms = total;
    return true;
}

void duration_print(int64_t duration_ms, char out[DURATION_TEXT_SIZE])
{
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = 0; i < ARRAY_LEN(units) && used < DURATION_TEXT_SIZE; i++) {
        int64_t count = duration_ms / units[i].ms;
        duration_ms %= units[i].ms;
        if (count > 0) {
            used += (size_t)snprintf(out + used, DURATION_TEXT_SIZE - used, "%" PRId64 "%s", count,
                                     units[i].name);
        }
    }
    if (used == 0) {
        snprintf(out, DURATION_TEXT_SIZE, "0s");
    }
}
