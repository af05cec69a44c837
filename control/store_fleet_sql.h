/* SPDX-License-Identifier: BSD-2-Clause */
/* The SQL of store_fleet.c: what a fleet shares of the state file's rows, as JSON and back. */
#pragma once

/* Temporary tables and triggers, made once the file is open. */
extern const char store_fleet_setup[];

/* An item's kind, and the statements that work on one: ?1 is the item, ?2 its body. */
struct store_fleet_kind {
    const char *prefix;
    const char *print;       /* one row, the body; none: the item is to be removed */
    const char *const *take; /* run in turn; the last one NULL */
};
extern const struct store_fleet_kind store_fleet_kinds[];
extern const unsigned store_fleet_kind_count;

/* Marks all that is worth sharing. */
extern const char store_fleet_mark_all_sql[];
