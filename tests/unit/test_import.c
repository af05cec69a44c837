/* SPDX-License-Identifier: BSD-2-Clause */
/* What moves in from Route 53 is served as it was, and what cannot be is named. */
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
#include "common/config.h"
#include "control/aws/route53_xml.h"
#include "control/move/import.h"
#include "zones/record_set.h"
#include "zones/zonefile.h"

#define APEX                                                                                       \
    "{\"Name\": \"example.org.\", \"Type\": \"NS\", \"TTL\": 172800, \"ResourceRecords\": ["       \
    "{\"Value\": \"ns-1.awsdns-01.com.\"}, {\"Value\": \"ns-2.awsdns-02.net.\"}]},"                \
    "{\"Name\": \"example.org.\", \"Type\": \"SOA\", \"TTL\": 900, \"ResourceRecords\": ["         \
    "{\"Value\": \"ns-1.awsdns-01.com. awsdns-hostmaster.amazon.com. 1 7200 901 1209600 "          \
    "86401\"}]}"
#define SIMPLE(name, type, value)                                                                  \
    "{\"Name\": \"" name "\", \"Type\": \"" type "\", \"TTL\": 300, \"ResourceRecords\": ["        \
    "{\"Value\": \"" value "\"}]}"
#define MEMBER(name, id, weight, value)                                                            \
    "{\"Name\": \"" name "\", \"Type\": \"A\", \"SetIdentifier\": \"" id "\", \"Weight\": " weight \
    ", \"TTL\": 60, \"ResourceRecords\": [{\"Value\": \"" value "\"}]}"
#define TARGET(dns_name)                                                                           \
    "\"AliasTarget\": {\"HostedZoneId\": \"Z2\", \"DNSName\": \"" dns_name                         \
    "\", \"EvaluateTargetHealth\": true}"
#define ALIAS(name, type, dns_name)                                                                \
    "{\"Name\": \"" name "\", \"Type\": \"" type "\", " TARGET(dns_name) "}"
#define ALIAS_MEMBER(name, id, weight, dns_name)                                                   \
    "{\"Name\": \"" name "\", \"Type\": \"A\", \"SetIdentifier\": \"" id "\", \"Weight\": " weight \
    ", " TARGET(dns_name) "}"

static const struct import_nameserver outside[] = {{.name = "ns1.example.net"},
                                                   {.name = "ns2.example.net."}};

static struct import_wanted wanted_of(const struct import_nameserver *nameservers, size_t count)
{
    return (struct import_wanted){.zone = "example.org",
                                  .nameservers = nameservers,
                                  .nameserver_count = count,
                                  .serial = 2026112601,
                                  .source = "a test",
                                  .zone_file = "example.org.zone"};
}

static void sets_read(const char *text, struct route53_record_sets *sets)
{
    struct error err;
    json_error_t json_error;
    *sets = (struct route53_record_sets){.count = 0};
    char *whole = alloc_printf("{\"ResourceRecordSets\": [%s]}", text);
    json_t *json = json_loads(whole, 0, &json_error);
    assert_non_null(json);
    if (!route53_read_record_sets(json, sets, &err)) {
        fail_msg("%s", err.text);
    }
    json_decref(json);
    free(whole);
}

static struct import made(const char *text)
{
    struct error err;
    struct import import;
    struct route53_record_sets sets;
    struct import_wanted wanted = wanted_of(outside, 2);
    sets_read(text, &sets);
    if (!import_make(&wanted, &sets, &import, &err)) {
        fail_msg("%s", err.text);
    }
    route53_record_sets_done(&sets);
    return import;
}

static void expect_in(const char *text, const char *part)
{
    if (strstr(text, part) == NULL) {
        fail_msg("no\n%s\nin\n%s", part, text);
    }
}

static void expect_not_in(const char *text, const char *part)
{
    if (strstr(text, part) != NULL) {
        fail_msg("there is\n%s\nin\n%s", part, text);
    }
}

static void write_text(const char *path, const char *text)
{
    FILE *out = fopen(path, "w");
    assert_non_null(out);
    assert_true(fputs(text, out) >= 0);
    assert_int_equal(fclose(out), 0);
}

