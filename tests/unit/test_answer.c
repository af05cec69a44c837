/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "server/dns.h"
#include "server/wire.h"
#include "tests/unit/answer_fixture.h"
#include "zones/address_records.h"

#define TYPE_A    1
#define TYPE_AAAA 28
#define TYPE_TXT  16
#define SOA       "example.test. 60 IN SOA ns1.example.test. host.example.test. 1 3600 600 86400 60"
#define OTHER_SOA "other.test. 60 IN SOA ns1.other.test. host.other.test. 1 3600 600 86400 60"

static struct fixture *fixture;
static uint8_t query[600];

static int set_up(void **state)
{
    (void)state;
    fixture = fixture_new(1);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fixture_free(fixture);
    return 0;
}

static const char *ask(const char *name, uint16_t type)
{
    size_t len = fixture_query(query, name, type);
    return fixture_print(fixture->out, fixture_ask(fixture, query, len, false));
}

static void expect(const char *name, uint16_t type, const char *expected)
{
    assert_string_equal(ask(name, type), expected);
}

static uint64_t counted(enum server_counter which)
{
    return exchange_count(fixture->exchange, which);
}

static uint16_t field(size_t offset)
{
    return wire_load_u16(fixture->out + offset);
}

/* RFC 1034 section 4.3.2. */
static void a_static_rrset_is_answered(void **state)
{
    (void)state;
    expect("two.example.test", TYPE_A,
           "NOERROR aa | two.example.test. 300 IN A 192.0.2.10; "
           "two.example.test. 300 IN A 192.0.2.11 | |");
    expect("example.test", DNS_TYPE_NS,
           "NOERROR aa | example.test. 300 IN NS ns1.example.test. | |");
}

static void the_question_is_echoed_in_its_letter_case(void **state)
{
    (void)state;
    size_t len = fixture_query(query, "tWo.eXaMpLe.TEST", TYPE_A);
    size_t response_len = fixture_ask(fixture, query, len, false);
    assert_true(response_len > len);
    assert_memory_equal(fixture->out + 12, query + 12, len - 12);
    expect("tWo.eXaMpLe.TEST", TYPE_A,
           "NOERROR aa | tWo.eXaMpLe.TEST. 300 IN A 192.0.2.10; "
           "tWo.eXaMpLe.TEST. 300 IN A 192.0.2.11 | |");
}

/* RFC 2308 sections 2, 3 and 5: the SOA with the lower of its TTL and MINIMUM. */
static void a_name_that_does_not_exist_is_nxdomain_with_soa(void **state)
{
    (void)state;
    expect("nope.example.test", TYPE_A, "NXDOMAIN aa | | " SOA " |");
    expect("a.very.deep.name.two.example.test", TYPE_A, "NXDOMAIN aa | | " SOA " |");
    expect("x.ent.example.test", TYPE_A, "NXDOMAIN aa | | " SOA " |");
}

static void a_type_that_does_not_exist_is_nodata_with_soa(void **state)
{
    (void)state;
    expect("two.example.test", TYPE_AAAA, "NOERROR aa | | " SOA " |");
    expect("www.example.test", DNS_TYPE_MX, "NOERROR aa | | " SOA " |");
}

/* RFC 4592 section 2.2.2. */
static void an_empty_non_terminal_is_nodata(void **state)
{
    (void)state;
    expect("ent.example.test", TYPE_A, "NOERROR aa | | " SOA " |");
    expect("b.ent.example.test", DNS_TYPE_ANY, "NOERROR aa | | " SOA " |");
    expect("wild.example.test", TYPE_A, "NOERROR aa | | " SOA " |");
}

static void meta_types_and_unknown_types_are_nodata_as_from_nsd(void **state)
{
    (void)state;
    const uint16_t types[] = {0, 41, 128, 249, 250, 253, 254, 256, 65280, 65535};
    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        expect("two.example.test", types[i], "NOERROR aa | | " SOA " |");
    }
}

/* RFC 4592. */
static void a_wildcard_answers_for_names_that_do_not_exist(void **state)
{
    (void)state;
    expect("x.wild.example.test", TYPE_A,
           "NOERROR aa | x.wild.example.test. 300 IN A 192.0.2.40 | |");
    expect("a.b.c.wild.example.test", TYPE_A,
           "NOERROR aa | a.b.c.wild.example.test. 300 IN A 192.0.2.40 | |");
    expect("*.wild.example.test", TYPE_A,
           "NOERROR aa | *.wild.example.test. 300 IN A 192.0.2.40 | |");
    expect("x.wild.example.test", DNS_TYPE_TXT, "NOERROR aa | | " SOA " |");
}

static void a_wildcard_moves_the_pointers_in_its_rdata(void **state)
{
    (void)state;
    const char *expected = "NOERROR aa | longer.wild.example.test. 300 IN MX 10 "
                           "mail.wild.example.test. | |";
    const char *got = ask("longer.wild.example.test", DNS_TYPE_MX);
    assert_int_equal(strncmp(got, expected, strlen(expected)), 0);
}

static void a_wildcard_stops_at_existing_names(void **state)
{
    (void)state;
    expect("exists.wild.example.test", TYPE_A, "NOERROR aa | | " SOA " |");
    expect("y.exists.wild.example.test", TYPE_A, "NXDOMAIN aa | | " SOA " |");
    expect("a.*.wild.example.test", TYPE_A, "NXDOMAIN aa | | " SOA " |");
}

static void a_name_outside_every_zone_is_refused(void **state)
{
    (void)state;
    expect("www.example.org", TYPE_A, "REFUSED | | |");
    expect("test", TYPE_A, "REFUSED | | |");
    expect("", DNS_TYPE_NS, "REFUSED | | |");
    assert_int_equal(counted(COUNTER_REFUSED), 3);
}

