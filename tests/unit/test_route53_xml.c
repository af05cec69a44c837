/* SPDX-License-Identifier: BSD-2-Clause */
/* Route 53's record sets and batches, both ways. The XML is what the API reference has as examples,
 * with names and values as Route 53 escapes them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "common/alloc.h"
#include "common/attributes.h"
#include "control/aws/aws_xml.h"
#include "control/aws/route53_text.h"
#include "control/aws/route53_xml.h"

/* ---- names and values ---- */

#define converts(call, expected) converts_at(call, expected, __FILE__, __LINE__)
static void converts_at(char *found, const char *expected, const char *file, int line)
{
    _assert_string_equal(found, expected, file, line);
    free(found);
}

static void names_are_turned_both_ways(void **state)
{
    (void)state;
    converts(route53_name_read("www.example.org."), "www.example.org.");
    converts(route53_name_read("WWW.Example.ORG"), "www.example.org.");
    converts(route53_name_read("\\052.example.org."), "*.example.org.");
    converts(route53_name_read("*.example.org."), "*.example.org.");
    converts(route53_name_read("a\\056b.example.org."), "a\\046b.example.org.");
    converts(route53_name_read("a\\134b.example.org."), "a\\092b.example.org.");
    converts(route53_name_read("\\101bc.example.org."), "abc.example.org.");
    converts(route53_name_read("\\344.example.org."), "\\228.example.org.");
    converts(route53_name_print("*.example.org"), "\\052.example.org.");
    converts(route53_name_print("a\\.b.example.org."), "a\\056b.example.org.");
    converts(route53_name_print("a\\046b.example.org."), "a\\056b.example.org.");
    converts(route53_name_print("\\228.example.org."), "\\344.example.org.");
    converts(route53_name_print("_dmarc.A-b.example.org."), "_dmarc.a-b.example.org.");
    converts(route53_name_fold("WWW.example.ORG"), "www.example.org.");
    converts(route53_name_fold("a\\.b.example."), "a\\046b.example.");
    converts(route53_name_read("."), ".");
    converts(route53_name_print("."), ".");
}

static void odd_escapes_are_taken(void **state)
{
    (void)state;
    converts(route53_name_read("a\\"), "a\\092.");
    converts(route53_name_read("\\777.example."), "777.example.");
    converts(route53_name_read("\\08.example."), "08.example.");
    converts(route53_name_read("example\\056"), "example\\046.");
    converts(route53_name_read(""), ".");
    converts(route53_value_read("\"a"), "\"a\"");
    converts(route53_value_read("\"a\\"), "\"a\\\\\"");
    converts(route53_value_read(""), "");
}

static void values_are_turned_both_ways(void **state)
{
    (void)state;
    converts(route53_value_read("192.0.2.1"), "192.0.2.1");
    converts(route53_value_read("10   mail.example.org."), "10 mail.example.org.");
    converts(route53_value_read("\\052.example.org."), "\\042.example.org.");
    converts(route53_value_read("\"ex\\344mple\\042\\134\" \"b;c\""),
             "\"ex\\228mple\\\"\\\\\" \"b;c\"");
    converts(route53_value_read("\"a\"\"b\""), "\"a\" \"b\"");
    converts(route53_value_read("1 . alpn=\"h2,h3\" port=8443"), "1 . alpn=\"h2,h3\" port=8443");
    converts(route53_value_print("HTTPS", "1 . alpn=\"h2\""), "1 . alpn=\"h2\"");
    converts(route53_value_read("v=DMARC1;p=none"), "v=DMARC1\\059p=none");
    converts(route53_value_print("TXT", "\"ex\\228mple\\\"\\\\\" \"b;c\""),
             "\"ex\\344mple\\\"\\\\\" \"b;c\"");
    converts(route53_value_print("TXT", "v=spf1 -all"), "\"v=spf1\" \"-all\"");
    converts(route53_value_print("CAA", "0 issue ca.example.net"), "0 issue \"ca.example.net\"");
    converts(route53_value_print("NAPTR", "10 20 S SIP+D2U \"\" _sip._udp.example.org."),
             "10 20 \"S\" \"SIP+D2U\" \"\" _sip._udp.example.org.");
    converts(route53_value_print("MX", "10 a\\.b.example.org."), "10 a\\056b.example.org.");
    converts(route53_value_print("A", "192.0.2.1"), "192.0.2.1");
}

