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
#include "zones/record_set.h"

/* One member with these values; its line is 7, the record set's 5. */
struct one {
    struct config_member member;
    struct config_record_set set;
    struct config config;
};

static void one_init(struct one *one, const char *name, const char *type, const char **values)
{
    memset(one, 0, sizeof(*one));
    one->member = (struct config_member){.id = "blue", .values = values, .line = 7};
    while (values[one->member.value_count] != NULL) {
        one->member.value_count++;
    }
    one->set = (struct config_record_set){
        .name = name,
        .type = type,
        .ttl_s = 60,
        .choice = CHOICE_STICKY,
        .members = &one->member,
        .member_count = 1,
        .line = 5,
    };
    one->config =
        (struct config){.path = "ballast.yaml", .record_sets = &one->set, .record_set_count = 1};
}

static struct record_sets *make(const char *name, const char *type, const char **values)
{
    struct one one;
    struct error err;
    one_init(&one, name, type, values);
    struct record_sets *sets = record_sets_new(&one.config, &err);
    if (sets == NULL) {
        fail_msg("%s", err.text);
    }
    return sets;
}

static void check_refused(const char *name, const char *type, const char **values,
                          const char *expected)
{
    struct one one;
    struct error err = {""};
    one_init(&one, name, type, values);
    assert_null(record_sets_new(&one.config, &err));
    assert_string_equal(err.text, expected);
}

#define VALUES(...) ((const char *[]){__VA_ARGS__, NULL})

static void a_members_values_are_encoded(void **state)
{
    (void)state;
    CLEANUP(record_sets_freep)
    struct record_sets *sets =
        make("WWW.Example.", "a", VALUES("192.0.2.1", "192.0.2.2", "\\# 4 c0000203"));
    assert_int_equal(sets->count, 1);
    assert_int_equal(sets->member_count, 1);
    const struct record_set *set = sets->sets[0];
    assert_memory_equal(set->name.octets, "\3www\7example", 13);
    assert_int_equal(set->type, 1);
    assert_int_equal(set->ttl_s, 60);
    assert_int_equal(set->choice, CHOICE_STICKY);
    const struct member_records *records = &set->members[0].records;
    assert_string_equal(set->members[0].id, "blue");
    assert_int_equal(records->count, 3);
    assert_int_equal(records->len, 48);
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(records->starts[i], 16 * i);
    }
    assert_memory_equal(records->octets + 16, "\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\xc0\0\2\2", 16);
    assert_memory_equal(records->octets + 32, "\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\xc0\0\2\3", 16);
    assert_int_equal(records->pointer_count, 0);
}

static void no_value_points_into_another(void **state)
{
    (void)state;
    CLEANUP(record_sets_freep)
    struct record_sets *sets =
        make("www.example", "MX", VALUES("1 a.mail.example", "2 b.mail.example", "3 x.net."));
    const struct member_records *records = &sets->sets[0]->members[0].records;
    assert_int_equal(records->pointer_count, 2);
    for (size_t i = 0; i < 2; i++) {
        /* "example" of QNAME: 12 octets of header, 4 of www */
        assert_memory_equal(records->octets + records->pointers[i], "\xc0\x10", 2);
        assert_int_equal(records->pointers[i] + 2, records->starts[i + 1]);
    }
    assert_int_equal(records->starts[3] - records->starts[2], 12 + 2 + 7);
}

static void a_wildcards_values_do_not_point_to_the_name_asked(void **state)
{
    (void)state;
    CLEANUP(record_sets_freep)
    struct record_sets *sets = make("*.example", "MX", VALUES("1 *.example", "2 example"));
    const struct member_records *records = &sets->sets[0]->members[0].records;
    assert_int_equal(records->pointer_count, 2);
    assert_memory_equal(records->octets + records->pointers[0] - 2, "\1*\xc0\x0e", 4);
    assert_memory_equal(records->octets + records->pointers[1], "\xc0\x0e", 2);
}

