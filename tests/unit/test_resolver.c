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
#include "control/resolver.h"
#include "tests/unit/dns_stub.h"
#include "tests/unit/loop_fixture.h"

#include <arpa/inet.h>

#define TIMEOUT_MS 100

struct fixture {
    struct loop_fixture loop;
    struct dns_stub stub;
    struct dns_stub silent;
    bool has_silent;
    struct resolver *resolver;
    unsigned calls;
    uint32_t ttl_s;
    size_t count;
    char text[2000]; /* "192.0.2.1 192.0.2.2", or why not */
    unsigned ask_again;
};

static struct address loopback(uint16_t port)
{
    struct address address = {.len = sizeof(address.v4)};
    address.v4.sin_family = AF_INET;
    address.v4.sin_addr.s_addr = htonl(0x7F000001);
    address.v4.sin_port = htons(port);
    return address;
}

static int open_fixture(void **state)
{
    struct fixture *fixture = alloc_zeroed(1, sizeof(*fixture));
    struct error err;
    *state = fixture;
    loop_fixture_open(&fixture->loop);
    dns_stub_open(&fixture->stub, &fixture->loop.loop);
    struct address server = loopback(fixture->stub.port);
    fixture->resolver = resolver_new(&fixture->loop.loop, &server, 1, TIMEOUT_MS, &err);
    assert_non_null(fixture->resolver);
    return 0;
}

static int close_fixture(void **state)
{
    struct fixture *fixture = *state;
    resolver_close(fixture->resolver);
    dns_stub_close(&fixture->stub);
    if (fixture->has_silent) {
        dns_stub_close(&fixture->silent);
    }
    loop_fixture_close(&fixture->loop);
    free(fixture);
    return 0;
}

static void note(void *argument, const struct resolver_answer *answer)
{
    struct fixture *fixture = argument;
    size_t used = 0;
    int family = fixture->stub.last_type == 28 ? AF_INET6 : AF_INET;
    fixture->calls++;
    fixture->ttl_s = answer->ttl_s;
    fixture->count = answer->count;
    snprintf(fixture->text, sizeof(fixture->text), "%s", answer->text);
    for (size_t i = 0; i < answer->count && i < 20; i++) {
        char text[INET6_ADDRSTRLEN];
        size_t octets = family == AF_INET ? 4 : 16;
        inet_ntop(family, answer->addresses + i * octets, text, sizeof(text));
        used += (size_t)snprintf(fixture->text + used, sizeof(fixture->text) - used, "%s%s",
                                 i == 0 ? "" : " ", text);
    }
    if (fixture->ask_again > 0) {
        fixture->ask_again--;
        resolver_ask(fixture->resolver, "again.example", AF_INET, note, fixture);
    }
}

static void ask(struct fixture *fixture, const char *host, int family)
{
    fixture->calls = 0;
    resolver_ask(fixture->resolver, host, family, note, fixture);
    LOOP_UNTIL(&fixture->loop, fixture->calls > 0);
}

static void addresses_come_with_their_ttl(void **state)
{
    struct fixture *fixture = *state;
    fixture->stub.script = (struct dns_script){.values = "192.0.2.7 192.0.2.3", .ttl_s = 60};
    ask(fixture, "green.elb.example.com", AF_INET);
    assert_string_equal(fixture->text, "192.0.2.7 192.0.2.3");
    assert_int_equal(fixture->ttl_s, 60);
    assert_string_equal(fixture->stub.last_name, "green.elb.example.com");
    assert_int_equal(fixture->stub.last_type, 1);
    assert_true(fixture->stub.last_had_edns);
    assert_int_equal(fixture->stub.udp_queries, 1);
}

static void aaaa_is_asked_for_ipv6(void **state)
{
    struct fixture *fixture = *state;
    fixture->stub.script = (struct dns_script){.values = "2001:db8::7 2001:db8::3", .ttl_s = 5};
    ask(fixture, "green.elb.example.com", AF_INET6);
    assert_string_equal(fixture->text, "2001:db8::7 2001:db8::3");
    assert_int_equal(fixture->stub.last_type, 28);
}

