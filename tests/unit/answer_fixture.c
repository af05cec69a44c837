/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/answer_fixture.h"

#include <arpa/inet.h>
#include <ldns/ldns.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/alloc.h"
#include "server/wire.h"
#include "zones/zonefile.h"

#define SEED UINT64_C(20261123)

const char fixture_zone_text[] =
    "$ORIGIN example.test.\n"
    "$TTL 300\n"
    "@ 3600 SOA ns1 host 1 3600 600 86400 60\n"
    "@ NS ns1\n"
    "@ A 192.0.2.2\n"
    "ns1 A 192.0.2.1\n"
    "two A 192.0.2.10\n"
    "two A 192.0.2.11\n"
    "two MX 10 ns1\n"
    "alias CNAME two\n"
    "alias2 CNAME alias\n"
    "toout CNAME www.example.org.\n"
    "tonx CNAME nope\n"
    "tosub CNAME x.sub\n"
    "toself CNAME toself\n"
    "loop1 CNAME loop2\n"
    "loop2 CNAME loop1\n"
    "tocross CNAME www.other.test.\n"
    "toweighted CNAME www\n"
    "towild CNAME z.wild\n"
    "sub NS ns.sub\n"
    "sub NS ns.elsewhere.test.\n"
    "sub DS 1 8 2 0000000000000000000000000000000000000000000000000000000000000000\n"
    "ns.sub A 192.0.2.20\n"
    "nods NS ns.elsewhere.test.\n"
    "glue NS ns.glue\n"
    "glue NS ns.elsewhere.test.\n"
    "ns.glue AAAA 2001:db8::1\n"
    "a.b.ent A 192.0.2.30\n"
    "*.wild A 192.0.2.40\n"
    "*.wild MX 10 mail.wild\n"
    "x.exists.wild A 192.0.2.41\n"
    "*.wcn CNAME two\n"
    "d DNAME t\n"
    "d A 192.0.2.51\n"
    "x.t A 192.0.2.50\n"
    "w.t CNAME two\n"
    "self DNAME self\n"
    "grow DNAME a.grow\n"
    "long DNAME llllllllllllllllllllllllllllllllllllllllllllllllllllllllllllll.t\n"
    "c1 CNAME c2\nc2 CNAME c3\nc3 CNAME c4\nc4 CNAME c5\nc5 CNAME c6\nc6 CNAME c7\nc7 CNAME c8\n"
    "c8 CNAME c9\nc9 CNAME c10\nc10 CNAME c11\nc11 CNAME c12\nc12 CNAME c13\nc13 CNAME c14\n"
    "c14 CNAME c15\nc15 CNAME c16\nc16 CNAME c17\nc17 CNAME c18\nc18 A 192.0.2.60\n"
    "big TXT "
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n"
    "big TXT "
    "baaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n"
    "big TXT "
    "caaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n"
    "big TXT "
    "daaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n"
    "big TXT "
    "eaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n"
    "big TXT "
    "faaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n"
    "tobig CNAME big\n"
    "opt NS "
    "axxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx.hosts\naxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx."
    "hosts A 192.0.2.80\naxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx.hosts AAAA 2001:db8::80\n"
    "opt NS "
    "bxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx.hosts\nbxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx."
    "hosts A 192.0.2.80\nbxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx.hosts AAAA 2001:db8::80\n"
    "opt NS "
    "cxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx.hosts\ncxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx."
    "hosts A 192.0.2.80\ncxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx.hosts AAAA 2001:db8::80\n"
    "opt NS "
    "dxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx.hosts\ndxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx."
    "hosts A 192.0.2.80\ndxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx.hosts AAAA 2001:db8::80\n"
    "opt NS "
    "exxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx.hosts\nexxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx."
    "hosts A 192.0.2.80\nexxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx.hosts AAAA 2001:db8::80\n"
    "opt NS "
    "fxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx.hosts\nfxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx."
    "hosts A 192.0.2.80\nfxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx.hosts AAAA 2001:db8::80\n"
    "req NS "
    "axxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx.req\naxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx.req "
    "A 192.0.2.80\naxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx.req AAAA 2001:db8::80\n"
    "req NS "
    "bxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx.req\nbxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx.req "
    "A 192.0.2.80\nbxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx.req AAAA 2001:db8::80\n"
    "req NS "
    "cxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx.req\ncxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx.req "
    "A 192.0.2.80\ncxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx.req AAAA 2001:db8::80\n"
    "req NS "
    "dxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx.req\ndxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx.req "
    "A 192.0.2.80\ndxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx.req AAAA 2001:db8::80\n"
    "req NS "
    "exxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx.req\nexxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx.req "
    "A 192.0.2.80\nexxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx.req AAAA 2001:db8::80\n"
    "req NS "
    "fxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx.req\nfxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx.req "
    "A 192.0.2.80\nfxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx.req AAAA 2001:db8::80\n"
    "opt NS ns.opt\nns.opt A 192.0.2.81\n";

