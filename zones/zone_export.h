/* SPDX-License-Identifier: BSD-2-Clause */
/* A zone as it is served, as a master file: read back from the encoded answers, so that what is
 * written is what is answered, with signatures and the chain of NSEC or NSEC3. Glue follows the
 * names; what no response has (occluded data) is left out. A weighted record set is written with
 * the records, and signatures, of one member; a comment names the others. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "zones/snapshot.h"

struct zone_export;

/* For zone_export_new: the member that answers most, among those that have records. */
#define EXPORT_LARGEST SIZE_MAX

/* Copies what it needs of the record sets; the zone is borrowed and must be held until the end.
 * members: by the record set's id, EXPORT_LARGEST or the member to write; NULL: all
 * EXPORT_LARGEST. The zone is one of the snapshot's. Control thread. Caller owns. */
struct zone_export *zone_export_new(const struct snapshot *snapshot, const struct zone *zone,
                                    const size_t *members);
/* The same without weighted record sets, of which nothing is written. Any thread that may read the
 * zone. */
struct zone_export *zone_export_new_static(const struct zone *zone);
void zone_export_free(struct zone_export *export);
void zone_export_freep(struct zone_export **export);

/* The next part of the text, whole lines, not much longer than `octets`; NULL: that was all. Caller
 * frees. Any thread, one at a time. */
char *zone_export_next(struct zone_export *export, size_t octets) MUST_CHECK;
