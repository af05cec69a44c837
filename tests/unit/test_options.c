/* SPDX-License-Identifier: BSD-2-Clause */
/* The options of responses, from the octets of queries. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "server/cookie.h"
#include "server/dns.h"
#include "server/wire.h"
#include "tests/unit/answer_fixture.h"

#define TYPE_A      1
#define TYPE_TXT    16
#define NOW_S       UINT32_C(1559731985)
#define NO_QUESTION "\x12\x34\0\0\0\0\0\0\0\0\0\0"

static struct fixture *fixture;
static struct cookie_secrets secrets;
static struct config_server *config;
static uint8_t query[600];
static size_t response_len;

static int set_up(void **state)
{
    (void)state;
    fixture = fixture_new(1);
    config = &fixture->config.server;
    memset(&secrets, 7, sizeof(secrets));
    secrets.count = 1;
    fixture->snapshot->cookies = secrets;
    answer_context_set_time(&fixture->context, NOW_S, 0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fixture_free(fixture);
    return 0;
}

/* Returns the 12 bits of the RCODE. */
static unsigned ask(size_t len, bool is_tcp)
{
    response_len = fixture_ask(fixture, query, len, is_tcp);
    assert_true(response_len >= 12 + 11);
    unsigned rcode = fixture->out[3] & 0x0F;
    /* The OPT is the last record: found by the ends of its options. */
    for (size_t at = response_len - 11; at >= 12; at--) {
        if (memcmp(fixture->out + at, "\0\0\x29\x04\xD0", 5) == 0 &&
            wire_load_u16(fixture->out + at + 9) == response_len - at - 11) {
            return rcode | (unsigned)fixture->out[at + 5] << 4;
        }
    }
    fail_msg("no OPT at the end");
    return 0;
}

static unsigned ask_with(const char *name, uint16_t type, const void *options, size_t len)
{
    size_t query_len = fixture_query(query, name, type);
    return ask(fixture_add_opt(query, query_len, 1232, options, len), false);
}

#define ASK(name, type, options) ask_with(name, type, options, sizeof(options) - 1)

/* The response's options, the last octets of the message, are these. */
#define expect_options(options) expect_end(options, sizeof(options) - 1)
static void expect_end(const void *options, size_t len)
{
    assert_true(response_len > len + 2);
    const uint8_t *start = fixture->out + response_len - len;
    assert_int_equal(wire_load_u16(start - 2), len);
    assert_memory_equal(start, options, len);
}

static void expect_no_options(void)
{
    assert_memory_equal(fixture->out + response_len - 11, "\0\0\x29\x04\xD0", 5);
    assert_int_equal(wire_load_u16(fixture->out + response_len - 2), 0);
}

/* RFC 5001. */
static void nsid_is_told_to_who_asks(void **state)
{
    (void)state;
    config->nsid = (const uint8_t *)"ns1";
    config->nsid_len = 3;
    assert_int_equal(ASK("two.example.test", TYPE_A, "\0\3\0\0"), DNS_NOERROR);
    expect_options("\0\3\0\3ns1");
    assert_int_equal(ASK("two.example.test", TYPE_A, ""), DNS_NOERROR);
    expect_no_options();
    /* Section 2.1: what a query has in it is ignored; asked twice is answered once. */
    assert_int_equal(ASK("two.example.test", TYPE_A, "\0\3\0\2ab\0\3\0\0"), DNS_NOERROR);
    expect_options("\0\3\0\3ns1");
}

static void without_an_nsid_none_is_told(void **state)
{
    (void)state;
    assert_int_equal(ASK("two.example.test", TYPE_A, "\0\3\0\0"), DNS_NOERROR);
    expect_no_options();
}

static void an_unknown_option_is_not_echoed(void **state)
{
    (void)state;
    assert_int_equal(ASK("two.example.test", TYPE_A, "\0\x64\0\3abc"), DNS_NOERROR);
    expect_no_options();
}