static const char other_zone_text[] = "$ORIGIN other.test.\n"
                                      "$TTL 300\n"
                                      "@ SOA ns1 host 1 3600 600 86400 60\n"
                                      "@ NS ns1\n"
                                      "ns1 A 192.0.2.1\n"
                                      "www A 192.0.2.99\n";

/* Below a delegation of example.test without DS: the parent side answers DS for it. */
static const char child_zone_text[] = "$ORIGIN nods.example.test.\n"
                                      "$TTL 300\n"
                                      "@ SOA ns1 host 1 3600 600 86400 60\n"
                                      "@ NS ns1\n"
                                      "ns1 A 192.0.2.70\n";

static struct config_zone zones[] = {
    {.name = "example.test"}, {.name = "other.test"}, {.name = "nods.example.test"}};

static const char *blue_a[] = {"198.51.100.1", "198.51.100.2", "198.51.100.3"};
static const char *green_a[] = {"203.0.113.1"};
static const char *blue_aaaa[] = {"2001:db8::b"};
static const char *green_aaaa[] = {"2001:db8::9"};
static const char *blue_cname[] = {"two.example.test."};
static const char *green_cname[] = {"nope.example.test."};
static const char *blue_mx[] = {"10 mail.wwild.example.test.", "20 mx.wwild.example.test."};
static const char *green_mx[] = {"30 mail.wwild.example.test."};

#define MEMBERS(blue, green)                                                                       \
    (struct config_member[])                                                                       \
    {                                                                                              \
        {.id = "blue", .weight = 90, .values = blue, .value_count = ARRAY_LEN(blue)},              \
            {.id = "green", .weight = 10, .values = green, .value_count = ARRAY_LEN(green)},       \
    }
#define SET(owner, kind, how, blue, green)                                                         \
    {                                                                                              \
        .name = owner, .type = kind, .ttl_s = 60, .choice = how, .members = MEMBERS(blue, green),  \
        .member_count = 2                                                                          \
    }

static struct config_record_set record_sets[] = {
    [FIXTURE_SET_WWW_A] = SET("www.example.test", "A", CHOICE_EXACT, blue_a, green_a),
    [FIXTURE_SET_WWW_AAAA] = SET("www.example.test", "AAAA", CHOICE_EXACT, blue_aaaa, green_aaaa),
    [FIXTURE_SET_STICKY] = SET("sticky.example.test", "A", CHOICE_STICKY, blue_a, green_a),
    [FIXTURE_SET_STICKY6] =
        SET("sticky.example.test", "AAAA", CHOICE_STICKY, blue_aaaa, green_aaaa),
    [FIXTURE_SET_RANDOM] = SET("random.example.test", "A", CHOICE_RANDOM, blue_a, green_a),
    [FIXTURE_SET_CNAME] =
        SET("wcname.example.test", "CNAME", CHOICE_EXACT, blue_cname, green_cname),
    [FIXTURE_SET_WILDCARD] = SET("*.wwild.example.test", "MX", CHOICE_EXACT, blue_mx, green_mx),
};

static void fail(const char *what, const char *why)
{
    fprintf(stderr, "fixture: %s: %s\n", what, why);
    abort();
}

static char *write_file(const char *text)
{
    const char *directory = getenv("TMPDIR");
    char *path = alloc_printf("%s/ballast-test-XXXXXX", directory == NULL ? "/tmp" : directory);
    int fd = mkstemp(path);
    if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text) || close(fd) != 0) {
        fail(path, "cannot be written");
    }
    return path;
}

static struct zone *load_zone(struct fixture *fixture, size_t index, const char *text)
{
    struct error err;
    CLEANUP(alloc_freep) char *path = write_file(text);
    fixture->config.zones[index].file = path;
    struct zone *zone = zonefile_load(&fixture->config, index, fixture->sets, NULL, &err);
    unlink(path);
    if (zone == NULL) {
        fail("zone", err.text);
    }
    return zone;
}

static struct snapshot *first_snapshot(struct fixture *fixture)
{
    static const uint16_t weights[] = {90, 10};
    struct zone *loaded[] = {load_zone(fixture, 0, fixture_zone_text),
                             load_zone(fixture, 1, other_zone_text),
                             load_zone(fixture, 2, child_zone_text)};
    struct snapshot_builder *builder = snapshot_builder_new(NULL, fixture->sets);
    snapshot_builder_set_zones(builder, zone_table_new(loaded, ARRAY_LEN(loaded)));
    for (uint32_t i = 0; i < fixture->sets->count; i++) {
        snapshot_builder_set_weights(builder, i, weights);
    }
    return snapshot_builder_finish(builder);
}

