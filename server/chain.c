/* SPDX-License-Identifier: BSD-2-Clause */
/* Each piece (an RRset, a referral, the SOA) is unpacked into the scratch memory as the message it
 * was encoded for: header, its base name, type and class, sections. From there its records are
 * copied one by one to the response. */
#include "server/chain.h"

#include <assert.h>

#include "server/compress.h"
#include "server/dns.h"
#include "server/secure.h"

#define CHAIN_LINKS_MAX 16
/* One for each wildcard on the way, and those of the end. */
#define PROOFS_MAX   (CHAIN_LINKS_MAX + DENIAL_PROOFS_MAX)
#define RECORD_FIXED 10 /* type, class, TTL, RDLENGTH */

struct chain {
    struct response *response;
    struct wire_writer writer;
    struct compress compress;
    struct lookup found;
    struct name_key name;            /* where the chain is */
    uint8_t octets[NAME_MAX_OCTETS]; /* name, with its letter case */
    unsigned links;
    uint8_t visited[CHAIN_LINKS_MAX + 1][NAME_MAX_OCTETS]; /* lower case; visited[links] is name */
    const struct node *dnames[CHAIN_LINKS_MAX + 1];        /* written already */
    unsigned dname_count;
    bool is_stale;   /* an alias target's addresses too old are in it */
    bool has_failed; /* it ended at a record set of which no member has records */
    struct chain_proof {
        const struct encoded *record;
        const struct zone *zone;
    } proofs[PROOFS_MAX]; /* for the authority section, of all the zones on the way */
    unsigned proof_count;
};

/* The types whose RDATA may hold compressed names (RFC 3597 section 4): octets before the names,
 * names, octets behind them. */
struct rdata_layout {
    uint8_t before, names, after;
};

static struct rdata_layout rdata_layout(uint16_t type)
{
    switch (type) {
    case DNS_TYPE_NS:
    case DNS_TYPE_MD:
    case DNS_TYPE_MF:
    case DNS_TYPE_CNAME:
    case DNS_TYPE_MB:
    case DNS_TYPE_MG:
    case DNS_TYPE_MR:
    case DNS_TYPE_PTR:
        return (struct rdata_layout){0, 1, 0};
    case DNS_TYPE_SOA:
        return (struct rdata_layout){0, 2, 20};
    case DNS_TYPE_MINFO:
        return (struct rdata_layout){0, 2, 0};
    case DNS_TYPE_MX:
        return (struct rdata_layout){2, 1, 0};
    default:
        return (struct rdata_layout){0, 0, 0};
    }
}

/* Lays the base name into the scratch message; returns where the sections go. */
static uint8_t *begin_piece(struct chain *chain, const uint8_t *base, size_t base_len,
                            struct wire_reader *reader)
{
    uint8_t *scratch = chain->response->context->scratch;
    memcpy(scratch + DNS_HEADER_LEN, base, base_len);
    size_t start = DNS_HEADER_LEN + base_len + DNS_QUESTION_LEN;
    *reader = wire_reader_make(scratch, start);
    reader->at = start;
    return scratch + start;
}

static struct wire_reader open_encoded(struct chain *chain, const struct encoded *encoded,
                                       const uint8_t *base, size_t base_len, uint16_t shift)
{
    struct wire_reader reader;
    uint8_t *sections = begin_piece(chain, base, base_len, &reader);
    encoded_copy(encoded, encoded->len, shift, sections);
    reader.len += encoded->len;
    return reader;
}

/* The records of found.rrset for the owner `base`, which is longer than the node's own name by
 * `shift` where a wildcard is expanded. counts: of the sections. */
