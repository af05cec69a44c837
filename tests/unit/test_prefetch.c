/* SPDX-License-Identifier: BSD-2-Clause */
/* Which nodes a look at a batch finds. What it is for, tests/bench/bench_prefetch.c measures. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "common/alloc.h"
#include "server/prefetch.h"
#include "tests/unit/zone_fixture.h"

/* A header and a question of type A, class IN, for a name as C's strings have it. */
#define HEADER(arcount) "\1\2\0\0\0\1\0\0\0\0\0" arcount
#define QUESTION        "\0\0\1\0\1"
#define QUERY(name)     HEADER("\0") name QUESTION
#define OPT             "\0\0\51\4\320\0\0\0\0\0\0"
#define OPT_COOKIE                                                                                 \
    "\0\0\51\4\320\0\0\0\0\0\34\0\12\0\30"                                                         \
    "123456781234567812345678"
/* Exactly these octets, so that sanitizers see what is read beyond. */
#define FOUND(table, query) found((table), (query), sizeof(query) - 1)

static size_t found(const struct zone_table *table, const char *octets, size_t len)
{
    struct snapshot snapshot = {.zones = table};
    uint8_t *copy = alloc_copy(octets, len);
    size_t count = prefetch_nodes(&snapshot, &(struct prefetch_packet){copy, len}, 1);
    free(copy);
    return count;
}

static struct zone_table *two_zones(void)
{
    struct zone *zones[] = {
        fixture_zone("example.test", "@ SOA ns h 1 2 3 4 5\n@ NS ns\nwww A 192.0.2.1\n"
                                     "www.longer-label A 192.0.2.2\n"),
        fixture_zone("sub.example.test", "@ SOA ns h 1 2 3 4 5\n@ NS ns\nw A 192.0.2.3\n")};
    return zone_table_new(zones, 2);
}

#define EXAMPLE "\7example\4test"

static void nodes_of_plain_queries_are_found(void **state)
{
    struct zone_table *table = two_zones();
    (void)state;
    assert_int_equal(FOUND(table, QUERY("\3www" EXAMPLE)), 1);
    assert_int_equal(FOUND(table, QUERY("\3WwW\7EXAMPLE\4tesT")), 1);
    assert_int_equal(FOUND(table, QUERY(EXAMPLE)), 1);
    assert_int_equal(FOUND(table, QUERY("\3www\14longer-label" EXAMPLE)), 1);
    assert_int_equal(FOUND(table, QUERY("\1w\3sub" EXAMPLE)), 1);
    assert_int_equal(FOUND(table, HEADER("\1") "\3www" EXAMPLE QUESTION OPT), 1);
    assert_int_equal(FOUND(table, HEADER("\1") "\3www" EXAMPLE QUESTION OPT_COOKIE), 1);
    zone_table_free(table);
}

static void others_are_left_alone(void **state)
{
    struct zone_table *table = two_zones();
    (void)state;
    assert_int_equal(FOUND(table, QUERY("\4nope" EXAMPLE)), 0);
    assert_int_equal(FOUND(table, QUERY("\3www\5other\4test")), 0);
    assert_int_equal(FOUND(table, QUERY("")), 0);
    assert_int_equal(FOUND(table, QUERY("\3www" EXAMPLE) "\0"), 0);
    assert_int_equal(FOUND(table, HEADER("\1") "\3www" EXAMPLE QUESTION "\0\0\51"), 0);
    assert_int_equal(FOUND(table, HEADER("\0") "\3www" EXAMPLE QUESTION OPT), 0);
    zone_table_free(table);
}

static void no_packet_is_read_beyond_its_end(void **state)
{
    static const char query[] = HEADER("\1") "\3www" EXAMPLE QUESTION OPT_COOKIE;
    static const char longest[4096] = HEADER("\1");
    struct zone_table *table = two_zones();
    (void)state;
    size_t question_end = sizeof(query) - sizeof(OPT_COOKIE);
    for (size_t len = 0; len < sizeof(query) - 1; len++) {
        /* What is cut off right behind the question, or an OPT's header, looks whole. */
        bool looks_whole = len == question_end || len == question_end + sizeof(OPT) - 1;
        assert_int_equal(found(table, query, len), looks_whole);
    }
    for (size_t len = 0; len <= sizeof(longest); len++) {
        assert_int_equal(found(table, longest, len), 0);
    }
    zone_table_free(table);
}

