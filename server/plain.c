/* SPDX-License-Identifier: BSD-2-Clause */
#include "server/plain.h"

#include "server/choice.h"
#include "server/cookie.h"
#include "server/dns.h"
#include "server/edns.h"
#include "server/lookup.h"
#include "server/restrain.h"
#include "server/secure.h"
#include "server/wire.h"

#define ONE_QUESTION ((uint64_t)1 << 48)
/* A header's first 4 octets as they lie in memory: what an answer takes over, what a plain query
 * has not. */
#define HEAD_COPIED    htobe32(0xFFFF0000 | DNS_FLAG_RD)
#define HEAD_UNUSUAL   htobe32(DNS_FLAG_QR | DNS_OPCODE_MASK | DNS_RCODE_MASK)
#define QUERY_MIN      (DNS_HEADER_LEN + 1 + DNS_QUESTION_LEN) /* the root's name */
#define OPT_COOKIE_LEN (EDNS_OPT_LEN + 4 + COOKIE_LEN)         /* an OPT with a cookie alone */

/* In the 8 octets of an OPT from its payload size on: version, flags, length of options. */
#define OPT_VERSION   ((uint64_t)0xFF << 32)
#define OPT_DNSSEC_OK ((uint64_t)0x8000 << 16)
#define OPT_LENGTH    ((uint64_t)0xFFFF)
#define OPT_COOKIE    ((uint64_t)EDNS_OPTION_COOKIE << 16 | COOKIE_LEN)

/* One query on its way. Its OPT, as long as the one in the response, begins where the question
 * ends. */
struct plain {
    struct answer_context *context;
    const struct answer_task *task;
    size_t end;      /* of the question */
    size_t name_len; /* as far as the packet's length tells; proved by finding it */
    size_t opt_len;  /* 0: it has none */
    bool is_dnssec_ok;
    uint16_t type;
};

/* For a call that is seldom made. Field by field, so that the compiler need not keep the original
 * in memory for it but has it in registers: 20 instructions of each answer. */
static ALWAYS_INLINE struct plain copy_of(const struct plain *plain)
{
    return (struct plain){
        .context = plain->context,
        .task = plain->task,
        .end = plain->end,
        .name_len = plain->name_len,
        .opt_len = plain->opt_len,
        .is_dnssec_ok = plain->is_dnssec_ok,
        .type = plain->type,
    };
}

/* What an answer is, beside its records. */
struct kind {
    enum server_counter outcome;
    uint32_t flags; /* and RCODE */
};

static const struct kind kind_answer = {COUNTER_NOERROR, DNS_FLAG_AA};
static const struct kind kind_referral = {COUNTER_NOERROR, 0};
static const struct kind kind_nxdomain = {COUNTER_NXDOMAIN, DNS_FLAG_AA | DNS_NXDOMAIN};
static const struct kind kind_refusal = {COUNTER_REFUSED, DNS_REFUSED};

/* The query, or its answer, is not plain. */
static ALWAYS_INLINE size_t in_full(const struct plain *plain)
{
    return answer_in_full(plain->context, plain->task, RATE_UNKNOWN);
}

/* The OPT is what the packet ends with: 11 octets, or with a cookie that is good. */
static ALWAYS_INLINE bool find_opt(struct plain *plain, const uint8_t *packet, size_t len)
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
    }
    plain->is_dnssec_ok = (rest & OPT_DNSSEC_OK) != 0;
    return true;
}

/* False: nothing plain. */
static ALWAYS_INLINE bool read_packet(struct plain *plain)
{
    const uint8_t *packet = plain->task->query;
    size_t len = plain->task->query_len;
    uint32_t head;
    if (len < QUERY_MIN) {
        return false;
    }
    memcpy(&head, packet, sizeof(head));
    uint64_t counts = wire_load_u64(packet + 4);
    if ((head & HEAD_UNUSUAL) != 0) {
        return false;
    }
    plain->opt_len = 0;
    plain->is_dnssec_ok = false;
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
    /* From DS, which is the parent zone's, to RRSIG and NSEC, which are put together, only SSHFP
     * and IPSECKEY lie between: as rare. */
    return plain->name_len <= NAME_MAX_OCTETS && (uint16_t)type_and_class == DNS_CLASS_IN &&
           plain->type - (unsigned)DNS_TYPE_DS > DNS_TYPE_NSEC - DNS_TYPE_DS;
}

/* Whoever has no records of it has something else to say. They lie side by side. */
static ALWAYS_INLINE bool is_meta(uint16_t type)
{
    return type - 128u < 128;
}

