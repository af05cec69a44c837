/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "common/alloc.h"
#include "zones/address_records.h"

/* The record set of these values, which the encoder of zone files has made. */
static struct record_sets *make(const char *name, const char *type, const char **values,
                                size_t count)
{
    struct error err;
    struct config_member member = {.id = "blue", .values = values, .value_count = count};
    struct config_record_set set = {
        .name = name, .type = type, .ttl_s = 0x01020304, .members = &member, .member_count = 1};
    struct config config = {.path = "f", .record_sets = &set, .record_set_count = 1};
    struct record_sets *sets = record_sets_new(&config, &err);
    assert_non_null(sets);
    return sets;
}

/* Octet for octet what the same values in the configuration become. */
static void check_same(const char *name, const char *type, const char **values,
                       const uint8_t *addresses)
{
    CLEANUP(record_sets_freep) struct record_sets *sets = make(name, type, values, 2);
    const struct member_records *expected = &sets->sets[0]->members[0].records;
    CLEANUP(alloc_freep)
    struct member_records *made = address_records_new(sets->sets[0], addresses, 2, NULL, NULL);
    assert_int_equal(made->count, expected->count);
    assert_int_equal(made->len, expected->len);
    assert_int_equal(made->pointer_count, expected->pointer_count);
    assert_memory_equal(made->octets, expected->octets, expected->len);
    assert_memory_equal(made->starts, expected->starts, 3 * sizeof(uint16_t));
}

static const uint8_t v4[] = {192, 0, 2, 1, 198, 51, 100, 255};
static const uint8_t v6[32] = {0x20, 1, 0x0d, 0xb8, [15] = 1, 0x20, 1, 0x0d, 0xb8, [31] = 2};
static const char *v4_text[] = {"192.0.2.1", "198.51.100.255"};
static const char *v6_text[] = {"2001:db8::1", "2001:db8::2"};

static void addresses_become_the_records_that_values_would(void **state)
{
    (void)state;
    check_same("www.example.test", "A", v4_text, v4);
    check_same("www.example.test", "AAAA", v6_text, v6);
}

static void of_a_wildcard_too(void **state)
{
    (void)state;
    check_same("*.example.test", "A", v4_text, v4);
}

static void as_many_as_are_allowed_fit(void **state)
{
    (void)state;
    CLEANUP(record_sets_freep) struct record_sets *sets = make("a", "AAAA", v6_text, 2);
    CLEANUP(alloc_freep) uint8_t *addresses = alloc_zeroed(ADDRESS_RECORDS_MAX, 16);
    CLEANUP(alloc_freep)
    struct member_records *made =
        address_records_new(sets->sets[0], addresses, ADDRESS_RECORDS_MAX, NULL, NULL);
    assert_int_equal(made->count, ADDRESS_RECORDS_MAX);
    assert_int_equal(made->len, ADDRESS_RECORDS_MAX * 28);
    assert_int_equal(made->starts[ADDRESS_RECORDS_MAX], made->len);
}

static void other_types_have_no_addresses(void **state)
{
    (void)state;
    assert_int_equal(address_octets(TYPE_A), 4);
    assert_int_equal(address_octets(TYPE_AAAA), 16);
    assert_int_equal(address_octets(TYPE_CNAME), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_become_the_records_that_values_would),
        cmocka_unit_test(of_a_wildcard_too),
        cmocka_unit_test(as_many_as_are_allowed_fit),
        cmocka_unit_test(other_types_have_no_addresses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
