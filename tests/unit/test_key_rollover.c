/* SPDX-License-Identifier: BSD-2-Clause */
/* Rollovers in virtual time. What a rollover promises is tried as it is meant: whatever DNSKEY
 * RRset, signed data and DS RRset a validator may have at one moment, fetched at any time within
 * their TTLs from any server, they have to make a chain. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "common/attributes.h"
#include "zones/key_rollover.h"

#define NOW_S       INT64_C(1800000000)
#define DAY_S       86400
#define KEYS_MAX    64
#define SPANS_MAX   1024
#define ALGORITHM   13
#define PATIENCE_S  (60 * DAY_S)
#define PARENT_LAGS 7200 /* the parent looks for CDS that late, the operator for the DS */

/* Something that was served from..until. Bits are keys. */
struct span {
    int64_t from_s, until_s;
    uint64_t keys, signers; /* of DNSKEY; of data, only signers; of DS, only keys */
};

struct spans {
    size_t count;
    struct span of[SPANS_MAX];
};

struct world {
    struct key_set keys;
    struct key storage[KEYS_MAX];
    struct key before_storage[KEYS_MAX];
    struct key_set before;
    int64_t before_s;
    bool knows_before;
    struct key_timing timing; /* what the rollover is told; */
    struct key_timing truth;  /* what caches do */
    int64_t now_s;
    int64_t signed_s;
    uint64_t cds;
    int64_t cds_since_s;
    int64_t ds_since_s;
    struct spans dnskeys, data, ds;
};

static const struct key_timing timing = {
    .dnskey_ttl_s = 3600, .zone_ttl_s = 2 * DAY_S, .parent_ttl_s = DAY_S, .propagation_s = 900};

static uint64_t bit_of(const struct world *world, const struct key *key)
{
    return UINT64_C(1) << (key - world->keys.keys);
}

static void put_span(struct spans *spans, int64_t now_s, uint64_t keys, uint64_t signers)
{
    struct span *last = spans->count > 0 ? &spans->of[spans->count - 1] : NULL;
    if (last != NULL && last->keys == keys && last->signers == signers) {
        return;
    }
    if (last != NULL) {
        last->until_s = now_s;
    }
    assert_true(spans->count < SPANS_MAX);
    spans->of[spans->count++] = (struct span){now_s, INT64_MAX / 2, keys, signers};
}

static void add_key(struct world *world, enum key_role role, struct key_times times)
{
    assert_true(world->keys.count < KEYS_MAX);
    struct key *key = &world->keys.keys[world->keys.count];
    *key = (struct key){.tag = (uint16_t)(1000 + world->keys.count),
                        .algorithm = ALGORITHM,
                        .is_ksk = role != KEY_ZSK,
                        .times = times};
    world->keys.count++;
}

/* The zone is signed and served. */
static void load(struct world *world)
{
    uint64_t published = 0, signs_keys = 0, signs_data = 0, cds = 0;
    for (size_t i = 0; i < world->keys.count; i++) {
        const struct key *key = &world->keys.keys[i];
        published |= key_is_published(key, world->now_s) ? bit_of(world, key) : 0;
        signs_keys |= key_signs_keys(&world->keys, key, world->now_s) ? bit_of(world, key) : 0;
        signs_data |= key_signs_data(&world->keys, key, world->now_s) ? bit_of(world, key) : 0;
        cds |= key_is_in_cds(&world->keys, key, world->now_s) ? bit_of(world, key) : 0;
    }
    assert_true((signs_keys & published) != 0 && (signs_data & published) != 0);
    put_span(&world->dnskeys, world->now_s, published, signs_keys);
    put_span(&world->data, world->now_s, 0, signs_data);
    if (cds != world->cds) {
        world->cds = cds;
        world->cds_since_s = world->now_s;
    }
    const struct rollover_served served = {
        .before = world->knows_before ? &world->before : NULL,
        .before_s = world->before_s,
        .signed_s = world->now_s,
        .now_s = world->now_s,
    };
    memcpy(world->before_storage, world->storage, sizeof(world->storage));
    world->before = (struct key_set){world->keys.count, world->before_storage};
    world->before_s = world->signed_s = world->now_s;
    world->knows_before = true;
    rollover_advance(&world->keys, &world->timing, &served);
}

