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
#include "control/ecs_event.h"

#define REQUIRED                                                                                   \
    "\"taskArn\":\"arn:t/1\",\"version\":3,\"clusterArn\":\"arn:c/cats\","                         \
    "\"desiredStatus\":\"RUNNING\",\"lastStatus\":\"PENDING\""
#define EVENT(detail)                                                                              \
    "{\"source\":\"aws.ecs\",\"detail-type\":\"ECS Task State Change\",\"detail\":{" detail "}}"

static struct ecs_event event;
static struct error text;

static enum ecs_parse parse(const char *json)
{
    json_error_t why;
    json_t *value = json_loads(json, JSON_DECODE_ANY, &why);
    assert_non_null(value);
    text.text[0] = '\0';
    enum ecs_parse verdict = ecs_event_parse(value, &event, &text);
    json_decref(value);
    return verdict;
}

static void assert_malformed(const char *json, const char *because)
{
    assert_int_equal(parse(json), ECS_MALFORMED);
    if (strstr(text.text, because) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", text.text, because);
    }
}

static char *read_file(const char *name, size_t *len)
{
    CLEANUP(alloc_freep)
    char *path = alloc_printf("%s/tests/data/ecs/%s", getenv("top_srcdir"), name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    char *octets = alloc_zeroed(1 << 20, 1);
    *len = fread(octets, 1, 1 << 20, file);
    fclose(file);
    return octets;
}

static void a_real_event_gives_every_field(void **state)
{
    (void)state;
    size_t len;
    CLEANUP(alloc_freep) char *json = read_file("running.json", &len);
    assert_int_equal(parse(json), ECS_PARSED);
    assert_string_equal(event.id, "9d6f7c52-0a51-4f6b-8a0e-6c1d20c3a104");
    assert_string_equal(event.task_arn,
                        "arn:aws:ecs:us-east-1:111122223333:task/catsndogsECScluster/"
                        "0d5f1c9a7b3e4d2f8a6c1e0b9d7f5a31");
    assert_int_equal(event.version, 4);
    assert_string_equal(event.cluster_arn,
                        "arn:aws:ecs:us-east-1:111122223333:cluster/catsndogsECScluster");
    assert_string_equal(event.cluster, "catsndogsECScluster");
    assert_string_equal(event.service, "cats-green");
    assert_string_equal(event.deployment, "ecs-svc/5211643699352071000");
    assert_string_equal(event.task_definition,
                        "arn:aws:ecs:us-east-1:111122223333:task-definition/cats-green:3");
    assert_string_equal(event.desired_status, "RUNNING");
    assert_string_equal(event.last_status, "RUNNING");
    assert_int_equal(event.created_ms, 1795448988214);
    assert_int_equal(event.container_count, 2);
    assert_true(ecs_event_has_container(&event, "cats-green"));
    assert_true(ecs_event_has_container(&event, "log-router"));
    assert_false(ecs_event_has_container(&event, "cats"));
    assert_false(ecs_event_has_container(&event, "cats-green2"));
}

static void the_spelling_of_put_events_is_read_with_detail_as_text_or_object(void **state)
{
    (void)state;
    assert_int_equal(parse("{\"Source\":\"custom.ecs\",\"DetailType\":\"ECS Task State Change\","
                           "\"Detail\":{" REQUIRED "}}"),
                     ECS_PARSED);
    assert_string_equal(event.cluster, "cats");
    event.version = 0;
    assert_int_equal(parse("{\"Source\":\"aws.ecs\",\"DetailType\":\"ECS Task State Change\","
                           "\"Detail\":\"{\\\"taskArn\\\":\\\"t\\\",\\\"version\\\":3,"
                           "\\\"clusterArn\\\":\\\"c\\\",\\\"desiredStatus\\\":\\\"RUNNING\\\","
                           "\\\"lastStatus\\\":\\\"RUNNING\\\"}\"}"),
                     ECS_PARSED);
    assert_int_equal(event.version, 3);
    assert_string_equal(event.cluster, "c");
    assert_malformed("{\"Source\":\"aws.ecs\",\"DetailType\":\"ECS Task State Change\","
                     "\"Detail\":\"{\\\"taskArn\\\":\"}",
                     "Detail is a string that is not JSON");
    assert_malformed("{\"Source\":\"aws.ecs\",\"DetailType\":\"ECS Task State Change\","
                     "\"Detail\":\"[]\"}",
                     "Detail is an array");
}

static void a_replay_is_delivered_with_its_own_source(void **state)
{
    (void)state;
    assert_int_equal(parse("{\"source\":\"custom.ecs\",\"detail-type\":\"ECS Task State Change\","
                           "\"detail\":{" REQUIRED "}}"),
                     ECS_PARSED);
    assert_malformed("{\"source\":\"aws.ecs\",\"detail-type\":\"ECS Task State Change\","
                     "\"detail\":\"{}\"}",
                     "detail is a string");
}

static void events_of_another_kind_are_told_by_name(void **state)
{
    (void)state;
    assert_int_equal(parse("{\"source\":\"aws.ecs\",\"detail-type\":\"ECS Service Action\","
                           "\"detail\":{}}"),
                     ECS_OTHER_EVENT);
    assert_string_equal(text.text,
                        "detail-type is \"ECS Service Action\", expected \"ECS Task State Change\" "
                        "or \"ECS Deployment State Change\"");
    assert_string_equal(event.other_field, "detail-type");
    const char *const others[] = {"aws.ec2", "aws.ecs2", "aws.EC", "xaws.ecs", "", "AWS.ECS"};
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        CLEANUP(alloc_freep)
        char *json = alloc_printf("{\"source\":\"%s\",\"detail-type\":\"ECS Task State Change\","
                                  "\"detail\":{" REQUIRED "}}",
                                  others[i]);
        assert_int_equal(parse(json), ECS_OTHER_EVENT);
        assert_non_null(strstr(text.text, others[i]));
        assert_string_equal(event.other_field, "source");
    }
}

