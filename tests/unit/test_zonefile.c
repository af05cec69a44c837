/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "common/alloc.h"
#include "tests/unit/zone_fixture.h"
#include "zones/record_type.h"
#include "zones/zonefile.h"

#define HEAD                                                                                       \
    "$TTL 3600\n@ SOA ns hostmaster 1 7200 900 1209600 300\n"                                      \
    "@ NS ns\nns A 192.0.2.1\n"

static const struct rrset *find_rrset(const struct zone *zone, const char *text, uint16_t type)
{
    struct name name;
    struct error err;
    struct name_key key;
    assert_true(name_parse(&name, text, &err));
    assert_int_equal(name_key_parse(&key, name.octets, name.len), name.len);
    struct zone_result result = zone_lookup(zone, &key);
    return result.match == ZONE_EXACT ? node_find(result.node, type) : NULL;
}

static void check_answer(const struct zone *zone, const char *name, uint16_t type,
                         const char *expected)
{
    const struct rrset *rrset = find_rrset(zone, name, type);
    if (rrset == NULL) {
        fail_msg("no %s of type %u", name, type);
        return;
    }
    char *text = fixture_print(&rrset->answer, name, name, false);
    CLEANUP(alloc_freep) char *whole = alloc_printf("%s--\n--\n", expected);
    assert_string_equal(text, whole);
    free(text);
}

/* Loads the text and compares one answer. */
static void check_read(const char *text, const char *name, uint16_t type, const char *expected)
{
    CLEANUP(alloc_freep) char *whole = alloc_printf("%s%s", HEAD, text);
    struct zone *zone = fixture_zone("example", whole);
    check_answer(zone, name, type, expected);
    zone_free(zone);
}

static void check_refused(const char *text, const char *expected)
{
    struct fixture fixture;
    struct error err;
    fixture_init(&fixture, "example", text);
    struct zone *zone = fixture_load(&fixture, &err);
    assert_null(zone);
    CLEANUP(alloc_freep) char *whole = alloc_printf("%s%s", fixture.path, expected);
    assert_string_equal(err.text, whole);
    fixture_done(&fixture);
}

/* --- what is refused --- */

static void remove_all(char *text, const char *what)
{
    for (char *at = strstr(text, what); at != NULL; at = strstr(at, what)) {
        memmove(at, at + strlen(what), strlen(at + strlen(what)) + 1);
    }
}

static const char *first_values[] = {"192.0.2.9"};
static const char *second_values[] = {"www.example.net"};
static struct config_member first_member = {.id = "a", .values = first_values, .value_count = 1};
static struct config_member second_member = {.id = "b", .values = second_values, .value_count = 1};
static struct config_record_set record_sets[] = {
    {.name = "weighted.example",
     .type = "A",
     .ttl_s = 60,
     .members = &first_member,
     .member_count = 1,
     .line = 20},
    {.name = "alias.example",
     .type = "CNAME",
     .ttl_s = 60,
     .members = &second_member,
     .member_count = 1,
     .line = 30},
    {.name = "x.deep.example",
     .type = "A",
     .ttl_s = 60,
     .members = &first_member,
     .member_count = 1,
     .line = 40},
};

static void check_invalid(const char *folder, const char *file, const char *expected)
{
    CLEANUP(alloc_freep) char *path = alloc_printf("%s%s", folder, file);
    struct fixture fixture;
    struct error err = {""};
    fixture_init(&fixture, "example", "");
    fixture_set_record_sets(&fixture, record_sets, ARRAY_LEN(record_sets));
    fixture.zone.file = path;
    assert_null(fixture_load(&fixture, &err));
    remove_all(err.text, folder);
    assert_string_equal(err.text, expected);
    fixture_done(&fixture);
}

static size_t count_zones(const char *folder)
{
    DIR *directory = opendir(folder);
    assert_non_null(directory);
    size_t count = 0;
    for (struct dirent *entry = readdir(directory); entry != NULL; entry = readdir(directory)) {
        count += strstr(entry->d_name, ".zone") != NULL ? 1 : 0;
    }
    closedir(directory);
    return count;
}