static void the_search_list_is_not_used(void **state)
{
    struct fixture *fixture = *state;
    fixture->stub.script = (struct dns_script){.rcode = 3};
    ask(fixture, "localhost", AF_INET);
    assert_string_equal(fixture->stub.last_name, "localhost");
    assert_int_equal(fixture->stub.udp_queries, 1);
    assert_string_equal(fixture->text, "Domain name not found");
}

static void the_shortest_ttl_of_a_chain_counts(void **state)
{
    struct fixture *fixture = *state;
    fixture->stub.script = (struct dns_script){
        .cnames = "a.example 300, b.example 20", .values = "192.0.2.1", .ttl_s = 60};
    ask(fixture, "www.example", AF_INET);
    assert_string_equal(fixture->text, "192.0.2.1");
    assert_int_equal(fixture->ttl_s, 20);
}

static void a_ttl_of_zero_is_zero(void **state)
{
    struct fixture *fixture = *state;
    fixture->stub.script = (struct dns_script){.values = "192.0.2.1"};
    ask(fixture, "www.example", AF_INET);
    assert_int_equal(fixture->ttl_s, 0);
    assert_int_equal(fixture->count, 1);
}

/* RFC 2181 section 8: the top bit set is 0. */
static void a_ttl_with_the_top_bit_is_zero(void **state)
{
    struct fixture *fixture = *state;
    fixture->stub.script = (struct dns_script){.values = "192.0.2.1", .ttl_s = 0x80000001};
    ask(fixture, "www.example", AF_INET);
    assert_int_equal(fixture->ttl_s, 0);
}

static void a_truncated_answer_comes_over_tcp(void **state)
{
    struct fixture *fixture = *state;
    fixture->stub.script = (struct dns_script){
        .is_truncated = true, .values = "192.0.2.1", .repeat = 199, .ttl_s = 60};
    ask(fixture, "www.example", AF_INET);
    assert_int_equal(fixture->count, 200);
    assert_int_equal(fixture->stub.udp_queries, 1);
    assert_int_equal(fixture->stub.tcp_queries, 1);
}

static void too_many_addresses_are_cut(void **state)
{
    struct fixture *fixture = *state;
    fixture->stub.script = (struct dns_script){
        .is_truncated = true, .values = "10.0.0.1", .repeat = 1500, .ttl_s = 60};
    ask(fixture, "www.example", AF_INET);
    assert_int_equal(fixture->count, 1024);
}

