/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/alias.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"

/* A write for each answer would wear the disk for nothing: what is saved may be older than it is by
 * this part of stale_after. */
#define SAVE_PART 10

static const char *const origin_names[] = {
    [ALIAS_UNKNOWN] = "none",
    [ALIAS_REMEMBERED] = "state file",
    [ALIAS_RESOLVED] = "resolver",
};

const char *alias_origin_name(enum alias_origin origin)
{
    return origin_names[origin];
}

void alias_init(struct alias *alias, const struct config_alias *limits, size_t octets)
{
    assert(octets == 4 || octets == 16);
    *alias = (struct alias){.limits = *limits, .octets = octets};
}

void alias_done(struct alias *alias)
{
    free(alias->addresses);
    alias->addresses = NULL;
    alias->count = 0;
}

static int compare_v4(const void *left, const void *right)
{
    return memcmp(left, right, 4);
}

static int compare_v6(const void *left, const void *right)
{
    return memcmp(left, right, 16);
}

/* Resolvers turn the order and answer one twice: neither is a change. Returns how many are left. */
static size_t sort_unique(uint8_t *addresses, size_t count, size_t octets)
{
    size_t kept = 0;
    qsort(addresses, count, octets, octets == 4 ? compare_v4 : compare_v6);
    for (size_t i = 0; i < count; i++) {
        const uint8_t *address = addresses + i * octets;
        if (kept == 0 || memcmp(addresses + (kept - 1) * octets, address, octets) != 0) {
            memmove(addresses + kept * octets, address, octets);
            kept++;
        }
    }
    return kept;
}

void alias_asked(struct alias *alias)
{
    alias->ask_ms = ALIAS_NEVER_MS;
}

/* True when they are others than before. */
static bool take(struct alias *alias, const uint8_t *addresses, size_t count)
{
    uint8_t *taken = alloc_copy(addresses, count * alias->octets);
    count = sort_unique(taken, count, alias->octets);
    if (count == alias->count && memcmp(taken, alias->addresses, count * alias->octets) == 0) {
        free(taken);
        return false;
    }
    free(alias->addresses);
    alias->addresses = taken;
    alias->count = count;
    return true;
}

void alias_restore(struct alias *alias, const uint8_t *addresses, size_t count, int64_t resolved_ms,
                   int64_t now_ms)
{
    assert(alias->origin == ALIAS_UNKNOWN && count > 0);
    take(alias, addresses, count);
    alias->origin = ALIAS_REMEMBERED;
    alias->resolved_ms = resolved_ms < now_ms ? resolved_ms : now_ms;
    alias->saved_ms = alias->resolved_ms;
    alias_grow_old(alias, now_ms);
}

static int64_t within_limits(const struct config_alias *limits, int64_t value_ms)
{
    if (value_ms < limits->min_ttl_ms) {
        return limits->min_ttl_ms;
    }
    return value_ms < limits->max_ttl_ms ? value_ms : limits->max_ttl_ms;
}

bool alias_answered(struct alias *alias, const uint8_t *addresses, size_t count, uint32_t ttl_s,
                    int64_t now_ms)
{
    assert(count > 0);
    bool is_other = take(alias, addresses, count);
    alias->origin = ALIAS_RESOLVED;
    alias->resolved_ms = now_ms;
    alias->ttl_s = ttl_s;
    alias->ask_ms = now_ms + within_limits(&alias->limits, (int64_t)ttl_s * 1000);
    alias->is_stale = false;
    alias->failures = 0;
    alias->failure[0] = '\0';
    if (is_other) {
        alias->saved_ms = 0;
    }
    return is_other;
}

void alias_failed(struct alias *alias, const char *why, int64_t now_ms)
{
    unsigned doublings = alias->failures < 20 ? alias->failures : 20;
    alias->failures++;
    snprintf(alias->failure, sizeof(alias->failure), "%s", why);
    alias->ask_ms = now_ms + within_limits(&alias->limits, alias->limits.min_ttl_ms << doublings);
}

bool alias_grow_old(struct alias *alias, int64_t now_ms)
{
    if (alias->count == 0 || alias->is_stale ||
        now_ms < alias->resolved_ms + alias->limits.stale_after_ms) {
        return false;
    }
    alias->is_stale = true;
    return true;
}

int64_t alias_due_ms(const struct alias *alias)
{
    if (alias->count == 0 || alias->is_stale) {
        return alias->ask_ms;
    }
    int64_t stale_ms = alias->resolved_ms + alias->limits.stale_after_ms;
    return stale_ms < alias->ask_ms ? stale_ms : alias->ask_ms;
}

bool alias_needs_save(const struct alias *alias)
{
    return alias->count > 0 &&
           (alias->saved_ms == 0 ||
            alias->resolved_ms >= alias->saved_ms + alias->limits.stale_after_ms / SAVE_PART);
}

void alias_saved(struct alias *alias)
{
    alias->saved_ms = alias->resolved_ms;
}

bool alias_is_good(const struct alias *alias)
{
    return alias->count > 0 && !alias->is_stale;
}
