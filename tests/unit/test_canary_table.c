/* SPDX-License-Identifier: BSD-2-Clause */
/* The lab's table becomes record sets and rollouts that do what the lab did. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "common/alloc.h"
#include "common/config.h"
#include "control/move/canary_table.h"

#define GROUP                                                                                      \
    "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/cats/0123456789abcdef"
#define STRING(key, value) "\"" key "\": {\"S\": \"" value "\"}"
#define LBS                                                                                        \
    STRING("OldLB", "blue-1.elb.example.net") ", " STRING("NewLB", "green-1.elb.example.net.")
#define CATS                                                                                       \
    "{" STRING("NewContainerName", "cats-green") ", \"Triggered\": {\"BOOL\": false}, " STRING(    \
        "RecordName", "www.catsndogs.lol.") ", " LBS                                               \
                                            ", " STRING("HostedZoneID", "Z1") ", " STRING(         \
                                                "LBZoneID", "Z2") ", " STRING("TargetGroup",       \
                                                                              GROUP) "}"

static struct canary made(const char *items_text, const char *cluster)
{
    const struct canary_wanted wanted = {.source = "CanaryTable", .cluster = cluster};
    struct canary canary;
    json_t *items = json_loads(items_text, 0, NULL);
    assert_non_null(items);
    canary_make(&wanted, items, &canary);
    json_decref(items);
    return canary;
}

/* In a configuration that has the rest. */
static struct config *load(const struct canary *canary, struct error *err)
{
    CLEANUP(alloc_freep)
    char *text = alloc_printf("server: {listen: [127.0.0.1@5300]}\n"
                              "control: {socket: s, state: t}\n"
                              "zones: [{name: catsndogs.lol, file: z}]\n%s",
                              canary->config_text);
    struct config *config = config_parse("c", (const uint8_t *)text, strlen(text), err);
    return config;
}

static void an_item_is_a_record_set_and_a_rollout(void **state)
{
    (void)state;
    struct error err;
    struct canary canary = made("[" CATS "]", "catsndogsECScluster");
    assert_int_equal(canary.count, 1);
    assert_int_equal(canary.remarks.count, 0);
    CLEANUP(config_freep) struct config *config = load(&canary, &err);
    if (config == NULL) {
        fail_msg("%s\n%s", err.text, canary.config_text);
    }
    const struct config_record_set *set = &config->record_sets[0];
    assert_string_equal(set->name, "www.catsndogs.lol");
    assert_string_equal(set->type, "A");
    assert_int_equal(set->ttl_s, 60);
    assert_int_equal(set->member_count, 2);
    assert_string_equal(set->members[0].id, "blue");
    assert_int_equal(set->members[0].weight, 100);
    assert_string_equal(set->members[0].alias, "blue-1.elb.example.net");
    assert_null(set->members[0].health_check);
    assert_string_equal(set->members[1].id, "green");
    assert_int_equal(set->members[1].weight, 0);
    assert_string_equal(set->members[1].alias, "green-1.elb.example.net");
    assert_string_equal(set->members[1].health_check->target_group, GROUP);
    assert_string_equal(set->members[1].ecs_container, "cats-green");
    const struct config_rollout *rollout = &config->rollouts[0];
    assert_string_equal(rollout->name, "cats-green");
    assert_string_equal(rollout->cluster, "catsndogsECScluster");
    assert_int_equal(rollout->plan.step_count, 3);
    assert_int_equal(rollout->plan.steps[0], 10);
    assert_int_equal(rollout->plan.steps[2], 100);
    assert_int_equal(rollout->plan.hold_ms, 60000);
    canary_done(&canary);
}

static void plain_items_are_read_too(void **state)
{
    (void)state;
    struct canary typed = made("[" CATS "]", NULL);
    struct canary plain =
        made("[{\"NewContainerName\": \"cats-green\", \"Triggered\": false, \"RecordName\": "
             "\"www.catsndogs.lol\", \"OldLB\": \"blue-1.elb.example.net\", \"NewLB\": "
             "\"green-1.elb.example.net\", \"HostedZoneID\": \"Z1\", \"LBZoneID\": \"Z2\", "
             "\"TargetGroup\": \"" GROUP "\"}]",
             NULL);
    assert_string_equal(plain.config_text, typed.config_text);
    canary_done(&typed);
    canary_done(&plain);
}

/* The table has no cluster: a configuration without one is refused where it is to be named. */
static void the_cluster_is_to_be_named(void **state)
{
    (void)state;
    struct error err;
    struct canary canary = made("[" CATS "]", NULL);
    assert_non_null(strstr(canary.config_text, "    # cluster: NAME\n"));
    assert_null(load(&canary, &err));
    assert_non_null(strstr(err.text, "cluster"));
    canary_done(&canary);
}

static void expect_remark(const struct canary *canary, size_t index, bool is_lost, const char *text)
{
    assert_true(canary->remarks.count > index);
    assert_string_equal(canary->remarks.remarks[index].text, text);
    assert_int_equal(canary->remarks.remarks[index].is_lost, is_lost);
}

