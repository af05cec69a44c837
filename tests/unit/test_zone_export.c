/* SPDX-License-Identifier: BSD-2-Clause */
/* What is exported is what was loaded: it loads again, and is then exported the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "common/alloc.h"
#include "tests/unit/export_text.h"
#include "tests/unit/zone_fixture.h"
#include "zones/snapshot_builder.h"

#define SOA "@ 300 SOA ns hostmaster 7 3600 600 86400 60\n@ 300 NS ns\nns 300 A 192.0.2.1\n"

static struct record_sets no_sets;

struct exported {
    struct fixture fixture;
    struct snapshot *snapshot;
};

static void exported_open(struct exported *exported, const char *origin, const char *text,
                          struct config_record_set *sets, size_t count)
{
    struct error err;
    fixture_init(&exported->fixture, origin, text);
    if (count > 0) {
        fixture_set_record_sets(&exported->fixture, sets, count);
    }
    struct zone *zone = fixture_load(&exported->fixture, &err);
    if (zone == NULL) {
        fail_msg("%s\n%s", err.text, text);
    }
    const struct record_sets *all = count > 0 ? exported->fixture.sets : &no_sets;
    struct snapshot_builder *builder = snapshot_builder_new(NULL, all);
    snapshot_builder_set_zones(builder, zone_table_new(&zone, 1));
    for (uint32_t i = 0; i < count; i++) {
        snapshot_builder_set_weights(builder, i, (const uint16_t[]){10, 90});
    }
    exported->snapshot = snapshot_builder_finish(builder);
}

static void exported_close(struct exported *exported)
{
    snapshot_free_last(exported->snapshot);
    fixture_done(&exported->fixture);
}

static char *export_of(const char *origin, const char *text)
{
    struct exported exported;
    exported_open(&exported, origin, text, NULL, 0);
    char *out = export_text(exported.snapshot, NULL, 1000000);
    exported_close(&exported);
    return out;
}

/* Exports, loads that, exports again: no difference. Caller frees. */
static char *export_again(const char *origin, const char *text)
{
    char *first = export_of(origin, text);
    CLEANUP(alloc_freep) char *second = export_of(origin, first);
    assert_string_equal(first, second);
    return first;
}

static void assert_has(const char *text, const char *line)
{
    if (strstr(text, line) == NULL) {
        fail_msg("no \"%s\" in:\n%s", line, text);
    }
}

static void assert_has_no(const char *text, const char *line)
{
    if (strstr(text, line) != NULL) {
        fail_msg("\"%s\" in:\n%s", line, text);
    }
}

static void a_plain_zone_is_written_with_its_soa_first(void **state)
{
    (void)state;
    CLEANUP(alloc_freep)
    char *text = export_again("example.test", SOA "@ A 192.0.2.9\n*.w TXT \"a;b\" \"c\\\"d\"\n");
    const char *start = "; zone example.test as it is served, serial 7\n"
                        "example.test.\t300\tIN\tSOA\tns.example.test. hostmaster.example.test. 7 "
                        "3600 600 86400 60\n"
                        "example.test.\t300\tIN\tA\t192.0.2.9\n";
    assert_int_equal(strncmp(text, start, strlen(start)), 0);
    assert_has(text, "ns.example.test.\t300\tIN\tA\t192.0.2.1\n");
    assert_has(text, "*.w.example.test.\t300\tIN\tTXT\t");
}

