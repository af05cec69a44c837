/* SPDX-License-Identifier: BSD-2-Clause */
/* Answering a query over UDP allocates nothing, whatever is asked, of whatever zone and with
 * whatever configuration; nor does receiving it and sending the answer. */
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "common/alloc.h"
#include "server/cookie.h"
#include "server/dns.h"
#include "server/listener.h"
#include "server/rate_limit.h"
#include "server/udp.h"
#include "tests/unit/allocation_counter.h"
#include "tests/unit/answer_fixture.h"
#include "tests/unit/signed_zones.h"
#include "zones/record_type.h"

#define NOW_S       SIGNED_ZONES_NOW_S
#define PATIENCE_MS 20000

static const struct cookie_secrets secrets = {.count = 2, .secrets = {{1}, {2}}};

/* Who answers. */
struct site {
    struct answer_context *context;
    const struct snapshot *snapshot;
    struct sockaddr_in source;
    size_t answered, silent, truncated, rcodes[16];
    size_t authority, additional; /* records; an OPT is one of the latter */
    uint8_t out[ANSWER_OUT_MAX];
};

static void ask(struct site *site, const uint8_t *query, size_t len, bool is_tcp)
{
    struct answer_task task = {
        .snapshot = site->snapshot,
        .source = {.address = (const struct sockaddr *)&site->source, .is_tcp = is_tcp},
        .query = query,
        .query_len = len,
        .out = site->out,
        .out_size = sizeof(site->out),
    };
    size_t out_len = answer_query(site->context, &task);
    if (out_len == 0) {
        site->silent++;
        return;
    }
    site->answered++;
    site->truncated += (site->out[2] & 2) != 0;
    site->rcodes[site->out[3] & 15]++;
    site->authority += site->out[9];
    site->additional += site->out[11];
}

/* Addresses of alias targets that are too old, and of some that nobody has. */
static void publish_oddities(struct fixture *fixture)
{
    struct snapshot *before = fixture->snapshot;
    struct snapshot_builder *builder = snapshot_builder_new(before, fixture->sets);
    snapshot_builder_set_member_stale(builder, FIXTURE_SET_WWW_A, 0, true);
    snapshot_builder_set_weights(builder, FIXTURE_SET_RANDOM, (const uint16_t[]){0, 0});
    fixture->snapshot = snapshot_builder_finish(builder);
    exchange_offer(fixture->exchange, fixture->snapshot);
    snapshot_free(before);
}

static struct site *site_of(struct fixture *fixture)
{
    struct site *site = alloc_zeroed(1, sizeof(*site));
    publish_oddities(fixture);
    site->context = &fixture->context;
    site->snapshot = fixture->snapshot;
    site->source = fixture->source;
    return site;
}

/* Or nothing would be shown below: our own libraries, others', and libc itself. */
static void the_counter_counts(void **state)
{
    (void)state;
    size_t before = allocation_counter_read();
    struct fixture *fixture = fixture_new(1);
    assert_true(allocation_counter_read() > before + 10);
    fixture_free(fixture);
    before = allocation_counter_read();
    ldns_rr *rr = ldns_rr_new();
    assert_int_equal(allocation_counter_read() - before, 1);
    ldns_rr_free(rr);
    before = allocation_counter_read();
    char *text = NULL;
    assert_int_equal(asprintf(&text, "%zu", before) > 0, 1);
    assert_true(allocation_counter_read() > before);
    free(text);
}

static const char *const names[] = {"example.test",
                                    "two.example.test",
                                    "www.example.test",
                                    "sticky.example.test",
                                    "random.example.test",
                                    "nope.example.test",
                                    "a.b.nope.example.test",
                                    "x.wild.example.test",
                                    "x.wwild.example.test",
                                    "wcname.example.test",
                                    "toweighted.example.test",
                                    "sub.example.test",
                                    "x.sub.example.test",
                                    "alias.example.test",
                                    "c1.example.test",
                                    "x.d.example.test",
                                    "tobig.example.test",
                                    "req.example.test",
                                    "other.test",
                                    "elsewhere.invalid",
                                    "version.bind"};
static const uint16_t types[] = {DNS_TYPE_SOA, DNS_TYPE_NS,  DNS_TYPE_CNAME, DNS_TYPE_MX,
                                 DNS_TYPE_TXT, DNS_TYPE_ANY, DNS_TYPE_DS,    TYPE_A,
                                 TYPE_AAAA,    65280};

