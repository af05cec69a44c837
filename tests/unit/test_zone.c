/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "common/alloc.h"
#include "tests/unit/zone_fixture.h"
#include "zones/record_type.h"
#include "zones/zone.h"

#define HEAD                                                                                       \
    "$TTL 3600\n@ SOA ns.example.com. h.example.com. 1 2 3 4 5\n"                                  \
    " NS ns.example.com.\n"

/* RFC 4592 section 2.2.1, and the names that its text is about. */
static const char rfc4592[] = "$ORIGIN example.\n"
                              "example. 3600 IN SOA ns.example.com. h.example.com. 1 2 3 4 5\n"
                              "example. 3600 NS ns.example.com.\n"
                              "example. 3600 NS ns.example.net.\n"
                              "*.example. 3600 TXT \"this is a wildcard\"\n"
                              "*.example. 3600 MX 10 host1.example.\n"
                              "sub.*.example. 3600 TXT \"this is not a wildcard\"\n"
                              "host1.example. 3600 A 192.0.2.1\n"
                              "_ssh._tcp.host1.example. 3600 SRV 1 2 3 x.example.\n"
                              "_ssh._tcp.host2.example. 3600 SRV 1 2 3 x.example.\n"
                              "subdel.example. 3600 NS ns.example.com.\n"
                              "subdel.example. 3600 NS ns.example.net.\n";

static struct name_key key_of(const char *text)
{
    struct name name;
    struct error err;
    struct name_key key;
    if (!name_parse(&name, text, &err)) {
        fail_msg("%s", err.text);
    }
    assert_int_equal(name_key_parse(&key, name.octets, name.len), name.len);
    return key;
}

static void check_lookup(const struct zone *zone, const char *qname, enum zone_match match,
                         const char *node)
{
    struct name_key key = key_of(qname);
    struct zone_result result = zone_lookup(zone, &key);
    char found[NAME_TEXT_SIZE];
    name_print(result.node->name, found);
    if (result.match != match || strcmp(found, node) != 0) {
        fail_msg("%s: match %d node %s, expected %d %s", qname, (int)result.match, found,
                 (int)match, node);
    }
}

static void the_examples_of_rfc_4592_are_answered_as_it_says(void **state)
{
    (void)state;
    struct zone *zone = fixture_zone("example", rfc4592);
    /* synthesised */
    check_lookup(zone, "host3.example", ZONE_WILDCARD, "*.example");
    check_lookup(zone, "foo.bar.example", ZONE_WILDCARD, "*.example");
    /* not synthesised: it exists, it lies below what exists, it is delegated, it is the wildcard */
    check_lookup(zone, "host1.example", ZONE_EXACT, "host1.example");
    check_lookup(zone, "sub.*.example", ZONE_EXACT, "sub.*.example");
    check_lookup(zone, "_telnet._tcp.host1.example", ZONE_NXDOMAIN, "_tcp.host1.example");
    check_lookup(zone, "host.subdel.example", ZONE_DELEGATION, "subdel.example");
    check_lookup(zone, "ghost.*.example", ZONE_NXDOMAIN, "*.example");
    check_lookup(zone, "*.example", ZONE_EXACT, "*.example");
    /* closest enclosers of section 3.3.1 and the empty non-terminals of section 2.2.2 */
    check_lookup(zone, "_tcp.host1.example", ZONE_EXACT, "_tcp.host1.example");
    check_lookup(zone, "host2.example", ZONE_EXACT, "host2.example");
    check_lookup(zone, "_telnet._tcp.host2.example", ZONE_NXDOMAIN, "_tcp.host2.example");
    check_lookup(zone, "x.host2.example", ZONE_NXDOMAIN, "host2.example");
    check_lookup(zone, "_chat._udp.host3.example", ZONE_WILDCARD, "*.example");
    struct name_key key = key_of("host2.example");
    assert_int_equal(zone_lookup(zone, &key).node->rrset_count, 0);
    zone_free(zone);
}

static void a_lookup_ignores_letter_case(void **state)
{
    (void)state;
    struct zone *zone = fixture_zone("Example", rfc4592);
    struct name_key key;
    assert_int_not_equal(name_key_parse(&key, (const uint8_t *)"\5HOST1\7eXample", 15), 0);
    struct zone_result result = zone_lookup(zone, &key);
    assert_int_equal(result.match, ZONE_EXACT);
    assert_memory_equal(result.node->name, "\5host1\7example", 15);
    zone_free(zone);
}

