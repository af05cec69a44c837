/* SPDX-License-Identifier: BSD-2-Clause */
/* The filter as the kernel runs it, on frames that are made here: nothing is attached to an
 * interface, nothing is sent. Needs the right to load it. */
#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <linux/bpf.h>

#include "server/xdp/filter.h"
#include "server/xdp/frame.h"
#include "server/xdp/queue.h"

#define MAC        "\x02\0\0\0\0\x01"
#define MAC_THEIRS "\x02\0\0\0\0\x0a"
#define SKIPPED    77

/* clang-format off */
static const char query_v4[] = MAC MAC_THEIRS "\x08\0"
    "\x45\0\0\x21\xbe\xef\0\0\x3d\x11\x3a\xa2\xc0\0\2\x05\xc0\0\2\x35"
    "\x12\x34\0\x35\0\x0d\x19\x48query";
static const char query_v6[] = MAC MAC_THEIRS "\x86\xdd"
    "\x60\1\x23\x45\0\x0d\x11\x3d"
    "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x05\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x35"
    "\x12\x34\0\x35\0\x0d\x41\xd7query";
/* clang-format on */
#define V4_LEN (sizeof(query_v4) - 1)
#define V6_LEN (sizeof(query_v6) - 1)

struct fixture {
    struct filter filter;
    struct xdp_queue *queue; /* on lo, which has no filter and so sends it nothing */
};

static void serve(struct filter *filter, const char *query, uint16_t port)
{
    struct filter_served served = {.address = {[10] = 0xff, [11] = 0xff}, .port = htons(port)};
    bool is_v4 = query == query_v4;
    memcpy(is_v4 ? served.address + 12 : served.address, query + (is_v4 ? 30 : 38), is_v4 ? 4 : 16);
    filter_add_served(filter, &served);
}

/* What becomes of a frame: XDP_REDIRECT, XDP_PASS. */
static unsigned run(const struct fixture *fixture, const void *octets, size_t len)
{
    uint8_t out[4096];
    LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = octets, .data_size_in = (uint32_t)len,
                .data_out = out, .data_size_out = sizeof(out), .repeat = 1);
    assert_int_equal(bpf_prog_test_run_opts(fixture->filter.program, &options), 0);
    return options.retval;
}

static void ordinary_queries_are_taken(void **state)
{
    assert_int_equal(run(*state, query_v4, V4_LEN), XDP_REDIRECT);
    assert_int_equal(run(*state, query_v6, V6_LEN), XDP_REDIRECT);
}

/* Each octet is given each value: what the filter takes, frame_parse has to understand. */
static void what_is_taken_is_understood(void **state)
{
    static const char *const queries[] = {query_v4, query_v6};
    static const size_t lens[] = {V4_LEN, V6_LEN};
    unsigned taken = 0;
    for (unsigned q = 0; q < 2; q++) {
        for (size_t at = 0; at < lens[q]; at++) {
            for (unsigned value = 0; value < 256; value++) {
                uint8_t octets[128];
                struct frame frame;
                memcpy(octets, queries[q], lens[q]);
                octets[at] = (uint8_t)value;
                if (q == 0 && at >= 14 && at < 34) { /* with the right sum of the header */
                    unsigned sum = 0;
                    octets[24] = octets[25] = 0;
                    for (size_t i = 14; i < 34; i += 2) {
                        sum += octets[i] * 256u + octets[i + 1];
                    }
                    sum = ~((sum & 0xffff) + (sum >> 16));
                    octets[24] = (uint8_t)(sum >> 8);
                    octets[25] = (uint8_t)sum;
                }
                if (run(*state, octets, lens[q]) == XDP_REDIRECT) {
                    taken++;
                    if (!frame_parse(&frame, octets, lens[q])) {
                        fail_msg("taken and not understood: octet %zu is %u", at, value);
                    }
                }
            }
        }
    }
    assert_in_range(taken, 256 * 2 * 5, 256 * (V4_LEN + V6_LEN) - 1); /* any payload at least */
}

static void what_is_cut_is_passed_on(void **state)
{
    for (size_t len = 14; len < V4_LEN; len++) {
        assert_int_equal(run(*state, query_v4, len), XDP_PASS);
    }
    for (size_t len = 14; len < V6_LEN; len++) {
        assert_int_equal(run(*state, query_v6, len), XDP_PASS);
    }
}

struct change {
    size_t at;
    uint8_t octet;
    const char *what;
};

static void expect_passed_on(const struct fixture *fixture, const char *query, size_t len,
                             const struct change *change)
{
    uint8_t octets[128];
    memcpy(octets, query, len);
    octets[change->at] = change->octet;
    if (run(fixture, octets, len) != XDP_PASS) {
        fail_msg("taken: %s", change->what);
    }
}

static void what_is_unusual_is_passed_on(void **state)
{
    static const struct change v4[] = {
        {5, 2, "the address of another card"},
        {0, 1, "broadcast"},
        {6, 0x03, "a source at a link address of multicast"},
        {12, 0x81, "a VLAN"},
        {14, 0x46, "options"},
        {20, 0x20, "a first fragment"},
        {21, 0x01, "a last fragment"},
        {23, 0x06, "TCP"},
        {26, 0x00, "a source in 0.0.0.0/8"},
        {26, 0x7f, "a source of loopback"},
        {26, 0xe0, "a source of multicast"},
        {26, 0xf0, "a source in 240.0.0.0/4"},
        {26, 0xff, "a source of broadcast"},
        {33, 0x36, "another destination"},
        {37, 0x36, "another port"},
        {39, 0x0c, "a datagram shorter than the packet"},
        {17, 0x22, "a packet longer than the frame"},
    };
    static const struct change v6[] = {
        {6, 0xff, "a source at the link address of broadcast"},
        {20, 0x00, "hop-by-hop options"},
        {20, 0x2c, "a fragment"},
        {22, 0xff, "a source of multicast"},
        {53, 0x36, "another destination"},
        {57, 0x36, "another port"},
        {59, 0x0c, "a datagram shorter than the packet"},
    };
    for (size_t i = 0; i < sizeof(v4) / sizeof(v4[0]); i++) {
        expect_passed_on(*state, query_v4, V4_LEN, &v4[i]);
    }
    for (size_t i = 0; i < sizeof(v6) / sizeof(v6[0]); i++) {
        expect_passed_on(*state, query_v6, V6_LEN, &v6[i]);
    }
}