/* NULL when both texts load, or what the loader says. Caller frees. */
static char *load(const struct import *import)
{
    struct error err;
    char folder[] = "/tmp/ballast-import-XXXXXX";
    assert_non_null(mkdtemp(folder));
    CLEANUP(alloc_freep) char *zone_path = alloc_printf("%s/example.org.zone", folder);
    CLEANUP(alloc_freep) char *path = alloc_printf("%s/ballast.yaml", folder);
    write_text(zone_path, import->zone_text);
    write_text(path, import->config_text);
    struct zone *zone = NULL;
    CLEANUP(config_freep) struct config *config = config_load(path, &err);
    CLEANUP(record_sets_freep)
    struct record_sets *sets = config == NULL ? NULL : record_sets_new(config, &err);
    if (sets != NULL && zonefile_check_names(config, sets, &err)) {
        zone = zonefile_load(config, 0, sets, NULL, &err);
    }
    char *said = zone == NULL ? alloc_string(err.text) : NULL;
    zone_free(zone);
    unlink(zone_path);
    unlink(path);
    rmdir(folder);
    return said;
}

static void expect_loads(const struct import *import)
{
    char *said = load(import);
    if (said != NULL) {
        fail_msg("%s\n%s\n%s", said, import->zone_text, import->config_text);
    }
}

/* The only remark is this one. */
static void expect_remark(const struct import *import, bool is_lost, const char *part)
{
    assert_int_equal(import->remarks.count, 1);
    assert_int_equal(import->remarks.remarks[0].is_lost, is_lost);
    assert_int_equal(import->remarks.lost_count, is_lost ? 1 : 0);
    expect_in(import->remarks.remarks[0].text, part);
}

static void static_records_are_in_the_zone_file(void **state)
{
    (void)state;
    struct import import = made(APEX "," SIMPLE("example.org.", "MX", "10 mail.example.net") //
                                "," SIMPLE("www.example.org.", "A", "192.0.2.1")             //
                                "," SIMPLE("sub.example.org.", "NS", "ns.sub.example.org")   //
                                "," SIMPLE("ns.sub.example.org.", "A", "192.0.2.53"));
    expect_in(import.zone_text, "$ORIGIN example.org.\n");
    expect_in(import.zone_text, "\n@\t300\tIN\tMX\t10 mail.example.net.\n");
    expect_in(import.zone_text, "\nwww\t300\tIN\tA\t192.0.2.1\n");
    expect_in(import.zone_text, "\nsub\t300\tIN\tNS\tns.sub.example.org.\n");
    assert_int_equal(import.static_count, 4);
    assert_int_equal(import.record_count, 0);
    assert_int_equal(import.remarks.count, 0);
    expect_not_in(import.config_text, "record_sets");
    expect_loads(&import);
    import_done(&import);
}

static void nameservers_take_the_place_of_route_53s(void **state)
{
    (void)state;
    struct import import = made(APEX);
    expect_in(import.zone_text, "\n;@\t172800\tIN\tNS\tns-1.awsdns-01.com.\n");
    expect_in(import.zone_text, "\n;@\t900\tIN\tSOA\tns-1.awsdns-01.com. ");
    expect_in(import.zone_text,
              "\n@\t900\tIN\tSOA\tns1.example.net. hostmaster 2026112601 7200 901 "
              "1209600 86401\n"
              "@\t172800\tIN\tNS\tns1.example.net.\n"
              "@\t172800\tIN\tNS\tns2.example.net.\n");
    expect_loads(&import);
    import_done(&import);
}

static void without_nameservers_the_zone_file_is_refused(void **state)
{
    (void)state;
    struct error err;
    struct import import;
    struct route53_record_sets sets;
    struct import_wanted wanted = wanted_of(NULL, 0);
    sets_read(APEX, &sets);
    assert_true(import_make(&wanted, &sets, &import, &err));
    char *said = load(&import);
    assert_non_null(said);
    expect_in(said, "NAMESERVERS-ARE-TO-BE-NAMED-HERE");
    free(said);
    import_done(&import);
    route53_record_sets_done(&sets);
}

