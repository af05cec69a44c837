/* SPDX-License-Identifier: BSD-2-Clause */
/* Route 53 in the configuration: what is read, and each refusal with its line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "common/alloc.h"
#include "common/attributes.h"
#include "tests/unit/config_text.h"

/* Lines 1 to 3; what a test says of all is in line 4, of the record set in 7, members in 8 and 9.
 */
#define TOP(all)                                                                                   \
    "server: { listen: [127.0.0.1@5300] }\n"                                                       \
    "control: { socket: s, state: t }\n"                                                           \
    "zones: [{ name: example.org, file: z }]\n" all "\n"
#define SET(set, blue, green)                                                                      \
    "record_sets:\n"                                                                               \
    "  - { name: a, type: A, ttl: 30,\n"                                                           \
    "      " set "\n"                                                                              \
    "      members: [{ id: blue, weight: 1, values: [192.0.2.1]" blue " },\n"                      \
    "                { id: green, weight: 0, " green " }] }\n"
#define SIXTY_FOUR "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define ROUTE53    "route53: { zone_id: Z1 },"
#define VALUES     "values: [192.0.2.2]"
#define ALL(keys)  TOP("route53: { " keys " }") SET(ROUTE53, "", VALUES)
#define OF_SET(keys)                                                                               \
    TOP("")                                                                                        \
    SET("route53: { " keys " },", "", VALUES)
#define OF_GREEN(keys)         TOP("") SET(ROUTE53, "", keys)
#define refuse(text, expected) config_text_refused(text, "dir/x.yaml:" expected, __FILE__, __LINE__)

static void without_it_nothing_goes_to_route_53(void **state)
{
    (void)state;
    CLEANUP(config_freep) struct config *config = config_text_good(TOP("") SET("", "", VALUES));
    assert_int_equal(config->route53.line, 0);
    assert_null(config->record_sets[0].route53);
    assert_null(config->record_sets[0].members[0].route53);
}

/* Caches that ask Route 53 keep its answers for as long as it says. */
static void a_longer_ttl_there_counts_for_rollouts(void **state)
{
    (void)state;
#define ROLLOUT(ttl, plan)                                                                         \
    TOP("")                                                                                        \
    SET("route53: { zone_id: Z1, ttl: " ttl " },", ", ecs_service: b", "ecs_service: g, " VALUES)  \
    "rollouts: [{ name: r, record_set: a/A, cluster: c, plan: { " plan " } }]\n"
    refuse(ROLLOUT("300", "hold: 60s"),
           "10: rollouts[0].plan.hold: found 1m, expected at least the TTL of a/A at "
           "Route 53 (300s), or allow_short_hold: true beside it");
    refuse(ROLLOUT("300", "hold: 300s, fall_back_budget: 60s"),
           "10: rollouts[0].plan.fall_back_budget: found 1m, but caches keep answers of "
           "a/A at Route 53 for up to 300s after a fall-back; expected that much, or "
           "a lower ttl in the plan");
    config_free(config_text_good(ROLLOUT("300", "hold: 300s, fall_back_budget: 300s")));
    config_free(config_text_good(ROLLOUT("20", "hold: 30s, fall_back_budget: 30s")));
    config_free(config_text_good(ROLLOUT("300", "ttl: 20, fall_back_budget: 20s")));
}

static void every_key_of_all_is_read(void **state)
{
    (void)state;
    CLEANUP(config_freep)
    struct config *config =
        config_text_good(ALL("identifiers: [blue, green, old], foreign: adopt, drift: report, "
                             "rate: 7, interval: 1m, poll: 250ms, settle: 90s"));
    const struct config_route53 *route53 = &config->route53;
    assert_int_equal(route53->line, 4);
    assert_null(route53->prefix);
    assert_int_equal(route53->identifier_count, 3);
    assert_string_equal(route53->identifiers[0], "blue");
    assert_true(route53->adopts_foreign);
    assert_false(route53->corrects_drift);
    assert_int_equal(route53->rate, 7);
    assert_int_equal(route53->interval_ms, 60000);
    assert_int_equal(route53->poll_ms, 250);
    assert_int_equal(route53->settle_ms, 90000);
    assert_true(config->record_sets[0].route53->adopts_foreign);
}

