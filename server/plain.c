/* SPDX-License-Identifier: BSD-2-Clause */
#include "server/plain.h"

#include <assert.h>

#include "server/choice.h"
#include "server/cookie.h"
#include "server/dns.h"
#include "server/edns.h"
#include "server/lookup.h"
#include "server/restrain.h"
#include "server/secure.h"
#include "server/wire.h"

#define ONE_QUESTION ((uint64_t)1 << 48)
/* A header's first 4 octets: what an answer takes over, what a plain query has not, what is set. */
#define HEAD_COPIED    (0xFFFF0000 | DNS_FLAG_RD)
#define HEAD_UNUSUAL   (DNS_FLAG_QR | DNS_OPCODE_MASK | DNS_RCODE_MASK)
#define QUERY_MIN      (DNS_HEADER_LEN + 1 + DNS_QUESTION_LEN) /* the root's name */
#define OPT_COOKIE_LEN (EDNS_OPT_LEN + 4 + COOKIE_LEN)         /* an OPT with a cookie alone */

/* In the 8 octets of an OPT from its payload size on: version, flags, length of options. */
#define OPT_VERSION   ((uint64_t)0xFF << 32)
#define OPT_DNSSEC_OK ((uint64_t)0x8000 << 16)
#define OPT_LENGTH    ((uint64_t)0xFFFF)
#define OPT_COOKIE    ((uint64_t)EDNS_OPTION_COOKIE << 16 | COOKIE_LEN)

/* One query on its way; what is not known yet is not set. */
struct plain {
    struct answer_context *context;
    const struct answer_task *task;
    size_t end;         /* of the question */
    size_t name_len;    /* as far as the packet's length tells; proved by finding it */
    const uint8_t *opt; /* the query's; NULL: none */
    size_t opt_len;     /* as long as the one in the response */
    bool is_dnssec_ok;
    bool has_good_cookie;
    uint32_t head; /* id and flags */
    uint16_t type;
    enum rate_verdict verdict; /* when it is to be answered in full */
};

/* For a call that is seldom made. Field by field, so that the compiler need not keep the original
 * in memory for it but has it in registers: 20 instructions of each answer. */
static inline struct plain copy_of(const struct plain *plain)
{
    return (struct plain){
        .context = plain->context,
        .task = plain->task,
        .end = plain->end,
        .name_len = plain->name_len,
        .opt = plain->opt,
        .opt_len = plain->opt_len,
        .is_dnssec_ok = plain->is_dnssec_ok,
        .head = plain->head,
    };
}

/* What the answer is made of. */
struct body {
    const struct encoded *encoded; /* NULL: weights */
    const struct weights *weights;
    const struct rrset *signed_rrset; /* weighted: has the members' signatures; NULL: without */
    size_t base_len;
    enum server_counter outcome;
    uint32_t flags; /* and RCODE */
    /* Where it comes from, for the rate limit and the proofs; NULL: nowhere. */
    const struct zone *zone;
    const struct node *node;
    enum lookup_outcome proved; /* what a signed zone has to prove of it; LOOKUP_NO_ZONE: nothing */
};

/* The OPT is what the packet ends with: 11 octets, or with a cookie. */
static inline bool find_opt(struct plain *plain, const uint8_t *packet, size_t len)
{
    const uint8_t *opt = packet + len - EDNS_OPT_LEN;
    uint64_t rest = wire_load_u64(opt + 3);
    plain->opt_len = EDNS_OPT_LEN;
    if (wire_load_u32(opt) >> 8 != DNS_TYPE_OPT || (rest & (OPT_VERSION | OPT_LENGTH)) != 0) {
        opt = packet + len - OPT_COOKIE_LEN;
        if (len < QUERY_MIN + OPT_COOKIE_LEN || wire_load_u32(opt) >> 8 != DNS_TYPE_OPT) {
            return false;
        }
        rest = wire_load_u64(opt + 3);
        plain->opt_len = OPT_COOKIE_LEN;
        if ((rest & (OPT_VERSION | OPT_LENGTH)) != OPT_COOKIE_LEN - EDNS_OPT_LEN ||
            wire_load_u32(opt + EDNS_OPT_LEN) != OPT_COOKIE ||
            cookie_check(&plain->task->snapshot->cookies, opt + EDNS_OPT_LEN + 4, COOKIE_LEN,
                         plain->task->source.address, plain->context->wall_s) != COOKIE_GOOD) {
            return false;
        }
        plain->has_good_cookie = true;
    }
    plain->opt = opt;
    plain->is_dnssec_ok = (rest & OPT_DNSSEC_OK) != 0;
    return true;
}