/* False: it is no name, or it ends elsewhere. */
static bool find_all_labels(struct name_key *key, size_t name_len)
{
    static const struct name root = {.len = 1};
    return key->lower[name_len - 1] == 0 && name_key_find_labels_below(key, name_len, &root);
}

/* The name's zone, or one that only ends alike (see zone_table_find_end); NULL: to be looked at in
 * full. */
static ALWAYS_INLINE const struct zone *find_zone(const struct zone_table *table,
                                                  struct name_key *key, size_t name_len)
{
    if (table->is_simple) {
        return zone_table_find_end(table, key->lower, name_len);
    }
    if (table->absent_count > 0 || !find_all_labels(key, name_len)) {
        return NULL;
    }
    return zone_table_find_hashed(table, key, key->label_count);
}

/* As size_limit in answer.c; whatever fits 512 octets fits. */
NOT_INLINE static bool fits(struct plain copy, size_t len)
{
    const struct plain *plain = &copy;
    const struct answer_task *task = plain->task;
    size_t limit = DNS_UDP_MIN;
    if (task->source.is_tcp) {
        limit = DNS_MESSAGE_MAX;
    } else if (plain->opt_len != 0) {
        uint16_t theirs = wire_load_u16(task->query + plain->end + 3);
        uint16_t ours = plain->context->config->udp_payload_max;
        limit = theirs < ours ? theirs : ours;
        limit = limit < DNS_UDP_MIN ? DNS_UDP_MIN : limit;
    }
    return len <= limit && len + OCTETS_SLACK <= task->out_size;
}

/* There is room for a response of so many octets without the OPT. */
static ALWAYS_INLINE bool has_room(const struct plain *plain, size_t len)
{
    len += plain->opt_len;
    return len <= DNS_UDP_MIN || fits(copy_of(plain), len);
}

static ALWAYS_INLINE void write_opt(const struct plain *plain, uint8_t *out)
{
    out[0] = 0;
    wire_store_u32(out + 1, (uint32_t)DNS_TYPE_OPT << 16 | plain->context->config->udp_payload_max);
    wire_store_u32(out + 5, plain->is_dnssec_ok ? EDNS_FLAG_DO << 8 : 0);
    if (plain->opt_len == EDNS_OPT_LEN) {
        wire_store_u16(out + 9, 0);
    } else { /* the cookie comes back as it is */
        octets_copy(out + 9, plain->task->query + plain->end + 9, OPT_COOKIE_LEN - 9);
    }
}

/* Counts the answer, and writes what goes before and behind the records, which end at len. */
static ALWAYS_INLINE size_t finish(const struct plain *plain, struct kind kind, uint64_t counts,
                                   size_t len)
{
    uint8_t *out = plain->task->out;
    uint32_t head;
    counter_add(&plain->context->slot->counters[kind.outcome], 1);
    memcpy(&head, plain->task->query, sizeof(head));
    head = (head & HEAD_COPIED) | htobe32(DNS_FLAG_QR | kind.flags);
    memcpy(out, &head, sizeof(head));
    if (plain->opt_len != 0) {
        counts++;
        write_opt(plain, out + len);
    }
    wire_store_u64(out + 4, counts);
    return len + plain->opt_len;
}

/* By how much the question's name is longer than the one that something was encoded for. */
static ALWAYS_INLINE uint16_t shift_of(const struct plain *plain, size_t base_len)
{
    return (uint16_t)(plain->name_len - base_len);
}

/* What the rate limit says of it. node: whose it is; NULL: nobody's. */
NOT_INLINE static enum rate_verdict judge(struct plain copy, const struct node *node,
                                          enum rate_kind kind)
{
    const struct plain *plain = &copy;
    if (plain->task->source.is_tcp || plain->opt_len == OPT_COOKIE_LEN) {
        return RATE_SEND; /* who has proved its address */
    }
    return restrain_judge(plain->context, plain->task, node, kind);
}

/* The rate limit has nothing against it. */
static ALWAYS_INLINE bool is_within_rate(const struct plain *plain, const struct node *node,
                                         enum rate_kind kind, enum rate_verdict *verdict)
{
    if (plain->context->rate_limit == NULL) {
        return true;
    }
    *verdict = judge(copy_of(plain), node, kind);
    return *verdict == RATE_SEND;
}

/* Sections that are encoded already. */
static ALWAYS_INLINE size_t send_encoded(const struct plain *plain, struct kind kind,
                                         const struct encoded *encoded, size_t base_len,
                                         const struct node *node, enum rate_kind rate)
{
    enum rate_verdict verdict;
    size_t len = plain->end + encoded->len;
    if (!has_room(plain, len)) {
        return in_full(plain);
    }
    if (!is_within_rate(plain, node, rate, &verdict)) {
        return answer_in_full(plain->context, plain->task, verdict);
    }
    encoded_copy_whole(encoded, shift_of(plain, base_len), plain->task->out + plain->end);
    return finish(plain, kind, encoded_counts(encoded), len);
}

