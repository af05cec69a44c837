/* SPDX-License-Identifier: BSD-2-Clause */
/* Health checks, record sets and their members: each error, with the line that it names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "common/alloc.h"
#include "tests/unit/config_parts.h"
#include "tests/unit/config_text.h"

#define refuse(text, message) config_text_refused_behind(text, message, __FILE__, __LINE__)

/* A record set of `count` members, m0, m1 and so on. */
static char *many_members(unsigned count)
{
    char *text = alloc_string(LEAST "record_sets:\n  - name: a\n    type: A\n    members:\n");
    for (unsigned i = 0; i < count; i++) {
        char *longer = alloc_printf("%s    - { id: m%u, weight: 1, values: [a] }\n", text, i);
        free(text);
        text = longer;
    }
    return text;
}

static void a_record_set_has_at_most_100_members(void **state)
{
    (void)state;
    CLEANUP(alloc_freep) char *most = many_members(100);
    config_free(config_text_good(most));
    CLEANUP(alloc_freep) char *more = many_members(101);
    refuse(more, ":11: record_sets[0].members: found too many entries, expected at most 100");
}

#define CHECK(keys) LEAST "health_checks:\n  - name: cats\n" keys

static void health_checks_are_checked(void **state)
{
    (void)state;
    refuse(CHECK("    type: ping\n"), ":10: health_checks[0].type: found \"ping\", expected one "
                                      "of: http, https, tcp, elbv2");
    refuse(CHECK("    type: tcp\n"), ":9: health_checks[0]: the key port is missing, expected a "
                                     "port from 1 to 65535 with type tcp");
    refuse(CHECK("    type: http\n    port: 65536\n"),
           ":11: health_checks[0].port: found \"65536\", expected a whole number from 1 to 65535");
    refuse(CHECK("    type: http\n    port: 0\n"),
           ":11: health_checks[0].port: found \"0\", expected a whole number from 1 to 65535");
    refuse(CHECK("    type: http\n    path: cats\n"),
           ":11: health_checks[0].path: found \"cats\", expected a path that starts with / and has "
           "no spaces");
    refuse(CHECK("    type: http\n    path: /a b\n"),
           ":11: health_checks[0].path: found \"/a b\", expected a path that starts with / and has "
           "no spaces");
    refuse(CHECK("    type: http\n    host: \"a\\r\\nX: y\"\n"),
           ":11: health_checks[0].host: found a control character (octet 13), expected one line of "
           "text");
    refuse(CHECK("    type: http\n    host: a b\n"),
           ":11: health_checks[0].host: found \"a b\", expected a host name");
    refuse(CHECK("    type: http\n  - { name: cats, type: http }\n"),
           ":11: health_checks[1].name: found health check cats a second time, expected each name "
           "once (first in line 9)");
    refuse(LEAST "health_checks:\n  - { name: a/b, type: http }\n",
           ":9: health_checks[0].name: found \"a/b\", expected 1 to 128 printable characters "
           "without spaces, '/' and '='");
}

static void times_of_health_checks_are_checked(void **state)
{
    (void)state;
    refuse(CHECK("    type: http\n    interval: 99ms\n"),
           ":11: health_checks[0].interval: found 99ms, expected 100ms to 1h");
    refuse(CHECK("    type: http\n    interval: 10\n"),
           ":11: health_checks[0].interval: found \"10\", expected a duration with its unit such "
           "as 500ms, 10s or 1m30s (d, h, m, s, ms)");
    refuse(CHECK("    type: http\n    interval: 2s\n    timeout: 2001ms\n"),
           ":12: health_checks[0].timeout: found 2001ms, expected at most the interval (2s)");
    refuse(CHECK("    type: http\n    timeout: 0s\n"),
           ":11: health_checks[0].timeout: found 0s, expected 1ms to 1h");
    refuse(CHECK("    type: http\n    rise: 0\n"),
           ":11: health_checks[0].rise: found \"0\", expected a whole number from 1 to 10");
    refuse(CHECK("    type: http\n    fall: 11\n"),
           ":11: health_checks[0].fall: found \"11\", expected a whole number from 1 to 10");
    config_free(
        config_text_good(CHECK("    type: http\n    interval: 100ms\n    timeout: 100ms\n")));
}

static void keys_that_a_check_cannot_use_are_refused(void **state)
{
    (void)state;
    refuse(CHECK("    type: http\n    verify: true\n"),
           ":11: health_checks[0].verify: found in a check of type http, expected only with type "
           "https");
    refuse(CHECK("    type: http\n    ca_file: ca.pem\n"),
           ":11: health_checks[0].ca_file: found in a check of type http, expected only with type "
           "https");
    refuse(CHECK("    type: tcp\n    port: 1\n    body: hello\n"),
           ":12: health_checks[0].body: found in a check of type tcp, expected only with type http "
           "or https");
    refuse(CHECK("    type: https\n    verify: maybe\n"),
           ":11: health_checks[0].verify: found \"maybe\", expected true or false");
}

static void expected_statuses_are_checked(void **state)
{
    (void)state;
    static const char *const wrong[] = {"99",       "600",      "299-200", "200-600", "2xx",
                                        "200-",     "-200",     "200,204", "200-29x", "200-299-300",
                                        "2000-299", "200-2999", "0x200"};
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        CLEANUP(alloc_freep)
        char *yaml = alloc_printf(CHECK("    type: http\n    expect: \"%s\"\n"), wrong[i]);
        CLEANUP(alloc_freep)
        char *message = alloc_printf(":11: health_checks[0].expect: found \"%s\", expected an HTTP "
                                     "status from 100 to 599 or a range such as \"200-299\"",
                                     wrong[i]);
        refuse(yaml, message);
    }
    CLEANUP(config_freep)
    struct config *config = config_text_good(CHECK("    type: http\n    expect: 200-399\n"));
    assert_int_equal(config->health_checks[0].status_low, 200);
    assert_int_equal(config->health_checks[0].status_high, 399);
}