static void the_apex_is_authoritative(void **state)
{
    (void)state;
    struct zone *zone = fixture_zone("example", rfc4592);
    check_lookup(zone, "example", ZONE_EXACT, "example");
    assert_non_null(node_find(zone->apex, TYPE_NS));
    assert_non_null(node_find(zone->apex, TYPE_SOA));
    assert_null(node_find(zone->apex, TYPE_A));
    assert_false(zone->apex->is_delegation);
    assert_int_equal(zone->serial, 1);
    assert_int_equal(zone->record_count, 11);
    zone_free(zone);
}

static void the_topmost_cut_wins(void **state)
{
    (void)state;
    struct zone *zone = fixture_zone("example", HEAD "a NS ns.a\n"
                                                     "ns.a A 192.0.2.1\n"
                                                     "b.a NS ns.b.a\n"
                                                     "ns.b.a A 192.0.2.2\n"
                                                     "c.b.a DNAME x.example.com.\n"
                                                     "*.a A 192.0.2.3\n");
    check_lookup(zone, "a.example", ZONE_DELEGATION, "a.example");
    check_lookup(zone, "ns.a.example", ZONE_DELEGATION, "a.example");
    check_lookup(zone, "b.a.example", ZONE_DELEGATION, "a.example");
    check_lookup(zone, "ns.b.a.example", ZONE_DELEGATION, "a.example");
    check_lookup(zone, "x.c.b.a.example", ZONE_DELEGATION, "a.example");
    check_lookup(zone, "any.a.example", ZONE_DELEGATION, "a.example");
    check_lookup(zone, "nothing.example", ZONE_NXDOMAIN, "example");
    /* What the delegation hides takes no memory. */
    assert_int_equal(zone->node_count, 2);
    zone_free(zone);
}

static void names_below_a_dname_are_its(void **state)
{
    (void)state;
    struct zone *zone = fixture_zone("example", HEAD "d DNAME target.example.com.\n"
                                                     "d A 192.0.2.1\n"
                                                     "x.d A 192.0.2.2\n"
                                                     "y.d NS ns.example.com.\n"
                                                     "*.d A 192.0.2.3\n");
    check_lookup(zone, "d.example", ZONE_EXACT, "d.example");
    check_lookup(zone, "x.d.example", ZONE_DNAME, "d.example");
    check_lookup(zone, "y.d.example", ZONE_DNAME, "d.example");
    check_lookup(zone, "a.b.c.d.example", ZONE_DNAME, "d.example");
    check_lookup(zone, "dd.example", ZONE_NXDOMAIN, "example");
    struct name_key key = key_of("d.example");
    assert_true(zone_lookup(zone, &key).node->has_dname);
    zone_free(zone);
}

static void a_dname_at_the_apex_takes_everything_below(void **state)
{
    (void)state;
    struct zone *zone = fixture_zone("example", HEAD " DNAME example.com.\nwww A 192.0.2.1\n");
    check_lookup(zone, "example", ZONE_EXACT, "example");
    check_lookup(zone, "www.example", ZONE_DNAME, "example");
    assert_non_null(node_find(zone->apex, TYPE_DNAME));
    zone_free(zone);
}

static void only_the_parents_data_is_served_at_a_delegation(void **state)
{
    (void)state;
    struct zone *zone = fixture_zone("example", HEAD "a NS ns.a\n"
                                                     "a A 192.0.2.1\n"
                                                     "a TXT hidden\n"
                                                     "a DS 1 8 2 abcd\n");
    struct name_key key = key_of("a.example");
    struct zone_result result = zone_lookup(zone, &key);
    assert_int_equal(result.match, ZONE_DELEGATION);
    assert_true(result.node->is_delegation);
    assert_int_equal(result.node->rrset_count, 1);
    assert_non_null(node_find(result.node, TYPE_DS));
    assert_non_null(result.node->referral);
    zone_free(zone);
}

