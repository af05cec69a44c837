/* SPDX-License-Identifier: BSD-2-Clause */
/* What zone_draft_finish.c, _denial.c, _referral.c and _sign.c share. Private to them. */
#pragma once

#include "zones/encoder.h"
#include "zones/zone_draft_model.h"

struct finisher {
    const struct zone_draft *draft;
    struct zone *zone;
    struct node *nodes; /* the zone's */
    struct encoder *encoder;
    struct draft_denial *denial; /* NULL: the zone is not signed */
};

/* The chain of NSEC or NSEC3 while the zone is made. */
struct draft_denial {
    struct denial *denial;
    struct name_key origin;
    struct denial_entry *entries;     /* the same */
    const struct draft_node **owners; /* of each of them, until the referrals are made */
};

/* Kept in the zone: not below a cut, where the cut answers, and not the owner of an NSEC3, which
 * is no name of the zone (RFC 5155 section 7.2.8). */
bool finisher_keeps(const struct draft_node *node);

/* What the zone signs: at a delegation only what the parent side is authoritative for (RFC 4035
 * section 2.6). */
bool finisher_serves(const struct draft_node *node, const struct draft_rrset *rrset);

void finisher_make_key(const struct draft_node *node, struct name_key *key);

/* Adds an RRset to the response that is being encoded, with its RRSIGs or without. False when a
 * message cannot hold it. */
MUST_CHECK bool finisher_add_rrset(const struct finisher *finisher, enum encoder_section section,
                                   const struct draft_node *node, const struct draft_rrset *rrset);
MUST_CHECK bool finisher_add_signatures(const struct finisher *finisher,
                                        enum encoder_section section, const struct draft_node *node,
                                        uint16_t type, uint32_t ttl_max);

/* Sets the referral of the cut's node, in a signed zone to both of its forms. */
MUST_CHECK bool draft_referral_make(const struct finisher *finisher, const struct draft_node *cut,
                                    struct error *err);

/* Adds DNSKEYs, the chain of NSEC or NSEC3, and the signatures; after cuts were found. Refuses a
 * file that has any of that. */
MUST_CHECK bool draft_sign(struct zone_draft *draft, struct signer *signer, struct error *err);

/* Marks the owners of NSEC3 records; before nodes are numbered. */
void draft_denial_mark_hashes(const struct zone_draft *draft);
/* After the nodes were numbered: the chain, but for its records, and what it says of each node.
 * Sets zone->denial and finisher->denial, whose memory is the draft's. */
MUST_CHECK bool draft_denial_make(struct finisher *finisher, struct error *err);
/* Encodes the record of the chain that the node has, if it has one. */
MUST_CHECK bool draft_denial_encode(const struct finisher *finisher, const struct draft_node *node,
                                    struct error *err);
/* Adds the proof that the delegation has no DS to the referral that is being encoded. */
MUST_CHECK bool draft_denial_add_to_referral(const struct finisher *finisher,
                                             const struct draft_node *cut);
