/* SPDX-License-Identifier: BSD-2-Clause */
/* The key files of a zone over months of virtual time: the zone is loaded when its keys want it,
 * and in each state what is served is given to ldns-verify-zone, with the DS that the parent has
 * then. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "common/alloc.h"
#include "tests/unit/export_text.h"
#include "zones/signer.h"
#include "zones/snapshot_builder.h"
#include "zones/zone_keys.h"
#include "zones/zonefile.h"

#define NOW_S   INT64_C(1800000000)
#define DAY_S   86400
#define HOUR_MS INT64_C(3600000)

static const char zone_text[] = "$ORIGIN example.test.\n$TTL 7200\n"
                                "@ SOA ns hostmaster 1 3600 600 86400 60\n@ NS ns\nns A 192.0.2.1\n"
                                "*.w TXT \"w\"\nd DNAME w\nsub NS ns.sub\nns.sub A 192.0.2.2\n";

/* A zone, and what its parent knows. */
struct life {
    char folder[64], keys[80], file[80], exported[80], anchors[80];
    struct config_dnssec dnssec;
    struct config_zone zone;
    struct config config;
    struct name origin;
    struct record_sets *sets;
    struct snapshot *snapshot;
    int64_t now_s;
    int64_t next_s;
    size_t states; /* that were verified */
    char *text;    /* of the zone as it is served */
};

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void open_life(struct life *life, enum config_first_keys first, uint8_t algorithm,
                      enum config_denial denial)
{
    static const char *values[] = {"192.0.2.10"}, *others[] = {"192.0.2.20"};
    static struct config_member members[] = {
        {.id = "blue", .weight = 1, .values = values, .value_count = 1},
        {.id = "green", .weight = 0, .values = others, .value_count = 1}};
    static struct config_record_set set = {.name = "www.example.test",
                                           .type = "A",
                                           .ttl_s = 60,
                                           .members = members,
                                           .member_count = 2};
    struct error err;
    memset(life, 0, sizeof(*life));
    snprintf(life->folder, sizeof(life->folder), "/tmp/ballast-test-XXXXXX");
    assert_non_null(mkdtemp(life->folder));
    snprintf(life->keys, sizeof(life->keys), "%s/keys", life->folder);
    snprintf(life->file, sizeof(life->file), "%s/zone", life->folder);
    snprintf(life->exported, sizeof(life->exported), "%s/exported", life->folder);
    snprintf(life->anchors, sizeof(life->anchors), "%s/anchors", life->folder);
    write_file(life->file, zone_text);
    life->dnssec = (struct config_dnssec){
        .keys = life->keys,
        .denial = denial,
        .first_keys = first,
        .algorithm = algorithm,
        .signature_lifetime_ms = 14 * 24 * HOUR_MS,
        .refresh_ms = 5 * 24 * HOUR_MS,
        .parent_ds_ttl_ms = 24 * HOUR_MS,
        .propagation_ms = HOUR_MS,
    };
    life->zone = (struct config_zone){
        .name = "example.test", .file = life->file, .dnssec = &life->dnssec, .line = 5};
    life->config = (struct config){.path = "test.yaml",
                                   .zones = &life->zone,
                                   .zone_count = 1,
                                   .record_sets = &set,
                                   .record_set_count = 1};
    life->sets = record_sets_new(&life->config, &err);
    assert_non_null(life->sets);
    assert_true(name_parse(&life->origin, "example.test", &err));
    life->now_s = NOW_S;
}

static void close_life(struct life *life)
{
    CLEANUP(alloc_freep) char *command = alloc_printf("rm -r %s", life->folder);
    if (life->snapshot != NULL) {
        snapshot_free_last(life->snapshot);
    }
    record_sets_free(life->sets);
    free(life->text);
    assert_int_equal(system(command), 0);
}

static struct zone *served(const struct life *life)
{
    return life->snapshot == NULL ? NULL : life->snapshot->zones->zones[0];
}

/* What ldns-verify-zone says as of now. */
static int verify_with(const struct life *life, const char *anchors)
{
    char at[32];
    time_t seconds = (time_t)life->now_s;
    struct tm tm;
    strftime(at, sizeof(at), "%Y%m%d%H%M%S", gmtime_r(&seconds, &tm));
    CLEANUP(alloc_freep)
    char *command = alloc_printf("ldns-verify-zone -V 1 -t %s -k %s %s >%s/said 2>&1", at, anchors,
                                 life->exported, life->folder);
    return system(command);
}