static void wildcards_answer_at_the_closest_encloser_only(void **state)
{
    (void)state;
    struct zone *zone = fixture_zone("example", HEAD "* A 192.0.2.1\n"
                                                     "*.a.b A 192.0.2.2\n"
                                                     "c.*.a.b A 192.0.2.3\n");
    check_lookup(zone, "x.example", ZONE_WILDCARD, "*.example");
    check_lookup(zone, "b.example", ZONE_EXACT, "b.example");
    check_lookup(zone, "x.b.example", ZONE_NXDOMAIN, "b.example");
    check_lookup(zone, "x.a.b.example", ZONE_WILDCARD, "*.a.b.example");
    check_lookup(zone, "z.y.x.a.b.example", ZONE_WILDCARD, "*.a.b.example");
    check_lookup(zone, "d.*.a.b.example", ZONE_NXDOMAIN, "*.a.b.example");
    check_lookup(zone, "*.b.example", ZONE_NXDOMAIN, "b.example");
    zone_free(zone);
}

static void names_of_127_labels_are_found_and_missed(void **state)
{
    (void)state;
    char text[1024] = HEAD;
    char deep[256] = "", deeper[256] = "";
    for (size_t i = 0; i < 126; i++) {
        strcat(deep, i % 2 == 0 ? "a." : "b.");
        strcat(deeper, i == 0 ? "x." : i % 2 == 0 ? "a." : "b.");
    }
    strcat(text, deep);
    strcat(text, "e. A 192.0.2.1\n");
    strcat(deep, "e");
    strcat(deeper, "e");
    struct zone *zone = fixture_zone("e", text);
    assert_int_equal(zone->max_labels, 127);
    assert_int_equal(zone->node_count, 127);
    check_lookup(zone, deep, ZONE_EXACT, deep);
    check_lookup(zone, deeper, ZONE_NXDOMAIN, deep + 2);
    zone_free(zone);
}

static void a_name_far_deeper_than_the_zone_is_missed(void **state)
{
    (void)state;
    struct zone *zone = fixture_zone("e", HEAD "w A 192.0.2.1\n");
    char deep[256] = "";
    for (size_t i = 0; i < 125; i++) {
        strcat(deep, "q.");
    }
    strcat(deep, "w.e");
    check_lookup(zone, deep, ZONE_NXDOMAIN, "w.e");
    zone_free(zone);
}

static void the_root_can_be_a_zone(void **state)
{
    (void)state;
    struct zone *zone = fixture_zone(".", ". 60 SOA ns.lol. h.lol. 1 2 3 4 5\n. 60 NS ns.lol.\n"
                                          "lol 60 NS ns.lol\nns.lol 60 A 192.0.2.1\n");
    check_lookup(zone, ".", ZONE_EXACT, ".");
    check_lookup(zone, "x.lol", ZONE_DELEGATION, "lol");
    check_lookup(zone, "com", ZONE_NXDOMAIN, ".");
    struct zone_table *table = zone_table_new(&zone, 1);
    struct name_key key = key_of("www.example.com");
    assert_ptr_equal(zone_table_find(table, &key, key.label_count), zone);
    zone_table_free(table);
}

static void every_name_of_a_large_zone_is_found(void **state)
{
    (void)state;
    size_t size = (size_t)20000 * 40;
    char *text = alloc_zeroed(size, 1);
    size_t len = (size_t)snprintf(text, size, HEAD);
    for (unsigned i = 0; i < 20000; i++) {
        len += (size_t)snprintf(text + len, size - len, "h%u.g%u A 192.0.2.1\n", i, i % 100);
    }
    struct zone *zone = fixture_zone("example", text);
    assert_int_equal(zone->node_count, 20101);
    for (unsigned i = 0; i < 20000; i++) {
        char name[64];
        snprintf(name, sizeof(name), "h%u.g%u.example", i, i % 100);
        check_lookup(zone, name, ZONE_EXACT, name);
        snprintf(name, sizeof(name), "h%u.g%u.example", i, (i + 1) % 100);
        char parent[64];
        snprintf(parent, sizeof(parent), "g%u.example", (i + 1) % 100);
        check_lookup(zone, name, ZONE_NXDOMAIN, parent);
    }
    zone_free(zone);
    free(text);
}