#define TWO "two.example.test. 300 IN A 192.0.2.10; two.example.test. 300 IN A 192.0.2.11"

/* RFC 1034 section 3.6.2. */
static void a_cname_is_followed_inside_the_zone(void **state)
{
    (void)state;
    expect("alias.example.test", TYPE_A,
           "NOERROR aa | alias.example.test. 300 IN CNAME two.example.test.; " TWO " | |");
    expect("alias2.example.test", TYPE_A,
           "NOERROR aa | alias2.example.test. 300 IN CNAME alias.example.test.; "
           "alias.example.test. 300 IN CNAME two.example.test.; " TWO " | |");
    expect("alias.example.test", DNS_TYPE_CNAME,
           "NOERROR aa | alias.example.test. 300 IN CNAME two.example.test. | |");
    expect("alias.example.test", DNS_TYPE_RRSIG,
           "NOERROR aa | alias.example.test. 300 IN CNAME two.example.test. | " SOA " |");
}

static void a_cname_keeps_the_letter_case_of_the_question(void **state)
{
    (void)state;
    expect("ALIAS.example.TEST", TYPE_A,
           "NOERROR aa | ALIAS.example.TEST. 300 IN CNAME two.example.TEST.; "
           "two.example.TEST. 300 IN A 192.0.2.10; two.example.TEST. 300 IN A 192.0.2.11 | |");
}

static void a_cname_to_a_wildcard_is_expanded(void **state)
{
    (void)state;
    expect("towild.example.test", TYPE_A,
           "NOERROR aa | towild.example.test. 300 IN CNAME z.wild.example.test.; "
           "z.wild.example.test. 300 IN A 192.0.2.40 | |");
    expect("anything.wcn.example.test", TYPE_A,
           "NOERROR aa | anything.wcn.example.test. 300 IN CNAME two.example.test.; " TWO " | |");
    const char *expected = "NOERROR aa | towild.example.test. 300 IN CNAME z.wild.example.test.; "
                           "z.wild.example.test. 300 IN MX 10 mail.wild.example.test. | |";
    const char *got = ask("towild.example.test", DNS_TYPE_MX);
    assert_int_equal(strncmp(got, expected, strlen(expected)), 0);
}

/* RFC 6604 section 3: the RCODE is that of the last name. */
static void the_end_of_a_chain_decides_the_rcode(void **state)
{
    (void)state;
    expect("tonx.example.test", TYPE_A,
           "NXDOMAIN aa | tonx.example.test. 300 IN CNAME nope.example.test. | " SOA " |");
    expect("alias.example.test", TYPE_AAAA,
           "NOERROR aa | alias.example.test. 300 IN CNAME two.example.test. | " SOA " |");
}

static void a_chain_that_leaves_our_zones_is_left_to_the_resolver(void **state)
{
    (void)state;
    expect("toout.example.test", TYPE_A,
           "NOERROR aa | toout.example.test. 300 IN CNAME www.example.org. | |");
}

static void a_chain_goes_on_in_another_zone_of_ours(void **state)
{
    (void)state;
    expect("tocross.example.test", TYPE_A,
           "NOERROR aa | tocross.example.test. 300 IN CNAME www.other.test.; "
           "www.other.test. 300 IN A 192.0.2.99 | |");
    expect("tocross.example.test", DNS_TYPE_MX,
           "NOERROR aa | tocross.example.test. 300 IN CNAME www.other.test. | " OTHER_SOA " |");
}

#define SUB_NS                                                                                     \
    "sub.example.test. 300 IN NS ns.sub.example.test.; "                                           \
    "sub.example.test. 300 IN NS ns.elsewhere.test."
#define SUB_GLUE "ns.sub.example.test. 300 IN A 192.0.2.20"

static void a_chain_into_a_delegation_ends_with_a_referral(void **state)
{
    (void)state;
    expect("tosub.example.test", TYPE_A,
           "NOERROR aa | tosub.example.test. 300 IN CNAME x.sub.example.test. | " SUB_NS
           " | " SUB_GLUE);
}

static void loops_end_where_a_name_repeats(void **state)
{
    (void)state;
    expect("loop1.example.test", TYPE_A,
           "NOERROR aa | loop1.example.test. 300 IN CNAME loop2.example.test.; "
           "loop2.example.test. 300 IN CNAME loop1.example.test. | |");
    expect("toself.example.test", TYPE_A,
           "NOERROR aa | toself.example.test. 300 IN CNAME toself.example.test. | |");
}

static void a_chain_ends_after_16_links(void **state)
{
    (void)state;
    const char *whole = ask("c2.example.test", TYPE_A);
    assert_non_null(strstr(whole, "c18.example.test. 300 IN A 192.0.2.60"));
    const char *longer = ask("c1.example.test", TYPE_A);
    assert_null(strstr(longer, "192.0.2.60"));
    assert_non_null(strstr(longer, "c16.example.test. 300 IN CNAME c17.example.test."));
    assert_int_equal(strncmp(longer, "NOERROR aa | c1.", 16), 0);
}

static void a_chain_that_does_not_fit_is_truncated(void **state)
{
    (void)state;
    expect("tobig.example.test", DNS_TYPE_TXT, "NOERROR aa tc | | |");
    size_t len = fixture_query(query, "tobig.example.test", DNS_TYPE_TXT);
    len = fixture_ask(fixture, query, len, true);
    assert_int_equal(field(6), 7);
}

#define D_DNAME "d.example.test. 300 IN DNAME t.example.test."

