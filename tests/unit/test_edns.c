/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "server/edns.h"

static bool parse(struct edns *edns, const void *octets, size_t len)
{
    memset(edns, 0, sizeof(*edns));
    return edns_parse(edns, octets, len);
}

/* An OPT with these options. */
static bool parse_options(struct edns *edns, const void *options, size_t len)
{
    uint8_t octets[256] = {0, 0, 41, 0x10, 0, 0, 0, 0x80, 0, 0, (uint8_t)len};
    memcpy(octets + 11, options, len);
    return parse(edns, octets, 11 + len);
}

#define OPTIONS(edns, options) parse_options(edns, options, sizeof(options) - 1)

static void the_fixed_part_is_read(void **state)
{
    (void)state;
    struct edns edns;
    assert_true(parse(&edns, "\0\0\x29\x10\0\7\0\x80\0\0\0", 11));
    assert_true(edns.is_present);
    assert_true(edns.is_dnssec_ok);
    assert_int_equal(edns.udp_size, 4096);
    assert_int_equal(edns.version, 0);
    assert_int_equal(edns.seen, 0);
}

static void cut_anywhere_it_is_malformed(void **state)
{
    (void)state;
    struct edns edns;
    const char whole[] = "\0\0\x29\x10\0\0\0\0\0\0\6\xFF\0\0\2ab";
    for (size_t len = 0; len < sizeof(whole) - 1; len++) {
        assert_false(parse(&edns, whole, len));
    }
    assert_true(parse(&edns, whole, sizeof(whole) - 1));
}

static void another_owner_or_type_is_no_opt(void **state)
{
    (void)state;
    struct edns edns;
    assert_false(parse(&edns, "\1a\0\0\x29\x10\0\0\0\0\0\0\0", 13));
    assert_false(edns.is_present);
    assert_false(parse(&edns, "\xC0\x0C\0\x29\x10\0\0\0\0\0\0\0", 12));
    assert_false(parse(&edns, "\0\0\1\x10\0\0\0\0\0\0\0", 11));
    assert_false(edns.is_present);
}

static void unknown_options_are_skipped_and_broken_ones_refused(void **state)
{
    (void)state;
    struct edns edns;
    assert_true(OPTIONS(&edns, "\0\3\0\0\xFF\xFF\0\3xyz"));
    assert_false(OPTIONS(&edns, "\0\3\0"));
    assert_false(OPTIONS(&edns, "\0\3\0\5ab"));
    assert_true(edns.is_present);
}

/* RFC 7871 section 6. */
static void a_client_subnet_is_read(void **state)
{
    (void)state;
    struct edns edns;
    assert_true(OPTIONS(&edns, "\0\10\0\7\0\1\x18\0\x0A\x0B\x0C"));
    assert_int_equal(edns.seen, EDNS_SEEN_SUBNET);
    assert_int_equal(edns.subnet.family, 1);
    assert_int_equal(edns.subnet.source_bits, 24);
    assert_memory_equal(edns.subnet.address, "\x0A\x0B\x0C\0", 4);
    assert_true(OPTIONS(&edns, "\0\10\0\6\0\1\x0F\0\x0A\x0A"));
    assert_true(OPTIONS(&edns, "\0\10\0\13\0\2\x38\0\x20\1\x0D\xB8\1\2\3"));
    assert_true(OPTIONS(&edns, "\0\10\0\4\0\1\0\0"));
    assert_true(OPTIONS(&edns, "\0\10\0\4\0\0\0\0"));
}

static void a_malformed_client_subnet_is_refused(void **state)
{
    (void)state;
    struct edns edns;
    assert_false(OPTIONS(&edns, "\0\10\0\3\0\1\0"));                    /* too short */
    assert_false(OPTIONS(&edns, "\0\10\0\7\0\3\x18\0\x0A\x0B\x0C"));    /* family 3 */
    assert_false(OPTIONS(&edns, "\0\10\0\11\0\1\x21\0\1\2\3\4\0"));     /* 33 bits of IPv4 */
    assert_false(OPTIONS(&edns, "\0\10\0\5\0\0\10\0\1"));               /* family 0 with address */
    assert_false(OPTIONS(&edns, "\0\10\0\7\0\1\x18\x18\x0A\x0B\x0C"));  /* scope in a query */
    assert_false(OPTIONS(&edns, "\0\10\0\7\0\1\x19\0\x0A\x0B\x0C"));    /* octet missing */
    assert_false(OPTIONS(&edns, "\0\10\0\10\0\1\x18\0\x0A\x0B\x0C\0")); /* octet too many */
    assert_false(OPTIONS(&edns, "\0\10\0\7\0\1\x17\0\x0A\x0B\x0D"));    /* bit beyond prefix */
    assert_false(OPTIONS(&edns, "\0\10\0\4\0\1\0\0\0\10\0\4\0\1\0\0")); /* twice */
    assert_false(OPTIONS(&edns, "\0\10\0\25\0\2\x80\0aaaaaaaaaaaaaaaaa"));
}

