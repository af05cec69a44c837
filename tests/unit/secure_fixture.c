/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/secure_fixture.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "common/alloc.h"
#include "zones/record_type.h"

#define ORIGIN "example.test."

static void read_keys(struct secure *secure)
{
    ldns_pkt *packet = secure_ask(secure, ORIGIN, TYPE_DNSKEY, false);
    secure->keys = ldns_pkt_rr_list_by_type(packet, LDNS_RR_TYPE_DNSKEY, LDNS_SECTION_ANSWER);
    ldns_pkt_free(packet);
}

void secure_open(struct secure *secure, struct config *config, int64_t now_s)
{
    struct error err;
    struct zone *zones[8];
    const struct signing_time time = {.now_s = now_s, .random = 1};
    memset(secure, 0, sizeof(*secure));
    secure->config = config;
    secure->now_s = now_s;
    secure->udp_size = 1232;
    config->server.udp_payload_max = 1232;
    secure->sets = record_sets_new(config, &err);
    if (secure->sets == NULL) {
        fail_msg("%s", err.text);
    }
    for (size_t i = 0; i < config->zone_count; i++) {
        zones[i] = zonefile_load(config, i, secure->sets, &time, &err);
        if (zones[i] == NULL) {
            fail_msg("%s", err.text);
        }
    }
    struct snapshot_builder *builder = snapshot_builder_new(NULL, secure->sets);
    snapshot_builder_set_zones(builder, zone_table_new(zones, config->zone_count));
    for (uint32_t i = 0; i < secure->sets->count; i++) {
        uint16_t weights[100];
        for (size_t j = 0; j < config->record_sets[i].member_count; j++) {
            weights[j] = config->record_sets[i].members[j].weight;
        }
        snapshot_builder_set_weights(builder, i, weights);
    }
    secure->snapshot = snapshot_builder_finish(builder);
    secure->exchange = exchange_new(1, secure->sets->member_count);
    exchange_offer(secure->exchange, secure->snapshot);
    answer_context_init(&secure->context, &config->server, &secure->exchange->slots[0],
                        secure->snapshot->set_count, 1);
    read_keys(secure);
}

void secure_close(struct secure *secure)
{
    ldns_rr_list_deep_free(secure->keys);
    answer_context_done(&secure->context);
    snapshot_free_last(secure->snapshot);
    exchange_free(secure->exchange);
    record_sets_free(secure->sets);
}

void secure_shift(struct secure *secure, uint32_t set, size_t member)
{
    uint16_t weights[100] = {0};
    weights[member] = 100;
    struct snapshot *before = secure->snapshot;
    struct snapshot_builder *builder = snapshot_builder_new(before, secure->sets);
    snapshot_builder_set_weights(builder, set, weights);
    secure->snapshot = snapshot_builder_finish(builder);
    exchange_offer(secure->exchange, secure->snapshot);
    snapshot_free(before);
}

ldns_pkt *secure_ask(struct secure *secure, const char *name, uint16_t type, bool dnssec_ok)
{
    uint8_t *query = NULL;
    size_t len = 0;
    ldns_pkt *packet =
        ldns_pkt_query_new(ldns_dname_new_frm_str(name), (ldns_rr_type)type, LDNS_RR_CLASS_IN, 0);
    ldns_pkt_set_edns_udp_size(packet, secure->udp_size);
    ldns_pkt_set_edns_do(packet, dnssec_ok);
    assert_int_equal(ldns_pkt2wire(&query, packet, &len), LDNS_STATUS_OK);
    ldns_pkt_free(packet);
    struct sockaddr_in source = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0xC00002C8)};
    uint8_t *out = alloc_zeroed(1, ANSWER_OUT_MAX);
    struct answer_task task = {
        .snapshot = secure->snapshot,
        .source = {.address = (const struct sockaddr *)&source, .is_tcp = !secure->is_udp},
        .query = query,
        .query_len = len,
        .out = out,
        .out_size = ANSWER_OUT_MAX,
    };
    size_t response_len = answer_query(&secure->context, &task);
    packet = NULL;
    assert_int_equal(ldns_wire2pkt(&packet, out, response_len), LDNS_STATUS_OK);
    free(query);
    free(out);
    return packet;
}

struct text {
    size_t len;
    char octets[20000];
};

static void put(struct text *text, const char *more)
{
    int len = snprintf(text->octets + text->len, sizeof(text->octets) - text->len, "%s", more);
    text->len += (size_t)len;
    assert_true(text->len < sizeof(text->octets));
}

