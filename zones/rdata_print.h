/* SPDX-License-Identifier: BSD-2-Clause */
/* RDATA from wire form to presentation form, by ldns. Any thread. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "common/attributes.h"
#include "zones/rdata.h"

/* As a zone file has it, names with their final dot. What rdata_parse would not read as the same
 * data again is in the form of RFC 3597 section 5. scratch is overwritten. Caller frees. */
char *rdata_print(struct rdata *scratch, uint16_t type, const uint8_t *octets,
                  uint16_t len) MUST_CHECK;
