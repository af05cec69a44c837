/* SPDX-License-Identifier: BSD-2-Clause */
/* The short way from a query to its answer gives what the long one gives, for every combination of
 * name, type, OPT, transport and limit that either makes a difference of, and for broken ones. */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "common/alloc.h"
#include "server/cookie.h"
#include "server/dns.h"
#include "server/edns.h"
#include "server/plain.h"
#include "tests/unit/answer_fixture.h"
#include "tests/unit/both_ways.h"
#include "tests/unit/signed_zones.h"
#include "zones/zonefile.h"

#define NOW_S 1559731985

static const struct cookie_secrets secrets = {.count = 1};
static struct fixture *fixture;
static struct signed_zone signed_zones[5];

/* Who answers. */
struct site {
    struct answer_context *context;
    struct snapshot *snapshot;
    struct config_server *config;
};

#define SITES 6
static struct site sites[SITES];

static const char *const names[] = {
    "",
    "test",
    "example.test",
    "EXAMPLE.TEST",
    "www.example.test",
    "WwW.eXaMpLe.TeSt",
    "two.example.test",
    "sticky.example.test",
    "random.example.test",
    "wcname.example.test",
    "x.wwild.example.test",
    "y.X.wwild.example.test",
    "wwild.example.test",
    "*.wwild.example.test",
    "alias.example.test",
    "tonx.example.test",
    "toself.example.test",
    "toweighted.example.test",
    "sub.example.test",
    "x.sub.example.test",
    "ns.sub.example.test",
    "a.b.c.sub.example.test",
    "nods.example.test",
    "ns1.nods.example.test",
    "nope.nods.example.test",
    "glue.example.test",
    "unsub.example.test",
    "x.unsub.example.test",
    "opt.example.test",
    "x.opt.example.test",
    "insec.deep.opt.example.test",
    "req.example.test",
    "x.req.example.test",
    "ent.example.test",
    "b.ent.example.test",
    "a.b.ent.example.test",
    "x.a.b.ent.example.test",
    "wild.example.test",
    "x.wild.example.test",
    "X.Y.wild.example.test",
    "*.wild.example.test",
    "exists.wild.example.test",
    "x.exists.wild.example.test",
    "z.exists.wild.example.test",
    "x.wcn.example.test",
    "d.example.test",
    "x.d.example.test",
    "y.x.d.example.test",
    "t.example.test",
    "big.example.test",
    "long.example.test",
    "x.long.example.test",
    "nope.example.test",
    "a.nope.example.test",
    "a.b.c.d.e.f.g.h.i.j.k.example.test",
    "xexample.test",
    "www.xexample.test",
    "sub.xexample.test",
    "example.org",
    "org",
    "other.test",
    "www.other.test",
    "x.www.other.test",
    "version.bind",
    "n.two.example.test",
    "ns1.example.test",
    "odd.example.test",
    "star.example.test",
    "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn.example.test",
    "a.nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn.wild.example.test",
};

static const uint16_t types[] = {0,   1,   2,   5,   6,   12,  15,  16,  28,    39,
                                 41,  43,  46,  47,  48,  50,  51,  64,  65,    99,
                                 127, 128, 249, 251, 252, 255, 256, 257, 32768, 65535};

/* What stands behind the question. */
struct tail {
    uint16_t udp_size;
    bool has_opt, is_dnssec_ok;
    const char *options;
    size_t options_len;
};

static struct tail tails[] = {
    {.has_opt = false},
    {512, true, false, NULL, 0},
    {0, true, true, NULL, 0},
    {1232, true, false, NULL, 0},
    {1232, true, true, NULL, 0},
    {65535, true, true, NULL, 0},
    {700, true, true, "\0\3\0\0", 4},              /* NSID */
    {1232, true, false, "\0\12\0\10clientsX", 12}, /* a client's cookie */
    {1232, true, true, "\0\12\0\30clientsX\1\0\0\0badbadbadbad", 28},
    {1232, true, true, NULL, 28}, /* a good cookie */
    {1232, true, false, NULL, 28},
    {1232, true, false, "\0\14\0\7\0\0\0\0\0\0\0", 11}, /* padding that looks like an end */
};