#define SERVICE_ARN "arn:aws:ecs:eu-west-1:123456789012:service/catsndogsECScluster/cats-green"
#define SAID(name)  "\"eventName\":\"" name "\",\"deploymentId\":\"ecs-svc/123\""
#define DEPLOYMENT_OF(resources, detail)                                                           \
    "{\"source\":\"aws.ecs\",\"detail-type\":\"ECS Deployment State Change\","                     \
    "\"resources\":" resources ",\"detail\":{" detail "}}"
#define DEPLOYMENT(detail) DEPLOYMENT_OF("[\"" SERVICE_ARN "\"]", detail)

static void a_deployment_s_event_gives_every_field(void **state)
{
    (void)state;
    size_t len;
    CLEANUP(alloc_freep) char *json = read_file("deployment-failed.json", &len);
    assert_int_equal(parse(json), ECS_PARSED);
    assert_int_equal(event.kind, ECS_OF_DEPLOYMENT);
    assert_string_equal(event.id, "ddca6449-b258-46c0-8653-e0e3aEXAMPLE");
    assert_string_equal(event.cluster_arn,
                        "arn:aws:ecs:us-east-1:111122223333:cluster/catsndogsECScluster");
    assert_string_equal(event.cluster, "catsndogsECScluster");
    assert_string_equal(event.service, "cats-green");
    assert_string_equal(event.deployment, "ecs-svc/5211643699352071000");
    assert_int_equal(event.state, ECS_FAILED);
    assert_int_equal(event.updated_ms, 1795449311000);
    assert_string_equal(event.reason, "ECS deployment circuit breaker: task failed to start.");
    assert_string_equal(event.task_arn, "");
}