/* RFC 6672 section 3.1. */
static void a_dname_redirects_what_is_below_it(void **state)
{
    (void)state;
    expect("x.d.example.test", TYPE_A,
           "NOERROR aa | " D_DNAME "; x.d.example.test. 300 IN CNAME x.t.example.test.; "
           "x.t.example.test. 300 IN A 192.0.2.50 | |");
    expect("nope.d.example.test", TYPE_A,
           "NXDOMAIN aa | " D_DNAME
           "; nope.d.example.test. 300 IN CNAME nope.t.example.test. | " SOA " |");
    expect("W.d.example.test", TYPE_A,
           "NOERROR aa | " D_DNAME "; W.d.example.test. 300 IN CNAME W.t.example.test.; "
           "W.t.example.test. 300 IN CNAME two.example.test.; " TWO " | |");
    expect("x.d.example.test", DNS_TYPE_CNAME,
           "NOERROR aa | " D_DNAME "; x.d.example.test. 300 IN CNAME x.t.example.test. | |");
}

static void a_dname_does_not_redirect_its_owner(void **state)
{
    (void)state;
    expect("d.example.test", TYPE_A, "NOERROR aa | d.example.test. 300 IN A 192.0.2.51 | |");
    expect("d.example.test", DNS_TYPE_DNAME, "NOERROR aa | " D_DNAME " | |");
}

/* RFC 6672 section 2.2. */
static void a_name_that_gets_too_long_is_yxdomain(void **state)
{
    (void)state;
    char name[300];
    memset(name, 'x', sizeof(name));
    name[60] = '.';
    name[121] = '.';
    name[182] = '.';
    strcpy(name + 220, ".long.example.test");
    assert_string_equal(ask(name, TYPE_A),
                        "YXDOMAIN aa | long.example.test. 300 IN DNAME "
                        "llllllllllllllllllllllllllllllllllllllllllllllllllllllllllllll."
                        "t.example.test. | |");
}

static void dname_loops_end(void **state)
{
    (void)state;
    expect("x.self.example.test", TYPE_A,
           "NOERROR aa | self.example.test. 300 IN DNAME self.example.test.; "
           "x.self.example.test. 300 IN CNAME x.self.example.test. | |");
    const char *growing = ask("x.grow.example.test", TYPE_A);
    assert_true(strncmp(growing, "NOERROR aa", 10) == 0);
    const char *dname = strstr(growing, "IN DNAME");
    assert_true(dname == NULL || strstr(dname + 1, "IN DNAME") == NULL); /* said once */
}

static void a_delegation_is_a_referral_without_authority(void **state)
{
    (void)state;
    expect("x.sub.example.test", TYPE_A, "NOERROR | | " SUB_NS " | " SUB_GLUE);
    expect("sub.example.test", DNS_TYPE_NS, "NOERROR | | " SUB_NS " | " SUB_GLUE);
    expect("a.b.c.x.SUB.example.test", TYPE_A,
           "NOERROR | | SUB.example.test. 300 IN NS ns.SUB.example.test.; "
           "SUB.example.test. 300 IN NS ns.elsewhere.test. | "
           "ns.SUB.example.test. 300 IN A 192.0.2.20");
}

/* RFC 4035 section 3.1.4.1. */
static void ds_belongs_to_the_parent_side(void **state)
{
    (void)state;
    const char *expected = "NOERROR aa | sub.example.test. 300 IN DS 1 8 2 00000000";
    assert_int_equal(strncmp(ask("sub.example.test", DNS_TYPE_DS), expected, strlen(expected)), 0);
    expect("glue.example.test", DNS_TYPE_DS, "NOERROR aa | | " SOA " |");
    expect("x.sub.example.test", DNS_TYPE_DS, "NOERROR | | " SUB_NS " | " SUB_GLUE);
    /* Both sides are ours: the parent answers. */
    expect("nods.example.test", DNS_TYPE_DS, "NOERROR aa | | " SOA " |");
    /* Only the child is. */
    expect("other.test", DNS_TYPE_DS, "NOERROR aa | | " OTHER_SOA " |");
}

static void the_longest_zone_answers(void **state)
{
    (void)state;
    expect("ns1.nods.example.test", TYPE_A,
           "NOERROR aa | ns1.nods.example.test. 300 IN A 192.0.2.70 | |");
}

/* RFC 8482 section 4.1. */
static void any_is_answered_with_one_rrset(void **state)
{
    (void)state;
    expect("two.example.test", DNS_TYPE_ANY, "NOERROR aa | " TWO " | |");
    expect("alias.example.test", DNS_TYPE_ANY,
           "NOERROR aa | alias.example.test. 300 IN CNAME two.example.test. | |");
    expect("nope.example.test", DNS_TYPE_ANY, "NXDOMAIN aa | | " SOA " |");
    assert_non_null(strstr(ask("www.example.test", DNS_TYPE_ANY), "www.example.test. 60 IN A "));
    assert_in_range(field(6), 1, 3);
}

static void zone_transfers_are_refused(void **state)
{
    (void)state;
    expect("example.test", DNS_TYPE_AXFR, "REFUSED | | |");
    expect("example.test", DNS_TYPE_IXFR, "REFUSED | | |");
}

/* Only QR, the opcode and RD have a meaning for an authority: RFC 4035 section 3.1.6 clears CD. */
static void flags_are_those_of_an_authority(void **state)
{
    (void)state;
    size_t len = fixture_query(query, "two.example.test", TYPE_A);
    wire_store_u16(query + 2, 0x07F0);
    assert_true(fixture_ask(fixture, query, len, false) > 0);
    assert_int_equal(field(0), 0x1234);
    assert_int_equal(field(2), 0x8500);
}