static void names_in_values_are_absolute(void **state)
{
    (void)state;
    CLEANUP(record_sets_freep)
    struct record_sets *sets = make("www.example", "CNAME", VALUES("green.elb.net"));
    const struct member_records *records = &sets->sets[0]->members[0].records;
    assert_int_equal(records->len, 12 + 15);
    assert_memory_equal(records->octets + 12, "\5green\3elb\3net", 15);
}

static void comments_and_parentheses_in_values_are_data(void **state)
{
    (void)state;
    CLEANUP(record_sets_freep)
    struct record_sets *sets = make("www.example", "TXT", VALUES("v=DKIM1;(p)", "\"a b\" c"));
    const struct member_records *records = &sets->sets[0]->members[0].records;
    assert_memory_equal(records->octets + 12, "\13v=DKIM1;(p)", 12);
    assert_memory_equal(records->octets + records->starts[1] + 12, "\3a b\1c", 6);
}

static void hashes_depend_on_the_name_and_the_id_alone(void **state)
{
    (void)state;
    CLEANUP(record_sets_freep)
    struct record_sets *v4 = make("www.example", "A", VALUES("192.0.2.1"));
    CLEANUP(record_sets_freep)
    struct record_sets *v6 = make("WWW.example.", "AAAA", VALUES("2001:db8::1"));
    CLEANUP(record_sets_freep)
    struct record_sets *other = make("ww2.example", "A", VALUES("192.0.2.1"));
    assert_int_equal(v4->sets[0]->name_hash, v6->sets[0]->name_hash);
    assert_int_equal(v4->sets[0]->members[0].id_hash, v6->sets[0]->members[0].id_hash);
    assert_int_not_equal(v4->sets[0]->name_hash, other->sets[0]->name_hash);
}

static void members_are_numbered_through(void **state)
{
    (void)state;
    const char *values[] = {"192.0.2.1"};
    struct config_member members[] = {
        {.id = "a", .values = values, .value_count = 1},
        {.id = "b", .values = values, .value_count = 1},
    };
    struct config_record_set from[] = {
        {.name = "a.example", .type = "A", .members = members, .member_count = 2},
        {.name = "b.example", .type = "A", .members = members, .member_count = 1},
        {.name = "c.example", .type = "A", .members = members, .member_count = 2},
    };
    struct config config = {.path = "x", .record_sets = from, .record_set_count = 3};
    struct error err;
    CLEANUP(record_sets_freep) struct record_sets *sets = record_sets_new(&config, &err);
    assert_non_null(sets);
    assert_int_equal(sets->member_count, 5);
    assert_int_equal(sets->sets[2]->id, 2);
    assert_int_equal(sets->sets[1]->first_member, 2);
    assert_int_equal(sets->sets[2]->first_member, 3);
    assert_int_not_equal(sets->sets[0]->members[0].id_hash, sets->sets[0]->members[1].id_hash);
}

static void no_record_sets_are_fine(void **state)
{
    (void)state;
    struct config config = {.path = "x"};
    struct error err;
    CLEANUP(record_sets_freep) struct record_sets *sets = record_sets_new(&config, &err);
    assert_non_null(sets);
    assert_int_equal(sets->count, 0);
}

static void wrong_values_are_refused(void **state)
{
    (void)state;
    check_refused("www.example", "A", VALUES("192.0.2.1", "192.0.2"),
                  "ballast.yaml:7: record set www.example/A, member blue: value \"192.0.2\": "
                  "\"192.0.2\" is no RDATA of type A (could not parse the RR's rdata)");
    check_refused("www.example", "A", VALUES("192.0.2.1", "192.0.2.1"),
                  "ballast.yaml:7: record set www.example/A, member blue: value \"192.0.2.1\" is "
                  "there twice");
    check_refused("www.example", "MX", VALUES("1 a.net", "1 A.NET."),
                  "ballast.yaml:7: record set www.example/MX, member blue: value \"1 A.NET.\" is "
                  "there twice");
    check_refused("www.example", "TXT", VALUES("\"open"),
                  "ballast.yaml:7: record set www.example/TXT, member blue: value \"\"open\": a "
                  "quote is not closed, expected \"");
    check_refused("www.example", "A", VALUES("192.0.2.1\nx A 192.0.2.2"),
                  "ballast.yaml:7: record set www.example/A, member blue: value \"192.0.2.1\nx A "
                  "192.0.2.2\": a control character (10) outside quotes");
}

