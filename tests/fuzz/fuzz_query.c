/* SPDX-License-Identifier: BSD-2-Clause */
/* Any octets as a packet: silence, or a response that belongs to it, that ldns can read, that has
 * what its header counts and no more, that is not too long for who asked, and, from a signed zone,
 * that has signatures and proofs; the same octets both ways. The first octet of the packet, of
 * which a server makes nothing but its echo, says who answers. */
#include <arpa/inet.h>
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "common/alloc.h"
#include "server/cookie.h"
#include "server/dns.h"
#include "server/prefetch.h"
#include "server/wire.h"
#include "tests/unit/answer_fixture.h"
#include "tests/unit/both_ways.h"
#include "tests/unit/signed_zones.h"
#include "zones/record_type.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Of the first octet. */
#define ZONE_BITS       0x07
#define FULL_BIT        0x08
#define SIZE_BITS       0x30
#define SIZE_SHIFT      4
#define NEED_COOKIE_BIT 0x40

#define SIGNED 5

static struct fixture *fixture;
static struct signed_zone signed_zones[SIGNED];
static const struct cookie_secrets secrets = {.count = 1};
static struct prefix everybody = {.family = AF_INET};

/* Who answers. */
struct site {
    struct answer_context *context;
    const struct snapshot *snapshot;
    struct config_server *config;
    bool is_signed;
};

/* What a message has in it. */
struct facts {
    bool is_whole; /* all that its header counts, and nothing behind that */
    uint16_t rcode, type, class, counts[4];
    bool has_opt, is_dnssec_ok;
    uint16_t udp_size;
    size_t signatures, denials;
};

static void set_up_config(struct config_server *config)
{
    config->nsid = (const uint8_t *)"nsid";
    config->nsid_len = 4;
    config->version = "ballast";
    config->client_subnet = &everybody;
    config->client_subnet_count = 1;
}

static void set_up(void)
{
    static const char *const files[] = {"nsec", "nsec3", "optout"};
    fixture = fixture_new(1);
    fixture->snapshot->cookies = secrets;
    answer_context_set_time(&fixture->context, 1559731985, 0);
    set_up_config(&fixture->config.server);
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        signed_zone_open(&signed_zones[i], files[i]);
    }
    signed_zone_open_weighted(&signed_zones[3], CONFIG_DENIAL_NSEC);
    signed_zone_open_weighted(&signed_zones[4], CONFIG_DENIAL_NSEC3);
    for (size_t i = 0; i < SIGNED; i++) {
        struct secure *secure = &signed_zones[i].secure;
        secure->snapshot->cookies = secrets;
        answer_context_set_time(&secure->context, 1559731985, 0);
        set_up_config(&signed_zones[i].config.server);
    }
}

static struct site choose_site(uint8_t choice)
{
    static const uint16_t sizes[] = {1232, 512, 4096, 700};
    struct site site = {&fixture->context, fixture->snapshot, &fixture->config.server, false};
    size_t which = choice & ZONE_BITS;
    if (which > 0 && which <= SIGNED) {
        struct signed_zone *zone = &signed_zones[which - 1];
        site =
            (struct site){&zone->secure.context, zone->secure.snapshot, &zone->config.server, true};
    }
    site.config->has_full_additional = (choice & FULL_BIT) != 0;
    site.config->udp_payload_max = sizes[(choice & SIZE_BITS) >> SIZE_SHIFT];
    site.config->cookies.is_required = (choice & NEED_COOKIE_BIT) != 0;
    return site;
}

static void skip_name(struct wire_reader *reader)
{
    uint8_t octet;
    do {
        octet = wire_read_u8(reader);
        wire_read(reader, octet >= DNS_POINTER_BITS ? 1 : octet);
    } while (octet > 0 && octet < DNS_POINTER_BITS && !reader->failed);
}

static void look_at_record(struct wire_reader *reader, struct facts *facts)
{
    skip_name(reader);
    uint16_t type = wire_read_u16(reader);
    uint16_t class = wire_read_u16(reader);
    uint16_t high = wire_read_u16(reader);
    uint16_t low = wire_read_u16(reader);
    wire_read(reader, wire_read_u16(reader));
    if (type == TYPE_OPT) {
        facts->has_opt = true;
        facts->udp_size = class;
        facts->is_dnssec_ok = (low & 0x8000) != 0;
        facts->rcode = (uint16_t)(facts->rcode | (high >> 8) << 4);
    }
    facts->signatures += type == TYPE_RRSIG;
    facts->denials += type == TYPE_NSEC || type == TYPE_NSEC3;
}

