/* SPDX-License-Identifier: BSD-2-Clause */
#include "zones/key_rollover.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/attributes.h"

#define NEVER KEY_TIME_NEVER
/* What caches have of a zone from before it was signed is gone then; where TTLs are longer,
 * delay_first_offer knows it when the zone is served. */
#define FIRST_TTL_MAX_S 86400

static const char *const role_names[] = {
    [KEY_ZSK] = "zsk",
    [KEY_KSK] = "ksk",
    [KEY_CSK] = "csk",
};

const char *key_role_name(enum key_role role)
{
    return role_names[role];
}

bool key_role_parse(const char *name, enum key_role *role, struct error *err)
{
    for (size_t i = 0; i < ARRAY_LEN(role_names); i++) {
        if (strcmp(name, role_names[i]) == 0) {
            *role = (enum key_role)i;
            return true;
        }
    }
    return error_set(err, "%s: expected ksk, zsk or csk", name);
}

static bool is_removed(const struct key *key, int64_t now_s)
{
    return key->times.delete_s <= now_s;
}

bool key_is_in_use(const struct key *key, int64_t now_s)
{
    return !key->is_idle && !is_removed(key, now_s);
}

enum key_role key_role_of(const struct key_set *keys, const struct key *key, int64_t now_s)
{
    bool is_used = key_is_in_use(key, now_s);
    for (size_t i = 0; i < keys->count; i++) {
        const struct key *other = &keys->keys[i];
        if (other->algorithm == key->algorithm && other->is_ksk != key->is_ksk && !other->is_idle &&
            (!is_used || key_is_in_use(other, now_s))) {
            return key->is_ksk ? KEY_KSK : KEY_ZSK;
        }
    }
    return KEY_CSK;
}

const char *key_state_name(const struct key *key, int64_t now_s)
{
    const struct key_times *times = &key->times;
    if (is_removed(key, now_s)) {
        return "removed";
    }
    if (now_s < times->publish_s) {
        return "generated";
    }
    if (now_s >= times->inactive_s) {
        return "retired";
    }
    return now_s >= times->activate_s ? "active" : "published";
}

const char *key_ds_state_name(const struct key *key, int64_t now_s)
{
    const struct key_times *times = &key->times;
    if (times->sync_delete_s <= now_s) {
        return "withdrawn";
    }
    if (times->ds_publish_s != NEVER) {
        return "seen";
    }
    return times->sync_publish_s <= now_s ? "submitted" : "hidden";
}

/* Made by a rollover, and not all of its times are known yet. */
static bool is_waiting(const struct key *key)
{
    return key->times.activate_s == NEVER && !key->is_idle;
}

/* It signs, with no end in sight: what a successor replaces. */
static bool is_in_charge(const struct key *key, int64_t now_s)
{
    return key_is_active(key, now_s) && key->times.inactive_s == NEVER;
}

static struct key *find_in_charge(const struct key_set *keys, const struct key *successor,
                                  int64_t now_s)
{
    for (size_t i = 0; i < keys->count; i++) {
        struct key *key = &keys->keys[i];
        if (key != successor && key->algorithm == successor->algorithm &&
            key->is_ksk == successor->is_ksk && is_in_charge(key, now_s)) {
            return key;
        }
    }
    return NULL;
}

/* The key that this one has given way to, by the moment that both files name. */
static const struct key *find_successor(const struct key_set *keys, const struct key *old)
{
    for (size_t i = 0; i < keys->count; i++) {
        const struct key *key = &keys->keys[i];
        if (key != old && key->algorithm == old->algorithm && key->is_ksk == old->is_ksk &&
            old->times.inactive_s != NEVER && key->times.activate_s == old->times.inactive_s) {
            return key;
        }
    }
    return NULL;
}

/* No other key of its algorithm signs what this one is not meant for. */
static bool is_alone(const struct key_set *keys, const struct key *key, int64_t now_s)
{
    for (size_t i = 0; i < keys->count; i++) {
        const struct key *other = &keys->keys[i];
        if (other->algorithm == key->algorithm && other->is_ksk != key->is_ksk &&
            key_is_active(other, now_s)) {
            return false;
        }
    }
    return true;
}

bool key_signs_keys(const struct key_set *keys, const struct key *key, int64_t now_s)
{
    return key_is_active(key, now_s) && (key->is_ksk || is_alone(keys, key, now_s));
}

