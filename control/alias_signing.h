/* SPDX-License-Identifier: BSD-2-Clause */
/* When a zone that is signed here is loaded anew, the records of its alias targets' members get new
 * signatures with it: most of them beside the load, on a thread of uv's pool. */
#pragma once

#include "control/alias_source.h"
#include "zones/snapshot_builder.h"

struct alias_signing;

/* Remembers the addresses of now, for all zones of the view that are to be loaded and are signed
 * here, or whose record sets come from one that is. Control thread. Caller owns. */
struct alias_signing *alias_signing_new(const struct control *control,
                                        const struct zone_view *view);
void alias_signing_free(struct alias_signing *signing);

/* The zone at this index of the view was loaded: signs what belongs to it. Any one thread. */
MUST_CHECK bool alias_signing_sign(struct alias_signing *signing, size_t zone_index,
                                   struct zone *loaded, struct error *err);

/* The new records, to be published with the zones for which they were signed; what was resolved
 * meanwhile is signed now. Control thread. */
void alias_signing_publish(struct alias_signing *signing, const struct zone_table *zones,
                           struct snapshot_builder *builder);
