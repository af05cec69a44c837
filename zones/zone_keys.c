/* SPDX-License-Identifier: BSD-2-Clause */
#include "zones/zone_keys.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/alloc.h"
#include "zones/signer.h"

/* Threads of the pool may load one zone while they look after the keys of another, or of the same.
 */
static pthread_mutex_t files_lock = PTHREAD_MUTEX_INITIALIZER;

static const enum key_role roles[] = {KEY_ZSK, KEY_KSK, KEY_CSK};

static struct key_lifetimes lifetimes_of(const struct config_dnssec *dnssec)
{
    return (struct key_lifetimes){dnssec->zsk_lifetime_ms / 1000, dnssec->ksk_lifetime_ms / 1000};
}

/* What was served before with a longer TTL counts as long as it is in caches. */
static int64_t ttl_in_caches(uint32_t ttl_s, int64_t cached_until_s, int64_t now_s)
{
    return cached_until_s - now_s > ttl_s ? cached_until_s - now_s : ttl_s;
}

static struct key_timing timing_of(const struct zone *zone, const struct config_dnssec *dnssec,
                                   int64_t now_s)
{
    return (struct key_timing){
        .dnskey_ttl_s = ttl_in_caches(zone->soa_ttl_s, zone->keys_cached_until_s, now_s),
        .zone_ttl_s = ttl_in_caches(zone->ttl_max_s, zone->data_cached_until_s, now_s),
        .parent_ttl_s = dnssec->parent_ds_ttl_ms / 1000,
        .propagation_s = dnssec->propagation_ms / 1000,
    };
}

static bool make_first(const struct config_dnssec *dnssec, const struct name *origin,
                       enum key_role role, int64_t now_s, struct error *err)
{
    CLEANUP(alloc_freep) char *path = NULL;
    const struct key_request request = {
        .folder = dnssec->keys,
        .origin = origin,
        .algorithm = dnssec->algorithm,
        .is_ksk = role != KEY_ZSK,
        .times = rollover_first_times(role, dnssec->propagation_ms / 1000, now_s),
    };
    return key_generate(&request, &path, err);
}

static bool make_all_first(const struct config_dnssec *dnssec, const struct name *origin,
                           int64_t now_s, struct error *err)
{
    switch (dnssec->first_keys) {
    case CONFIG_FIRST_CSK:
        return make_first(dnssec, origin, KEY_CSK, now_s, err);
    case CONFIG_FIRST_KSK_AND_ZSK:
        /* Should the second fail, the first is a CSK for the time being. */
        return make_first(dnssec, origin, KEY_KSK, now_s, err) &&
               make_first(dnssec, origin, KEY_ZSK, now_s, err);
    case CONFIG_FIRST_NONE:
        break;
    }
    return true;
}

/* The algorithm to make a key of, or 0 and err. */
static uint8_t choose_algorithm(const struct config_dnssec *dnssec, const struct key_set *keys,
                                uint8_t wanted, int64_t now_s, struct error *err)
{
    uint8_t used = 0;
    for (size_t i = 0; i < keys->count; i++) {
        const struct key *key = &keys->keys[i];
        if (!key_is_in_use(key, now_s)) {
            continue;
        }
        if (wanted == 0 || key->algorithm == wanted) {
            return key->algorithm;
        }
        used = key->algorithm;
    }
    if (used != 0) {
        error_set(
            err,
            "the keys in use are of %s: one of %s beside them takes an algorithm rollover (RFC "
            "6781 section 4.1.4), which cannot be done here",
            key_algorithm_name(used), key_algorithm_name(wanted));
        return 0;
    }
    return wanted != 0 ? wanted : dnssec->algorithm;
}