static void nameservers_in_the_zone_need_an_address(void **state)
{
    (void)state;
    static const char *const addresses[] = {"192.0.2.53", "2001:db8::53"};
    static const char *const wrong[] = {"192.0.2"};
    const struct import_nameserver inside[] = {
        {.name = "ns1.example.org", .addresses = addresses, .address_count = 2},
        {.name = "ns1.example.org"},
        {.name = "ns1.example.org", .addresses = wrong, .address_count = 1},
        {.name = "ns1.example.net", .addresses = addresses, .address_count = 1},
        {.name = "c.example.org", .addresses = addresses, .address_count = 1},
    };
    static const char *const refusals[] = {
        NULL,
        "ns1.example.org lies in the zone, which has no address for it, expected NAME=ADDRESS",
        "\"192.0.2\" is no address", "ns1.example.net lies outside of the zone",
        "nameserver c.example.org is a CNAME in the zone"};
    for (size_t i = 0; i < ARRAY_LEN(inside); i++) {
        struct error err;
        struct import import;
        struct route53_record_sets sets;
        struct import_wanted wanted = wanted_of(&inside[i], 1);
        sets_read(APEX "," SIMPLE("c.example.org.", "CNAME", "x."), &sets);
        bool is_made = import_make(&wanted, &sets, &import, &err);
        assert_int_equal(is_made, refusals[i] == NULL);
        if (is_made) {
            expect_in(import.zone_text, "@\t172800\tIN\tNS\tns1.example.org.\n"
                                        "ns1\t172800\tIN\tA\t192.0.2.53\n"
                                        "ns1\t172800\tIN\tAAAA\t2001:db8::53\n");
            expect_loads(&import);
        } else {
            expect_in(err.text, refusals[i]);
        }
        import_done(&import);
        route53_record_sets_done(&sets);
    }
}

static void addresses_of_a_nameserver_replace_those_that_were(void **state)
{
    (void)state;
    static const char *const addresses[] = {"192.0.2.53"};
    const struct import_nameserver inside = {
        .name = "ns1.example.org", .addresses = addresses, .address_count = 1};
    struct error err;
    struct import import;
    struct route53_record_sets sets;
    struct import_wanted wanted = wanted_of(&inside, 1);
    sets_read(APEX "," SIMPLE("ns1.example.org.", "A", "205.251.192.1"), &sets);
    assert_true(import_make(&wanted, &sets, &import, &err));
    expect_in(import.zone_text, "\n;ns1\t300\tIN\tA\t205.251.192.1\n");
    expect_remark(&import, false, "ns1.example.org A: its addresses are those of the nameserver");
    expect_loads(&import);
    import_done(&import);
    route53_record_sets_done(&sets);
}

/* Route 53 escapes octets in octal, zone files in decimal: "*" is \052 there and \042 here. */
static void escapes_are_turned(void **state)
{
    (void)state;
    struct import import =
        made(APEX "," SIMPLE("\\\\052.example.org.", "A", "192.0.2.1")                       //
             "," SIMPLE("a\\\\100b.example.org.", "A", "192.0.2.2")                          //
             "," SIMPLE("t.example.org.", "TXT", "\\\"caf\\\\303\\\\251; (x) \\\\\\\"y\\\"") //
             "," SIMPLE("c.example.org.", "CNAME", "\\\\052x.example.org"));
    expect_in(import.zone_text, "\n*\t300\tIN\tA\t192.0.2.1\n");
    expect_in(import.zone_text, "\na\\@b\t300\tIN\tA\t192.0.2.2\n");
    expect_in(import.zone_text, "\"caf\\195\\169; (x) \\\"y\"\n");
    expect_in(import.zone_text, "\nc\t300\tIN\tCNAME\t*x.example.org.\n");
    assert_int_equal(import.remarks.count, 0);
    expect_loads(&import);
    import_done(&import);
}

/* A quote in a name would end the field of a zone file. */
static void names_with_quotes_load(void **state)
{
    (void)state;
    struct import import =
        made(APEX "," SIMPLE("m.example.org.", "MX", "10 \\\\042a\\\\042.example.net") //
             "," SIMPLE("n.example.org.", "CNAME", "a\\\\042.example.net")             //
             "," SIMPLE("s.example.org.", "HTTPS", "1 . alpn=\\\"h2,h3\\\" port=8443"));
    expect_in(import.zone_text, "\nm\t300\tIN\tMX\t\\# ");
    expect_in(import.zone_text, "alpn=");
    assert_int_equal(import.remarks.count, 0);
    expect_loads(&import);
    import_done(&import);
}

