/* SPDX-License-Identifier: BSD-2-Clause */
/* Answering allocates nothing, whatever is asked: the linker puts a counter in the place of each
 * function that does (see --wrap in Makefile.am). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "server/dns.h"
#include "tests/unit/answer_fixture.h"

static size_t allocations;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__real_reallocarray(void *old, size_t count, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
void *__wrap_reallocarray(void *old, size_t count, size_t size);

void *__wrap_malloc(size_t size)
{
    allocations++;
    return __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    allocations++;
    return __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
    allocations++;
    return __real_realloc(old, size);
}

void *__wrap_reallocarray(void *old, size_t count, size_t size)
{
    allocations++;
    return __real_reallocarray(old, count, size);
}

/* Or nothing would be shown below. */
static void the_counter_counts(void **state)
{
    (void)state;
    size_t before = allocations;
    struct fixture *fixture = fixture_new(1);
    assert_true(allocations > before + 10);
    fixture_free(fixture);
}

static void no_query_allocates(void **state)
{
    (void)state;
    static const char *const names[] = {
        "example.test",          "two.example.test",    "www.example.test",
        "sticky.example.test",   "random.example.test", "nope.example.test",
        "a.b.nope.example.test", "x.wild.example.test", "sub.example.test",
        "x.sub.example.test",    "alias.example.test",  "chain.example.test",
        "x.dname.example.test",  "other.test",          "elsewhere.invalid"};
    static const uint16_t types[] = {DNS_TYPE_SOA, DNS_TYPE_NS,  DNS_TYPE_CNAME, DNS_TYPE_MX,
                                     DNS_TYPE_TXT, DNS_TYPE_ANY, DNS_TYPE_DS,    1,
                                     28,           65280};
    /* NSID, a cookie, a client subnet, keepalive. */
    static const uint8_t options[] = {0, 3, 0, 0, 0, 10, 0,  8, 1,   2, 3, 4, 5,  6, 7, 8,
                                      0, 8, 0, 7, 0, 1,  24, 0, 192, 0, 2, 0, 11, 0, 0};
    struct fixture *fixture = fixture_new(1);
    size_t answered = 0;
    size_t before = allocations;
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        for (size_t j = 0; j < ARRAY_LEN(types); j++) {
            uint8_t query[600];
            size_t len = fixture_query(query, names[i], types[j]);
            answered += fixture_ask(fixture, query, len, false) > 0;
            len = fixture_add_opt(query, len, 1232, options, sizeof(options));
            answered += fixture_ask(fixture, query, len, false) > 0;
            answered += fixture_ask(fixture, query, len, true) > 0;
            for (size_t cut = 0; cut < len; cut++) {
                fixture_ask(fixture, query, cut, false);
            }
        }
    }
    size_t after = allocations;
    assert_int_equal(after - before, 0);
    assert_int_equal(answered, 3 * ARRAY_LEN(names) * ARRAY_LEN(types));
    fixture_free(fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_counter_counts),
        cmocka_unit_test(no_query_allocates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