static void verify(struct life *life)
{
    if (access(life->anchors, R_OK) != 0) {
        return; /* the parent has no DS yet */
    }
    life->states++;
    if (verify_with(life, life->anchors) != 0) {
        CLEANUP(alloc_freep)
        char *command = alloc_printf("cat %s/said %s; grep KEY %s >&2", life->folder, life->anchors,
                                     life->exported);
        assert_true(system(command) >= 0);
        fail_msg("not valid at %lld s", (long long)(life->now_s - NOW_S));
    }
}

static void load(struct life *life)
{
    struct error err;
    const struct signing_time time = {.now_s = life->now_s, .random = 7};
    struct zone *before = served(life);
    struct snapshot *old = life->snapshot;
    if (!zone_keys_prepare(&life->dnssec, &life->origin, life->now_s, &err)) {
        fail_msg("%s", err.text);
    }
    struct zone *zone = zonefile_load(&life->config, 0, life->sets, &time, &err);
    if (zone == NULL) {
        fail_msg("%s", err.text);
    }
    struct snapshot_builder *builder = snapshot_builder_new(NULL, life->sets);
    snapshot_builder_set_zones(builder, zone_table_new(&zone, 1));
    snapshot_builder_set_weights(builder, 0, (const uint16_t[]){1, 0});
    life->snapshot = snapshot_builder_finish(builder);
    if (before != NULL) {
        zone_follow(zone, before, life->now_s);
    }
    const struct zone_keys_served now = {zone, before, life->now_s};
    assert_true(zone_keys_advance(&now, &life->next_s, &err));
    if (old != NULL) {
        snapshot_free_last(old);
    }
    free(life->text);
    life->text = export_text(life->snapshot, NULL, 65536);
    write_file(life->exported, life->text);
    verify(life);
}

/* The parent takes the CDS records for its DS, and the operator says so. */
static void follow_cds(struct life *life)
{
    struct error err;
    struct key_set keys;
    FILE *anchors = fopen(life->anchors, "we");
    for (const char *line = life->text; *line != '\0'; line += strcspn(line, "\n") + 1) {
        const char *cds = strstr(line, "\tCDS\t");
        if (cds != NULL && cds < line + strcspn(line, "\n")) {
            fprintf(anchors, "example.test. 3600 IN DS %.*s\n", (int)strcspn(cds + 5, "\n"),
                    cds + 5);
        }
    }
    fclose(anchors);
    assert_true(key_set_load(&keys, life->keys, &life->origin, &err));
    for (size_t i = 0; i < keys.count; i++) {
        if (strcmp(key_ds_state_name(&keys.keys[i], life->now_s), "submitted") == 0 &&
            keys.keys[i].is_ksk) {
            const struct zone_keys_served now = {served(life), served(life), life->now_s};
            if (!zone_keys_ds_seen(&now, keys.keys[i].tag, &life->next_s, &err)) {
                fail_msg("%s", err.text);
            }
        }
    }
    key_set_free(&keys);
}

/* Lets time pass until nothing is waited for, or for so many days. */
static void live(struct life *life, int days)
{
    int64_t end_s = life->now_s + (int64_t)days * DAY_S;
    while (life->now_s < end_s) {
        int64_t refresh_s = served(life)->refresh_at_s;
        int64_t next_s = life->next_s < refresh_s ? life->next_s : refresh_s;
        life->now_s = next_s < life->now_s + DAY_S / 4 ? next_s : life->now_s + DAY_S / 4;
        if (next_s <= life->now_s) {
            load(life);
        } else if (strstr(life->text, "\tCDS\t") != NULL) {
            follow_cds(life);
            verify(life);
        }
    }
}

static void roll(struct life *life, enum key_role role)
{
    struct error err;
    CLEANUP(alloc_freep) char *path = NULL;
    if (!zone_keys_roll(&life->dnssec, &life->origin, role, life->now_s, &path, &err)) {
        fail_msg("%s", err.text);
    }
    load(life);
}

/* How many keys are in the state. */
static size_t count(const struct life *life, enum key_role role, const char *state)
{
    struct error err;
    struct key_set keys;
    size_t found = 0;
    assert_true(key_set_load(&keys, life->keys, &life->origin, &err));
    for (size_t i = 0; i < keys.count; i++) {
        found += key_role_of(&keys, &keys.keys[i], life->now_s) == role &&
                 strcmp(key_state_name(&keys.keys[i], life->now_s), state) == 0;
    }
    key_set_free(&keys);
    return found;
}