/* NSID, a client subnet, keepalive, a cookie. */
static size_t write_options(uint8_t out[100], const uint8_t *cookie, size_t cookie_len)
{
    static const uint8_t others[] = {0, 3,   0, 0, 0, 8,  0, 7, 0, 1,  24,
                                     0, 192, 0, 2, 0, 11, 0, 0, 0, 10, 0};
    memcpy(out, others, sizeof(others));
    out[sizeof(others)] = (uint8_t)cookie_len;
    memcpy(out + sizeof(others) + 1, cookie, cookie_len);
    return sizeof(others) + 1 + cookie_len;
}

static void ask_with_cookie(struct site *site, const char *name, uint16_t type,
                            const uint8_t *cookie, size_t cookie_len)
{
    uint8_t options[100];
    uint8_t query[600];
    size_t options_len = write_options(options, cookie, cookie_len);
    size_t len = fixture_query(query, name, type);
    ask(site, query, len, false);
    len = fixture_add_opt(query, len, 1232, options, options_len);
    ask(site, query, len, false);
    ask(site, query, len, true);
    query[len - 1] ^= 1; /* a cookie that is not good */
    ask(site, query, len, false);
}

/* Every name and type, without options and with all of them: the client's cookie alone, a good one,
 * one of the secret before, one that is old. */
static void ask_everything(struct site *site)
{
    const struct sockaddr *source = (const struct sockaddr *)&site->source;
    const struct cookie_secrets before = {.count = 1, .secrets = {{2}}};
    uint8_t cookies[3][COOKIE_LEN];
    cookie_make(&secrets, (const uint8_t *)"12345678", source, (uint32_t)NOW_S, cookies[0]);
    cookie_make(&before, (const uint8_t *)"12345678", source, (uint32_t)NOW_S, cookies[1]);
    cookie_make(&secrets, (const uint8_t *)"12345678", source, (uint32_t)NOW_S - 2000, cookies[2]);
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        for (size_t j = 0; j < ARRAY_LEN(types); j++) {
            ask_with_cookie(site, names[i], types[j], cookies[0], 8);
            for (size_t k = 0; k < ARRAY_LEN(cookies); k++) {
                ask_with_cookie(site, names[i], types[j], cookies[k], COOKIE_LEN);
            }
        }
    }
}

static void no_query_allocates(void **state)
{
    (void)state;
    struct fixture *fixture = fixture_new(1);
    struct site *site = site_of(fixture);
    size_t before = allocation_counter_read();
    ask_everything(site);
    assert_int_equal(allocation_counter_read() - before, 0);
    assert_int_equal(site->answered, 16 * ARRAY_LEN(names) * ARRAY_LEN(types));
    assert_true(site->rcodes[DNS_SERVFAIL] > 0);
    free(site);
    fixture_free(fixture);
}

static void no_malformed_query_allocates(void **state)
{
    (void)state;
    struct fixture *fixture = fixture_new(1);
    struct site *site = site_of(fixture);
    uint8_t options[100];
    uint8_t query[600];
    size_t before = allocation_counter_read();
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        size_t len = fixture_query(query, names[i], TYPE_A);
        size_t options_len = write_options(options, (const uint8_t *)"12345678", 8);
        len = fixture_add_opt(query, len, 1232, options, options_len);
        for (size_t cut = 0; cut < len; cut++) {
            ask(site, query, cut, false);
        }
        for (size_t at = 2; at < len; at++) {
            query[at] ^= 0x7F;
            ask(site, query, len, false);
            query[at] ^= 0x7F;
        }
    }
    assert_int_equal(allocation_counter_read() - before, 0);
    assert_true(site->rcodes[DNS_FORMERR] > 100 && site->rcodes[DNS_NOTIMP] > 0);
    assert_true(site->silent > 100);
    free(site);
    fixture_free(fixture);
}

static struct prefix everybody = {.family = AF_INET};

/* All that can be switched on. */
static void configure(struct config_server *config)
{
    config->nsid = (const uint8_t *)"ns1";
    config->nsid_len = 3;
    config->version = "ballast";
    config->client_subnet = &everybody;
    config->client_subnet_count = 1;
}

static void no_query_with_options_that_are_answered_allocates(void **state)
{
    (void)state;
    struct fixture *fixture = fixture_new(1);
    struct site *site = site_of(fixture);
    struct config_server *config = &fixture->config.server;
    configure(config);
    fixture->snapshot->cookies = secrets;
    answer_context_set_time(&fixture->context, (uint32_t)NOW_S, 0);
    size_t before = allocation_counter_read();
    ask_everything(site);
    config->has_full_additional = true;
    ask_everything(site);
    config->refuses_client_subnet = true;
    config->client_subnet_count = 0;
    ask_everything(site);
    config->cookies.is_required = true;
    ask_everything(site);
    assert_int_equal(allocation_counter_read() - before, 0);
    assert_int_equal(site->answered, 64 * ARRAY_LEN(names) * ARRAY_LEN(types));
    const counter *counters = fixture->exchange->slots[0].counters;
    assert_true(counter_read(&counters[COUNTER_BADCOOKIE]) > 100);
    assert_true(counter_read(&counters[COUNTER_REFUSED]) > 100);
    free(site);
    fixture_free(fixture);
}