static void responses_and_stumps_get_silence(void **state)
{
    (void)state;
    size_t len = fixture_query(query, "two.example.test", TYPE_A);
    for (size_t i = 0; i < 12; i++) {
        assert_int_equal(fixture_ask(fixture, query, i, false), 0);
    }
    query[2] = 0x80;
    assert_int_equal(fixture_ask(fixture, query, len, false), 0);
    assert_int_equal(counted(COUNTER_DROPPED), 13);
}

static void malformed_queries_are_formerr(void **state)
{
    (void)state;
    size_t len = fixture_query(query, "two.example.test", TYPE_A);
    assert_int_equal(fixture_ask(fixture, query, len - 1, false), 12);
    assert_memory_equal(fixture->out, "\x12\x34\x80\1\0\0\0\0\0\0\0\0", 12);
    query[7] = 1; /* an answer is promised: the question is known */
    assert_int_equal(fixture_ask(fixture, query, len, false), len);
    assert_int_equal(field(2), 0x8001);
    assert_int_equal(field(4), 1);
    assert_int_equal(counted(COUNTER_FORMERR), 2);
}

static void other_opcodes_are_notimp_with_a_bare_header(void **state)
{
    (void)state;
    size_t len = fixture_query(query, "two.example.test", TYPE_A);
    query[2] = 5 << 3 | 1;
    assert_int_equal(fixture_ask(fixture, query, len, false), 12);
    assert_memory_equal(fixture->out, "\x12\x34\xA9\4\0\0\0\0\0\0\0\0", 12);
    assert_int_equal(counted(COUNTER_NOTIMP), 1);
}

static const char *ask_class(const char *name, uint16_t type, uint16_t class)
{
    size_t len = fixture_query(query, name, type);
    wire_store_u16(query + len - 2, class);
    return fixture_print(fixture->out, fixture_ask(fixture, query, len, false));
}

/* RFC 1035 section 6.2. */
static void class_any_is_answered_without_authority(void **state)
{
    (void)state;
    assert_string_equal(ask_class("two.example.test", TYPE_A, 255), "NOERROR | " TWO " | |");
    assert_string_equal(ask_class("alias.example.test", TYPE_A, 255),
                        "NOERROR | alias.example.test. 300 IN CNAME two.example.test.; " TWO
                        " | |");
}

static void other_classes_are_refused(void **state)
{
    (void)state;
    assert_string_equal(ask_class("two.example.test", TYPE_A, 4), "REFUSED | | |");
    assert_string_equal(ask_class("two.example.test", TYPE_A, 254), "REFUSED | | |");
    assert_string_equal(ask_class("two.example.test", TYPE_A, 3), "REFUSED | | |");
}

/* RFC 4892. */
static void version_and_identity_are_told_as_configured(void **state)
{
    (void)state;
    assert_string_equal(ask_class("version.bind", DNS_TYPE_TXT, 3), "REFUSED | | |");
    assert_string_equal(ask_class("id.server", DNS_TYPE_TXT, 3), "REFUSED | | |");
    fixture->config.server.version = "ballast";
    fixture->config.server.identity = "node 1";
    assert_string_equal(ask_class("Version.BIND", DNS_TYPE_TXT, 3),
                        "NOERROR | Version.BIND. 0 CH TXT \"ballast\" | |");
    assert_string_equal(ask_class("version.server", DNS_TYPE_ANY, 3),
                        "NOERROR | version.server. 0 CH TXT \"ballast\" | |");
    assert_string_equal(ask_class("id.server", DNS_TYPE_TXT, 3),
                        "NOERROR | id.server. 0 CH TXT \"node 1\" | |");
    assert_string_equal(ask_class("hostname.bind", DNS_TYPE_TXT, 3),
                        "NOERROR | hostname.bind. 0 CH TXT \"node 1\" | |");
    assert_string_equal(ask_class("hostname.bind", TYPE_A, 3), "REFUSED | | |");
    assert_string_equal(ask_class("version.bind.x", DNS_TYPE_TXT, 3), "REFUSED | | |");
}

static size_t ask_edns(const char *name, uint16_t type, uint16_t size, const char *options,
                       size_t options_len)
{
    size_t len = fixture_query(query, name, type);
    len = fixture_add_opt(query, len, size, options, options_len);
    return fixture_ask(fixture, query, len, false);
}

/* RFC 6891 sections 6.1.1, 6.2.3 and 7. */
static void opt_is_in_the_response_iff_it_was_in_the_query(void **state)
{
    (void)state;
    size_t len = ask_edns("two.example.test", TYPE_A, 4096, "", 0);
    assert_memory_equal(fixture->out + len - 11, "\0\0\x29\x04\xD0\0\0\0\0\0\0", 11);
    assert_int_equal(field(10), 1);
    expect("two.example.test", TYPE_A, "NOERROR aa | " TWO " | |");
    assert_int_equal(field(10), 0);
    /* A FORMERR without OPT would say that EDNS is not spoken here. */
    len = ask_edns("two.example.test", TYPE_A, 4096, "\0\3\0\1", 4);
    assert_int_equal(field(2) & 15, DNS_FORMERR);
    assert_memory_equal(fixture->out + len - 11, "\0\0\x29\x04\xD0\0\0\0\0\0\0", 11);
}

/* RFC 3225. */
static void do_is_copied(void **state)
{
    (void)state;
    size_t len = fixture_query(query, "two.example.test", TYPE_A);
    len = fixture_add_opt(query, len, 1232, "", 0);
    wire_store_u16(query + len - 4, 0xFFFF);
    len = fixture_ask(fixture, query, len, false);
    assert_memory_equal(fixture->out + len - 11, "\0\0\x29\x04\xD0\0\0\x80\0\0\0", 11);
}