static struct facts look_at(const uint8_t *message, size_t len)
{
    struct facts facts = {.rcode = message[3] & DNS_RCODE_MASK};
    struct wire_reader reader = wire_reader_make(message, len);
    wire_read(&reader, 4);
    for (size_t i = 0; i < ARRAY_LEN(facts.counts); i++) {
        facts.counts[i] = wire_read_u16(&reader);
    }
    if (facts.counts[0] == 1) {
        skip_name(&reader);
        facts.type = wire_read_u16(&reader);
        facts.class = wire_read_u16(&reader);
    }
    for (size_t i = 1; i < ARRAY_LEN(facts.counts); i++) {
        for (size_t j = 0; j < facts.counts[i] && !reader.failed; j++) {
            look_at_record(&reader, &facts);
        }
    }
    facts.is_whole = !reader.failed && wire_left(&reader) == 0 && facts.counts[0] <= 1;
    return facts;
}

static size_t limit_of(const struct site *site, const struct facts *asked)
{
    if (!asked->has_opt || asked->udp_size < DNS_UDP_MIN) {
        return DNS_UDP_MIN;
    }
    uint16_t ours = site->config->udp_payload_max;
    return asked->udp_size < ours ? asked->udp_size : ours;
}

/* Records of DNSSEC come to who can use them (RFC 4035 section 3.1), with each answer. */
static void check_dnssec(const struct site *site, const struct facts *asked,
                         const struct facts *got, const uint8_t *response)
{
    if (!asked->is_dnssec_ok || !site->is_signed) {
        assert(got->signatures == 0 || asked->type == TYPE_RRSIG || asked->type == DNS_TYPE_ANY);
        return;
    }
    bool has_answer = got->rcode == DNS_NOERROR || got->rcode == DNS_NXDOMAIN;
    if (!has_answer || asked->class == DNS_CLASS_CH) {
        return;
    }
    assert(got->counts[1] + got->counts[2] == 0 || got->signatures > 0);
    bool is_empty = got->counts[1] == 0 && (wire_load_u16(response + 2) & DNS_FLAG_AA) != 0;
    assert(got->denials > 0 || !(is_empty || got->rcode == DNS_NXDOMAIN));
}

static void check_response(const struct site *site, const uint8_t *query, size_t size,
                           const uint8_t *response, size_t len, bool is_tcp)
{
    assert(len >= 12 && memcmp(response, query, 2) == 0);
    assert((response[2] & 0x80) != 0 && (response[2] & 0x79) == (query[2] & 0x79));
    assert((response[3] & 0xF0) == 0);
    assert(strncmp(fixture_print(response, len), "broken", 6) != 0);
    struct facts got = look_at(response, len);
    assert(got.is_whole);
    if (got.rcode == DNS_FORMERR || got.rcode == DNS_NOTIMP) {
        assert(len <= DNS_UDP_MIN && got.counts[1] + got.counts[2] == 0);
        return;
    }
    struct facts asked = look_at(query, size);
    assert(got.has_opt == asked.has_opt);
    assert(len <= (is_tcp ? DNS_MESSAGE_MAX : limit_of(site, &asked)));
    if ((wire_load_u16(response + 2) & DNS_FLAG_TC) != 0) {
        assert(!is_tcp && got.counts[1] + got.counts[2] == 0);
        assert(got.counts[3] == (got.has_opt ? 1 : 0));
        return;
    }
    check_dnssec(site, &asked, &got, response);
}

static void check(const struct site *site, const uint8_t *query, size_t size, bool is_tcp)
{
    static uint8_t response[ANSWER_OUT_MAX];
    struct sockaddr_in source = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0xC00002C8)};
    struct answer_task task = {
        .snapshot = site->snapshot,
        .source = {.address = (const struct sockaddr *)&source, .is_tcp = is_tcp},
        .query = query,
        .query_len = size,
        .out = response,
        .out_size = sizeof(response),
    };
    (void)prefetch_nodes(site->snapshot, &(struct prefetch_packet){query, size}, 1);
    size_t len = both_ways_answer(site->context, &task);
    if (len == 0) {
        assert(size < 12 || (query[2] & 0x80) != 0);
        return;
    }
    check_response(site, query, size, response, len, is_tcp);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (fixture == NULL) {
        set_up();
    }
    /* The exact size, so that a sanitizer sees a read beyond the end. */
    CLEANUP(alloc_freep) uint8_t *query = alloc_copy(data, size);
    struct site site = choose_site(size > 0 ? query[0] : 0);
    check(&site, query, size, false);
    check(&site, query, size, true);
    return 0;
}
