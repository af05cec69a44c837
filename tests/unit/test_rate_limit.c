/* SPDX-License-Identifier: BSD-2-Clause */
/* The limit in virtual time, and the responses that meet it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "server/cookie.h"
#include "server/dns.h"
#include "server/rate_limit.h"
#include "server/wire.h"
#include "tests/unit/answer_fixture.h"

#define TYPE_A 1
#define RATE   10
#define WINDOW 5

static const uint8_t key[RATE_LIMIT_KEY_OCTETS] = "a fixed key 1234";
static struct config_rate_limit config;
static struct rate_limit *limit;
static struct fixture *fixture;
static uint8_t query[600];
static size_t query_len;

static int set_up(void **state)
{
    (void)state;
    fixture = fixture_new(1);
    struct config_rate_limit *served = &fixture->config.server.rate_limit;
    *served = (struct config_rate_limit){
        .responses_per_second = RATE, .window_s = WINDOW, .slip = 0, .size = 1024};
    config = *served;
    limit = rate_limit_new(&config, key);
    fixture->context.rate_limit = rate_limit_new(served, key);
    assert_non_null(limit);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    rate_limit_free(limit);
    rate_limit_free(fixture->context.rate_limit);
    fixture_free(fixture);
    return 0;
}

static enum rate_verdict judge(uint64_t client, const char *name, uint32_t now_ms)
{
    struct rate_subject subject = {
        .client = client, .what = rate_what(RATE_ANSWER, (const uint8_t *)name, strlen(name))};
    return rate_limit_judge(limit, &subject, now_ms);
}

static unsigned count_sent(uint64_t client, unsigned count, uint32_t now_ms)
{
    unsigned sent = 0;
    for (unsigned i = 0; i < count; i++) {
        sent += judge(client, "name", now_ms) == RATE_SEND ? 1 : 0;
    }
    return sent;
}

static void without_a_rate_there_is_no_limit(void **state)
{
    (void)state;
    assert_null(rate_limit_new(&(struct config_rate_limit){.size = 1024}, key));
}

static void a_burst_of_a_second_passes_and_no_more(void **state)
{
    (void)state;
    assert_int_equal(count_sent(1, 100, 5000), RATE);
}

static void a_steady_client_within_the_rate_is_never_limited(void **state)
{
    (void)state;
    for (uint32_t now_ms = 0; now_ms < 60000; now_ms += 1000 / RATE) {
        assert_int_equal(judge(1, "name", now_ms), RATE_SEND);
    }
}

/* Of twice the rate less than the rate passes: whoever does not slow down pays its debt. */
static void a_steady_client_over_the_rate_gets_little(void **state)
{
    (void)state;
    unsigned sent = 0;
    for (uint32_t now_ms = 0; now_ms < 60000; now_ms += 500 / RATE) {
        sent += judge(1, "name", now_ms) == RATE_SEND ? 1 : 0;
    }
    assert_in_range(sent, RATE, 2 * RATE);
}

static void debt_is_a_window_at_most(void **state)
{
    (void)state;
    count_sent(1, 100000, 0);
    assert_int_equal(judge(1, "name", WINDOW * 1000), RATE_DROP);
    assert_int_equal(judge(1, "name", 2 * WINDOW * 1000), RATE_SEND);
}

static void a_rest_earns_a_second_at_most(void **state)
{
    (void)state;
    assert_int_equal(count_sent(1, 1, 0), 1);
    assert_int_equal(count_sent(1, 100, 3600000), RATE);
}

static void clients_names_and_kinds_count_apart(void **state)
{
    (void)state;
    count_sent(1, 100, 0);
    assert_int_equal(judge(1, "name", 0), RATE_DROP);
    assert_int_equal(judge(2, "name", 0), RATE_SEND);
    assert_int_equal(judge(1, "other", 0), RATE_SEND);
    struct rate_subject subject = {.client = 1,
                                   .what = rate_what(RATE_NXDOMAIN, (const uint8_t *)"name", 4)};
    assert_int_equal(rate_limit_judge(limit, &subject, 0), RATE_SEND);
}

static void each_nth_over_the_limit_slips(void **state)
{
    (void)state;
    count_sent(1, RATE, 0);
    config.slip = 3;
    for (unsigned i = 1; i <= 12; i++) {
        assert_int_equal(judge(1, "name", 0), i % 3 == 0 ? RATE_SLIP : RATE_DROP);
    }
    config.slip = 1;
    assert_int_equal(judge(1, "name", 0), RATE_SLIP);
    config.slip = 0;
    assert_int_equal(judge(1, "name", 0), RATE_DROP);
}

static void the_clock_may_run_over(void **state)
{
    (void)state;
    assert_int_equal(count_sent(1, 100, UINT32_MAX - 100), RATE);
    assert_int_equal(judge(1, "name", UINT32_MAX), RATE_DROP);
    assert_int_equal(judge(1, "name", 2 * WINDOW * 1000), RATE_SEND);
}

