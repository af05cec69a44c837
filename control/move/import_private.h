/* SPDX-License-Identifier: BSD-2-Clause */
/* What the parts of import share. */
#pragma once

#include <stdio.h>

#include "control/move/import.h"
#include "zones/name.h"
#include "zones/rdata.h"
#include "zones/record_type.h"

/* One record set of Route 53's: of a group by its set identifier, or alone. */
struct import_item {
    struct name name;
    uint16_t type;
    const struct route53_record_set *set; /* the caller's */
    bool is_weighted;
    /* One of these, once it is known: RDATA as zone files have it, or the host whose addresses it
     * has. The values belong to the item unless they were another's (an alias in the zone). */
    char **values;
    size_t value_count;
    bool has_own_values;
    char *host;
    uint32_t ttl_s;
    char *id; /* of the member */
};

enum import_fate {
    FATE_UNKNOWN,
    FATE_STATIC,   /* in the zone file: items[0].values */
    FATE_WEIGHTED, /* in the configuration, one member for each item */
    FATE_CNAME,    /* in the zone file, a CNAME to target's name: an alias of a weighted one */
    FATE_COVERED,  /* … of another type, which the CNAME answers too */
    FATE_REPLACED, /* Route 53's own SOA and NS */
    FATE_LOST,     /* reason says why */
};

/* All record sets of one name and type. */
struct import_group {
    struct name name;
    uint16_t type;
    struct import_item *items; /* the work's; of a copy those of its target */
    size_t count;
    const struct import_group *target; /* a simple alias, and where it ends in the zone; NULL */
    enum import_fate fate;
    bool is_resolving;
    char *reason; /* what is the matter, and what to do */
};

struct import_work {
    const struct import_wanted *wanted;
    struct import *out;
    struct name zone;
    char zone_text[NAME_TEXT_SIZE];
    struct import_item *items; /* by name from the right, then type: the zone's own first */
    size_t item_count;
    struct import_group *groups;
    size_t group_count;
    struct rdata *rdata; /* scratch */
};

/* Once only: what is said first stays. Takes reason. */
void import_lose(struct import_group *group, char *reason);
/* A line for people about a group, or one item of it (NULL: all). */
void import_remark(struct import_work *work, const struct import_group *group,
                   const struct import_item *item, bool is_lost, const char *text);
struct import_group *import_find(const struct import_work *work, const struct name *name,
                                 uint16_t type);
/* The first group at the name, and how many there are; SIZE_MAX and 0: none. */
size_t import_find_name(const struct import_work *work, const struct name *name, size_t *count);
/* The cut at or above the name, below the zone's own; NULL: none. */
const struct import_group *import_find_cut(const struct import_work *work, const struct name *name);
/* In presentation form; false and err: it is none. *printed is the caller's. */
MUST_CHECK bool import_value(struct import_work *work, uint16_t type, const char *text,
                             char **printed, struct error *err);

/* Says what becomes of every group that has an alias. */
void import_resolve(struct import_work *work);

/* Of those that are wanted; their addresses replace those that were. */
MUST_CHECK bool import_check_nameservers(struct import_work *work, struct error *err);

/* The two texts; new. */
char *import_print_zone(struct import_work *work);
char *import_print_config(struct import_work *work);