static void values_that_say_the_same_are_equal(void **state)
{
    (void)state;
    assert_true(route53_value_equals("A", "192.0.2.1", "192.0.2.1"));
    assert_false(route53_value_equals("A", "192.0.2.1", "192.0.2.10"));
    assert_true(route53_value_equals("AAAA", "2001:DB8:0::1", "2001:db8::1"));
    assert_false(route53_value_equals("AAAA", "2001:db8::1", "2001:db8::2"));
    assert_true(route53_value_equals("CNAME", "WWW.example.org", "www.example.org."));
    assert_true(route53_value_equals("MX", "10  mail.example.org", "10 mail.EXAMPLE.org."));
    assert_false(route53_value_equals("MX", "10 mail.example.org.", "20 mail.example.org."));
    assert_true(route53_value_equals("TXT", "abc", "\"abc\""));
    assert_false(route53_value_equals("TXT", "\"Abc\"", "\"abc\""));
    assert_false(route53_value_equals("TXT", "\"a\" \"b\"", "\"ab\""));
    assert_true(route53_value_equals("TXT", "\"a\\065\"", "\"aA\""));
}

/* ---- reading ---- */

#define LIST(sets, more)                                                                           \
    "<?xml version=\"1.0\"?>\n<ListResourceRecordSetsResponse "                                    \
    "xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\"><ResourceRecordSets>" sets            \
    "</ResourceRecordSets>" more "<MaxItems>300</MaxItems></ListResourceRecordSetsResponse>"
#define LAST "<IsTruncated>false</IsTruncated>"
#define RECORDS                                                                                    \
    "<ResourceRecords><ResourceRecord><Value>192.0.2.1</Value></ResourceRecord>"                   \
    "</ResourceRecords>"

static json_t *parse(const char *xml)
{
    struct error err = {""};
    json_t *document = aws_xml_parse(xml, strlen(xml), NULL, &err);
    if (document == NULL) {
        fail_msg("%s", err.text);
    }
    return document;
}

static void read_xml(const char *xml, struct route53_record_sets *sets)
{
    struct error err = {""};
    json_t *document = parse(xml);
    if (!route53_read_record_sets(document, sets, &err)) {
        fail_msg("%s", err.text);
    }
    json_decref(document);
}

static void a_list_is_read(void **state)
{
    (void)state;
    struct route53_record_sets sets = {0};
    read_xml(LIST("<ResourceRecordSet><Name>example.org.</Name><Type>NS</Type><TTL>172800</TTL>"
                  "<ResourceRecords><ResourceRecord><Value>ns-1.awsdns-1.com.</Value>"
                  "</ResourceRecord><ResourceRecord><Value>ns-2.awsdns-2.net.</Value>"
                  "</ResourceRecord></ResourceRecords></ResourceRecordSet>"
                  "<ResourceRecordSet><Name>\\052.example.org.</Name><Type>A</Type>"
                  "<SetIdentifier>blue &amp; old</SetIdentifier><Weight>90</Weight><TTL>60</TTL>"
                  "<HealthCheckId>abcdef11-2222-3333-4444-555555fedcba</HealthCheckId>" RECORDS
                  "</ResourceRecordSet>"
                  "<ResourceRecordSet><Name>\\052.example.org.</Name><Type>A</Type>"
                  "<SetIdentifier>green</SetIdentifier><Weight>0</Weight><AliasTarget>"
                  "<HostedZoneId>Z32O12XQLNTSW2</HostedZoneId>"
                  "<DNSName>LB-1.eu-west-1.elb.amazonaws.com.</DNSName>"
                  "<EvaluateTargetHealth>true</EvaluateTargetHealth></AliasTarget>"
                  "</ResourceRecordSet>",
                  LAST),
             &sets);
    assert_int_equal(sets.count, 3);
    const struct route53_record_set *ns = &sets.sets[0], *blue = &sets.sets[1],
                                    *green = &sets.sets[2];
    assert_string_equal(ns->name, "example.org.");
    assert_string_equal(ns->type, "NS");
    assert_null(ns->set_identifier);
    assert_int_equal(ns->weight, -1);
    assert_int_equal(ns->ttl_s, 172800);
    assert_int_equal(ns->value_count, 2);
    assert_string_equal(ns->values[1], "ns-2.awsdns-2.net.");
    assert_null(ns->other_policy);
    assert_string_equal(blue->name, "*.example.org.");
    assert_string_equal(blue->set_identifier, "blue & old");
    assert_int_equal(blue->weight, 90);
    assert_string_equal(blue->health_check_id, "abcdef11-2222-3333-4444-555555fedcba");
    assert_null(blue->alias.zone_id);
    assert_int_equal(green->weight, 0);
    assert_int_equal(green->ttl_s, -1);
    assert_int_equal(green->value_count, 0);
    assert_string_equal(green->alias.zone_id, "Z32O12XQLNTSW2");
    assert_string_equal(green->alias.dns_name, "lb-1.eu-west-1.elb.amazonaws.com.");
    assert_true(green->alias.evaluate_target_health);
    route53_record_sets_done(&sets);
}