static void defaults_are_those_of_the_manual(void **state)
{
    (void)state;
    CLEANUP(config_freep) struct config *config = config_text_good(OF_GREEN(VALUES));
    const struct config_route53 *route53 = &config->route53;
    const struct config_record_set *set = &config->record_sets[0];
    assert_string_equal(route53->prefix, "ballast-");
    assert_int_equal(route53->identifier_count, 0);
    assert_false(route53->adopts_foreign);
    assert_true(route53->corrects_drift);
    assert_int_equal(route53->rate, 5);
    assert_int_equal(route53->interval_ms, 300000);
    assert_int_equal(route53->poll_ms, 5000);
    assert_int_equal(route53->settle_ms, 60000);
    assert_string_equal(set->route53->zone_id, "Z1");
    assert_int_equal(set->route53->ttl_s, 30);
    assert_false(set->route53->adopts_foreign);
    assert_int_equal(set->route53->line, 7);
    assert_string_equal(set->members[1].route53->set_identifier, "ballast-green");
    assert_null(set->members[1].route53->alias_zone_id);
    assert_null(set->members[1].route53->health_check_id);
}

static void every_key_of_sets_and_members_is_read(void **state)
{
    (void)state;
    CLEANUP(config_freep)
    struct config *config = config_text_good(TOP("route53: { prefix: b }") SET(
        "route53: { zone_id: Z2FDTNDATAQYW2, ttl: 5, foreign: adopt },",
        ", route53: { set_identifier: b/1 x, health_check_id: abc-1 }",
        "alias: lb.example.net, route53: { set_identifier: b2, alias_zone_id: Z3, "
        "alias_name: dualstack.lb.example.net, evaluate_target_health: false }"));
    const struct config_record_set *set = &config->record_sets[0];
    const struct config_route53_member *blue = set->members[0].route53;
    const struct config_route53_member *green = set->members[1].route53;
    assert_string_equal(set->route53->zone_id, "Z2FDTNDATAQYW2");
    assert_int_equal(set->route53->ttl_s, 5);
    assert_true(set->route53->adopts_foreign);
    assert_string_equal(blue->set_identifier, "b/1 x");
    assert_string_equal(blue->health_check_id, "abc-1");
    assert_string_equal(green->set_identifier, "b2");
    assert_string_equal(green->alias_zone_id, "Z3");
    assert_string_equal(green->alias_name, "dualstack.lb.example.net");
    assert_false(green->evaluate_target_health);
}

static void an_alias_goes_where_the_member_goes(void **state)
{
    (void)state;
    CLEANUP(config_freep)
    struct config *config =
        config_text_good(OF_GREEN("alias: lb.example.net, route53: { alias_zone_id: Z3 }"));
    const struct config_route53_member *green = config->record_sets[0].members[1].route53;
    assert_string_equal(green->alias_name, "lb.example.net");
    assert_true(green->evaluate_target_health);
}

static void whose_a_set_identifier_is(void **state)
{
    (void)state;
    const char *identifiers[] = {"blue", "green"};
    struct config_route53 by_prefix = {.prefix = "b-"};
    struct config_route53 by_list = {.identifiers = identifiers, .identifier_count = 2};
    assert_true(config_route53_owns(&by_prefix, "b-1"));
    assert_true(config_route53_owns(&by_prefix, "b-"));
    assert_false(config_route53_owns(&by_prefix, "b"));
    assert_false(config_route53_owns(&by_prefix, "B-1"));
    assert_true(config_route53_owns(&by_list, "green"));
    assert_false(config_route53_owns(&by_list, "green2"));
    assert_false(config_route53_owns(&by_list, "b-1"));
}