static void weighted_groups_are_record_sets(void **state)
{
    (void)state;
    struct import import = made(
        APEX "," MEMBER("www.example.org.", "blue", "255", "192.0.2.1") //
        "," ALIAS_MEMBER("www.example.org.", "green", "0", "lb-1.eu-west-1.elb.amazonaws.com."));
    expect_in(import.config_text,
              "record_sets:\n"
              "  - name: \"www.example.org\"\n"
              "    type: A\n"
              "    ttl: 60\n"
              "    members:\n"
              "      - id: \"blue\"\n"
              "        weight: 255\n"
              "        values:\n"
              "          - \"192.0.2.1\"\n"
              "      - id: \"green\"\n"
              "        weight: 0\n"
              "        alias: \"lb-1.eu-west-1.elb.amazonaws.com\" # in the hosted zone Z2\n"
              "        # Route 53 looked at the target's health (EvaluateTargetHealth):\n"
              "        # health_check: NAME\n");
    expect_not_in(import.zone_text, "\nwww");
    assert_int_equal(import.record_count, 1);
    assert_int_equal(import.remarks.count, 0);
    expect_loads(&import);
    import_done(&import);
}

static void health_checks_are_hinted_at(void **state)
{
    (void)state;
    struct import import =
        made(APEX ", {\"Name\": \"w.example.org.\", \"Type\": \"A\", \"SetIdentifier\": \"a\", "
                  "\"Weight\": 1, \"TTL\": 60, \"ResourceRecords\": [{\"Value\": \"192.0.2.1\"}], "
                  "\"HealthCheckId\": \"abcd-1\"}");
    expect_in(import.config_text, "        # had the health check abcd-1: write it under "
                                  "health_checks, and here\n        # health_check: NAME\n");
    expect_loads(&import);
    import_done(&import);
}

static void identifiers_that_commands_cannot_take_are_changed(void **state)
{
    (void)state;
    struct import import = made(APEX "," MEMBER("w.example.org.", "a b", "1", "192.0.2.1") //
                                "," MEMBER("w.example.org.", "a-b", "2", "192.0.2.2")      //
                                "," MEMBER("w.example.org.", "a/b", "3", "192.0.2.3"));
    expect_in(import.config_text, "- id: \"a-b\"\n        weight: 1");
    expect_in(import.config_text, "- id: \"a-b-2\"\n        weight: 2");
    expect_in(import.config_text, "- id: \"a-b-3\"\n        weight: 3");
    assert_int_equal(import.remarks.count, 3);
    assert_int_equal(import.remarks.lost_count, 0);
    expect_in(import.remarks.remarks[0].text,
              "w.example.org A, weighted, \"a b\": the member is called "
              "\"a-b\" here");
    expect_loads(&import);
    import_done(&import);
}

static void the_least_ttl_of_a_group_counts(void **state)
{
    (void)state;
    struct import import = made(APEX "," MEMBER(
        "w.example.org.", "a", "1",
        "192.0.2.1") ", {\"Name\": \"w.example.org.\", \"Type\": \"A\", \"SetIdentifier\": \"b\", "
                     "\"Weight\": 1, \"TTL\": 20, \"ResourceRecords\": [{\"Value\": "
                     "\"192.0.2.2\"}]}");
    expect_in(import.config_text, "    ttl: 20\n");
    expect_remark(&import, false,
                  "w.example.org A: its members have several TTLs; it has the "
                  "least, 20");
    import_done(&import);
}

static void an_alias_of_a_load_balancer_is_a_record_set_of_one(void **state)
{
    (void)state;
    struct import import =
        made(APEX "," ALIAS("example.org.", "A", "dualstack.lb-1.eu-west-1.elb.amazonaws.com."));
    expect_in(import.config_text, "  - name: \"example.org\"\n    type: A\n    ttl: 60\n"
                                  "    members:\n      - id: \"alias\"\n        weight: 1\n"
                                  "        alias: \"dualstack.lb-1.eu-west-1.elb.amazonaws.com\"");
    assert_int_equal(import.remarks.count, 0);
    expect_loads(&import);
    import_done(&import);
}