/* ::, ::1, and IPv4 in disguise. */
static void sources_that_are_no_address_are_passed_on(void **state)
{
    for (unsigned last = 0; last < 2; last++) {
        uint8_t octets[V6_LEN];
        memcpy(octets, query_v6, V6_LEN);
        memset(octets + 22, 0, 16);
        octets[37] = (uint8_t)last;
        assert_int_equal(run(*state, octets, V6_LEN), XDP_PASS);
        octets[32] = octets[33] = 0xff;
        assert_int_equal(run(*state, octets, V6_LEN), XDP_PASS);
    }
}

static void frames_that_are_too_long_are_passed_on(void **state)
{
    static uint8_t octets[XDP_FRAME_MOST + 1];
    memcpy(octets, query_v4, V4_LEN); /* what is behind the packet only pads it */
    assert_int_equal(run(*state, octets, XDP_FRAME_MOST - 256), XDP_REDIRECT);
    struct filter short_one;
    struct error err;
    struct filter_settings settings = {.mac = MAC, .frame_most = V4_LEN};
    assert_true(filter_load(&short_one, &settings, &err));
    struct fixture fixture = {.filter = short_one, .queue = ((struct fixture *)*state)->queue};
    serve(&fixture.filter, query_v4, 53);
    assert_true(filter_add_socket(&fixture.filter, 0, xdp_queue_fd(fixture.queue), &err));
    assert_int_equal(run(&fixture, octets, V4_LEN), XDP_REDIRECT);
    assert_int_equal(run(&fixture, octets, V4_LEN + 1), XDP_PASS);
    filter_close(&fixture.filter);
}

static void without_a_socket_all_is_passed_on(void **state)
{
    (void)state;
    struct error err;
    struct fixture fixture = {0};
    struct filter_settings settings = {.mac = MAC, .frame_most = XDP_FRAME_MOST};
    assert_true(filter_load(&fixture.filter, &settings, &err));
    serve(&fixture.filter, query_v4, 53);
    assert_int_equal(run(&fixture, query_v4, V4_LEN), XDP_PASS);
    filter_close(&fixture.filter);
}

/* The last test: others want what is served at first. */
static void what_is_no_longer_served_is_passed_on(void **state)
{
    struct fixture *fixture = *state;
    filter_begin_served(&fixture->filter);
    serve(&fixture->filter, query_v6, 53);
    for (uint16_t port = 1000; port < 1100; port++) {
        serve(&fixture->filter, query_v4, port);
    }
    assert_int_equal(run(fixture, query_v4, V4_LEN), XDP_REDIRECT); /* not before the end */
    filter_end_served(&fixture->filter);
    assert_int_equal(run(fixture, query_v4, V4_LEN), XDP_PASS);
    assert_int_equal(run(fixture, query_v6, V6_LEN), XDP_REDIRECT);
    filter_begin_served(&fixture->filter);
    serve(&fixture->filter, query_v4, 53);
    filter_end_served(&fixture->filter);
    assert_int_equal(run(fixture, query_v4, V4_LEN), XDP_REDIRECT);
    assert_int_equal(run(fixture, query_v6, V6_LEN), XDP_PASS);
}

int main(void)
{
    struct error err;
    struct fixture fixture = {0};
    struct filter_settings settings = {.mac = MAC, .frame_most = XDP_FRAME_MOST};
    const struct xdp_queue_setup queue = {.interface = "lo", .mtu = 1500};
    if (unshare(CLONE_NEWNET) != 0) { /* lo of its own: the socket is the only one there */
        printf("skipped: no network namespace can be made\n");
        return SKIPPED;
    }
    if (!filter_load(&fixture.filter, &settings, &err) ||
        (fixture.queue = xdp_queue_open(&queue, &err)) == NULL ||
        !filter_add_socket(&fixture.filter, 0, xdp_queue_fd(fixture.queue), &err)) {
        bool is_forbidden = strstr(err.text, strerror(EPERM)) != NULL;
        printf("%s: %s\n", is_forbidden ? "skipped" : "failed", err.text);
        return is_forbidden ? SKIPPED : 1;
    }
    filter_begin_served(&fixture.filter);
    serve(&fixture.filter, query_v4, 53);
    serve(&fixture.filter, query_v6, 53);
    filter_end_served(&fixture.filter);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(ordinary_queries_are_taken, &fixture),
        cmocka_unit_test_prestate(what_is_taken_is_understood, &fixture),
        cmocka_unit_test_prestate(what_is_cut_is_passed_on, &fixture),
        cmocka_unit_test_prestate(what_is_unusual_is_passed_on, &fixture),
        cmocka_unit_test_prestate(sources_that_are_no_address_are_passed_on, &fixture),
        cmocka_unit_test_prestate(frames_that_are_too_long_are_passed_on, &fixture),
        cmocka_unit_test_prestate(without_a_socket_all_is_passed_on, &fixture),
        cmocka_unit_test_prestate(what_is_no_longer_served_is_passed_on, &fixture),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    xdp_queue_close(fixture.queue);
    filter_close(&fixture.filter);
    return failed;
}
