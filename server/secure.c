/* SPDX-License-Identifier: BSD-2-Clause */
#include "server/secure.h"

#include "server/dns.h"

/* The node is the source of synthesis, not the name itself: "*" asked for is an exact match. */
static bool is_expanded(const struct lookup *found, const struct name_key *name)
{
    const struct node *node = found->node;
    return node->name[0] == 1 && node->name[1] == '*' &&
           (name->label_count != node->label_count || name->lower[0] != 1 || name->lower[1] != '*');
}

void secure_find_proofs(const struct lookup *found, const struct name_key *name,
                        struct denial_proofs *proofs)
{
    const struct denial *denial = found->zone->denial;
    size_t node = zone_node_index(found->zone, found->node);
    switch (found->outcome) {
    case LOOKUP_ANSWER:
    case LOOKUP_DNSSEC_DATA:
    case LOOKUP_CNAME:
        if (is_expanded(found, name)) {
            denial_of_closer(denial, node, name, proofs);
        }
        break;
    case LOOKUP_NODATA:
        if (is_expanded(found, name)) {
            denial_of_wildcard_type(denial, node, name, proofs);
        } else {
            denial_of_type(denial, node, proofs);
        }
        break;
    case LOOKUP_NXDOMAIN:
        denial_of_name(denial, node, name, proofs);
        break;
    case LOOKUP_NO_ZONE:
    case LOOKUP_NOT_LOADED:
    case LOOKUP_DNAME:    /* the DNAME's RRSIG is all: RFC 6672 section 5.3.1 */
    case LOOKUP_REFERRAL: /* encoded with it */
        break;
    }
}

static void add_proofs(struct response *response, const struct lookup *found)
{
    struct denial_proofs proofs = {0};
    secure_find_proofs(found, &response->query->name, &proofs);
    for (size_t i = 0; i < proofs.count; i++) {
        response_add_authority(response, proofs.records[i], found->zone->origin.len);
    }
}

/* The picked member's records and its own signatures, which nobody makes for a query. */
static void add_member(struct response *response, const struct lookup *found,
                       const struct rrset *rrset)
{
    if (!response_has_records(response, rrset->record_set)) {
        response_fail(response);
        return;
    }
    struct response_choice choice = response_choose(response, rrset->record_set);
    const struct encoded *signatures = member_signatures(rrset, choice.member, choice.records);
    size_t len = (size_t)choice.records->len + signatures->len;
    if (len > response->limit - response->len) {
        response_truncate(response);
        return;
    }
    uint16_t shift = (uint16_t)(response->query->name.len - found->node->name_len);
    uint8_t *out = response->out + response->len;
    response_copy_member(choice, shift, out);
    encoded_copy(signatures, signatures->len, shift, out + choice.records->len);
    response_lower_ttl(choice, out, len);
    response->len += len;
    response->answer_count = (uint16_t)(choice.records->count + signatures->answer_count);
    if (choice.is_stale) {
        response_mark_stale(response);
    }
}

static void add_rrset(struct response *response, const struct lookup *found)
{
    const struct rrset *rrset = node_with_signatures(found->node, found->rrset);
    if (rrset->record_set == RRSET_STATIC) {
        response_add_encoded(response, &rrset->answer, found->node->name_len);
    } else {
        add_member(response, found, rrset);
    }
}

void secure_answer(struct response *response, const struct lookup *found)
{
    const struct node *node = found->node;
    const struct zone *zone = found->zone;
    switch (found->outcome) {
    case LOOKUP_ANSWER:
        add_rrset(response, found);
        break;
    case LOOKUP_REFERRAL:
        response->flags = 0;
        response_add_encoded(response, &node->referral[1], node->name_len);
        break;
    case LOOKUP_NXDOMAIN:
        response->rcode = DNS_NXDOMAIN;
        response_add_encoded(response, &zone->denial->negative, zone->origin.len);
        break;
    case LOOKUP_NODATA:
        response_add_encoded(response, &zone->denial->negative, zone->origin.len);
        break;
    case LOOKUP_NO_ZONE:
    case LOOKUP_NOT_LOADED:
    case LOOKUP_DNSSEC_DATA:
    case LOOKUP_CNAME:
    case LOOKUP_DNAME:
        break;
    }
    add_proofs(response, found);
}
