/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <arpa/inet.h>

#include "server/xdp/frame.h"
#include "tests/unit/frame_sums.h"

#define MAC_OURS   "\x02\0\0\0\0\x01"
#define MAC_THEIRS "\x02\0\0\0\0\x0a"
#define V4_THEIRS  "\xc0\0\2\x05" /* 192.0.2.5 */
#define V4_OURS    "\xc0\0\2\x35"
#define V6_THEIRS  "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x05" /* 2001:db8::5 */
#define V6_OURS    "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x35"

/* The sums were worked out by another program. */
static const char query_v4[] = MAC_OURS MAC_THEIRS
    "\x08\0"
    "\x45\0\0\x21\xbe\xef\0\0\x3d\x11\x3a\xa2" V4_THEIRS V4_OURS "\x12\x34\0\x35\0\x0d\x19\x48"
    "query";
static const char answer_v4[] = MAC_THEIRS MAC_OURS
    "\x08\0"
    "\x45\0\0\x24\0\0\x40\0\x40\x11\xb6\x8e" V4_OURS V4_THEIRS "\0\x35\x12\x34\0\x10\xa0\x80"
    "response";
static const char query_v6[] = MAC_OURS MAC_THEIRS "\x86\xdd"
                                                   "\x60\1\x23\x45\0\x0d\x11\x3d" V6_THEIRS V6_OURS
                                                   "\x12\x34\0\x35\0\x0d\x41\xd7"
                                                   "query";
static const char answer_v6[] =
    MAC_THEIRS MAC_OURS "\x86\xdd"
                        "\x60\0\0\0\0\x10\x11\x40" V6_OURS V6_THEIRS "\0\x35\x12\x34\0\x10\xc9\x0f"
                        "response";

#define V4_LEN (sizeof(query_v4) - 1)
#define V6_LEN (sizeof(query_v6) - 1)

static void a_query_over_ipv4_is_read(void **state)
{
    (void)state;
    char padded[60] = {0};
    struct frame frame;
    memcpy(padded, query_v4, V4_LEN);
    assert_true(frame_parse(&frame, (const uint8_t *)padded, sizeof(padded)));
    assert_int_equal(frame.source.v4.sin_family, AF_INET);
    assert_int_equal(frame.source.v4.sin_port, htons(0x1234));
    assert_memory_equal(&frame.source.v4.sin_addr, V4_THEIRS, 4);
    assert_int_equal(frame.headers_len, FRAME_V4_HEADERS_LEN);
    assert_int_equal(frame.payload_len, 5);
    assert_memory_equal(frame.payload, "query", 5);
}

static void a_query_over_ipv6_is_read(void **state)
{
    (void)state;
    struct frame frame;
    assert_true(frame_parse(&frame, (const uint8_t *)query_v6, V6_LEN));
    assert_int_equal(frame.source.v6.sin6_family, AF_INET6);
    assert_int_equal(frame.source.v6.sin6_port, htons(0x1234));
    assert_memory_equal(&frame.source.v6.sin6_addr, V6_THEIRS, 16);
    assert_int_equal(frame.headers_len, FRAME_V6_HEADERS_LEN);
    assert_int_equal(frame.payload_len, 5);
    assert_memory_equal(frame.payload, "query", 5);
}

static void expect_answer(const char *query, size_t len, const char *expected, size_t expected_len)
{
    struct frame frame;
    uint8_t out[256];
    memset(out, 0xaa, sizeof(out));
    assert_true(frame_parse(&frame, (const uint8_t *)query, len));
    memcpy(out + frame.headers_len, "response", 8);
    assert_int_equal(frame_write_answer(out, (const uint8_t *)query, frame.headers_len, 8),
                     expected_len);
    assert_memory_equal(out, expected, expected_len);
    assert_true(frame_sums_are_right(out, expected_len));
}

static void answers_go_back_with_right_sums(void **state)
{
    (void)state;
    expect_answer(query_v4, V4_LEN, answer_v4, sizeof(answer_v4) - 1);
    expect_answer(query_v6, V6_LEN, answer_v6, sizeof(answer_v6) - 1);
}

/* Among these is one whose sum comes to 0, which has to be sent as 0xffff. */
static void no_answer_is_without_a_sum(void **state)
{
    (void)state;
    static const char *const queries[] = {query_v4, query_v6};
    static const size_t headers[] = {FRAME_V4_HEADERS_LEN, FRAME_V6_HEADERS_LEN};
    unsigned all_ones = 0;
    for (unsigned i = 0; i < 2 * 0x10000; i++) {
        size_t headers_len = headers[i % 2];
        uint8_t out[128];
        const uint8_t payload[] = {1, 2, (uint8_t)(i >> 9), (uint8_t)(i >> 1)};
        memcpy(out + headers_len, payload, sizeof(payload));
        size_t len =
            frame_write_answer(out, (const uint8_t *)queries[i % 2], headers_len, sizeof(payload));
        assert_true(frame_sums_are_right(out, len));
        all_ones += out[headers_len - 2] == 0xff && out[headers_len - 1] == 0xff;
    }
    assert_int_equal(all_ones, 2);
}

static void sums_are_right_at_every_length(void **state)
{
    (void)state;
    uint8_t out[FRAME_V6_HEADERS_LEN + 4096];
    for (size_t len = 0; len <= 4096; len = len < 70 ? len + 1 : len * 2 + len % 3) {
        memset(out, 0xff, sizeof(out));
        size_t all = frame_write_answer(out, (const uint8_t *)query_v4, FRAME_V4_HEADERS_LEN, len);
        assert_int_equal(all, FRAME_V4_HEADERS_LEN + len);
        assert_true(frame_sums_are_right(out, all));
        memset(out, 0xfe, sizeof(out));
        all = frame_write_answer(out, (const uint8_t *)query_v6, FRAME_V6_HEADERS_LEN, len);
        assert_true(frame_sums_are_right(out, all));
    }
}