static void each_state_of_a_deployment_has_its_name(void **state)
{
    (void)state;
    assert_int_equal(parse(DEPLOYMENT(SAID("SERVICE_DEPLOYMENT_IN_PROGRESS"))), ECS_PARSED);
    assert_int_equal(event.state, ECS_IN_PROGRESS);
    assert_int_equal(parse(DEPLOYMENT(SAID("SERVICE_DEPLOYMENT_COMPLETED"))), ECS_PARSED);
    assert_int_equal(event.state, ECS_COMPLETED);
    assert_int_equal(event.updated_ms, 0);
    assert_string_equal(event.reason, "");
    assert_int_equal(
        parse(DEPLOYMENT(
            SAID("SERVICE_DEPLOYMENT_IN_PROGRESS") ",\"reason\":\"ECS deployment circuit breaker: "
                                                   "rolling back to deploymentId ecs-svc/1\"")),
        ECS_PARSED);
    assert_int_equal(event.state, ECS_ROLLING_BACK);
    assert_int_equal(
        parse(DEPLOYMENT(SAID("SERVICE_DEPLOYMENT_COMPLETED") ",\"reason\":\"rolling back\"")),
        ECS_PARSED);
    assert_int_equal(event.state, ECS_COMPLETED);
    const char *const others[] = {DEPLOYMENT(SAID("SERVICE_DEPLOYMENT_")),
                                  DEPLOYMENT(SAID("SERVICE_DEPLOYMENT_ROLLING_BACK")),
                                  DEPLOYMENT(SAID("SERVICE_DEPLOYMENT_STOPPED")),
                                  DEPLOYMENT(SAID("COMPLETED")), DEPLOYMENT(SAID(""))};
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        assert_int_equal(parse(others[i]), ECS_OTHER_EVENT);
        assert_non_null(strstr(text.text, "expected SERVICE_DEPLOYMENT_IN_PROGRESS, "));
        assert_string_equal(event.other_field, "detail.eventName");
        assert_string_equal(event.deployment, "ecs-svc/123");
    }
}

static void a_deployment_in_the_spelling_of_put_events_is_read(void **state)
{
    (void)state;
    assert_int_equal(parse("{\"Source\":\"custom.ecs\",\"DetailType\":\"ECS Deployment State "
                           "Change\",\"Resources\":[\"" SERVICE_ARN "\"],\"Detail\":"
                           "\"{\\\"eventName\\\":\\\"SERVICE_DEPLOYMENT_COMPLETED\\\","
                           "\\\"deploymentId\\\":\\\"ecs-svc/1\\\"}\"}"),
                     ECS_PARSED);
    assert_int_equal(event.state, ECS_COMPLETED);
    assert_string_equal(event.service, "cats-green");
    assert_string_equal(event.deployment, "ecs-svc/1");
}

static void a_service_s_arn_gives_cluster_and_service_or_no_cluster(void **state)
{
    (void)state;
    assert_int_equal(parse(DEPLOYMENT_OF("[\"arn:other/x\", \"" SERVICE_ARN "\"]",
                                         SAID("SERVICE_DEPLOYMENT_COMPLETED"))),
                     ECS_PARSED);
    assert_string_equal(event.cluster_arn,
                        "arn:aws:ecs:eu-west-1:123456789012:cluster/catsndogsECScluster");
    assert_int_equal(parse(DEPLOYMENT_OF("[\"arn:aws:ecs:eu-west-1:1:service/cats-green\"]",
                                         SAID("SERVICE_DEPLOYMENT_COMPLETED"))),
                     ECS_PARSED);
    assert_string_equal(event.service, "cats-green");
    assert_string_equal(event.cluster, "");
    assert_string_equal(event.cluster_arn, "");
    const char *const bad[][2] = {
        {DEPLOYMENT_OF("[\"a:service/\"]", ""), "resources has a:service/, expected …"},
        {DEPLOYMENT_OF("[\"a:service//x\"]", ""), "resources has a:service//x"},
        {DEPLOYMENT_OF("[\"a:service/x/\"]", ""), "resources has a:service/x/"},
        {DEPLOYMENT_OF("[\"a:service/x/y/z\"]", ""), "resources has a:service/x/y/z"},
        {DEPLOYMENT_OF("[\"arn:x\"]", ""), "resources has no service's ARN"},
        {DEPLOYMENT_OF("[]", ""), "resources has no service's ARN"},
        {DEPLOYMENT_OF("[3]", ""), "an item of resources is a number, expected a string"},
        {DEPLOYMENT_OF("\"x\"", ""), "resources is a string, expected an array"},
        {DEPLOYMENT(""), "deploymentId is nothing, expected a string"},
        {DEPLOYMENT("\"deploymentId\":3"), "deploymentId is a number"},
        {DEPLOYMENT("\"deploymentId\":\"ecs-svc/1\""), "eventName is nothing"},
        {DEPLOYMENT("\"deploymentId\":\"ecs-svc/1\",\"updatedAt\":\"now\""),
         "updatedAt is \"now\""},
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_malformed(bad[i][0], bad[i][1]);
    }
}