static void aliases_in_the_zone_have_what_their_target_has(void **state)
{
    (void)state;
    struct import import =
        made(APEX "," ALIAS("a.example.org.", "A", "b.example.org.")    //
             "," ALIAS("b.example.org.", "A", "static.example.org.")    //
             "," ALIAS("c.example.org.", "A", "lb.example.org.")        //
             "," ALIAS("lb.example.org.", "A", "lb-1.elb.example.net.") //
             "," ALIAS_MEMBER("m.example.org.", "x", "1", "static.example.org.") "," ALIAS_MEMBER(
                 "m.example.org.", "y", "1", "c.example.org.") //
             "," SIMPLE("static.example.org.", "A", "192.0.2.7"));
    expect_in(import.zone_text,
              "; a A: was an alias of b.example.org.\na\t300\tIN\tA\t192.0.2.7\n");
    expect_in(import.zone_text, "\nb\t300\tIN\tA\t192.0.2.7\n");
    expect_in(import.config_text,
              "  - name: \"c.example.org\"\n    type: A\n    ttl: 60\n    members:"
              "\n      - id: \"alias\"\n        weight: 1\n        alias: "
              "\"lb-1.elb.example.net\"");
    expect_in(import.config_text, "      - id: \"x\"\n        weight: 1\n        values:\n"
                                  "          - \"192.0.2.7\"\n");
    expect_in(import.config_text, "      - id: \"y\"\n        weight: 1\n        alias: "
                                  "\"lb-1.elb.example.net\"");
    assert_int_equal(import.remarks.lost_count, 0);
    expect_loads(&import);
    import_done(&import);
}

static void an_alias_of_a_weighted_group_is_a_cname_where_it_may_be(void **state)
{
    (void)state;
    struct import import = made(APEX "," ALIAS("w.example.org.", "A", "www.example.org.") //
                                "," MEMBER("www.example.org.", "a", "1", "192.0.2.1")     //
                                "," MEMBER("www.example.org.", "b", "2", "192.0.2.2"));
    expect_in(import.zone_text, "\nw\t60\tIN\tCNAME\twww.example.org.\n");
    assert_int_equal(import.remarks.count, 0);
    assert_int_equal(import.record_count, 1);
    expect_loads(&import);
    import_done(&import);
}

/* At the zone's own name, or beside other types, a CNAME may not be. */
static void elsewhere_it_has_the_same_members(void **state)
{
    (void)state;
    struct import import = made(APEX "," ALIAS("example.org.", "A", "www.example.org.") //
                                "," MEMBER("www.example.org.", "a", "1", "192.0.2.1")   //
                                "," MEMBER("www.example.org.", "b", "2", "192.0.2.2"));
    expect_in(import.config_text,
              "  - name: \"example.org\"\n    type: A\n    ttl: 60\n    members:\n"
              "      - id: \"a\"\n        weight: 1\n");
    expect_remark(&import, false,
                  "example.org A: an alias of www.example.org, whose members it "
                  "has now");
    expect_loads(&import);
    import_done(&import);
}

static void a_cname_would_answer_types_that_the_alias_did_not(void **state)
{
    (void)state;
    struct import import = made(APEX "," ALIAS("w.example.org.", "A", "www.example.org.") //
                                "," MEMBER("www.example.org.", "a", "1", "192.0.2.1")     //
                                "," MEMBER("www.example.org.", "b", "2", "192.0.2.2")     //
                                "," SIMPLE("www.example.org.", "TXT", "\\\"x\\\""));
    expect_not_in(import.zone_text, "CNAME");
    assert_int_equal(import.record_count, 2);
    expect_loads(&import);
    import_done(&import);
}

static void without_the_zones_own_records_its_name_has_no_cname_either(void **state)
{
    (void)state;
    struct import import = made(ALIAS("example.org.", "A", "www.example.org.")        //
                                "," MEMBER("www.example.org.", "a", "1", "192.0.2.1") //
                                "," MEMBER("www.example.org.", "b", "2", "192.0.2.2"));
    expect_not_in(import.zone_text, "CNAME");
    assert_int_equal(import.record_count, 2);
    expect_loads(&import);
    import_done(&import);
}

static void aliases_of_two_names_are_no_cname(void **state)
{
    (void)state;
#define SIX(name, id)                                                                              \
    "{\"Name\": \"" name "\", \"Type\": \"AAAA\", \"SetIdentifier\": \"" id                        \
    "\", \"Weight\": 1, \"TTL\": 60, \"ResourceRecords\": [{\"Value\": \"2001:db8::" id "\"}]}"
    struct import import = made(APEX "," ALIAS("w.example.org.", "A", "www.example.org.") //
                                "," ALIAS("w.example.org.", "AAAA", "six.example.org.")   //
                                "," MEMBER("www.example.org.", "a", "1", "192.0.2.1")     //
                                "," MEMBER("www.example.org.", "b", "2", "192.0.2.2")     //
                                "," SIX("www.example.org.", "1")                          //
                                "," SIX("www.example.org.", "2")                          //
                                "," SIX("six.example.org.", "3")                          //
                                "," SIX("six.example.org.", "4"));
    expect_not_in(import.zone_text, "CNAME");
    assert_int_equal(import.record_count, 5);
    expect_loads(&import);
    import_done(&import);
}