struct fixture *fixture_new(size_t worker_count)
{
    struct error err;
    struct fixture *fixture = alloc_zeroed(1, sizeof(*fixture));
    struct config *config = &fixture->config;
    config->path = "fixture.yaml";
    config->zones = zones;
    config->zone_count = ARRAY_LEN(zones);
    config->record_sets = record_sets;
    config->record_set_count = ARRAY_LEN(record_sets);
    config->server.udp_payload_max = 1232;
    config->server.tcp_idle_timeout_ms = 10000;
    config->server.tcp_max_connections = 1000;
    config->server.tcp_max_connections_per_client = 1000;
    fixture->sets = record_sets_new(config, &err);
    if (fixture->sets == NULL) {
        fail("record sets", err.text);
    }
    fixture->exchange = exchange_new(worker_count, fixture->sets->member_count);
    fixture->snapshot = first_snapshot(fixture);
    exchange_offer(fixture->exchange, fixture->snapshot);
    fixture->source.sin_family = AF_INET;
    fixture->source.sin_addr.s_addr = htonl(0xC00002C8);
    fixture->out_size = sizeof(fixture->out);
    answer_context_init(&fixture->context, &config->server, &fixture->exchange->slots[0],
                        fixture->snapshot->set_count, SEED);
    return fixture;
}

void fixture_free(struct fixture *fixture)
{
    answer_context_done(&fixture->context);
    snapshot_free_last(fixture->snapshot);
    exchange_free(fixture->exchange);
    record_sets_free(fixture->sets);
    free(fixture);
}

struct snapshot *fixture_shift(struct fixture *fixture, uint32_t set, uint16_t first,
                               uint16_t second)
{
    struct snapshot *before = fixture->snapshot;
    struct snapshot_builder *builder = snapshot_builder_new(before, fixture->sets);
    snapshot_builder_set_weights(builder, set, (const uint16_t[]){first, second});
    fixture->snapshot = snapshot_builder_finish(builder);
    exchange_offer(fixture->exchange, fixture->snapshot);
    return before;
}

/* Labels with plain letters only; keeps their case. */
size_t fixture_query(uint8_t out[600], const char *name, uint16_t type)
{
    struct wire_writer writer = {out, 600, 0, false};
    wire_write(&writer, (const uint8_t *)"\x12\x34\0\0\0\1\0\0\0\0\0\0", 12);
    while (*name != '\0') {
        size_t len = strcspn(name, ".");
        wire_write_u8(&writer, (uint8_t)len);
        wire_write(&writer, (const uint8_t *)name, len);
        name += len + (name[len] == '.');
    }
    wire_write_u8(&writer, 0);
    wire_write_u16(&writer, type);
    wire_write_u16(&writer, 1);
    return writer.at;
}

size_t fixture_add_opt(uint8_t out[600], size_t len, uint16_t udp_size, const void *options,
                       size_t options_len)
{
    struct wire_writer writer = {out, 600, len, false};
    wire_write(&writer, (const uint8_t *)"\0\0\x29", 3);
    wire_write_u16(&writer, udp_size);
    wire_write(&writer, (const uint8_t *)"\0\0\0\0", 4);
    wire_write_u16(&writer, (uint16_t)options_len);
    wire_write(&writer, options, options_len);
    out[11]++;
    return writer.at;
}

size_t fixture_ask(struct fixture *fixture, const uint8_t *query, size_t len, bool is_tcp)
{
    struct answer_task task = {
        .snapshot = fixture->snapshot,
        .source = {.address = (const struct sockaddr *)&fixture->source, .is_tcp = is_tcp},
        .query = query,
        .query_len = len,
        .out = fixture->out,
        .out_size = fixture->out_size,
    };
    return answer_query(&fixture->context, &task);
}

static size_t print_records(char *out, size_t size, const ldns_rr_list *records)
{
    size_t used = (size_t)snprintf(out, size, " |");
    for (size_t i = 0; i < ldns_rr_list_rr_count(records); i++) {
        char *text = ldns_rr2str(ldns_rr_list_rr(records, i));
        size_t start = used;
        used += (size_t)snprintf(out + used, size - used, "%s %s", i > 0 ? ";" : "", text);
        free(text);
        for (size_t at = start; at < used; at++) {
            out[at] = out[at] == '\t' ? ' ' : out[at];
        }
        while (used > start && (out[used - 1] == '\n' || out[used - 1] == ' ')) {
            out[--used] = '\0';
        }
    }
    return used;
}

const char *fixture_print(const uint8_t *response, size_t len)
{
    static char text[200000];
    ldns_pkt *packet = NULL;
    if (len == 0) {
        return "silence";
    }
    ldns_status status = ldns_wire2pkt(&packet, response, len);
    if (status != LDNS_STATUS_OK) {
        snprintf(text, sizeof(text), "broken: %s", ldns_get_errorstr_by_id(status));
        return text;
    }
    char *rcode = ldns_pkt_rcode2str(ldns_pkt_get_rcode(packet));
    size_t used =
        (size_t)snprintf(text, sizeof(text), "%s%s%s%s", rcode, ldns_pkt_aa(packet) ? " aa" : "",
                         ldns_pkt_tc(packet) ? " tc" : "", ldns_pkt_rd(packet) ? " rd" : "");
    free(rcode);
    used += print_records(text + used, sizeof(text) - used, ldns_pkt_answer(packet));
    used += print_records(text + used, sizeof(text) - used, ldns_pkt_authority(packet));
    print_records(text + used, sizeof(text) - used, ldns_pkt_additional(packet));
    ldns_pkt_free(packet);
    return text;
}