/* zones/invalid/errors.txt: "FILE | ERROR", the error without the folder's path. */
static void every_invalid_zone_is_refused_with_its_text(void **state)
{
    (void)state;
    char folder[512], list[600];
    fixture_source_path("zones/invalid/", folder, sizeof(folder));
    snprintf(list, sizeof(list), "%serrors.txt", folder);
    FILE *file = fopen(list, "r");
    assert_non_null(file);
    size_t count = 0;
    char line[2048];
    while (fgets(line, sizeof(line), file) != NULL) {
        char *separator = strstr(line, " | ");
        if (line[0] == '#' || separator == NULL) {
            continue;
        }
        *separator = '\0';
        separator[strcspn(separator + 3, "\n") + 3] = '\0';
        check_invalid(folder, line, separator + 3);
        count++;
    }
    fclose(file);
    assert_int_equal(count, count_zones(folder));
    assert_true(count > 50);
}

static void a_file_that_is_missing_or_a_directory_is_refused(void **state)
{
    (void)state;
    struct fixture fixture;
    struct error err;
    fixture_init(&fixture, "example", "");
    fixture.zone.file = "/nonexistent/example.zone";
    assert_null(fixture_load(&fixture, &err));
    assert_string_equal(err.text,
                        "/nonexistent/example.zone: cannot be opened: No such file or directory");
    fixture.zone.file = "/tmp";
    assert_null(fixture_load(&fixture, &err));
    assert_string_equal(err.text, "/tmp: is a directory, expected a file");
    fixture.zone.file = "/dev/null";
    assert_null(fixture_load(&fixture, &err));
    assert_string_equal(err.text, "/dev/null: is a device, expected a file");
    fixture_done(&fixture);
}

static void an_rrset_larger_than_a_message_is_refused(void **state)
{
    (void)state;
    size_t size = 200000;
    CLEANUP(alloc_freep) char *text = alloc_zeroed(size, 1);
    size_t len = (size_t)snprintf(text, size, HEAD);
    for (unsigned i = 0; i < 4076; i++) {
        len += (size_t)snprintf(text + len, size - len, "big A 10.0.%u.%u\n", i >> 8, i & 255);
    }
    check_refused(text, ":5: the RRset big.example A is too large for a DNS message, expected at "
                        "most 65200 octets");
    /* At once, and not at the end: else each of many records would be compared with all others. */
    snprintf(text + len, size - len, "@ NONSENSE\n");
    check_refused(text, ":5: the RRset big.example A is too large for a DNS message, expected at "
                        "most 65200 octets");
    /* 4060 of 16 octets fit, and the room that the longest owner would take. */
    char *end = text;
    for (unsigned i = 0; i < 4 + 4059; i++) {
        end = strchr(end, '\n') + 1;
    }
    *end = '\0';
    struct zone *zone = fixture_zone("example", text);
    assert_int_equal(find_rrset(zone, "big.example", TYPE_A)->answer.answer_count, 4059);
    zone_free(zone);
}

static void a_nul_octet_is_refused(void **state)
{
    (void)state;
    struct fixture fixture;
    struct error err;
    fixture_init(&fixture, "example", HEAD);
    FILE *file = fopen(fixture.path, "a");
    assert_non_null(file);
    fwrite("www A\0 192.0.2.1\n", 1, 17, file);
    fclose(file);
    assert_null(fixture_load(&fixture, &err));
    assert_non_null(strstr(err.text, ":5: a NUL octet, expected text"));
    fixture_done(&fixture);
}

static void a_zone_name_that_is_none_is_refused(void **state)
{
    (void)state;
    struct fixture fixture;
    struct error err;
    fixture_init(&fixture, "a..b", HEAD);
    assert_null(fixture_load(&fixture, &err));
    assert_string_equal(err.text,
                        "ballast.yaml:3: \"a..b\" is no domain name: it has an empty label");
    fixture_done(&fixture);
}

/* --- what is read --- */