static void what_makes_no_sense_is_refused(void **state)
{
    (void)state;
    refuse(ALL("prefix: a, identifiers: [b]"),
           "4: route53.prefix: found beside identifiers, expected one of the two");
    refuse(ALL("prefix: \"\""), "4: route53.prefix: found nothing, expected a value");
    refuse(ALL("foreign: keep"),
           "4: route53.foreign: found \"keep\", expected one of: refuse, adopt");
    refuse(ALL("drift: x"), "4: route53.drift: found \"x\", expected one of: report, correct");
    refuse(ALL("rate: 0"), "4: route53.rate: found \"0\", expected a whole number from 1 to 50");
    refuse(ALL("interval: 10ms"), "4: route53.interval: found 10ms, expected 1s to 1d");
    refuse(OF_SET("ttl: 1"),
           "7: record_sets[0].route53: the key zone_id is missing, expected a single value");
    refuse(OF_SET("zone_id: /hostedzone/Z1"),
           "7: record_sets[0].route53.zone_id: found \"/hostedzone/Z1\", expected the id of a "
           "hosted zone: capital letters and digits, for example Z2FDTNDATAQYW2");
    refuse(
        OF_SET("zone_id: Z1, ttl: x"),
        "7: record_sets[0].route53.ttl: found \"x\", expected a whole number from 0 to 2147483647");
    refuse(TOP("") SET("", ", route53: { set_identifier: a }", VALUES),
           "8: record_sets[0].members[0].route53: found in a record set without route53, expected "
           "only beside it");
    refuse(OF_GREEN(VALUES ", route53: { set_identifier: green }"),
           "9: record_sets[0].members[1].route53.set_identifier: found green, expected one that "
           "begins with ballast-, as route53.prefix has it");
    refuse(TOP("route53: { identifiers: [blue] }") SET(ROUTE53, "", VALUES),
           "9: record_sets[0].members[1].set_identifier: found green, expected one of "
           "route53.identifiers");
    refuse(OF_GREEN(VALUES ", route53: { set_identifier: ballast-blue }"),
           "9: record_sets[0].members[1].route53.set_identifier: found ballast-blue a second time, "
           "expected each once in the record set (first in line 8)");
    refuse(OF_GREEN("alias: lb.example.net"),
           "9: record_sets[0].members[1]: the key alias_zone_id is missing, expected the hosted "
           "zone of lb.example.net, since the member is an alias");
    refuse(OF_GREEN(VALUES ", route53: { alias_name: a }"),
           "9: record_sets[0].members[1].route53.alias_name: found without alias_zone_id, expected "
           "only beside it");
    refuse(OF_GREEN(VALUES ", route53: { evaluate_target_health: true }"),
           "9: record_sets[0].members[1].route53.evaluate_target_health: found without "
           "alias_zone_id, expected only beside it");
    refuse(OF_GREEN(VALUES ", route53: { alias_zone_id: Z3 }"),
           "9: record_sets[0].members[1].route53: the key alias_name is missing, expected the name "
           "of the alias target");
    refuse(OF_GREEN(VALUES ", route53: { alias_zone_id: z, alias_name: a }"),
           "9: record_sets[0].members[1].route53.alias_zone_id: found \"z\", expected the id of a "
           "hosted zone: capital letters and digits, for example Z2FDTNDATAQYW2");
    refuse("server: { listen: [127.0.0.1@5300] }\ncontrol: { socket: s, state: t }\n"
           "zones: [{ name: example.org, file: z }]\nrecord_sets:\n"
           "  - { name: a, type: NS, route53: { zone_id: Z1 }, members: [{ id: b, weight: 1, "
           "values: [c] }] }\n",
           "5: record_sets[0].route53: the record set is of type NS, which Route 53 does not "
           "weigh");
}

/* Lines 5 to 7 are the record set, 6 and 7 its members. */
#define MIRROR(check, type, keys)                                                                  \
    TOP("health_checks: [{ name: c, " check " }]")                                                 \
    "record_sets:\n"                                                                               \
    "  - { name: a, type: " type ", route53: { zone_id: Z1, health_checks: mirror }, members: [\n" \
    "      { id: blue, weight: 1, values: [8.8.8.8] },\n"                                          \
    "      { id: green, weight: 0, health_check: c, " keys " }] }\n"
