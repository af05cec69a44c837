/* SPDX-License-Identifier: BSD-2-Clause */
/* Moving in: the record sets of a hosted zone of Route 53 as a zone file, for what is static, and
 * as a configuration, for what is weighted or has the addresses of a load balancer. What Ballast
 * has no counterpart for is left out and named. Pure; any thread. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "control/aws/route53_record.h"
#include "control/move/remark.h"

/* Who will serve the zone. */
struct import_nameserver {
    const char *name;
    const char *const *addresses; /* needed where the name is in the zone, and that has none */
    size_t address_count;
};

struct import_wanted {
    const char *zone; /* its name */
    /* In the place of Route 53's. None: the zone file has a line that says that they are to be
     * named, and is refused because of it. */
    const struct import_nameserver *nameservers;
    size_t nameserver_count;
    uint32_t serial;       /* of the SOA */
    const char *source;    /* where the record sets are from, for comments */
    const char *zone_file; /* as the configuration is to name it */
};

struct import {
    char *zone_text;   /* the zone file */
    char *config_text; /* YAML, a whole configuration */
    struct move_remarks remarks;
    size_t static_count; /* record sets that are in the zone file */
    size_t record_count; /* … and in the configuration */
};

/* False and err: the zone's name is none, no record set lies in it, a nameserver has no address.
 * out is for import_done then, too. */
MUST_CHECK bool import_make(const struct import_wanted *wanted,
                            const struct route53_record_sets *sets, struct import *out,
                            struct error *err);
void import_done(struct import *import);
