/* SPDX-License-Identifier: BSD-2-Clause */
#include "zones/denial.h"

#include <string.h>

#include <nettle/sha1.h>

/* 0 ends a label, so that octets 0 and 1 of a label take two: 1 1 and 1 2. */
#define LABEL_END 0
#define ESCAPE    1

size_t denial_key_of_name(const struct name_key *name, unsigned origin_labels, unsigned labels,
                          uint8_t out[DENIAL_KEY_SIZE])
{
    size_t len = 0;
    for (unsigned i = origin_labels + 1; i <= labels; i++) {
        const uint8_t *label = name_key_suffix(name, i);
        for (unsigned at = 1; at <= label[0]; at++) {
            if (label[at] <= ESCAPE) {
                out[len++] = ESCAPE;
                out[len++] = (uint8_t)(label[at] + 1);
            } else {
                out[len++] = label[at];
            }
        }
        out[len++] = LABEL_END;
    }
    return len;
}

void denial_hash(const struct denial *denial, const uint8_t *name, size_t len,
                 uint8_t out[DENIAL_HASH_LEN])
{
    struct sha1_ctx sha1;
    sha1_init(&sha1);
    sha1_update(&sha1, len, name);
    sha1_update(&sha1, denial->salt_len, denial->salt);
    sha1_digest(&sha1, DENIAL_HASH_LEN, out);
    for (unsigned i = 0; i < denial->iterations; i++) {
        sha1_update(&sha1, DENIAL_HASH_LEN, out);
        sha1_update(&sha1, denial->salt_len, denial->salt);
        sha1_digest(&sha1, DENIAL_HASH_LEN, out);
    }
}

uint64_t denial_key_prefix(const uint8_t *key, size_t len)
{
    uint64_t prefix = 0;
    for (size_t i = 0; i < 8; i++) {
        prefix = prefix << 8 | (i < len ? key[i] : 0);
    }
    return prefix;
}

int denial_key_compare(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len)
{
    int order = memcmp(a, b, a_len < b_len ? a_len : b_len);
    return order != 0 ? order : a_len < b_len ? -1 : a_len > b_len;
}

uint32_t denial_find(const struct denial *denial, const uint8_t *key, size_t len)
{
    if (denial->count == 0) {
        return DENIAL_NONE;
    }
    uint64_t prefix = denial_key_prefix(key, len);
    size_t low = 0;
    size_t high = denial->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        uint64_t other = denial->prefixes[middle];
        const struct denial_entry *entry = &denial->entries[middle];
        if (other < prefix ||
            (other == prefix && denial_key_compare(entry->key, entry->key_len, key, len) <= 0)) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return (uint32_t)(low > 0 ? low - 1 : denial->count - 1);
}

static void add(const struct denial *denial, uint32_t entry, struct denial_proofs *proofs)
{
    if (entry == DENIAL_NONE || proofs->count == DENIAL_PROOFS_MAX) {
        return;
    }
    const struct encoded *record = &denial->entries[entry].record;
    for (size_t i = 0; i < proofs->count; i++) {
        if (proofs->records[i] == record) {
            return;
        }
    }
    proofs->records[proofs->count++] = record;
}

/* NSEC: covers the name. NSEC3: covers its last `labels` labels, the next closer name. */
static uint32_t find_cover(const struct denial *denial, const struct name_key *name,
                           unsigned labels)
{
    if (denial->kind == DENIAL_NSEC3) {
        uint8_t hash[DENIAL_HASH_LEN];
        denial_hash(denial, name_key_suffix(name, labels), name_key_suffix_len(name, labels), hash);
        return denial_find(denial, hash, sizeof(hash));
    }
    uint8_t key[DENIAL_KEY_SIZE];
    size_t len = denial_key_of_name(name, denial->origin_labels, name->label_count, key);
    return denial_find(denial, key, len);
}

/* The closest encloser proof of RFC 5155 section 7.2.1, or for NSEC what covers the name. */
static void add_closest_encloser(const struct denial *denial, const struct denial_node *encloser,
                                 const struct name_key *name, struct denial_proofs *proofs)
{
    if (denial->kind == DENIAL_NSEC3) {
        add(denial, encloser->match, proofs);
    }
    if (encloser->next_closer != DENIAL_NONE) {
        add(denial, encloser->next_closer, proofs);
    } else {
        add(denial, find_cover(denial, name, encloser->label_count + 1u), proofs);
    }
}

const struct encoded *denial_nsec_of(const struct denial *denial, size_t node)
{
    uint32_t match = denial->nodes[node].match;
    if (match == DENIAL_NONE || denial->entries[match].owner != node) {
        return NULL;
    }
    return &denial->entries[match].record;
}

void denial_of_type(const struct denial *denial, size_t node, struct denial_proofs *proofs)
{
    add(denial, denial->nodes[node].match, proofs);
    add(denial, denial->nodes[node].next_closer, proofs);
}

void denial_of_name(const struct denial *denial, size_t node, const struct name_key *name,
                    struct denial_proofs *proofs)
{
    add_closest_encloser(denial, &denial->nodes[node], name, proofs);
    add(denial, denial->nodes[node].wildcard, proofs);
}

void denial_of_closer(const struct denial *denial, size_t wildcard, const struct name_key *name,
                      struct denial_proofs *proofs)
{
    /* A wildcard has as many labels as the next closer name beside it. */
    add(denial, find_cover(denial, name, denial->nodes[wildcard].label_count), proofs);
}

void denial_of_wildcard_type(const struct denial *denial, size_t wildcard,
                             const struct name_key *name, struct denial_proofs *proofs)
{
    const struct denial_node *encloser = &denial->nodes[denial->nodes[wildcard].parent];
    add_closest_encloser(denial, encloser, name, proofs);
    denial_of_type(denial, wildcard, proofs);
}
