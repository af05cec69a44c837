/* SPDX-License-Identifier: BSD-2-Clause */
/* Authenticated denial of existence: which NSEC (RFC 4034 section 4) or NSEC3 records (RFC 5155)
 * prove that a name, a type or a closer match is not there. What depends on the zone alone is
 * worked out when it is loaded; what depends on the name asked is one binary search, and with
 * NSEC3 one hash. Const once the zone is loaded; any thread; no allocation. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "zones/encoded.h"
#include "zones/name.h"

#define DENIAL_NONE       UINT32_MAX
#define DENIAL_PROOFS_MAX 4
#define DENIAL_HASH_LEN   20 /* SHA-1, the only one there is (RFC 5155 section 11) */
/* Each octet of a name takes two at most, each label's end one. */
#define DENIAL_KEY_SIZE (2 * NAME_MAX_OCTETS)

enum denial_kind {
    DENIAL_ABSENT, /* signed, but with neither a chain of NSEC nor of NSEC3: nothing is proved */
    DENIAL_NSEC,
    DENIAL_NSEC3,
};

/* One NSEC or NSEC3 record and its RRSIGs. */
struct denial_entry {
    const uint8_t *key; /* what the chain is ordered by: see denial_key_of_name, or the hash */
    uint16_t key_len;
    uint32_t owner;        /* of an NSEC: the node, by its index; of an NSEC3 DENIAL_NONE */
    struct encoded record; /* in the authority section; base name = origin; may stand anywhere */
};

/* What is known of a node (by its index in zone.nodes) before anybody asks: indexes of entries. */
struct denial_node {
    uint32_t match;       /* at the node; NSEC: or covering it (an empty non-terminal). NSEC3: of
                             its closest provable encloser (perhaps itself) */
    uint32_t next_closer; /* NSEC3: the node is not in the chain (opt-out): covers the name below
                             that encloser; else DENIAL_NONE */
    uint32_t wildcard;    /* covers the "*" below the node; NSEC3: below that encloser */
    uint32_t parent;      /* index of a node; the apex: its own */
    uint8_t label_count;  /* the node's */
};

struct denial {
    enum denial_kind kind;
    uint8_t origin_labels;
    uint8_t salt_len;
    uint16_t iterations;
    const uint8_t *salt;
    size_t count;
    const uint64_t *prefixes; /* the first 8 octets of each entry's key, big-endian; ascending */
    const struct denial_entry *entries;
    const struct denial_node *nodes;
    struct encoded negative; /* as zone.negative, with the SOA's RRSIGs */
};

/* The records that a response needs, each once. */
struct denial_proofs {
    size_t count;
    const struct encoded *records[DENIAL_PROOFS_MAX];
};

/* The NSEC that is the node's own, as in struct denial_entry, or NULL. */
const struct encoded *denial_nsec_of(const struct denial *denial, size_t node);

/* The node has no such type: RFC 4035 section 3.1.3.1, RFC 5155 sections 7.2.3 and 7.2.4. */
void denial_of_type(const struct denial *denial, size_t node, struct denial_proofs *proofs);
/* The name does not exist; node is its closest encloser: RFC 4035 section 3.1.3.2, RFC 5155
 * section 7.2.2. */
void denial_of_name(const struct denial *denial, size_t node, const struct name_key *name,
                    struct denial_proofs *proofs);
/* The name is answered from the wildcard, nothing closer exists: RFC 4035 section 3.1.3.3, RFC 5155
 * section 7.2.6. */
void denial_of_closer(const struct denial *denial, size_t wildcard, const struct name_key *name,
                      struct denial_proofs *proofs);
/* As before, and the wildcard has no such type: RFC 4035 section 3.1.3.4, RFC 5155 section 7.2.5.
 */
void denial_of_wildcard_type(const struct denial *denial, size_t wildcard,
                             const struct name_key *name, struct denial_proofs *proofs);

/* For whoever builds it. */

/* The name's last `labels` labels, less the origin's, as octets whose order is the canonical one
 * (RFC 4034 section 6.1): labels from the origin downwards, each ended by 0. Returns the length. */
size_t denial_key_of_name(const struct name_key *name, unsigned origin_labels, unsigned labels,
                          uint8_t out[DENIAL_KEY_SIZE]);
/* RFC 5155 section 5; name: lower-case wire form. */
void denial_hash(const struct denial *denial, const uint8_t *name, size_t len,
                 uint8_t out[DENIAL_HASH_LEN]);
uint64_t denial_key_prefix(const uint8_t *key, size_t len);
int denial_key_compare(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len);
/* The last entry at or before the key; before the first: the last, since the chain is a ring.
 * DENIAL_NONE when there is none at all. */
uint32_t denial_find(const struct denial *denial, const uint8_t *key, size_t len);
