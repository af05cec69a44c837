/* SPDX-License-Identifier: BSD-2-Clause */
#include "server/dnssec_data.h"

#include "server/dns.h"
#include "server/secure.h"

static const struct encoded *find_nsec(const struct zone *zone, const struct node *node)
{
    return denial_nsec_of(zone->denial, zone_node_index(zone, node));
}

/* Signatures of a weighted record set are those of whichever member is picked: not to be had. */
static bool is_signed(const struct node *node, const struct rrset *rrset)
{
    return rrset->record_set == RRSET_STATIC &&
           node_with_signatures(node, rrset)->answer.answer_count > rrset->answer.answer_count;
}

bool dnssec_data_is_there(const struct zone *zone, const struct node *node, uint16_t type)
{
    if (zone->denial == NULL || (type != DNS_TYPE_RRSIG && type != DNS_TYPE_NSEC)) {
        return false;
    }
    const struct encoded *nsec = find_nsec(zone, node);
    if (nsec != NULL && (type == DNS_TYPE_NSEC || nsec->authority_count > 1)) {
        return true;
    }
    for (unsigned i = 0; type == DNS_TYPE_RRSIG && i < node->rrset_count; i++) {
        if (is_signed(node, &node->rrsets[i])) {
            return true;
        }
    }
    return false;
}

void dnssec_data_write(struct assembly *assembly, const struct lookup *found, const uint8_t *octets,
                       size_t len)
{
    const struct node *node = found->node;
    struct response *response = assembly->response;
    uint16_t type = response->query->type;
    unsigned copied = 0;
    for (unsigned i = 0; type == DNS_TYPE_RRSIG && i < node->rrset_count; i++) {
        if (is_signed(node, &node->rrsets[i])) {
            const struct rrset *rrset = node_with_signatures(node, &node->rrsets[i]);
            struct wire_reader reader = assembly_open(assembly, &rrset->answer, octets, len,
                                                      (uint16_t)(len - node->name_len));
            copied += assembly_copy_types(assembly, &reader, rrset->answer.answer_count,
                                          (uint16_t[]){DNS_TYPE_RRSIG, 0}, octets, len);
        }
    }
    const struct encoded *nsec = find_nsec(found->zone, node);
    if (nsec != NULL) {
        bool is_secure = secure_is_wanted(response, found);
        struct wire_reader reader =
            assembly_open(assembly, nsec, octets, len, (uint16_t)(len - found->zone->origin.len));
        copied +=
            assembly_copy_types(assembly, &reader, nsec->authority_count,
                                (uint16_t[]){type, is_secure ? DNS_TYPE_RRSIG : 0}, octets, len);
    }
    response->answer_count = (uint16_t)(response->answer_count + copied);
}