static void the_command_lines_json_is_read_alike(void **state)
{
    (void)state;
    struct route53_record_sets of_json = {0}, of_xml = {0};
    struct error err = {""};
    json_t *document = json_loads(
        "{\"ResourceRecordSets\":[{\"Name\":\"www.example.org.\",\"Type\":\"A\","
        "\"SetIdentifier\":\"blue\",\"Weight\":90,\"TTL\":60,\"ResourceRecords\":[{\"Value\":"
        "\"192.0.2.1\"}]},{\"Name\":\"www.example.org.\",\"Type\":\"A\",\"SetIdentifier\":"
        "\"green\",\"Weight\":10,\"AliasTarget\":{\"HostedZoneId\":\"Z1\",\"DNSName\":\"lb.\","
        "\"EvaluateTargetHealth\":false}}]}",
        0, NULL);
    assert_true(route53_read_record_sets(document, &of_json, &err));
    read_xml(LIST("<ResourceRecordSet><Name>www.example.org.</Name><Type>A</Type>"
                  "<SetIdentifier>blue</SetIdentifier><Weight>90</Weight><TTL>60</TTL>" RECORDS
                  "</ResourceRecordSet><ResourceRecordSet><Name>www.example.org.</Name>"
                  "<Type>A</Type><SetIdentifier>green</SetIdentifier><Weight>10</Weight>"
                  "<AliasTarget><HostedZoneId>Z1</HostedZoneId><DNSName>lb.</DNSName>"
                  "<EvaluateTargetHealth>false</EvaluateTargetHealth></AliasTarget>"
                  "</ResourceRecordSet>",
                  LAST),
             &of_xml);
    assert_int_equal(of_json.count, 2);
    assert_int_equal(of_xml.count, 2);
    for (size_t i = 0; i < 2; i++) {
        assert_true(route53_record_set_equals(&of_json.sets[i], &of_xml.sets[i]));
    }
    json_decref(document);
    route53_record_sets_done(&of_json);
    route53_record_sets_done(&of_xml);
}

