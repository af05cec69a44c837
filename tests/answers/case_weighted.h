/* SPDX-License-Identifier: BSD-2-Clause */
/* The weighted record sets of a file of answer cases. */
#pragma once

#include "common/attributes.h"
#include "common/config.h"
#include "common/error.h"
#include "zones/snapshot_builder.h"

#define CASE_SETS_MAX    16
#define CASE_MEMBERS_MAX 8

struct case_weighted {
    size_t count;
    struct config_record_set sets[CASE_SETS_MAX];
    struct config_member members[CASE_SETS_MAX][CASE_MEMBERS_MAX];
};

/* "NAME TYPE", "NAME TYPE sticky"; the members follow. */
MUST_CHECK bool case_weighted_add(struct case_weighted *weighted, const char *text, unsigned line,
                                  struct error *err);
/* "ID WEIGHT VALUE | VALUE", of the record set that was added last. */
MUST_CHECK bool case_weighted_add_member(struct case_weighted *weighted, const char *text,
                                         unsigned line, struct error *err);
/* The configuration borrows them. */
MUST_CHECK bool case_weighted_configure(struct case_weighted *weighted, struct config *config,
                                        struct error *err);
/* Weights are in force as they were written. */
void case_weighted_publish(const struct case_weighted *weighted, struct snapshot_builder *builder);
void case_weighted_done(struct case_weighted *weighted);
