/* SPDX-License-Identifier: BSD-2-Clause */
/* RRSIG and NSEC asked for by type. In a signed zone no RRset of a node is either: RRSIGs lie
 * behind what they cover, an NSEC in the chain. Rarely asked for, so they are put together from
 * there for each query and take no memory. One worker's thread. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "server/assembly.h"

/* Has the zone's node records of this type that are to be had here alone? zone: any. */
bool dnssec_data_is_there(const struct zone *zone, const struct node *node, uint16_t type);

/* Writes what found, a LOOKUP_DNSSEC_DATA, has of the query's type into the answer section, which
 * is the last one so far. octets: the owner, a name of len octets with its letter case. */
void dnssec_data_write(struct assembly *assembly, const struct lookup *found, const uint8_t *octets,
                       size_t len);