/* One of each kind of data that ldns may print in a way that nobody reads. */
static void every_type_is_read_back_as_it_was(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "a AAAA 2001:db8::1",
        "b MX 10 Mail.Example.Test.",
        "c TXT \"\\000\\255 tab\\009\" \"\" \"semi;colon\"",
        "d CAA 0 issue \"ca.example.net; policy=ev\"",
        "e NAPTR 100 10 \"u\" \"E2U+sip\" \"!^.*$!sip:info@example.com!\" .",
        "f LOC 52 22 23.000 N 4 53 32.000 E -2.00m 0.00m 10000m 10m",
        "g SSHFP 4 2 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
        "_443._tcp TLSA 3 1 1 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
        "h HTTPS 1 . alpn=h2,h3 ipv4hint=192.0.2.1 ipv6hint=2001:db8::1",
        "h2 SVCB 16 Foo.example.org. alpn=h2 mandatory=alpn key65333=ex1",
        "i SRV 1 2 3 target",
        "j TYPE65280 \\# 4 0a0b0c0d",
        "k A \\# 4 c0000201",
        "l HINFO \"a b\" \"c\"",
        "m CERT 1 2 3 AQIDBA==",
        "n APL 1:192.168.32.0/21 !1:192.168.38.0/28 2:FF00:0:0:0:0:0:0:0/8",
        "o URI 10 1 \"https://example.test/?a=b\"",
        "p IPSECKEY 10 1 2 192.0.2.38 AQNRU3mG7TVTO2BkR47usntb102uFJtugbo6BSGvgqt4AQ==",
        "q DNAME elsewhere.example.net.",
        "r\\.x\\000.s PTR a\\.b\\032c\\200.example.test.",
        "t RP a\\.b.example.test. .",
        "u TXT \\# 3 026162",
        "v TYPE61 \\# 3 010203",
        "w EUI48 00-00-5e-00-53-2a",
        "x DHCID AAIBY2/AuCccgoJbsaxcQc9TUapptP69lOjxfNuVAA2kjEA=",
        "y CSYNC 66 3 A NS AAAA",
        "z TYPE65281 \\# 0",
        "empty.non.terminal A 192.0.2.77",
    };
    for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
        CLEANUP(alloc_freep) char *zone = alloc_printf("$TTL 300\n" SOA "%s\n", lines[i]);
        CLEANUP(alloc_freep) char *text = export_again("example.test", zone);
        size_t count = 0;
        for (const char *at = text; *at != '\0'; at++) {
            count += *at == '\n' ? 1 : 0;
        }
        assert_int_equal(count, 5); /* a comment, SOA, NS, its address, and the line */
    }
}

static void names_in_data_keep_their_letter_case(void **state)
{
    (void)state;
    CLEANUP(alloc_freep)
    char *text = export_again("example.test", SOA "b 60 MX 10 Mail.Other.Net.\n");
    assert_has(text, "b.example.test.\t60\tIN\tMX\t10 Mail.Other.Net.\n");
}

static void delegations_have_ds_and_glue_once(void **state)
{
    (void)state;
    CLEANUP(alloc_freep)
    char *text = export_again("example.test", "$TTL 300\n" SOA "sub NS ns.sub\nsub NS ns\n"
                                              "sub DS 1 13 2 0123456789abcdef0123456789abcdef01234"
                                              "56789abcdef0123456789abcdef\n"
                                              "ns.sub A 192.0.2.53\nns.sub AAAA 2001:db8::53\n"
                                              "side NS ns.sub\n"
                                              "hidden.sub A 192.0.2.66\n"
                                              "dn DNAME x.test.\nunder.dn A 192.0.2.67\n");
    assert_has(text, "sub.example.test.\t300\tIN\tNS\tns.sub.example.test.\n");
    assert_has(text, "side.example.test.\t300\tIN\tNS\tns.sub.example.test.\n");
    assert_has(text, "sub.example.test.\t300\tIN\tDS\t1 13 2 ");
    const char *glue = "ns.sub.example.test.\t300\tIN\tA\t192.0.2.53\n"
                       "ns.sub.example.test.\t300\tIN\tAAAA\t2001:db8::53\n";
    assert_string_equal(text + strlen(text) - strlen(glue), glue);
    const char *address = "ns.example.test.\t300\tIN\tA\t192.0.2.1\n";
    assert_has(text, address);
    assert_has_no(strstr(text, address) + 1, address); /* it is the zone's own, no glue */
    assert_has_no(text, "hidden");
    assert_has_no(text, "under.dn");
}

