/* SPDX-License-Identifier: BSD-2-Clause */
#include "server/chain.h"

#include <assert.h>

#include "server/additional.h"
#include "server/assembly.h"
#include "server/dns.h"
#include "server/dnssec_data.h"
#include "server/secure.h"

#define CHAIN_LINKS_MAX 16
/* One for each wildcard on the way, and those of the end. */
#define PROOFS_MAX (CHAIN_LINKS_MAX + DENIAL_PROOFS_MAX)

struct chain {
    struct response *response;
    struct assembly assembly;
    struct lookup found;
    struct name_key name;            /* where the chain is */
    uint8_t octets[NAME_MAX_OCTETS]; /* name, with its letter case */
    unsigned links;
    uint8_t visited[CHAIN_LINKS_MAX + 1][NAME_MAX_OCTETS]; /* lower case; visited[links] is name */
    const struct node *dnames[CHAIN_LINKS_MAX + 1];        /* written already */
    unsigned dname_count;
    bool has_failed; /* it ended at a record set of which no member has records */
    struct chain_proof {
        const struct encoded *record;
        const struct zone *zone;
    } proofs[PROOFS_MAX]; /* for the authority section, of all the zones on the way */
    unsigned proof_count;
};

/* Records that may be left out, as many as there is room for. */
static uint16_t copy_optional(struct chain *chain, struct wire_reader *from, uint16_t count)
{
    uint16_t copied = 0;
    while (copied < count && assembly_copy_optional(&chain->assembly, from, 1)) {
        copied++;
    }
    return copied;
}

static void copy_sections(struct chain *chain, struct wire_reader *from,
                          const struct encoded *counts)
{
    struct response *response = chain->response;
    uint16_t required = counts->required_additional_count;
    assembly_copy(&chain->assembly, from, counts->answer_count);
    assembly_copy(&chain->assembly, from, counts->authority_count);
    assembly_copy(&chain->assembly, from, required);
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
        struct wire_reader reader =
            assembly_open(&chain->assembly, record, origin->octets, origin->len, 0);
        assembly_copy(&chain->assembly, &reader, record->authority_count);
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
    wire_read(&reader, ASSEMBLY_RECORD_FIXED);
    size_t len = wire_read_name(&reader, target);
    assert(len > 0);
    return len;
}

/* The CNAME or DNAME, and its RRSIGs where it has any. */
static void copy_answer(struct chain *chain, struct wire_reader *from, const struct encoded *counts)
{
    assembly_copy(&chain->assembly, from, counts->answer_count);
    chain->response->answer_count =
        (uint16_t)(chain->response->answer_count + counts->answer_count);
}

static bool follow_cname(struct chain *chain)
{
    struct encoded counts;
    uint8_t target[NAME_MAX_OCTETS];
    struct wire_reader reader = assembly_open_rrset(&chain->assembly, &chain->found, chain->octets,
                                                    chain->name.len, &counts);
    size_t target_len = peek_target(reader, target);
    copy_answer(chain, &reader, &counts);
    return !chain->assembly.writer.failed && move_to(chain, target, target_len);
}

/* RFC 6672 section 3.1: the CNAME that the DNAME stands for, with the DNAME's TTL. */
static void write_synthesized(struct chain *chain, const uint8_t ttl[4], const uint8_t *target,
                              size_t target_len)
{
    static const uint8_t type_and_class[4] = {0, DNS_TYPE_CNAME, 0, DNS_CLASS_IN};
    assembly_write_name(&chain->assembly, chain->octets, chain->name.len);
    wire_write(&chain->assembly.writer, type_and_class, sizeof(type_and_class));
    wire_write(&chain->assembly.writer, ttl, 4);
    uint8_t *rdata_len = wire_reserve(&chain->assembly.writer, 2);
    size_t rdata_at = chain->assembly.writer.at;
    assembly_write_name(&chain->assembly, target, target_len);
    if (!chain->assembly.writer.failed) {
        wire_store_u16(rdata_len, (uint16_t)(chain->assembly.writer.at - rdata_at));
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
    struct wire_reader reader =
        assembly_open_rrset(&chain->assembly, &chain->found, node->name, node->name_len, &counts);
    uint8_t target[2 * NAME_MAX_OCTETS];
    size_t prefix_len = (size_t)chain->name.len - node->name_len;
    memcpy(target, chain->octets, prefix_len);
    size_t target_len = prefix_len + peek_target(reader, target + prefix_len);
    /* Owner name (a suffix of what was asked), then the fixed part. */
    struct wire_reader record = reader;
    uint8_t owner[NAME_MAX_OCTETS];
    wire_read_name(&record, owner);
    const uint8_t *fixed = wire_read(&record, ASSEMBLY_RECORD_FIXED);
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
    return !chain->assembly.writer.failed && chain->response->query->type != DNS_TYPE_CNAME &&
           move_to(chain, target, target_len);
}

static void end_with_encoded(struct chain *chain, const struct encoded *encoded,
                             const uint8_t *base, size_t base_len)
{
    struct wire_reader reader = assembly_open(&chain->assembly, encoded, base, base_len, 0);
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
        reader = assembly_open_rrset(&chain->assembly, &chain->found, chain->octets,
                                     chain->name.len, &counts);
        copy_sections(chain, &reader, &counts);
        return false;
    case LOOKUP_DNSSEC_DATA:
        dnssec_data_write(&chain->assembly, found, chain->octets, chain->name.len);
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
    case LOOKUP_NOT_LOADED:
        chain->has_failed = true;
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
    response->len = chain->assembly.writer.at;
    if (chain->assembly.writer.failed) {
        response_truncate(response);
    } else if (chain->has_failed) {
        /* The RCODE is the last name's (RFC 6604 section 3), AA the first one's. */
        uint16_t flags = chain->links == 0 ? 0 : response->flags;
        response_fail(response);
        response->flags = flags;
    } else if (chain->assembly.is_stale) {
        response_mark_stale(response);
    }
}

void chain_answer(struct response *response, struct lookup found)
{
    const struct query *query = response->query;
    struct chain chain; /* large and mostly written later: not zeroed */
    chain.response = response;
    assembly_begin(&chain.assembly, response);
    chain.found = found;
    chain.name = query->name;
    chain.links = 0;
    chain.dname_count = 0;
    chain.has_failed = false;
    chain.proof_count = 0;
    memcpy(chain.octets, response->out + DNS_HEADER_LEN, query->name.len);
    memcpy(chain.visited[0], query->name.lower, query->name.len);
    while (take_step(&chain)) {
        chain.found = lookup_name(response->task->snapshot, &chain.name, query->type);
    }
    write_proofs(&chain);
    additional_add(&chain.assembly);
    finish(&chain);
}
