/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <sodium.h>

#include "common/address.h"
#include "server/cookie.h"
#include "server/siphash.h"

/* RFC 9018 appendix A. */
#define SECRET      "e5e973e5a6b2a43f48e7dc849e37bfcf"
#define SECRET_OLD  "dd3bdf9344b678b185a6f5cb60fca715"
#define SECRET_NEW  "445536bcd2513298075a5d379663c962"
#define CLIENT      "198.51.100.100"
#define CLIENT_V6   "2001:db8:220:1:59de:d0f4:8769:82b8"
#define COOKIE      "2464c4abcf10c957010000005cf79f111f8130c3eee29480"
#define COOKIE_TIME UINT32_C(1559731985)

static struct cookie_secrets make_secrets(const char *text)
{
    struct cookie_secrets secrets;
    struct error err = {""};
    if (!cookie_secrets_parse(&secrets, text, "cookie.secret", &err)) {
        fail_msg("%s", err.text);
    }
    return secrets;
}

static size_t from_hex(uint8_t *octets, const char *text)
{
    const char *digits = "0123456789abcdef";
    size_t len = strlen(text) / 2;
    for (size_t i = 0; i < len; i++) {
        octets[i] = (uint8_t)((strchr(digits, text[2 * i]) - digits) << 4 |
                              (strchr(digits, text[2 * i + 1]) - digits));
    }
    return len;
}

static enum cookie_state check(const char *secret, const char *cookie, const char *client,
                               uint32_t now_s)
{
    struct cookie_secrets secrets = make_secrets(secret);
    struct address address;
    uint8_t octets[40];
    assert_true(address_parse(&address, client, 53, NULL));
    size_t len = from_hex(octets, cookie);
    return cookie_check(&secrets, octets, len, &address.any, now_s);
}

static void expect_made(const char *secret, const char *client, uint32_t now_s, const char *cookie)
{
    struct cookie_secrets secrets = make_secrets(secret);
    struct address address;
    uint8_t expected[COOKIE_LEN], made[COOKIE_LEN];
    assert_true(address_parse(&address, client, 53, NULL));
    assert_int_equal(from_hex(expected, cookie), COOKIE_LEN);
    cookie_make(&secrets, expected, &address.any, now_s, made);
    assert_memory_equal(made, expected, COOKIE_LEN);
}

/* RFC 9018 appendix A.1. */
static void a_new_cookie_is_that_of_the_rfc(void **state)
{
    (void)state;
    expect_made(SECRET, CLIENT, COOKIE_TIME, COOKIE);
    assert_int_equal(check(SECRET, COOKIE, CLIENT, COOKIE_TIME), COOKIE_GOOD);
}

/* Appendix A.2: 40 minutes later. */
static void the_same_client_gets_a_renewed_cookie(void **state)
{
    (void)state;
    assert_int_equal(check(SECRET, COOKIE, CLIENT, 1559734385), COOKIE_AGING);
    expect_made(SECRET, CLIENT, 1559734385, "2464c4abcf10c957010000005cf7a871d4a564a1442aca77");
}

/* Appendix A.3: reserved octets that are not zero count in the hash. */
static void another_client_with_reserved_octets_is_good(void **state)
{
    (void)state;
    const char *cookie = "fc93fc62807ddb8601abcdef5cf78f71a314227b6679ebf5";
    assert_int_equal(check(SECRET, cookie, "203.0.113.203", 1559728000), COOKIE_GOOD);
    expect_made(SECRET, "203.0.113.203", 1559734700,
                "fc93fc62807ddb86010000005cf7a9acf73a7810aca2381e");
}

/* Appendix A.4. */
static void an_ipv6_client_is_good_while_secrets_roll_over(void **state)
{
    (void)state;
    const char *cookie = "22681ab97d52c298010000005cf7c57926556bd0934c72f8";
    const char *both = SECRET_NEW "\n" SECRET_OLD "\n";
    assert_int_equal(check(SECRET_OLD, cookie, CLIENT_V6, 1559741961), COOKIE_GOOD);
    assert_int_equal(check(SECRET_NEW, cookie, CLIENT_V6, 1559741961), COOKIE_BAD);
    /* Young, but of the old secret: the client is to get one of the new. */
    assert_int_equal(check(both, cookie, CLIENT_V6, 1559741961), COOKIE_AGING);
    expect_made(both, CLIENT_V6, 1559741961, "22681ab97d52c298010000005cf7c609a6bb79d16625507a");
}

static void time_has_limits_both_ways(void **state)
{
    (void)state;
    assert_int_equal(check(SECRET, COOKIE, CLIENT, COOKIE_TIME + 1800), COOKIE_GOOD);
    assert_int_equal(check(SECRET, COOKIE, CLIENT, COOKIE_TIME + 1801), COOKIE_AGING);
    assert_int_equal(check(SECRET, COOKIE, CLIENT, COOKIE_TIME + 3600), COOKIE_AGING);
    assert_int_equal(check(SECRET, COOKIE, CLIENT, COOKIE_TIME + 3601), COOKIE_BAD);
    assert_int_equal(check(SECRET, COOKIE, CLIENT, COOKIE_TIME - 300), COOKIE_GOOD);
    assert_int_equal(check(SECRET, COOKIE, CLIENT, COOKIE_TIME - 301), COOKIE_BAD);
}

/* RFC 9018 section 4.3: serial number arithmetic. */
static void time_goes_on_beyond_32_bits(void **state)
{
    (void)state;
    struct cookie_secrets secrets = make_secrets(SECRET);
    struct address address;
    uint8_t cookie[COOKIE_LEN];
    assert_true(address_parse(&address, CLIENT, 53, NULL));
    cookie_make(&secrets, (const uint8_t *)"abcdefgh", &address.any, UINT32_MAX - 9, cookie);
    assert_int_equal(cookie_check(&secrets, cookie, COOKIE_LEN, &address.any, 10), COOKIE_GOOD);
    assert_int_equal(cookie_check(&secrets, cookie, COOKIE_LEN, &address.any, 3600), COOKIE_BAD);
}

