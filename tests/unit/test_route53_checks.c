/* SPDX-License-Identifier: BSD-2-Clause */
/* Health checks that Route 53 gets of members: what they are, what of them is missing, and which
 * are wanted no more; as its requests and answers have them. */
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
#include "control/aws/aws_xml.h"
#include "control/route53_checks.h"
#include "tests/unit/config_text.h"

#define CONFIG(check, values)                                                                      \
    "server: { listen: [127.0.0.1@5300] }\n"                                                       \
    "control: { socket: s, state: t }\n"                                                           \
    "zones: [{ name: example.org, file: z }]\n"                                                    \
    "health_checks: [{ name: c, " check " }]\n"                                                    \
    "record_sets:\n"                                                                               \
    "  - { name: www.example.org, type: A, route53: { zone_id: Z1, health_checks: mirror },\n"     \
    "      members: [{ id: blue, weight: 1, values: [" values "], health_check: c },\n"            \
    "                { id: green, weight: 1, values: [192.0.2.1], health_check: c }] }\n"
#define OWNER "ballast-0123456789abcdef-"

static const struct config_member *blue(const struct config *config)
{
    return &config->record_sets[0].members[0];
}

/* Makes what is missing, as "id-1", "id-2", …; returns how many that were. */
static size_t make_all(const struct config_member *member, struct route53_found_checks *found,
                       char id[ROUTE53_CHECK_ID_SIZE])
{
    size_t made = 0;
    struct route53_missing_check missing;
    while (!route53_checks_find(member, OWNER, found, id, &missing)) {
        struct route53_found_check check = {.id = ""};
        memcpy(check.reference, missing.reference, sizeof(check.reference));
        snprintf(check.id, sizeof(check.id), "id-%zu", found->count + 1);
        check.is_calculated = strstr(missing.config, "CALCULATED") != NULL;
        route53_found_checks_add(found, &check);
        route53_missing_check_done(&missing);
        made++;
        assert_true(made < 10);
    }
    assert_null(missing.config);
    return made;
}

#define is_missing(check, values, expected) is_missing_at(check, values, expected, __LINE__)
static void is_missing_at(const char *text, const struct route53_found_checks *found,
                          const char *expected, int line)
{
    struct config *config = config_text_good(text);
    struct route53_found_checks known = {0};
    struct route53_missing_check missing;
    char id[ROUTE53_CHECK_ID_SIZE];
    for (size_t i = 0; found != NULL && i < found->count; i++) {
        route53_found_checks_add(&known, &found->checks[i]);
    }
    assert_false(route53_checks_find(blue(config), OWNER, &known, id, &missing));
    _assert_string_equal(missing.config, expected, __FILE__, line);
    assert_true(strlen(missing.reference) < 64);
    assert_memory_equal(missing.reference, OWNER, strlen(OWNER));
    route53_missing_check_done(&missing);
    route53_found_checks_done(&known);
    config_free(config);
}

static void each_kind_of_check_has_its_like(void **state)
{
    (void)state;
    is_missing(CONFIG("type: http", "192.0.2.7"), NULL,
               "<HealthCheckConfig><IPAddress>192.0.2.7</IPAddress><Port>80</Port>"
               "<Type>HTTP</Type><ResourcePath>/</ResourcePath>"
               "<RequestInterval>10</RequestInterval><FailureThreshold>2</FailureThreshold>"
               "</HealthCheckConfig>");
    is_missing(CONFIG("type: http, port: 8080, path: /a?b&c, host: h.example, body: <ok>, fall: 5, "
                      "interval: 30s",
                      "192.0.2.7"),
               NULL,
               "<HealthCheckConfig><IPAddress>192.0.2.7</IPAddress><Port>8080</Port>"
               "<Type>HTTP_STR_MATCH</Type><ResourcePath>/a?b&amp;c</ResourcePath>"
               "<FullyQualifiedDomainName>h.example</FullyQualifiedDomainName>"
               "<SearchString>&lt;ok&gt;</SearchString><RequestInterval>30</RequestInterval>"
               "<FailureThreshold>5</FailureThreshold></HealthCheckConfig>");
    is_missing(CONFIG("type: https, host: h.example, interval: 29s", "192.0.2.7"), NULL,
               "<HealthCheckConfig><IPAddress>192.0.2.7</IPAddress><Port>443</Port>"
               "<Type>HTTPS</Type><ResourcePath>/</ResourcePath>"
               "<FullyQualifiedDomainName>h.example</FullyQualifiedDomainName>"
               "<RequestInterval>10</RequestInterval><FailureThreshold>2</FailureThreshold>"
               "<EnableSNI>true</EnableSNI></HealthCheckConfig>");
    is_missing(CONFIG("type: https, body: b", "192.0.2.7"), NULL,
               "<HealthCheckConfig><IPAddress>192.0.2.7</IPAddress><Port>443</Port>"
               "<Type>HTTPS_STR_MATCH</Type><ResourcePath>/</ResourcePath>"
               "<SearchString>b</SearchString><RequestInterval>10</RequestInterval>"
               "<FailureThreshold>2</FailureThreshold><EnableSNI>false</EnableSNI>"
               "</HealthCheckConfig>");
    is_missing(CONFIG("type: tcp, port: 25", "192.0.2.7"), NULL,
               "<HealthCheckConfig><IPAddress>192.0.2.7</IPAddress><Port>25</Port>"
               "<Type>TCP</Type><RequestInterval>10</RequestInterval>"
               "<FailureThreshold>2</FailureThreshold></HealthCheckConfig>");
}

