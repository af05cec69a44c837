/* SPDX-License-Identifier: BSD-2-Clause */
/* What Route 53 has to be told: which change batch brings what it has to what Ballast wants, or
 * that nothing has to change, or what stands in the way. A group, the record sets of one name and
 * type, is written whole or not at all. Pure; any thread. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/config.h"
#include "control/aws/route53_check.h"
#include "control/aws/route53_record.h"

#define ROUTE53_PLAN_TEXT_SIZE 512

/* The health check that Route 53 has of a member because Ballast has one. */
struct route53_member_check {
    bool is_mirrored;               /* else the configuration says which, if any */
    char id[ROUTE53_CHECK_ID_SIZE]; /* "": not known yet; the one that is there stays */
    bool is_left_out;               /* none is sent, since Route 53 did not know it */
};

/* A weighted record set as it is to be. */
struct route53_group {
    const char *name; /* lower case, final dot */
    const char *type; /* "A" */
    const struct config_record_set *config;
    const struct config_route53 *route53;      /* whose set identifiers are whose */
    const uint8_t *weights;                    /* as set, one for each member */
    uint32_t ttl_s;                            /* of every record set of the group that has one */
    const struct route53_member_check *checks; /* one for each member; NULL: nothing is mirrored */
};

/* Something that Route 53 has otherwise. */
struct route53_difference {
    const struct route53_group *group;
    char *identifier;
    const char *what; /* "weight", "ttl", "values", "alias", "health check", "record set" */
    char *live;       /* "10"; "none" */
    char *wanted;     /* "25"; "none" */
};

struct route53_plan {
    struct route53_batch batch; /* of all groups but those that something stands in the way of */
    struct route53_difference *differences;
    size_t difference_count;
    size_t refused_count;              /* groups that something stands in the way of, … */
    char text[ROUTE53_PLAN_TEXT_SIZE]; /* … what it is, of the first; "" */
};
/* Groups outlive it. All zero is an empty plan. */
void route53_plan_done(struct route53_plan *plan);

/* Adds a group's part. live: record sets of its zone, those of other names and types are passed
 * over. In the way are: a simple record set, another routing policy, members that are not Ballast's
 * unless they are adopted, more than 100 members.
 *
 * Own record sets that are in no member are deleted, foreign ones never; of a foreign one that is
 * adopted nothing but the TTL is changed, where it is not the group's. */
void route53_plan_add(struct route53_plan *plan, const struct route53_group *group,
                      const struct route53_record_sets *live);
/* After all groups: a batch that is larger than Route 53 takes stands in the way, and is empty
 * then. */
void route53_plan_close(struct route53_plan *plan);

/* The group's record sets as they are to be, added to sets. */
void route53_group_print(const struct route53_group *group, struct route53_record_sets *sets);
