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
#include "zones/encoder.h"
#include "zones/record_type.h"

#define HEAD                                                                                       \
    "$TTL 60\n@ SOA ns hostmaster 1 2 3 4 30\n"                                                    \
    "@ NS ns\nns A 192.0.2.1\n"

static const struct node *find_node(const struct zone *zone, const char *text)
{
    struct name name;
    struct error err;
    struct name_key key;
    assert_true(name_parse(&name, text, &err));
    assert_int_equal(name_key_parse(&key, name.octets, name.len), name.len);
    return zone_lookup(zone, &key).node;
}

static void check_print(const struct encoded *encoded, const char *base, const char *qname,
                        const char *expected)
{
    char *text = fixture_print(encoded, base, qname, false);
    assert_string_equal(text, expected);
    free(text);
}

static const struct encoded *find_answer(const struct zone *zone, const char *name, uint16_t type)
{
    const struct rrset *rrset = node_find(find_node(zone, name), type);
    assert_non_null(rrset);
    return &rrset->answer;
}

static void an_answer_is_owner_pointer_and_data(void **state)
{
    (void)state;
    struct zone *zone = fixture_zone("example", HEAD "www A 192.0.2.2\nwww A 192.0.2.3\n");
    const struct encoded *answer = find_answer(zone, "www.example", TYPE_A);
    assert_int_equal(answer->len, 32);
    assert_memory_equal(answer->octets,
                        "\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\xc0\0\2\2"
                        "\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\xc0\0\2\3",
                        32);
    assert_int_equal(answer->pointer_count, 0);
    assert_int_equal(answer->answer_count, 2);
    assert_int_equal(answer->authority_count, 0);
    assert_int_equal(answer->additional_count, 0);
    assert_int_equal(answer->required_len, 32);
    zone_free(zone);
}

static void names_in_rdata_are_compressed_against_qname_and_each_other(void **state)
{
    (void)state;
    struct zone *zone =
        fixture_zone("example", HEAD "www MX 1 a.mail\nwww MX 2 b.mail\nwww MX 3 www\n"
                                     "www MX 4 x.net.\nwww MX 5 y.net.\n");
    const struct encoded *answer = find_answer(zone, "www.example", 15);
    check_print(answer, "www.example", "www.example",
                "www.example. 60 IN MX 1 a.mail.example.\n"
                "www.example. 60 IN MX 2 b.mail.example.\n"
                "www.example. 60 IN MX 3 www.example.\n"
                "www.example. 60 IN MX 4 x.net.\n"
                "www.example. 60 IN MX 5 y.net.\n"
                "--\n--\n");
    /* a.mail + pointer; b + pointer; pointer; x.net written out; y + pointer */
    assert_int_equal(answer->len, 5 * 14 + 9 + 4 + 2 + 7 + 4);
    assert_int_equal(answer->pointer_count, 4);
    zone_free(zone);
}

static void names_in_rdata_keep_their_letter_case(void **state)
{
    (void)state;
    struct zone *zone = fixture_zone("example", HEAD "www MX 1 A.Mail\nwww MX 2 B.MAIL\n");
    check_print(find_answer(zone, "www.example", 15), "www.example", "www.example",
                "www.example. 60 IN MX 1 A.Mail.example.\n"
                "www.example. 60 IN MX 2 B.Mail.example.\n" /* a pointer to the first one's */
                "--\n--\n");
    zone_free(zone);
}

/* RFC 3597 section 4. */
static void names_of_newer_types_are_not_compressed(void **state)
{
    (void)state;
    struct zone *zone = fixture_zone("example", HEAD "www SRV 1 2 3 www\nd DNAME www\n"
                                                     "www TYPE65280 \\# 2 c00c\n");
    assert_int_equal(find_answer(zone, "www.example", 33)->len, 12 + 6 + 13);
    assert_int_equal(find_answer(zone, "www.example", 33)->pointer_count, 0);
    assert_int_equal(find_answer(zone, "d.example", TYPE_DNAME)->len, 12 + 13);
    assert_int_equal(find_answer(zone, "www.example", 65280)->pointer_count, 0);
    zone_free(zone);
}