static void a_deployment_id_of_another_kind_is_none(void **state)
{
    (void)state;
    assert_int_equal(parse(DEPLOYMENT("\"eventName\":\"SERVICE_DEPLOYMENT_COMPLETED\","
                                      "\"deploymentId\":\"d-ABC\"")),
                     ECS_PARSED);
    assert_string_equal(event.deployment, "");
}

static void reasons_are_for_people_and_never_lose_an_event(void **state)
{
    (void)state;
    assert_int_equal(parse(EVENT(REQUIRED ",\"stopCode\":\"EssentialContainerExited\","
                                          "\"stoppedReason\":\"Essential\\ncontainer exited\"")),
                     ECS_PARSED);
    assert_string_equal(event.reason, "EssentialContainerExited: Essential?container exited");
    assert_int_equal(parse(EVENT(REQUIRED ",\"stopCode\":3,\"stoppedReason\":\"x\"")), ECS_PARSED);
    assert_string_equal(event.reason, "x");
    char reason[2000];
    memset(reason, 'r', sizeof(reason) - 1);
    reason[sizeof(reason) - 1] = '\0';
    CLEANUP(alloc_freep)
    char *json =
        alloc_printf(DEPLOYMENT(SAID("SERVICE_DEPLOYMENT_FAILED") ",\"reason\":\"%s\""), reason);
    assert_int_equal(parse(json), ECS_PARSED);
    assert_int_equal(event.state, ECS_FAILED);
    assert_int_equal(strlen(event.reason), ECS_TEXT_SIZE - 1);
}

static void what_is_no_event_is_malformed(void **state)
{
    (void)state;
    assert_malformed("[]", "an event is an array, expected an object");
    assert_malformed("3", "a number");
    assert_malformed("null", "null");
    assert_malformed("{}", "source is nothing, expected a string");
    assert_malformed("{\"source\":5}", "source is a number");
    assert_malformed("{\"source\":\"aws.ecs\"}", "detail-type is nothing");
    assert_malformed("{\"Source\":\"aws.ecs\"}", "DetailType is nothing");
    assert_malformed("{\"source\":\"aws.ecs\",\"detail-type\":\"ECS Task State Change\"}",
                     "detail is nothing, expected an object");
    assert_int_equal(ecs_event_parse(NULL, &event, &text), ECS_MALFORMED);
}

static void each_required_field_is_missed_by_name(void **state)
{
    (void)state;
    static const char *const keys[] = {"taskArn", "version", "clusterArn", "desiredStatus",
                                       "lastStatus"};
    static const char *const wrong[] = {"null", "true", "[\"x\"]", "\"\"", "1.5"};
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        json_t *json = json_loads(EVENT(REQUIRED), 0, NULL);
        json_t *detail = json_object_get(json, "detail");
        json_object_del(detail, keys[i]);
        assert_int_equal(ecs_event_parse(json, &event, &text), ECS_MALFORMED);
        assert_memory_equal(text.text, keys[i], strlen(keys[i]));
        for (size_t j = 0; j < ARRAY_LEN(wrong); j++) {
            json_object_set_new(detail, keys[i], json_loads(wrong[j], JSON_DECODE_ANY, NULL));
            assert_int_equal(ecs_event_parse(json, &event, &text), ECS_MALFORMED);
            assert_memory_equal(text.text, keys[i], strlen(keys[i]));
        }
        json_decref(json);
    }
}