/* False: nothing plain. */
static inline bool read_packet(struct plain *plain)
{
    const uint8_t *packet = plain->task->query;
    size_t len = plain->task->query_len;
    if (len < QUERY_MIN) {
        return false;
    }
    plain->head = wire_load_u32(packet);
    uint64_t counts = wire_load_u64(packet + 4);
    if ((plain->head & HEAD_UNUSUAL) != 0) {
        return false;
    }
    plain->opt_len = 0;
    plain->is_dnssec_ok = false;
    plain->has_good_cookie = false;
    if (counts != ONE_QUESTION) {
        if (counts != ONE_QUESTION + 1 || len < QUERY_MIN + EDNS_OPT_LEN ||
            !find_opt(plain, packet, len)) {
            return false;
        }
    }
    plain->end = len - plain->opt_len;
    plain->name_len = plain->end - DNS_HEADER_LEN - DNS_QUESTION_LEN;
    uint32_t type_and_class = wire_load_u32(packet + plain->end - DNS_QUESTION_LEN);
    plain->type = (uint16_t)(type_and_class >> 16);
    /* Meta types lie side by side. From DS, which is the parent zone's, to RRSIG and NSEC, which
     * are put together, only SSHFP and IPSECKEY lie between: as rare. */
    return plain->name_len <= NAME_MAX_OCTETS && (uint16_t)type_and_class == DNS_CLASS_IN &&
           plain->type - 128u >= 128 &&
           plain->type - (unsigned)DNS_TYPE_DS > DNS_TYPE_NSEC - DNS_TYPE_DS;
}

/* False: it is no name, or it ends elsewhere. */
static bool find_all_labels(struct name_key *key, size_t name_len)
{
    static const struct name root = {.len = 1};
    return key->lower[name_len - 1] == 0 && name_key_find_labels_below(key, name_len, &root);
}

/* The name's zone, or one that only ends alike (see zone_table_find_end); NULL: to be looked at in full. */
static inline const struct zone *find_zone(const struct zone_table *table, struct name_key *key,
                                           size_t name_len)
{
    if (table->is_simple) {
        return zone_table_find_end(table, key->lower, name_len);
    }
    if (table->absent_count > 0 || !find_all_labels(key, name_len)) {
        return NULL;
    }
    return zone_table_find_hashed(table, key, key->label_count);
}

/* The node's records of the type, or that there are none. False: to be looked at in full. */
static inline bool take_node(const struct plain *plain, const struct zone *zone,
                             const struct node *node, bool is_wildcard, struct body *body)
{
    const struct rrset *rrset = node_find(node, plain->type);
    bool is_secure = plain->is_dnssec_ok && zone->denial != NULL;
    body->flags = DNS_FLAG_AA;
    body->zone = zone;
    body->node = node;
    if (rrset == NULL) {
        body->encoded = is_secure ? &zone->denial->negative : &zone->negative;
        body->base_len = zone->origin.len;
        body->proved = is_secure ? LOOKUP_NODATA : LOOKUP_NO_ZONE;
        return node_find(node, DNS_TYPE_CNAME) == NULL;
    }
    if (is_secure) {
        rrset = node_with_signatures(node, rrset);
        body->proved = is_wildcard ? LOOKUP_ANSWER : LOOKUP_NO_ZONE;
    }
    body->base_len = node->name_len;
    if (rrset->record_set == RRSET_STATIC) {
        body->encoded = &rrset->answer;
        return true;
    }
    body->encoded = NULL;
    body->weights = snapshot_weights(plain->task->snapshot, rrset->record_set);
    body->signed_rrset = is_secure ? rrset : NULL;
    return body->weights->is_plain && body->proved == LOOKUP_NO_ZONE;
}

static inline bool take_referral(const struct plain *plain, const struct zone *zone,
                                 const struct node *node, struct body *body)
{
    bool is_secure = plain->is_dnssec_ok && zone->denial != NULL;
    body->flags = 0;
    body->zone = zone;
    body->node = node;
    body->encoded = &node->referral[is_secure ? 1 : 0];
    body->base_len = node->name_len;
    return true;
}

/* The zone's answer to a name that is no node. */
static inline bool take_below(const struct plain *plain, const struct zone *zone,
                              struct name_key *key, struct body *body)
{
    if (!name_key_find_labels_below(key, plain->name_len, &zone->origin)) {
        return false;
    }
    struct zone_result result = zone_lookup_below(zone, key, key->label_count - 1u);
    switch (result.match) {
    case ZONE_WILDCARD:
        return take_node(plain, zone, result.node, true, body);
    case ZONE_DELEGATION:
        return take_referral(plain, zone, result.node, body);
    case ZONE_NXDOMAIN:
        body->flags = DNS_FLAG_AA | DNS_NXDOMAIN;
        body->outcome = COUNTER_NXDOMAIN;
        body->zone = zone;
        body->node = result.node;
        body->encoded = &zone->negative;
        body->base_len = zone->origin.len;
        if (plain->is_dnssec_ok && zone->denial != NULL) {
            body->encoded = &zone->denial->negative;
            body->proved = LOOKUP_NXDOMAIN;
        }
        return true;
    case ZONE_EXACT:
    case ZONE_DNAME:
        break;
    }
    return false;
}