static int set_up(void **state)
{
    static const char *const files[] = {"nsec", "nsec3", "optout"};
    (void)state;
    fixture = fixture_new(1);
    sites[0] = (struct site){&fixture->context, fixture->snapshot, &fixture->config.server};
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        signed_zone_open(&signed_zones[i], files[i]);
    }
    signed_zone_open_weighted(&signed_zones[3], CONFIG_DENIAL_NSEC);
    signed_zone_open_weighted(&signed_zones[4], CONFIG_DENIAL_NSEC3);
    for (size_t i = 0; i < ARRAY_LEN(signed_zones); i++) {
        struct secure *secure = &signed_zones[i].secure;
        sites[i + 1] =
            (struct site){&secure->context, secure->snapshot, &signed_zones[i].config.server};
    }
    for (size_t i = 0; i < SITES; i++) {
        sites[i].snapshot->cookies = secrets;
        sites[i].config->nsid = (const uint8_t *)"nsid";
        sites[i].config->nsid_len = 4;
        answer_context_set_time(sites[i].context, NOW_S, 0);
    }
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(signed_zones); i++) {
        signed_zone_close(&signed_zones[i]);
    }
    fixture_free(fixture);
    return 0;
}

/* On the heap, so that a sanitizer sees the first octet too many. */
static size_t ask(const struct site *site, const uint8_t *octets, size_t len, bool is_tcp,
                  size_t out_size)
{
    CLEANUP(alloc_freep) uint8_t *query = alloc_copy(octets, len);
    CLEANUP(alloc_freep) uint8_t *out = alloc_zeroed(1, out_size);
    struct sockaddr_in source = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0xC00002C8)};
    struct answer_task task = {
        .snapshot = site->snapshot,
        .source = {.address = (const struct sockaddr *)&source, .is_tcp = is_tcp},
        .query = query,
        .query_len = len,
        .out = out,
        .out_size = out_size,
    };
    return both_ways_answer(site->context, &task);
}

static size_t make_query(uint8_t query[600], const char *name, uint16_t type,
                         const struct tail *tail)
{
    struct sockaddr_in source = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0xC00002C8)};
    size_t len = fixture_query(query, name, type);
    query[2] = (uint8_t)(type & 1); /* RD */
    if (!tail->has_opt) {
        return len;
    }
    uint8_t options[28] = {0, EDNS_OPTION_COOKIE, 0, COOKIE_LEN};
    if (tail->options != NULL) {
        memcpy(options, tail->options, tail->options_len);
    } else {
        cookie_make(&secrets, (const uint8_t *)"clientsX", (const struct sockaddr *)&source, NOW_S,
                    options + 4);
    }
    size_t all = fixture_add_opt(query, len, tail->udp_size, options, tail->options_len);
    if (tail->is_dnssec_ok) {
        query[len + 7] = EDNS_FLAG_DO;
    }
    return all;
}

static void ask_all_ways(const struct site *site, const uint8_t *query, size_t len)
{
    ask(site, query, len, false, 4096);
    ask(site, query, len, false, ANSWER_OUT_MIN);
    ask(site, query, len, true, ANSWER_OUT_MAX);
}

static void every_combination_is_answered_alike(void **state)
{
    (void)state;
    uint8_t query[600];
    for (size_t i = 0; i < ARRAY_LEN(names) * ARRAY_LEN(types) * ARRAY_LEN(tails) * SITES; i++) {
        size_t rest = i;
        const struct site *site = &sites[rest % SITES];
        const struct tail *tail = &tails[(rest /= SITES) % ARRAY_LEN(tails)];
        uint16_t type = types[(rest /= ARRAY_LEN(tails)) % ARRAY_LEN(types)];
        const char *name = names[rest / ARRAY_LEN(types)];
        ask_all_ways(site, query, make_query(query, name, type, tail));
    }
}

/* The payload that the server offers limits it, too. */
static void small_payloads_are_met_alike(void **state)
{
    (void)state;
    uint8_t query[600];
    for (size_t i = 0; i < SITES; i++) {
        for (uint16_t payload = 512; payload <= 768; payload += 64) {
            sites[i].config->udp_payload_max = payload;
            for (size_t n = 0; n < ARRAY_LEN(names) * ARRAY_LEN(tails); n++) {
                size_t len = make_query(query, names[n / ARRAY_LEN(tails)], n % 3 == 0 ? 16 : 1,
                                        &tails[n % ARRAY_LEN(tails)]);
                ask(&sites[i], query, len, false, 4096);
            }
        }
        sites[i].config->udp_payload_max = 1232;
    }
}