static void the_version_is_a_whole_number_from_zero(void **state)
{
    (void)state;
    static const char *const wrong[] = {"-1", "3.0", "\"3\"", "1e2"};
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        json_t *json = json_loads(EVENT(REQUIRED), 0, NULL);
        json_object_set_new(json_object_get(json, "detail"), "version",
                            json_loads(wrong[i], JSON_DECODE_ANY, NULL));
        assert_int_equal(ecs_event_parse(json, &event, &text), ECS_MALFORMED);
        json_decref(json);
    }
    assert_int_equal(parse("{\"version\":\"0\",\"source\":\"aws.ecs\",\"detail-type\":\"ECS Task "
                           "State Change\",\"detail\":{\"taskArn\":\"t\",\"version\":0,"
                           "\"clusterArn\":\"c\",\"desiredStatus\":\"a\",\"lastStatus\":\"b\"}}"),
                     ECS_PARSED);
    assert_int_equal(event.version, 0);
}

static void optional_fields_may_be_absent_or_null_and_unknown_ones_anything(void **state)
{
    (void)state;
    assert_int_equal(parse(EVENT(REQUIRED)), ECS_PARSED);
    assert_string_equal(event.service, "");
    assert_string_equal(event.deployment, "");
    assert_int_equal(event.created_ms, 0);
    assert_int_equal(event.container_count, 0);
    assert_int_equal(parse(EVENT(REQUIRED ",\"group\":null,\"startedBy\":null,\"containers\":null,"
                                          "\"createdAt\":null,\"taskDefinitionArn\":null,"
                                          "\"somethingNew\":{\"a\":[1,2.5,{}]}")),
                     ECS_PARSED);
}

static void known_fields_of_another_type_are_malformed(void **state)
{
    (void)state;
    assert_malformed(EVENT(REQUIRED ",\"group\":7"), "group is a number");
    assert_malformed(EVENT(REQUIRED ",\"startedBy\":{}"), "startedBy is an object");
    assert_malformed(EVENT(REQUIRED ",\"containers\":{}"), "containers is an object");
    assert_malformed(EVENT(REQUIRED ",\"containers\":[{}]"), "name is nothing");
    assert_malformed(EVENT(REQUIRED ",\"containers\":[\"cats\"]"), "name is nothing");
    assert_malformed(EVENT(REQUIRED ",\"createdAt\":1795449001"), "createdAt is a number");
}

static void only_service_groups_and_service_deployments_name_one(void **state)
{
    (void)state;
    assert_int_equal(parse(EVENT(REQUIRED ",\"group\":\"family:cats\",\"startedBy\":\"me\"")),
                     ECS_PARSED);
    assert_string_equal(event.service, "");
    assert_string_equal(event.deployment, "");
    assert_int_equal(parse(EVENT(REQUIRED ",\"group\":\"service:\",\"startedBy\":\"ecs-svc/\"")),
                     ECS_PARSED);
    assert_string_equal(event.service, "");
    assert_string_equal(event.deployment, "");
    assert_int_equal(parse(EVENT(REQUIRED ",\"group\":\"service:a:b\"")), ECS_PARSED);
    assert_string_equal(event.service, "a:b");
}

static void a_text_that_is_too_long_is_refused_and_never_cut(void **state)
{
    (void)state;
    for (size_t len = 254; len < 258; len++) {
        json_t *json = json_loads(EVENT(REQUIRED), 0, NULL);
        CLEANUP(alloc_freep) char *arn = alloc_zeroed(len + 1, 1);
        memset(arn, 'x', len);
        json_object_set_new(json_object_get(json, "detail"), "taskArn", json_string(arn));
        enum ecs_parse verdict = ecs_event_parse(json, &event, &text);
        assert_int_equal(verdict, len < ECS_TEXT_SIZE ? ECS_PARSED : ECS_MALFORMED);
        assert_string_equal(event.task_arn, len < ECS_TEXT_SIZE ? arn : "");
        json_decref(json);
    }
    assert_malformed(EVENT(REQUIRED ",\"group\":\"service:\\u001b[2J\""), "control character");
    assert_malformed(EVENT(REQUIRED ",\"group\":\"service:\\u007f\""), "control character");
    assert_malformed(
        "{\"source\":\"aws.ecs\",\"detail-type\":\"ECS Task State Change\",\"detail\":{"
        "\"taskArn\":\"t\",\"version\":1,\"clusterArn\":\"arn/\","
        "\"desiredStatus\":\"R\",\"lastStatus\":\"R\"}}",
        "clusterArn ends without a name");
}