/* RFC 6891 section 6.1.3. */
static void a_higher_version_is_badvers(void **state)
{
    (void)state;
    size_t len = fixture_query(query, "two.example.test", TYPE_A);
    size_t with_opt = fixture_add_opt(query, len, 1232, "", 0);
    query[with_opt - 5] = 1;
    assert_int_equal(fixture_ask(fixture, query, with_opt, false), with_opt);
    assert_int_equal(field(2), 0x8000);
    assert_int_equal(field(6), 0);
    assert_memory_equal(fixture->out + len, "\0\0\x29\x04\xD0\1\0\0\0\0\0", 11);
    assert_int_equal(counted(COUNTER_BADVERS), 1);
}

static void too_long_for_udp_is_truncated_to_question_and_opt(void **state)
{
    (void)state;
    expect("big.example.test", DNS_TYPE_TXT, "NOERROR aa tc | | |");
    assert_int_equal(counted(COUNTER_TRUNCATED), 1);
    /* Less than 512 is 512: RFC 6891 section 6.2.5. */
    size_t query_len = fixture_query(query, "big.example.test", DNS_TYPE_TXT) + 11;
    assert_int_equal(ask_edns("big.example.test", DNS_TYPE_TXT, 100, "", 0), query_len);
    assert_int_equal(field(10), 1);
    assert_true((field(2) & DNS_FLAG_TC) != 0);
    assert_true(ask_edns("two.example.test", TYPE_A, 0, "", 0) > query_len);
    assert_true((field(2) & DNS_FLAG_TC) == 0);
    /* What the client takes, as long as we send so much. */
    size_t whole = ask_edns("big.example.test", DNS_TYPE_TXT, 4096, "", 0);
    assert_true(whole > 512);
    assert_int_equal(ask_edns("big.example.test", DNS_TYPE_TXT, (uint16_t)whole, "", 0), whole);
    assert_true(ask_edns("big.example.test", DNS_TYPE_TXT, (uint16_t)(whole - 1), "", 0) < whole);
    fixture->config.server.udp_payload_max = 512;
    assert_true(ask_edns("big.example.test", DNS_TYPE_TXT, 4096, "", 0) < 512);
}

static void tcp_takes_it_whole(void **state)
{
    (void)state;
    size_t len = fixture_query(query, "big.example.test", DNS_TYPE_TXT);
    assert_true(fixture_ask(fixture, query, len, true) > 512);
    assert_int_equal(field(6), 6);
}

/* RFC 9471: glue inside the delegated zone is not optional, what lies elsewhere is. */
static void optional_additional_records_give_way_and_glue_does_not(void **state)
{
    (void)state;
    size_t len = fixture_query(query, "x.opt.example.test", TYPE_A);
    size_t whole = fixture_ask(fixture, query, len, true);
    assert_int_equal(field(8), 7);
    assert_int_equal(field(10), 13);
    assert_true(whole > 512);
    size_t cut = fixture_ask(fixture, query, len, false);
    assert_true(cut < 512);
    assert_int_equal(field(2), 0x8000);
    assert_int_equal(field(8), 7);
    assert_int_equal(field(10), 1);
    assert_non_null(strstr(fixture_print(fixture->out, cut), "ns.opt.example.test. 300 IN A"));

    len = fixture_query(query, "x.req.example.test", TYPE_A);
    assert_true(fixture_ask(fixture, query, len, true) > 512);
    assert_int_equal(field(10), 12);
    assert_int_equal(fixture_ask(fixture, query, len, false), len);
    assert_int_equal(field(2), 0x8200);
}

/* Which member answered www.example.test/A: 0 blue, 1 green. */
static int member_answered(void)
{
    const char *text = ask("www.example.test", TYPE_A);
    if (strstr(text, "203.0.113.1") != NULL) {
        assert_int_equal(field(6), 1);
        return 1;
    }
    assert_int_equal(field(6), 3);
    return 0;
}

static void weights_are_honoured_exactly(void **state)
{
    (void)state;
    unsigned green = 0;
    for (unsigned i = 0; i < 10000; i++) {
        green += (unsigned)member_answered();
    }
    assert_in_range(green, 992, 1008);
    uint32_t first = fixture->sets->sets[FIXTURE_SET_WWW_A]->first_member;
    assert_int_equal(exchange_answered(fixture->exchange, first + 1), green);
    assert_int_equal(exchange_answered(fixture->exchange, first), 10000 - green);
}

static void a_shift_is_seen_with_the_next_snapshot(void **state)
{
    (void)state;
    struct snapshot *before = fixture_shift(fixture, FIXTURE_SET_WWW_A, 0, 100);
    for (unsigned i = 0; i < 100; i++) {
        assert_int_equal(member_answered(), 1);
    }
    snapshot_free(before);
}

static void all_records_of_a_member_are_answered_in_rotation(void **state)
{
    (void)state;
    struct snapshot *before = fixture_shift(fixture, FIXTURE_SET_WWW_A, 100, 0);
    const char *orders[] = {
        "NOERROR aa | www.example.test. 60 IN A 198.51.100.1; "
        "www.example.test. 60 IN A 198.51.100.2; www.example.test. 60 IN A 198.51.100.3 | |",
        "NOERROR aa | www.example.test. 60 IN A 198.51.100.2; "
        "www.example.test. 60 IN A 198.51.100.3; www.example.test. 60 IN A 198.51.100.1 | |",
        "NOERROR aa | www.example.test. 60 IN A 198.51.100.3; "
        "www.example.test. 60 IN A 198.51.100.1; www.example.test. 60 IN A 198.51.100.2 | |"};
    for (unsigned i = 0; i < 9; i++) {
        expect("www.example.test", TYPE_A, orders[i % 3]);
    }
    snapshot_free(before);
}

