/* SPDX-License-Identifier: BSD-2-Clause */
/* Target groups in every state: what the attempt says, and whether it counts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/alloc.h"
#include "common/attributes.h"
#include "control/aws/aws_xml.h"
#include "control/target_health.h"

#define NOTHING "nothing"

/* states: one letter a target: h, u, i, d, n (unused), a (unavailable), x (anything else), l
 * (unhealthy.draining). */
static json_t *document_of(const char *states)
{
    static const char *const names[][2] = {
        {"h", "healthy"}, {"u", "unhealthy"},   {"i", "initial"}, {"d", "draining"},
        {"n", "unused"},  {"a", "unavailable"}, {"x", "new"},     {"l", "unhealthy.draining"}};
    json_t *members = json_array();
    for (const char *at = states; *at != '\0'; at++) {
        for (size_t i = 0; i < ARRAY_LEN(names); i++) {
            if (*at == names[i][0][0]) {
                json_array_append_new(members, json_pack("{s:{s:s}, s:{s:s, s:s}}", "Target", "Id",
                                                         "i-1", "TargetHealth", "State",
                                                         names[i][1], "Reason", "Target.Why"));
            }
        }
    }
    return json_pack("{s:{s:o}}", "TargetHealthDescriptions", "member", members);
}

static void judged(const char *states, unsigned minimum, const char *verdict, const char *text)
{
    json_t *document = document_of(states);
    struct probe_outcome outcome = {.latency_ms = 0};
    target_health_judge(document, minimum, &outcome);
    assert_string_equal(outcome.text, text);
    assert_string_equal(!outcome.counts     ? NOTHING
                        : outcome.succeeded ? "healthy"
                                            : "unhealthy",
                        verdict);
    json_decref(document);
}

static void enough_healthy_targets_are_healthy(void **state)
{
    (void)state;
    judged("hhh", 100, "healthy", "3 of 3 targets healthy");
    judged("hhuu", 50, "healthy", "2 of 4 targets healthy (2 unhealthy: Target.Why)");
    judged("huu", 34, "unhealthy", "1 of 3 targets healthy (2 unhealthy: Target.Why)");
    judged("huu", 33, "healthy", "1 of 3 targets healthy (2 unhealthy: Target.Why)");
    judged("uuuu", 1, "unhealthy", "0 of 4 targets healthy (4 unhealthy: Target.Why)");
}

static void who_leaves_counts_neither_way(void **state)
{
    (void)state;
    judged("hhddd", 100, "healthy", "2 of 2 targets healthy (3 draining)");
    judged("hhl", 100, "healthy", "2 of 2 targets healthy (1 draining)");
    judged("hud", 50, "healthy", "1 of 2 targets healthy (1 unhealthy, 1 draining: Target.Why)");
    judged("dd", 50, "unhealthy", "no targets (2 draining)");
}

static void who_may_still_become_healthy_decides_nothing(void **state)
{
    (void)state;
    judged("iii", 50, NOTHING, "0 of 3 targets healthy (3 initial: Target.Why): not decided yet");
    judged("hii", 100, NOTHING, "1 of 3 targets healthy (2 initial: Target.Why): not decided yet");
    judged("ha", 100, NOTHING,
           "1 of 2 targets healthy (1 unavailable: Target.Why): not decided yet");
    judged("hi", 50, "healthy", "1 of 2 targets healthy (1 initial: Target.Why)");
    judged("uui", 50, "unhealthy", "0 of 3 targets healthy (2 unhealthy, 1 initial: Target.Why)");
}

static void who_gets_no_traffic_is_not_healthy(void **state)
{
    (void)state;
    judged("nn", 50, "unhealthy", "0 of 2 targets healthy (2 unused: Target.Why)");
    judged("hx", 100, "unhealthy", "1 of 2 targets healthy (1 in an unknown state: Target.Why)");
    judged("", 1, "unhealthy", "no targets");
}

static void the_answers_own_xml_is_understood(void **state)
{
    (void)state;
    static const char xml[] =
        "<R><TargetHealthDescriptions><member><HealthCheckPort>80</HealthCheckPort><Target><Id>i"
        "</Id></Target><TargetHealth><State>unhealthy</State><Reason>a\x1b[31m</Reason>"
        "</TargetHealth></member></TargetHealthDescriptions></R>";
    static const char good[] = "<R><TargetHealthDescriptions><member><TargetHealth><State>healthy"
                               "</State></TargetHealth></member></TargetHealthDescriptions></R>";
    struct error err = {""};
    struct probe_outcome outcome = {.latency_ms = 0};
    assert_null(aws_xml_parse(xml, strlen(xml), NULL, &err)); /* no control characters in XML */
    json_t *document = aws_xml_parse(good, strlen(good), NULL, &err);
    target_health_judge(document, 100, &outcome);
    assert_string_equal(outcome.text, "1 of 1 targets healthy");
    json_decref(document);
    /* A proxy's 200, which has no result. */
    document = json_object();
    outcome.counts = true;
    target_health_judge(document, 100, &outcome);
    assert_string_equal(outcome.text, "what answered is not a load balancer's API");
    assert_false(outcome.counts);
    json_decref(document);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(enough_healthy_targets_are_healthy),
        cmocka_unit_test(who_leaves_counts_neither_way),
        cmocka_unit_test(who_may_still_become_healthy_decides_nothing),
        cmocka_unit_test(who_gets_no_traffic_is_not_healthy),
        cmocka_unit_test(the_answers_own_xml_is_understood),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
