/* SPDX-License-Identifier: BSD-2-Clause */
/* The hosts that members name as their alias target: asked for, remembered, and, when their
 * addresses change, probed and published. Members that name the same host (and have the same type)
 * share one. Control thread only. */
#pragma once

#include "control/alias.h"
#include "control/model.h"
#include "control/resolver.h"

#define ALIAS_ADDRESS_TEXT_SIZE 46 /* INET6_ADDRSTRLEN */

struct alias_user {
    struct record_set_state *set;
    struct member_state *member;
};

struct alias_source {
    struct control *control;
    char *host; /* lower case, no final dot */
    const char *type;
    int family;
    struct alias alias;
    struct alias_user *users;
    size_t user_count;
    uv_timer_t timer; /* the next question, or the moment when the addresses become stale */
};

/* Finds or makes the source of each member with an alias target and restores what the store has;
 * each member's new_records are then what to publish first, together with these zones. */
MUST_CHECK bool alias_sources_restore(struct control *control, const struct zone_table *zones,
                                      struct error *err);
/* Starts to ask. Health checks have been started. */
MUST_CHECK bool alias_sources_start(struct control *control, struct error *err);
/* The system's resolvers, where it is these that are asked, are read anew. */
void alias_sources_renew_resolver(struct control *control);
/* Closes what alias_sources_start opened, if it did. */
void alias_sources_stop(struct control *control);
void alias_sources_free(struct control *control);

/* Makes the user's new_records of the addresses that are known (at least one), in a zone that is
 * signed here with signatures: of this member alone. They are to be published with these zones.
 * False: they cannot be signed, and nothing has changed. */
MUST_CHECK bool alias_source_renew(const struct alias_source *source, const struct alias_user *user,
                                   const struct zone_table *zones, struct error *err);

void alias_source_print(const struct alias_source *source, size_t index,
                        char out[ALIAS_ADDRESS_TEXT_SIZE]);
