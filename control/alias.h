/* SPDX-License-Identifier: BSD-2-Clause */
/* What is known of one alias target: its last good addresses, how old they are, when to ask again.
 * Pure: time and answers are arguments. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/attributes.h"
#include "common/config.h"

#define ALIAS_TEXT_SIZE 96

enum alias_origin {
    ALIAS_UNKNOWN,    /* no addresses: never resolved, nothing remembered */
    ALIAS_REMEMBERED, /* from the state file, not resolved since the start */
    ALIAS_RESOLVED,
};
/* "none", "state file", "resolver". */
const char *alias_origin_name(enum alias_origin origin);

struct alias {
    struct config_alias limits;
    size_t octets; /* of one address: 4 or 16 */
    enum alias_origin origin;
    uint8_t *addresses; /* the last good ones, in ascending order, each once; owned */
    size_t count;
    int64_t resolved_ms;           /* when they were answered last */
    int64_t saved_ms;              /* resolved_ms as it was saved last; 0: never */
    uint32_t ttl_s;                /* as it came */
    int64_t ask_ms;                /* when to ask next */
    bool is_stale;                 /* so old that the member counts as unhealthy */
    unsigned failures;             /* in a row */
    char failure[ALIAS_TEXT_SIZE]; /* what the last of them was */
};

/* Asks at once. octets: 4 or 16. */
void alias_init(struct alias *alias, const struct config_alias *limits, size_t octets);
void alias_done(struct alias *alias);
/* What the state file has; its time may be of a clock that was ahead. */
void alias_restore(struct alias *alias, const uint8_t *addresses, size_t count, int64_t resolved_ms,
                   int64_t now_ms);
/* The question is on its way: it is not due again before alias_answered or alias_failed. */
void alias_asked(struct alias *alias);
/* count > 0, in any order, perhaps some twice. True when they are others than before. */
bool alias_answered(struct alias *alias, const uint8_t *addresses, size_t count, uint32_t ttl_s,
                    int64_t now_ms);
/* No answer, or none with addresses: what was good stays, and is asked for sooner and then ever
 * more seldom, within the limits. */
void alias_failed(struct alias *alias, const char *why, int64_t now_ms);
/* True when the addresses have just become stale. */
bool alias_grow_old(struct alias *alias, int64_t now_ms);
/* When alias_grow_old or asking is due, whichever is first; or ALIAS_NEVER_MS. */
#define ALIAS_NEVER_MS INT64_MAX
int64_t alias_due_ms(const struct alias *alias);
/* The state file has other addresses, or a time that is old enough to matter. */
bool alias_needs_save(const struct alias *alias);
void alias_saved(struct alias *alias);
/* There are addresses, and they are not stale. */
bool alias_is_good(const struct alias *alias);
