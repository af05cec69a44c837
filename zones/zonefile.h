/* SPDX-License-Identifier: BSD-2-Clause */
/* Master files (RFC 1035 section 5) to zones; types and RDATA are read by ldns, or as it would read
 * them. All or nothing.
 *
 * $ORIGIN, $TTL and $INCLUDE FILE [ORIGIN] are known. An included file is found from the folder of
 * the one that includes it, at most 10 deep; afterwards origin and owner are what they were before,
 * while $TTL and the TTL used last go on. A record without a TTL has that of $TTL, else that of the
 * record before, else (the SOA) its own MINIMUM; else it is refused. Units as in "1h30m" are read.
 * Exact duplicates are dropped, but for the SOA, which is there once. */
#pragma once

#include <stdbool.h>

#include "common/config.h"
#include "common/error.h"
#include "zones/record_set.h"
#include "zones/signer.h"
#include "zones/zone.h"

/* Loads config->zones[zone_index]. NULL and "file:line: what" when the file cannot be read, has no
 * or two SOAs, out-of-zone data, a CNAME beside other data, TTLs that differ within an RRset, a
 * record that ldns cannot read, or defines an RRset that `sets` has too (or a CNAME at its name).
 *
 * A record set belongs to the zone of the configuration with the longest origin above its name; it
 * becomes part of that zone. One below a delegation or a DNAME is refused.
 *
 * A zone with `dnssec` in the configuration is signed as of `time`, with the keys that are in their
 * folder now; for others time may be NULL.
 *
 * No global state: may run on a thread of uv's pool. Caller owns (references is 0). */
MUST_CHECK struct zone *zonefile_load(const struct config *config, size_t zone_index,
                                      const struct record_sets *sets,
                                      const struct signing_time *time, struct error *err);

/* A zone that is signed here, with the records of the one that is served and signatures as of
 * `time` by the keys that are in their folder now. The file is not read: it may have been changed,
 * or be broken, by now. served is only read; otherwise as zonefile_load. */
MUST_CHECK struct zone *zonefile_sign_again(const struct zone *served, const struct config *config,
                                            size_t zone_index, const struct record_sets *sets,
                                            const struct signing_time *time, struct error *err);

/* False and "file:line: …" when two zones have one name, a zone's name is none, or a record set
 * lies in no zone of the configuration. */
MUST_CHECK bool zonefile_check_names(const struct config *config, const struct record_sets *sets,
                                     struct error *err);