static void put_owner(struct text *text, const ldns_rr *rr)
{
    char *owner = ldns_rdf2str(ldns_rr_owner(rr));
    size_t len = strlen(owner);
    size_t origin_len = strlen(ORIGIN);
    if (len > origin_len && strcmp(owner + len - origin_len, ORIGIN) == 0) {
        owner[len - origin_len - 1] = '\0';
    }
    put(text, strcmp(owner, ORIGIN) == 0 ? "@" : owner);
    put(text, " ");
    free(owner);
}

static void put_type(struct text *text, uint16_t type)
{
    char name[RECORD_TYPE_TEXT_SIZE];
    record_type_print(type, name);
    put(text, name);
}

static uint16_t covered_by(const ldns_rr *rrsig)
{
    return ldns_read_uint16(ldns_rdf_data(ldns_rr_rdf(rrsig, 0)));
}

static void put_section(struct text *text, const ldns_rr_list *records)
{
    const ldns_rr *before = NULL;
    put(text, " |");
    for (size_t i = 0; i < ldns_rr_list_rr_count(records); i++) {
        const ldns_rr *rr = ldns_rr_list_rr(records, i);
        uint16_t type = (uint16_t)ldns_rr_get_type(rr);
        put(text, i > 0 ? ", " : " ");
        bool is_rrsig = type == TYPE_RRSIG;
        bool is_same =
            before != NULL && ldns_dname_compare(ldns_rr_owner(before), ldns_rr_owner(rr)) == 0;
        if (!is_same && type != TYPE_NSEC3 && !(is_rrsig && covered_by(rr) == TYPE_NSEC3)) {
            put_owner(text, rr);
        }
        put_type(text, type);
        if (is_rrsig) {
            put(text, "(");
            put_type(text, covered_by(rr));
            put(text, ")");
        }
        before = rr;
    }
}

const char *secure_describe(const ldns_pkt *packet)
{
    static struct text text;
    text.len = 0;
    char *rcode = ldns_pkt_rcode2str(ldns_pkt_get_rcode(packet));
    put(&text, rcode);
    free(rcode);
    put(&text, ldns_pkt_aa(packet) ? " aa" : "");
    put(&text, ldns_pkt_tc(packet) ? " tc" : "");
    put_section(&text, ldns_pkt_answer(packet));
    put_section(&text, ldns_pkt_authority(packet));
    put_section(&text, ldns_pkt_additional(packet));
    return text.octets;
}

/* The RRset's records, and the RRSIGs that cover it, of a section. */
static void check_rrset(struct secure *secure, const ldns_rr_list *section, const ldns_rr *of)
{
    ldns_rr_list *rrset = ldns_rr_list_new();
    ldns_rr_list *rrsigs = ldns_rr_list_new();
    for (size_t i = 0; i < ldns_rr_list_rr_count(section); i++) {
        ldns_rr *rr = ldns_rr_list_rr(section, i);
        if (ldns_dname_compare(ldns_rr_owner(rr), ldns_rr_owner(of)) != 0) {
            continue;
        }
        if (ldns_rr_get_type(rr) == ldns_rr_get_type(of)) {
            ldns_rr_list_push_rr(rrset, ldns_rr_clone(rr));
        } else if (ldns_rr_get_type(rr) == LDNS_RR_TYPE_RRSIG &&
                   covered_by(rr) == ldns_rr_get_type(of)) {
            ldns_rr_list_push_rr(rrsigs, ldns_rr_clone(rr));
        }
    }
    ldns_status status = LDNS_STATUS_CRYPTO_NO_RRSIG;
    if (ldns_rr_list_rr_count(rrsigs) > 0) {
        status = ldns_verify_time(rrset, rrsigs, secure->keys, (time_t)secure->now_s, NULL);
    }
    if (status != LDNS_STATUS_OK) {
        char *text = ldns_rr2str(of);
        fail_msg("%s: %s", text, ldns_get_errorstr_by_id(status));
    }
    ldns_rr_list_deep_free(rrset);
    ldns_rr_list_deep_free(rrsigs);
}