struct change {
    size_t at;
    uint8_t octet;
    const char *what;
};

static void expect_refused(const char *query, size_t len, const struct change *change)
{
    struct frame frame;
    uint8_t octets[128];
    memcpy(octets, query, len);
    octets[change->at] = change->octet;
    if (octets[14] >> 4 == 4 && change->at != 24) { /* what is refused is not the sum */
        unsigned sum = 0;
        octets[24] = octets[25] = 0;
        for (size_t i = 14; i < 34; i += 2) {
            sum += octets[i] * 256u + octets[i + 1];
        }
        sum = ~((sum & 0xffff) + (sum >> 16));
        octets[24] = (uint8_t)(sum >> 8);
        octets[25] = (uint8_t)sum;
    }
    if (frame_parse(&frame, octets, len)) {
        fail_msg("taken: %s", change->what);
    }
}

static void what_is_unusual_is_refused_over_ipv4(void **state)
{
    (void)state;
    static const struct change changes[] = {
        {6, 0x03, "a link address of multicast"},
        {12, 0x81, "another protocol than IP"},
        {14, 0x46, "options"},
        {14, 0x44, "a header of 4 words"},
        {14, 0x65, "version 6"},
        {17, 0x20, "a datagram longer than the packet"},
        {17, 0x22, "a packet longer than the frame"},
        {20, 0x20, "a first fragment"},
        {20, 0x80, "the reserved bit"},
        {21, 0x01, "a last fragment"},
        {23, 0x06, "TCP"},
        {24, 0x3b, "a wrong sum of the header"},
        {26, 0x00, "a source in 0.0.0.0/8"},
        {26, 0x7f, "a source in 127.0.0.0/8"},
        {26, 0xe0, "a source of multicast"},
        {26, 0xf0, "a source in 240.0.0.0/4"},
        {26, 0xff, "a source of broadcast"},
        {39, 0x0c, "a datagram shorter than the packet"},
    };
    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        expect_refused(query_v4, V4_LEN, &changes[i]);
    }
}

static void what_is_unusual_is_refused_over_ipv6(void **state)
{
    (void)state;
    static const struct change changes[] = {
        {6, 0xff, "a link address of broadcast"},
        {12, 0x08, "another protocol than IPv6"},
        {14, 0x40, "version 4"},
        {19, 0x0c, "a packet shorter than the datagram"},
        {19, 0x0e, "a packet longer than the frame"},
        {20, 0x00, "hop-by-hop options"},
        {20, 0x2c, "a fragment"},
        {20, 0x06, "TCP"},
        {22, 0xff, "a source of multicast"},
        {59, 0x0e, "a datagram longer than the packet"},
    };
    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        expect_refused(query_v6, V6_LEN, &changes[i]);
    }
}

static void nobody_is_answered_at_port_0_or_without_an_address(void **state)
{
    (void)state;
    struct frame frame;
    uint8_t octets[128];
    memcpy(octets, query_v4, V4_LEN);
    octets[34] = octets[35] = 0;
    assert_false(frame_parse(&frame, octets, V4_LEN));
    memcpy(octets, query_v6, V6_LEN);
    octets[54] = octets[55] = 0;
    assert_false(frame_parse(&frame, octets, V6_LEN));
    memcpy(octets, query_v6, V6_LEN);
    memset(octets + 22, 0, 15); /* ::5, which is in ::/80 like :: and ::1 */
    assert_false(frame_parse(&frame, octets, V6_LEN));
    memcpy(octets, query_v6, V6_LEN);
    octets[60] = octets[61] = 0;
    assert_false(frame_parse(&frame, octets, V6_LEN)); /* no sum, over IPv6 */
    memcpy(octets, query_v4, V4_LEN);
    octets[40] = octets[41] = 0;
    assert_true(frame_parse(&frame, octets, V4_LEN));
}

static void a_datagram_without_room_for_its_header_is_refused(void **state)
{
    (void)state;
    uint8_t octets[128];
    struct frame frame;
    memcpy(octets, query_v6, V6_LEN);
    octets[19] = octets[59] = 7;
    assert_false(frame_parse(&frame, octets, V6_LEN));
    octets[19] = octets[59] = 8;
    assert_true(frame_parse(&frame, octets, V6_LEN));
    assert_int_equal(frame.payload_len, 0);
}

static void what_is_cut_is_refused(void **state)
{
    (void)state;
    struct frame frame;
    for (size_t len = 0; len < V4_LEN; len++) {
        assert_false(frame_parse(&frame, (const uint8_t *)query_v4, len));
    }
    for (size_t len = 0; len < V6_LEN; len++) {
        assert_false(frame_parse(&frame, (const uint8_t *)query_v6, len));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_query_over_ipv4_is_read),
        cmocka_unit_test(a_query_over_ipv6_is_read),
        cmocka_unit_test(answers_go_back_with_right_sums),
        cmocka_unit_test(no_answer_is_without_a_sum),
        cmocka_unit_test(sums_are_right_at_every_length),
        cmocka_unit_test(what_is_unusual_is_refused_over_ipv4),
        cmocka_unit_test(what_is_unusual_is_refused_over_ipv6),
        cmocka_unit_test(nobody_is_answered_at_port_0_or_without_an_address),
        cmocka_unit_test(a_datagram_without_room_for_its_header_is_refused),
        cmocka_unit_test(what_is_cut_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