static void a_member_of_one_address_has_one_check(void **state)
{
    (void)state;
    CLEANUP(config_freep)
    struct config *config = config_text_good(CONFIG("type: http", "192.0.2.7"));
    struct route53_found_checks found = {0};
    char id[ROUTE53_CHECK_ID_SIZE];
    assert_int_equal(make_all(blue(config), &found, id), 1);
    assert_string_equal(id, "id-1");
    assert_int_equal(make_all(blue(config), &found, id), 0);
    route53_found_checks_done(&found);
}

/* Any address that is healthy makes the member healthy, here and there. */
static void several_addresses_have_one_check_over_theirs(void **state)
{
    (void)state;
    struct config *config = config_text_good(CONFIG("type: http", "192.0.2.7, 192.0.2.8"));
    struct route53_found_checks found = {0};
    char id[ROUTE53_CHECK_ID_SIZE];
    assert_int_equal(make_all(blue(config), &found, id), 3);
    assert_string_equal(id, "id-3");
    found.count = 2;
    is_missing(CONFIG("type: http", "192.0.2.7, 192.0.2.8"), &found,
               "<HealthCheckConfig><Type>CALCULATED</Type><HealthThreshold>1</HealthThreshold>"
               "<ChildHealthChecks><ChildHealthCheck>id-1</ChildHealthCheck>"
               "<ChildHealthCheck>id-2</ChildHealthCheck></ChildHealthChecks>"
               "</HealthCheckConfig>");
    found.count = 3;
    config_free(config);
    config = config_text_good(CONFIG("type: http", "192.0.2.8, 192.0.2.7"));
    assert_int_equal(make_all(blue(config), &found, id), 0); /* in any order */
    config_free(config);
    config = config_text_good(CONFIG("type: http", "192.0.2.8"));
    assert_int_equal(make_all(blue(config), &found, id), 0); /* it was in the other */
    assert_string_equal(id, "id-2");
    config_free(config);
    route53_found_checks_done(&found);
}

static void whatever_is_otherwise_makes_another(void **state)
{
    (void)state;
    static const char *const texts[] = {
        CONFIG("type: http", "192.0.2.7"),
        CONFIG("type: http, port: 81", "192.0.2.7"),
        CONFIG("type: http, path: /a", "192.0.2.7"),
        CONFIG("type: http, host: a", "192.0.2.7"),
        CONFIG("type: http, body: a", "192.0.2.7"),
        CONFIG("type: http, fall: 3", "192.0.2.7"),
        CONFIG("type: http, interval: 1m", "192.0.2.7"),
        CONFIG("type: https, port: 80", "192.0.2.7"),
        CONFIG("type: tcp, port: 80", "192.0.2.7"),
        CONFIG("type: http", "192.0.2.9"),
    };
    struct route53_found_checks found = {0};
    char id[ROUTE53_CHECK_ID_SIZE];
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct config *config = config_text_good(texts[i]);
        assert_int_equal(make_all(blue(config), &found, id), 1);
        config_free(config);
    }
    /* … and what Route 53 cannot tell apart makes none. */
    struct config *config =
        config_text_good(CONFIG("type: http, interval: 20s, rise: 9, timeout: 1s", "192.0.2.7"));
    assert_int_equal(make_all(blue(config), &found, id), 0);
    assert_string_equal(id, "id-1");
    config_free(config);
    /* The same check of another member is another. */
    config = config_text_good(CONFIG("type: http", "192.0.2.1"));
    assert_int_equal(make_all(&config->record_sets[0].members[0], &found, id), 1);
    assert_int_equal(make_all(&config->record_sets[0].members[1], &found, id), 1);
    config_free(config);
    route53_found_checks_done(&found);
}