/* No zone of ours. With an OPT there is more to say. */
static inline bool take_refusal(const struct plain *plain, struct name_key *key, struct body *body)
{
    static const struct encoded nothing = {.octets = (const uint8_t *)"", .question_count = 1};
    body->flags = DNS_REFUSED;
    body->outcome = COUNTER_REFUSED;
    body->encoded = &nothing;
    body->base_len = plain->name_len;
    return plain->opt_len == 0 && plain->task->snapshot->zones->absent_count == 0 &&
           find_all_labels(key, plain->name_len);
}

/* What answers the query. False: to be looked at in full. */
static inline bool find_body(const struct plain *plain, struct name_key *key, struct body *body)
{
    const struct zone *zone = find_zone(plain->task->snapshot->zones, key, plain->name_len);
    if (zone == NULL) {
        return take_refusal(plain, key, body);
    }
    const struct node *node = zone_find_octets(zone, key->lower, plain->name_len);
    if (node == NULL) {
        return take_below(plain, zone, key, body);
    }
    return node->is_delegation ? take_referral(plain, zone, node, body)
                               : take_node(plain, zone, node, false, body);
}

/* As size_limit in answer.c; whatever fits 512 octets fits. */
RARELY static bool fits(struct plain copy, size_t len)
{
    const struct plain *plain = &copy;
    const struct answer_task *task = plain->task;
    size_t limit = DNS_UDP_MIN;
    if (task->source.is_tcp) {
        limit = DNS_MESSAGE_MAX;
    } else if (plain->opt != NULL && wire_load_u16(plain->opt + 3) > DNS_UDP_MIN) {
        uint16_t theirs = wire_load_u16(plain->opt + 3);
        uint16_t ours = plain->context->config->udp_payload_max;
        limit = theirs < ours ? theirs : ours;
    }
    return len <= limit && len <= task->out_size;
}

static inline void write_opt(const struct plain *plain, uint8_t *out)
{
    out[0] = 0;
    wire_store_u32(out + 1, (uint32_t)DNS_TYPE_OPT << 16 | plain->context->config->udp_payload_max);
    wire_store_u32(out + 5, plain->is_dnssec_ok ? EDNS_FLAG_DO << 8 : 0);
    if (plain->opt_len == EDNS_OPT_LEN) {
        wire_store_u16(out + 9, 0);
    } else { /* the cookie comes back as it is */
        octets_copy(out + 9, plain->opt + 9, OPT_COOKIE_LEN - 9);
    }
}

/* What goes before and behind the records, which end at len. */
static inline size_t finish(const struct plain *plain, uint64_t counts, uint32_t flags, size_t len)
{
    uint8_t *out = plain->task->out;
    wire_store_u32(out, (plain->head & HEAD_COPIED) | DNS_FLAG_QR | flags);
    if (plain->opt_len != 0) {
        counts++;
        write_opt(plain, out + len);
    }
    wire_store_u64(out + 4, counts);
    return len + plain->opt_len;
}

static inline size_t add_encoded(const struct plain *plain, const struct body *body)
{
    const struct encoded *encoded = body->encoded;
    uint16_t shift = (uint16_t)(plain->name_len - body->base_len);
    encoded_copy_whole(encoded, shift, plain->task->out + plain->end);
    counter_add(&plain->context->slot->counters[body->outcome], 1);
    return finish(plain, encoded_counts(encoded), body->flags, plain->end + encoded->len);
}

/* There is no room: the query alone comes back. */
RARELY static size_t truncate(struct plain copy)
{
    const struct plain *plain = &copy;
    counter *counters = plain->context->slot->counters;
    counter_add(&counters[COUNTER_NOERROR], 1);
    counter_add(&counters[COUNTER_TRUNCATED], 1);
    return finish(plain, ONE_QUESTION, DNS_FLAG_AA | DNS_FLAG_TC, plain->end);
}