static struct wire_reader open_rrset(struct chain *chain, const uint8_t *base, size_t base_len,
                                     struct encoded *counts)
{
    const struct rrset *rrset = chain->found.rrset;
    uint16_t shift = (uint16_t)(base_len - chain->found.node->name_len);
    bool is_secure = secure_is_wanted(chain->response, &chain->found);
    if (is_secure) {
        rrset = node_with_signatures(chain->found.node, rrset);
    }
    if (rrset->record_set == RRSET_STATIC) {
        *counts = rrset->answer;
        return open_encoded(chain, &rrset->answer, base, base_len, shift);
    }
    struct wire_reader reader;
    struct response_choice choice = response_choose(chain->response, rrset->record_set);
    uint8_t *sections = begin_piece(chain, base, base_len, &reader);
    response_copy_member(choice, shift, sections);
    reader.len += choice.records->len;
    chain->is_stale |= choice.is_stale;
    *counts = (struct encoded){.answer_count = choice.records->count};
    if (is_secure) {
        const struct encoded *signatures = member_signatures(rrset, choice.member, choice.records);
        encoded_copy(signatures, signatures->len, shift, sections + choice.records->len);
        reader.len += signatures->len;
        counts->answer_count = (uint16_t)(counts->answer_count + signatures->answer_count);
    }
    return reader;
}

static void copy_name(struct chain *chain, struct wire_reader *from)
{
    uint8_t name[NAME_MAX_OCTETS];
    size_t len = wire_read_name(from, name);
    compress_write(&chain->compress, &chain->writer, name, len);
}

static void copy_octets(struct chain *chain, struct wire_reader *from, size_t count)
{
    const uint8_t *octets = wire_read(from, count);
    assert(octets != NULL);
    wire_write(&chain->writer, octets, count);
}

static void copy_record(struct chain *chain, struct wire_reader *from)
{
    copy_name(chain, from);
    const uint8_t *fixed = wire_read(from, RECORD_FIXED);
    assert(fixed != NULL); /* what the encoder made is whole */
    uint16_t rdata_len = wire_load_u16(fixed + 8);
    struct rdata_layout layout = rdata_layout(wire_load_u16(fixed));
    wire_write(&chain->writer, fixed, RECORD_FIXED);
    size_t rdata_at = chain->writer.at;
    if (layout.names == 0) {
        copy_octets(chain, from, rdata_len);
        return;
    }
    copy_octets(chain, from, layout.before);
    for (uint8_t i = 0; i < layout.names; i++) {
        copy_name(chain, from);
    }
    copy_octets(chain, from, layout.after);
    if (!chain->writer.failed) {
        wire_store_u16(chain->writer.octets + rdata_at - 2,
                       (uint16_t)(chain->writer.at - rdata_at));
    }
}

static void copy_records(struct chain *chain, struct wire_reader *from, uint16_t count)
{
    for (uint16_t i = 0; i < count && !chain->writer.failed; i++) {
        copy_record(chain, from);
    }
}

/* Records that may be left out, as many as there is room for: nothing follows them. */
static uint16_t copy_optional(struct chain *chain, struct wire_reader *from, uint16_t count)
{
    for (uint16_t i = 0; i < count && !chain->writer.failed; i++) {
        size_t before = chain->writer.at;
        copy_record(chain, from);
        if (chain->writer.failed) {
            chain->writer.failed = false;
            chain->writer.at = before;
            return i;
        }
    }
    return count;
}

static void copy_sections(struct chain *chain, struct wire_reader *from,
                          const struct encoded *counts)
{
    struct response *response = chain->response;
    uint16_t required = counts->required_additional_count;
    copy_records(chain, from, counts->answer_count);
    copy_records(chain, from, counts->authority_count);
    copy_records(chain, from, required);
    uint16_t optional = copy_optional(chain, from, (uint16_t)(counts->additional_count - required));
    response->answer_count = (uint16_t)(response->answer_count + counts->answer_count);
    response->authority_count = (uint16_t)(response->authority_count + counts->authority_count);
    response->additional_count = (uint16_t)(required + optional);
}

/* What has to be proved about the name where the chain is. */
static void remember_proofs(struct chain *chain)
{
    struct denial_proofs proofs = {0};
    if (!secure_is_wanted(chain->response, &chain->found)) {
        return;
    }
    secure_find_proofs(&chain->found, &chain->name, &proofs);
    for (size_t i = 0; i < proofs.count; i++) {
        bool is_known = chain->proof_count == PROOFS_MAX;
        for (unsigned j = 0; j < chain->proof_count && !is_known; j++) {
            is_known = chain->proofs[j].record == proofs.records[i];
        }
        if (!is_known) {
            chain->proofs[chain->proof_count++] =
                (struct chain_proof){.record = proofs.records[i], .zone = chain->found.zone};
        }
    }
}