/* RFC 7828. */
static void keepalive_tells_the_idle_timeout_over_tcp(void **state)
{
    (void)state;
    size_t len = fixture_query(query, "two.example.test", TYPE_A);
    len = fixture_add_opt(query, len, 1232, "\0\13\0\0", 4);
    assert_int_equal(ask(len, true), DNS_NOERROR);
    expect_options("\0\13\0\2\0\x64");
    config->tcp_idle_timeout_ms = INT64_C(86400000);
    assert_int_equal(ask(len, true), DNS_NOERROR);
    expect_options("\0\13\0\2\xFF\xFF");
}

static void keepalive_over_udp_is_ignored(void **state)
{
    (void)state;
    assert_int_equal(ASK("two.example.test", TYPE_A, "\0\13\0\0"), DNS_NOERROR);
    expect_no_options();
    assert_int_equal(ASK("two.example.test", TYPE_A, "\0\13\0\2\0\1"), DNS_NOERROR);
    expect_no_options();
}

static void keepalive_with_a_timeout_is_malformed_over_tcp(void **state)
{
    (void)state;
    size_t len = fixture_query(query, "two.example.test", TYPE_A);
    len = fixture_add_opt(query, len, 1232, "\0\13\0\2\0\1", 6);
    assert_int_equal(ask(len, true), DNS_FORMERR);
    expect_no_options();
}

/* RFC 8914. */
static void a_refusal_says_why(void **state)
{
    (void)state;
    assert_int_equal(ASK("www.example.org", TYPE_A, ""), DNS_REFUSED);
    expect_options("\0\17\0\2\0\24");
    assert_int_equal(ASK("example.test", DNS_TYPE_AXFR, ""), DNS_REFUSED);
    expect_options("\0\17\0\2\0\22");
}

static unsigned ask_class(const char *name, uint16_t type, uint8_t class)
{
    size_t len = fixture_query(query, name, type);
    query[len - 1] = class;
    return ask(fixture_add_opt(query, len, 1232, "", 0), false);
}

static void a_refusal_in_other_classes_says_why(void **state)
{
    (void)state;
    assert_int_equal(ask_class("version.bind", TYPE_TXT, DNS_CLASS_CH), DNS_REFUSED);
    expect_options("\0\17\0\2\0\22");
    assert_int_equal(ask_class("authors.bind", TYPE_TXT, DNS_CLASS_CH), DNS_REFUSED);
    expect_options("\0\17\0\2\0\24");
    assert_int_equal(ask_class("example.test", TYPE_A, 4), DNS_REFUSED);
    expect_options("\0\17\0\2\0\24");
    config->version = "Ballast";
    assert_int_equal(ask_class("version.bind", TYPE_A, DNS_CLASS_CH), DNS_REFUSED);
    expect_options("\0\17\0\2\0\25");
}

static void without_opt_no_reason_is_sent(void **state)
{
    (void)state;
    size_t len = fixture_query(query, "www.example.org", TYPE_A);
    response_len = fixture_ask(fixture, query, len, false);
    assert_int_equal(response_len, len);
    assert_int_equal(wire_load_u16(fixture->out + 10), 0);
}

static void what_is_answered_has_no_reason(void **state)
{
    (void)state;
    assert_int_equal(ASK("nope.example.test", TYPE_A, ""), DNS_NXDOMAIN);
    expect_no_options();
}

/* The largest of everything is in 512 octets, for every length of a name that is refused. */
static void an_error_with_every_option_fits_the_least_size(void **state)
{
    (void)state;
    static const char option[] = "\0\10\0\24\0\2\x80\0aaaaaaaaaaaaaaaa\0\3\0\0\0\12\0\10abcdefgh";
    struct prefix everybody = {.family = AF_INET};
    char nsid[CONFIG_NSID_MAX];
    char name[256] = "";
    memset(nsid, 'n', sizeof(nsid));
    config->nsid = (const uint8_t *)nsid;
    config->nsid_len = sizeof(nsid);
    config->client_subnet = &everybody;
    config->client_subnet_count = 1;
    fixture->out_size = ANSWER_OUT_MIN;
    for (size_t len = 0; len + 2 < 254; len += 2) {
        size_t query_len = fixture_query(query, name, TYPE_A);
        query_len = fixture_add_opt(query, query_len, 512, option, sizeof(option) - 1);
        assert_int_equal(ask(query_len, false), DNS_REFUSED);
        assert_true(response_len <= 512);
        assert_memory_equal(fixture->out + response_len - 24 - 6, "\0\17\0\2\0\24", 6);
        memcpy(name + len, "a.", 3);
    }
}