static void a_wildcards_answer_moves_with_the_name_asked(void **state)
{
    (void)state;
    struct zone *zone =
        fixture_zone("example", HEAD "*.w MX 1 mail\n*.w MX 2 x.w\n*.w MX 3 *.w\n"
                                     "*.w MX 4 q.x.w\n*.w MX 5 y.net.\n*.w MX 6 z.net.\n");
    struct name_key key;
    assert_int_equal(name_key_parse(&key, (const uint8_t *)"\4long\4name\1w\7example", 21), 21);
    struct zone_result result = zone_lookup(zone, &key);
    assert_int_equal(result.match, ZONE_WILDCARD);
    const struct encoded *answer = &node_find(result.node, 15)->answer;
    check_print(answer, "*.w.example", "long.name.w.example",
                "long.name.w.example. 60 IN MX 1 mail.example.\n"
                "long.name.w.example. 60 IN MX 2 x.w.example.\n"
                "long.name.w.example. 60 IN MX 3 *.w.example.\n"
                "long.name.w.example. 60 IN MX 4 q.x.w.example.\n"
                "long.name.w.example. 60 IN MX 5 y.net.\n"
                "long.name.w.example. 60 IN MX 6 z.net.\n"
                "--\n--\n");
    check_print(answer, "*.w.example", "*.w.example",
                "*.w.example. 60 IN MX 1 mail.example.\n"
                "*.w.example. 60 IN MX 2 x.w.example.\n"
                "*.w.example. 60 IN MX 3 *.w.example.\n"
                "*.w.example. 60 IN MX 4 q.x.w.example.\n"
                "*.w.example. 60 IN MX 5 y.net.\n"
                "*.w.example. 60 IN MX 6 z.net.\n"
                "--\n--\n");
    zone_free(zone);
}

/* Names on both sides of the delegation, and required and optional glue. */
static void a_referral_has_required_and_optional_glue(void **state)
{
    (void)state;
    struct zone *zone = fixture_zone("example", HEAD "d NS ns\n"
                                                     "d NS ns.other\n"
                                                     "d NS ns.d\n"
                                                     "d NS d\n"
                                                     "d NS ns.example.net.\n"
                                                     "d NS nowhere\n"
                                                     "other NS ns.other\n"
                                                     "ns.other A 192.0.2.4\n"
                                                     "d A 192.0.2.5\n"
                                                     "ns.d A 192.0.2.2\n"
                                                     "ns.d AAAA 2001:db8::2\n");
    const struct node *cut = find_node(zone, "x.d.example");
    const struct encoded *referral = cut->referral;
    assert_non_null(referral);
    const char *authority = "d.example. 60 IN NS ns.example.\n"
                            "d.example. 60 IN NS ns.other.example.\n"
                            "d.example. 60 IN NS ns.d.example.\n"
                            "d.example. 60 IN NS d.example.\n"
                            "d.example. 60 IN NS ns.example.net.\n"
                            "d.example. 60 IN NS nowhere.example.\n";
    const char *required = "ns.d.example. 60 IN A 192.0.2.2\n"
                           "ns.d.example. 60 IN AAAA 2001:db8::2\n"
                           "d.example. 60 IN A 192.0.2.5\n";
    const char *optional = "ns.example. 60 IN A 192.0.2.1\n"
                           "ns.other.example. 60 IN A 192.0.2.4\n";
    CLEANUP(alloc_freep) char *all = alloc_printf("--\n%s--\n%s%s", authority, required, optional);
    CLEANUP(alloc_freep) char *least = alloc_printf("--\n%s--\n%s", authority, required);
    check_print(referral, "d.example", "d.example", all);
    check_print(referral, "d.example", "a.long.name.below.d.example", all);
    char *text = fixture_print(referral, "d.example", "a.d.example", true);
    assert_string_equal(text, least);
    free(text);
    assert_int_equal(referral->additional_count, 5);
    assert_int_equal(referral->required_additional_count, 3);
    zone_free(zone);
}

