/* SPDX-License-Identifier: BSD-2-Clause */
/* A zone goes out in batches that Route 53 takes, and nothing of it is forgotten silently. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "common/alloc.h"
#include "control/aws/route53_xml.h"
#include "control/move/export.h"

#define APEX                                                                                       \
    "; zone example.org as it is served, serial 1\n"                                               \
    "example.org.\t900\tIN\tSOA\tns1.example.net. h.example.org. 1 2 3 4 5\n"                      \
    "example.org.\t3600\tIN\tNS\tns1.example.net.\n"

static const char *const blue_values[] = {"192.0.2.1", "192.0.2.2"};
static const struct export_member members[] = {
    {.id = "blue", .weight = 90, .values = blue_values, .value_count = 2},
    {.id = "green", .weight = 10, .alias = "lb-1.elb.example.net"},
};
static const struct export_set www = {
    .name = "www.Example.org", .type = "A", .ttl_s = 60, .members = members, .member_count = 2};
static const struct export_alias_zone alias_zone = {"LB-1.elb.example.net.", "Z2"};

static struct export made(const struct export_wanted *wanted)
{
    struct error err;
    struct export export;
    if (!export_make(wanted, &export, &err)) {
        fail_msg("%s", err.text);
    }
    return export;
}

static struct export made_of(const char *text)
{
    const struct export_wanted wanted = {.zone = "example.org", .text = text};
    return made(&wanted);
}

static void expect_json(const struct route53_batch *batch, const char *expected)
{
    json_t *wanted = json_loads(expected, 0, NULL);
    assert_non_null(wanted);
    json_t *json = route53_batch_json(batch);
    if (!json_equal(json, wanted)) {
        fail_msg("%s", json_dumps(json, JSON_INDENT(1)));
    }
    json_decref(json);
    json_decref(wanted);
}

static void expect_remark(const struct export *export, bool is_lost, const char *text)
{
    assert_int_equal(export->remarks.count, 1);
    assert_int_equal(export->remarks.remarks[0].is_lost, is_lost);
    assert_string_equal(export->remarks.remarks[0].text, text);
}

static void records_become_upserts(void **state)
{
    (void)state;
    struct export export = made_of(APEX "b.example.org.\t300\tIN\tA\t192.0.2.1\n"
                                        "*.example.org.\t300\tIN\tTXT\t\"caf\\195\\169 ;\" \"x\"\n"
                                        "b.example.org.\t300\tIN\tA\t192.0.2.2\n");
    assert_int_equal(export.count, 1);
    expect_json(
        &export.batches[0],
        "{\"Comment\": \"example.org from Ballast, 1 of 1\", \"Changes\": ["
        "{\"Action\": \"UPSERT\", \"ResourceRecordSet\": {\"Name\": \"\\\\052.example.org.\", "
        "\"Type\": \"TXT\", \"TTL\": 300, \"ResourceRecords\": [{\"Value\": \"\\\"caf\\\\303"
        "\\\\251 ;\\\" \\\"x\\\"\"}]}},"
        "{\"Action\": \"UPSERT\", \"ResourceRecordSet\": {\"Name\": \"b.example.org.\", \"Type\": "
        "\"A\", \"TTL\": 300, \"ResourceRecords\": [{\"Value\": \"192.0.2.1\"}, {\"Value\": "
        "\"192.0.2.2\"}]}}]}");
    assert_int_equal(export.remarks.count, 0);
    export_done(&export);
}

static void weighted_record_sets_keep_their_weights(void **state)
{
    (void)state;
    const struct export_wanted wanted = {
        .zone = "example.org",
        /* The member that answers most is in the text; it is not to go out as well. */
        .text = APEX "; record set www.example.org/A: blue; effective weights: blue=90, green=10\n"
                     "www.example.org.\t60\tIN\tA\t192.0.2.1\n",
        .sets = &www,
        .set_count = 1,
        .alias_zones = &alias_zone,
        .alias_zone_count = 1};
    struct export export = made(&wanted);
    assert_int_equal(export.count, 1);
    expect_json(&export.batches[0],
                "{\"Comment\": \"example.org from Ballast, 1 of 1\", \"Changes\": ["
                "{\"Action\": \"UPSERT\", \"ResourceRecordSet\": {\"Name\": \"www.example.org.\", "
                "\"Type\": \"A\", \"SetIdentifier\": \"blue\", \"Weight\": 90, \"TTL\": 60, "
                "\"ResourceRecords\": [{\"Value\": \"192.0.2.1\"}, {\"Value\": \"192.0.2.2\"}]}},"
                "{\"Action\": \"UPSERT\", \"ResourceRecordSet\": {\"Name\": \"www.example.org.\", "
                "\"Type\": \"A\", \"SetIdentifier\": \"green\", \"Weight\": 10, \"AliasTarget\": "
                "{\"HostedZoneId\": \"Z2\", \"DNSName\": \"lb-1.elb.example.net.\", "
                "\"EvaluateTargetHealth\": false}}}]}");
    export_done(&export);
}