/* The CNAME below a DNAME is made up and not signed (RFC 6672 section 5.3.1). */
static bool is_synthesized(const ldns_rr_list *section, const ldns_rr *rr)
{
    if (ldns_rr_get_type(rr) != LDNS_RR_TYPE_CNAME) {
        return false;
    }
    for (size_t i = 0; i < ldns_rr_list_rr_count(section); i++) {
        const ldns_rr *dname = ldns_rr_list_rr(section, i);
        if (ldns_rr_get_type(dname) == LDNS_RR_TYPE_DNAME &&
            ldns_dname_is_subdomain(ldns_rr_owner(rr), ldns_rr_owner(dname))) {
            return true;
        }
    }
    return false;
}

void secure_check_signatures(struct secure *secure, const ldns_pkt *packet)
{
    const ldns_rr_list *answer = ldns_pkt_answer(packet);
    for (size_t i = 0; i < ldns_rr_list_rr_count(answer); i++) {
        const ldns_rr *rr = ldns_rr_list_rr(answer, i);
        if (ldns_rr_get_type(rr) != LDNS_RR_TYPE_RRSIG && !is_synthesized(answer, rr)) {
            check_rrset(secure, answer, rr);
        }
    }
    bool is_referral = false;
    const ldns_rr_list *authority = ldns_pkt_authority(packet);
    for (size_t i = 0; i < ldns_rr_list_rr_count(authority); i++) {
        const ldns_rr *rr = ldns_rr_list_rr(authority, i);
        is_referral |= ldns_rr_get_type(rr) == LDNS_RR_TYPE_NS;
        if (ldns_rr_get_type(rr) != LDNS_RR_TYPE_RRSIG && ldns_rr_get_type(rr) != LDNS_RR_TYPE_NS) {
            check_rrset(secure, authority, rr);
        }
    }
    const ldns_rr_list *additional = ldns_pkt_additional(packet);
    for (size_t i = 0; i < ldns_rr_list_rr_count(additional); i++) {
        const ldns_rr *rr = ldns_rr_list_rr(additional, i);
        if (!is_referral && ldns_rr_get_type(rr) != LDNS_RR_TYPE_RRSIG) {
            check_rrset(secure, additional, rr);
        }
    }
}

/* The leak sanitizer's, where it is linked. */
extern void __lsan_disable(void) __attribute__((weak));
extern void __lsan_enable(void) __attribute__((weak));

/* ldns forgets the name of the wildcard that it looks for: its leak, and none of ours. */
static ldns_status verify_nsec3_denial(ldns_rr *question, ldns_rr_list *nsecs, ldns_rr_list *rrsigs,
                                       const ldns_pkt *packet)
{
    if (__lsan_disable != NULL) {
        __lsan_disable();
    }
    ldns_status status = ldns_dnssec_verify_denial_nsec3(
        question, nsecs, rrsigs, ldns_pkt_get_rcode(packet), ldns_rr_get_type(question),
        ldns_rr_list_rr_count(ldns_pkt_answer(packet)) == 0);
    if (__lsan_enable != NULL) {
        __lsan_enable();
    }
    return status;
}

size_t secure_check_denial(struct secure *secure, const ldns_pkt *packet, const char *name,
                           uint16_t type)
{
    (void)secure;
    ldns_rr *question = ldns_rr_new();
    ldns_rr_set_owner(question, ldns_dname_new_frm_str(name));
    ldns_rr_set_type(question, (ldns_rr_type)type);
    ldns_rr_list *rrsigs =
        ldns_pkt_rr_list_by_type(packet, LDNS_RR_TYPE_RRSIG, LDNS_SECTION_AUTHORITY);
    ldns_rr_list *nsecs =
        ldns_pkt_rr_list_by_type(packet, LDNS_RR_TYPE_NSEC, LDNS_SECTION_AUTHORITY);
    ldns_status status;
    if (nsecs != NULL) {
        status = ldns_dnssec_verify_denial(question, nsecs, rrsigs);
    } else {
        nsecs = ldns_pkt_rr_list_by_type(packet, LDNS_RR_TYPE_NSEC3, LDNS_SECTION_AUTHORITY);
        status = verify_nsec3_denial(question, nsecs, rrsigs, packet);
    }
    if (status != LDNS_STATUS_OK) {
        fail_msg("%s: %s: %s", name, ldns_get_errorstr_by_id(status), secure_describe(packet));
    }
    size_t count = ldns_rr_list_rr_count(nsecs);
    ldns_rr_list_deep_free(nsecs);
    ldns_rr_list_deep_free(rrsigs);
    ldns_rr_free(question);
    return count;
}