/* RFC 7873 section 5.2.3. */
static void a_client_cookie_gets_a_server_cookie(void **state)
{
    (void)state;
    uint8_t expected[4 + COOKIE_LEN] = {0, 10, 0, COOKIE_LEN};
    assert_int_equal(ASK("two.example.test", TYPE_A, "\0\12\0\10abcdefgh"), DNS_NOERROR);
    cookie_make(&secrets, (const uint8_t *)"abcdefgh", (const struct sockaddr *)&fixture->source,
                NOW_S, expected + 4);
    expect_end(expected, sizeof(expected));
    assert_int_equal(wire_load_u16(fixture->out + 6), 2);
}

/* The cookie option of a client that learned its cookie at this time. */
static const uint8_t *make_option(uint32_t made_s)
{
    static uint8_t option[4 + COOKIE_LEN] = {0, 10, 0, COOKIE_LEN};
    cookie_make(&secrets, (const uint8_t *)"abcdefgh", (const struct sockaddr *)&fixture->source,
                made_s, option + 4);
    return option;
}

static void a_good_cookie_comes_back_and_an_aging_one_is_renewed(void **state)
{
    (void)state;
    const uint8_t *option = make_option(NOW_S - 1000);
    assert_int_equal(ask_with("two.example.test", TYPE_A, option, 28), DNS_NOERROR);
    expect_end(option, 28);
    option = make_option(NOW_S - 2000);
    assert_int_equal(ask_with("two.example.test", TYPE_A, option, 28), DNS_NOERROR);
    expect_end(make_option(NOW_S), 28);
}

static void a_bad_cookie_is_answered_with_a_good_one(void **state)
{
    (void)state;
    const uint8_t *option = make_option(NOW_S - 4000);
    assert_int_equal(ask_with("two.example.test", TYPE_A, option, 28), DNS_NOERROR);
    assert_int_equal(wire_load_u16(fixture->out + 6), 2);
    expect_end(make_option(NOW_S), 28);
}

static void a_malformed_cookie_is_a_formerr(void **state)
{
    (void)state;
    assert_int_equal(ASK("two.example.test", TYPE_A, "\0\12\0\7abcdefg"), DNS_FORMERR);
    expect_no_options();
    assert_int_equal(ASK("two.example.test", TYPE_A, "\0\12\0\11abcdefghi"), DNS_FORMERR);
}

/* RFC 7873 section 5.2.3 and 5.2.4. */
static void where_a_cookie_is_required_others_get_badcookie(void **state)
{
    (void)state;
    config->cookies.is_required = true;
    const uint8_t *option = make_option(NOW_S - 4000);
    assert_int_equal(ask_with("two.example.test", TYPE_A, option, 28), DNS_BADCOOKIE);
    assert_int_equal(wire_load_u16(fixture->out + 6), 0);
    expect_end(make_option(NOW_S), 28);
    assert_int_equal(ASK("two.example.test", TYPE_A, "\0\12\0\10abcdefgh"), DNS_BADCOOKIE);
    expect_end(make_option(NOW_S), 28);
    assert_int_equal(exchange_count(fixture->exchange, COUNTER_BADCOOKIE), 2);
    option = make_option(NOW_S);
    assert_int_equal(ask_with("two.example.test", TYPE_A, option, 28), DNS_NOERROR);
    /* Whoever knows nothing of cookies is answered. */
    assert_int_equal(ASK("two.example.test", TYPE_A, ""), DNS_NOERROR);
    /* TCP has proved the address. */
    size_t len = fixture_query(query, "two.example.test", TYPE_A);
    len = fixture_add_opt(query, len, 1232, "\0\12\0\10abcdefgh", 12);
    assert_int_equal(ask(len, true), DNS_NOERROR);
}