static void weights_are_whole_numbers_from_0_to_255(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "256", "-1", "1.5", "ten", "0x10", "+1", "1e2", "1 0", "99999999999999999999"};
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        CLEANUP(alloc_freep)
        char *yaml = alloc_printf(LEAST "record_sets:\n  - name: a\n    type: A\n    members:\n"
                                        "      - id: blue\n        weight: %s\n"
                                        "        values: [192.0.2.1]\n",
                                  wrong[i]);
        CLEANUP(alloc_freep)
        char *message = alloc_printf(":13: record_sets[0].members[0].weight: found \"%s\", "
                                     "expected a whole number from 0 to 255",
                                     wrong[i]);
        refuse(yaml, message);
    }
}

#define MEMBER(keys)                                                                               \
    LEAST CHECKS "record_sets:\n  - name: a\n    type: A\n    members:\n      - id: blue\n"        \
                 "        weight: 1\n" keys

static void members_are_checked(void **state)
{
    (void)state;
    refuse(MEMBER("        values: [a]\n        alias: lb.example.com\n"),
           ":16: record_sets[0].members[0].alias: found beside values, expected one of the two");
    refuse(
        MEMBER("        alias: 192.0.2.1\n"),
        ":15: record_sets[0].members[0].alias: found the address 192.0.2.1, expected the name of "
        "a host (addresses are values)");
    refuse(MEMBER("        alias: \"2001:db8::1\"\n"),
           ":15: record_sets[0].members[0].alias: found the address 2001:db8::1, expected the name "
           "of a host (addresses are values)");
    refuse(MEMBER("        alias: \"*.example.com\"\n"),
           ":15: record_sets[0].members[0].alias: found \"*.example.com\", expected the name of a "
           "host: letters, digits, '-', '_' and '.', at most 253");
    refuse(MEMBER("        alias: .\n"),
           ":15: record_sets[0].members[0].alias: found \".\", expected the name of a host: "
           "letters, digits, '-', '_' and '.', at most 253");
    refuse(MEMBER("        alias: a b\n"),
           ":15: record_sets[0].members[0].alias: found \"a b\", expected the name of a host: "
           "letters, digits, '-', '_' and '.', at most 253");
    refuse(MEMBER("        values: [a]\n        health_check: catz\n"),
           ":16: record_sets[0].members[0].health_check: found \"catz\", expected the name of a "
           "health check (there are: cats, dogs)");
    refuse(LEAST "record_sets:\n  - name: a\n    type: A\n    members:\n"
                 "      - { id: blue, weight: 1, values: [a], health_check: catz }\n",
           ":12: record_sets[0].members[0].health_check: found \"catz\", expected the name of a "
           "health check (there are: none)");
    refuse(MEMBER("        values: [a]\n      - { id: blue, weight: 1, values: [b] }\n"),
           ":16: record_sets[0].members[1].id: found member blue a second time, expected each id "
           "once in the record set (first in line 13)");
}

static void member_ids_fit_into_commands(void **state)
{
    (void)state;
    char longest[130];
    memset(longest, 'x', sizeof(longest));
    longest[129] = '\0';
    const char *const wrong[] = {"a b", "a/b", "a=b", "gr\xc3\xbcn", longest};
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        CLEANUP(alloc_freep)
        char *yaml = alloc_printf(LEAST "record_sets:\n  - name: a\n    type: A\n    members:\n"
                                        "      - { id: %s, weight: 1, values: [a] }\n",
                                  wrong[i]);
        CLEANUP(alloc_freep)
        char *message = alloc_printf(":12: record_sets[0].members[0].id: found \"%s\", expected 1 "
                                     "to 128 printable characters without spaces, '/' and '='",
                                     wrong[i]);
        refuse(yaml, message);
    }
}

static void record_sets_are_checked(void **state)
{
    (void)state;
    refuse(SETS SET("A.example.org.", "aaaa"),
           ":11: record_sets[2].name: found record set A.example.org./aaaa a second time, expected "
           "each name and type once (first in line 10)");
    refuse(SETS "  - name: b\n    type: A\n    ttl: 1h\n    members: " MEMBERS "\n",
           ":13: record_sets[2].ttl: found \"1h\", expected a whole number from 0 to 2147483647");
    refuse(SETS "  - name: b\n    type: A\n    ttl: 2147483648\n    members: " MEMBERS "\n",
           ":13: record_sets[2].ttl: found \"2147483648\", expected a whole number from 0 to "
           "2147483647");
    refuse(SETS "  - name: b\n    type: A\n    choice: best\n    members: " MEMBERS "\n",
           ":13: record_sets[2].choice: found \"best\", expected one of: exact, random, sticky");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_set_has_at_most_100_members),
        cmocka_unit_test(health_checks_are_checked),
        cmocka_unit_test(times_of_health_checks_are_checked),
        cmocka_unit_test(keys_that_a_check_cannot_use_are_refused),
        cmocka_unit_test(expected_statuses_are_checked),
        cmocka_unit_test(weights_are_whole_numbers_from_0_to_255),
        cmocka_unit_test(members_are_checked),
        cmocka_unit_test(member_ids_fit_into_commands),
        cmocka_unit_test(record_sets_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
