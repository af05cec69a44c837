/* SPDX-License-Identifier: BSD-2-Clause */
/* What Route 53 has to be told, by what it has. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "common/alloc.h"
#include "common/attributes.h"
#include "control/aws/route53_text.h"
#include "control/route53_plan.h"

#define TOP                                                                                        \
    "server: { listen: [127.0.0.1@5300] }\n"                                                       \
    "control: { socket: s, state: t }\n"                                                           \
    "zones: [{ name: example.org, file: z }]\n"
#define TWO(keys)                                                                                  \
    TOP "record_sets:\n"                                                                           \
        "  - { name: www.example.org, type: A, route53: { zone_id: Z1" keys " },\n"                \
        "      members: [{ id: blue, weight: 1, values: [192.0.2.1, 192.0.2.2] },\n"               \
        "                { id: green, weight: 1, alias: LB.example.net, route53: { "               \
        "alias_zone_id: Z2 } }] }\n"

/* A group of a configuration, and what Route 53 has. */
struct scene {
    struct config *config;
    struct route53_group group;
    uint8_t weights[101];
    struct route53_record_sets live;
    struct route53_plan plan;
};

static void begin(struct scene *scene, const char *text)
{
    struct error err = {""};
    *scene =
        (struct scene){.config = config_parse("x.yaml", (const uint8_t *)text, strlen(text), &err)};
    if (scene->config == NULL) {
        fail_msg("%s", err.text);
    }
    scene->weights[0] = 90;
    scene->weights[1] = 10;
    scene->group = (struct route53_group){.name = "www.example.org.",
                                          .type = "A",
                                          .config = &scene->config->record_sets[0],
                                          .route53 = &scene->config->route53,
                                          .weights = scene->weights,
                                          .ttl_s = 60};
}

static void end(struct scene *scene)
{
    route53_plan_done(&scene->plan);
    route53_record_sets_done(&scene->live);
    config_free(scene->config);
}

static void add(struct scene *scene, const char *name, const char *type, const char *identifier,
                int weight, int64_t ttl_s)
{
    struct route53_record_set set = {.name = alloc_string(name),
                                     .type = alloc_string(type),
                                     .set_identifier =
                                         identifier == NULL ? NULL : alloc_string(identifier),
                                     .weight = weight,
                                     .ttl_s = ttl_s};
    route53_record_set_add_value(&set, alloc_string("192.0.2.9"));
    route53_record_sets_add(&scene->live, &set);
}

static struct route53_record_set *live(struct scene *scene, const char *identifier)
{
    for (size_t i = 0; i < scene->live.count; i++) {
        const char *found = scene->live.sets[i].set_identifier;
        if (found != NULL && strcmp(found, identifier) == 0) {
            return &scene->live.sets[i];
        }
    }
    fail_msg("no %s", identifier);
    return NULL;
}

static void set_text(char **text, const char *value)
{
    free(*text);
    *text = value == NULL ? NULL : alloc_string(value);
}

static void plan(struct scene *scene)
{
    route53_plan_done(&scene->plan);
    route53_plan_add(&scene->plan, &scene->group, &scene->live);
    route53_plan_close(&scene->plan);
}

/* As Route 53 has it when all is well. */
static void begin_in_step(struct scene *scene, const char *text)
{
    begin(scene, text);
    route53_group_print(&scene->group, &scene->live);
    plan(scene);
    assert_int_equal(scene->plan.batch.count, 0);
}

#define changes(scene, expected) changes_at(scene, expected, __LINE__)
/* The batch in short: "UPSERT ballast-blue 90 60; …" */
static void changes_at(const struct scene *scene, const char *expected, int line)
{
    char text[1000] = "";
    for (size_t i = 0; i < scene->plan.batch.count; i++) {
        const struct route53_change *change = &scene->plan.batch.changes[i];
        size_t used = strlen(text);
        snprintf(text + used, sizeof(text) - used, "%s%s %s %d %d", i == 0 ? "" : "; ",
                 route53_action_name(change->action), change->set.set_identifier,
                 change->set.weight, (int)change->set.ttl_s);
        _assert_string_equal(change->set.name, "www.example.org.", __FILE__, line);
        _assert_string_equal(change->set.type, "A", __FILE__, line);
    }
    _assert_string_equal(text, expected, __FILE__, line);
}