/* Half a group would have other shares. */
static void a_group_goes_out_as_a_whole_or_not_at_all(void **state)
{
    (void)state;
    const struct export_wanted wanted = {
        .zone = "example.org", .text = APEX, .sets = &www, .set_count = 1};
    struct export export = made(&wanted);
    assert_int_equal(export.count, 0);
    expect_remark(&export, true,
                  "www.Example.org A: Route 53 wants the id of the hosted zone that "
                  "lb-1.elb.example.net is in: give it with --alias-zone lb-1.elb.example.net=ID "
                  "(CanonicalHostedZoneId of aws elbv2 describe-load-balancers)");
    export_done(&export);
}

static void what_a_configuration_knows_of_route_53_goes_out(void **state)
{
    (void)state;
    const struct export_member known[] = {
        {.id = "green",
         .weight = 10,
         .alias = "lb-1.elb.example.net",
         .alias_zone_id = "Z9",
         .evaluates_health = true,
         .health_check_id = "h-1"},
    };
    const struct export_set set = {
        .name = "www.example.org", .type = "A", .ttl_s = 60, .members = known, .member_count = 1};
    const struct export_wanted wanted = {
        .zone = "example.org", .text = APEX, .sets = &set, .set_count = 1};
    struct export export = made(&wanted);
    assert_int_equal(export.count, 1);
    expect_json(&export.batches[0],
                "{\"Comment\": \"example.org from Ballast, 1 of 1\", \"Changes\": ["
                "{\"Action\": \"UPSERT\", \"ResourceRecordSet\": {\"Name\": "
                "\"www.example.org.\", \"Type\": \"A\", \"SetIdentifier\": \"green\", "
                "\"Weight\": 10, \"AliasTarget\": {\"HostedZoneId\": \"Z9\", \"DNSName\": "
                "\"lb-1.elb.example.net.\", \"EvaluateTargetHealth\": true}, "
                "\"HealthCheckId\": \"h-1\"}}]}");
    export_done(&export);
}

static void what_import_made_of_a_simple_alias_is_one_again(void **state)
{
    (void)state;
    const struct export_member only = {.id = "alias", .weight = 1, .alias = "lb-1.elb.example.net"};
    const struct export_set set = {
        .name = "example.org", .type = "A", .ttl_s = 60, .members = &only, .member_count = 1};
    const struct export_wanted wanted = {.zone = "example.org",
                                         .text = APEX,
                                         .sets = &set,
                                         .set_count = 1,
                                         .alias_zones = &alias_zone,
                                         .alias_zone_count = 1};
    struct export export = made(&wanted);
    assert_int_equal(export.count, 1);
    assert_int_equal(export.batches[0].count, 1);
    assert_null(export.batches[0].changes[0].set.set_identifier);
    assert_int_equal(export.batches[0].changes[0].set.weight, -1);
    export_done(&export);
}

static void signatures_are_left_out(void **state)
{
    (void)state;
    struct export export = made_of(APEX "example.org.\t900\tIN\tRRSIG\tSOA 13 2 900 1 1 1 x. a\n"
                                        "example.org.\t900\tIN\tDNSKEY\t257 3 13 a\n");
    assert_int_equal(export.count, 0);
    expect_remark(&export, false, "2 records of DNSSEC are left out: Route 53 signs by itself");
    export_done(&export);
}

static void what_route_53_does_not_take_is_named(void **state)
{
    (void)state;
    struct export export = made_of(APEX "d.example.org.\t60\tIN\tDNAME\te.example.net.\n");
    expect_remark(&export, true, "d.example.org DNAME: Route 53 has no records of this type");
    export_done(&export);
    export = made_of(APEX "d.example.org.\t60\tIN\tTXT\t\\# 2 0141\n");
    expect_remark(&export, true,
                  "d.example.org TXT: its data can only be written in the form of RFC 3597, which "
                  "Route 53 does not take");
    export_done(&export);
}