static void a_batch_is_counted_packet_by_packet(void **state)
{
    static const uint8_t there[] = QUERY("\3www" EXAMPLE);
    static const uint8_t not_there[] = QUERY("\3xxx" EXAMPLE);
    struct prefetch_packet packets[PREFETCH_MAX];
    struct zone_table *table = two_zones();
    struct snapshot snapshot = {.zones = table};
    (void)state;
    for (size_t i = 0; i < PREFETCH_MAX; i++) {
        packets[i] = (struct prefetch_packet){i % 4 == 0 ? not_there : there, sizeof(there) - 1};
    }
    assert_int_equal(prefetch_nodes(&snapshot, packets, PREFETCH_MAX), PREFETCH_MAX / 4 * 3);
    assert_int_equal(prefetch_nodes(&snapshot, packets, 0), 0);
    zone_table_free(table);
}

/* More than are compared one by one, each with a www and one for a name within another. */
static void nodes_of_many_zones_are_found(void **state)
{
    static const char text[] = "@ SOA ns h 1 2 3 4 5\n@ NS ns\nwww A 192.0.2.1\n";
    struct zone *zones[ZONE_TABLE_FEW + 2];
    (void)state;
    for (unsigned i = 0; i <= ZONE_TABLE_FEW; i++) {
        char origin[] = "zone0.test";
        origin[4] = (char)('0' + i);
        zones[i] = fixture_zone(origin, text);
    }
    zones[ZONE_TABLE_FEW + 1] = fixture_zone("sub.zone3.test", text);
    struct zone_table *table = zone_table_new(zones, ZONE_TABLE_FEW + 2);
    assert_int_equal(FOUND(table, QUERY("\3www\5zone0\4test")), 1);
    assert_int_equal(FOUND(table, QUERY("\3wWw\5zONe8\4tESt")), 1);
    assert_int_equal(FOUND(table, QUERY("\3www\3sub\5zone3\4test")), 1);
    assert_int_equal(FOUND(table, QUERY("\3www\3sub\5zone4\4test")), 0);
    assert_int_equal(FOUND(table, QUERY("\3www\5zone9\4test")), 0);
    assert_int_equal(FOUND(table, QUERY("\3www\5zone0\4test") "\0"), 0);
    assert_int_equal(FOUND(table, QUERY("\77www\5zone0\4test")), 0);
    zone_table_free(table);
}

static void it_is_due_for_large_tables(void **state)
{
    struct zone_table table = {.slot_count = PREFETCH_SLOTS - 1};
    struct snapshot snapshot = {.zones = &table};
    struct config_server config = {.proxy_count = 0};
    (void)state;
    assert_false(prefetch_is_due(&snapshot, &config, 2));
    table.slot_count++;
    assert_true(prefetch_is_due(&snapshot, &config, 2));
    assert_false(prefetch_is_due(&snapshot, &config, 1));
    config.proxy_count = 1;
    assert_false(prefetch_is_due(&snapshot, &config, 2));
}

static void slots_of_all_zones_count(void **state)
{
    struct zone_table *table = two_zones();
    (void)state;
    assert_int_equal(table->slot_count,
                     table->zones[0]->bucket_mask + 1 + table->zones[1]->bucket_mask + 1);
    zone_table_free(table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nodes_of_plain_queries_are_found),
        cmocka_unit_test(others_are_left_alone),
        cmocka_unit_test(no_packet_is_read_beyond_its_end),
        cmocka_unit_test(a_batch_is_counted_packet_by_packet),
        cmocka_unit_test(nodes_of_many_zones_are_found),
        cmocka_unit_test(it_is_due_for_large_tables),
        cmocka_unit_test(slots_of_all_zones_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