/* The same with the proofs of it, which depend on the name. found: what is to be proved. */
NOT_INLINE static size_t send_proved(struct plain copy, struct kind kind,
                                     const struct encoded *encoded, struct lookup found,
                                     struct name_key *key)
{
    const struct plain *plain = &copy;
    enum rate_verdict verdict;
    bool is_name = found.outcome == LOOKUP_NXDOMAIN;
    size_t base_len =
        found.outcome == LOOKUP_ANSWER ? found.node->name_len : found.zone->origin.len;
    struct denial_proofs proofs = {.count = 0};
    uint64_t counts = encoded_counts(encoded);
    size_t len = plain->end + encoded->len;
    if (!find_all_labels(key, plain->name_len)) {
        return in_full(plain);
    }
    secure_find_proofs(&found, key, &proofs);
    for (size_t i = 0; i < proofs.count; i++) {
        len += proofs.records[i]->len;
        counts += (uint64_t)proofs.records[i]->authority_count << 16;
    }
    if (!has_room(plain, len)) {
        return in_full(plain);
    }
    if (!is_within_rate(plain, is_name ? found.zone->apex : found.node,
                        is_name ? RATE_NXDOMAIN : RATE_ANSWER, &verdict)) {
        return answer_in_full(plain->context, plain->task, verdict);
    }
    uint8_t *out = plain->task->out + plain->end;
    encoded_copy_whole(encoded, shift_of(plain, base_len), out);
    out += encoded->len;
    for (size_t i = 0; i < proofs.count; i++) {
        encoded_copy_whole(proofs.records[i], shift_of(plain, found.zone->origin.len), out);
        out += proofs.records[i]->len;
    }
    return finish(plain, kind, counts, len);
}

/* There is no room: the query alone comes back. */
NOT_INLINE static size_t truncate(struct plain copy)
{
    const struct plain *plain = &copy;
    counter_add(&plain->context->slot->counters[COUNTER_TRUNCATED], 1);
    return finish(plain, (struct kind){COUNTER_NOERROR, DNS_FLAG_AA | DNS_FLAG_TC}, ONE_QUESTION,
                  plain->end);
}

/* One member's records; signed_rrset: with its signatures of these, or NULL. */
static ALWAYS_INLINE size_t send_weighted(const struct plain *plain, const struct weights *weights,
                                          const struct rrset *signed_rrset, const struct node *node)
{
    struct answer_context *context = plain->context;
    const struct sockaddr *address = plain->task->source.address;
    uint64_t hash, visitor = visit_client(address);
    enum rate_verdict verdict;
    if (!is_within_rate(plain, node, RATE_ANSWER, &verdict)) {
        return answer_in_full(context, plain->task, verdict);
    }
    size_t member = weights->record_set->choice != CHOICE_STICKY
                        ? choice_pick(&context->pick, weights, 0)
                        : choice_pick(&context->pick, weights, pick_client(address));
    if (choice_is_followed(context, weights, visitor, &hash)) {
        choice_note_visit(context, weights, visitor, hash);
    }
    uint16_t first = choice_turn(context->slot, weights, member);
    const struct member_records *records = weights->members[member].records;
    const struct encoded *signatures = NULL;
    uint64_t counts = records->counts;
    size_t len = plain->end + records->len;
    if (signed_rrset != NULL) {
        signatures = member_signatures(signed_rrset, member, records);
        counts += (uint64_t)signatures->answer_count << 32;
        len += signatures->len;
    }
    if (!has_room(plain, len)) {
        return truncate(copy_of(plain));
    }
    uint8_t *out = plain->task->out + plain->end;
    choice_copy(records, first, out);
    if (records->pointer_count > 0) {
        choice_move_pointers(records, first, shift_of(plain, node->name_len), out);
    }
    if (signatures != NULL) {
        encoded_copy_whole(signatures, shift_of(plain, node->name_len), out + records->len);
    }
    return finish(plain, kind_answer, counts, len);
}

/* The node has no such type. */
static ALWAYS_INLINE size_t answer_nodata(const struct plain *plain, const struct zone *zone,
                                          const struct node *node, struct name_key *key)
{
    if (is_meta(plain->type) || node_find(node, DNS_TYPE_CNAME) != NULL) {
        return in_full(plain);
    }
    if (plain->is_dnssec_ok && zone->denial != NULL) {
        return send_proved(copy_of(plain), kind_answer, &zone->denial->negative,
                           (struct lookup){LOOKUP_NODATA, zone, node, NULL}, key);
    }
    return send_encoded(plain, kind_answer, &zone->negative, zone->origin.len, node, RATE_ANSWER);
}

