/* SPDX-License-Identifier: BSD-2-Clause */
/* What makes a signed zone of an unsigned one: DNSKEYs, a chain of NSEC (RFC 4034 section 4) or
 * NSEC3 (RFC 5155; 0 iterations and no salt, as RFC 9276 wants it), and an RRSIG for each RRset. */
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "zones/key_rollover.h"
#include "zones/zone_draft_finish.h"

#define HASH_LABEL_LEN 32 /* 20 octets in base32hex */
#define NSEC3_FIXED    6  /* algorithm, flags, iterations, length of salt, length of hash */

/* What the signing of one zone needs. */
struct signing {
    struct zone_draft *draft;
    struct signer *signer;
    uint32_t soa_ttl_s;
    uint32_t denial_ttl_s;
    struct draft_place place; /* of the records that are made here */
    struct error *err;
};

/* A name of the chain. */
struct member {
    struct draft_node *node;
    size_t key_len;
    uint8_t *key; /* canonical order, or the hash */
};

static uint32_t read_32(const uint8_t *octets)
{
    return (uint32_t)octets[0] << 24 | (uint32_t)octets[1] << 16 | (uint32_t)octets[2] << 8 |
           octets[3];
}

static bool is_ours_to_make(uint16_t type)
{
    return type == TYPE_RRSIG || type == TYPE_NSEC || type == TYPE_NSEC3 ||
           type == TYPE_NSEC3PARAM || type == TYPE_DNSKEY;
}

static bool check_unsigned(const struct signing *signing)
{
    const struct zone_draft *draft = signing->draft;
    for (size_t i = 0; i < draft->node_count; i++) {
        const struct draft_rrset *rrset = draft->nodes[i]->rrsets;
        for (; rrset != NULL; rrset = rrset->next) {
            if (is_ours_to_make(rrset->type)) {
                char name[NAME_TEXT_SIZE], type[RECORD_TYPE_TEXT_SIZE];
                name_print(draft->nodes[i]->name, name);
                struct draft_place place = draft_place_of(rrset);
                record_type_print(rrset->type, type);
                return error_set(signing->err,
                                 "%s:%u: %s %s: the zone is signed here, expected a file without "
                                 "DNSKEY, RRSIG, NSEC, NSEC3 and NSEC3PARAM",
                                 place.path, place.line, name, type);
            }
        }
    }
    return true;
}

static struct name node_name(const struct draft_node *node)
{
    struct name name = {.len = node->name_len, .label_count = node->label_count};
    memcpy(name.octets, node->name, node->name_len);
    return name;
}

struct made_record {
    uint16_t type;
    uint16_t rdata_len;
    uint32_t ttl_s;
    const uint8_t *rdata;
};

static bool add(const struct signing *signing, const struct name *owner,
                const struct made_record *made)
{
    const struct draft_input input = {
        .owner = *owner,
        .type = made->type,
        .rdata_len = made->rdata_len,
        .ttl_s = made->ttl_s,
        .rdata = made->rdata,
        .place = signing->place,
    };
    return zone_draft_add(signing->draft, &input, signing->err);
}

static bool add_keys(const struct signing *signing)
{
    const struct key_set *keys = signer_keys(signing->signer);
    for (size_t i = 0; i < keys->count; i++) {
        const struct key *key = &keys->keys[i];
        const struct made_record made = {
            .type = TYPE_DNSKEY,
            .rdata_len = key->dnskey_len,
            .ttl_s = signing->soa_ttl_s,
            .rdata = key->dnskey,
        };
        if (signer_publishes(signing->signer, key) &&
            !add(signing, &signing->draft->origin, &made)) {
            return false;
        }
    }
    return true;
}