static void the_example_zone_loads(void **state)
{
    (void)state;
    struct fixture fixture;
    struct error err = {""};
    char path[512];
    fixture_init(&fixture, "catsndogs.lol", "");
    fixture_source_path("zones/examples/catsndogs.lol.zone", path, sizeof(path));
    fixture.zone.file = path;
    struct zone *zone = fixture_load(&fixture, &err);
    assert_string_equal(err.text, "");
    assert_non_null(zone);
    assert_null(find_rrset(zone, "www.catsndogs.lol", TYPE_A));
    check_answer(zone, "shop.catsndogs.lol", TYPE_CNAME,
                 "shop.catsndogs.lol. 3600 IN CNAME www.catsndogs.lol.\n");
    assert_int_equal(zone->serial, 2026112301);
    assert_string_equal(zone->file, path);
    zone_free(zone);
    fixture_done(&fixture);
}

static void ttl_and_class_come_in_any_order(void **state)
{
    (void)state;
    const char *expected = "www.example. 300 IN A 192.0.2.2\n";
    check_read("www 300 IN A 192.0.2.2\n", "www.example", TYPE_A, expected);
    check_read("www IN 300 A 192.0.2.2\n", "www.example", TYPE_A, expected);
    check_read("www 5m A 192.0.2.2\n", "www.example", TYPE_A, expected);
    check_read("www class1 0h5m type1 192.0.2.2\n", "www.example", TYPE_A, expected);
}

static void the_default_ttl_is_that_before(void **state)
{
    (void)state;
    const char *text = "@ SOA ns h 1 2 3 4 77\n"
                       "@ NS ns\n"
                       "a 60 A 192.0.2.1\n"
                       "b A 192.0.2.2\n"
                       "$TTL 5\n"
                       "c A 192.0.2.3\n"
                       "d 90 A 192.0.2.4\n"
                       "e A 192.0.2.5\n";
    struct zone *zone = fixture_zone("example", text);
    check_answer(zone, "example", TYPE_SOA,
                 "example. 77 IN SOA ns.example. h.example. 1 2 3 4 77\n");
    check_answer(zone, "example", TYPE_NS, "example. 77 IN NS ns.example.\n");
    check_answer(zone, "b.example", TYPE_A, "b.example. 60 IN A 192.0.2.2\n");
    check_answer(zone, "c.example", TYPE_A, "c.example. 5 IN A 192.0.2.3\n");
    check_answer(zone, "e.example", TYPE_A, "e.example. 5 IN A 192.0.2.5\n");
    zone_free(zone);
}

static void the_ttl_limits_are_read(void **state)
{
    (void)state;
    check_read("a 0 A 192.0.2.1\n", "a.example", TYPE_A, "a.example. 0 IN A 192.0.2.1\n");
    check_read("a 2147483647 A 192.0.2.1\n", "a.example", TYPE_A,
               "a.example. 2147483647 IN A 192.0.2.1\n");
}

static void origins_are_relative_to_the_one_before(void **state)
{
    (void)state;
    const char *text = "$ORIGIN sub\n"
                       "a MX 10 b\n"
                       "@ TXT here\n"
                       "$ORIGIN deep\n"
                       "c A 192.0.2.3\n"
                       "$ORIGIN example.\n"
                       "d A 192.0.2.4\n";
    check_read(text, "a.sub.example", 15, "a.sub.example. 3600 IN MX 10 b.sub.example.\n");
    check_read(text, "sub.example", 16, "sub.example. 3600 IN TXT \"here\"\n");
    check_read(text, "c.deep.sub.example", TYPE_A, "c.deep.sub.example. 3600 IN A 192.0.2.3\n");
    check_read(text, "d.example", TYPE_A, "d.example. 3600 IN A 192.0.2.4\n");
}

static void records_go_over_lines_within_parentheses(void **state)
{
    (void)state;
    check_read("www TXT ( \"a;b\" ; comment ) (\n\n \"c(d\"\n)\n  A 192.0.2.2\n", "www.example", 16,
               "www.example. 3600 IN TXT \"a;b\" \"c(d\"\n");
    check_read("( www\n A ) ( 192.0.2.2\n)\n", "www.example", TYPE_A,
               "www.example. 3600 IN A 192.0.2.2\n");
}