static uint32_t draw(uint64_t *random)
{
    *random = *random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(*random >> 33);
}

/* Octets changed, cut off, put behind: at any place, mostly in what makes a query plain. */
static void broken_queries_are_answered_alike(void **state)
{
    (void)state;
    uint64_t random = 20261126;
    uint8_t query[1200];
    for (size_t i = 0; i < 60000; i++) {
        const struct site *site = &sites[draw(&random) % SITES];
        size_t len = make_query(query, names[draw(&random) % ARRAY_LEN(names)],
                                types[draw(&random) % ARRAY_LEN(types)],
                                &tails[draw(&random) % ARRAY_LEN(tails)]);
        for (size_t changes = draw(&random) % 3; changes > 0; changes--) {
            query[draw(&random) % len] = (uint8_t)draw(&random);
        }
        if (draw(&random) % 4 == 0) {
            len = draw(&random) % (len + 1);
        } else if (draw(&random) % 4 == 0) {
            memset(query + len, (int)(draw(&random) & 0xFF), 600);
            len += draw(&random) % (draw(&random) % 4 == 0 ? 600 : 40);
        }
        ask(site, query, len, draw(&random) % 2 == 0, 4096);
    }
}

/* Nothing of this is plain, and it is seen. */
static void weights_that_are_not_plain_are_answered_alike(void **state)
{
    (void)state;
    uint8_t query[600];
    for (unsigned variant = 0; variant < 4; variant++) {
        struct snapshot_builder *builder = snapshot_builder_new(fixture->snapshot, fixture->sets);
        snapshot_builder_set_weights(builder, FIXTURE_SET_WWW_A,
                                     variant == 3 ? (const uint16_t[]){0, 0}
                                                  : (const uint16_t[]){90, 10});
        snapshot_builder_set_ttl(builder, FIXTURE_SET_WWW_A,
                                 variant == 1 ? 7 : WEIGHTS_TTL_ENCODED);
        snapshot_builder_set_member_stale(builder, FIXTURE_SET_WWW_A, 1, variant == 2);
        struct snapshot *before = fixture->snapshot;
        fixture->snapshot = sites[0].snapshot = snapshot_builder_finish(builder);
        snapshot_free(before);
        assert_int_equal(snapshot_weights(fixture->snapshot, FIXTURE_SET_WWW_A)->is_plain,
                         variant == 0);
        for (size_t i = 0; i < 20 * ARRAY_LEN(tails); i++) {
            size_t len = make_query(query, "www.example.test", 1, &tails[i % ARRAY_LEN(tails)]);
            ask_all_ways(&sites[0], query, len);
        }
    }
}

/* What ends like a question may be longer than any name. */
static void questions_of_any_length_are_answered_alike(void **state)
{
    (void)state;
    uint8_t query[1200];
    for (size_t len = 12; len < sizeof(query); len++) {
        for (unsigned label = 0; label < 64; label += 21) {
            memset(query, (int)label, sizeof(query));
            memcpy(query, "\x12\x34\0\0\0\1\0\0\0\0\0\0", 12);
            if (len >= 17) {
                memcpy(query + len - 5, "\0\0\1\0\1", 5);
            }
            ask(&sites[0], query, len, false, 4096);
        }
    }
}

static void ask_every_name(const struct site *site)
{
    uint8_t query[600];
    for (size_t i = 0; i < ARRAY_LEN(names) * ARRAY_LEN(types) * ARRAY_LEN(tails); i++) {
        size_t rest = i / ARRAY_LEN(tails);
        size_t len = make_query(query, names[rest / ARRAY_LEN(types)],
                                types[rest % ARRAY_LEN(types)], &tails[i % ARRAY_LEN(tails)]);
        ask_all_ways(site, query, len);
    }
}

static void beside_a_zone_that_cannot_be_loaded_names_are_answered_alike(void **state)
{
    (void)state;
    struct name name;
    struct error err;
    assert_true(name_parse(&name, "wild.example.test", &err));
    zone_table_add_absent((struct zone_table *)fixture->snapshot->zones, &name);
    ask_every_name(&sites[0]);
}

