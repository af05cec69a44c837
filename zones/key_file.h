/* SPDX-License-Identifier: BSD-2-Clause */
/* Keys in BIND's files: K<zone>.+<algorithm>+<tag>.key holds the DNSKEY, .private the private key
 * and when it is to be used. Any thread. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "zones/name.h"

struct ldns_struct_key;

#define KEY_TIME_NEVER INT64_MAX

struct key {
    struct ldns_struct_key *ldns;
    char *path;      /* of the .private file */
    uint8_t *dnskey; /* RDATA */
    uint16_t dnskey_len;
    uint16_t tag;
    uint8_t algorithm;
    bool is_ksk; /* the SEP flag: a key-signing key, or the one for everything */
    /* Seconds since the epoch; published from..until, signing from..until. Without these in the
     * file: always. */
    int64_t publish_s, delete_s, activate_s, inactive_s;
};

struct key_set {
    size_t count;
    struct key *keys;
};

/* All keys of the zone in the folder. False when one cannot be used: others could read it, its two
 * files are of different keys, an algorithm that is none of ours (ECDSAP256SHA256, Ed25519,
 * RSASHA256). keys is to be freed in any case. */
MUST_CHECK bool key_set_load(struct key_set *keys, const char *folder, const struct name *origin,
                             struct error *err);
void key_set_free(struct key_set *keys);

bool key_is_published(const struct key *key, int64_t now_s);
bool key_is_active(const struct key *key, int64_t now_s);

/* "ECDSAP256SHA256", "ED25519" or "RSASHA256", letter case aside. */
MUST_CHECK bool key_algorithm_parse(const char *name, uint8_t *algorithm, struct error *err);
const char *key_algorithm_name(uint8_t algorithm);

struct key_request {
    const char *folder;
    const struct name *origin;
    uint8_t algorithm;
    bool is_ksk; /* the SEP flag */
    int64_t now_s;
};

/* Makes a key that is published and signs from now on. path: of its .private file, for the caller
 * to free. Chance comes from the system: it is a key. */
MUST_CHECK bool key_generate(const struct key_request *request, char **path, struct error *err);

/* RDATA of the DS with SHA-256 (RFC 4509) as a zone file has it; for the caller to free. */
char *key_print_ds(const struct key *key);