static void check_life(enum config_first_keys first, uint8_t algorithm, enum config_denial denial)
{
    struct life life;
    enum key_role role = first == CONFIG_FIRST_CSK ? KEY_CSK : KEY_KSK;
    open_life(&life, first, algorithm, denial);
    load(&life);
    live(&life, 3);
    assert_int_equal(count(&life, role, "active"), 1);
    roll(&life, role);
    live(&life, 8);
    assert_int_equal(count(&life, role, "active"), 1);
    assert_int_equal(count(&life, role, "removed"), 1);
    if (role == KEY_KSK) {
        roll(&life, KEY_ZSK);
        live(&life, 3);
        assert_int_equal(count(&life, KEY_ZSK, "active"), 1);
        assert_int_equal(count(&life, KEY_ZSK, "removed"), 1);
    }
    assert_true(life.states >= 8);
    close_life(&life);
}

static void every_state_of_a_csk_rollover_validates(void **state)
{
    (void)state;
    check_life(CONFIG_FIRST_CSK, 13, CONFIG_DENIAL_NSEC);
    check_life(CONFIG_FIRST_CSK, 15, CONFIG_DENIAL_NSEC3);
}

static void every_state_of_ksk_and_zsk_rollovers_validates(void **state)
{
    (void)state;
    check_life(CONFIG_FIRST_KSK_AND_ZSK, 13, CONFIG_DENIAL_NSEC3);
    check_life(CONFIG_FIRST_KSK_AND_ZSK, 8, CONFIG_DENIAL_NSEC);
}

/* Or nothing would be shown above. */
static void the_validator_says_no_to_another_ds_and_another_time(void **state)
{
    (void)state;
    struct life life;
    open_life(&life, CONFIG_FIRST_CSK, 13, CONFIG_DENIAL_NSEC);
    load(&life);
    live(&life, 3);
    assert_int_equal(verify_with(&life, life.anchors), 0);
    write_file(life.anchors, "example.test. 3600 IN DS 12345 13 2 "
                             "0000000000000000000000000000000000000000000000000000000000000000\n");
    assert_int_not_equal(verify_with(&life, life.anchors), 0);
    life.now_s += 30 * DAY_S;
    assert_int_not_equal(verify_with(&life, life.anchors), 0);
    close_life(&life);
}

static void a_lifetime_rolls_a_zsk_by_itself(void **state)
{
    (void)state;
    struct life life;
    open_life(&life, CONFIG_FIRST_KSK_AND_ZSK, 15, CONFIG_DENIAL_NSEC);
    life.dnssec.zsk_lifetime_ms = 20 * 24 * HOUR_MS;
    load(&life);
    live(&life, 70);
    assert_int_equal(count(&life, KEY_ZSK, "active"), 1);
    assert_int_equal(count(&life, KEY_ZSK, "removed"), 3);
    close_life(&life);
}

/* The parent follows CDS: no hand is needed. Each key is replaced after its 20 days. */
static void check_ksk_lifetime(enum config_first_keys first, enum key_role role)
{
    struct life life;
    open_life(&life, first, 13, CONFIG_DENIAL_NSEC);
    life.dnssec.ksk_lifetime_ms = 20 * 24 * HOUR_MS;
    load(&life);
    live(&life, 70);
    assert_int_equal(count(&life, role, "active"), 1);
    assert_int_equal(count(&life, role, "removed"), 3);
    assert_int_equal(count(&life, KEY_ZSK, "active"), role == KEY_KSK ? 1 : 0);
    assert_int_equal(count(&life, KEY_ZSK, "removed"), 0);
    assert_true(life.states >= 70);
    close_life(&life);
}

static void a_lifetime_rolls_a_ksk_by_itself(void **state)
{
    (void)state;
    check_ksk_lifetime(CONFIG_FIRST_KSK_AND_ZSK, KEY_KSK);
}

static void a_lifetime_rolls_a_csk_by_itself(void **state)
{
    (void)state;
    check_ksk_lifetime(CONFIG_FIRST_CSK, KEY_CSK);
}