static void a_value_that_is_there_twice_is_there_once(void **state)
{
    (void)state;
    struct import import =
        made(APEX ", {\"Name\": \"w.example.org.\", \"Type\": \"AAAA\", \"SetIdentifier\": \"a\", "
                  "\"Weight\": 1, \"TTL\": 60, \"ResourceRecords\": [{\"Value\": \"2001:db8::1\"}, "
                  "{\"Value\": \"2001:DB8:0:0::1\"}]}");
    expect_loads(&import);
    import_done(&import);
}

/* A group of so many members; the caller frees. */
static char *members_of(unsigned count)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    fputs(APEX, out);
    for (unsigned i = 0; i < count; i++) {
        fprintf(out, "," MEMBER("w.example.org.", "m%u", "1", "192.0.2.%u"), i, i);
    }
    fclose(out);
    return text;
}

static void more_members_than_there_may_be_are_lost(void **state)
{
    (void)state;
    for (unsigned count = 100; count <= 101; count++) {
        char *text = members_of(count);
        struct import import = made(text);
        assert_int_equal(import.record_count, count == 100);
        assert_int_equal(import.remarks.lost_count, count == 100 ? 0 : 101);
        expect_loads(&import);
        import_done(&import);
        free(text);
    }
}

static void more_data_than_a_message_holds_is_lost(void **state)
{
    (void)state;
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    fputs(APEX ", {\"Name\": \"l.example.org.\", \"Type\": \"TXT\", \"TTL\": 60, "
               "\"ResourceRecords\": [{\"Value\": \"\\\"x\\\"\"}",
          out);
    for (unsigned i = 0; i < 260; i++) {
        fprintf(out, ", {\"Value\": \"\\\"%0250u\\\"\"}", i);
    }
    fputs("]}", out);
    fclose(out);
    struct import import = made(text);
    expect_remark(&import, true, "l.example.org TXT: its values are more than a DNS message holds");
    expect_loads(&import);
    import_done(&import);
    free(text);
}

