/* SPDX-License-Identifier: BSD-2-Clause */
/* Signatures of one zone (RFC 4034 section 3), by ldns. One thread at a time; no global state.
 * Private to zones/, but for struct signing_time. */
#pragma once

#include <stdint.h>

#include "common/config.h"
#include "common/error.h"
#include "zones/encoder.h"
#include "zones/key_file.h"
#include "zones/record_set.h"

/* When a zone is signed, and where the differences between its signatures' ends come from. */
struct signing_time {
    int64_t now_s; /* seconds since the epoch */
    uint64_t random;
    bool is_trial; /* nothing is served: a zone whose first key is still to be made is not signed */
};

#define SIGNATURES_MAX 16

/* RDATA of the RRSIGs of one RRset; the signer's until the next call. */
struct signatures {
    size_t count;
    struct {
        const uint8_t *rdata;
        uint16_t len;
    } of[SIGNATURES_MAX];
};

struct signer;

/* False: the zone has no key yet, but will be given one before it is served. */
bool signer_has_keys(const struct config_dnssec *dnssec, const struct name *origin);

/* NULL and "file…: …" when the keys cannot be used, or none of them signs now. Keeps nothing of
 * dnssec. */
MUST_CHECK struct signer *signer_new(const struct config_dnssec *dnssec, const struct name *origin,
                                     const struct signing_time *time, struct error *err);
void signer_free(struct signer *signer);
void signer_freep(struct signer **signer);

const struct config_dnssec *signer_config(const struct signer *signer);
const struct key_set *signer_keys(const struct signer *signer);
/* As of when the signer was made: what its keys were chosen for. */
int64_t signer_made_at_s(const struct signer *signer);
/* The keys whose DNSKEYs belong into the zone then. */
bool signer_publishes(const struct signer *signer, const struct key *key);
/* The records of one RRset: DNSKEY, CDS and CDNSKEY with the key-signing keys, others with the
 * zone-signing keys; where an algorithm has only one kind, with that. */
MUST_CHECK bool signer_sign(struct signer *signer, const struct encoder_record *records,
                            size_t count, struct signatures *out, struct error *err);

/* The records of one member of the weighted record set, those that it has now. */
MUST_CHECK bool signer_sign_member(struct signer *signer, const struct record_set *set,
                                   const struct member_records *records, struct signatures *out,
                                   struct error *err);

/* Signatures from here on are made as of this time. Which keys sign stays as it was at first: when
 * the time of a key comes, the zone is signed anew (signer_refresh_at_s). */
void signer_set_time(struct signer *signer, const struct signing_time *time);
/* Gives back what only signing needs; the next signature takes it again. */
void signer_rest(struct signer *signer);

/* The time of a key will come that was not known when the signer was made. */
void signer_note_key_time(struct signer *signer, int64_t time_s);

/* When the zone is to be signed anew: the first of the signatures made so far has only the
 * configured time left, or the time of a key comes. */
int64_t signer_refresh_at_s(const struct signer *signer);

/* The types of an NSEC or NSEC3 (RFC 4034 section 4.1.2), each once, in any order. Returns the
 * length of the bitmap. */
#define TYPE_BITMAP_SIZE 8704 /* 256 windows of at most 34 octets */
size_t signer_type_bitmap(const uint16_t *types, size_t count, uint8_t out[TYPE_BITMAP_SIZE]);