/* RFC 7873 section 5.2.2. */
static void a_cookie_has_8_or_16_to_40_octets(void **state)
{
    (void)state;
    for (uint8_t len = 0; len <= 48; len++) {
        uint8_t option[4 + 48] = {0, 10, 0, len};
        struct edns edns;
        bool is_good = len == 8 || (len >= 16 && len <= 40);
        assert_int_equal(parse_options(&edns, option, 4u + len), is_good);
        assert_int_equal(edns.seen, is_good ? EDNS_SEEN_COOKIE : 0);
        if (is_good) {
            assert_int_equal(edns.cookie_len, len);
        }
    }
}

/* RFC 7873 section 5.2. */
static void of_two_cookies_the_first_counts(void **state)
{
    (void)state;
    struct edns edns;
    const char *options = "\0\12\0\10abcdefgh\0\12\0\10ijklmnop";
    uint8_t octets[64] = {0, 0, 41, 0x10, 0, 0, 0, 0, 0, 0, 24};
    memcpy(octets + 11, options, 24);
    assert_true(parse(&edns, octets, 35));
    assert_memory_equal(edns.cookie, "abcdefgh", 8);
}

static void nsid_and_keepalive_are_seen(void **state)
{
    (void)state;
    struct edns edns;
    assert_true(OPTIONS(&edns, "\0\3\0\0"));
    assert_int_equal(edns.seen, EDNS_SEEN_NSID);
    assert_true(OPTIONS(&edns, "\0\3\0\2ab\0\13\0\0"));
    assert_int_equal(edns.seen, EDNS_SEEN_NSID | EDNS_SEEN_KEEPALIVE);
    assert_true(OPTIONS(&edns, "\0\13\0\2\0\1"));
    assert_int_equal(edns.seen, EDNS_SEEN_KEEPALIVE_BAD);
    assert_true(OPTIONS(&edns, "\0\144\0\0"));
    assert_int_equal(edns.seen, 0);
}

static void the_reply_has_the_subnet_behind_the_other_options(void **state)
{
    (void)state;
    uint8_t out[64];
    struct edns_subnet subnet = {.family = 1, .source_bits = 8, .address = {10}};
    struct edns_reply reply = {.udp_size = 512,
                               .has_options = true,
                               .subnet = &subnet,
                               .options = (const uint8_t *)"\0\3\0\1x",
                               .options_len = 5};
    assert_int_equal(edns_reply_len(&reply), 11 + 9 + 5);
    assert_int_equal(edns_write(&reply, out), 11 + 9 + 5);
    assert_memory_equal(out + 9, "\0\16\0\3\0\1x\0\10\0\5\0\1\10\0\12", 16);
}

static void the_reply_says_size_rcode_and_do(void **state)
{
    (void)state;
    uint8_t out[EDNS_OPT_LEN + EDNS_SUBNET_MAX];
    struct edns_reply reply = {.udp_size = 1232, .extended_rcode = 1, .is_dnssec_ok = true};
    assert_int_equal(edns_write(&reply, out), 11);
    assert_memory_equal(out, "\0\0\x29\x04\xD0\1\0\x80\0\0\0", 11);
}

static void the_reply_echoes_the_subnet_with_its_scope(void **state)
{
    (void)state;
    uint8_t out[EDNS_OPT_LEN + EDNS_SUBNET_MAX];
    struct edns_subnet subnet = {.family = 2, .source_bits = 128, .address = "abcdefghijklmnop"};
    struct edns_reply reply = {
        .udp_size = 512, .has_options = true, .subnet = &subnet, .scope_bits = 56};
    assert_int_equal(edns_write(&reply, out), sizeof(out));
    assert_memory_equal(out + 9,
                        "\0\x18\0\10\0\x14\0\2\x80\x38"
                        "abcdefghijklmnop",
                        26);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_fixed_part_is_read),
        cmocka_unit_test(cut_anywhere_it_is_malformed),
        cmocka_unit_test(another_owner_or_type_is_no_opt),
        cmocka_unit_test(unknown_options_are_skipped_and_broken_ones_refused),
        cmocka_unit_test(a_client_subnet_is_read),
        cmocka_unit_test(a_malformed_client_subnet_is_refused),
        cmocka_unit_test(a_cookie_has_8_or_16_to_40_octets),
        cmocka_unit_test(of_two_cookies_the_first_counts),
        cmocka_unit_test(nsid_and_keepalive_are_seen),
        cmocka_unit_test(the_reply_has_the_subnet_behind_the_other_options),
        cmocka_unit_test(the_reply_says_size_rcode_and_do),
        cmocka_unit_test(the_reply_echoes_the_subnet_with_its_scope),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
