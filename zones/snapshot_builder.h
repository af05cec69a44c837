/* SPDX-License-Identifier: BSD-2-Clause */
/* Builds the next snapshot from the current one. Control thread only; server/ must not include it.
 *
 * Snapshots are freed in the order of their generations, each when every worker answers from a
 * later one; what a snapshot shares with its successor passes to the successor. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "zones/snapshot.h"

struct snapshot_builder;

/* base NULL: the first one; zones and the weights of every record set must then be set. */
struct snapshot_builder *snapshot_builder_new(const struct snapshot *base,
                                              const struct record_sets *sets);
void snapshot_builder_free(struct snapshot_builder *builder);

/* Takes ownership of the table; the one replaced goes when no worker uses it. */
void snapshot_builder_set_zones(struct snapshot_builder *builder, struct zone_table *zones);

/* effective: one weight a member, in the record set's order, as effective_weights() made them. All
 * are 0 only when no member has records; one that has none must have weight 0. */
void snapshot_builder_set_weights(struct snapshot_builder *builder, uint32_t record_set,
                                  const uint16_t *effective);

/* What a member with an alias target answers with from now on. Takes ownership of the block; what
 * it replaces is freed when no worker answers from it. Weights stay as they are. */
void snapshot_builder_set_member_records(struct snapshot_builder *builder, uint32_t record_set,
                                         size_t member, struct member_records *records);

/* The addresses of a member with an alias target are too old, or no more. */
void snapshot_builder_set_member_stale(struct snapshot_builder *builder, uint32_t record_set,
                                       size_t member, bool is_stale);

/* The TTL that the record set is answered with: at most the one that its records were encoded (and
 * signed) with; WEIGHTS_TTL_ENCODED is that one. */
void snapshot_builder_set_ttl(struct snapshot_builder *builder, uint32_t record_set,
                              uint32_t ttl_s);

void snapshot_builder_set_cookies(struct snapshot_builder *builder,
                                  const struct cookie_secrets *cookies);

/* Ends the builder. The caller owns the snapshot and publishes it before it builds another. */
struct snapshot *snapshot_builder_finish(struct snapshot_builder *builder);

/* Frees what only this snapshot had. For the last one (nothing follows): everything. */
void snapshot_free(struct snapshot *snapshot);
void snapshot_free_last(struct snapshot *snapshot);