#define differs(scene, expected) differs_at(scene, expected, __LINE__)
static void differs_at(const struct scene *scene, const char *expected, int line)
{
    char text[1000] = "";
    for (size_t i = 0; i < scene->plan.difference_count; i++) {
        const struct route53_difference *difference = &scene->plan.differences[i];
        size_t used = strlen(text);
        snprintf(text + used, sizeof(text) - used, "%s%s %s: %s, %s", i == 0 ? "" : "; ",
                 difference->identifier, difference->what, difference->live, difference->wanted);
    }
    _assert_string_equal(text, expected, __FILE__, line);
}

#define WHOLE "UPSERT ballast-blue 90 60; UPSERT ballast-green 10 -1"

static void what_is_in_step_is_left_alone(void **state)
{
    (void)state;
    struct scene scene;
    begin_in_step(&scene, TWO(""));
    add(&scene, "www.example.org.", "AAAA", NULL, -1, 300);
    add(&scene, "mail.example.org.", "A", NULL, -1, 300);
    plan(&scene);
    changes(&scene, "");
    differs(&scene, "");
    assert_string_equal(scene.plan.text, "");
    end(&scene);
}

static void an_empty_zone_gets_the_whole_group(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene, TWO(""));
    plan(&scene);
    changes(&scene, WHOLE);
    differs(&scene, "ballast-blue record set: none, weight 90, 192.0.2.1, 192.0.2.2; ballast-green "
                    "record set: none, weight 10, lb.example.net. in Z2, target health");
    const struct route53_record_set *green = &scene.plan.batch.changes[1].set;
    assert_string_equal(green->alias.zone_id, "Z2");
    assert_string_equal(green->alias.dns_name, "lb.example.net.");
    assert_true(green->alias.evaluate_target_health);
    assert_int_equal(green->value_count, 0);
    assert_int_equal(scene.plan.batch.changes[0].set.value_count, 2);
    end(&scene);
}

static void any_difference_sends_the_whole_group(void **state)
{
    (void)state;
    struct scene scene;
    begin_in_step(&scene, TWO(""));
    live(&scene, "ballast-green")->weight = 5;
    plan(&scene);
    changes(&scene, WHOLE);
    differs(&scene, "ballast-green weight: 5, 10");
    live(&scene, "ballast-green")->weight = 10;
    live(&scene, "ballast-blue")->ttl_s = 300;
    plan(&scene);
    changes(&scene, WHOLE);
    differs(&scene, "ballast-blue ttl: 300, 60");
    live(&scene, "ballast-blue")->ttl_s = 60;
    set_text(&live(&scene, "ballast-blue")->values[0], "192.0.2.7");
    plan(&scene);
    changes(&scene, WHOLE);
    differs(&scene, "ballast-blue values: 192.0.2.7, 192.0.2.2, 192.0.2.1, 192.0.2.2");
    set_text(&live(&scene, "ballast-blue")->values[0], "192.0.2.1");
    live(&scene, "ballast-green")->alias.evaluate_target_health = false;
    plan(&scene);
    changes(&scene, WHOLE);
    differs(&scene, "ballast-green alias: lb.example.net. in Z2, lb.example.net. in Z2, target "
                    "health");
    live(&scene, "ballast-green")->alias.evaluate_target_health = true;
    set_text(&live(&scene, "ballast-green")->health_check_id, "h1");
    plan(&scene);
    changes(&scene, WHOLE);
    differs(&scene, "ballast-green health check: h1, none");
    assert_null(scene.plan.batch.changes[1].set.health_check_id);
    end(&scene);
}

static void health_checks_of_the_configuration_are_kept(void **state)
{
    (void)state;
    struct scene scene;
    begin_in_step(&scene, TOP "record_sets:\n  - { name: a, type: A, route53: { zone_id: Z1 }, "
                              "members: [{ id: b, weight: 1, values: [192.0.2.1], route53: { "
                              "health_check_id: h1 } }] }\n");
    set_text(&live(&scene, "ballast-b")->health_check_id, NULL);
    plan(&scene);
    differs(&scene, "ballast-b health check: none, h1");
    assert_string_equal(scene.plan.batch.changes[0].set.health_check_id, "h1");
    set_text(&live(&scene, "ballast-b")->health_check_id, "h2");
    plan(&scene);
    differs(&scene, "ballast-b health check: h2, h1");
    end(&scene);
}

/* One that is not known yet is the one that is there; what is known is sent; what Route 53 did not
 * know is left out. */