/* With so many more zones that have nothing to do with the names. */
static void check_longest_origin(size_t others)
{
    struct zone *zones[3 + ZONE_TABLE_FEW] = {
        fixture_zone("example", HEAD),
        fixture_zone("sub.deep.example", HEAD),
        fixture_zone("other", HEAD),
    };
    for (size_t i = 3; i < 3 + others; i++) {
        char name[32];
        snprintf(name, sizeof(name), "a.b.c.zone%zu", i);
        zones[i] = fixture_zone(name, HEAD);
    }
    struct zone_table *table = zone_table_new(zones, 3 + others);
    static const struct {
        const char *qname;
        int labels; /* above or below the name's own count */
        int zone;
    } cases[] = {
        {"example", 0, 0},
        {"x.example", 0, 0},
        {"deep.example", 0, 0},
        {"sub.deep.example", 0, 1},
        {"a.b.sub.deep.example", 0, 1},
        {"sub.deep.example", -1, 0},
        {"other", 0, 2},
        {"other", -1, -1},
        {"unknown", 0, -1},
        {".", 0, -1},
        {"example.unknown", 0, -1},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct name_key key = key_of(cases[i].qname);
        const struct zone *zone =
            zone_table_find(table, &key, (unsigned)(key.label_count + cases[i].labels));
        assert_ptr_equal(zone, cases[i].zone < 0 ? NULL : zones[cases[i].zone]);
    }
    zone_table_free(table);
}

/* A pair found by trying: if the hash is ever another, one has to be found again. */
static void names_of_one_hash_are_told_apart(void **state)
{
    (void)state;
    static const char first[] = "9kxkrj.example", second[] = "ao8sfc.example";
    struct name_key one = key_of(first), other = key_of(second);
    assert_int_equal(name_key_hash_below(&one, 2, 9), name_key_hash_below(&other, 2, 9));
    struct zone *zone = fixture_zone("example", HEAD "9kxkrj A 192.0.2.1\nao8sfc A 192.0.2.2\n");
    check_lookup(zone, first, ZONE_EXACT, first);
    check_lookup(zone, second, ZONE_EXACT, second);
    zone_free(zone);
    zone = fixture_zone("example", HEAD "9kxkrj A 192.0.2.1\n");
    check_lookup(zone, first, ZONE_EXACT, first);
    check_lookup(zone, second, ZONE_NXDOMAIN, "example");
    zone_free(zone);
}

static void the_zone_with_the_longest_origin_answers(void **state)
{
    (void)state;
    check_longest_origin(0);
    check_longest_origin(ZONE_TABLE_FEW - 3);
    check_longest_origin(ZONE_TABLE_FEW - 2);
    check_longest_origin(ZONE_TABLE_FEW);
}

static void a_zone_lives_as_long_as_a_table_holds_it(void **state)
{
    (void)state;
    struct zone *zone = fixture_zone("example", HEAD);
    struct zone_table *first = zone_table_new(&zone, 1);
    struct zone_table *second = zone_table_new(&zone, 1);
    assert_int_equal(zone->references, 2);
    zone_table_free(first);
    assert_int_equal(zone->references, 1);
    struct name_key key = key_of("example");
    assert_ptr_equal(zone_table_find(second, &key, 1), zone);
    zone_table_free(second);
}

static void a_table_without_zones_finds_nothing(void **state)
{
    (void)state;
    struct zone_table *table = zone_table_new(NULL, 0);
    struct name_key key = key_of("a.b.c");
    assert_null(zone_table_find(table, &key, 3));
    zone_table_free(table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_examples_of_rfc_4592_are_answered_as_it_says),
        cmocka_unit_test(a_lookup_ignores_letter_case),
        cmocka_unit_test(the_apex_is_authoritative),
        cmocka_unit_test(the_topmost_cut_wins),
        cmocka_unit_test(names_below_a_dname_are_its),
        cmocka_unit_test(a_dname_at_the_apex_takes_everything_below),
        cmocka_unit_test(only_the_parents_data_is_served_at_a_delegation),
        cmocka_unit_test(wildcards_answer_at_the_closest_encloser_only),
        cmocka_unit_test(names_of_127_labels_are_found_and_missed),
        cmocka_unit_test(a_name_far_deeper_than_the_zone_is_missed),
        cmocka_unit_test(the_root_can_be_a_zone),
        cmocka_unit_test(every_name_of_a_large_zone_is_found),
        cmocka_unit_test(names_of_one_hash_are_told_apart),
        cmocka_unit_test(the_zone_with_the_longest_origin_answers),
        cmocka_unit_test(a_zone_lives_as_long_as_a_table_holds_it),
        cmocka_unit_test(a_table_without_zones_finds_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