static void a_line_without_name_has_the_one_before(void **state)
{
    (void)state;
    check_read("www A 192.0.2.2\n\n  ; comment\n\tA 192.0.2.3", "www.example", TYPE_A,
               "www.example. 3600 IN A 192.0.2.2\nwww.example. 3600 IN A 192.0.2.3\n");
}

static void what_is_escaped_or_quoted_is_data(void **state)
{
    (void)state;
    check_read("www TXT a\\;b \\(c\\) \"d\\\"e\" \\065\\\\ \"(\" \")\"\n", "www.example", 16,
               "www.example. 3600 IN TXT \"a;b\" \"(c)\" \"d\\\"e\" \"A\\\\\" \"(\" \")\"\n");
    check_read("www CNAME a\\@\\;b.x\n", "www.example", TYPE_CNAME,
               "www.example. 3600 IN CNAME a@\\;b.x.example.\n");
    check_read("a\\.b A 192.0.2.2\n", "a\\.b.example", TYPE_A,
               "a\\.b.example. 3600 IN A 192.0.2.2\n");
    check_read("a\\. A 192.0.2.2\n", "a\\..example", TYPE_A, "a\\..example. 3600 IN A 192.0.2.2\n");
}

static void at_is_the_origin_in_data_too(void **state)
{
    (void)state;
    check_read("www CNAME @\n", "www.example", TYPE_CNAME, "www.example. 3600 IN CNAME example.\n");
}

static void line_ends_of_other_systems_are_read(void **state)
{
    (void)state;
    check_read("www TXT x\r\nw2 A 192.0.2.2\r\n", "www.example", 16,
               "www.example. 3600 IN TXT \"x\"\n");
}

static void types_without_a_name_are_read(void **state)
{
    (void)state;
    check_read("x TYPE65280 \\# 3 010203\n", "x.example", 65280,
               "x.example. 3600 IN TYPE65280 \\# 3 010203\n");
    check_read("x TYPE65280 \\# 0\n", "x.example", 65280, "x.example. 3600 IN TYPE65280 \\# 0\n");
    check_read("x CLASS1 A \\# 4 c000 0201\n", "x.example", TYPE_A,
               "x.example. 3600 IN A 192.0.2.1\n");
    check_read("x MX \\# 5 000a 0161 00\n", "x.example", 15, "x.example. 3600 IN MX 10 a.\n");
}

static void types_of_all_ages_are_read(void **state)
{
    (void)state;
    static const struct {
        uint16_t type;
        const char *text;
    } cases[] = {
        {13, "HINFO \"a\" \"b\""},
        {33, "SRV 1 2 3 X.example."},
        {35, "NAPTR 1 2 \"u\" \"E2U+sip\" \"!^.*$!sip:x@y!\" ."},
        {44, "SSHFP 1 1 abcd"},
        {52, "TLSA 3 1 1 abcd"},
        {64, "SVCB 0 foo.example."},
        {65, "HTTPS 1 . alpn=h2"},
        {256, "URI 10 1 \"http://x/\""},
        {257, "CAA 0 issue \"letsencrypt.org\""},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        CLEANUP(alloc_freep) char *text = alloc_printf("x %s\n", cases[i].text);
        CLEANUP(alloc_freep)
        char *expected = alloc_printf("x.example. 3600 IN %s\n", cases[i].text);
        check_read(text, "x.example", cases[i].type, expected);
    }
}

static void a_record_that_is_there_twice_is_kept_once(void **state)
{
    (void)state;
    check_read("x MX 10 Mail\nx MX 10 mAIL\nx MX 20 mail\nx MX 10 MAIL\n", "x.example", 15,
               "x.example. 3600 IN MX 10 Mail.example.\nx.example. 3600 IN MX 20 Mail.example.\n");
    check_read("x CNAME y\nx CNAME y\n", "x.example", TYPE_CNAME,
               "x.example. 3600 IN CNAME y.example.\n");
    /* The letter case of text is data. */
    check_read("x TXT a\nx TXT A\n", "x.example", 16,
               "x.example. 3600 IN TXT \"a\"\nx.example. 3600 IN TXT \"A\"\n");
}