static bool generate(const struct config_dnssec *dnssec, const struct name *origin,
                     struct key_wanted wanted, int64_t now_s, char **path, struct error *err)
{
    CLEANUP(key_set_free) struct key_set keys = {0};
    if (!key_set_load(&keys, dnssec->keys, origin, err)) {
        return false;
    }
    uint8_t algorithm = choose_algorithm(dnssec, &keys, wanted.algorithm, now_s, err);
    const struct key_request request = {
        .folder = dnssec->keys,
        .origin = origin,
        .algorithm = algorithm,
        .is_ksk = wanted.role != KEY_ZSK,
        .times = rollover_first_times(KEY_ZSK, 0, now_s), /* its DS is the operator's to bring */
    };
    return algorithm != 0 && key_generate(&request, path, err);
}

bool zone_keys_generate(const struct config_dnssec *dnssec, const struct name *origin,
                        struct key_wanted wanted, int64_t now_s, char **path, struct error *err)
{
    pthread_mutex_lock(&files_lock);
    bool is_good = generate(dnssec, origin, wanted, now_s, path, err);
    pthread_mutex_unlock(&files_lock);
    return is_good;
}

bool zone_keys_take_back(const struct config_dnssec *dnssec, const struct name *origin,
                         const char *path, struct error *err)
{
    CLEANUP(key_set_free) struct key_set keys = {0};
    pthread_mutex_lock(&files_lock);
    bool is_good = key_set_load(&keys, dnssec->keys, origin, err);
    for (size_t i = 0; is_good && i < keys.count; i++) {
        const struct key *key = &keys.keys[i];
        if (strcmp(key->path, path) == 0 && rollover_has_plans(&keys, key)) {
            is_good = error_set(err, "key %u stays: the zone has been served with it", key->tag);
        }
    }
    if (is_good) {
        key_remove_files(path);
    }
    pthread_mutex_unlock(&files_lock);
    return is_good;
}

static bool roll(const struct config_dnssec *dnssec, const struct name *origin,
                 const struct key_set *keys, enum key_role role, int64_t now_s, char **path,
                 struct error *err)
{
    const struct key *old = rollover_find_old(keys, role, now_s, err);
    if (old == NULL) {
        return false;
    }
    const struct key_request request = {
        .folder = dnssec->keys,
        .origin = origin,
        .algorithm = old->algorithm,
        .is_ksk = role != KEY_ZSK,
        .times = rollover_new_times(old, role, now_s),
    };
    return key_generate(&request, path, err);
}

static bool roll_what_is_due(const struct config_dnssec *dnssec, const struct name *origin,
                             const struct key_set *keys, int64_t now_s, struct error *err)
{
    const struct key_lifetimes lifetimes = lifetimes_of(dnssec);
    for (size_t i = 0; i < ARRAY_LEN(roles); i++) {
        if (rollover_due_s(keys, roles[i], &lifetimes, now_s) <= now_s) {
            CLEANUP(alloc_freep) char *path = NULL;
            return roll(dnssec, origin, keys, roles[i], now_s, &path, err);
        }
    }
    return true;
}

bool zone_keys_prepare(const struct config_dnssec *dnssec, const struct name *origin, int64_t now_s,
                       struct error *err)
{
    CLEANUP(key_set_free) struct key_set keys = {0};
    bool is_good = true;
    pthread_mutex_lock(&files_lock);
    if (signer_has_keys(dnssec, origin)) {
        is_good = key_set_load(&keys, dnssec->keys, origin, err) &&
                  roll_what_is_due(dnssec, origin, &keys, now_s, err);
    } else {
        is_good = make_all_first(dnssec, origin, now_s, err);
    }
    pthread_mutex_unlock(&files_lock);
    return is_good;
}

bool zone_keys_roll(const struct config_dnssec *dnssec, const struct name *origin,
                    enum key_role role, int64_t now_s, char **path, struct error *err)
{
    CLEANUP(key_set_free) struct key_set keys = {0};
    pthread_mutex_lock(&files_lock);
    bool is_good = key_set_load(&keys, dnssec->keys, origin, err) &&
                   roll(dnssec, origin, &keys, role, now_s, path, err);
    pthread_mutex_unlock(&files_lock);
    return is_good;
}