static void what_is_no_answer_says_why(void **state)
{
    struct fixture *fixture = *state;
    static const struct {
        struct dns_script script;
        const char *text;
    } cases[] = {
        {{.rcode = 2}, "no resolver gave an answer"},
        {{.rcode = 5}, "no resolver gave an answer"},
        {{.rcode = 3}, "Domain name not found"},
        {{.rcode = 0}, "DNS server returned answer with no data"},
        {{.cnames = "b.example 60"}, "DNS server returned answer with no data"},
        {{.is_garbled = true}, "Misformatted DNS reply"},
        {{.is_silent = true}, "Timeout while contacting DNS servers"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        fixture->stub.script = cases[i].script;
        ask(fixture, "www.example", AF_INET);
        assert_string_equal(fixture->text, cases[i].text);
        assert_int_equal(fixture->count, 0);
    }
    /* And none of them is the end. */
    fixture->stub.script = (struct dns_script){.values = "192.0.2.1"};
    ask(fixture, "www.example", AF_INET);
    assert_string_equal(fixture->text, "192.0.2.1");
}

static void a_name_that_is_none_fails_at_once(void **state)
{
    struct fixture *fixture = *state;
    resolver_ask(fixture->resolver, "lb..example", AF_INET, note, fixture);
    assert_int_equal(fixture->calls, 1);
    assert_string_equal(fixture->text, "Misformatted domain name");
    assert_int_equal(fixture->stub.udp_queries, 0);
}

static void a_silent_server_is_followed_by_the_next(void **state)
{
    struct fixture *fixture = *state;
    struct error err;
    dns_stub_open(&fixture->silent, &fixture->loop.loop);
    fixture->has_silent = true;
    fixture->silent.script.is_silent = true;
    struct address servers[] = {loopback(fixture->silent.port), loopback(fixture->stub.port)};
    resolver_close(fixture->resolver);
    fixture->resolver = resolver_new(&fixture->loop.loop, servers, 2, TIMEOUT_MS, &err);
    fixture->stub.script = (struct dns_script){.values = "192.0.2.1", .ttl_s = 60};
    ask(fixture, "www.example", AF_INET);
    assert_string_equal(fixture->text, "192.0.2.1");
    assert_int_equal(fixture->silent.udp_queries, 1);
}

static void a_failing_server_is_followed_by_the_next(void **state)
{
    struct fixture *fixture = *state;
    struct error err;
    dns_stub_open(&fixture->silent, &fixture->loop.loop);
    fixture->has_silent = true;
    fixture->silent.script.rcode = 2;
    struct address servers[] = {loopback(fixture->silent.port), loopback(fixture->stub.port)};
    resolver_close(fixture->resolver);
    fixture->resolver = resolver_new(&fixture->loop.loop, servers, 2, TIMEOUT_MS, &err);
    fixture->stub.script = (struct dns_script){.values = "192.0.2.1", .ttl_s = 60};
    ask(fixture, "www.example", AF_INET);
    assert_string_equal(fixture->text, "192.0.2.1");
    assert_int_equal(fixture->silent.udp_queries, 1);
}

static void many_wait_for_their_turn_and_all_are_answered(void **state)
{
    struct fixture *fixture = *state;
    fixture->stub.script = (struct dns_script){.values = "192.0.2.1", .ttl_s = 60};
    for (int i = 0; i < 500; i++) {
        char host[32];
        snprintf(host, sizeof(host), "h%d.example", i);
        resolver_ask(fixture->resolver, host, AF_INET, note, fixture);
    }
    LOOP_UNTIL(&fixture->loop, fixture->calls == 500);
    assert_int_equal(fixture->stub.udp_queries, 500);
    assert_string_equal(fixture->text, "192.0.2.1");
}

static void done_may_ask_again(void **state)
{
    struct fixture *fixture = *state;
    fixture->stub.script = (struct dns_script){.rcode = 2};
    fixture->ask_again = 3;
    resolver_ask(fixture->resolver, "www.example", AF_INET, note, fixture);
    LOOP_UNTIL(&fixture->loop, fixture->calls == 4);
    assert_string_equal(fixture->stub.last_name, "again.example");
}

static void it_may_be_closed_while_queries_are_on_their_way(void **state)
{
    struct fixture *fixture = *state;
    resolver_close(NULL);
    fixture->stub.script.is_silent = true;
    for (int i = 0; i < 100; i++) {
        resolver_ask(fixture->resolver, "www.example", AF_INET, note, fixture);
    }
    LOOP_UNTIL(&fixture->loop, fixture->stub.udp_queries > 0);
    resolver_close(STEAL(fixture->resolver));
    loop_fixture_turn(&fixture->loop);
    assert_int_equal(fixture->calls, 0);
}

static void the_systems_servers_are_the_default(void **state)
{
    struct fixture *fixture = *state;
    struct error err;
    struct resolver *resolver = resolver_new(&fixture->loop.loop, NULL, 0, TIMEOUT_MS, &err);
    assert_non_null(resolver);
    /* Fails without a query, and so makes the next one read the system's servers again. */
    resolver_ask(resolver, "lb..example", AF_INET, note, fixture);
    resolver_ask(resolver, "lb..example", AF_INET, note, fixture);
    assert_int_equal(fixture->calls, 2);
    resolver_close(resolver);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, open_fixture, close_fixture)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(addresses_come_with_their_ttl),
        TEST(aaaa_is_asked_for_ipv6),
        TEST(the_search_list_is_not_used),
        TEST(the_shortest_ttl_of_a_chain_counts),
        TEST(a_ttl_of_zero_is_zero),
        TEST(a_ttl_with_the_top_bit_is_zero),
        TEST(a_truncated_answer_comes_over_tcp),
        TEST(too_many_addresses_are_cut),
        TEST(what_is_no_answer_says_why),
        TEST(a_name_that_is_none_fails_at_once),
        TEST(a_silent_server_is_followed_by_the_next),
        TEST(a_failing_server_is_followed_by_the_next),
        TEST(many_wait_for_their_turn_and_all_are_answered),
        TEST(done_may_ask_again),
        TEST(it_may_be_closed_while_queries_are_on_their_way),
        TEST(the_systems_servers_are_the_default),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