/* RFC 7873 section 5.4. */
static void a_cookie_alone_is_answered(void **state)
{
    (void)state;
    memcpy(query, NO_QUESTION, 12);
    size_t len = fixture_add_opt(query, 12, 1232, "\0\12\0\10abcdefgh", 12);
    assert_int_equal(ask(len, false), DNS_NOERROR);
    assert_memory_equal(fixture->out, "\x12\x34\x80\0\0\0\0\0\0\0\0\1", 12);
    expect_end(make_option(NOW_S), 28);
    memcpy(query, NO_QUESTION, 12);
    len = fixture_add_opt(query, 12, 1232, make_option(NOW_S - 1), 28);
    assert_int_equal(ask(len, false), DNS_NOERROR);
    memcpy(query, NO_QUESTION, 12);
    len = fixture_add_opt(query, 12, 1232, make_option(NOW_S - 4000), 28);
    assert_int_equal(ask(len, false), DNS_BADCOOKIE);
    expect_end(make_option(NOW_S), 28);
}

static void without_cookies_the_option_is_unknown(void **state)
{
    (void)state;
    fixture->snapshot->cookies.count = 0;
    assert_int_equal(ASK("two.example.test", TYPE_A, "\0\12\0\10abcdefgh"), DNS_NOERROR);
    expect_no_options();
    memcpy(query, NO_QUESTION, 12);
    size_t len = fixture_add_opt(query, 12, 1232, "\0\12\0\10abcdefgh", 12);
    assert_int_equal(ask(len, false), DNS_FORMERR);
    assert_int_equal(ASK("two.example.test", TYPE_A, "\0\12\0\7abcdefg"), DNS_FORMERR);
}

static void a_truncated_answer_keeps_its_options(void **state)
{
    (void)state;
    size_t len = fixture_query(query, "big.example.test", TYPE_TXT);
    len = fixture_add_opt(query, len, 512, "\0\12\0\10abcdefgh", 12);
    assert_int_equal(ask(len, false), DNS_NOERROR);
    assert_true((fixture->out[2] & 0x02) != 0);
    expect_end(make_option(NOW_S), 28);
}

/* RFC 6891 section 6.1.3: nothing is known of the options of another version. */
static void another_version_has_no_options(void **state)
{
    (void)state;
    size_t len = fixture_query(query, "two.example.test", TYPE_A);
    size_t opt = len;
    len = fixture_add_opt(query, len, 1232, "\0\12\0\10abcdefgh", 12);
    query[opt + 6] = 1;
    assert_int_equal(ask(len, false), DNS_BADVERS);
    expect_no_options();
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(nsid_is_told_to_who_asks),
        TEST(without_an_nsid_none_is_told),
        TEST(an_unknown_option_is_not_echoed),
        TEST(keepalive_tells_the_idle_timeout_over_tcp),
        TEST(keepalive_over_udp_is_ignored),
        TEST(keepalive_with_a_timeout_is_malformed_over_tcp),
        TEST(a_refusal_says_why),
        TEST(a_refusal_in_other_classes_says_why),
        TEST(without_opt_no_reason_is_sent),
        TEST(what_is_answered_has_no_reason),
        TEST(an_error_with_every_option_fits_the_least_size),
        TEST(a_client_cookie_gets_a_server_cookie),
        TEST(a_good_cookie_comes_back_and_an_aging_one_is_renewed),
        TEST(a_bad_cookie_is_answered_with_a_good_one),
        TEST(a_malformed_cookie_is_a_formerr),
        TEST(where_a_cookie_is_required_others_get_badcookie),
        TEST(a_cookie_alone_is_answered),
        TEST(without_cookies_the_option_is_unknown),
        TEST(a_truncated_answer_keeps_its_options),
        TEST(another_version_has_no_options),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