/* The node's records of the type, or that there are none. */
static ALWAYS_INLINE size_t answer_node(const struct plain *plain, const struct zone *zone,
                                        const struct node *node, bool is_wildcard,
                                        struct name_key *key)
{
    const struct rrset *rrset = node_find(node, plain->type);
    if (rrset == NULL) {
        return answer_nodata(plain, zone, node, key);
    }
    bool is_secure = plain->is_dnssec_ok && zone->denial != NULL;
    bool is_static = rrset->record_set == RRSET_STATIC;
    if (is_secure) {
        rrset = node_with_signatures(node, rrset);
        if (is_wildcard) {
            return is_static ? send_proved(copy_of(plain), kind_answer, &rrset->answer,
                                           (struct lookup){LOOKUP_ANSWER, zone, node, NULL}, key)
                             : in_full(plain);
        }
    }
    if (is_static) {
        return send_encoded(plain, kind_answer, &rrset->answer, node->name_len, node, RATE_ANSWER);
    }
    const struct weights *weights = snapshot_weights(plain->task->snapshot, rrset->record_set);
    if (!weights->is_plain) {
        return in_full(plain);
    }
    return is_secure ? send_weighted(plain, weights, rrset, node)
                     : send_weighted(plain, weights, NULL, node);
}

static ALWAYS_INLINE size_t answer_referral(const struct plain *plain, const struct zone *zone,
                                            const struct node *node)
{
    bool is_secure = plain->is_dnssec_ok && zone->denial != NULL;
    if (is_meta(plain->type)) {
        return in_full(plain);
    }
    return send_encoded(plain, kind_referral, &node->referral[is_secure ? 1 : 0], node->name_len,
                        node, RATE_ANSWER);
}

static ALWAYS_INLINE size_t answer_nxdomain(const struct plain *plain, const struct zone *zone,
                                            const struct node *encloser, struct name_key *key)
{
    if (is_meta(plain->type)) {
        return in_full(plain);
    }
    if (plain->is_dnssec_ok && zone->denial != NULL) {
        return send_proved(copy_of(plain), kind_nxdomain, &zone->denial->negative,
                           (struct lookup){LOOKUP_NXDOMAIN, zone, encloser, NULL}, key);
    }
    return send_encoded(plain, kind_nxdomain, &zone->negative, zone->origin.len, zone->apex,
                        RATE_NXDOMAIN);
}

/* The zone's answer to a name that is no node. */
static ALWAYS_INLINE size_t answer_below(const struct plain *plain, const struct zone *zone,
                                         struct name_key *key)
{
    if (!name_key_find_labels_below(key, plain->name_len, &zone->origin)) {
        return in_full(plain);
    }
    struct zone_result result = zone_lookup_below(zone, key, key->label_count - 1u);
    switch (result.match) {
    case ZONE_WILDCARD:
        return answer_node(plain, zone, result.node, true, key);
    case ZONE_DELEGATION:
        return answer_referral(plain, zone, result.node);
    case ZONE_NXDOMAIN:
        return answer_nxdomain(plain, zone, result.node, key);
    case ZONE_EXACT:
    case ZONE_DNAME:
        break;
    }
    return in_full(plain);
}

/* No zone of ours. With an OPT there is more to say. */
static ALWAYS_INLINE size_t answer_refusal(const struct plain *plain, struct name_key *key)
{
    static const struct encoded nothing = {.octets = (const uint8_t *)"", .question_count = 1};
    if (plain->opt_len != 0 || is_meta(plain->type) ||
        plain->task->snapshot->zones->absent_count > 0 || !find_all_labels(key, plain->name_len)) {
        return in_full(plain);
    }
    return send_encoded(plain, kind_refusal, &nothing, plain->name_len, NULL, RATE_ERROR);
}

HOT size_t answer_query(struct answer_context *context, const struct answer_task *task)
{
    struct plain plain; /* not zeroed */
    struct name_key key;
    plain.context = context;
    plain.task = task;
    if (!read_packet(&plain) || context->config->has_full_additional) {
        return in_full(&plain);
    }
    name_key_copy_message(&key, task->out, task->query, plain.end);
    const struct zone *zone = find_zone(task->snapshot->zones, &key, plain.name_len);
    if (zone == NULL) {
        return answer_refusal(&plain, &key);
    }
    const struct node *node = zone_find_octets(zone, key.lower, plain.name_len);
    if (node == NULL) {
        return answer_below(&plain, zone, &key);
    }
    return node->is_delegation ? answer_referral(&plain, zone, node)
                               : answer_node(&plain, zone, node, false, &key);
}