static const char *blue_a[] = {"192.0.2.101", "192.0.2.102"};
static const char *green_a[] = {"192.0.2.201"};

static void a_record_set_is_written_with_one_member(void **state)
{
    (void)state;
    struct config_member members[] = {
        {.id = "blue", .weight = 50, .values = blue_a, .value_count = 2},
        {.id = "green", .weight = 50, .values = green_a, .value_count = 1},
    };
    struct config_record_set set = {.name = "www.example.test",
                                    .type = "A",
                                    .ttl_s = 60,
                                    .members = members,
                                    .member_count = 2,
                                    .line = 20};
    struct exported exported;
    exported_open(&exported, "example.test", SOA, &set, 1);
    CLEANUP(alloc_freep) char *largest = export_text(exported.snapshot, NULL, 1);
    CLEANUP(alloc_freep) char *blue = export_text(exported.snapshot, (const size_t[]){0}, 1000000);
    exported_close(&exported);
    assert_has(largest, "; record set www.example.test/A: green; effective weights: blue=10, "
                        "green=90\nwww.example.test.\t60\tIN\tA\t192.0.2.201\n");
    assert_has_no(largest, "192.0.2.101");
    assert_has(blue, "; record set www.example.test/A: blue; effective weights: blue=10, "
                     "green=90\nwww.example.test.\t60\tIN\tA\t192.0.2.101\n"
                     "www.example.test.\t60\tIN\tA\t192.0.2.102\n");
    assert_has_no(blue, "192.0.2.201");
}

static void parts_make_the_same_text(void **state)
{
    (void)state;
    struct exported exported;
    exported_open(&exported, ".", SOA "a 60 A 192.0.2.9\nsub 60 NS ns.sub\nns.sub 60 A 192.0.2.3\n",
                  NULL, 0);
    CLEANUP(alloc_freep) char *whole = export_text(exported.snapshot, NULL, 1000000);
    CLEANUP(alloc_freep) char *parts = export_text(exported.snapshot, NULL, 1);
    exported_close(&exported);
    assert_string_equal(whole, parts);
    assert_has(whole, "\n.\t300\tIN\tSOA\tns. hostmaster. 7 ");
}

static char *read_source(const char *relative)
{
    char path[512];
    fixture_source_path(relative, path, sizeof(path));
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    char *text = alloc_zeroed(1 << 20, 1);
    size_t len = fread(text, 1, (1 << 20) - 1, file);
    assert_true(len > 0);
    fclose(file);
    return text;
}

/* What others signed: every RRSIG that is served is there, and the chain. */
static void signed_zones_keep_signatures_and_chain(void **state)
{
    (void)state;
    static const struct {
        const char *file, *has;
    } zones[] = {
        {"tests/unit/signed/nsec.zone", "IN\tNSEC\t"},
        {"tests/unit/signed/nsec3.zone", "IN\tNSEC3\t1 0 "},
        {"tests/unit/signed/optout.zone", "IN\tNSEC3\t1 1 "},
    };
    for (size_t i = 0; i < ARRAY_LEN(zones); i++) {
        CLEANUP(alloc_freep) char *source = read_source(zones[i].file);
        CLEANUP(alloc_freep) char *text = export_again("example.test", source);
        assert_has(text, zones[i].has);
        assert_has(text, "IN\tDNSKEY\t257 3 13 ");
        assert_has(text, "IN\tRRSIG\tSOA 13 ");
        assert_has(text, "IN\tRRSIG\tDS 13 ");
        assert_has_no(text, "\\#");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plain_zone_is_written_with_its_soa_first),
        cmocka_unit_test(every_type_is_read_back_as_it_was),
        cmocka_unit_test(names_in_data_keep_their_letter_case),
        cmocka_unit_test(delegations_have_ds_and_glue_once),
        cmocka_unit_test(a_record_set_is_written_with_one_member),
        cmocka_unit_test(parts_make_the_same_text),
        cmocka_unit_test(signed_zones_keep_signatures_and_chain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