/* What is lost: its record sets, and what is said of it. */
static const struct {
    const char *sets, *remark;
} lost[] = {
    {"{\"Name\": \"l.example.org.\", \"Type\": \"A\", \"SetIdentifier\": \"eu\", \"Region\": "
     "\"eu-west-1\", \"TTL\": 60, \"ResourceRecords\": [{\"Value\": \"192.0.2.1\"}]}",
     "l.example.org A, latency, \"eu\": Ballast does not answer by where a client is"},
    {"{\"Name\": \"l.example.org.\", \"Type\": \"A\", \"SetIdentifier\": \"eu\", \"GeoLocation\": "
     "{\"ContinentCode\": \"EU\"}, \"TTL\": 60, \"ResourceRecords\": [{\"Value\": "
     "\"192.0.2.1\"}]}",
     "l.example.org A, geolocation, \"eu\": Ballast does not answer by where"},
    {"{\"Name\": \"l.example.org.\", \"Type\": \"A\", \"SetIdentifier\": \"eu\", "
     "\"GeoProximityLocation\": {\"AWSRegion\": \"eu-west-1\"}, " TARGET("x.example.net.") "}",
     "l.example.org A, geoproximity, \"eu\": Ballast does not answer by where"},
    {"{\"Name\": \"l.example.org.\", \"Type\": \"A\", \"SetIdentifier\": \"eu\", "
     "\"CidrRoutingConfig\": {\"CollectionId\": \"c\", \"LocationName\": \"l\"}, \"TTL\": 60, "
     "\"ResourceRecords\": [{\"Value\": \"192.0.2.1\"}]}",
     "l.example.org A, IP-based, \"eu\": Ballast does not answer by where"},
    {"{\"Name\": \"l.example.org.\", \"Type\": \"A\", \"SetIdentifier\": \"p\", \"Failover\": "
     "\"PRIMARY\", \"TTL\": 60, \"ResourceRecords\": [{\"Value\": \"192.0.2.1\"}]}",
     "l.example.org A, failover, \"p\": Ballast has no primary and secondary"},
    {"{\"Name\": \"l.example.org.\", \"Type\": \"A\", \"SetIdentifier\": \"m\", "
     "\"MultiValueAnswer\": true, \"TTL\": 60, \"ResourceRecords\": [{\"Value\": "
     "\"192.0.2.1\"}]}",
     "l.example.org A, multivalue answer, \"m\": Ballast answers with all values"},
    {ALIAS("l.example.org.", "A", "d1.cloudfront.net."),
     "l.example.org A: an alias of CloudFront: its addresses depend on who asks; a CNAME to "
     "d1.cloudfront.net does the same"},
    {ALIAS("l.example.org.", "A", "s3-website-eu-west-1.amazonaws.com."),
     "l.example.org A: an alias of an S3 website"},
    {ALIAS("l.example.org.", "A", "x!y.example.net."),
     "l.example.org A: an alias of \"x!y.example.net\", which is no name of a host"},
    {ALIAS("l.example.org.", "A", "192.0.2.1"),
     "l.example.org A: an alias of \"192.0.2.1\", which is no name of a host"},
    {ALIAS("l.example.org.", "TXT", "x.example.net."), "only A and AAAA can be"},
    {ALIAS("l.example.org.", "A", "nothing.example.org."),
     "its alias target nothing.example.org has no records of this type"},
    {ALIAS("l.example.org.", "A", "l.example.org."),
     "it is an alias of itself by way of l.example.org"},
    {SIMPLE("l.example.org.", "A", "192.0.2"), "\"192.0.2\" is no RDATA of type A"},
    {"{\"Name\": \"l.example.org.\", \"Type\": \"CNAME\", \"TTL\": 60, \"ResourceRecords\": "
     "[{\"Value\": \"a.\"}, {\"Value\": \"b.\"}]}",
     "l.example.org CNAME: 2 values, and it can have one: write it anew"},
    {SIMPLE("l.example.org.", "NONSENSE", "x"), "l.example.org. NONSENSE: Ballast does not know"},
    {SIMPLE("l.example.org.", "DNAME", "x."),
     "l.example.org. DNAME: Route 53 has no records of this"},
    {SIMPLE("l.example.org.", "SOA", "a. b. 1 2 3 4 5"),
     "only the zone's own name can have an SOA"},
    {SIMPLE("*.l.example.org.", "NS", "x."), "*.l.example.org NS: a wildcard cannot be delegated"},
    {SIMPLE("l.example.net.", "A", "192.0.2.1"), "l.example.net. A: it lies outside of the zone"},
    {"{\"Name\": \"l.example.org.\", \"Type\": \"NS\", \"SetIdentifier\": \"a\", \"Weight\": 1, "
     "\"TTL\": 60, \"ResourceRecords\": [{\"Value\": \"ns.example.net.\"}]}",
     "l.example.org NS, weighted, \"a\": records of this type cannot be weighted"},
    {SIMPLE("s.example.org.", "NS", "ns.example.net") "," MEMBER("l.s.example.org.", "a", "1",
                                                                 "192.0.2.1"),
     "l.s.example.org A, weighted, \"a\": it lies at or below a delegation"},
};

static void what_has_no_counterpart_is_named_and_left_out(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(lost); i++) {
        CLEANUP(alloc_freep) char *text = alloc_printf("%s, %s", APEX, lost[i].sets);
        struct import import = made(text);
        expect_remark(&import, true, lost[i].remark);
        expect_not_in(import.config_text, "record_sets");
        expect_not_in(import.zone_text, "\nl");
        expect_loads(&import);
        import_done(&import);
    }
}

static void record_sets_of_another_zone_are_an_error(void **state)
{
    (void)state;
    struct error err;
    struct import import;
    struct route53_record_sets sets;
    struct import_wanted wanted = wanted_of(outside, 2);
    sets_read(SIMPLE("www.example.net.", "A", "192.0.2.1"), &sets);
    assert_false(import_make(&wanted, &sets, &import, &err));
    assert_string_equal(err.text, "none of the 1 record sets lies in the zone example.org");
    import_done(&import);
    route53_record_sets_done(&sets);
}

