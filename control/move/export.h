/* SPDX-License-Identifier: BSD-2-Clause */
/* Moving out: a zone as change batches for Route 53. Pure; any thread. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "control/aws/route53_record.h"
#include "control/move/remark.h"

/* What a batch may have: values, alias targets counting as one, and characters of them. An UPSERT
 * counts twice. */
#define EXPORT_BATCH_VALUES     1000
#define EXPORT_BATCH_CHARACTERS 32000

struct export_member {
    const char *id;
    int weight;
    const char *const *values; /* as in a configuration */
    size_t value_count;
    const char *alias; /* in the place of values; NULL */
    /* What a configuration with `route53` says of it; NULL and false where it does not. */
    const char *alias_zone_id, *health_check_id;
    bool evaluates_health; /* of the alias's target */
};

/* A weighted record set. */
struct export_set {
    const char *name, *type;
    uint32_t ttl_s;
    const struct export_member *members;
    size_t member_count;
};

/* The hosted zone that an alias target's own name is in, which Route 53 wants to know. */
struct export_alias_zone {
    const char *host, *zone_id;
};

struct export_wanted {
    const char *zone;
    const char *text; /* its zone file, as zone_export.h writes it */
    const struct export_set *sets;
    size_t set_count;
    const struct export_alias_zone *alias_zones;
    size_t alias_zone_count;
};

struct export
{
    struct route53_batch *batches; /* of UPSERTs */
    size_t count;
    struct move_remarks remarks;
};

/* All but the zone's own SOA and NS, and signatures. Record sets of one name and type are in one
 * batch, as long as one can hold them. A record set with one member that is called "alias" and has
 * an alias becomes a simple one, as route53 import made it of one. False and err: the zone's name
 * is none. out is for export_done then, too. */
MUST_CHECK bool export_make(const struct export_wanted *wanted, struct export *out,
                            struct error *err);
void export_done(struct export *export);