static void no_query_over_the_limit_or_of_a_followed_client_allocates(void **state)
{
    (void)state;
    struct fixture *fixture = fixture_new(1);
    struct site *site = site_of(fixture);
    struct config_rate_limit *limit = &fixture->config.server.rate_limit;
    static const uint8_t key[RATE_LIMIT_KEY_OCTETS] = {7};
    configure(&fixture->config.server);
    *limit =
        (struct config_rate_limit){.responses_per_second = 1, .window_s = 1, .slip = 2, .size = 64};
    fixture->context.rate_limit = rate_limit_new(limit, key);
    fixture->snapshot->cookies = secrets;
    exchange_follow(fixture->exchange, (const uint64_t[2]){1, 2}, UINT64_MAX);
    sketch_sampler_init(&fixture->context.sampler, fixture->exchange->slots[0].visits);
    size_t before = allocation_counter_read();
    for (uint32_t second = 0; second < 3; second++) {
        answer_context_set_time(&fixture->context, (uint32_t)NOW_S + second, second * 1000);
        ask_everything(site);
    }
    assert_int_equal(allocation_counter_read() - before, 0);
    const counter *counters = fixture->exchange->slots[0].counters;
    assert_true(counter_read(&counters[COUNTER_RATE_DROPPED]) > 100);
    assert_true(visit_ring_count(fixture->exchange->slots[0].visits) > 0);
    assert_true(counter_read(&counters[COUNTER_RATE_SLIPPED]) > 100);
    assert_true(site->answered > 100);
    rate_limit_free(fixture->context.rate_limit);
    free(site);
    fixture_free(fixture);
}

/* From a signed zone: with DO, over TCP, with room and with little. */
static void ask_signed(struct site *site)
{
    static const char *const signed_names[] = {"example.test",
                                               "two.example.test",
                                               "alias2.example.test",
                                               "tonx.example.test",
                                               "towild.example.test",
                                               "q.wcn.example.test",
                                               "x.sub.example.test",
                                               "x.unsub.example.test",
                                               "tounsub.example.test",
                                               "ent.example.test",
                                               "z.wild.example.test",
                                               "y.exists.wild.example.test",
                                               "x.d.example.test",
                                               "nope.example.test",
                                               "a.b.c.nope.example.test",
                                               "deep.opt.example.test",
                                               "insec.deep.opt.example.test",
                                               "www.example.test",
                                               "wcname.example.test",
                                               "x.wwild.example.test",
                                               "*.wild.example.test",
                                               "sub.example.test"};
    static const uint16_t signed_types[] = {TYPE_A,    DNS_TYPE_MX, TYPE_DS,
                                            TYPE_SOA,  TYPE_NS,     TYPE_DNSKEY,
                                            TYPE_NSEC, TYPE_RRSIG,  DNS_TYPE_ANY};
    static const uint16_t sizes[] = {512, 1232};
    for (size_t i = 0; i < ARRAY_LEN(signed_names); i++) {
        for (size_t j = 0; j < ARRAY_LEN(signed_types); j++) {
            for (size_t k = 0; k < ARRAY_LEN(sizes); k++) {
                uint8_t query[600];
                size_t opt_at = fixture_query(query, signed_names[i], signed_types[j]);
                size_t len = fixture_add_opt(query, opt_at, sizes[k], "", 0);
                ask(site, query, len, false);
                query[opt_at + 7] = 0x80; /* DO */
                ask(site, query, len, false);
                ask(site, query, len, true);
            }
        }
    }
}

static void check_signed(struct secure *secure)
{
    struct site *site = alloc_zeroed(1, sizeof(*site));
    site->context = &secure->context;
    site->snapshot = secure->snapshot;
    site->source = (struct sockaddr_in){.sin_family = AF_INET};
    size_t before = allocation_counter_read();
    ask_signed(site);
    size_t additional = site->additional;
    secure->config->server.has_full_additional = true;
    ask_signed(site);
    secure->config->server.has_full_additional = false;
    assert_int_equal(allocation_counter_read() - before, 0);
    assert_int_equal(site->silent, 0);
    assert_true(site->additional > 2 * additional + 20);
    assert_true(site->authority > site->answered && site->truncated > 10);
    assert_true(site->rcodes[DNS_NXDOMAIN] > 100 && site->rcodes[DNS_NOERROR] > 1000);
    assert_int_equal(site->rcodes[DNS_NOERROR] + site->rcodes[DNS_NXDOMAIN], site->answered);
    free(site);
}