static void more_containers_than_there_is_room_for_are_refused(void **state)
{
    (void)state;
    json_t *json = json_loads(EVENT(REQUIRED), 0, NULL);
    json_t *containers = json_array();
    json_object_set_new(json_object_get(json, "detail"), "containers", containers);
    for (size_t i = 1; i <= ECS_MAX_CONTAINERS + 1; i++) {
        json_array_append_new(containers, json_pack("{ss}", "name", "c"));
        assert_int_equal(ecs_event_parse(json, &event, &text),
                         i <= ECS_MAX_CONTAINERS ? ECS_PARSED : ECS_MALFORMED);
    }
    json_decref(json);
}

static void times_are_read_in_every_form_of_iso_8601_that_ecs_has_used(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t at_ms; /* 0: refused */
    } cases[] = {
        {"2026-11-23T15:50:01.123Z", 1795449001123},
        {"2026-11-23T15:50:01Z", 1795449001000},
        {"2026-11-23T15:50:01.1Z", 1795449001100},
        {"2026-11-23T15:50:01.123456789Z", 1795449001123},
        {"2026-11-23T16:50:01.123+01:00", 1795449001123},
        {"2026-11-23T08:20:01.123-0730", 1795449001123},
        {"2024-02-29T00:00:00Z", 1709164800000},
        {"2026-02-29T00:00:00Z", 0},
        {"2026-11-23T15:50:01", 0},
        {"2026-11-23T15:50:01.Z", 0},
        {"2026-11-23T15:50:01ZZ", 0},
        {"2026-11-23 15:50:01Z", 0},
        {"2026-11-23T15:50: 1Z", 0},
        {"2026-13-23T15:50:01Z", 0},
        {"2026-11-23T24:50:01Z", 0},
        {"2026-11-23T15:50:01+24:00", 0},
        {"2026-11-23T15:50:01+01:60", 0},
        {"2026-11-23T15:50:01+01", 0},
        {"1969-12-31T23:59:59Z", 0},
        {"", 0},
        {"yesterday", 0},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        CLEANUP(alloc_freep)
        char *json = alloc_printf(EVENT(REQUIRED ",\"createdAt\":\"%s\""), cases[i].text);
        enum ecs_parse verdict = parse(json);
        assert_int_equal(verdict, cases[i].at_ms == 0 ? ECS_MALFORMED : ECS_PARSED);
        if (verdict == ECS_PARSED) {
            assert_int_equal(event.created_ms, cases[i].at_ms);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_real_event_gives_every_field),
        cmocka_unit_test(the_spelling_of_put_events_is_read_with_detail_as_text_or_object),
        cmocka_unit_test(a_replay_is_delivered_with_its_own_source),
        cmocka_unit_test(events_of_another_kind_are_told_by_name),
        cmocka_unit_test(a_deployment_s_event_gives_every_field),
        cmocka_unit_test(each_state_of_a_deployment_has_its_name),
        cmocka_unit_test(a_deployment_in_the_spelling_of_put_events_is_read),
        cmocka_unit_test(a_service_s_arn_gives_cluster_and_service_or_no_cluster),
        cmocka_unit_test(a_deployment_id_of_another_kind_is_none),
        cmocka_unit_test(reasons_are_for_people_and_never_lose_an_event),
        cmocka_unit_test(what_is_no_event_is_malformed),
        cmocka_unit_test(each_required_field_is_missed_by_name),
        cmocka_unit_test(the_version_is_a_whole_number_from_zero),
        cmocka_unit_test(optional_fields_may_be_absent_or_null_and_unknown_ones_anything),
        cmocka_unit_test(known_fields_of_another_type_are_malformed),
        cmocka_unit_test(only_service_groups_and_service_deployments_name_one),
        cmocka_unit_test(a_text_that_is_too_long_is_refused_and_never_cut),
        cmocka_unit_test(more_containers_than_there_is_room_for_are_refused),
        cmocka_unit_test(times_are_read_in_every_form_of_iso_8601_that_ecs_has_used),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