static void a_reference_that_is_used_up_gets_a_generation(void **state)
{
    (void)state;
    CLEANUP(config_freep)
    struct config *config = config_text_good(CONFIG("type: http", "192.0.2.7"));
    struct route53_found_checks found = {0};
    struct route53_missing_check missing;
    char id[ROUTE53_CHECK_ID_SIZE], stem[ROUTE53_REFERENCE_SIZE];
    for (unsigned generation = 0; generation < 12; generation++) {
        assert_false(route53_checks_find(blue(config), OWNER, &found, id, &missing));
        char *last = strrchr(missing.reference, '-');
        assert_int_equal(strtoul(last + 1, NULL, 10), generation);
        last[0] = '\0';
        if (generation > 0) {
            assert_string_equal(missing.reference, stem);
        }
        memcpy(stem, missing.reference, sizeof(stem));
        last[0] = '-';
        route53_checks_spend(&found, missing.reference);
        route53_missing_check_done(&missing);
    }
    assert_int_equal(make_all(blue(config), &found, id), 1);
    route53_found_checks_done(&found);
}

static void the_newest_generation_counts_and_the_rest_is_unwanted(void **state)
{
    (void)state;
    CLEANUP(config_freep)
    struct config *config = config_text_good(CONFIG("type: http", "192.0.2.7"));
    struct route53_found_checks found = {0};
    char id[ROUTE53_CHECK_ID_SIZE];
    make_all(blue(config), &found, id);
    struct route53_found_check newer = {.id = "newer"};
    snprintf(newer.reference, sizeof(newer.reference), "%.*s10",
             (int)strlen(found.checks[0].reference) - 1, found.checks[0].reference);
    route53_found_checks_add(&found, &newer);
    found.checks[0].is_wanted = false;
    assert_int_equal(make_all(blue(config), &found, id), 0);
    assert_string_equal(id, "newer");
    struct route53_found_check *unwanted = route53_checks_unwanted(&found, OWNER);
    assert_string_equal(unwanted->id, "id-1");
    route53_checks_keep(&found, unwanted->reference);
    assert_null(route53_checks_unwanted(&found, OWNER));
    assert_true(route53_checks_has_kept(&found));
    unwanted->is_kept = false;
    route53_checks_spend(&found, unwanted->reference);
    assert_null(route53_checks_unwanted(&found, OWNER));
    route53_found_checks_done(&found);
}

static void what_is_over_others_goes_before_them(void **state)
{
    (void)state;
    struct route53_found_checks found = {0};
    static const struct route53_found_check some[] = {
        {.reference = "ballast-ffff456789abcdef-1-0", .id = "foreign", .is_calculated = true},
        {.reference = OWNER "1-0", .id = "child"},
        {.reference = OWNER "2-0", .id = "", .is_calculated = true},
        {.reference = OWNER "3-0", .id = "wanted", .is_calculated = true, .is_wanted = true},
        {.reference = OWNER "4-0", .id = "whole", .is_calculated = true},
    };
    for (size_t i = 0; i < ARRAY_LEN(some); i++) {
        route53_found_checks_add(&found, &some[i]);
    }
    assert_string_equal(route53_checks_unwanted(&found, OWNER)->id, "whole");
    route53_checks_spend(&found, OWNER "4-0");
    assert_string_equal(route53_checks_unwanted(&found, OWNER)->id, "child");
    route53_checks_spend(&found, OWNER "1-0");
    assert_null(route53_checks_unwanted(&found, OWNER));
    route53_found_checks_done(&found);
}

static void an_owner_is_a_record_set_of_a_zone(void **state)
{
    (void)state;
    const struct config_route53 ours = {.prefix = "ballast-"}, theirs = {.prefix = "team-"};
    const char *names[] = {"b", "a"}, *turned[] = {"a", "b"};
    const struct config_route53 listed = {.identifiers = names, .identifier_count = 2};
    const struct config_route53 again = {.identifiers = turned, .identifier_count = 2};
    char owner[ROUTE53_OWNER_SIZE], other[ROUTE53_OWNER_SIZE];
    route53_owner_print(&listed, "Z1", "www.example.org.", "A", owner);
    route53_owner_print(&again, "Z1", "www.example.org.", "A", other);
    assert_string_equal(owner, other);
    route53_owner_print(&ours, "Z1", "www.example.org.", "A", owner);
    assert_string_not_equal(owner, other);
    route53_owner_print(&theirs, "Z1", "www.example.org.", "A", other);
    assert_string_not_equal(owner, other);
    assert_int_equal(strlen(owner), strlen(OWNER));
    route53_owner_print(&ours, "Z1", "www.example.org.", "A", other);
    assert_string_equal(owner, other);
    route53_owner_print(&ours, "Z1", "www.example.org.", "AAAA", other);
    assert_string_not_equal(owner, other);
    route53_owner_print(&ours, "Z1w", "ww.example.org.", "A", other);
    assert_string_not_equal(owner, other);
}

/* ---- as AWS has them ---- */