bool key_signs_data(const struct key_set *keys, const struct key *key, int64_t now_s)
{
    return key_is_active(key, now_s) && (!key->is_ksk || is_alone(keys, key, now_s));
}

static bool is_synced(const struct key *key, int64_t now_s)
{
    return key->is_ksk && key->times.sync_publish_s <= now_s && now_s < key->times.sync_delete_s;
}

bool key_is_in_cds(const struct key_set *keys, const struct key *key, int64_t now_s)
{
    bool is_any = false;
    for (size_t i = 0; i < keys->count; i++) {
        is_any |= is_synced(&keys->keys[i], now_s);
    }
    bool is_in_use = key->is_ksk && key_is_active(key, now_s) && key->times.sync_delete_s > now_s;
    return is_synced(key, now_s) || (is_any && is_in_use);
}

static void print_time(int64_t at_s, char *out, size_t size)
{
    time_t seconds = (time_t)at_s;
    struct tm tm;
    strftime(out, size, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&seconds, &tm));
}

void rollover_print_wait(const struct key_set *keys, const struct key *key, int64_t now_s,
                         char *out, size_t size)
{
    const struct key_times *times = &key->times;
    const struct {
        int64_t at_s;
        const char *what;
    } next[] = {
        {times->publish_s, "it is published"},
        {times->activate_s, "it signs"},
        {times->inactive_s, "it signs no more"},
        {times->delete_s, "it leaves the zone"},
        {times->sync_publish_s, "CDS asks for its DS"},
        {times->sync_delete_s, "CDS no longer asks for its DS"},
    };
    int64_t first_s = NEVER;
    const char *what = "";
    for (size_t i = 0; i < ARRAY_LEN(next); i++) {
        if (next[i].at_s > now_s && next[i].at_s < first_s) {
            first_s = next[i].at_s;
            what = next[i].what;
        }
    }
    if (first_s != NEVER) {
        char at[32];
        print_time(first_s, at, sizeof(at));
        snprintf(out, size, "%s: %s", at, what);
    } else if (is_waiting(key) && times->sync_publish_s <= now_s && times->ds_publish_s == NEVER) {
        snprintf(out, size, "its DS in the parent zone (key ds-seen)");
    } else if (is_waiting(key)) {
        snprintf(out, size, "the zone to be served with it");
    } else if (key->is_idle && !is_removed(key, now_s)) {
        snprintf(out, size, "Activate in its files (dnssec-settime)");
    } else if (times->inactive_s <= now_s && times->delete_s == NEVER &&
               find_successor(keys, key) != NULL) {
        snprintf(out, size, "the zone to be served without its signatures");
    } else if (times->sync_delete_s <= now_s) {
        snprintf(out, size, "its DS to leave the parent zone (key forget)");
    } else {
        out[0] = '\0';
    }
}

/* It takes part in a rollover that is not over. */
static bool is_rolling(const struct key_set *keys, const struct key *key, int64_t now_s)
{
    const struct key_times *times = &key->times;
    if (key->is_idle) {
        return false;
    }
    if (is_waiting(key) || (times->publish_s > now_s && times->publish_s != NEVER) ||
        (times->activate_s > now_s)) {
        return true;
    }
    if (times->inactive_s == NEVER || find_successor(keys, key) == NULL) {
        return false;
    }
    bool has_ds = key->is_ksk && times->sync_publish_s != NEVER;
    return times->delete_s > now_s || (has_ds && times->sync_delete_s > now_s);
}

const struct key *rollover_find_old(const struct key_set *keys, enum key_role role, int64_t now_s,
                                    struct error *err)
{
    const struct key *old = NULL;
    for (size_t i = 0; i < keys->count; i++) {
        const struct key *key = &keys->keys[i];
        if (is_rolling(keys, key, now_s)) {
            char wait[128];
            rollover_print_wait(keys, key, now_s, wait, sizeof(wait));
            error_set(err, "a rollover goes on: key %u (%s, %s) waits for %s", key->tag,
                      key_role_name(key_role_of(keys, key, now_s)), key_state_name(key, now_s),
                      wait);
            return NULL;
        }
        if (key_role_of(keys, key, now_s) != role || !is_in_charge(key, now_s)) {
            continue;
        }
        if (old != NULL) {
            error_set(err, "there are several keys that sign as %s (%u, %u), expected one",
                      key_role_name(role), old->tag, key->tag);
            return NULL;
        }
        old = key;
    }
    if (old == NULL) {
        error_set(err, "there is no %s that signs; key list shows which keys there are",
                  key_role_name(role));
    }
    return old;
}