static void signatures_may_stand_beside_a_cname(void **state)
{
    (void)state;
    check_read("x CNAME y\nx NSEC z CNAME\n"
               "x RRSIG CNAME 8 2 60 20300101000000 20200101000000 1 @ AAAA\n",
               "x.example", TYPE_CNAME, "x.example. 3600 IN CNAME y.example.\n");
}

static void signatures_of_each_type_have_a_ttl_of_their_own(void **state)
{
    (void)state;
    check_read("x 60 RRSIG A 8 2 60 20300101000000 20200101000000 1 @ AAAA\n"
               "x 70 RRSIG MX 8 2 60 20300101000000 20200101000000 1 @ AAAA\n",
               "x.example", TYPE_RRSIG,
               "x.example. 60 IN RRSIG A 8 2 60 20300101000000 20200101000000 1 example. AAAA\n"
               "x.example. 70 IN RRSIG MX 8 2 60 20300101000000 20200101000000 1 example. AAAA\n");
}

/* --- $INCLUDE --- */

static void included_files_have_an_origin_and_names_of_their_own(void **state)
{
    (void)state;
    char path[512];
    fixture_source_path("tests/unit/data/include/main.zone", path, sizeof(path));
    struct fixture fixture;
    struct error err = {""};
    fixture_init(&fixture, "example", "");
    fixture.zone.file = path;
    struct zone *zone = fixture_load(&fixture, &err);
    assert_string_equal(err.text, "");
    check_answer(zone, "host.sub.example", TYPE_A, "host.sub.example. 3600 IN A 192.0.2.10\n");
    check_answer(zone, "host.deep.example", TYPE_A, "host.deep.example. 3600 IN A 192.0.2.11\n");
    /* The owner and the origin are back after it, from a file next to the including one. */
    check_answer(zone, "before.example", 16, "before.example. 3600 IN TXT \"after\"\n");
    check_answer(zone, "last.example", TYPE_A, "last.example. 3600 IN A 192.0.2.12\n");
    zone_free(zone);
    fixture_done(&fixture);
}

/* --- record sets of the configuration --- */

static void record_sets_become_part_of_their_zone(void **state)
{
    (void)state;
    struct fixture fixture;
    struct error err = {""};
    struct config_record_set sets[] = {record_sets[0], record_sets[0], record_sets[0],
                                       record_sets[0]};
    sets[1].name = "*.a.b.example";
    sets[2].name = "Example.";
    sets[3].name = "elsewhere.net";
    fixture_init(&fixture, "example", HEAD "weighted TXT beside\n");
    fixture_set_record_sets(&fixture, sets, 4);
    struct zone *zone = fixture_load(&fixture, &err);
    assert_string_equal(err.text, "");
    const struct rrset *rrset = find_rrset(zone, "weighted.example", TYPE_A);
    assert_non_null(rrset);
    assert_int_equal(rrset->record_set, 0);
    rrset = find_rrset(zone, "weighted.example", 16);
    assert_non_null(rrset);
    assert_int_equal(rrset->record_set, RRSET_STATIC);
    assert_int_equal(find_rrset(zone, "*.a.b.example", TYPE_A)->record_set, 1);
    assert_int_equal(find_rrset(zone, "example", TYPE_A)->record_set, 2);
    struct name_key key;
    name_key_parse(&key, (const uint8_t *)"\1x\1a\1b\7example", 15);
    assert_int_equal(zone_lookup(zone, &key).match, ZONE_WILDCARD);
    name_key_parse(&key, (const uint8_t *)"\1b\7example", 11);
    assert_int_equal(zone_lookup(zone, &key).match, ZONE_EXACT); /* an empty non-terminal */
    zone_free(zone);
    fixture_done(&fixture);
}