/* RFC 7344: what the parent is to have. A file that has such records knows better. */
static bool add_sync(const struct signing *signing)
{
    const struct key_set *keys = signer_keys(signing->signer);
    const struct draft_node *apex = signing->draft->nodes[0];
    if (draft_find_rrset(apex, TYPE_CDS) != NULL || draft_find_rrset(apex, TYPE_CDNSKEY) != NULL) {
        return true;
    }
    for (size_t i = 0; i < keys->count; i++) {
        const struct key *key = &keys->keys[i];
        uint8_t ds[KEY_DS_OCTETS];
        if (!key_is_in_cds(keys, key, signer_made_at_s(signing->signer))) {
            continue;
        }
        if (!key_make_ds(key, ds)) {
            return error_set(signing->err, "%s: no DS can be made of it", key->path);
        }
        const struct made_record cds = {TYPE_CDS, sizeof(ds), signing->soa_ttl_s, ds};
        const struct made_record cdnskey = {TYPE_CDNSKEY, key->dnskey_len, signing->soa_ttl_s,
                                            key->dnskey};
        if (!add(signing, &signing->draft->origin, &cds) ||
            !add(signing, &signing->draft->origin, &cdnskey)) {
            return false;
        }
    }
    return true;
}

static bool has_signed_data(const struct draft_node *node)
{
    const struct draft_rrset *rrset = node->rrsets;
    while (rrset != NULL && !finisher_serves(node, rrset)) {
        rrset = rrset->next;
    }
    return rrset != NULL;
}

/* Types that the chain says are there: at a delegation NS, which is the child's, among them. */
static size_t make_bitmap(const struct draft_node *node, uint16_t denial, uint8_t *bitmap)
{
    size_t count = 0;
    for (const struct draft_rrset *i = node->rrsets; i != NULL; i = i->next) {
        count++;
    }
    CLEANUP(alloc_freep) uint16_t *types = alloc_zeroed(count + 2, sizeof(*types));
    count = 0;
    for (const struct draft_rrset *i = node->rrsets; i != NULL; i = i->next) {
        if (finisher_serves(node, i) || i->type == TYPE_NS) {
            types[count++] = i->type;
        }
    }
    if (denial == TYPE_NSEC || has_signed_data(node)) {
        types[count++] = TYPE_RRSIG;
    }
    if (denial == TYPE_NSEC) {
        types[count++] = TYPE_NSEC;
    }
    return signer_type_bitmap(types, count, bitmap);
}

static int compare_members(const void *left, const void *right)
{
    const struct member *a = left, *b = right;
    return denial_key_compare(a->key, a->key_len, b->key, b->key_len);
}

/* Empty non-terminals have an NSEC3 but no NSEC. */
static bool is_in_chain(const struct draft_node *node, uint16_t denial)
{
    return finisher_keeps(node) && (denial == TYPE_NSEC3 || node->rrsets != NULL);
}

static size_t make_key(const struct zone_draft *draft, const struct draft_node *node,
                       uint16_t denial, uint8_t out[DENIAL_KEY_SIZE])
{
    static const struct denial parameters = {.kind = DENIAL_NSEC3};
    if (denial == TYPE_NSEC3) {
        denial_hash(&parameters, node->name, node->name_len, out);
        return DENIAL_HASH_LEN;
    }
    struct name_key name;
    size_t len = name_key_parse(&name, node->name, node->name_len);
    (void)len; /* was a name before */
    return denial_key_of_name(&name, draft->origin.label_count, name.label_count, out);
}

/* The chain's names in its order; the memory is the caller's, that of the keys the draft's. */
static struct member *collect_members(const struct zone_draft *draft, uint16_t denial,
                                      size_t *count)
{
    struct member *members = alloc_zeroed(draft->node_count, sizeof(*members));
    for (size_t i = 0; i < draft->node_count; i++) {
        if (is_in_chain(draft->nodes[i], denial)) {
            uint8_t key[DENIAL_KEY_SIZE];
            size_t len = make_key(draft, draft->nodes[i], denial, key);
            members[(*count)++] = (struct member){
                .node = draft->nodes[i],
                .key_len = len,
                .key = arena_copy_octets(draft->arena, key, len),
            };
        }
    }
    qsort(members, *count, sizeof(*members), compare_members);
    return members;
}

