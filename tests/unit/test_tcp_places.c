/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "common/address.h"
#include "server/tcp_places.h"

static uint64_t client(const char *text)
{
    struct address address;
    assert_true(address_parse(&address, text, 53, NULL));
    return tcp_places_client(&address.any);
}

static void all_places_are_given_and_no_more(void **state)
{
    (void)state;
    struct tcp_places *places = tcp_places_new(3, 3, 1);
    for (uint64_t i = 1; i <= 3; i++) {
        assert_int_equal(tcp_places_take(places, i, false), TCP_PLACES_TAKEN);
    }
    assert_int_equal(tcp_places_take(places, 4, false), TCP_PLACES_FULL);
    tcp_places_leave(places, 2);
    assert_int_equal(tcp_places_take(places, 4, false), TCP_PLACES_TAKEN);
    assert_int_equal(tcp_places_take(places, 5, false), TCP_PLACES_FULL);
    tcp_places_free(places);
}

static void one_client_has_its_limit(void **state)
{
    (void)state;
    struct tcp_places *places = tcp_places_new(10, 2, 1);
    assert_int_equal(tcp_places_take(places, 1, false), TCP_PLACES_TAKEN);
    assert_int_equal(tcp_places_take(places, 1, false), TCP_PLACES_TAKEN);
    assert_int_equal(tcp_places_take(places, 1, false), TCP_PLACES_CLIENT_FULL);
    assert_int_equal(tcp_places_take(places, 1, true), TCP_PLACES_CLIENT_FULL);
    assert_int_equal(tcp_places_take(places, 2, false), TCP_PLACES_TAKEN);
    tcp_places_leave(places, 1);
    assert_int_equal(tcp_places_take(places, 1, false), TCP_PLACES_TAKEN);
    tcp_places_free(places);
}

static void each_worker_may_exceed_by_one(void **state)
{
    (void)state;
    struct tcp_places *places = tcp_places_new(1, 10, 2);
    assert_int_equal(tcp_places_take(places, 1, true), TCP_PLACES_TAKEN);
    assert_int_equal(tcp_places_take(places, 1, false), TCP_PLACES_FULL);
    assert_int_equal(tcp_places_take(places, 1, true), TCP_PLACES_TAKEN);
    assert_int_equal(tcp_places_take(places, 1, true), TCP_PLACES_TAKEN);
    assert_int_equal(tcp_places_take(places, 1, true), TCP_PLACES_FULL);
    tcp_places_free(places);
}

static void nobody_has_no_limit_of_its_own(void **state)
{
    (void)state;
    struct tcp_places *places = tcp_places_new(4, 1, 1);
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(tcp_places_take(places, TCP_PLACES_NOBODY, false), TCP_PLACES_TAKEN);
    }
    assert_int_equal(tcp_places_take(places, TCP_PLACES_NOBODY, false), TCP_PLACES_FULL);
    tcp_places_leave(places, TCP_PLACES_NOBODY);
    assert_int_equal(tcp_places_take(places, 1, false), TCP_PLACES_TAKEN);
    tcp_places_free(places);
}

/* Against a plain array: what leaves must not hide who came after it. */
/* Behind a proxy the client is named after its connection was taken. */
static void a_client_that_is_named_late_has_its_limit(void **state)
{
    (void)state;
    struct tcp_places *places = tcp_places_new(5, 2, 0);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(tcp_places_take(places, TCP_PLACES_NOBODY, false), TCP_PLACES_TAKEN);
    }
    assert_true(tcp_places_assign(places, 7));
    assert_true(tcp_places_assign(places, 7));
    assert_false(tcp_places_assign(places, 7));
    assert_true(tcp_places_assign(places, 8));
    assert_int_equal(tcp_places_take(places, 7, false), TCP_PLACES_CLIENT_FULL);
    tcp_places_leave(places, 7);
    assert_int_equal(tcp_places_take(places, 7, false), TCP_PLACES_TAKEN);
    tcp_places_leave(places, 7);
    tcp_places_leave(places, 7);
    tcp_places_leave(places, 8);
    tcp_places_leave(places, TCP_PLACES_NOBODY);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(tcp_places_take(places, 7, false), TCP_PLACES_TAKEN);
    }
    tcp_places_free(places);
}

static void clients_come_and_go_in_any_order(void **state)
{
    (void)state;
    enum { CLIENTS = 64, PLACES = 50, LIMIT = 3 };
    struct tcp_places *places = tcp_places_new(PLACES, LIMIT, 0);
    unsigned counts[CLIENTS] = {0};
    unsigned total = 0;
    uint32_t random = 1;
    for (unsigned turn = 0; turn < 200000; turn++) {
        random = random * 1664525 + 1013904223;
        unsigned one = random >> 16 & (CLIENTS - 1);
        if ((random >> 30 & 1) != 0 && counts[one] > 0) {
            tcp_places_leave(places, one + 1);
            counts[one]--;
            total--;
            continue;
        }
        enum tcp_places_verdict expected = counts[one] == LIMIT ? TCP_PLACES_CLIENT_FULL
                                           : total == PLACES    ? TCP_PLACES_FULL
                                                                : TCP_PLACES_TAKEN;
        assert_int_equal(tcp_places_take(places, one + 1, false), expected);
        counts[one] += expected == TCP_PLACES_TAKEN ? 1 : 0;
        total += expected == TCP_PLACES_TAKEN ? 1 : 0;
    }
    tcp_places_free(places);
}

static void a_client_is_an_ipv4_address_or_an_ipv6_64(void **state)
{
    (void)state;
    assert_true(client("192.0.2.1") != client("192.0.2.2"));
    assert_true(client("192.0.2.1") == client("::ffff:192.0.2.1"));
    assert_true(client("2001:db8::1") == client("2001:db8::2:3:4:5"));
    assert_true(client("2001:db8::1") != client("2001:db8:0:1::1"));
    assert_true(client("::1") != TCP_PLACES_NOBODY);
    assert_true(client("0.0.0.0") != TCP_PLACES_NOBODY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_places_are_given_and_no_more),
        cmocka_unit_test(one_client_has_its_limit),
        cmocka_unit_test(each_worker_may_exceed_by_one),
        cmocka_unit_test(nobody_has_no_limit_of_its_own),
        cmocka_unit_test(a_client_that_is_named_late_has_its_limit),
        cmocka_unit_test(clients_come_and_go_in_any_order),
        cmocka_unit_test(a_client_is_an_ipv4_address_or_an_ipv6_64),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