static void health_checks_that_are_mirrored_are_sent(void **state)
{
    (void)state;
    struct scene scene;
    struct route53_member_check checks[2] = {{.is_mirrored = true}};
    begin_in_step(&scene, TWO(""));
    scene.group.checks = checks;
    plan(&scene);
    differs(&scene, "");
    set_text(&live(&scene, "ballast-blue")->health_check_id, "h1");
    plan(&scene);
    differs(&scene, "");
    live(&scene, "ballast-blue")->weight = 5;
    plan(&scene);
    differs(&scene, "ballast-blue weight: 5, 90");
    assert_string_equal(scene.plan.batch.changes[0].set.health_check_id, "h1");
    strcpy(checks[0].id, "h2");
    plan(&scene);
    differs(&scene, "ballast-blue weight: 5, 90; ballast-blue health check: h1, h2");
    assert_string_equal(scene.plan.batch.changes[0].set.health_check_id, "h2");
    assert_null(scene.plan.batch.changes[1].set.health_check_id);
    checks[0].is_left_out = true;
    plan(&scene);
    differs(&scene, "ballast-blue weight: 5, 90; ballast-blue health check: h1, none");
    assert_null(scene.plan.batch.changes[0].set.health_check_id);
    checks[0].id[0] = '\0';
    plan(&scene);
    differs(&scene, "ballast-blue weight: 5, 90; ballast-blue health check: h1, none");
    end(&scene);
}

static void own_ones_that_are_left_over_are_deleted(void **state)
{
    (void)state;
    struct scene scene;
    begin_in_step(&scene, TWO(""));
    add(&scene, "www.example.org.", "A", "ballast-old", 7, 60);
    plan(&scene);
    changes(&scene, "DELETE ballast-old 7 60; " WHOLE);
    differs(&scene, "ballast-old record set: weight 7, 192.0.2.9, none");
    assert_true(
        route53_record_set_equals(&scene.plan.batch.changes[0].set, live(&scene, "ballast-old")));
    end(&scene);
}

static void foreign_ones_are_refused(void **state)
{
    (void)state;
    struct scene scene;
    begin_in_step(&scene, TWO(""));
    add(&scene, "www.example.org.", "A", "canary\n1", 7, 60);
    live(&scene, "ballast-green")->weight = 5;
    plan(&scene);
    changes(&scene, "");
    differs(&scene, "");
    assert_int_equal(scene.plan.refused_count, 1);
    assert_string_equal(scene.plan.text,
                        "www.example.org. A in zone Z1: canary 1 is not Ballast's: delete it, or "
                        "let it be adopted (route53.foreign)");
    end(&scene);
}

static void foreign_ones_that_are_adopted_keep_all_but_the_ttl(void **state)
{
    (void)state;
    struct scene scene;
    begin_in_step(&scene, TWO(", foreign: adopt"));
    add(&scene, "www.example.org.", "A", "canary", 7, 60);
    plan(&scene);
    changes(&scene, "");
    live(&scene, "ballast-green")->weight = 5;
    plan(&scene);
    changes(&scene, WHOLE);
    live(&scene, "canary")->ttl_s = 300;
    plan(&scene);
    changes(&scene, "UPSERT canary 7 60; " WHOLE);
    assert_string_equal(scene.plan.batch.changes[0].set.values[0], "192.0.2.9");
    live(&scene, "ballast-green")->weight = 10;
    plan(&scene);
    changes(&scene, "UPSERT canary 7 60; " WHOLE);
    differs(&scene, "canary ttl: 300, 60");
    end(&scene);
}

static void a_foreign_alias_has_no_ttl_to_change(void **state)
{
    (void)state;
    struct scene scene;
    begin_in_step(&scene, TWO(", foreign: adopt"));
    add(&scene, "www.example.org.", "A", "canary", 7, -1);
    plan(&scene);
    changes(&scene, "");
    end(&scene);
}

static void a_list_says_whose_they_are(void **state)
{
    (void)state;
    struct scene scene;
    begin_in_step(&scene, TOP "route53: { identifiers: [b, old] }\nrecord_sets:\n  - { name: a, "
                              "type: A, route53: { zone_id: Z1 }, members: [{ id: b, weight: 1, "
                              "values: [192.0.2.1] }] }\n");
    add(&scene, "www.example.org.", "A", "old", 7, 60);
    plan(&scene);
    changes(&scene, "DELETE old 7 60; UPSERT b 90 60");
    add(&scene, "www.example.org.", "A", "ballast-b", 7, 60);
    plan(&scene);
    assert_string_equal(scene.plan.text, "www.example.org. A in zone Z1: ballast-b is not "
                                         "Ballast's: delete it, or let it be adopted "
                                         "(route53.foreign)");
    end(&scene);
}

static void a_simple_record_set_stands_in_the_way(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene, TWO(", foreign: adopt"));
    add(&scene, "www.example.org.", "A", NULL, -1, 60);
    plan(&scene);
    changes(&scene, "");
    assert_string_equal(scene.plan.text,
                        "www.example.org. A in zone Z1: a simple record set is there, which a "
                        "weighted one cannot stand beside: delete it first");
    end(&scene);
}