/* An operator lowers TTLs, and then rolls: caches have the DNSKEYs of before. */
static void ttls_that_were_longer_before_count_until_they_are_over(void **state)
{
    (void)state;
    struct life life;
    struct error err;
    struct key_set keys;
    open_life(&life, CONFIG_FIRST_KSK_AND_ZSK, 13, CONFIG_DENIAL_NSEC);
    CLEANUP(alloc_freep)
    char *text = alloc_printf("$ORIGIN example.test.\n$TTL 259200\n%s", strstr(zone_text, "@ SOA"));
    write_file(life.file, text);
    load(&life);
    live(&life, 5);
    write_file(life.file, zone_text);
    load(&life);
    int64_t lowered_s = life.now_s;
    life.now_s += 60;
    load(&life);
    roll(&life, KEY_ZSK);
    assert_true(key_set_load(&keys, life.keys, &life.origin, &err));
    size_t found = 0;
    for (size_t i = 0; i < keys.count; i++) {
        if (!keys.keys[i].is_ksk && keys.keys[i].times.activate_s > life.now_s) {
            assert_int_equal(keys.keys[i].times.activate_s, lowered_s + 259200 + 3600);
            found++;
        }
    }
    assert_int_equal(found, 1);
    key_set_free(&keys);
    live(&life, 5);
    assert_int_equal(count(&life, KEY_ZSK, "removed"), 1);
    close_life(&life);
}

static void a_removed_key_is_put_away_and_no_other(void **state)
{
    (void)state;
    struct life life;
    struct error err;
    struct key_set keys;
    open_life(&life, CONFIG_FIRST_CSK, 13, CONFIG_DENIAL_NSEC);
    load(&life);
    live(&life, 3);
    assert_true(key_set_load(&keys, life.keys, &life.origin, &err));
    unsigned tag = keys.keys[0].tag;
    key_set_free(&keys);
    assert_false(zone_keys_forget(&life.dnssec, &life.origin, tag, life.now_s, &err));
    assert_non_null(strstr(err.text, "is active, expected one that is removed"));
    roll(&life, KEY_CSK);
    live(&life, 8);
    assert_true(zone_keys_forget(&life.dnssec, &life.origin, tag, life.now_s, &err));
    assert_int_equal(count(&life, KEY_CSK, "removed"), 0);
    assert_false(zone_keys_forget(&life.dnssec, &life.origin, tag, life.now_s, &err));
    assert_non_null(strstr(err.text, "the zone has no key"));
    CLEANUP(alloc_freep) char *folder = alloc_printf("%s/removed", life.keys);
    assert_true(key_set_load(&keys, folder, &life.origin, &err));
    assert_int_equal(keys.count, 1);
    key_set_free(&keys);
    close_life(&life);
}

/* BIND's own tool reads what we write, and a key of BIND's keeps what it had. */
static void other_tools_read_the_times(void **state)
{
    (void)state;
    struct life life;
    open_life(&life, CONFIG_FIRST_CSK, 13, CONFIG_DENIAL_NSEC);
    load(&life);
    live(&life, 3);
    roll(&life, KEY_CSK);
    CLEANUP(alloc_freep)
    char *command =
        alloc_printf("for key in %s/*.private; do dnssec-settime -p all $key || exit 1; "
                     "done >%s/said 2>&1 && [ $(grep -c 'Publish: [A-Z]' %s/said) -ge 4 ]",
                     life.keys, life.folder, life.folder);
    assert_int_equal(system(command), 0);
    CLEANUP(alloc_freep)
    char *modes =
        alloc_printf("[ $(stat -c %%a %s) = 700 ] && [ -z \"$(find %s -name '*.private' ! "
                     "-perm 600)\" ] && [ -z \"$(find %s -name '*.new')\" ]",
                     life.keys, life.keys, life.keys);
    assert_int_equal(system(modes), 0);
    close_life(&life);
}

/* BIND's -G: the times are for later. */
static void a_key_that_was_made_without_times_is_not_used(void **state)
{
    (void)state;
    struct life life;
    open_life(&life, CONFIG_FIRST_CSK, 13, CONFIG_DENIAL_NSEC);
    load(&life);
    CLEANUP(alloc_freep)
    char *command =
        alloc_printf("dnssec-keygen -q -G -K %s -a ECDSAP256SHA256 example.test >%s/made",
                     life.keys, life.folder);
    assert_int_equal(system(command), 0);
    load(&life);
    assert_null(strstr(strstr(life.text, "\tDNSKEY\t") + 1, "\tDNSKEY\t"));
    assert_int_equal(count(&life, KEY_CSK, "active"), 1);
    live(&life, 3);
    roll(&life, KEY_CSK);
    live(&life, 14);
    assert_int_equal(count(&life, KEY_CSK, "active"), 1);
    assert_int_equal(count(&life, KEY_CSK, "removed"), 1);
    /* Its files are as they were. */
    CLEANUP(alloc_freep)
    char *check = alloc_printf("file=%s/$(cat %s/made).private; "
                               "grep -q Created $file && ! grep -q Activate $file",
                               life.keys, life.folder);
    assert_int_equal(system(check), 0);
    close_life(&life);
}