/* When the files want the zone to be loaded again. */
static int64_t next_time(const struct config_dnssec *dnssec, const struct key_set *keys,
                         int64_t now_s)
{
    const struct key_lifetimes lifetimes = lifetimes_of(dnssec);
    int64_t next_s = rollover_next_time_s(keys, now_s);
    for (size_t i = 0; i < ARRAY_LEN(roles); i++) {
        int64_t due_s = rollover_due_s(keys, roles[i], &lifetimes, now_s);
        next_s = due_s < next_s ? due_s : next_s;
    }
    return next_s;
}

static bool advance(const struct zone_keys_served *served, struct key_set *keys, int64_t *next_s,
                    struct error *err)
{
    const struct signer *signer = served->zone->signer;
    const struct signer *before = served->before == NULL ? NULL : served->before->signer;
    const struct config_dnssec *dnssec = signer_config(signer);
    const struct key_timing timing = timing_of(served->zone, dnssec, served->now_s);
    const struct rollover_served times = {
        .before = before == NULL ? NULL : signer_keys(before),
        .before_s = before == NULL ? 0 : signer_made_at_s(before),
        .signed_s = signer_made_at_s(signer),
        .now_s = served->now_s,
    };
    rollover_advance(keys, &timing, &times);
    *next_s = next_time(dnssec, keys, times.signed_s);
    return key_set_write_times(keys, err);
}

bool zone_keys_advance(const struct zone_keys_served *served, int64_t *next_s, struct error *err)
{
    CLEANUP(key_set_free) struct key_set keys = {0};
    const struct zone *zone = served->zone;
    pthread_mutex_lock(&files_lock);
    bool is_good = key_set_load(&keys, signer_config(zone->signer)->keys, &zone->origin, err) &&
                   advance(served, &keys, next_s, err);
    pthread_mutex_unlock(&files_lock);
    return is_good;
}

static struct key *find_tag(const struct key_set *keys, unsigned tag, struct error *err)
{
    for (size_t i = 0; i < keys->count; i++) {
        if (keys->keys[i].tag == tag) {
            return &keys->keys[i];
        }
    }
    error_set(err, "the zone has no key %u; key list shows which there are", tag);
    return NULL;
}

bool zone_keys_ds_seen(const struct zone_keys_served *served, unsigned tag, int64_t *next_s,
                       struct error *err)
{
    CLEANUP(key_set_free) struct key_set keys = {0};
    const struct zone *zone = served->zone;
    pthread_mutex_lock(&files_lock);
    bool is_good = key_set_load(&keys, signer_config(zone->signer)->keys, &zone->origin, err);
    struct key *key = is_good ? find_tag(&keys, tag, err) : NULL;
    is_good = key != NULL && rollover_ds_seen(key, served->now_s, err) &&
              advance(served, &keys, next_s, err);
    pthread_mutex_unlock(&files_lock);
    return is_good;
}

static bool forget(const struct key_set *keys, const struct key *key, int64_t now_s,
                   struct error *err)
{
    if (strcmp(key_state_name(key, now_s), "removed") != 0) {
        return error_set(err, "key %u is %s, expected one that is removed", key->tag,
                         key_state_name(key, now_s));
    }
    if (key_is_in_cds(keys, key, now_s)) {
        return error_set(err, "the DS of key %u is still wanted in the parent zone", key->tag);
    }
    return key_put_away(key, err);
}

bool zone_keys_forget(const struct config_dnssec *dnssec, const struct name *origin, unsigned tag,
                      int64_t now_s, struct error *err)
{
    CLEANUP(key_set_free) struct key_set keys = {0};
    pthread_mutex_lock(&files_lock);
    bool is_good = key_set_load(&keys, dnssec->keys, origin, err);
    const struct key *key = is_good ? find_tag(&keys, tag, err) : NULL;
    is_good = key != NULL && forget(&keys, key, now_s, err);
    pthread_mutex_unlock(&files_lock);
    return is_good;
}