static void a_negative_answer_has_the_soa_with_the_lower_ttl(void **state)
{
    (void)state;
    struct zone *zone = fixture_zone("example", HEAD);
    check_print(&zone->negative, "example", "example",
                "--\nexample. 30 IN SOA ns.example. hostmaster.example. 1 2 3 4 30\n--\n");
    check_print(&zone->negative, "example", "no.such.example",
                "--\nexample. 30 IN SOA ns.example. hostmaster.example. 1 2 3 4 30\n--\n");
    zone_free(zone);
    zone = fixture_zone("example", "@ 20 SOA ns hostmaster 1 2 3 4 30\n@ NS ns\n");
    check_print(&zone->negative, "example", "x.example",
                "--\nexample. 20 IN SOA ns.example. hostmaster.example. 1 2 3 4 30\n--\n");
    zone_free(zone);
}

static void names_of_255_octets_are_encoded(void **state)
{
    (void)state;
    char label[64];
    memset(label, 'x', 63);
    label[63] = '\0';
    /* 3 * 64 + 54 + 8 + 1 = 255 */
    CLEANUP(alloc_freep)
    char *name = alloc_printf("%s.%s.%s.%.53s.example", label, label, label, label);
    CLEANUP(alloc_freep)
    char *text = alloc_printf(HEAD "%s. NS %s.\n%s. DS 1 8 2 abcd\n", name, name, name);
    CLEANUP(alloc_freep) char *expected = alloc_printf("--\n%s. 60 IN NS %s.\n--\n", name, name);
    struct zone *zone = fixture_zone("example", text);
    const struct node *node = find_node(zone, name);
    assert_int_equal(node->name_len, 255);
    check_print(node->referral, name, name, expected);
    zone_free(zone);
}

/* More than 0x3fff octets: what lies beyond cannot be pointed to, and near the end the longest
 * shift would carry a pointer there. */
static void no_pointer_goes_beyond_its_14_bits(void **state)
{
    (void)state;
    size_t size = 200000;
    CLEANUP(alloc_freep) char *text = alloc_zeroed(size, 1);
    CLEANUP(alloc_freep) char *expected = alloc_zeroed(3 * size, 1);
    size_t len = (size_t)snprintf(text, size, HEAD);
    size_t expected_len = 0;
    char base[] = "q", qname[256] = "";
    for (size_t i = 0; i < 126; i++) {
        strcat(qname, "y.");
    }
    strcat(qname, "q");
    for (unsigned i = 0; i < 1200; i++) {
        /* Each suffix occurs twice, so that there is something to point to. */
        len += (size_t)snprintf(text + len, size - len, "*.q. PTR n%u.suffix%u.net.\n", i, i / 2);
        expected_len += (size_t)snprintf(expected + expected_len, 3 * size - expected_len,
                                         "%s. 60 IN PTR n%u.suffix%u.net.\n", qname, i, i / 2);
    }
    snprintf(expected + expected_len, 3 * size - expected_len, "--\n--\n");
    struct zone *zone = fixture_zone(base, text);
    struct name_key key;
    struct name name;
    struct error err;
    assert_true(name_parse(&name, qname, &err));
    assert_int_equal(name.len, 255);
    assert_int_equal(name_key_parse(&key, name.octets, name.len), 255);
    struct zone_result result = zone_lookup(zone, &key);
    assert_int_equal(result.match, ZONE_WILDCARD);
    const struct encoded *answer = &node_find(result.node, 12)->answer;
    assert_true(answer->len > 0x5000);
    assert_true(answer->pointer_count > 500);
    check_print(answer, "*.q", qname, expected);
    zone_free(zone);
}