static void a_group_is_lost_as_a_whole(void **state)
{
    (void)state;
    struct import import = made(APEX "," MEMBER("w.example.org.", "a", "1", "192.0.2.1")         //
                                "," ALIAS_MEMBER("w.example.org.", "b", "1", "www.example.org.") //
                                "," MEMBER("www.example.org.", "x", "1", "192.0.2.3")            //
                                "," MEMBER("www.example.org.", "y", "1", "192.0.2.4"));
    assert_int_equal(import.remarks.lost_count, 2);
    expect_in(import.remarks.remarks[0].text,
              "w.example.org A, weighted, \"a\": its member \"b\" is an "
              "alias of www.example.org, which is weighted itself");
    expect_in(import.zone_text, "; w A: NOT MOVED: its member \"b\"");
    expect_in(import.zone_text, ";   a (weight 1): 192.0.2.1\n"
                                ";   b (weight 1): alias of www.example.org.\n");
    assert_int_equal(import.record_count, 1);
    expect_loads(&import);
    import_done(&import);
}

static void simple_and_weighted_at_one_name_are_lost(void **state)
{
    (void)state;
    struct import import = made(APEX "," SIMPLE("w.example.org.", "A", "192.0.2.1") //
                                "," MEMBER("w.example.org.", "b", "1", "192.0.2.2"));
    assert_int_equal(import.remarks.lost_count, 2);
    import_done(&import);
    import = made(APEX "," SIMPLE("w.example.org.", "A", "192.0.2.1") //
                  "," SIMPLE("w.example.org.", "CNAME", "x.example.net"));
    assert_int_equal(import.remarks.lost_count, 2);
    expect_in(import.remarks.remarks[0].text, "a CNAME stands beside other types");
    expect_loads(&import);
    import_done(&import);
    import = made(SIMPLE("example.org.", "CNAME", "x.example.net")); /* an SOA will be there */
    expect_remark(&import, true, "example.org CNAME: a CNAME stands beside other types");
    expect_loads(&import);
    import_done(&import);
}

/* Identifiers and targets are others' texts: no line of a file begins with what they have. */
static void texts_of_others_stay_in_their_comment(void **state)
{
    (void)state;
    struct import import =
        made(APEX ", {\"Name\": \"l.example.org.\", \"Type\": \"A\", \"SetIdentifier\": "
                  "\"eu\\nwww 1 IN A 192.0.2.66\", \"Region\": \"eu-west-1\", \"TTL\": 60, "
                  "\"ResourceRecords\": [{\"Value\": \"192.0.2.1\"}]}");
    expect_not_in(import.zone_text, "\nwww");
    expect_not_in(import.remarks.remarks[0].text, "\n");
    expect_loads(&import);
    import_done(&import);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(static_records_are_in_the_zone_file),
        cmocka_unit_test(nameservers_take_the_place_of_route_53s),
        cmocka_unit_test(without_nameservers_the_zone_file_is_refused),
        cmocka_unit_test(nameservers_in_the_zone_need_an_address),
        cmocka_unit_test(addresses_of_a_nameserver_replace_those_that_were),
        cmocka_unit_test(escapes_are_turned),
        cmocka_unit_test(names_with_quotes_load),
        cmocka_unit_test(weighted_groups_are_record_sets),
        cmocka_unit_test(health_checks_are_hinted_at),
        cmocka_unit_test(identifiers_that_commands_cannot_take_are_changed),
        cmocka_unit_test(the_least_ttl_of_a_group_counts),
        cmocka_unit_test(an_alias_of_a_load_balancer_is_a_record_set_of_one),
        cmocka_unit_test(aliases_in_the_zone_have_what_their_target_has),
        cmocka_unit_test(an_alias_of_a_weighted_group_is_a_cname_where_it_may_be),
        cmocka_unit_test(elsewhere_it_has_the_same_members),
        cmocka_unit_test(a_cname_would_answer_types_that_the_alias_did_not),
        cmocka_unit_test(without_the_zones_own_records_its_name_has_no_cname_either),
        cmocka_unit_test(aliases_of_two_names_are_no_cname),
        cmocka_unit_test(a_value_that_is_there_twice_is_there_once),
        cmocka_unit_test(more_members_than_there_may_be_are_lost),
        cmocka_unit_test(more_data_than_a_message_holds_is_lost),
        cmocka_unit_test(what_has_no_counterpart_is_named_and_left_out),
        cmocka_unit_test(record_sets_of_another_zone_are_an_error),
        cmocka_unit_test(a_group_is_lost_as_a_whole),
        cmocka_unit_test(simple_and_weighted_at_one_name_are_lost),
        cmocka_unit_test(texts_of_others_stay_in_their_comment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
