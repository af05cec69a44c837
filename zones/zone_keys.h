/* SPDX-License-Identifier: BSD-2-Clause */
/* The key files of a zone that is signed here, as the zone is loaded and served: made, rolled,
 * moved on (key_rollover.h decides). The files are the state. Any thread but those that answer:
 * they wait for disks, and one at a time is let in. */
#pragma once

#include "zones/key_rollover.h"
#include "zones/zone.h"

/* Before the zone is loaded: makes the first keys of a zone that has none, and begins a rollover
 * that is due by the lifetime of a key. */
MUST_CHECK bool zone_keys_prepare(const struct config_dnssec *dnssec, const struct name *origin,
                                  int64_t now_s, struct error *err);

struct key_wanted {
    enum key_role role;
    uint8_t algorithm; /* 0: that of the keys in use, or of the configuration */
};
/* Makes a key that is in use at once. path: of its .private file, for the caller to free. False and
 * err when the keys in use are of another algorithm: answers would have to be signed with both
 * before the DNSKEY is published (RFC 6781 section 4.1.4), which is not done here. */
MUST_CHECK bool zone_keys_generate(const struct config_dnssec *dnssec, const struct name *origin,
                                   struct key_wanted wanted, int64_t now_s, char **path,
                                   struct error *err);
/* The zone could not be loaded with the key that was made: removes its files. False and err when
 * another load has gone on with it meanwhile: then the key stays. */
MUST_CHECK bool zone_keys_take_back(const struct config_dnssec *dnssec, const struct name *origin,
                                    const char *path, struct error *err);

/* Makes the successor of the key of this role. path: of its .private file, for the caller to free;
 * give it to zone_keys_take_back when no zone could be loaded with it. False and err when a
 * rollover goes on, or there is no such key. */
MUST_CHECK bool zone_keys_roll(const struct config_dnssec *dnssec, const struct name *origin,
                               enum key_role role, int64_t now_s, char **path, struct error *err);

struct zone_keys_served {
    const struct zone *zone;   /* is served, signed here */
    const struct zone *before; /* was served until then; NULL: unknown */
    int64_t now_s;
};
/* What follows from it. next_s: when the keys want the zone to be loaded again. */
MUST_CHECK bool zone_keys_advance(const struct zone_keys_served *served, int64_t *next_s,
                                  struct error *err);
/* The parent has the DS of the key with this tag; then as zone_keys_advance. */
MUST_CHECK bool zone_keys_ds_seen(const struct zone_keys_served *served, unsigned tag,
                                  int64_t *next_s, struct error *err);

/* Puts the files of a key away that is in no use any more. */
MUST_CHECK bool zone_keys_forget(const struct config_dnssec *dnssec, const struct name *origin,
                                 unsigned tag, int64_t now_s, struct error *err);
