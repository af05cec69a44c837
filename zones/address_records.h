/* SPDX-License-Identifier: BSD-2-Clause */
/* The records of a member whose addresses are only known at run time (an alias target's): A and
 * AAAA records have a fixed shape, so that making them needs neither a parser nor a name. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "zones/record_set.h"
#include "zones/signer.h"

/* As many as a message can hold of the larger ones beside all else. */
#define ADDRESS_RECORDS_MAX 2000

/* 4 for A, 16 for AAAA, 0 for the types that hold no address. */
size_t address_octets(uint16_t type);

/* count addresses of address_octets(set->type) octets each, 1 to ADDRESS_RECORDS_MAX. One block of
 * memory: free(3).
 *
 * signer: of the zone that the record set lies in, with the time set; NULL where the zone is not
 * signed. NULL and err when they cannot be signed, or are too many for one message with their
 * signatures; without a signer it does not fail. */
MUST_CHECK struct member_records *address_records_new(const struct record_set *set,
                                                      const uint8_t *addresses, size_t count,
                                                      struct signer *signer, struct error *err);