static void records_apart_point_only_to_the_owners_suffixes(void **state)
{
    (void)state;
    CLEANUP(encoder_freep) struct encoder *encoder = encoder_new();
    CLEANUP(arena_freep) struct arena *arena = arena_new();
    const uint8_t *owner = (const uint8_t *)"\3www\7example";
    struct name_key key;
    assert_int_equal(name_key_parse(&key, owner, 13), 13);
    encoder_start(encoder, &key, ENCODER_RECORDS_ARE_APART);
    const struct encoder_record record = {
        .owner = owner,
        .type = 15,
        .ttl_s = 60,
        .rdata = (const uint8_t *)"\0\1\1a\3net",
        .rdata_len = 9,
    };
    assert_true(encoder_add(encoder, ENCODER_ANSWER, &record));
    assert_true(encoder_add(encoder, ENCODER_ANSWER, &record));
    struct encoded encoded;
    encoder_finish(encoder, arena, &encoded);
    assert_int_equal(encoded.len, 2 * (12 + 9));
    assert_memory_equal(encoded.octets, encoded.octets + 21, 21);
}

static void what_a_message_cannot_hold_is_not_added(void **state)
{
    (void)state;
    CLEANUP(encoder_freep) struct encoder *encoder = encoder_new();
    static const uint8_t rdata[UINT16_MAX];
    struct name_key key;
    assert_int_equal(name_key_parse(&key, (const uint8_t *)"", 1), 1);
    encoder_start(encoder, &key, 0);
    struct encoder_record record = {
        .owner = (const uint8_t *)"", .type = 65280, .rdata = rdata, .rdata_len = UINT16_MAX};
    assert_false(encoder_add(encoder, ENCODER_ANSWER, &record));
    assert_int_equal(encoder_len(encoder), 0);
    record.rdata_len = 64000;
    assert_true(encoder_add(encoder, ENCODER_ANSWER, &record));
    assert_int_equal(encoder_len(encoder), 64012);
    record.rdata_len = 1200;
    assert_false(encoder_add(encoder, ENCODER_ANSWER, &record));
    assert_int_equal(encoder_len(encoder), 64012);
}

static void rdata_with_broken_names_is_not_valid(void **state)
{
    (void)state;
    assert_true(encoder_rdata_is_valid(15, (const uint8_t *)"\0\1\1a", 5));
    assert_false(encoder_rdata_is_valid(15, (const uint8_t *)"\0\1\1a", 4));   /* no root */
    assert_false(encoder_rdata_is_valid(15, (const uint8_t *)"\0\1\1a\0", 6)); /* one too many */
    assert_false(encoder_rdata_is_valid(15, (const uint8_t *)"\0\1", 2));
    assert_false(encoder_rdata_is_valid(15, (const uint8_t *)"\0", 1));
    assert_false(encoder_rdata_is_valid(2, (const uint8_t *)"\xc0\x0c", 2));
    assert_false(encoder_rdata_is_valid(TYPE_SOA, (const uint8_t *)"\0\0", 2));
    assert_true(encoder_rdata_is_valid(65280, (const uint8_t *)"\xc0\x0c", 2));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_is_owner_pointer_and_data),
        cmocka_unit_test(names_in_rdata_are_compressed_against_qname_and_each_other),
        cmocka_unit_test(names_in_rdata_keep_their_letter_case),
        cmocka_unit_test(names_of_newer_types_are_not_compressed),
        cmocka_unit_test(a_wildcards_answer_moves_with_the_name_asked),
        cmocka_unit_test(a_referral_has_required_and_optional_glue),
        cmocka_unit_test(a_negative_answer_has_the_soa_with_the_lower_ttl),
        cmocka_unit_test(names_of_255_octets_are_encoded),
        cmocka_unit_test(no_pointer_goes_beyond_its_14_bits),
        cmocka_unit_test(records_apart_point_only_to_the_owners_suffixes),
        cmocka_unit_test(what_a_message_cannot_hold_is_not_added),
        cmocka_unit_test(rdata_with_broken_names_is_not_valid),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
