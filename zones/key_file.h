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

#define KEY_TIME_NEVER  INT64_MAX
#define KEY_TIME_ALWAYS INT64_MIN

/* Seconds since the epoch, by the names of BIND's files. A file without times is that of a key
 * which is in the zone and signs for ever: Publish and Activate KEY_TIME_ALWAYS, others
 * KEY_TIME_NEVER. In a file that says when the key was made, Activate that is missing means never
 * (dnssec-keygen -G), as does Publish beside it. A time that is not known yet is in the file as the
 * last one of 32 bits. */
struct key_times {
    int64_t created_s;                     /* KEY_TIME_NEVER: unknown */
    int64_t publish_s, delete_s;           /* its DNSKEY is in the zone from..until */
    int64_t activate_s, inactive_s;        /* it signs from..until */
    int64_t sync_publish_s, sync_delete_s; /* CDS and CDNSKEY ask for its DS from..until */
    int64_t ds_publish_s;                  /* its DS was seen in the parent zone */
};

struct key {
    struct ldns_struct_key *ldns;
    char *path;      /* of the .private file */
    uint8_t *dnskey; /* RDATA */
    uint16_t dnskey_len;
    uint16_t tag;
    uint8_t algorithm;
    bool is_ksk; /* the SEP flag: a key-signing key, or the one for everything */
    struct key_times times;
    bool is_idle;    /* its file does not say when it signs: somebody's, not in use (yet) */
    bool is_changed; /* the times are not those of the file: key_write_times */
};

struct key_set {
    size_t count;
    struct key *keys;
};

/* All keys of the zone in the folder. False when one cannot be used: others could read it, its two
 * files are of different keys, it is damaged, an algorithm that is none of ours (ECDSAP256SHA256,
 * Ed25519, RSASHA256). keys is to be freed in any case. */
MUST_CHECK bool key_set_load(struct key_set *keys, const char *folder, const struct name *origin,
                             struct error *err);
void key_set_free(struct key_set *keys);

bool key_is_published(const struct key *key, int64_t now_s);
bool key_is_active(const struct key *key, int64_t now_s);
/* Writes the times of a key whose times have changed into its files, each whole or not at all. */
MUST_CHECK bool key_write_times(struct key *key, struct error *err);
/* The same for all keys. */
MUST_CHECK bool key_set_write_times(struct key_set *keys, struct error *err);
/* Removes both files of a key that was made in vain. */
void key_remove_files(const char *path);
/* Moves both files of a key to the folder "removed" beside them. */
MUST_CHECK bool key_put_away(const struct key *key, struct error *err);

/* "ECDSAP256SHA256", "ED25519" or "RSASHA256", letter case aside. */
MUST_CHECK bool key_algorithm_parse(const char *name, uint8_t *algorithm, struct error *err);
const char *key_algorithm_name(uint8_t algorithm);

struct key_request {
    const char *folder;
    const struct name *origin;
    uint8_t algorithm;
    bool is_ksk; /* the SEP flag */
    struct key_times times;
};
/* Makes a key, and the folder, if it is not there, with mode 0700. path: of the key's .private
 * file, for the caller to free. Chance comes from the system: it is a key. */
MUST_CHECK bool key_generate(const struct key_request *request, char **path, struct error *err);

#define KEY_DS_OCTETS 36
/* RDATA of the DS with SHA-256 (RFC 4509). False: it cannot be made. */
MUST_CHECK bool key_make_ds(const struct key *key, uint8_t out[KEY_DS_OCTETS]);
/* RDATA of the DS with SHA-256 (RFC 4509) as a zone file has it; for the caller to free. */
char *key_print_ds(const struct key *key);