static void a_key_of_another_algorithm_is_refused(void **state)
{
    (void)state;
    struct life life;
    struct error err;
    char *path = NULL;
    open_life(&life, CONFIG_FIRST_CSK, 15, CONFIG_DENIAL_NSEC);
    load(&life);
    assert_false(zone_keys_generate(&life.dnssec, &life.origin, (struct key_wanted){KEY_ZSK, 13},
                                    life.now_s, &path, &err));
    assert_null(path);
    assert_string_equal(
        err.text, "the keys in use are of ED25519: one of ECDSAP256SHA256 beside them takes an "
                  "algorithm rollover (RFC 6781 section 4.1.4), which cannot be done here");
    assert_true(zone_keys_generate(&life.dnssec, &life.origin, (struct key_wanted){KEY_ZSK, 0},
                                   life.now_s, &path, &err));
    assert_non_null(strstr(path, "+015+"));
    free(path);
    close_life(&life);
}

/* A load that failed may not have been the only one. */
static void a_key_that_has_begun_to_take_over_is_not_taken_back(void **state)
{
    (void)state;
    struct life life;
    struct error err;
    char *path = NULL, *other = NULL;
    open_life(&life, CONFIG_FIRST_KSK_AND_ZSK, 13, CONFIG_DENIAL_NSEC);
    load(&life);
    assert_true(zone_keys_roll(&life.dnssec, &life.origin, KEY_ZSK, life.now_s, &path, &err));
    assert_true(zone_keys_take_back(&life.dnssec, &life.origin, path, &err));
    assert_int_not_equal(access(path, F_OK), 0);
    assert_true(zone_keys_roll(&life.dnssec, &life.origin, KEY_ZSK, life.now_s, &other, &err));
    load(&life);
    assert_false(zone_keys_take_back(&life.dnssec, &life.origin, other, &err));
    assert_non_null(strstr(err.text, " stays: the zone has been served with it"));
    assert_int_equal(access(other, F_OK), 0);
    live(&life, 14);
    assert_int_equal(count(&life, KEY_ZSK, "active"), 1);
    free(path);
    free(other);
    close_life(&life);
}

static void a_zone_that_is_to_have_no_key_made_has_none(void **state)
{
    (void)state;
    struct life life;
    struct error err;
    const struct signing_time time = {.now_s = NOW_S, .is_trial = true};
    open_life(&life, CONFIG_FIRST_NONE, 13, CONFIG_DENIAL_NSEC);
    assert_false(zone_keys_prepare(&life.dnssec, &life.origin, NOW_S, &err));
    assert_null(zonefile_load(&life.config, 0, life.sets, &time, &err));
    life.dnssec.first_keys = CONFIG_FIRST_CSK;
    /* A trial makes none, and is content. */
    struct zone *zone = zonefile_load(&life.config, 0, life.sets, &time, &err);
    assert_non_null(zone);
    assert_null(zone->denial);
    zone_free(zone);
    assert_int_not_equal(access(life.keys, F_OK), 0);
    close_life(&life);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_state_of_a_csk_rollover_validates),
        cmocka_unit_test(every_state_of_ksk_and_zsk_rollovers_validates),
        cmocka_unit_test(the_validator_says_no_to_another_ds_and_another_time),
        cmocka_unit_test(a_lifetime_rolls_a_zsk_by_itself),
        cmocka_unit_test(a_lifetime_rolls_a_ksk_by_itself),
        cmocka_unit_test(a_lifetime_rolls_a_csk_by_itself),
        cmocka_unit_test(ttls_that_were_longer_before_count_until_they_are_over),
        cmocka_unit_test(a_removed_key_is_put_away_and_no_other),
        cmocka_unit_test(other_tools_read_the_times),
        cmocka_unit_test(a_key_that_was_made_without_times_is_not_used),
        cmocka_unit_test(a_key_of_another_algorithm_is_refused),
        cmocka_unit_test(a_key_that_has_begun_to_take_over_is_not_taken_back),
        cmocka_unit_test(a_zone_that_is_to_have_no_key_made_has_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