static void with_full_additional_sections_names_are_answered_alike(void **state)
{
    (void)state;
    sites[0].config->has_full_additional = true;
    ask_every_name(&sites[0]);
}

/* A table so small that buckets are taken over; time goes on, so that some are within again. */
static void with_a_rate_limit_names_are_answered_alike(void **state)
{
    (void)state;
    static const struct config_rate_limit limit = {
        .responses_per_second = 3, .slip = 2, .window_s = 2, .size = 16};
    uint8_t query[600];
    for (size_t i = 0; i < SITES; i++) {
        const struct site *site = &sites[i];
        both_ways_limit(site->context, &limit);
        for (size_t n = 0; n < ARRAY_LEN(names) * ARRAY_LEN(tails); n++) {
            answer_context_set_time(site->context, NOW_S, n * 97);
            size_t len = make_query(query, names[n / ARRAY_LEN(tails)], n % 3 == 0 ? 16 : 1,
                                    &tails[n % ARRAY_LEN(tails)]);
            ask_all_ways(site, query, len);
            ask(site, query, len, false, 4096);
        }
        both_ways_unlimit(site->context);
        const counter *counters = site->context->slot->counters;
        assert_true(counter_read(&counters[COUNTER_RATE_SLIPPED]) > 0);
        assert_true(counter_read(&counters[COUNTER_RATE_DROPPED]) > 0);
    }
}

static struct zone *load_zone(struct config *config, size_t index, const char *text)
{
    struct error err;
    char path[] = "/tmp/ballast-test-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    close(fd);
    config->zones[index].file = path;
    struct zone *zone = zonefile_load(config, index, fixture->sets, NULL, &err);
    unlink(path);
    assert_non_null(zone);
    return zone;
}

/* So many zones that they are found by a hash: a parent, a child, the root, others. */
static void among_many_zones_names_are_answered_alike(void **state)
{
    (void)state;
    static const char *const origins[] = {
        "example.test", "nods.example.test", ".",          "test", "a.test", "b.test",
        "c.test",       "x.d.example.test",  "other.test", "e"};
    struct config_zone zones[ARRAY_LEN(origins)];
    struct zone *loaded[ARRAY_LEN(origins)];
    struct config config = fixture->config;
    memset(zones, 0, sizeof(zones));
    config.zones = zones;
    config.zone_count = ARRAY_LEN(zones);
    assert_true(ARRAY_LEN(origins) > ZONE_TABLE_FEW);
    for (size_t i = 0; i < ARRAY_LEN(origins); i++) {
        zones[i].name = origins[i];
    }
    for (size_t i = 0; i < ARRAY_LEN(origins); i++) {
        CLEANUP(alloc_freep)
        char *text = alloc_printf("$TTL 300\n@ SOA ns host 1 3600 600 86400 60\n@ NS ns\nns A "
                                  "192.0.2.1\n*.wild A 192.0.2.2\nsub NS ns.sub\nns.sub A "
                                  "192.0.2.3\n");
        loaded[i] = load_zone(&config, i, i == 0 ? fixture_zone_text : text);
    }
    struct snapshot_builder *builder = snapshot_builder_new(fixture->snapshot, fixture->sets);
    snapshot_builder_set_zones(builder, zone_table_new(loaded, ARRAY_LEN(loaded)));
    struct snapshot *before = fixture->snapshot;
    fixture->snapshot = sites[0].snapshot = snapshot_builder_finish(builder);
    snapshot_free(before);
    ask_every_name(&sites[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_combination_is_answered_alike, set_up, tear_down),
        cmocka_unit_test_setup_teardown(small_payloads_are_met_alike, set_up, tear_down),
        cmocka_unit_test_setup_teardown(broken_queries_are_answered_alike, set_up, tear_down),
        cmocka_unit_test_setup_teardown(questions_of_any_length_are_answered_alike, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(
            beside_a_zone_that_cannot_be_loaded_names_are_answered_alike, set_up, tear_down),
        cmocka_unit_test_setup_teardown(with_full_additional_sections_names_are_answered_alike,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(with_a_rate_limit_names_are_answered_alike, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(among_many_zones_names_are_answered_alike, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(weights_that_are_not_plain_are_answered_alike, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