static void another_policy_stands_in_the_way(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene, TWO(", foreign: adopt"));
    add(&scene, "www.example.org.", "A", "ballast-blue", -1, 60);
    set_text(&scene.live.sets[0].other_policy, "latency");
    plan(&scene);
    changes(&scene, "");
    assert_string_equal(scene.plan.text, "www.example.org. A in zone Z1: ballast-blue has another "
                                         "routing policy (latency)");
    end(&scene);
}

static void a_group_has_at_most_100_members(void **state)
{
    (void)state;
    struct scene scene;
    begin_in_step(&scene, TWO(", foreign: adopt"));
    for (unsigned i = 0; i < 98; i++) {
        char identifier[16];
        snprintf(identifier, sizeof(identifier), "c%u", i);
        add(&scene, "www.example.org.", "A", identifier, 0, 60);
    }
    plan(&scene);
    assert_int_equal(scene.plan.refused_count, 0);
    add(&scene, "www.example.org.", "A", "c98", 0, 60);
    plan(&scene);
    assert_string_equal(scene.plan.text, "www.example.org. A in zone Z1: it would have 101 "
                                         "members, Route 53 takes 100");
    end(&scene);
}

static void groups_that_nothing_stands_in_the_way_of_go_out(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene, TWO(""));
    struct route53_group other = scene.group;
    other.name = "api.example.org.";
    add(&scene, "api.example.org.", "A", NULL, -1, 60);
    route53_plan_add(&scene.plan, &other, &scene.live);
    route53_plan_add(&scene.plan, &scene.group, &scene.live);
    route53_plan_close(&scene.plan);
    changes(&scene, WHOLE);
    assert_int_equal(scene.plan.refused_count, 1);
    assert_non_null(strstr(scene.plan.text, "api.example.org. A"));
    end(&scene);
}

static void a_batch_has_a_size(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene, TWO(""));
    struct route53_group *groups = alloc_zeroed(200, sizeof(*groups));
    char names[200][32];
    for (unsigned i = 0; i < 167; i++) { /* 3 records, counted twice */
        snprintf(names[i], sizeof(names[i]), "n%u.example.org.", i);
        groups[i] = scene.group;
        groups[i].name = names[i];
    }
    for (unsigned i = 0; i < 166; i++) {
        route53_plan_add(&scene.plan, &groups[i], &scene.live);
    }
    route53_plan_close(&scene.plan);
    assert_int_equal(scene.plan.batch.count, 332);
    route53_plan_add(&scene.plan, &groups[166], &scene.live);
    route53_plan_close(&scene.plan);
    assert_int_equal(scene.plan.batch.count, 0);
    assert_string_equal(scene.plan.text,
                        "the batch would count 1002 records and 6012 characters of values, "
                        "Route 53 takes 1000 and 32000");
    free(groups);
    end(&scene);
}

/* Two looks of one zone overlap. */
static void what_is_listed_twice_is_there_once(void **state)
{
    (void)state;
    struct scene scene;
    begin_in_step(&scene, TWO(""));
    add(&scene, "www.example.org.", "A", "ballast-old", 7, 60);
    add(&scene, "www.example.org.", "A", "ballast-old", 7, 60);
    plan(&scene);
    changes(&scene, "DELETE ballast-old 7 60; " WHOLE);
    end(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_in_step_is_left_alone),
        cmocka_unit_test(an_empty_zone_gets_the_whole_group),
        cmocka_unit_test(any_difference_sends_the_whole_group),
        cmocka_unit_test(health_checks_of_the_configuration_are_kept),
        cmocka_unit_test(health_checks_that_are_mirrored_are_sent),
        cmocka_unit_test(what_is_listed_twice_is_there_once),
        cmocka_unit_test(own_ones_that_are_left_over_are_deleted),
        cmocka_unit_test(foreign_ones_are_refused),
        cmocka_unit_test(foreign_ones_that_are_adopted_keep_all_but_the_ttl),
        cmocka_unit_test(a_foreign_alias_has_no_ttl_to_change),
        cmocka_unit_test(a_list_says_whose_they_are),
        cmocka_unit_test(a_simple_record_set_stands_in_the_way),
        cmocka_unit_test(another_policy_stands_in_the_way),
        cmocka_unit_test(a_group_has_at_most_100_members),
        cmocka_unit_test(groups_that_nothing_stands_in_the_way_of_go_out),
        cmocka_unit_test(a_batch_has_a_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
