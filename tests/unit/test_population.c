/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "common/attributes.h"
#include "control/forecast/population.h"
#include "tests/unit/near.h"

static struct population take(const char *text)
{
    struct population population;
    struct error err = {""};
    if (!population_read((const uint8_t *)text, strlen(text), "p.yaml", &population, &err)) {
        fail_msg("%s", err.text);
    }
    return population;
}

static void refuse(const char *text, const char *expected)
{
    struct population population;
    struct error err = {""};
    if (population_read((const uint8_t *)text, strlen(text), "p.yaml", &population, &err)) {
        fail_msg("taken, expected: %s", expected);
    }
    if (strncmp(err.text, "p.yaml:", 7) != 0 || strstr(err.text, expected) == NULL) {
        fail_msg("found: %s\nexpected: %s", err.text, expected);
    }
}

static void percentages_and_times_are_read(void **state)
{
    (void)state;
    struct population population = take("resolvers: 5000\n"
                                        "groups:\n"
                                        "- {name: big, resolvers: 12.5%, queries_per_s: 2,\n"
                                        "   zipf: 0.9, behaviour: prefetch}\n"
                                        "- {name: long, resolvers: 80%, queries_per_s: 1e-3,\n"
                                        "   behaviour: minimum, time: 5m}\n"
                                        "- {name: pinned, resolvers: 7.5%, queries_per_s: 1,\n"
                                        "   behaviour: keep, time: forever}\n");
    assert_int_equal(population.resolvers, 5000);
    assert_int_equal(population.group_count, 3);
    assert_string_equal(population.groups[0].name, "big");
    assert_near(population.groups[0].resolvers, 0.125, 1e-12);
    assert_near(population.groups[0].zipf, 0.9, 1e-12);
    assert_int_equal(population.groups[0].behaviour, TTL_PREFETCH);
    assert_near(population.groups[1].queries_per_s, 0.001, 1e-12);
    assert_int_equal(population.groups[1].time_ms, 300000);
    assert_int_equal(population.groups[2].time_ms, POPULATION_FOR_EVER);
}

static void numbers_of_resolvers_are_read_from_json(void **state)
{
    (void)state;
    struct population population = take(
        "{\"groups\": [\n"
        "  {\"name\": \"a\", \"resolvers\": 30, \"queries_per_s\": 1, \"behaviour\": "
        "\"honest\"},\n"
        "  {\"name\": \"b\", \"resolvers\": 10, \"queries_per_s\": 3, \"behaviour\": \"stale\","
        " \"time\": \"1d\"}]}\n");
    assert_int_equal(population.resolvers, 40);
    assert_near(population.groups[0].resolvers, 0.75, 1e-12);
    assert_int_equal(population.groups[1].behaviour, TTL_STALE);
}

static void traffic_becomes_queries(void **state)
{
    (void)state;
    struct population population =
        take("queries_per_s: 0.5\n"
             "groups:\n"
             "- {name: few, resolvers: 10%, traffic: 60%, behaviour: honest}\n"
             "- {name: many, resolvers: 90%, traffic: 40%, behaviour: honest}\n");
    assert_near(population.groups[0].queries_per_s, 3, 1e-12);
    assert_near(population.groups[1].queries_per_s, 0.5 * 0.4 / 0.9, 1e-12);
}

#define GROUP(rest) "groups:\n- name: a\n  resolvers: 100%\n" rest
#define HONEST      "  behaviour: honest\n"