static void a_weighted_wildcard_rotates_and_moves_its_pointers(void **state)
{
    (void)state;
    struct snapshot *before = fixture_shift(fixture, FIXTURE_SET_WILDCARD, 1, 0);
    expect("some.name.wwild.example.test", DNS_TYPE_MX,
           "NOERROR aa | some.name.wwild.example.test. 60 IN MX 10 mail.wwild.example.test.; "
           "some.name.wwild.example.test. 60 IN MX 20 mx.wwild.example.test. | |");
    expect("some.name.wwild.example.test", DNS_TYPE_MX,
           "NOERROR aa | some.name.wwild.example.test. 60 IN MX 20 mx.wwild.example.test.; "
           "some.name.wwild.example.test. 60 IN MX 10 mail.wwild.example.test. | |");
    snapshot_free(before);
}

static void a_weighted_cname_is_followed(void **state)
{
    (void)state;
    struct snapshot *before = fixture_shift(fixture, FIXTURE_SET_CNAME, 1, 0);
    expect("wcname.example.test", TYPE_A,
           "NOERROR aa | wcname.example.test. 60 IN CNAME two.example.test.; " TWO " | |");
    snapshot_free(before);
    before = fixture_shift(fixture, FIXTURE_SET_CNAME, 0, 1);
    expect("wcname.example.test", TYPE_A,
           "NXDOMAIN aa | wcname.example.test. 60 IN CNAME nope.example.test. | " SOA " |");
    snapshot_free(before);
}

static void a_chain_may_end_at_a_weighted_set(void **state)
{
    (void)state;
    struct snapshot *before = fixture_shift(fixture, FIXTURE_SET_WWW_A, 0, 1);
    expect("toweighted.example.test", TYPE_A,
           "NOERROR aa | toweighted.example.test. 300 IN CNAME www.example.test.; "
           "www.example.test. 60 IN A 203.0.113.1 | |");
    snapshot_free(before);
}

static int sticky_member(const char *options, size_t options_len, uint16_t type)
{
    size_t len = ask_edns("sticky.example.test", type, 1232, options, options_len);
    const char *text = fixture_print(fixture->out, len);
    return strstr(text, "203.0.113.1") != NULL || strstr(text, "2001:db8::9") != NULL;
}

static void sticky_follows_the_source_and_agrees_over_types(void **state)
{
    (void)state;
    struct snapshot *before = fixture_shift(fixture, FIXTURE_SET_STICKY, 50, 50);
    struct snapshot *between = fixture_shift(fixture, FIXTURE_SET_STICKY6, 50, 50);
    unsigned green = 0;
    for (uint32_t subnet = 0; subnet < 500; subnet++) {
        fixture->source.sin_addr.s_addr = htonl(subnet << 8 | 1);
        int member = sticky_member("", 0, TYPE_A);
        fixture->source.sin_addr.s_addr = htonl(subnet << 8 | 200);
        assert_int_equal(sticky_member("", 0, TYPE_A), member);
        assert_int_equal(sticky_member("", 0, TYPE_AAAA), member);
        green += (unsigned)member;
    }
    assert_in_range(green, 200, 300);
    snapshot_free(before);
    snapshot_free(between);
}

/* RFC 7871 sections 7.2.1 and 11.2: only from those who are trusted. */
static void a_client_subnet_steers_sticky_only_from_trusted_sources(void **state)
{
    (void)state;
    struct snapshot *before = fixture_shift(fixture, FIXTURE_SET_STICKY, 50, 50);
    struct prefix trusted;
    assert_true(prefix_parse(&trusted, "192.0.2.0/24", NULL));
    unsigned differing = 0;
    for (uint8_t i = 0; i < 100; i++) {
        const char option[] = {0, 8, 0, 8, 0, 1, 32, 0, 10, 20, (char)i, 7};
        fixture->config.server.client_subnet_count = 0;
        int untrusted = sticky_member(option, sizeof(option), TYPE_A);
        assert_int_equal(untrusted, sticky_member("", 0, TYPE_A));
        fixture->config.server.client_subnet = &trusted;
        fixture->config.server.client_subnet_count = 1;
        int steered = sticky_member(option, sizeof(option), TYPE_A);
        struct sockaddr_in source = fixture->source;
        fixture->source.sin_addr.s_addr = htonl(0x0A140000u | (uint32_t)i << 8);
        assert_int_equal(steered, sticky_member("", 0, TYPE_A));
        fixture->source = source;
        differing += steered != untrusted;
    }
    assert_true(differing > 10);
    snapshot_free(before);
}

static void an_honoured_client_subnet_is_echoed_with_its_scope(void **state)
{
    (void)state;
    struct prefix trusted;
    assert_true(prefix_parse(&trusted, "192.0.2.0/24", NULL));
    fixture->config.server.client_subnet = &trusted;
    const char option[] = {0, 8, 0, 8, 0, 1, 32, 0, 10, 20, 30, 7};
    size_t len = ask_edns("sticky.example.test", TYPE_A, 1232, option, 12);
    assert_memory_equal(fixture->out + len - 11, "\0\0\x29\x04\xD0\0\0\0\0\0\0", 11);
    fixture->config.server.client_subnet_count = 1;
    len = ask_edns("sticky.example.test", TYPE_A, 1232, option, 12);
    assert_memory_equal(fixture->out + len - 14, "\0\14\0\10\0\10\0\1\x20\x18\12\24\36\7", 14);
    /* No sticky set decided: the answer is for everybody. */
    len = ask_edns("two.example.test", TYPE_A, 1232, option, 12);
    assert_memory_equal(fixture->out + len - 14, "\0\14\0\10\0\10\0\1\x20\0\12\24\36\7", 14);
    /* A shorter prefix is used as it is. */
    const char wide[] = {0, 8, 0, 6, 0, 1, 16, 0, 10, 20};
    len = ask_edns("sticky.example.test", TYPE_A, 1232, wide, 10);
    assert_memory_equal(fixture->out + len - 12, "\0\12\0\10\0\6\0\1\x10\x10\12\24", 12);
}