static bool add_nsec(const struct signing *signing, const struct member *member,
                     const struct member *next)
{
    uint8_t rdata[NAME_MAX_OCTETS + TYPE_BITMAP_SIZE];
    struct name owner = node_name(member->node);
    memcpy(rdata, next->node->name, next->node->name_len);
    size_t len = next->node->name_len;
    len += make_bitmap(member->node, TYPE_NSEC, rdata + len);
    const struct made_record made = {
        .type = TYPE_NSEC,
        .rdata_len = (uint16_t)len,
        .ttl_s = signing->denial_ttl_s,
        .rdata = rdata,
    };
    return add(signing, &owner, &made);
}

/* RFC 4648 section 7, in lower case as all names of a zone. */
static void encode_hash(const uint8_t hash[DENIAL_HASH_LEN], uint8_t label[HASH_LABEL_LEN])
{
    for (size_t i = 0; i < HASH_LABEL_LEN; i++) {
        size_t bit = 5 * i;
        unsigned pair = (unsigned)hash[bit / 8] << 8;
        pair |= bit / 8 + 1 < DENIAL_HASH_LEN ? hash[bit / 8 + 1] : 0u;
        label[i] = (uint8_t) "0123456789abcdefghijklmnopqrstuv"[pair >> (11 - bit % 8) & 31];
    }
}

static bool add_nsec3(const struct signing *signing, const struct member *member,
                      const struct member *next)
{
    uint8_t rdata[NSEC3_FIXED + DENIAL_HASH_LEN + TYPE_BITMAP_SIZE] = {1, 0, 0,
                                                                       0, 0, DENIAL_HASH_LEN};
    const struct name *origin = &signing->draft->origin;
    struct name owner = {.len = (uint8_t)(1 + HASH_LABEL_LEN + origin->len),
                         .label_count = (uint8_t)(origin->label_count + 1),
                         .octets = {HASH_LABEL_LEN}};
    encode_hash(member->key, owner.octets + 1);
    memcpy(owner.octets + 1 + HASH_LABEL_LEN, origin->octets, origin->len);
    memcpy(rdata + NSEC3_FIXED, next->key, DENIAL_HASH_LEN);
    size_t len = NSEC3_FIXED + DENIAL_HASH_LEN;
    len += make_bitmap(member->node, TYPE_NSEC3, rdata + len);
    const struct made_record made = {
        .type = TYPE_NSEC3,
        .rdata_len = (uint16_t)len,
        .ttl_s = signing->denial_ttl_s,
        .rdata = rdata,
    };
    return add(signing, &owner, &made);
}

static bool add_parameters(const struct signing *signing)
{
    static const uint8_t rdata[] = {1, 0, 0, 0, 0};
    const struct made_record made = {
        .type = TYPE_NSEC3PARAM, .rdata_len = sizeof(rdata), .rdata = rdata};
    if (signing->draft->origin.len > NAME_MAX_OCTETS - HASH_LABEL_LEN - 1) {
        return error_set(signing->err, "%s:%u: the zone's name is too long for NSEC3",
                         signing->place.path, signing->place.line);
    }
    return add(signing, &signing->draft->origin, &made);
}

static bool add_chain(const struct signing *signing)
{
    bool is_nsec3 = signer_config(signing->signer)->denial == CONFIG_DENIAL_NSEC3;
    size_t count = 0;
    if (is_nsec3 && !add_parameters(signing)) {
        return false;
    }
    CLEANUP(alloc_freep)
    struct member *members =
        collect_members(signing->draft, is_nsec3 ? TYPE_NSEC3 : TYPE_NSEC, &count);
    for (size_t i = 0; i < count; i++) {
        const struct member *next = &members[(i + 1) % count];
        if (!(is_nsec3 ? add_nsec3(signing, &members[i], next)
                       : add_nsec(signing, &members[i], next))) {
            return false;
        }
    }
    return true;
}