static void what_is_changed_anywhere_is_bad(void **state)
{
    (void)state;
    struct cookie_secrets secrets = make_secrets(SECRET);
    struct address address;
    uint8_t octets[COOKIE_LEN + 1];
    assert_true(address_parse(&address, CLIENT, 53, NULL));
    from_hex(octets, COOKIE);
    for (size_t i = 0; i < COOKIE_LEN; i++) {
        octets[i] ^= 1;
        assert_int_equal(cookie_check(&secrets, octets, COOKIE_LEN, &address.any, COOKIE_TIME + 2),
                         COOKIE_BAD);
        octets[i] ^= 1;
    }
    for (size_t len = 8; len <= COOKIE_LEN + 1; len++) {
        assert_int_equal(cookie_check(&secrets, octets, len, &address.any, COOKIE_TIME),
                         len == COOKIE_LEN ? COOKIE_GOOD : COOKIE_BAD);
    }
    assert_int_equal(check(SECRET, COOKIE, "198.51.100.101", COOKIE_TIME), COOKIE_BAD);
    assert_int_equal(check(SECRET_OLD, COOKIE, CLIENT, COOKIE_TIME), COOKIE_BAD);
}

/* A socket for both families shows IPv4 clients so. */
static void a_mapped_ipv4_client_is_the_ipv4_client(void **state)
{
    (void)state;
    assert_int_equal(check(SECRET, COOKIE, "::ffff:198.51.100.100", COOKIE_TIME), COOKIE_GOOD);
}

static void refuse(const char *text, const char *message)
{
    struct cookie_secrets secrets;
    struct error err = {""};
    assert_false(cookie_secrets_parse(&secrets, text, "cookie.secret", &err));
    assert_string_equal(err.text, message);
}

static void a_secret_file_has_one_or_two_lines(void **state)
{
    (void)state;
    assert_int_equal(make_secrets(SECRET).count, 1);
    assert_int_equal(make_secrets(SECRET "\n").count, 1);
    assert_int_equal(make_secrets(SECRET "\n" SECRET_OLD).count, 2);
    refuse("", "cookie.secret: the file is empty, expected one or two secrets");
    refuse("\n", "cookie.secret:1: expected a secret: 32 hexadecimal digits");
    refuse(SECRET "0\n", "cookie.secret:1: expected a secret: 32 hexadecimal digits");
    refuse(SECRET "\ne5e973e5a6b2a43f48e7dc849e37bfc\n",
           "cookie.secret:2: expected a secret: 32 hexadecimal digits");
    refuse("g5e973e5a6b2a43f48e7dc849e37bfcf",
           "cookie.secret:1: expected a secret: 32 hexadecimal digits");
    refuse(SECRET "\n" SECRET "\n" SECRET "\n",
           "cookie.secret:3: found a third line, expected one or two secrets");
}

static void a_secret_file_that_is_not_there_is_named(void **state)
{
    (void)state;
    struct cookie_secrets secrets;
    struct error err = {""};
    assert_false(cookie_secrets_load(&secrets, "/nonexistent/cookie.secret", &err));
    assert_string_equal(err.text,
                        "/nonexistent/cookie.secret: cannot be opened: No such file or directory");
}

static void secrets_made_by_chance_differ(void **state)
{
    (void)state;
    struct cookie_secrets one, other;
    cookie_secrets_make(&one);
    cookie_secrets_make(&other);
    assert_int_equal(one.count, 1);
    assert_memory_not_equal(one.secrets[0], other.secrets[0], COOKIE_SECRET_LEN);
}

/* Whatever the length; of words, and of a rest. */
static void our_siphash_is_libsodiums(void **state)
{
    (void)state;
    uint8_t key[crypto_shorthash_siphash24_KEYBYTES], octets[80], expected[8], rest[8];
    for (size_t len = 0; len < sizeof(octets); len++) {
        for (size_t i = 0; i < sizeof(octets); i++) {
            octets[i] = (uint8_t)(i * 31 + len * 7 + 0x80);
            key[i % sizeof(key)] = (uint8_t)(i * 13 + len);
        }
        struct siphash hash = siphash_begin(key);
        size_t at = 0;
        for (; len - at >= 8; at += 8) {
            siphash_add(&hash, siphash_load(octets + at));
        }
        memset(rest, 0, sizeof(rest));
        memcpy(rest, octets + at, len - at);
        uint64_t got = siphash_end(&hash, siphash_load(rest), len);
        crypto_shorthash_siphash24(expected, octets, len, key);
        assert_true(got == siphash_load(expected));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(our_siphash_is_libsodiums),
        cmocka_unit_test(a_new_cookie_is_that_of_the_rfc),
        cmocka_unit_test(the_same_client_gets_a_renewed_cookie),
        cmocka_unit_test(another_client_with_reserved_octets_is_good),
        cmocka_unit_test(an_ipv6_client_is_good_while_secrets_roll_over),
        cmocka_unit_test(time_has_limits_both_ways),
        cmocka_unit_test(time_goes_on_beyond_32_bits),
        cmocka_unit_test(what_is_changed_anywhere_is_bad),
        cmocka_unit_test(a_mapped_ipv4_client_is_the_ipv4_client),
        cmocka_unit_test(a_secret_file_has_one_or_two_lines),
        cmocka_unit_test(a_secret_file_that_is_not_there_is_named),
        cmocka_unit_test(secrets_made_by_chance_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