/* The parent does what CDS says, some time later, and then the operator says that it has. */
static void look_at_parent(struct world *world)
{
    struct spans *ds = &world->ds;
    if (world->cds != 0 && world->now_s >= world->cds_since_s + PARENT_LAGS &&
        ds->of[ds->count - 1].keys != world->cds) {
        put_span(ds, world->now_s, world->cds, 0);
        world->ds_since_s = world->now_s;
    }
    bool is_news = false;
    for (size_t i = 0; i < world->keys.count; i++) {
        struct key *key = &world->keys.keys[i];
        if ((ds->of[ds->count - 1].keys & bit_of(world, key)) != 0 &&
            world->now_s >= world->ds_since_s + PARENT_LAGS &&
            key->times.ds_publish_s == KEY_TIME_NEVER &&
            rollover_ds_seen(key, world->now_s, NULL)) {
            is_news = true;
        }
    }
    if (is_news) {
        const struct rollover_served served = {&world->before, world->before_s, world->signed_s,
                                               world->now_s};
        rollover_advance(&world->keys, &world->timing, &served);
    }
}

static void open_world(struct world *world, enum key_role role)
{
    memset(world, 0, sizeof(*world));
    world->keys.keys = world->storage;
    world->timing = world->truth = timing;
    world->now_s = NOW_S;
    if (role != KEY_CSK) {
        add_key(world, KEY_KSK, rollover_first_times(KEY_KSK, timing.propagation_s, NOW_S));
        add_key(world, KEY_ZSK, rollover_first_times(KEY_ZSK, timing.propagation_s, NOW_S));
    } else {
        add_key(world, KEY_CSK, rollover_first_times(KEY_CSK, timing.propagation_s, NOW_S));
    }
    put_span(&world->ds, NOW_S, 1, 0); /* the operator was quick */
    load(world);
}

/* A step of at most `most_s`, to where something happens. may_load: the zone file is good. */
static void step(struct world *world, int64_t most_s, bool may_load)
{
    int64_t next_s = rollover_next_time_s(&world->keys, world->signed_s);
    int64_t until_s = world->now_s + most_s;
    if (next_s > world->now_s && next_s < until_s) {
        until_s = next_s;
    }
    world->now_s = until_s;
    if (may_load && next_s <= world->now_s) {
        load(world);
    }
    look_at_parent(world);
}

static void begin(struct world *world, enum key_role role)
{
    const struct key *old = rollover_find_old(&world->keys, role, world->now_s, NULL);
    assert_non_null(old);
    add_key(world, role, rollover_new_times(old, role, world->now_s));
    load(world);
}

static bool is_over(const struct world *world, enum key_role role)
{
    return rollover_find_old(&world->keys, role, world->now_s, NULL) != NULL;
}

static void run_until_over(struct world *world, enum key_role role)
{
    int64_t end_s = world->now_s + PATIENCE_S;
    while (!is_over(world, role)) {
        assert_true(world->now_s < end_s);
        step(world, 600, true);
    }
}

/* When it can be in a cache, from..until. */
static void window(const struct world *world, const struct span *span, int64_t ttl_s,
                   int64_t *from_s, int64_t *until_s)
{
    int64_t end_s = span->until_s + ttl_s + world->truth.propagation_s;
    *from_s = span->from_s > *from_s ? span->from_s : *from_s;
    *until_s = end_s < *until_s ? end_s : *until_s;
}