static bool sign_records(const struct signing *signing, const struct draft_node *node,
                         const struct draft_rrset *rrset)
{
    size_t count = 0;
    for (const struct draft_record *i = rrset->first; i != NULL; i = i->next) {
        count++;
    }
    CLEANUP(alloc_freep) struct encoder_record *records = alloc_zeroed(count, sizeof(*records));
    count = 0;
    for (const struct draft_record *i = rrset->first; i != NULL; i = i->next) {
        records[count++] = (struct encoder_record){
            .owner = node->name,
            .type = rrset->type,
            .rdata_len = i->rdata_len,
            .ttl_s = i->ttl_s,
            .rdata = i->rdata,
        };
    }
    struct signatures signatures;
    struct name owner = node_name(node);
    if (!signer_sign(signing->signer, records, count, &signatures, signing->err)) {
        return false;
    }
    for (size_t i = 0; i < signatures.count; i++) {
        const struct made_record made = {
            .type = TYPE_RRSIG,
            .rdata_len = signatures.of[i].len,
            .ttl_s = records[0].ttl_s,
            .rdata = signatures.of[i].rdata,
        };
        if (!add(signing, &owner, &made)) {
            return false;
        }
    }
    return true;
}

/* Each member by itself, so that a shift signs nothing. */
static bool sign_members(const struct signing *signing, struct draft_rrset *rrset)
{
    const struct record_set *set = draft_record_set(rrset);
    struct draft_record **made =
        arena_alloc(signing->draft->arena, set->member_count * sizeof(*made));
    rrset->weighted->signatures = made;
    for (size_t i = 0; i < set->member_count; i++) {
        struct signatures signatures;
        if (set->members[i].records.count == 0) {
            continue; /* an alias target's: signed when they are known */
        }
        if (!signer_sign_member(signing->signer, set, &set->members[i].records, &signatures,
                                signing->err)) {
            return false;
        }
        for (size_t j = signatures.count; j > 0; j--) {
            struct draft_record *record = draft_new_record(
                signing->draft->arena, signatures.of[j - 1].rdata, signatures.of[j - 1].len);
            record->ttl_s = set->ttl_s;
            record->next = made[i];
            made[i] = record;
        }
    }
    return true;
}

static bool sign_node(const struct signing *signing, struct draft_node *node)
{
    for (struct draft_rrset *rrset = node->rrsets; rrset != NULL; rrset = rrset->next) {
        if (rrset->type == TYPE_RRSIG || !finisher_serves(node, rrset)) {
            continue;
        }
        if (!(draft_record_set(rrset) != NULL ? sign_members(signing, rrset)
                                              : sign_records(signing, node, rrset))) {
            return false;
        }
    }
    return true;
}

bool draft_sign(struct zone_draft *draft, struct signer *signer, struct error *err)
{
    const struct draft_rrset *soa = draft_find_rrset(draft->nodes[0], TYPE_SOA);
    const struct draft_record *record = soa->first;
    uint32_t minimum_s = read_32(record->rdata + record->rdata_len - 4);
    const struct signing signing = {
        .draft = draft,
        .signer = signer,
        .soa_ttl_s = record->ttl_s,
        /* RFC 9077 section 3 */
        .denial_ttl_s = minimum_s < record->ttl_s ? minimum_s : record->ttl_s,
        .place = draft_place_of(soa),
        .err = err,
    };
    if (!check_unsigned(&signing) || !add_keys(&signing) || !add_sync(&signing) ||
        !add_chain(&signing)) {
        return false;
    }
    for (size_t i = 0; i < draft->node_count; i++) {
        if (finisher_keeps(draft->nodes[i]) && !sign_node(&signing, draft->nodes[i])) {
            return false;
        }
    }
    return true;
}