static void other_policies_are_named(void **state)
{
    static const struct {
        const char *element, *policy;
    } cases[] = {
        {"<Region>eu-west-1</Region>", "latency"},
        {"<GeoLocation><ContinentCode>EU</ContinentCode></GeoLocation>", "geolocation"},
        {"<GeoProximityLocation><AWSRegion>eu-west-1</AWSRegion></GeoProximityLocation>",
         "geoproximity"},
        {"<Failover>PRIMARY</Failover>", "failover"},
        {"<MultiValueAnswer>true</MultiValueAnswer>", "multivalue answer"},
        {"<CidrRoutingConfig><CollectionId>a</CollectionId></CidrRoutingConfig>", "IP-based"},
        {"<Weight>1</Weight><TrafficPolicyInstanceId>a</TrafficPolicyInstanceId>",
         "traffic policy"},
        {"<Moon>full</Moon>", "unknown"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct route53_record_sets sets = {0};
        CLEANUP(alloc_freep)
        char *xml = alloc_printf(LIST("<ResourceRecordSet><Name>a.</Name><Type>A</Type>"
                                      "<SetIdentifier>x</SetIdentifier>%s<TTL>1</TTL>" RECORDS
                                      "</ResourceRecordSet>",
                                      LAST),
                                 cases[i].element);
        read_xml(xml, &sets);
        assert_string_equal(sets.sets[0].other_policy, cases[i].policy);
        route53_record_sets_done(&sets);
    }
}

static void what_is_no_record_set_is_refused(void **state)
{
#define SET(fields) LIST("<ResourceRecordSet>" fields "</ResourceRecordSet>", LAST)
#define WWW         "<Name>www.</Name><Type>A</Type>"
    static const struct {
        const char *xml, *text;
    } cases[] = {
        {"<A/>", "expected ResourceRecordSets"},
        {SET("<Name>www.</Name>" RECORDS), "ResourceRecordSet: expected Name and Type"},
        {SET(WWW), "record set www. A: expected either ResourceRecords or AliasTarget"},
        {SET(WWW RECORDS "<AliasTarget><HostedZoneId>Z</HostedZoneId><DNSName>a.</DNSName>"
                         "<EvaluateTargetHealth>true</EvaluateTargetHealth></AliasTarget>"),
         "record set www. A: expected either ResourceRecords or AliasTarget"},
        {SET(WWW "<AliasTarget><DNSName>a.</DNSName></AliasTarget>"),
         "record set www. A: AliasTarget: expected HostedZoneId and DNSName"},
        {SET(WWW "<AliasTarget><HostedZoneId>Z</HostedZoneId><DNSName>a.</DNSName>"
                 "</AliasTarget>"),
         "record set www. A: AliasTarget: EvaluateTargetHealth: expected true or false"},
        {SET(WWW RECORDS "<SetIdentifier>a</SetIdentifier><Weight>256</Weight>"),
         "record set www. A: Weight: expected a whole number from 0 to 255"},
        {SET(WWW RECORDS "<SetIdentifier>a</SetIdentifier><Weight>-1</Weight>"),
         "record set www. A: Weight: expected a whole number from 0 to 255"},
        {SET(WWW RECORDS "<Weight>1</Weight>"), "record set www. A: Weight without SetIdentifier"},
        {SET(WWW RECORDS "<TTL>x</TTL>"),
         "record set www. A: TTL: expected a whole number from 0 to 2147483647"},
        {SET(WWW "<ResourceRecords><ResourceRecord><Worth>1</Worth></ResourceRecord>"
                 "</ResourceRecords>"),
         "record set www. A: ResourceRecord: expected a Value"},
        {SET(WWW "<ResourceRecords><ResourceRecord><Value> </Value></ResourceRecord>"
                 "</ResourceRecords>"),
         "record set www. A: ResourceRecord: expected a Value"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct route53_record_sets sets = {0};
        struct error err = {""};
        json_t *document = parse(cases[i].xml);
        assert_false(route53_read_record_sets(document, &sets, &err));
        assert_string_equal(err.text, cases[i].text);
        json_decref(document);
        route53_record_sets_done(&sets);
    }
}

static void pages_follow_each_other(void **state)
{
    (void)state;
    json_t *last = parse(LIST("", LAST));
    assert_null(route53_next_page(last));
    json_t *first = parse(LIST("", "<IsTruncated>true</IsTruncated>"
                                   "<NextRecordName>\\052.example.org.</NextRecordName>"
                                   "<NextRecordType>A</NextRecordType>"
                                   "<NextRecordIdentifier>a b&amp;c</NextRecordIdentifier>"));
    converts(route53_next_page(first), "identifier=a%20b%26c&name=%5C052.example.org.&type=A");
    converts(route53_page("*.example.org", "A", 100),
             "maxitems=100&name=%5C052.example.org.&type=A");
    converts(route53_page(NULL, NULL, 0), "");
    json_decref(last);
    json_decref(first);
}

/* ---- batches ---- */

static struct route53_batch make_batch(void)
{
    struct route53_batch batch = {.comment = alloc_string("a < b")};
    struct route53_record_set blue = {.name = alloc_string("*.example.org."),
                                      .type = alloc_string("TXT"),
                                      .set_identifier = alloc_string("blue"),
                                      .weight = 90,
                                      .ttl_s = 60};
    route53_record_set_add_value(&blue, alloc_string("\"a&b\""));
    route53_record_set_add_value(&blue, alloc_string("\"\\228\""));
    struct route53_record_set green = {.name = alloc_string("www.example.org."),
                                       .type = alloc_string("A"),
                                       .set_identifier = alloc_string("green"),
                                       .weight = 0,
                                       .ttl_s = -1,
                                       .alias = {.zone_id = alloc_string("Z1"),
                                                 .dns_name = alloc_string("lb.example.net."),
                                                 .evaluate_target_health = true},
                                       .health_check_id = alloc_string("h-1")};
    route53_batch_add(&batch, ROUTE53_UPSERT, &blue);
    route53_batch_add(&batch, ROUTE53_DELETE, &green);
    return batch;
}

static void a_batch_is_written_as_the_service_takes_it(void **state)
{
    (void)state;
    struct route53_batch batch = make_batch();
    converts(route53_batch_xml(&batch),
             "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
             "<ChangeResourceRecordSetsRequest "
             "xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\"><ChangeBatch>"
             "<Comment>a &lt; b</Comment><Changes>"
             "<Change><Action>UPSERT</Action><ResourceRecordSet><Name>\\052.example.org.</Name>"
             "<Type>TXT</Type><SetIdentifier>blue</SetIdentifier><Weight>90</Weight>"
             "<TTL>60</TTL><ResourceRecords>"
             "<ResourceRecord><Value>&quot;a&amp;b&quot;</Value></ResourceRecord>"
             "<ResourceRecord><Value>&quot;\\344&quot;</Value></ResourceRecord>"
             "</ResourceRecords></ResourceRecordSet></Change>"
             "<Change><Action>DELETE</Action><ResourceRecordSet><Name>www.example.org.</Name>"
             "<Type>A</Type><SetIdentifier>green</SetIdentifier><Weight>0</Weight>"
             "<AliasTarget><HostedZoneId>Z1</HostedZoneId><DNSName>lb.example.net.</DNSName>"
             "<EvaluateTargetHealth>true</EvaluateTargetHealth></AliasTarget>"
             "<HealthCheckId>h-1</HealthCheckId></ResourceRecordSet></Change>"
             "</Changes></ChangeBatch></ChangeResourceRecordSetsRequest>");
    route53_batch_done(&batch);
}

static void a_batch_comes_back_as_it_was(void **state)
{
    (void)state;
    struct error err = {""};
    struct route53_batch batch = make_batch();
    CLEANUP(alloc_freep) char *xml = route53_batch_xml(&batch);
    json_t *documents[] = {parse(xml), route53_batch_json(&batch)};
    assert_true(json_is_integer(
        json_object_get(json_object_get(json_array_get(json_object_get(documents[1], "Changes"), 0),
                                        "ResourceRecordSet"),
                        "Weight")));
    for (size_t i = 0; i < ARRAY_LEN(documents); i++) {
        struct route53_batch read;
        if (!route53_read_batch(documents[i], &read, &err)) {
            fail_msg("%s", err.text);
        }
        assert_string_equal(read.comment, batch.comment);
        assert_int_equal(read.count, batch.count);
        for (size_t k = 0; k < batch.count; k++) {
            assert_int_equal(read.changes[k].action, batch.changes[k].action);
            assert_true(route53_record_set_equals(&read.changes[k].set, &batch.changes[k].set));
        }
        route53_batch_done(&read);
        json_decref(documents[i]);
    }
    route53_batch_done(&batch);
}

static void what_is_no_batch_is_refused(void **state)
{
    (void)state;
    struct route53_batch batch;
    struct error err;
    json_t *empty = json_pack("{s:[]}", "Changes");
    json_t *action =
        json_pack("{s:[{s:s, s:{}}]}", "Changes", "Action", "REPLACE", "ResourceRecordSet");
    json_t *set = json_pack("{s:[{s:s}]}", "Changes", "Action", "UPSERT");
    assert_false(route53_read_batch(empty, &batch, &err));
    assert_string_equal(err.text, "expected Changes");
    assert_false(route53_read_batch(action, &batch, &err));
    assert_string_equal(err.text, "Action: expected CREATE, DELETE or UPSERT");
    assert_false(route53_read_batch(set, &batch, &err));
    assert_string_equal(err.text, "ResourceRecordSet: expected Name and Type");
    json_decref(empty);
    json_decref(action);
    json_decref(set);
}

static void record_sets_differ_in_anything(void **state)
{
    (void)state;
    struct route53_batch batch = make_batch();
    for (size_t i = 0; i < batch.count; i++) {
        const struct route53_record_set *set = &batch.changes[i].set;
        struct route53_record_set copy = route53_record_set_copy(set);
        assert_true(route53_record_set_equals(set, &copy));
        copy.weight++;
        assert_false(route53_record_set_equals(set, &copy));
        copy.weight--;
        copy.ttl_s += 5;
        assert_false(route53_record_set_equals(set, &copy));
        copy.ttl_s -= 5;
        copy.alias.evaluate_target_health = !copy.alias.evaluate_target_health;
        assert_false(route53_record_set_equals(set, &copy));
        copy.alias.evaluate_target_health = !copy.alias.evaluate_target_health;
        free(copy.health_check_id);
        copy.health_check_id = alloc_string("h-2");
        assert_false(route53_record_set_equals(set, &copy));
        route53_record_set_done(&copy);
    }
    struct route53_record_set other = route53_record_set_copy(&batch.changes[0].set);
    char *first = other.values[0];
    other.values[0] = other.values[1];
    other.values[1] = first;
    assert_true(route53_record_set_equals(&batch.changes[0].set, &other));
    free(other.values[0]);
    other.values[0] = alloc_string(other.values[1]);
    assert_false(route53_record_set_equals(&batch.changes[0].set, &other));
    route53_record_set_done(&other);
    route53_batch_done(&batch);
}

/* ---- what came of a change ---- */

#define CHANGE(fields)                                                                             \
    "<ChangeResourceRecordSetsResponse "                                                           \
    "xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\"><ChangeInfo>" fields                  \
    "</ChangeInfo></ChangeResourceRecordSetsResponse>"

static void a_change_is_pending_or_in_sync(void **state)
{
    static const struct {
        const char *xml, *id;
        bool is_in_sync;
        const char *text;
    } cases[] = {
        {CHANGE("<Id>/change/C2682N5HXP0BZ4</Id><Status>PENDING</Status>"
                "<SubmittedAt>2010-09-10T01:36:41.958Z</SubmittedAt>"),
         "C2682N5HXP0BZ4", false, NULL},
        {CHANGE("<Id>C2682N5HXP0BZ4</Id><Status>INSYNC</Status>"), "C2682N5HXP0BZ4", true, NULL},
        {CHANGE("<Id>/change/C2</Id>"), NULL, false, "expected ChangeInfo with Id and Status"},
        {CHANGE("<Id>/change/</Id><Status>INSYNC</Status>"), NULL, false,
         "ChangeInfo: Id : expected letters and digits"},
        {CHANGE("<Id>/change/../x</Id><Status>INSYNC</Status>"), NULL, false,
         "ChangeInfo: Id ../x: expected letters and digits"},
        {"<A/>", NULL, false, "expected ChangeInfo with Id and Status"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char *id = NULL;
        bool is_in_sync = !cases[i].is_in_sync;
        struct error err = {""};
        json_t *document = parse(cases[i].xml);
        bool is_read = route53_read_change(document, &id, &is_in_sync, &err);
        json_decref(document);
        if (cases[i].text != NULL) {
            assert_false(is_read);
            assert_string_equal(err.text, cases[i].text);
            continue;
        }
        assert_true(is_read);
        assert_string_equal(id, cases[i].id);
        assert_int_equal(is_in_sync, cases[i].is_in_sync);
        free(id);
    }
}

static void a_refused_batch_says_why(void **state)
{
    (void)state;
    json_t *document = parse("<InvalidChangeBatch "
                             "xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\"><Messages>"
                             "<Message>one\nline</Message><Message>two</Message></Messages>"
                             "<RequestId>a</RequestId></InvalidChangeBatch>");
    converts(route53_read_messages(document), "one line; two");
    json_decref(document);
    document = parse("<A/>");
    converts(route53_read_messages(document), "");
    json_decref(document);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_turned_both_ways),
        cmocka_unit_test(odd_escapes_are_taken),
        cmocka_unit_test(values_are_turned_both_ways),
        cmocka_unit_test(values_that_say_the_same_are_equal),
        cmocka_unit_test(a_list_is_read),
        cmocka_unit_test(the_command_lines_json_is_read_alike),
        cmocka_unit_test(other_policies_are_named),
        cmocka_unit_test(what_is_no_record_set_is_refused),
        cmocka_unit_test(pages_follow_each_other),
        cmocka_unit_test(a_batch_is_written_as_the_service_takes_it),
        cmocka_unit_test(a_batch_comes_back_as_it_was),
        cmocka_unit_test(what_is_no_batch_is_refused),
        cmocka_unit_test(record_sets_differ_in_anything),
        cmocka_unit_test(a_change_is_pending_or_in_sync),
        cmocka_unit_test(a_refused_batch_says_why),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