/* How many combinations that a validator can have make no chain. */
static size_t count_bogus(const struct world *world)
{
    size_t bogus = 0;
    for (size_t i = 0; i < world->dnskeys.count; i++) {
        for (size_t j = 0; j < world->data.count; j++) {
            for (size_t k = 0; k < world->ds.count; k++) {
                const struct span *dnskey = &world->dnskeys.of[i];
                const struct span *data = &world->data.of[j];
                const struct span *ds = &world->ds.of[k];
                int64_t from_s = INT64_MIN, until_s = INT64_MAX;
                window(world, dnskey, world->truth.dnskey_ttl_s, &from_s, &until_s);
                window(world, data, world->truth.zone_ttl_s, &from_s, &until_s);
                window(world, ds, world->truth.parent_ttl_s, &from_s, &until_s);
                bool is_chain = (ds->keys & dnskey->keys & dnskey->signers) != 0 &&
                                (dnskey->keys & data->signers) != 0;
                bogus += from_s < until_s && !is_chain;
            }
        }
    }
    return bogus;
}

static void a_rollover_of_each_role_ends_and_breaks_no_chain(void **state)
{
    (void)state;
    static const enum key_role roles[] = {KEY_ZSK, KEY_KSK, KEY_CSK};
    for (size_t i = 0; i < ARRAY_LEN(roles); i++) {
        struct world world;
        open_world(&world, roles[i]);
        for (int turn = 0; turn < 3; turn++) {
            run_until_over(&world, roles[i]);
            begin(&world, roles[i]);
            assert_false(is_over(&world, roles[i]));
            run_until_over(&world, roles[i]);
        }
        assert_int_equal(count_bogus(&world), 0);
        /* The first key is gone, from the zone and from the parent. */
        const struct key *first = &world.keys.keys[roles[i] == KEY_ZSK ? 1 : 0];
        assert_string_equal(key_state_name(first, world.now_s), "removed");
        assert_true(roles[i] == KEY_ZSK || (world.ds.of[world.ds.count - 1].keys & 1) == 0);
    }
}

/* The model notices what it is there to notice. */
static void a_rollover_that_is_told_too_short_ttls_breaks_chains(void **state)
{
    (void)state;
    static const struct {
        enum key_role role;
        struct key_timing told;
    } lies[] = {
        {KEY_ZSK, {.dnskey_ttl_s = 0, .zone_ttl_s = 2 * DAY_S, .parent_ttl_s = DAY_S}},
        {KEY_ZSK, {.dnskey_ttl_s = 3600, .zone_ttl_s = 0, .parent_ttl_s = DAY_S}},
        {KEY_KSK, {.dnskey_ttl_s = 3600, .zone_ttl_s = 2 * DAY_S, .parent_ttl_s = 0}},
        {KEY_CSK, {.dnskey_ttl_s = 3600, .zone_ttl_s = 2 * DAY_S, .parent_ttl_s = 0}},
        {KEY_CSK, {.dnskey_ttl_s = 3600, .zone_ttl_s = 0, .parent_ttl_s = DAY_S}},
    };
    for (size_t i = 0; i < ARRAY_LEN(lies); i++) {
        struct world world;
        open_world(&world, lies[i].role);
        world.timing = lies[i].told;
        run_until_over(&world, lies[i].role);
        begin(&world, lies[i].role);
        run_until_over(&world, lies[i].role);
        assert_true(count_bogus(&world) > 0);
    }
}