static void a_record_set_belongs_to_the_longest_origin(void **state)
{
    (void)state;
    struct fixture fixture;
    struct error err = {""};
    fixture_init(&fixture, "example", HEAD);
    fixture_set_record_sets(&fixture, &record_sets[2], 1); /* x.deep.example */
    struct config_zone zones[] = {fixture.zone, fixture.zone};
    zones[1].name = "deep.example";
    fixture.config.zones = zones;
    fixture.config.zone_count = 2;
    struct zone *upper = zonefile_load(&fixture.config, 0, fixture.sets, NULL, &err);
    struct zone *deep = zonefile_load(&fixture.config, 1, fixture.sets, NULL, &err);
    assert_string_equal(err.text, "");
    assert_null(find_rrset(upper, "x.deep.example", TYPE_A));
    assert_non_null(find_rrset(deep, "x.deep.example", TYPE_A));
    assert_true(zonefile_check_names(&fixture.config, fixture.sets, &err));
    zone_free(upper);
    zone_free(deep);
    fixture_done(&fixture);
}

static void record_sets_that_contradict_each_other_are_refused(void **state)
{
    (void)state;
    struct fixture fixture;
    struct error err;
    struct config_record_set sets[] = {record_sets[0], record_sets[1]};
    sets[1].name = "weighted.example";
    fixture_init(&fixture, "example", HEAD);
    fixture_set_record_sets(&fixture, sets, 2);
    assert_null(fixture_load(&fixture, &err));
    assert_string_equal(err.text,
                        "ballast.yaml:30: weighted.example CNAME: a CNAME beside other data, "
                        "expected only one of them (record set A in ballast.yaml:20)");
    fixture_done(&fixture);
}

static void names_of_the_configuration_are_checked(void **state)
{
    (void)state;
    struct fixture fixture;
    struct error err;
    fixture_init(&fixture, "net", HEAD);
    fixture_set_record_sets(&fixture, record_sets, 1);
    assert_false(zonefile_check_names(&fixture.config, fixture.sets, &err));
    assert_string_equal(err.text, "ballast.yaml:20: record set weighted.example/A is in none of "
                                  "the zones, expected a name within one");
    struct config_zone zones[] = {fixture.zone, fixture.zone};
    zones[1].name = "NET.";
    zones[1].line = 5;
    fixture.config.zones = zones;
    fixture.config.zone_count = 2;
    assert_false(zonefile_check_names(&fixture.config, fixture.sets, &err));
    assert_string_equal(err.text, "ballast.yaml:5: zone NET. is there twice (first in line 3)");
    zones[1].name = "a b..";
    assert_false(zonefile_check_names(&fixture.config, fixture.sets, &err));
    assert_string_equal(err.text,
                        "ballast.yaml:5: \"a b..\" is no domain name: it has an empty label");
    fixture_done(&fixture);
}

#define SIGNED_TOP                                                                                 \
    "@ 3600 SOA ns host 1 7200 900 1209600 300\n@ 3600 NS ns\nns 3600 A 192.0.2.1\n"               \
    "@ 3600 DNSKEY 257 3 13 AAAA\n"                                                                \
    "@ 3600 RRSIG SOA 13 1 3600 20370101000000 20260101000000 48616 example. AAAA\n"

static void nsec3_with_many_iterations_is_refused(void **state)
{
    (void)state;
    check_refused(SIGNED_TOP "@ 0 NSEC3PARAM 1 0 51 -\n",
                  ":6: NSEC3 with 51 iterations, expected at most 50 (RFC 9276)");
    zone_free(fixture_zone("example", SIGNED_TOP "@ 0 NSEC3PARAM 1 0 50 -\n"));
}

/* Nobody's signer would make such a zone; it is served as far as it goes. */
static void a_signed_zone_without_a_chain_is_served(void **state)
{
    (void)state;
    CLEANUP(zone_freep) struct zone *zone = fixture_zone("example", SIGNED_TOP);
    struct name_key key;
    struct denial_proofs proofs = {0};
    assert_int_equal(name_key_parse(&key, (const uint8_t *)"\1x\7example", 11), 11);
    assert_non_null(zone->denial);
    denial_of_name(zone->denial, 0, &key, &proofs);
    denial_of_type(zone->denial, 0, &proofs);
    assert_int_equal(proofs.count, 0);
}