static void write_proofs(struct chain *chain)
{
    for (unsigned i = 0; i < chain->proof_count; i++) {
        const struct encoded *record = chain->proofs[i].record;
        const struct name *origin = &chain->proofs[i].zone->origin;
        struct wire_reader reader = open_encoded(chain, record, origin->octets, origin->len, 0);
        copy_records(chain, &reader, record->authority_count);
        chain->response->authority_count =
            (uint16_t)(chain->response->authority_count + record->authority_count);
    }
    chain->proof_count = 0;
}

/* Moves the chain to its next name. False: it has been there, or has come far enough. */
static bool move_to(struct chain *chain, const uint8_t *octets, size_t len)
{
    if (chain->links == CHAIN_LINKS_MAX) {
        return false;
    }
    memcpy(chain->octets, octets, len);
    size_t parsed = name_key_parse(&chain->name, chain->octets, len);
    assert(parsed == len);
    for (unsigned i = 0; i <= chain->links; i++) {
        if (memcmp(chain->visited[i], chain->name.lower, len) == 0) {
            return false;
        }
    }
    chain->links++;
    memcpy(chain->visited[chain->links], chain->name.lower, len);
    return true;
}

/* The name in the RDATA of the record at the reader's position, which stays. */
static size_t peek_target(struct wire_reader reader, uint8_t target[NAME_MAX_OCTETS])
{
    uint8_t owner[NAME_MAX_OCTETS];
    wire_read_name(&reader, owner);
    wire_read(&reader, RECORD_FIXED);
    size_t len = wire_read_name(&reader, target);
    assert(len > 0);
    return len;
}

/* The CNAME or DNAME, and its RRSIGs where it has any. */
static void copy_answer(struct chain *chain, struct wire_reader *from, const struct encoded *counts)
{
    copy_records(chain, from, counts->answer_count);
    chain->response->answer_count =
        (uint16_t)(chain->response->answer_count + counts->answer_count);
}

static bool follow_cname(struct chain *chain)
{
    struct encoded counts;
    uint8_t target[NAME_MAX_OCTETS];
    struct wire_reader reader = open_rrset(chain, chain->octets, chain->name.len, &counts);
    size_t target_len = peek_target(reader, target);
    copy_answer(chain, &reader, &counts);
    return !chain->writer.failed && move_to(chain, target, target_len);
}

/* RFC 6672 section 3.1: the CNAME that the DNAME stands for, with the DNAME's TTL. */
static void write_synthesized(struct chain *chain, const uint8_t ttl[4], const uint8_t *target,
                              size_t target_len)
{
    static const uint8_t type_and_class[4] = {0, DNS_TYPE_CNAME, 0, DNS_CLASS_IN};
    compress_write(&chain->compress, &chain->writer, chain->octets, chain->name.len);
    wire_write(&chain->writer, type_and_class, sizeof(type_and_class));
    wire_write(&chain->writer, ttl, 4);
    uint8_t *rdata_len = wire_reserve(&chain->writer, 2);
    size_t rdata_at = chain->writer.at;
    compress_write(&chain->compress, &chain->writer, target, target_len);
    if (!chain->writer.failed) {
        wire_store_u16(rdata_len, (uint16_t)(chain->writer.at - rdata_at));
    }
    chain->response->answer_count++;
}

static void write_dname(struct chain *chain, struct wire_reader *reader,
                        const struct encoded *counts)
{
    const struct node *node = chain->found.node;
    for (unsigned i = 0; i < chain->dname_count; i++) {
        if (chain->dnames[i] == node) {
            return;
        }
    }
    chain->dnames[chain->dname_count++] = node;
    copy_answer(chain, reader, counts);
}

static bool follow_dname(struct chain *chain)
{
    const struct node *node = chain->found.node;
    struct encoded counts;
    struct wire_reader reader = open_rrset(chain, node->name, node->name_len, &counts);
    uint8_t target[2 * NAME_MAX_OCTETS];
    size_t prefix_len = (size_t)chain->name.len - node->name_len;
    memcpy(target, chain->octets, prefix_len);
    size_t target_len = prefix_len + peek_target(reader, target + prefix_len);
    /* Owner name (a suffix of what was asked), then the fixed part. */
    struct wire_reader record = reader;
    uint8_t owner[NAME_MAX_OCTETS];
    wire_read_name(&record, owner);
    const uint8_t *fixed = wire_read(&record, RECORD_FIXED);
    assert(fixed != NULL);
    uint8_t ttl[4];
    memcpy(ttl, fixed + 4, sizeof(ttl));
    write_dname(chain, &reader, &counts);
    if (target_len > NAME_MAX_OCTETS) {
        chain->response->rcode = DNS_YXDOMAIN; /* RFC 6672 section 2.2 */
        return false;
    }
    write_synthesized(chain, ttl, target, target_len);
    /* Asked for the CNAME itself: that was it. */
    return !chain->writer.failed && chain->response->query->type != DNS_TYPE_CNAME &&
           move_to(chain, target, target_len);
}