static void a_cname_needs_exactly_one_value(void **state)
{
    (void)state;
    check_refused("www.example", "CNAME", VALUES("a.net", "b.net"),
                  "ballast.yaml:7: record set www.example/CNAME, member blue: 2 values, expected "
                  "one: a CNAME stands alone");
}

static void wrong_names_and_types_are_refused(void **state)
{
    (void)state;
    check_refused("www..example", "A", VALUES("192.0.2.1"),
                  "ballast.yaml:5: record set www..example/A: \"www..example\" is no domain name: "
                  "it has an empty label");
    check_refused("www.example", "FOO", VALUES("x"),
                  "ballast.yaml:5: record set www.example/FOO: \"FOO\" is no record type, "
                  "expected one or TYPE and a number");
    static const char *const refused[] = {"SOA",  "NS",    "DNAME",      "DS",   "RRSIG",
                                          "NSEC", "NSEC3", "NSEC3PARAM", "TYPE2"};
    for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
        CLEANUP(alloc_freep)
        char *expected =
            alloc_printf("ballast.yaml:5: record set www.example/%s: %s records cannot be weighted",
                         refused[i], refused[i]);
        check_refused("www.example", refused[i], VALUES("x"), expected);
    }
    static const char *const meta[] = {"ANY", "AXFR", "IXFR", "OPT", "TYPE255", "TSIG"};
    for (size_t i = 0; i < ARRAY_LEN(meta); i++) {
        CLEANUP(alloc_freep)
        char *expected = alloc_printf("ballast.yaml:5: record set www.example/%s: %s is a type "
                                      "that is no data, expected one that is",
                                      meta[i], meta[i]);
        check_refused("www.example", meta[i], VALUES("x"), expected);
    }
}

static void two_spellings_of_one_record_set_are_refused(void **state)
{
    (void)state;
    const char *values[] = {"192.0.2.1"};
    struct config_member member = {.id = "a", .values = values, .value_count = 1};
    struct config_record_set from[] = {
        {.name = "a.example", .type = "A", .members = &member, .member_count = 1, .line = 3},
        {.name = "A.Example.", .type = "TYPE1", .members = &member, .member_count = 1, .line = 9},
    };
    struct config config = {.path = "x", .record_sets = from, .record_set_count = 2};
    struct error err;
    assert_null(record_sets_new(&config, &err));
    assert_string_equal(err.text,
                        "x:9: record set A.Example./TYPE1: is there twice (first in line 3)");
}

static void too_many_values_for_a_message_are_refused(void **state)
{
    (void)state;
    enum { COUNT = 4100 };
    static char texts[COUNT][20];
    static const char *values[COUNT + 1];
    for (unsigned i = 0; i < COUNT; i++) {
        snprintf(texts[i], sizeof(texts[i]), "10.0.%u.%u", i >> 8, i & 255);
        values[i] = texts[i];
    }
    check_refused("www.example", "A", values,
                  "ballast.yaml:7: record set www.example/A, member blue: too many values for a "
                  "DNS message, expected at most 65200 octets");
}

