/* SPDX-License-Identifier: BSD-2-Clause */
/* Definitions of zones that are added at run time, from outside and from the store; and which zone
 * a name belongs to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "common/attributes.h"
#include "control/zone_list.h"

static struct config config = {.path = "/etc/ballast/ballast.yaml"};

static void a_definition_is_read_as_the_configuration_is(void **state)
{
    (void)state;
    struct error err;
    struct zone_definition *plain = zone_definition_parse(
        &config, "{\"name\": \"Example.TEST.\", \"file\": \"a b\\\"c.zone\"}", &err);
    assert_non_null(plain);
    assert_string_equal(plain->zone->file, "/etc/ballast/a b\"c.zone");
    assert_int_equal(plain->origin.label_count, 2);
    assert_null(plain->zone->dnssec);
    zone_definition_unref(plain);
    struct zone_definition *signed_here = zone_definition_parse(
        &config,
        "{\"name\": \"a.test\", \"file\": \"/f\", \"dnssec\": {\"keys\": \"k\", \"denial\": "
        "\"nsec3\"}}",
        &err);
    assert_non_null(signed_here);
    assert_string_equal(signed_here->zone->file, "/f");
    assert_string_equal(signed_here->zone->dnssec->keys, "/etc/ballast/k");
    assert_int_equal(signed_here->zone->dnssec->denial, CONFIG_DENIAL_NSEC3);
    zone_definition_unref(signed_here);
}

static void what_is_wrong_is_said_without_a_line(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"{\"name\": \"a.test\", \"file\": \"f\", \"dnssec\": {\"keys\": \"k\", \"denial\": "
         "\"x\"}}",
         "dnssec.denial: found \"x\", expected one of: nsec, nsec3"},
        {"{\"name\": \"a.test\", \"file\": \"f\", \"dnssec\": {\"denial\": \"nsec\"}}",
         "dnssec: the key keys is missing"},
        {"{\"name\": \"a.test\", \"file\": \"f\", \"dnssec\": {\"keys\": \"k\", \"no\": \"1\"}}",
         "dnssec.no: found an unknown key"},
        {"{\"name\": \"a.test\", \"file\": \"f\", \"dnssec\": {\"keys\": \"k\", "
         "\"signature_lifetime\": \"1\"}}",
         "dnssec.signature_lifetime: "},
        {"{\"name\": \"a.test\", \"file\": \"a\\u0001\"}", "file: "},
        {"{\"name\": \"a.test\"}", "the key file is missing"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct error err;
        assert_null(zone_definition_parse(&config, cases[i].text, &err));
        if (strncmp(err.text, cases[i].says, strlen(cases[i].says)) != 0) {
            fail_msg("%s", err.text);
        }
    }
    static const char *const rubbish[] = {
        "", "[", "{}", "[]", "7", "{\"name\": \"..\", \"file\": \"f\"}",
    };
    for (size_t i = 0; i < ARRAY_LEN(rubbish); i++) {
        struct error err = {""};
        assert_null(zone_definition_parse(&config, rubbish[i], &err));
        assert_string_not_equal(err.text, "");
    }
}

static struct name name_of(const char *text)
{
    struct name name;
    assert_true(name_parse(&name, text, NULL));
    return name;
}

static void a_name_belongs_to_the_longest_origin_above_it(void **state)
{
    (void)state;
    static struct config_zone zones[] = {
        {.name = "test"}, {.name = "b.test"}, {.name = "a.b.test"}, {.name = "other"}};
    struct zone_view view;
    zone_view_init(&view, &config);
    for (size_t i = 0; i < ARRAY_LEN(zones); i++) {
        struct zone_definition *definition = zone_definition_of(&config, &zones[i], NULL);
        assert_int_equal(zone_view_add(&view, definition, NULL), i);
        zone_definition_unref(definition);
    }
    assert_int_equal(view.config.zone_count, 4);
    assert_string_equal(view.config.zones[2].name, "a.b.test");
    struct name name = name_of("x.a.b.test");
    assert_int_equal(zone_view_find_owner(&view, &name), 2);
    name = name_of("A.b.test");
    assert_int_equal(zone_view_find_owner(&view, &name), 2);
    assert_int_equal(zone_view_find_parent(&view, &name), 1);
    name = name_of("b.test");
    assert_int_equal(zone_view_find_parent(&view, &name), 0);
    name = name_of("test");
    assert_int_equal(zone_view_find_parent(&view, &name), SIZE_MAX);
    name = name_of("nope");
    assert_int_equal(zone_view_find_owner(&view, &name), SIZE_MAX);
    zone_view_done(&view);
}

static void zones_are_found_by_name_in_any_form(void **state)
{
    (void)state;
    struct error err;
    static struct config_zone zones[] = {{.name = "b.test"}, {.name = "A.test."}};
    struct zone_list list = {.count = 0};
    for (size_t i = 0; i < ARRAY_LEN(zones); i++) {
        zone_list_add(&list, zone_definition_of(&config, &zones[i], &err));
    }
    assert_ptr_equal(zone_list_find_text(&list, "a.TEST", &err), list.entries[1]);
    assert_null(zone_list_find_text(&list, "c.test", &err));
    assert_string_equal(err.text, "there is no zone c.test; there are: b.test, A.test.");
    zone_list_remove(&list, list.entries[0]);
    assert_int_equal(list.count, 1);
    assert_null(zone_list_find_text(&list, "b.test", &err));
    assert_non_null(zone_list_find_text(&list, "a.test", &err));
    zone_list_done(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_definition_is_read_as_the_configuration_is),
        cmocka_unit_test(what_is_wrong_is_said_without_a_line),
        cmocka_unit_test(a_name_belongs_to_the_longest_origin_above_it),
        cmocka_unit_test(zones_are_found_by_name_in_any_form),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