#define MIRROR_HTTP(keys)  MIRROR("type: http", "A", keys)
#define MIRROR_VALUE(text) MIRROR_HTTP("values: [192.0.2.1, " text "]")

static void health_checks_are_mirrored_where_one_is(void **state)
{
    (void)state;
    struct config *config = config_text_good(MIRROR_HTTP(VALUES));
    assert_true(config->record_sets[0].route53->mirrors_checks);
    assert_false(config_route53_mirrors(&config->record_sets[0].members[0]));
    assert_true(config_route53_mirrors(&config->record_sets[0].members[1]));
    config_free(config);
    config = config_text_good(OF_SET("zone_id: Z1, health_checks: none"));
    assert_false(config->record_sets[0].route53->mirrors_checks);
    config_free(config);
    config = config_text_good(OF_GREEN(VALUES));
    assert_false(config->record_sets[0].route53->mirrors_checks);
    config_free(config);
    /* Where Route 53 has another way to know, nothing is mirrored, and anything goes. */
    config = config_text_good(MIRROR_HTTP("values: [10.0.0.1], route53: { health_check_id: h }"));
    assert_false(config_route53_mirrors(&config->record_sets[0].members[1]));
    config_free(config);
    config = config_text_good(MIRROR("type: elbv2, target_group: 'arn:aws:elasticloadbalancing:"
                                     "eu-west-1:123456789012:targetgroup/g/0123456789abcdef'",
                                     "A", "alias: a.example, route53: { alias_zone_id: Z3 }"));
    assert_false(config_route53_mirrors(&config->record_sets[0].members[1]));
    config_free(config);
    config_free(config_text_good(MIRROR("type: tcp, port: 1", "A", VALUES)));
    config_free(config_text_good(MIRROR("type: https, expect: 200-399", "A", VALUES)));
    config_free(config_text_good(MIRROR("type: http, expect: \"301\"", "A", VALUES)));
}

static void what_route_53_cannot_check_is_refused(void **state)
{
    (void)state;
    refuse(OF_SET("zone_id: Z1, health_checks: x"),
           "7: record_sets[0].route53.health_checks: found \"x\", expected one of: none, mirror");
    refuse(MIRROR("type: http", "TXT", VALUES),
           "6: record_sets[0].route53.health_checks: found mirror in a record set of type TXT, "
           "expected type A or AAAA, whose values are addresses");
    refuse(MIRROR("type: elbv2, target_group: 'arn:aws:elasticloadbalancing:eu-west-1:"
                  "123456789012:targetgroup/g/0123456789abcdef'",
                  "A", VALUES),
           "8: record_sets[0].members[1].health_check: found c, of type elbv2, expected one of "
           "http, https or tcp, since Route 53 has no other (or the route53.health_check_id of one "
           "that it has)");
    refuse(MIRROR("type: http, expect: 200-404", "A", VALUES),
           "8: record_sets[0].members[1].health_check: found c, which expects 200-404, expected a "
           "status of 200 to 399, since those are healthy to Route 53");
    refuse(MIRROR("type: http, expect: 100-200", "A", VALUES),
           "8: record_sets[0].members[1].health_check: found c, which expects 100-200, expected a "
           "status of 200 to 399, since those are healthy to Route 53");
    refuse(MIRROR("type: http, path: /" SIXTY_FOUR SIXTY_FOUR SIXTY_FOUR SIXTY_FOUR, "A", VALUES),
           "8: record_sets[0].members[1].health_check: found c, whose path has 257 octets, "
           "expected at most 255, as Route 53 has it");
    refuse(MIRROR("type: http, body: " SIXTY_FOUR SIXTY_FOUR SIXTY_FOUR SIXTY_FOUR, "A", VALUES),
           "8: record_sets[0].members[1].health_check: found c, whose body has 256 octets, "
           "expected at most 255, as Route 53 has it");
    refuse(MIRROR_VALUE("x"), "8: record_sets[0].members[1].values[1]: found \"x\", expected an "
                              "IPv4 address, which Route 53 can check");
    refuse(MIRROR_VALUE("\"2001:db8::1\""),
           "8: record_sets[0].members[1].values[1]: found \"2001:db8::1\", expected an IPv4 "
           "address, which Route 53 can check");
}