/* `count` record sets of `values` addresses each; the caller frees. */
static char *many(size_t count, size_t values)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    fputs(APEX, out);
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < values; j++) {
            fprintf(out, "n%04zu.example.org.\t60\tIN\tA\t10.0.%zu.%zu\n", i, j / 250, j % 250);
        }
    }
    fclose(out);
    return text;
}

static void batches_have_at_most_a_thousand_values_twice_counted(void **state)
{
    (void)state;
    CLEANUP(alloc_freep) char *most = many(500, 1);
    struct export export = made_of(most);
    assert_int_equal(export.count, 1);
    assert_int_equal(export.batches[0].count, 500);
    export_done(&export);
    CLEANUP(alloc_freep) char *more = many(501, 1);
    export = made_of(more);
    assert_int_equal(export.count, 2);
    assert_int_equal(export.batches[0].count, 500);
    assert_int_equal(export.batches[1].count, 1);
    assert_string_equal(export.batches[1].comment, "example.org from Ballast, 2 of 2");
    export_done(&export);
    CLEANUP(alloc_freep) char *wide = many(2, 400);
    export = made_of(wide);
    assert_int_equal(export.count, 2);
    export_done(&export);
    CLEANUP(alloc_freep) char *wider = many(1, 401);
    export = made_of(wider);
    expect_remark(&export, true,
                  "n0000.example.org A: more than 400 values, which Route 53 does not take");
    export_done(&export);
}

static void batches_have_at_most_32000_characters_twice_counted(void **state)
{
    (void)state;
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    fputs(APEX, out);
    /* 160 characters each: a hundred of them are 16000, counted twice 32000. */
    for (size_t i = 0; i < 101; i++) {
        fprintf(out, "n%04zu.example.org.\t60\tIN\tTXT\t\"%0158zu\"\n", i, i);
    }
    fclose(out);
    struct export export = made_of(text);
    assert_int_equal(export.count, 2);
    assert_int_equal(export.batches[0].count, 100);
    assert_int_equal(export.batches[1].count, 1);
    export_done(&export);
    free(text);
}

/* Of one value; 4000 of them are taken. */
static void a_value_has_at_most_4000_characters(void **state)
{
    (void)state;
    for (size_t len = 3998; len <= 3999; len++) { /* and two quotes */
        CLEANUP(alloc_freep)
        char *text = alloc_printf("%sx.example.org.\t60\tIN\tTXT\t\"%0*d\"\n", APEX, (int)len, 1);
        struct export export = made_of(text);
        assert_int_equal(export.count, len == 3998);
        assert_int_equal(export.remarks.lost_count, len == 3998 ? 0 : 1);
        export_done(&export);
    }
}

static void a_group_stays_in_one_batch(void **state)
{
    (void)state;
    CLEANUP(alloc_freep) char *text = many(499, 1);
    const struct export_wanted wanted = {.zone = "example.org",
                                         .text = text,
                                         .sets = &www,
                                         .set_count = 1,
                                         .alias_zones = &alias_zone,
                                         .alias_zone_count = 1};
    struct export export = made(&wanted);
    assert_int_equal(export.count, 2);
    assert_int_equal(export.batches[0].count, 499);
    assert_int_equal(export.batches[1].count, 2);
    export_done(&export);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_become_upserts),
        cmocka_unit_test(weighted_record_sets_keep_their_weights),
        cmocka_unit_test(a_group_goes_out_as_a_whole_or_not_at_all),
        cmocka_unit_test(what_a_configuration_knows_of_route_53_goes_out),
        cmocka_unit_test(what_import_made_of_a_simple_alias_is_one_again),
        cmocka_unit_test(signatures_are_left_out),
        cmocka_unit_test(what_route_53_does_not_take_is_named),
        cmocka_unit_test(batches_have_at_most_a_thousand_values_twice_counted),
        cmocka_unit_test(batches_have_at_most_32000_characters_twice_counted),
        cmocka_unit_test(a_value_has_at_most_4000_characters),
        cmocka_unit_test(a_group_stays_in_one_batch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