static json_t *parse(const char *xml)
{
    struct error err;
    json_t *document = aws_xml_parse(xml, strlen(xml), NULL, &err);
    assert_non_null(document);
    return document;
}

static void a_request_has_a_reference_and_a_check(void **state)
{
    (void)state;
    CLEANUP(alloc_freep) char *body = route53_check_request("a-1", "<HealthCheckConfig/>");
    assert_string_equal(body, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                              "<CreateHealthCheckRequest "
                              "xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\">"
                              "<CallerReference>a-1</CallerReference><HealthCheckConfig/>"
                              "</CreateHealthCheckRequest>");
}

#define ONE(id, reference, type)                                                                   \
    "<HealthCheck><Id>" id "</Id><CallerReference>" reference "</CallerReference>"                 \
    "<HealthCheckConfig><Type>" type "</Type></HealthCheckConfig></HealthCheck>"
#define LIST(checks, more)                                                                         \
    "<A><HealthChecks>" checks "</HealthChecks><Marker></Marker>" more                             \
    "<MaxItems>100</MaxItems></A>"
#define LAST "<IsTruncated>false</IsTruncated>"

static void a_list_is_read_as_far_as_it_is_ours(void **state)
{
    (void)state;
    struct route53_found_checks found = {0};
    struct error err;
    json_t *document =
        parse(LIST(ONE("i1", "ballast-1", "HTTP") ONE("/", "other", "TCP")
                       ONE("i2", "ballast-2", "CALCULATED"),
                   "<IsTruncated>true</IsTruncated><NextMarker>a&amp;b</NextMarker>"));
    assert_true(route53_read_checks(document, "ballast-", &found, &err));
    assert_int_equal(found.count, 2);
    assert_string_equal(found.checks[0].id, "i1");
    assert_string_equal(found.checks[0].reference, "ballast-1");
    assert_false(found.checks[0].is_calculated);
    assert_string_equal(found.checks[1].id, "i2");
    assert_true(found.checks[1].is_calculated);
    CLEANUP(alloc_freep) char *next = route53_next_checks(document);
    assert_string_equal(next, "marker=a%26b");
    json_decref(document);
    document = parse(LIST("", LAST));
    assert_true(route53_read_checks(document, "ballast-", &found, &err));
    assert_int_equal(found.count, 2);
    assert_null(route53_next_checks(document));
    json_decref(document);
    route53_found_checks_done(&found);
}

static void what_makes_no_sense_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *xml, *text;
    } cases[] = {
        {"<A/>", "expected HealthChecks"},
        {LIST("<HealthCheck/>", LAST),
         "HealthCheck: expected Id, CallerReference and HealthCheckConfig"},
        {LIST(ONE("a/../b", "ballast-1", "TCP"), LAST),
         "HealthCheck: Id: expected 1 to 64 letters, digits and '-'"},
        {LIST(ONE("", "ballast-1", "TCP"), LAST),
         "HealthCheck: Id: expected 1 to 64 letters, digits and '-'"},
        {LIST(ONE("a", "ballast-123456789a123456789a123456789a123456789a123456789a1234567", "TCP"),
              LAST),
         "HealthCheck: CallerReference: expected at most 64 octets"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct route53_found_checks found = {0};
        struct error err = {""};
        json_t *document = parse(cases[i].xml);
        assert_false(route53_read_checks(document, "ballast-", &found, &err));
        assert_string_equal(err.text, cases[i].text);
        json_decref(document);
        route53_found_checks_done(&found);
    }
}

static void the_one_that_was_made_is_read(void **state)
{
    (void)state;
    struct route53_found_check check;
    struct error err;
    json_t *document = parse("<A>" ONE("i1", "ballast-1", "HTTP") "</A>");
    assert_true(route53_read_check(document, &check, &err));
    assert_string_equal(check.id, "i1");
    json_decref(document);
    document = parse("<A><B/></A>");
    assert_false(route53_read_check(document, &check, &err));
    json_decref(document);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_of_check_has_its_like),
        cmocka_unit_test(a_member_of_one_address_has_one_check),
        cmocka_unit_test(several_addresses_have_one_check_over_theirs),
        cmocka_unit_test(whatever_is_otherwise_makes_another),
        cmocka_unit_test(a_reference_that_is_used_up_gets_a_generation),
        cmocka_unit_test(the_newest_generation_counts_and_the_rest_is_unwanted),
        cmocka_unit_test(what_is_over_others_goes_before_them),
        cmocka_unit_test(an_owner_is_a_record_set_of_a_zone),
        cmocka_unit_test(a_request_has_a_reference_and_a_check),
        cmocka_unit_test(a_list_is_read_as_far_as_it_is_ours),
        cmocka_unit_test(what_makes_no_sense_is_refused),
        cmocka_unit_test(the_one_that_was_made_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