static void addresses_that_route_53_does_not_reach_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *address, *prefix;
    } cases[] = {
        {"0.1.2.3", "0.0.0.0/8"},
        {"10.255.0.1", "10.0.0.0/8"},
        {"100.64.0.1", "100.64.0.0/10"},
        {"127.0.0.1", "127.0.0.0/8"},
        {"169.254.1.1", "169.254.0.0/16"},
        {"172.31.255.255", "172.16.0.0/12"},
        {"192.0.0.8", "192.0.0.0/24"},
        {"192.168.1.1", "192.168.0.0/16"},
        {"198.19.0.1", "198.18.0.0/15"},
        {"224.0.0.1", "224.0.0.0/4"},
        {"255.255.255.255", "240.0.0.0/4"},
        {"::1", "::/96"},
        {"::ffff:8.8.8.8", "::ffff:0:0/96"},
        {"fd00::1", "fc00::/7"},
        {"fe80::1", "fe80::/10"},
        {"fec0::1", "fec0::/10"},
        {"ff02::1", "ff00::/8"},
        {"2001:10::1", "2001:10::/28"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        bool is_v4 = strchr(cases[i].address, ':') == NULL;
        CLEANUP(alloc_freep)
        char *text = alloc_printf(
            TOP("health_checks: [{ name: c, type: tcp, port: 1 }]") "record_sets:\n"
                                                                    "  - { name: a, type: %s, "
                                                                    "route53: { zone_id: Z1, "
                                                                    "health_checks: mirror },\n"
                                                                    "      members: [{ id: b, "
                                                                    "weight: 1, health_check: c, "
                                                                    "values: [\"%s\"] }] }\n",
            is_v4 ? "A" : "AAAA", cases[i].address);
        CLEANUP(alloc_freep)
        char *error = alloc_printf("dir/x.yaml:7: record_sets[0].members[0].values[0]: found %s, "
                                   "which lies in %s, where Route 53's health checkers do not go, "
                                   "expected an address that is reachable from the Internet",
                                   cases[i].address, cases[i].prefix);
        config_text_refused(text, error, __FILE__, __LINE__);
    }
    config_free(config_text_good(MIRROR_VALUE("172.32.0.1")));
    config_free(config_text_good(MIRROR_VALUE("100.128.0.1")));
}

static void route_53_alone_can_have_the_record_sets(void **state)
{
    (void)state;
    static const char alone[] = "server: { answers: false }\n"
                                "control: { socket: s, state: t }\n\n\n" SET(ROUTE53, "", VALUES);
    CLEANUP(config_freep) struct config *config = config_text_good(alone);
    assert_true(config->server.answers_nobody);
    assert_int_equal(config->server.workers, 0);
    assert_int_equal(config->zone_count, 0);
    refuse("server: { answers: false, listen: [127.0.0.1] }\n"
           "control: { socket: s, state: t }\n",
           "1: server.listen: found beside answers: false, expected none: nobody is answered");
    refuse("server: { answers: false }\n"
           "control: { socket: s, state: t }\n\n\n" SET("", "", VALUES),
           "6: record_sets[0]: found without route53 while server.answers is false, expected it: "
           "nobody else has the record set");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_it_nothing_goes_to_route_53),
        cmocka_unit_test(a_longer_ttl_there_counts_for_rollouts),
        cmocka_unit_test(every_key_of_all_is_read),
        cmocka_unit_test(defaults_are_those_of_the_manual),
        cmocka_unit_test(every_key_of_sets_and_members_is_read),
        cmocka_unit_test(an_alias_goes_where_the_member_goes),
        cmocka_unit_test(whose_a_set_identifier_is),
        cmocka_unit_test(what_makes_no_sense_is_refused),
        cmocka_unit_test(health_checks_are_mirrored_where_one_is),
        cmocka_unit_test(what_route_53_cannot_check_is_refused),
        cmocka_unit_test(addresses_that_route_53_does_not_reach_are_refused),
        cmocka_unit_test(route_53_alone_can_have_the_record_sets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