static const struct key_times no_times = {
    .created_s = NEVER,
    .publish_s = NEVER,
    .delete_s = NEVER,
    .activate_s = NEVER,
    .inactive_s = NEVER,
    .sync_publish_s = NEVER,
    .sync_delete_s = NEVER,
    .ds_publish_s = NEVER,
};

bool rollover_has_plans(const struct key_set *keys, const struct key *key)
{
    for (size_t i = 0; i < keys->count; i++) {
        if (find_successor(keys, &keys->keys[i]) == key) {
            return true;
        }
    }
    return false;
}

struct key_times rollover_new_times(const struct key *old, enum key_role role, int64_t now_s)
{
    struct key_times times = no_times;
    times.created_s = now_s;
    times.publish_s = role == KEY_KSK ? NEVER : now_s;
    if (role != KEY_ZSK) {
        int64_t offered_s = old->times.sync_publish_s;
        times.sync_publish_s = offered_s > now_s && offered_s != NEVER ? offered_s : now_s;
    }
    return times;
}

struct key_times rollover_first_times(enum key_role role, int64_t propagation_s, int64_t now_s)
{
    struct key_times times = no_times;
    times.created_s = times.publish_s = times.activate_s = now_s;
    if (role != KEY_ZSK) {
        /* The zone's unsigned answers are to leave the caches first: RFC 8078 section 3. */
        times.sync_publish_s = now_s + FIRST_TTL_MAX_S + propagation_s;
    }
    return times;
}

static void set_time(struct key *key, int64_t *time_s, int64_t value_s)
{
    key->is_changed |= *time_s != value_s;
    *time_s = value_s;
}

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static bool was_published(const struct key_set *before, int64_t before_s, const struct key *key)
{
    for (size_t i = 0; before != NULL && i < before->count; i++) {
        const struct key *other = &before->keys[i];
        if (other->tag == key->tag && other->algorithm == key->algorithm) {
            return key_is_published(other, before_s);
        }
    }
    return false;
}

/* RFC 7583 section 3.2.1: Ipub, then the new key signs and the old one does not. */
static void plan_zsk(struct key *key, struct key *old, const struct key_timing *timing)
{
    int64_t at_s = key->times.publish_s + timing->dnskey_ttl_s + timing->propagation_s;
    set_time(key, &key->times.activate_s, at_s);
    set_time(old, &old->times.inactive_s, at_s);
}

/* When no cache has a DS RRset without the new DS any more. */
static int64_t ds_is_everywhere_s(const struct key *key, const struct key_timing *timing)
{
    return key->times.ds_publish_s + timing->parent_ttl_s + timing->propagation_s;
}

/* RFC 7583 section 3.3.2: then the keys change places at once. */
static void plan_ksk(struct key *key, struct key *old, const struct key_timing *timing,
                     int64_t served_s)
{
    int64_t at_s = later(ds_is_everywhere_s(key, timing), served_s);
    set_time(key, &key->times.publish_s, at_s);
    set_time(key, &key->times.activate_s, at_s);
    set_time(old, &old->times.inactive_s, at_s);
    set_time(old, &old->times.delete_s, at_s);
}

static void plan_csk(struct key *key, struct key *old, const struct key_timing *timing)
{
    int64_t published_s = key->times.publish_s + timing->dnskey_ttl_s + timing->propagation_s;
    int64_t at_s = later(ds_is_everywhere_s(key, timing), published_s);
    set_time(key, &key->times.activate_s, at_s);
    set_time(old, &old->times.inactive_s, at_s);
}

static void advance_new(struct key_set *keys, struct key *key, const struct key_timing *timing,
                        const struct rollover_served *served)
{
    struct key *old = find_in_charge(keys, key, served->signed_s);
    if (old == NULL) {
        return; /* somebody has removed it: nothing here can be right without a hand */
    }
    bool is_published = key_is_published(key, served->signed_s);
    if (is_published && !was_published(served->before, served->before_s, key)) {
        set_time(key, &key->times.publish_s, served->now_s);
    }
    bool is_seen = key->times.ds_publish_s != NEVER;
    /* CDS has to ask for both, or the parent would drop the old DS too early. */
    if (key->is_ksk && old->times.sync_publish_s == NEVER) {
        set_time(old, &old->times.sync_publish_s, key->times.sync_publish_s);
    } else if (key->is_ksk && old->times.sync_publish_s > key->times.sync_publish_s) {
        set_time(key, &key->times.sync_publish_s, old->times.sync_publish_s);
    }
    if (!key->is_ksk && is_published) {
        plan_zsk(key, old, timing);
    } else if (key->is_ksk && !is_published && is_seen) {
        plan_ksk(key, old, timing, served->now_s);
    } else if (key->is_ksk && is_published && is_seen) {
        plan_csk(key, old, timing);
    }
}

