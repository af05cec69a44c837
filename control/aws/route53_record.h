/* SPDX-License-Identifier: BSD-2-Clause */
/* Route 53's record sets and change batches. Names and values are here as zone files have them
 * (route53_text.h). Pure; any thread. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ROUTE53_WEIGHT_MAX     255
#define ROUTE53_IDENTIFIER_MAX 128

struct route53_alias {
    char *zone_id;  /* of the target: "Z2O1EMRO9K5GLX"; NULL: the record set is no alias */
    char *dns_name; /* as a zone file has it */
    bool evaluate_target_health;
};

struct route53_record_set {
    char *name;           /* lower case, final dot */
    char *type;           /* "A" */
    char *set_identifier; /* NULL: of a simple record set */
    int weight;           /* 0 to 255; -1: it is not weighted */
    int64_t ttl_s;        /* -1: none, which is so of an alias */
    char **values;        /* RDATA in presentation form; none with an alias */
    size_t value_count;
    struct route53_alias alias;
    char *health_check_id; /* NULL: none */
    /* What else decides about it, for people: "failover", "latency", "traffic policy"; NULL:
     * nothing. One that has this cannot be written. */
    char *other_policy;
};

/* Takes the value. */
void route53_record_set_add_value(struct route53_record_set *set, char *value);

struct route53_record_sets {
    struct route53_record_set *sets;
    size_t count;
};

void route53_record_set_done(struct route53_record_set *set);
/* A copy that owns itself. */
struct route53_record_set route53_record_set_copy(const struct route53_record_set *set);
void route53_record_sets_done(struct route53_record_sets *sets);
/* Takes what set has, which is then empty. */
void route53_record_sets_add(struct route53_record_sets *sets, struct route53_record_set *set);
/* Whether they are the same in everything; values in any order. */
bool route53_record_set_equals(const struct route53_record_set *a,
                               const struct route53_record_set *b);

enum route53_action { ROUTE53_CREATE, ROUTE53_DELETE, ROUTE53_UPSERT };
const char *route53_action_name(enum route53_action action); /* "UPSERT" */

struct route53_change {
    enum route53_action action;
    struct route53_record_set set;
};

struct route53_batch {
    char *comment; /* NULL: none */
    struct route53_change *changes;
    size_t count;
};
void route53_batch_done(struct route53_batch *batch);
/* Takes what set has, which is then empty. */
void route53_batch_add(struct route53_batch *batch, enum route53_action action,
                       struct route53_record_set *set);