/* More subjects than buckets: new ones are let pass, and one that is busy keeps its place. */
static void a_full_table_lets_pass_but_holds_who_is_busy(void **state)
{
    (void)state;
    unsigned sent = 0;
    for (uint64_t other = 0; other < 100000; other++) {
        uint32_t now_ms = (uint32_t)(other / 100);
        assert_int_equal(judge(1000 + other, "name", now_ms), RATE_SEND);
        sent += judge(1, "name", now_ms) == RATE_SEND ? 1 : 0;
    }
    assert_in_range(sent, RATE, 3 * RATE);
}

static bool is_answered(void)
{
    return fixture_ask(fixture, query, query_len, false) > 0;
}

static unsigned ask_often(const char *name, unsigned count)
{
    unsigned answered = 0;
    query_len = fixture_query(query, name, TYPE_A);
    for (unsigned i = 0; i < count; i++) {
        answered += is_answered() ? 1 : 0;
    }
    return answered;
}

static void answers_to_one_name_are_limited_and_counted(void **state)
{
    (void)state;
    assert_int_equal(ask_often("two.example.test", 50), RATE);
    assert_int_equal(exchange_count(fixture->exchange, COUNTER_RATE_DROPPED), 40);
    assert_int_equal(exchange_count(fixture->exchange, COUNTER_NOERROR), RATE);
    assert_int_equal(ask_often("ns1.example.test", 50), RATE);
    answer_context_set_time(&fixture->context, 0, 20000);
    assert_int_equal(ask_often("two.example.test", 50), RATE);
}

static void names_made_up_below_a_zone_or_wildcard_are_one(void **state)
{
    (void)state;
    char name[64];
    unsigned nxdomain = 0, wildcard = 0, refused = 0;
    for (unsigned i = 0; i < 50; i++) {
        snprintf(name, sizeof(name), "x%u.example.test", i);
        nxdomain += ask_often(name, 1);
        snprintf(name, sizeof(name), "x%u.wild.example.test", i);
        wildcard += ask_often(name, 1);
        snprintf(name, sizeof(name), "x%u.example.org", i);
        refused += ask_often(name, 1);
    }
    assert_int_equal(nxdomain, RATE);
    assert_int_equal(wildcard, RATE);
    assert_int_equal(refused, RATE);
}

static void a_slipped_answer_is_empty_and_truncated(void **state)
{
    (void)state;
    ask_often("two.example.test", RATE);
    fixture->config.server.rate_limit.slip = 1;
    size_t len = fixture_ask(fixture, query, query_len, false);
    assert_string_equal(fixture_print(fixture->out, len), "NOERROR aa tc | | |");
    assert_int_equal(len, query_len);
    assert_int_equal(exchange_count(fixture->exchange, COUNTER_RATE_SLIPPED), 1);
}

static void neighbours_share_and_others_do_not(void **state)
{
    (void)state;
    ask_often("two.example.test", 50);
    fixture->source.sin_addr.s_addr ^= htonl(1);
    assert_false(is_answered());
    fixture->source.sin_addr.s_addr ^= htonl(0x100);
    assert_true(is_answered());
}

static void tcp_is_not_limited(void **state)
{
    (void)state;
    ask_often("two.example.test", 50);
    assert_true(fixture_ask(fixture, query, query_len, true) > 0);
}

static void exempt_networks_are_not_limited(void **state)
{
    (void)state;
    struct prefix exempt = {.family = AF_INET, .bits = 24, .octets = {192, 0, 2}};
    fixture->config.server.rate_limit.exempt = &exempt;
    fixture->config.server.rate_limit.exempt_count = 1;
    assert_int_equal(ask_often("two.example.test", 50), 50);
}

static void a_good_cookie_exempts_and_a_bad_one_does_not(void **state)
{
    (void)state;
    struct cookie_secrets secrets = {.count = 1};
    uint8_t option[4 + COOKIE_LEN] = {0, 10, 0, COOKIE_LEN};
    fixture->snapshot->cookies = secrets;
    ask_often("two.example.test", 50);
    cookie_make(&secrets, (const uint8_t *)"abcdefgh", (const struct sockaddr *)&fixture->source, 0,
                option + 4);
    size_t plain_len = query_len;
    query_len = fixture_add_opt(query, plain_len, 1232, option, sizeof(option));
    assert_true(is_answered());
    query[query_len - 1] ^= 1;
    assert_false(is_answered());
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(without_a_rate_there_is_no_limit),
        TEST(a_burst_of_a_second_passes_and_no_more),
        TEST(a_steady_client_within_the_rate_is_never_limited),
        TEST(a_steady_client_over_the_rate_gets_little),
        TEST(debt_is_a_window_at_most),
        TEST(a_rest_earns_a_second_at_most),
        TEST(clients_names_and_kinds_count_apart),
        TEST(each_nth_over_the_limit_slips),
        TEST(the_clock_may_run_over),
        TEST(a_full_table_lets_pass_but_holds_who_is_busy),
        TEST(answers_to_one_name_are_limited_and_counted),
        TEST(names_made_up_below_a_zone_or_wildcard_are_one),
        TEST(a_slipped_answer_is_empty_and_truncated),
        TEST(neighbours_share_and_others_do_not),
        TEST(tcp_is_not_limited),
        TEST(exempt_networks_are_not_limited),
        TEST(a_good_cookie_exempts_and_a_bad_one_does_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
