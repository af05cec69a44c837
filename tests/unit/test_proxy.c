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

static void any_number_of_extensions_is_skipped(void **state)
{
    (void)state;
    struct proxy_header header;
    assert_int_equal(PARSE(&header, SIGNATURE "\x21\x11\0\27" V4 "\4\0\0\1\0\2h2\3\0\0"), PROXY_OK);
    assert_int_equal(header.len, 39);
    expect_source(&header, "192.0.2.1@4096");
    assert_int_equal(PARSE(&header, SIGNATURE "\x21\x21\0\50" V6 "\4\0\1x"), PROXY_OK);
    assert_int_equal(header.len, 56);
    expect_source(&header, "2001:db8::1@4096");
    /* One that is cut off says nothing about the address. */
    assert_int_equal(PARSE(&header, SIGNATURE "\x21\x12\0\20" V4 "\4\xFF\xFF\1"), PROXY_OK);
    expect_source(&header, "192.0.2.1@4096");
}

static void the_longest_header_has_2048_octets(void **state)
{
    (void)state;
    struct proxy_header header;
    char octets[PROXY_HEADER_MAX + 1] = SIGNATURE "\x21\x12\x07\xF0" V4;
    assert_int_equal(parse(&header, octets, sizeof(octets)), PROXY_OK);
    assert_int_equal(header.len, PROXY_HEADER_MAX);
    assert_int_equal(parse(&header, octets, PROXY_HEADER_MAX - 1), PROXY_SHORT);
    octets[15]++;
    assert_int_equal(parse(&header, octets, sizeof(octets)), PROXY_BAD);
}

/* Prefixes of IPv4 in the configuration are for it as well. */
static void a_mapped_address_is_the_ipv4_address(void **state)
{
    (void)state;
    struct proxy_header header;
    assert_int_equal(PARSE(&header, SIGNATURE "\x21\x22\0\44\0\0\0\0\0\0\0\0\0\0\xFF\xFF\xC0\0\2\7"
                                              "aaaaaaaaaaaaaaaa\x10\0\0\x35"),
                     PROXY_OK);
    expect_source(&header, "192.0.2.7@4096");
    assert_int_equal(header.source.any.sa_family, AF_INET);
    assert_int_equal(header.source.len, sizeof(struct sockaddr_in));
    assert_int_equal(header.len, 52);
}

static void addresses_of_unix_leave_the_proxys_own(void **state)
{
    (void)state;
    struct proxy_header header;
    char octets[16 + 216] = SIGNATURE "\x21\x31\0\xD8/client";
    assert_int_equal(parse(&header, octets, sizeof(octets)), PROXY_OK);
    assert_int_equal(header.len, sizeof(octets));
    assert_false(header.has_source);
    octets[13] = 0x32;
    assert_int_equal(parse(&header, octets, sizeof(octets)), PROXY_OK);
    octets[15]--;
    assert_int_equal(parse(&header, octets, sizeof(octets)), PROXY_BAD);
}

/* "Other values … must be rejected as invalid by receivers", but for LOCAL, which ignores them. */
static void unknown_families_and_protocols_are_bad(void **state)
{
    (void)state;
    struct proxy_header header;
    char octets[16 + 216] = SIGNATURE "\x21\0\0\xD8";
    for (unsigned family = 0; family < 256; family++) {
        octets[13] = (char)family;
        octets[12] = 0x21;
        bool is_known = family >> 4 <= 3 && (family & 15) <= 2;
        assert_int_equal(parse(&header, octets, sizeof(octets)), is_known ? PROXY_OK : PROXY_BAD);
        octets[12] = 0x20;
        assert_int_equal(parse(&header, octets, sizeof(octets)), PROXY_OK);
        assert_false(header.has_source);
    }
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
        cmocka_unit_test(any_number_of_extensions_is_skipped),
        cmocka_unit_test(the_longest_header_has_2048_octets),
        cmocka_unit_test(a_mapped_address_is_the_ipv4_address),
        cmocka_unit_test(addresses_of_unix_leave_the_proxys_own),
        cmocka_unit_test(unknown_families_and_protocols_are_bad),
        cmocka_unit_test(local_and_other_families_keep_the_proxys_address),
        cmocka_unit_test(cut_anywhere_it_is_short),
        cmocka_unit_test(anything_else_is_bad),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