/* Zone files that cannot be loaded for hours, restarts, operators that roll whatever they can. */
static void whatever_happens_no_chain_breaks_and_every_rollover_ends(void **state)
{
    (void)state;
    for (unsigned seed = 1; seed <= 200; seed++) {
        struct world world;
        bool has_zsk = seed % 3 != 0;
        srandom(seed);
        open_world(&world, has_zsk ? KEY_ZSK : KEY_CSK);
        int64_t good_from_s = 0;
        for (int i = 0; i < 3000 && world.keys.count < 12; i++) {
            long chance = random() % 1000;
            enum key_role role = !has_zsk ? KEY_CSK : random() % 2 ? KEY_ZSK : KEY_KSK;
            if (chance < 4) {
                good_from_s = world.now_s + random() % (3 * DAY_S);
            } else if (chance < 10) {
                world.knows_before = false; /* a restart */
                good_from_s = world.now_s;
                load(&world);
            } else if (chance < 30 && world.now_s >= good_from_s && is_over(&world, role)) {
                begin(&world, role);
            }
            step(&world, 1 + random() % 7200, world.now_s >= good_from_s);
        }
        run_until_over(&world, has_zsk ? KEY_KSK : KEY_CSK);
        if (count_bogus(&world) != 0) {
            fail_msg("seed %u: %zu combinations make no chain", seed, count_bogus(&world));
        }
    }
}

static void live_until_offered(struct world *world)
{
    while (!key_is_in_cds(&world->keys, &world->keys.keys[0], world->now_s)) {
        step(world, 600, true);
    }
}

static void a_second_rollover_is_refused_while_one_goes_on(void **state)
{
    (void)state;
    struct world world;
    struct error err;
    open_world(&world, KEY_ZSK);
    live_until_offered(&world);
    begin(&world, KEY_KSK);
    assert_null(rollover_find_old(&world.keys, KEY_ZSK, world.now_s, &err));
    assert_string_equal(err.text, "a rollover goes on: key 1002 (ksk, generated) waits for its DS "
                                  "in the parent zone (key ds-seen)");
    assert_null(rollover_find_old(&world.keys, KEY_CSK, world.now_s, &err));
}

static void what_is_not_there_cannot_be_rolled(void **state)
{
    (void)state;
    struct world world;
    struct error err;
    open_world(&world, KEY_CSK);
    run_until_over(&world, KEY_CSK);
    assert_null(rollover_find_old(&world.keys, KEY_ZSK, world.now_s, &err));
    assert_string_equal(err.text,
                        "there is no zsk that signs; key list shows which keys there are");
    add_key(&world, KEY_CSK, rollover_first_times(KEY_CSK, 0, NOW_S));
    assert_null(rollover_find_old(&world.keys, KEY_CSK, world.now_s, &err));
    assert_non_null(strstr(err.text, "several keys that sign as csk"));
}

/* The moments of RFC 7583's figures. */
static void a_zsk_goes_through_its_states_in_time(void **state)
{
    (void)state;
    struct world world;
    open_world(&world, KEY_ZSK);
    run_until_over(&world, KEY_ZSK);
    int64_t start_s = world.now_s;
    begin(&world, KEY_ZSK);
    const struct key *old = &world.keys.keys[1];
    const struct key *new = &world.keys.keys[2];
    assert_string_equal(key_state_name(new, start_s), "published");
    assert_int_equal(new->times.activate_s, start_s + 3600 + 900);
    assert_int_equal(old->times.inactive_s, new->times.activate_s);
    assert_int_equal(old->times.delete_s, KEY_TIME_NEVER);
    while (world.now_s < new->times.activate_s) {
        step(&world, 600, true);
    }
    assert_string_equal(key_state_name(new, world.now_s), "active");
    assert_string_equal(key_state_name(old, world.now_s), "retired");
    assert_int_equal(old->times.delete_s, new->times.activate_s + 2 * DAY_S + 900);
    run_until_over(&world, KEY_ZSK);
    assert_int_equal(world.now_s, old->times.delete_s);
    assert_string_equal(key_state_name(old, world.now_s), "removed");
}

