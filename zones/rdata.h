/* SPDX-License-Identifier: BSD-2-Clause */
/* RDATA from presentation form to wire form, by ldns. For zones/, and for what
 * reads records of others (control/move). Any thread. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"
#include "zones/name.h"

struct rdata {
    uint16_t len;
    uint8_t octets[UINT16_MAX];
};

/* text: fields separated by blanks; parentheses and semicolons in it are data. Names that do not
 * end in a dot are relative to origin. err: what is wrong, without the place. */
MUST_CHECK bool rdata_parse(struct rdata *rdata, uint16_t type, const char *text,
                            const struct name *origin, struct error *err);

/* True for types whose data ldns takes for something else: to it they have to be mere octets, which
 * those of this type are, which is none. */
#define RDATA_TYPE_OPAQUE 65534u
bool rdata_is_opaque(uint16_t type);

/* "3600", "1h30m" (units w d h m s, as BIND has them); at most 2^32 - 1. */
MUST_CHECK bool rdata_parse_period(const char *text, uint32_t *seconds);