/* What it has signed is in caches for the zone's TTLs, the zone's keys for theirs. */
static void advance_old(struct key_set *keys, struct key *key, const struct key_timing *timing,
                        const struct rollover_served *served)
{
    struct key_times *times = &key->times;
    if (times->inactive_s > served->signed_s || find_successor(keys, key) == NULL) {
        return;
    }
    if (times->delete_s == NEVER) {
        int64_t ttl_s = later(timing->zone_ttl_s, timing->dnskey_ttl_s);
        set_time(key, &times->delete_s, served->now_s + ttl_s + timing->propagation_s);
    } else if (times->delete_s <= served->signed_s && times->sync_publish_s != NEVER &&
               times->sync_delete_s == NEVER) {
        set_time(key, &times->sync_delete_s,
                 served->now_s + timing->dnskey_ttl_s + timing->propagation_s);
    }
}

/* The first key of a zone was made before the zone's TTLs were known. */
static void delay_first_offer(struct key *key, const struct key_timing *timing,
                              const struct rollover_served *served)
{
    const struct key_times first =
        rollover_first_times(KEY_KSK, timing->propagation_s, key->times.created_s);
    bool is_first = key->is_ksk && key->times.activate_s == first.activate_s &&
                    key->times.sync_publish_s == first.sync_publish_s;
    if (is_first && key->times.sync_publish_s > served->signed_s &&
        timing->zone_ttl_s > FIRST_TTL_MAX_S) {
        set_time(key, &key->times.sync_publish_s,
                 key->times.activate_s + timing->zone_ttl_s + timing->propagation_s);
    }
}

void rollover_advance(struct key_set *keys, const struct key_timing *timing,
                      const struct rollover_served *served)
{
    for (size_t i = 0; i < keys->count; i++) {
        struct key *key = &keys->keys[i];
        if (is_waiting(key)) {
            advance_new(keys, key, timing, served);
        } else {
            delay_first_offer(key, timing, served);
            advance_old(keys, key, timing, served);
        }
    }
}

bool rollover_ds_seen(struct key *key, int64_t now_s, struct error *err)
{
    if (!key->is_ksk) {
        return error_set(err, "key %u is a zsk, which has no DS", key->tag);
    }
    if (key->is_idle) {
        return error_set(err, "key %u is not in use: its files do not say when it signs", key->tag);
    }
    if (key->times.ds_publish_s != NEVER) {
        return error_set(err, "the DS of key %u was seen already", key->tag);
    }
    if (is_removed(key, now_s) || key->times.sync_delete_s <= now_s) {
        return error_set(err, "key %u is %s: its DS is to leave the parent zone", key->tag,
                         key_state_name(key, now_s));
    }
    set_time(key, &key->times.ds_publish_s, now_s);
    return true;
}

int64_t rollover_due_s(const struct key_set *keys, enum key_role role,
                       const struct key_lifetimes *lifetimes, int64_t now_s)
{
    int64_t lifetime_s = role == KEY_ZSK ? lifetimes->zsk_s : lifetimes->ksk_s;
    const struct key *old = lifetime_s > 0 ? rollover_find_old(keys, role, now_s, NULL) : NULL;
    if (old == NULL) {
        return NEVER;
    }
    const struct key_times *times = &old->times;
    int64_t since_s = times->activate_s == KEY_TIME_ALWAYS ? times->created_s : times->activate_s;
    return since_s == NEVER ? NEVER : since_s + lifetime_s;
}

int64_t rollover_next_time_s(const struct key_set *keys, int64_t now_s)
{
    int64_t next_s = NEVER;
    for (size_t i = 0; i < keys->count; i++) {
        const struct key_times *key = &keys->keys[i].times;
        const int64_t times[] = {key->publish_s, key->activate_s,     key->inactive_s,
                                 key->delete_s,  key->sync_publish_s, key->sync_delete_s};
        for (size_t j = 0; j < ARRAY_LEN(times); j++) {
            if (times[j] > now_s && times[j] < next_s) {
                next_s = times[j];
            }
        }
    }
    return next_s;
}