static void types_have_names(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint16_t type;
    } cases[] = {{"A", 1}, {"AAAA", 28}, {"HTTPS", 65}, {"TYPE65280", 65280}, {"TYPE65535", 65535}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        uint16_t type = 0;
        char text[RECORD_TYPE_TEXT_SIZE];
        assert_true(record_type_parse(cases[i].text, &type));
        assert_int_equal(type, cases[i].type);
        record_type_print(type, text);
        assert_string_equal(text, cases[i].text);
    }
    static const char *const wrong[] = {"",          "FOO",    "TYPE",  "TYPE0",
                                        "TYPE65536", "TYPE1x", "TYPE-1"};
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        uint16_t type;
        assert_false(record_type_parse(wrong[i], &type));
    }
    /* Every number has a name that reads back. */
    for (unsigned i = 1; i <= UINT16_MAX; i++) {
        uint16_t type = 0;
        char text[RECORD_TYPE_TEXT_SIZE];
        record_type_print((uint16_t)i, text);
        assert_true(record_type_parse(text, &type));
        assert_int_equal(type, i);
    }
}

static bool make_alias(const char *name, const char *type, const char *alias,
                       struct record_sets **sets, struct error *err)
{
    struct one one;
    one_init(&one, name, type, VALUES(NULL));
    one.member.alias = alias;
    *sets = record_sets_new(&one.config, err);
    return *sets != NULL;
}

static void a_member_with_an_alias_has_no_records_of_its_own(void **state)
{
    (void)state;
    struct error err;
    CLEANUP(record_sets_freep) struct record_sets *sets = NULL;
    assert_true(make_alias("www.example", "AAAA", "lb.example.", &sets, &err));
    assert_int_equal(sets->sets[0]->members[0].records.count, 0);
    assert_int_equal(sets->sets[0]->members[0].records.starts[0], 0);
    assert_string_equal(sets->sets[0]->members[0].id, "blue");
}

static void an_alias_needs_a_type_that_has_addresses(void **state)
{
    (void)state;
    struct error err;
    struct record_sets *sets;
    assert_false(make_alias("www.example", "CNAME", "lb.example", &sets, &err));
    assert_string_equal(err.text, "ballast.yaml:7: record set www.example/CNAME, member blue: an "
                                  "alias target has addresses, so only A and AAAA members can have "
                                  "one");
}

static void an_alias_to_the_own_name_is_refused(void **state)
{
    (void)state;
    struct error err;
    struct record_sets *sets;
    assert_false(make_alias("www.example", "A", "WWW.example.", &sets, &err));
    assert_string_equal(err.text, "ballast.yaml:7: record set www.example/A, member blue: alias "
                                  "\"WWW.example.\" is the record set's own name, expected another "
                                  "host");
}

static void an_alias_is_a_domain_name(void **state)
{
    (void)state;
    struct error err;
    struct record_sets *sets;
    assert_false(make_alias("www.example", "A", "lb..example", &sets, &err));
    assert_non_null(strstr(err.text, "member blue: alias \"lb..example\": "));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_members_values_are_encoded),
        cmocka_unit_test(no_value_points_into_another),
        cmocka_unit_test(a_wildcards_values_do_not_point_to_the_name_asked),
        cmocka_unit_test(names_in_values_are_absolute),
        cmocka_unit_test(comments_and_parentheses_in_values_are_data),
        cmocka_unit_test(hashes_depend_on_the_name_and_the_id_alone),
        cmocka_unit_test(members_are_numbered_through),
        cmocka_unit_test(no_record_sets_are_fine),
        cmocka_unit_test(wrong_values_are_refused),
        cmocka_unit_test(a_cname_needs_exactly_one_value),
        cmocka_unit_test(wrong_names_and_types_are_refused),
        cmocka_unit_test(two_spellings_of_one_record_set_are_refused),
        cmocka_unit_test(too_many_values_for_a_message_are_refused),
        cmocka_unit_test(types_have_names),
        cmocka_unit_test(a_member_with_an_alias_has_no_records_of_its_own),
        cmocka_unit_test(an_alias_needs_a_type_that_has_addresses),
        cmocka_unit_test(an_alias_to_the_own_name_is_refused),
        cmocka_unit_test(an_alias_is_a_domain_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
