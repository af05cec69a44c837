/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of the canary lab (awslabs/ecs-canary-blue-green-deployment) as record sets and
 * rollouts of a configuration that do the same. Pure; any thread. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"
#include "control/move/remark.h"

struct canary_wanted {
    const char *source;  /* where the items are from, for comments */
    const char *cluster; /* whose events count, which the table does not say; NULL: left to name */
};

struct canary {
    char *config_text; /* YAML, for a configuration: health_checks, record_sets, rollouts */
    struct move_remarks remarks;
    size_t count; /* items that are in it */
};

/* Items of documents as `aws dynamodb scan`, query (Items) and get-item (Item) print them, into a
 * new array. NULL and err: one has neither. */
json_t *canary_items(const json_t *documents, struct error *err) MUST_CHECK;

/* items: attributes typed as DynamoDB has them ({"S": "…"}), or plain. What is wrong with one is a
 * remark, and the others go on. For canary_done. */
void canary_make(const struct canary_wanted *wanted, const json_t *items, struct canary *out);
void canary_done(struct canary *canary);
