/* SPDX-License-Identifier: BSD-2-Clause */
/* What a zone that is loaded again is, beside the one that is served: secondaries and caches go by
 * the serial (RFC 1982). Pure. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"
#include "zones/zone.h"

enum zone_age {
    ZONE_SAME,    /* perhaps signed anew */
    ZONE_NEWER,   /* its serial is */
    ZONE_OLDER,   /* its serial is; one that is 2^31 away, which the RFC leaves open, counts here */
    ZONE_CHANGED, /* the records did, the serial did not */
};

enum zone_age zone_age(uint32_t old_serial, uint64_t old_content, uint32_t new_serial,
                       uint64_t new_content);

/* False and err when the serial goes backwards and is not forced. Else warning, which has room for
 * the text of an error, gets what is odd, or "". */
MUST_CHECK bool zone_may_follow(const struct zone *old, const struct zone *new, bool is_forced,
                                struct error *warning, struct error *err);