static void a_ksk_waits_for_its_ds_and_takes_the_place_at_once(void **state)
{
    (void)state;
    struct world world;
    open_world(&world, KEY_KSK);
    live_until_offered(&world);
    begin(&world, KEY_KSK);
    const struct key *old = &world.keys.keys[0];
    const struct key *new = &world.keys.keys[2];
    assert_string_equal(key_state_name(new, world.now_s), "generated");
    assert_string_equal(key_ds_state_name(new, world.now_s), "submitted");
    assert_true(key_is_in_cds(&world.keys, old, world.now_s));
    assert_true(key_is_in_cds(&world.keys, new, world.now_s));
    while (new->times.ds_publish_s == KEY_TIME_NEVER) {
        step(&world, 600, true);
    }
    int64_t seen_s = new->times.ds_publish_s;
    assert_string_equal(key_ds_state_name(new, seen_s), "seen");
    assert_int_equal(new->times.publish_s, seen_s + DAY_S + 900);
    assert_int_equal(new->times.activate_s, new->times.publish_s);
    assert_int_equal(old->times.delete_s, new->times.publish_s);
    run_until_over(&world, KEY_KSK);
    assert_int_equal(old->times.sync_delete_s, new->times.publish_s + 3600 + 900);
    assert_string_equal(key_ds_state_name(old, world.now_s), "withdrawn");
    assert_false(key_is_in_cds(&world.keys, old, world.now_s));
}

/* RFC 8078 section 3: a DS would make bogus what caches have from before the zone was signed. */
static void the_first_ds_is_asked_for_when_unsigned_answers_are_gone(void **state)
{
    (void)state;
    struct world world;
    open_world(&world, KEY_CSK);
    const struct key *first = &world.keys.keys[0];
    assert_int_equal(first->times.sync_publish_s, NOW_S + 2 * DAY_S + 900);
    assert_string_equal(key_ds_state_name(first, NOW_S + 2 * DAY_S), "hidden");
    assert_false(key_is_in_cds(&world.keys, first, NOW_S + 2 * DAY_S));
    assert_true(key_is_in_cds(&world.keys, first, NOW_S + 2 * DAY_S + 900));
}

/* A rollover within that time does not ask for the first DS sooner. */
static void a_rollover_soon_after_the_first_start_waits_with_its_offer(void **state)
{
    (void)state;
    struct world world;
    open_world(&world, KEY_CSK);
    world.now_s += 600;
    begin(&world, KEY_CSK);
    const struct key *first = &world.keys.keys[0];
    const struct key *second = &world.keys.keys[1];
    char wait[128];
    rollover_print_wait(&world.keys, second, world.now_s, wait, sizeof(wait));
    assert_string_equal(wait, "2027-01-17T08:15:00Z: CDS asks for its DS");
    while (world.now_s < NOW_S + 2 * DAY_S + 900) {
        assert_int_equal(world.cds, 0);
        step(&world, 600, true);
    }
    assert_true(key_is_in_cds(&world.keys, first, world.now_s));
    assert_true(key_is_in_cds(&world.keys, second, world.now_s));
    run_until_over(&world, KEY_CSK);
    assert_string_equal(key_state_name(second, world.now_s), "active");
}

static void a_key_without_times_of_its_own_is_left_alone(void **state)
{
    (void)state;
    struct world world;
    struct error err;
    open_world(&world, KEY_CSK);
    live_until_offered(&world);
    add_key(&world, KEY_ZSK, rollover_new_times(&world.keys.keys[0], KEY_ZSK, world.now_s));
    struct key *idle = &world.keys.keys[1];
    idle->is_idle = true;
    idle->is_ksk = true;
    idle->times.publish_s = KEY_TIME_NEVER;
    const struct key_times before = idle->times;
    char wait[128];
    rollover_print_wait(&world.keys, idle, world.now_s, wait, sizeof(wait));
    assert_string_equal(wait, "Activate in its files (dnssec-settime)");
    assert_string_equal(key_state_name(idle, world.now_s), "generated");
    assert_false(rollover_ds_seen(idle, world.now_s, &err));
    assert_string_equal(err.text, "key 1001 is not in use: its files do not say when it signs");
    idle->is_ksk = false; /* it takes no work from the other, which stays the one for everything */
    assert_int_equal(key_role_of(&world.keys, &world.keys.keys[0], world.now_s), KEY_CSK);
    begin(&world, KEY_CSK);
    run_until_over(&world, KEY_CSK);
    assert_string_equal(key_state_name(&world.keys.keys[2], world.now_s), "active");
    assert_memory_equal(&idle->times, &before, sizeof(before));
    assert_false(idle->is_changed);
}