static inline size_t add_weighted(const struct plain *plain, const struct body *body)
{
    const struct weights *weights = body->weights;
    struct answer_context *context = plain->context;
    const struct sockaddr *address = plain->task->source.address;
    uint64_t hash, visitor = visit_client(address);
    bool is_sticky = weights->record_set->choice == CHOICE_STICKY;
    size_t member = choice_pick(&context->pick, weights, is_sticky ? pick_client(address) : 0);
    if (choice_is_followed(context, weights, visitor, &hash)) {
        choice_note_visit(context, weights, visitor, hash);
    }
    uint16_t first = choice_turn(context->slot, weights, member);
    const struct member_records *records = weights->members[member].records;
    const struct encoded *signatures = NULL;
    uint64_t counts = ONE_QUESTION | (uint64_t)records->count << 32;
    size_t len = plain->end + records->len;
    uint16_t shift = (uint16_t)(plain->name_len - body->base_len);
    if (body->signed_rrset != NULL) {
        signatures = member_signatures(body->signed_rrset, member, records);
        counts += (uint64_t)signatures->answer_count << 32;
        len += signatures->len;
    }
    if (len + plain->opt_len > DNS_UDP_MIN && !fits(copy_of(plain), len + plain->opt_len)) {
        return truncate(copy_of(plain));
    }
    uint8_t *out = plain->task->out + plain->end;
    choice_copy(records, first, shift, out);
    if (signatures != NULL) {
        encoded_copy_whole(signatures, shift, out + records->len);
    }
    counter_add(&context->slot->counters[COUNTER_NOERROR], 1);
    return finish(plain, counts, DNS_FLAG_AA, len);
}

/* What the encoded sections say, with the proofs of it, which depend on the name. 0: no room. */
__attribute__((noinline)) static size_t add_proved(struct plain copy, struct body body,
                                                   struct name_key *key)
{
    const struct plain *plain = &copy;
    const struct lookup found = {body.proved, body.zone, body.node, NULL};
    struct denial_proofs proofs = {.count = 0};
    uint64_t counts = encoded_counts(body.encoded);
    size_t len = plain->end + body.encoded->len;
    if (!find_all_labels(key, plain->name_len)) {
        return 0;
    }
    secure_find_proofs(&found, key, &proofs);
    for (size_t i = 0; i < proofs.count; i++) {
        len += proofs.records[i]->len;
        counts += (uint64_t)proofs.records[i]->authority_count << 16;
    }
    if (len + plain->opt_len > DNS_UDP_MIN && !fits(copy, len + plain->opt_len)) {
        return 0;
    }
    uint8_t *out = plain->task->out + plain->end;
    encoded_copy(body.encoded, body.encoded->len, (uint16_t)(plain->name_len - body.base_len), out);
    out += body.encoded->len;
    for (size_t i = 0; i < proofs.count; i++) {
        encoded_copy(proofs.records[i], proofs.records[i]->len,
                     (uint16_t)(plain->name_len - body.zone->origin.len), out);
        out += proofs.records[i]->len;
    }
    counter_add(&plain->context->slot->counters[body.outcome], 1);
    return finish(plain, counts, body.flags, len);
}

/* What the rate limit says. */
static inline enum rate_verdict judge(const struct plain *plain, const struct body *body)
{
    if (plain->task->source.is_tcp || plain->has_good_cookie) {
        return RATE_SEND; /* who has proved its address */
    }
    if (body->outcome == COUNTER_NXDOMAIN) {
        return restrain_judge(plain->context, plain->task, body->zone->apex, RATE_NXDOMAIN);
    }
    return restrain_judge(plain->context, plain->task, body->node,
                          body->node == NULL ? RATE_ERROR : RATE_ANSWER);
}

/* The response's length; 0: the query, or its answer, is not plain. */
static inline size_t answer_plainly(struct plain *plain)
{
    struct name_key key;
    struct body body = {.outcome = COUNTER_NOERROR};
    if (!read_packet(plain) || plain->context->config->has_full_additional) {
        return 0;
    }
    name_key_copy_message(&key, plain->task->out, plain->task->query, plain->end);
    if (!find_body(plain, &key, &body)) {
        return 0;
    }
    if (body.encoded != NULL) {
        size_t len = plain->end + body.encoded->len + plain->opt_len;
        if (len > DNS_UDP_MIN && !fits(copy_of(plain), len)) {
            return 0;
        }
    }
    if (plain->context->rate_limit != NULL) {
        plain->verdict = judge(plain, &body);
        if (plain->verdict != RATE_SEND) {
            return 0;
        }
    }
    if (body.proved != LOOKUP_NO_ZONE) {
        return add_proved(copy_of(plain), body, &key);
    }
    return body.encoded != NULL ? add_encoded(plain, &body) : add_weighted(plain, &body);
}

size_t answer_query(struct answer_context *context, const struct answer_task *task)
{
    struct plain plain; /* not zeroed */
    assert(task->out_size >= DNS_UDP_MIN);
    plain.context = context;
    plain.task = task;
    plain.verdict = RATE_UNKNOWN;
    plain.opt = NULL;
    size_t len = answer_plainly(&plain);
    return len != 0 ? len : answer_in_full(context, task, plain.verdict);
}