/* What it is made from is freed part by part: a delegation's glue is in another part than it is. */
static void a_zone_of_several_parts_is_whole(void **state)
{
    (void)state;
    enum { hosts = 140000 };
    char *text = alloc_zeroed(hosts + 100, 32);
    size_t len = (size_t)sprintf(text, HEAD "first NS ns.last\n");
    for (unsigned i = 0; i < hosts; i++) {
        len +=
            (size_t)sprintf(text + len, "h%u A 10.%u.%u.%u\n", i, i >> 16, i >> 8 & 0xff, i & 0xff);
    }
    sprintf(text + len, "last NS ns.last\nns.last A 192.0.2.9\nh0 A 192.0.2.1\n*.h1 A 192.0.2.2\n");
    struct zone *zone = fixture_zone("example", text);
    free(text);
    check_answer(zone, "h0.example", TYPE_A,
                 "h0.example. 3600 IN A 10.0.0.0\nh0.example. 3600 IN A 192.0.2.1\n");
    check_answer(zone, "h139999.example", TYPE_A, "h139999.example. 3600 IN A 10.2.34.223\n");
    check_answer(zone, "*.h1.example", TYPE_A, "*.h1.example. 3600 IN A 192.0.2.2\n");
    struct name name;
    struct name_key key;
    assert_true(name_parse(&name, "first.example", NULL));
    name_key_parse(&key, name.octets, name.len);
    char *referral = fixture_print(zone_lookup(zone, &key).node->referral, "first.example",
                                   "first.example", false);
    assert_string_equal(referral, "--\nfirst.example. 3600 IN NS ns.last.example.\n--\n"
                                  "ns.last.example. 3600 IN A 192.0.2.9\n");
    free(referral);
    zone_free(zone);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_invalid_zone_is_refused_with_its_text),
        cmocka_unit_test(nsec3_with_many_iterations_is_refused),
        cmocka_unit_test(a_signed_zone_without_a_chain_is_served),
        cmocka_unit_test(a_file_that_is_missing_or_a_directory_is_refused),
        cmocka_unit_test(an_rrset_larger_than_a_message_is_refused),
        cmocka_unit_test(a_nul_octet_is_refused),
        cmocka_unit_test(a_zone_name_that_is_none_is_refused),
        cmocka_unit_test(the_example_zone_loads),
        cmocka_unit_test(ttl_and_class_come_in_any_order),
        cmocka_unit_test(the_default_ttl_is_that_before),
        cmocka_unit_test(the_ttl_limits_are_read),
        cmocka_unit_test(origins_are_relative_to_the_one_before),
        cmocka_unit_test(records_go_over_lines_within_parentheses),
        cmocka_unit_test(a_line_without_name_has_the_one_before),
        cmocka_unit_test(what_is_escaped_or_quoted_is_data),
        cmocka_unit_test(at_is_the_origin_in_data_too),
        cmocka_unit_test(line_ends_of_other_systems_are_read),
        cmocka_unit_test(types_without_a_name_are_read),
        cmocka_unit_test(types_of_all_ages_are_read),
        cmocka_unit_test(a_record_that_is_there_twice_is_kept_once),
        cmocka_unit_test(signatures_may_stand_beside_a_cname),
        cmocka_unit_test(signatures_of_each_type_have_a_ttl_of_their_own),
        cmocka_unit_test(included_files_have_an_origin_and_names_of_their_own),
        cmocka_unit_test(record_sets_become_part_of_their_zone),
        cmocka_unit_test(a_record_set_belongs_to_the_longest_origin),
        cmocka_unit_test(record_sets_that_contradict_each_other_are_refused),
        cmocka_unit_test(names_of_the_configuration_are_checked),
        cmocka_unit_test(a_zone_of_several_parts_is_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