static void what_is_wrong_has_its_line(void **state)
{
    (void)state;
    refuse("", ":1: the file is empty");
    refuse("groups: []\n", ":1: groups: found an empty list");
    refuse("groupes: []\n", ":1: groupes: found an unknown key, expected one of: resolvers");
    refuse(GROUP(HONEST), ":2: groups[0]: expected one of the keys traffic and queries_per_s");
    refuse(GROUP(HONEST "  queries_per_s: 1\n  traffic: 100%\n"), ":2: groups[0]: expected one of");
    refuse(GROUP("  behaviour: polite\n"),
           ":4: groups[0].behaviour: found \"polite\", expected honest, minimum, maximum, keep");
    refuse(GROUP(HONEST "  queries_per_s: 1\n  time: 5m\n"),
           ":6: groups[0].time: found a time, which honest does not have");
    refuse(GROUP("  behaviour: minimum\n  queries_per_s: 1\n"),
           ":2: groups[0].time: is missing, expected how long, as minimum needs it");
    refuse(GROUP("  behaviour: minimum\n  queries_per_s: 1\n  time: forever\n"),
           ":6: groups[0].time: found \"forever\", expected a duration");
    refuse(GROUP("  behaviour: keep\n  queries_per_s: 1\n  time: 60\n"),
           ":6: groups[0].time: found \"60\", expected a duration with its unit");
    refuse(GROUP(HONEST "  queries_per_s: 0\n"), ":5: groups[0].queries_per_s: found \"0\"");
    refuse(GROUP(HONEST "  queries_per_s: -1\n"), ":5: groups[0].queries_per_s: found \"-1\"");
    refuse(GROUP(HONEST "  queries_per_s: nan\n"), ":5: groups[0].queries_per_s: found \"nan\"");
    refuse(GROUP(HONEST "  queries_per_s: 0x10\n"), ":5: groups[0].queries_per_s: found \"0x10\"");
    refuse(GROUP(HONEST "  queries_per_s: 1\n  zipf: 4\n"),
           ":6: groups[0].zipf: found \"4\", expected a number from 0 to 3");
    refuse("queries_per_s: 1\n" GROUP(HONEST "  queries_per_s: 1\n"),
           ":1: queries_per_s: found it beside groups that have their own");
    refuse("resolvers: many\n" GROUP(HONEST "  queries_per_s: 1\n"),
           ":1: resolvers: found \"many\"");
}

static void parts_have_to_make_a_whole(void **state)
{
    (void)state;
    static const char rest[] = ", queries_per_s: 1, behaviour: honest}\n";
    char text[512];
    static const struct {
        const char *first, *second, *expected;
    } wrong[] = {
        {"50%", "40%", ":1: groups: found 90 % of the resolvers together, expected 100 %"},
        {"50%", "60", ":3: groups[1].resolvers: found \"60\", expected a percentage"},
        {"50", "50%", ":3: groups[1].resolvers: found \"50%\", expected a number"},
        {"0", "0", ":1: groups: found 0 resolvers together, expected 1 to"},
        {"1.5", "1", ":2: groups[0].resolvers: found \"1.5\", expected a whole number"},
        {"120%", "0%", ":2: groups[0].resolvers: found \"120%\", expected a percentage"},
        {"9e99", "1", ":2: groups[0].resolvers: found \"9e99\""},
    };
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        snprintf(text, sizeof(text),
                 "groups:\n- {name: a, resolvers: %s%s- {name: b, resolvers: %s%s", wrong[i].first,
                 rest, wrong[i].second, rest);
        refuse(text, wrong[i].expected);
    }
    refuse("groups:\n- {name: a, resolvers: 50%, traffic: 90%, behaviour: honest}\n"
           "- {name: b, resolvers: 50%, traffic: 20%, behaviour: honest}\n",
           ":1: groups: found 110 % of the traffic together");
    refuse("groups:\n- {name: a, resolvers: 50%, traffic: 100%, behaviour: honest}\n"
           "- {name: b, resolvers: 50%, queries_per_s: 1, behaviour: honest}\n",
           ":3: groups[1]: the key traffic is missing");
    refuse("groups:\n- {name: a, resolvers: 0%, traffic: 50%, behaviour: honest}\n"
           "- {name: b, resolvers: 100%, traffic: 50%, behaviour: honest}\n",
           ":2: groups[0].traffic: found no traffic or nobody");
}

static void presets_are_whole(void **state)
{
    (void)state;
    static const char *const names[] = {"honest", "mixed", "bad"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        struct error err = {""};
        const struct population *preset = population_preset(names[i]);
        assert_non_null(preset);
        assert_true(population_check(preset, &err));
        assert_non_null(strstr(POPULATION_PRESETS, names[i]));
    }
    assert_null(population_preset("polite"));
}

static void names_of_behaviours_are_read_back(void **state)
{
    (void)state;
    for (unsigned i = 0; i < TTL_BEHAVIOUR_COUNT; i++) {
        enum ttl_behaviour behaviour;
        assert_true(ttl_behaviour_parse(ttl_behaviour_name((enum ttl_behaviour)i), &behaviour));
        assert_int_equal(behaviour, i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(percentages_and_times_are_read),
        cmocka_unit_test(numbers_of_resolvers_are_read_from_json),
        cmocka_unit_test(traffic_becomes_queries),
        cmocka_unit_test(what_is_wrong_has_its_line),
        cmocka_unit_test(parts_have_to_make_a_whole),
        cmocka_unit_test(presets_are_whole),
        cmocka_unit_test(names_of_behaviours_are_read_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