static void end_with_encoded(struct chain *chain, const struct encoded *encoded,
                             const uint8_t *base, size_t base_len)
{
    struct wire_reader reader = open_encoded(chain, encoded, base, base_len, 0);
    copy_sections(chain, &reader, encoded);
}

static void end_with_referral(struct chain *chain)
{
    const struct node *node = chain->found.node;
    bool is_secure = secure_is_wanted(chain->response, &chain->found);
    write_proofs(chain); /* its glue ends the response */
    end_with_encoded(chain, &node->referral[is_secure ? 1 : 0], node->name, node->name_len);
}

static void end_with_negative(struct chain *chain)
{
    const struct zone *zone = chain->found.zone;
    bool is_secure = secure_is_wanted(chain->response, &chain->found);
    end_with_encoded(chain, is_secure ? &zone->denial->negative : &zone->negative,
                     zone->origin.octets, zone->origin.len);
}

/* One step. False: the chain has ended. */
static bool take_step(struct chain *chain)
{
    const struct lookup *found = &chain->found;
    struct encoded counts;
    struct wire_reader reader;
    if (found->rrset != NULL && found->rrset->record_set != RRSET_STATIC &&
        !response_has_records(chain->response, found->rrset->record_set)) {
        chain->has_failed = true;
        return false;
    }
    remember_proofs(chain);
    switch (found->outcome) {
    case LOOKUP_CNAME:
        return follow_cname(chain);
    case LOOKUP_DNAME:
        return follow_dname(chain);
    case LOOKUP_ANSWER:
        reader = open_rrset(chain, chain->octets, chain->name.len, &counts);
        copy_sections(chain, &reader, &counts);
        return false;
    case LOOKUP_REFERRAL:
        end_with_referral(chain);
        return false;
    case LOOKUP_NXDOMAIN:
        chain->response->rcode = DNS_NXDOMAIN; /* RFC 6604 section 3 */
        end_with_negative(chain);
        return false;
    case LOOKUP_NODATA:
        end_with_negative(chain);
        return false;
    case LOOKUP_NO_ZONE: /* the resolver goes on from here */
        return false;
    }
    return false;
}

/* What the response says of itself, once all records are in: the rest of the room is for it. */
static void finish(const struct chain *chain)
{
    struct response *response = chain->response;
    response->len = chain->writer.at;
    if (chain->writer.failed) {
        response_truncate(response);
    } else if (chain->has_failed) {
        /* The RCODE is the last name's (RFC 6604 section 3), AA the first one's. */
        uint16_t flags = chain->links == 0 ? 0 : response->flags;
        response_fail(response);
        response->flags = flags;
    } else if (chain->is_stale) {
        response_mark_stale(response);
    }
}

void chain_answer(struct response *response, struct lookup found)
{
    const struct query *query = response->query;
    struct chain chain; /* large and mostly written later: not zeroed */
    chain.response = response;
    chain.writer = (struct wire_writer){response->out, response->limit, response->len, false};
    chain.compress.count = 0;
    chain.found = found;
    chain.name = query->name;
    chain.links = 0;
    chain.dname_count = 0;
    chain.is_stale = false;
    chain.has_failed = false;
    chain.proof_count = 0;
    memcpy(chain.octets, response->out + DNS_HEADER_LEN, query->name.len);
    memcpy(chain.visited[0], query->name.lower, query->name.len);
    compress_add(&chain.compress, &query->name, DNS_HEADER_LEN);
    while (take_step(&chain)) {
        chain.found = lookup_name(response->task->snapshot, &chain.name, query->type);
    }
    write_proofs(&chain);
    finish(&chain);
}