static void bad_items_are_named_and_the_others_go_on(void **state)
{
    (void)state;
    static const struct {
        const char *item, *remark;
    } bad[] = {
        {"{" STRING("RecordName", "x.org") ", " LBS "}",
         "item number 1: NewContainerName is missing, expected a text"},
        {"{" STRING("NewContainerName", "a b") ", " STRING("RecordName", "x.org") ", " LBS "}",
         "item a b: NewContainerName is no name of a container: letters, digits, - and _, at most "
         "128"},
        {"{" STRING("NewContainerName", "dogs") ", " LBS "}",
         "item dogs: RecordName is missing, expected a text"},
        {"{" STRING("NewContainerName", "dogs") ", " STRING("RecordName", "a..b") ", " LBS "}",
         "item dogs: RecordName: \"a..b\" is no domain name: it has an empty label"},
        {"{" STRING("NewContainerName", "dogs") ", " STRING("RecordName", "x.org") ", " STRING(
             "OldLB", "a") ", \"NewLB\": {\"N\": \"1\"}}",
         "item dogs: NewLB is empty or of another type, expected a text"},
        {"{" STRING("NewContainerName", "dogs") ", " STRING(
             "RecordName", "x.org") ", " LBS ", " STRING("TargetGroup", "cats") "}",
         "item dogs: TargetGroup is not the ARN of a target group"},
        {"{" STRING("NewContainerName", "dogs") ", " STRING(
             "RecordName", "x.org") ", " LBS ", " STRING("TargetGroup", GROUP "\\u007f") "}",
         "item dogs: TargetGroup is not the ARN of a target group"},
        {"{" STRING("NewContainerName", "dogs") ", " STRING("RecordName", "x.org") ", " STRING(
             "OldLB", "a!b") ", " STRING("NewLB", "c") "}",
         "item dogs: OldLB is no name of a host"},
        {"{" STRING("NewContainerName", "dogs") ", " STRING("RecordName", "x.org") ", " STRING(
             "OldLB", "a") ", " STRING("NewLB", "x.org.") "}",
         "item dogs: NewLB is the record's own name"},
        {"7", "item number 1: it is no object"},
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        CLEANUP(alloc_freep) char *text = alloc_printf("[%s, %s]", bad[i].item, CATS);
        struct canary canary = made(text, "c");
        assert_int_equal(canary.count, 1);
        assert_int_equal(canary.remarks.count, 1);
        expect_remark(&canary, 0, true, bad[i].remark);
        canary_done(&canary);
    }
}

static void everything_wrong_with_an_item_is_said(void **state)
{
    (void)state;
    struct canary canary = made("[{" STRING("NewContainerName", "dogs") "}]", NULL);
    assert_int_equal(canary.count, 0);
    expect_remark(&canary, 0, true, "item dogs: RecordName is missing, expected a text");
    expect_remark(&canary, 1, true, "item dogs: OldLB is missing, expected a text");
    expect_remark(&canary, 2, true, "item dogs: NewLB is missing, expected a text");
    assert_null(strstr(canary.config_text, "record_sets"));
    canary_done(&canary);
}

static void a_record_has_one_item(void **state)
{
    (void)state;
    struct canary canary = made("[" CATS ", " CATS "]", "c");
    assert_int_equal(canary.count, 1);
    expect_remark(&canary, 0, true,
                  "item cats-green: item cats-green has the same RecordName or NewContainerName");
    canary_done(&canary);
}

static void what_differs_from_the_lab_is_said(void **state)
{
    (void)state;
    struct error err;
    struct canary canary =
        made("[{" STRING("NewContainerName",
                         "dogs") ", \"Triggered\": {\"S\": "
                                 "\"True\"}, " STRING("RecordName", "catsndogs.lol") ", " LBS "}]",
             "c");
    assert_int_equal(canary.count, 1);
    assert_int_equal(canary.remarks.count, 2);
    expect_remark(&canary, 0, false,
                  "item dogs: Triggered is set, so that the lab would start nothing before it is "
                  "reset; Ballast goes by deployments and needs no flag");
    expect_remark(&canary, 1, false,
                  "item dogs: TargetGroup is missing: the candidate has no health check, and a "
                  "rollout would never fall back");
    CLEANUP(config_freep) struct config *config = load(&canary, &err);
    assert_non_null(config);
    canary_done(&canary);
}

static void documents_have_items(void **state)
{
    (void)state;
    struct error err;
    json_t *documents = json_loads("[{\"Items\": [1, 2], \"Count\": 2}, {\"Item\": {}}]", 0, NULL);
    json_t *items = canary_items(documents, &err);
    assert_int_equal(json_array_size(items), 3);
    json_decref(items);
    json_decref(documents);
    documents = json_loads("[{\"TableNames\": []}]", 0, NULL);
    assert_null(canary_items(documents, &err));
    assert_string_equal(err.text, "expected Items, as aws dynamodb scan prints them");
    json_decref(documents);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_item_is_a_record_set_and_a_rollout),
        cmocka_unit_test(plain_items_are_read_too),
        cmocka_unit_test(the_cluster_is_to_be_named),
        cmocka_unit_test(bad_items_are_named_and_the_others_go_on),
        cmocka_unit_test(everything_wrong_with_an_item_is_said),
        cmocka_unit_test(a_record_has_one_item),
        cmocka_unit_test(what_differs_from_the_lab_is_said),
        cmocka_unit_test(documents_have_items),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
