/* SPDX-License-Identifier: BSD-2-Clause */
/* When the keys of a zone take turns: a pure function of the times in the key files, of when the
 * zone was served with them, and of what is known of the parent zone. Nothing here reads a clock or
 * a file. The only state is the times of the keys, so that a restart at any point goes on.
 *
 * Only what has happened starts a clock: the next time of a key is set when a zone in which the
 * one before has come is served. A zone that cannot be loaded for a day delays a rollover for a
 * day.
 *
 * - zsk: pre-published (RFC 6781 section 4.1.1.1, RFC 7583 section 3.2.1).
 * - ksk: double-DS (RFC 6781 section 4.1.2, RFC 7583 section 3.3.2): the new DS is in the parent
 * before the new key is in the zone, where it takes the old one's place at once.
 * - csk, one key for everything: its DNSKEY is published and its DS is in the parent before it
 * signs; the old key stays published until its signatures have left all caches. */
#pragma once

#include "zones/key_file.h"

/* What caches and other servers may still have. */
struct key_timing {
    int64_t dnskey_ttl_s;
    int64_t zone_ttl_s;    /* the largest TTL in the zone */
    int64_t parent_ttl_s;  /* of the DS records in the parent zone */
    int64_t propagation_s; /* until all nameservers, ours or the parent's, have a change */
};

/* 0: no end. */
struct key_lifetimes {
    int64_t zsk_s, ksk_s; /* ksk_s is that of a CSK, too */
};

enum key_role { KEY_ZSK, KEY_KSK, KEY_CSK };
const char *key_role_name(enum key_role role); /* "zsk", "ksk", "csk" */
MUST_CHECK bool key_role_parse(const char *name, enum key_role *role, struct error *err);
/* A key with the SEP flag is for everything as long as no key beside it, of its algorithm and in
 * use, has not got the flag; the same the other way round. */
enum key_role key_role_of(const struct key_set *keys, const struct key *key, int64_t now_s);

/* Neither removed nor one that somebody has set aside (is_idle). */
bool key_is_in_use(const struct key *key, int64_t now_s);
/* RFC 7583 section 3.1's words: "generated" (not in the zone yet), "published", "active",
 * "retired", "removed". */
const char *key_state_name(const struct key *key, int64_t now_s);
/* Of its DS in the parent zone: "hidden", "submitted" (CDS asks for it), "seen", "withdrawn". */
const char *key_ds_state_name(const struct key *key, int64_t now_s);

/* What a zone that is signed then does with the key: signs DNSKEY, CDS and CDNSKEY with it; signs
 * the rest with it; has it in CDS and CDNSKEY. As soon as CDS has one key, all that are in charge
 * are in it: what CDS does not have leaves the parent (RFC 7344 section 4). */
bool key_signs_keys(const struct key_set *keys, const struct key *key, int64_t now_s);
bool key_signs_data(const struct key_set *keys, const struct key *key, int64_t now_s);
bool key_is_in_cds(const struct key_set *keys, const struct key *key, int64_t now_s);

/* The key that a rollover of this role replaces. NULL and err when there is none, or several, or
 * when a rollover goes on: the text says which key waits for what. */
MUST_CHECK const struct key *rollover_find_old(const struct key_set *keys, enum key_role role,
                                               int64_t now_s, struct error *err);
/* The times of the key that takes its place. CDS asks for its DS at once, but not before it asks
 * for that of the old one. */
struct key_times rollover_new_times(const struct key *old, enum key_role role, int64_t now_s);
/* Another key's end is this one's beginning: without it nobody would sign from then on. */
bool rollover_has_plans(const struct key_set *keys, const struct key *key);
/* The times of the first key of a zone, or of one that signs nothing but the zone: in use at once;
 * CDS asks for its DS when whoever has asked before can know that the zone is signed now. */
struct key_times rollover_first_times(enum key_role role, int64_t propagation_s, int64_t now_s);

/* A zone that is served. */
struct rollover_served {
    const struct key_set *before; /* of the zone that was served until then; NULL: unknown, the */
    int64_t before_s;             /* daemon has just started; and as of when it was signed */
    int64_t signed_s;             /* as of when this one was signed */
    int64_t now_s;                /* it is served since then at the latest */
};
/* Sets what follows from that and marks the keys whose times have changed. */
void rollover_advance(struct key_set *keys, const struct key_timing *timing,
                      const struct rollover_served *served);

/* Operator: the parent's servers all have the DS of this key. False and err when it is no key of
 * which there is one, or was seen. The next rollover_advance goes on. */
MUST_CHECK bool rollover_ds_seen(struct key *key, int64_t now_s, struct error *err);

/* When a rollover of this role is due by the lifetime of the key in use; KEY_TIME_NEVER: it is not,
 * or one goes on. */
int64_t rollover_due_s(const struct key_set *keys, enum key_role role,
                       const struct key_lifetimes *lifetimes, int64_t now_s);
/* When the time of some key comes next, after now_s, or KEY_TIME_NEVER. */
int64_t rollover_next_time_s(const struct key_set *keys, int64_t now_s);

/* What the key waits for, for people: "until 2026-…: caches have the DNSKEY". Empty: nothing. */
void rollover_print_wait(const struct key_set *keys, const struct key *key, int64_t now_s,
                         char *out, size_t size);