static void no_query_to_a_zone_that_others_signed_allocates(void **state)
{
    (void)state;
    static const char *const files[] = {"nsec", "nsec3", "optout"};
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        struct signed_zone zone;
        signed_zone_open(&zone, files[i]);
        check_signed(&zone.secure);
        signed_zone_close(&zone);
    }
}

static void no_query_to_a_zone_that_is_signed_here_allocates(void **state)
{
    (void)state;
    static const enum config_denial denials[] = {CONFIG_DENIAL_NSEC, CONFIG_DENIAL_NSEC3};
    for (size_t i = 0; i < ARRAY_LEN(denials); i++) {
        struct signed_zone zone;
        signed_zone_open_weighted(&zone, denials[i]);
        check_signed(&zone.secure);
        signed_zone_close(&zone);
    }
}

/* A worker's socket and a client's. */
struct wire {
    struct fixture *fixture;
    struct udp_job job;
    struct udp_socket server;
    int client;
};

static void open_wire(struct wire *wire, const char *listen)
{
    struct error err;
    struct address address;
    struct sockaddr_in at = {0};
    socklen_t len = sizeof(at);
    wire->fixture = fixture_new(1);
    wire->job = (struct udp_job){.context = &wire->fixture->context,
                                 .exchange = wire->fixture->exchange,
                                 .buffers = udp_buffers_new()};
    assert_true(address_parse(&address, listen, 0, &err));
    wire->server.is_wildcard = listener_is_wildcard(&address);
    assert_true(listener_open_udp(&address, &wire->server.fd, &err));
    assert_int_equal(getsockname(wire->server.fd, (struct sockaddr *)&at, &len), 0);
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    wire->client = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(wire->client, (struct sockaddr *)&at, sizeof(at)), 0);
}

static void close_wire(struct wire *wire)
{
    close(wire->client);
    close(wire->server.fd);
    udp_buffers_free(wire->job.buffers);
    fixture_free(wire->fixture);
}

/* Sends the query so many times, lets them be answered, and counts the answers. */
static void exchange(const struct wire *wire, const uint8_t *query, size_t len, size_t count)
{
    const counter *queries = &wire->fixture->exchange->slots[0].counters[COUNTER_UDP_QUERIES];
    struct pollfd readable = {.fd = wire->server.fd, .events = POLLIN};
    uint64_t expected = counter_read(queries) + count;
    uint8_t answer[4096];
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(send(wire->client, query, len, 0), len);
    }
    while (counter_read(queries) < expected) {
        assert_int_equal(poll(&readable, 1, PATIENCE_MS), 1);
        (void)udp_drain(&wire->job, &wire->server, 64);
    }
    readable.fd = wire->client;
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(poll(&readable, 1, PATIENCE_MS), 1);
        assert_true(recv(wire->client, answer, sizeof(answer), 0) > 12);
        assert_int_equal(answer[3] & 15, DNS_NOERROR);
        assert_int_not_equal(answer[7], 0);
    }
}

static void check_wire(const char *listen)
{
    struct wire wire = {0};
    uint8_t query[600];
    uint8_t proxied[700] = "\r\n\r\n\0\r\nQUIT\n\x21\x12\0\x0c\xc0\0\2\1\xc0\0\2\2\0\1\0\2";
    open_wire(&wire, listen);
    size_t len = fixture_query(query, "www.example.test", TYPE_A);
    memcpy(proxied + 28, query, len);
    size_t before = allocation_counter_read();
    exchange(&wire, query, len, 1);
    exchange(&wire, query, len, 150); /* more than a batch */
    wire.fixture->config.server.proxies = &everybody;
    wire.fixture->config.server.proxy_count = 1;
    exchange(&wire, proxied, 28 + len, 70);
    assert_int_equal(allocation_counter_read() - before, 0);
    close_wire(&wire);
}

static void no_datagram_allocates(void **state)
{
    (void)state;
    check_wire("127.0.0.1");
    check_wire("0.0.0.0"); /* the kernel is asked which address it came to */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_counter_counts),
        cmocka_unit_test(no_query_allocates),
        cmocka_unit_test(no_malformed_query_allocates),
        cmocka_unit_test(no_query_with_options_that_are_answered_allocates),
        cmocka_unit_test(no_query_over_the_limit_or_of_a_followed_client_allocates),
        cmocka_unit_test(no_query_to_a_zone_that_others_signed_allocates),
        cmocka_unit_test(no_query_to_a_zone_that_is_signed_here_allocates),
        cmocka_unit_test(no_datagram_allocates),
    };
    allocation_counter_start();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
