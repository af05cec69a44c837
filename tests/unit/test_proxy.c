/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "server/proxy.h"

#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"
#define V4        "\xC0\0\2\1\xC0\0\2\2\x10\0\0\x35"
#define V6        "\x20\1\x0D\xB8\0\0\0\0\0\0\0\0\0\0\0\1aaaaaaaaaaaaaaaa\x10\0\0\x35"

static enum proxy_verdict parse(struct proxy_header *header, const char *octets, size_t len)
{
    return proxy_parse(header, (const uint8_t *)octets, len);
}

#define PARSE(header, octets) parse(header, octets, sizeof(octets) - 1)

static void expect_source(const struct proxy_header *header, const char *expected)
{
    char text[ADDRESS_TEXT_SIZE];
    assert_true(header->has_source);
    address_print(&header->source, text);
    assert_string_equal(text, expected);
}

static void the_source_of_ipv4_is_read(void **state)
{
    (void)state;
    struct proxy_header header;
    assert_int_equal(PARSE(&header, SIGNATURE "\x21\x11\0\14" V4 "query"), PROXY_OK);
    assert_int_equal(header.len, 28);
    expect_source(&header, "192.0.2.1@4096");
    assert_int_equal(PARSE(&header, SIGNATURE "\x21\x12\0\14" V4), PROXY_OK);
}

static void the_source_of_ipv6_is_read(void **state)
{
    (void)state;
    struct proxy_header header;
    assert_int_equal(PARSE(&header, SIGNATURE "\x21\x22\0\44" V6), PROXY_OK);
    assert_int_equal(header.len, 52);
    expect_source(&header, "2001:db8::1@4096");
}

static void extensions_are_skipped(void **state)
{
    (void)state;
    struct proxy_header header;
    assert_int_equal(PARSE(&header, SIGNATURE "\x21\x12\0\21" V4 "\4\0\2ab"), PROXY_OK);
    assert_int_equal(header.len, 33);
    expect_source(&header, "192.0.2.1@4096");
}

/* Health checks of a load balancer, and families that have no address for us. */
static void local_and_other_families_keep_the_proxys_address(void **state)
{
    (void)state;
    struct proxy_header header;
    assert_int_equal(PARSE(&header, SIGNATURE "\x20\0\0\0"), PROXY_OK);
    assert_int_equal(header.len, 16);
    assert_false(header.has_source);
    assert_int_equal(PARSE(&header, SIGNATURE "\x20\x11\0\14" V4), PROXY_OK);
    assert_false(header.has_source);
    assert_int_equal(PARSE(&header, SIGNATURE "\x21\0\0\0"), PROXY_OK);
    assert_false(header.has_source);
}

static void cut_anywhere_it_is_short(void **state)
{
    (void)state;
    struct proxy_header header;
    const char whole[] = SIGNATURE "\x21\x11\0\14" V4;
    for (size_t len = 0; len < sizeof(whole) - 1; len++) {
        assert_int_equal(parse(&header, whole, len), PROXY_SHORT);
    }
}

static void anything_else_is_bad(void **state)
{
    (void)state;
    struct proxy_header header;
    assert_int_equal(PARSE(&header, "PROXY TCP4 192.0.2.1"), PROXY_BAD);
    assert_int_equal(PARSE(&header, "\r\n\r\n\1"), PROXY_BAD);
    assert_int_equal(PARSE(&header, SIGNATURE "\x11\x11\0\14" V4), PROXY_BAD); /* version 1 */
    assert_int_equal(PARSE(&header, SIGNATURE "\x22\x11\0\14" V4), PROXY_BAD); /* command 2 */
    assert_int_equal(PARSE(&header, SIGNATURE "\x21\x11\0\13" V4), PROXY_BAD); /* too little */
    assert_int_equal(PARSE(&header, SIGNATURE "\x21\x21\0\14" V4), PROXY_BAD);
    assert_int_equal(PARSE(&header, SIGNATURE "\x21\x11\x08\0" V4), PROXY_BAD); /* 2064 octets */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_source_of_ipv4_is_read),
        cmocka_unit_test(the_source_of_ipv6_is_read),
        cmocka_unit_test(extensions_are_skipped),
        cmocka_unit_test(local_and_other_families_keep_the_proxys_address),
        cmocka_unit_test(cut_anywhere_it_is_short),
        cmocka_unit_test(anything_else_is_bad),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