static void a_ds_that_nobody_waits_for_is_not_seen(void **state)
{
    (void)state;
    struct world world;
    struct error err;
    open_world(&world, KEY_ZSK);
    assert_false(rollover_ds_seen(&world.keys.keys[1], NOW_S, &err));
    assert_string_equal(err.text, "key 1001 is a zsk, which has no DS");
    assert_true(rollover_ds_seen(&world.keys.keys[0], NOW_S, &err));
    assert_false(rollover_ds_seen(&world.keys.keys[0], NOW_S, &err));
    assert_string_equal(err.text, "the DS of key 1000 was seen already");
}

static void a_lifetime_says_when_a_rollover_is_due(void **state)
{
    (void)state;
    struct world world;
    const struct key_lifetimes lifetimes = {.zsk_s = 30 * DAY_S};
    const struct key_lifetimes none = {0};
    open_world(&world, KEY_ZSK);
    run_until_over(&world, KEY_ZSK);
    int64_t now_s = world.now_s;
    assert_int_equal(rollover_due_s(&world.keys, KEY_ZSK, &lifetimes, now_s), NOW_S + 30 * DAY_S);
    assert_int_equal(rollover_due_s(&world.keys, KEY_KSK, &lifetimes, now_s), KEY_TIME_NEVER);
    assert_int_equal(rollover_due_s(&world.keys, KEY_ZSK, &none, now_s), KEY_TIME_NEVER);
    begin(&world, KEY_ZSK);
    assert_int_equal(rollover_due_s(&world.keys, KEY_ZSK, &lifetimes, now_s), KEY_TIME_NEVER);
}

/* Keys that somebody else keeps follow their own times. */
static void times_that_others_have_set_stay(void **state)
{
    (void)state;
    struct world world;
    open_world(&world, KEY_ZSK);
    struct key *zsk = &world.keys.keys[1];
    zsk->times.inactive_s = NOW_S + DAY_S;
    struct key_times mine = rollover_first_times(KEY_ZSK, 0, NOW_S);
    mine.activate_s = NOW_S + DAY_S / 2;
    add_key(&world, KEY_ZSK, mine);
    for (size_t i = 0; i < 200; i++) {
        step(&world, 3600, true);
    }
    assert_int_equal(zsk->times.inactive_s, NOW_S + DAY_S);
    assert_int_equal(zsk->times.delete_s, KEY_TIME_NEVER);
    assert_int_equal(world.keys.keys[2].times.activate_s, NOW_S + DAY_S / 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_rollover_of_each_role_ends_and_breaks_no_chain),
        cmocka_unit_test(a_rollover_that_is_told_too_short_ttls_breaks_chains),
        cmocka_unit_test(whatever_happens_no_chain_breaks_and_every_rollover_ends),
        cmocka_unit_test(a_second_rollover_is_refused_while_one_goes_on),
        cmocka_unit_test(what_is_not_there_cannot_be_rolled),
        cmocka_unit_test(a_zsk_goes_through_its_states_in_time),
        cmocka_unit_test(a_ksk_waits_for_its_ds_and_takes_the_place_at_once),
        cmocka_unit_test(the_first_ds_is_asked_for_when_unsigned_answers_are_gone),
        cmocka_unit_test(a_rollover_soon_after_the_first_start_waits_with_its_offer),
        cmocka_unit_test(a_key_without_times_of_its_own_is_left_alone),
        cmocka_unit_test(a_ds_that_nobody_waits_for_is_not_seen),
        cmocka_unit_test(a_lifetime_says_when_a_rollover_is_due),
        cmocka_unit_test(times_that_others_have_set_stay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