static void a_malformed_client_subnet_is_formerr(void **state)
{
    (void)state;
    ask_edns("two.example.test", TYPE_A, 1232, "\0\10\0\10\0\1\x21\0\1\2\3\4", 12);
    assert_int_equal(field(2) & 15, DNS_FORMERR);
}

/* Alias targets that were never resolved; NODATA would stay with resolvers for the SOA's time. */
static void without_any_records_the_answer_is_servfail(void **state)
{
    (void)state;
    snapshot_free(fixture_shift(fixture, FIXTURE_SET_WWW_A, 0, 0));
    expect("www.example.test", TYPE_A, "SERVFAIL | | |");
    assert_int_equal(counted(COUNTER_SERVFAIL), 1);
    /* The other type of that name does not suffer. */
    assert_non_null(strstr(ask("www.example.test", TYPE_AAAA), "NOERROR aa | www.example.test."));
    snapshot_free(fixture_shift(fixture, FIXTURE_SET_CNAME, 0, 0));
    expect("wcname.example.test", TYPE_A, "SERVFAIL | | |");
}

static void a_chain_to_a_name_without_records_is_servfail(void **state)
{
    (void)state;
    snapshot_free(fixture_shift(fixture, FIXTURE_SET_WWW_A, 0, 0));
    expect("toweighted.example.test", TYPE_A,
           "SERVFAIL aa | toweighted.example.test. 300 IN CNAME www.example.test. | |");
}

static void extended_errors_say_why(void **state)
{
    (void)state;
    snapshot_free(fixture_shift(fixture, FIXTURE_SET_WWW_A, 0, 0));
    /* OPT with option 15, two octets: Not Ready (RFC 8914 section 4.15). */
    size_t len = ask_edns("www.example.test", TYPE_A, 1232, NULL, 0);
    assert_memory_equal(fixture->out + len - 8, "\0\6\0\17\0\2\0\16", 8);
    assert_int_equal(field(2) & 15, DNS_SERVFAIL);
    len = ask_edns("toweighted.example.test", TYPE_A, 1232, NULL, 0);
    assert_memory_equal(fixture->out + len - 8, "\0\6\0\17\0\2\0\16", 8);
    assert_int_equal(field(2) & 15, DNS_SERVFAIL);
}

static void a_stale_answer_says_so(void **state)
{
    (void)state;
    static const char *const names[] = {"www.example.test", "toweighted.example.test"};
    for (int is_stale = 1; is_stale >= 0; is_stale--) {
        struct snapshot *before = fixture->snapshot;
        struct snapshot_builder *builder = snapshot_builder_new(before, fixture->sets);
        snapshot_builder_set_weights(builder, FIXTURE_SET_WWW_A, (const uint16_t[]){1, 0});
        snapshot_builder_set_member_stale(builder, FIXTURE_SET_WWW_A, 0, is_stale != 0);
        fixture->snapshot = snapshot_builder_finish(builder);
        for (size_t i = 0; i < ARRAY_LEN(names); i++) {
            size_t len = ask_edns(names[i], TYPE_A, 1232, NULL, 0);
            assert_int_equal(field(2) & 15, DNS_NOERROR);
            if (is_stale != 0) { /* RFC 8914 section 4.4 */
                assert_memory_equal(fixture->out + len - 8, "\0\6\0\17\0\2\0\3", 8);
            } else {
                assert_memory_equal(fixture->out + len - 2, "\0\0", 2);
            }
        }
        snapshot_free(before);
    }
}

static void add_absent(const char *origin)
{
    struct name name;
    assert_true(name_parse(&name, origin, NULL));
    /* Before anybody else has it. */
    zone_table_add_absent((struct zone_table *)fixture->snapshot->zones, &name);
}

static void names_of_a_zone_that_is_not_loaded_are_servfail(void **state)
{
    (void)state;
    expect("x.absent.example.test", TYPE_A, "NXDOMAIN aa | | " SOA " |");
    expect("x.absent.net", TYPE_A, "REFUSED | | |");
    add_absent("absent.example.test");
    add_absent("absent.net");
    expect("x.absent.example.test", TYPE_A, "SERVFAIL | | |");
    expect("absent.example.test", TYPE_A, "SERVFAIL | | |");
    expect("ABSENT.net", DNS_TYPE_ANY, "SERVFAIL | | |");
    /* DS lies in the zone above, and what only looks like it lies elsewhere. */
    expect("absent.example.test", DNS_TYPE_DS, "NXDOMAIN aa | | " SOA " |");
    expect("xabsent.example.test", TYPE_A, "NXDOMAIN aa | | " SOA " |");
    expect("net", TYPE_A, "REFUSED | | |");
    size_t len = ask_edns("x.absent.net", TYPE_A, 1232, NULL, 0);
    assert_memory_equal(fixture->out + len - 8, "\0\6\0\17\0\2\0\16", 8);
    assert_int_equal(counted(COUNTER_SERVFAIL), 4);
}

static void record_sets_of_a_zone_that_is_not_loaded_are_answered(void **state)
{
    (void)state;
    add_absent("www.example.test");
    assert_non_null(strstr(ask("www.example.test", TYPE_A), "NOERROR aa | www.example.test."));
    assert_non_null(strstr(ask("toweighted.example.test", TYPE_A), "NOERROR aa | toweighted."));
    expect("www.example.test", TYPE_TXT, "SERVFAIL | | |");
    expect("toweighted.example.test", TYPE_TXT,
           "SERVFAIL aa | toweighted.example.test. 300 IN CNAME www.example.test. | |");
    /* A zone below it is loaded, and one above is not. */
    add_absent("test");
    assert_non_null(strstr(ask("two.example.test", TYPE_A), "NOERROR aa | two.example.test."));
    expect("nope.test", TYPE_A, "SERVFAIL | | |");
}

static void new_records_of_a_member_are_answered(void **state)
{
    (void)state;
    const uint8_t addresses[] = {10, 0, 0, 1, 10, 0, 0, 2};
    struct snapshot *before = fixture->snapshot;
    struct snapshot_builder *builder = snapshot_builder_new(before, fixture->sets);
    snapshot_builder_set_weights(builder, FIXTURE_SET_WWW_A, (const uint16_t[]){0, 1});
    snapshot_builder_set_member_records(
        builder, FIXTURE_SET_WWW_A, 1,
        address_records_new(fixture->sets->sets[FIXTURE_SET_WWW_A], addresses, 2, NULL, NULL));
    fixture->snapshot = snapshot_builder_finish(builder);
    expect("www.example.test", TYPE_A,
           "NOERROR aa | www.example.test. 60 IN A 10.0.0.1; www.example.test. 60 IN A 10.0.0.2 "
           "| |");
    /* The next answer begins with the other one. */
    expect("www.example.test", TYPE_A,
           "NOERROR aa | www.example.test. 60 IN A 10.0.0.2; www.example.test. 60 IN A 10.0.0.1 "
           "| |");
    snapshot_free(before);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_static_rrset_is_answered),
        CASE(the_question_is_echoed_in_its_letter_case),
        CASE(a_name_that_does_not_exist_is_nxdomain_with_soa),
        CASE(a_type_that_does_not_exist_is_nodata_with_soa),
        CASE(an_empty_non_terminal_is_nodata),
        CASE(without_any_records_the_answer_is_servfail),
        CASE(a_chain_to_a_name_without_records_is_servfail),
        CASE(extended_errors_say_why),
        CASE(names_of_a_zone_that_is_not_loaded_are_servfail),
        CASE(record_sets_of_a_zone_that_is_not_loaded_are_answered),
        CASE(a_stale_answer_says_so),
        CASE(new_records_of_a_member_are_answered),
        CASE(meta_types_and_unknown_types_are_nodata_as_from_nsd),
        CASE(a_wildcard_answers_for_names_that_do_not_exist),
        CASE(a_wildcard_moves_the_pointers_in_its_rdata),
        CASE(a_wildcard_stops_at_existing_names),
        CASE(a_name_outside_every_zone_is_refused),
        CASE(a_cname_is_followed_inside_the_zone),
        CASE(a_cname_keeps_the_letter_case_of_the_question),
        CASE(a_cname_to_a_wildcard_is_expanded),
        CASE(the_end_of_a_chain_decides_the_rcode),
        CASE(a_chain_that_leaves_our_zones_is_left_to_the_resolver),
        CASE(a_chain_goes_on_in_another_zone_of_ours),
        CASE(a_chain_into_a_delegation_ends_with_a_referral),
        CASE(loops_end_where_a_name_repeats),
        CASE(a_chain_ends_after_16_links),
        CASE(a_chain_that_does_not_fit_is_truncated),
        CASE(a_dname_redirects_what_is_below_it),
        CASE(a_dname_does_not_redirect_its_owner),
        CASE(a_name_that_gets_too_long_is_yxdomain),
        CASE(dname_loops_end),
        CASE(a_delegation_is_a_referral_without_authority),
        CASE(ds_belongs_to_the_parent_side),
        CASE(the_longest_zone_answers),
        CASE(any_is_answered_with_one_rrset),
        CASE(zone_transfers_are_refused),
        CASE(flags_are_those_of_an_authority),
        CASE(responses_and_stumps_get_silence),
        CASE(malformed_queries_are_formerr),
        CASE(other_opcodes_are_notimp_with_a_bare_header),
        CASE(class_any_is_answered_without_authority),
        CASE(other_classes_are_refused),
        CASE(version_and_identity_are_told_as_configured),
        CASE(opt_is_in_the_response_iff_it_was_in_the_query),
        CASE(do_is_copied),
        CASE(a_higher_version_is_badvers),
        CASE(too_long_for_udp_is_truncated_to_question_and_opt),
        CASE(tcp_takes_it_whole),
        CASE(optional_additional_records_give_way_and_glue_does_not),
        CASE(weights_are_honoured_exactly),
        CASE(a_shift_is_seen_with_the_next_snapshot),
        CASE(all_records_of_a_member_are_answered_in_rotation),
        CASE(a_weighted_wildcard_rotates_and_moves_its_pointers),
        CASE(a_weighted_cname_is_followed),
        CASE(a_chain_may_end_at_a_weighted_set),
        CASE(sticky_follows_the_source_and_agrees_over_types),
        CASE(a_client_subnet_steers_sticky_only_from_trusted_sources),
        CASE(an_honoured_client_subnet_is_echoed_with_its_scope),
        CASE(a_malformed_client_subnet_is_formerr),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
