/* SPDX-License-Identifier: BSD-2-Clause */
/* The zones that the daemon has: those of the configuration, and those added and removed at run
 * time. Control thread only, but for what a view has. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/config.h"
#include "zones/signer.h"
#include "zones/snapshot.h"
#include "zones/zone.h"

/* What is to be served as a zone; const, so that a load on uv's pool may read it. */
struct zone_definition {
    const struct config_zone *zone;
    struct name origin;
    struct config *own;  /* has the zone, when it was added at run time; NULL: the configuration */
    char *text;          /* then: as it was asked for, JSON; for the store */
    unsigned references; /* control thread only */
};

struct zone_entry {
    struct zone_definition *definition;
    struct zone *zone; /* held; in the current snapshot; NULL: it could not be loaded yet */
    int64_t loaded_ms;
    char *failure; /* of the last attempt to load it, or NULL */
    char *warning; /* about what was loaded last, or NULL */
};

struct zone_list {
    struct zone_entry **entries;
    size_t count;
};

struct zone_definition *zone_definition_ref(struct zone_definition *definition);
/* NULL is fine. */
void zone_definition_unref(struct zone_definition *definition);

/* Of the configuration, which outlives it. NULL and err: the name is none. */
MUST_CHECK struct zone_definition *
zone_definition_of(const struct config *config, const struct config_zone *zone, struct error *err);
/* Of a JSON text as `zones` of the configuration has it: {"name": …, "file": …, "dnssec": …}, with
 * the same rules. Paths are relative to the configuration's folder. */
MUST_CHECK struct zone_definition *zone_definition_parse(const struct config *config,
                                                         const char *text, struct error *err);

/* Takes over the reference. */
struct zone_entry *zone_list_add(struct zone_list *list, struct zone_definition *definition);
void zone_list_remove(struct zone_list *list, struct zone_entry *entry);
/* Holds the zone, and lets go of the one before. */
void zone_entry_set(struct zone_entry *entry, struct zone *zone);
void zone_list_done(struct zone_list *list);
struct zone_entry *zone_list_find(const struct zone_list *list, const struct name *origin);
struct zone_entry *zone_list_find_definition(const struct zone_list *list,
                                             const struct zone_definition *definition);
/* By name; NULL and an err that says which there are. */
MUST_CHECK struct zone_entry *zone_list_find_text(const struct zone_list *list, const char *name,
                                                  struct error *err);

/* The zones of one snapshot that is to be made: what zonefile_load asks of a configuration, and a
 * place for each result. Written by one thread at a time. */
struct zone_view {
    struct config config; /* the configuration with these zones */
    bool is_trial;        /* nothing is going to be served: no key is made or rolled */
    struct zone_definition **definitions;
    size_t count;
    struct zone_slot {
        struct zone_entry *entry; /* the list's; NULL: not in it yet. Control thread only */
        bool is_wanted;           /* to be loaded, */
        const struct zone *again; /* … from this one, which is served, or NULL: from its file */
        struct zone *loaded;      /* owned until it is taken */
    } * slots;
};

/* As of now. Any thread. */
struct signing_time zone_signing_time(void);

void zone_view_init(struct zone_view *view, const struct config *config);
/* Takes a reference. entry: may be NULL. Returns the index. */
size_t zone_view_add(struct zone_view *view, struct zone_definition *definition,
                     struct zone_entry *entry);
/* Those of the list that are served, but for one (or NULL). */
void zone_view_add_served(struct zone_view *view, const struct zone_list *list,
                          const struct zone_definition *without);
/* Index of the definition, or SIZE_MAX. */
size_t zone_view_find(const struct zone_view *view, const struct zone_definition *definition);
/* Frees what was loaded and not taken. Control thread. */
void zone_view_done(struct zone_view *view);
/* Index of the zone with the longest origin at or above the name, or SIZE_MAX. */
size_t zone_view_find_owner(const struct zone_view *view, const struct name *name);
/* Index of the zone with the longest origin above this one, or SIZE_MAX. */
size_t zone_view_find_parent(const struct zone_view *view, const struct name *origin);
/* Loads what is wanted and not loaded yet, up to the first that fails: its index and err, or
 * SIZE_MAX. Any thread. */
size_t zone_view_load(struct zone_view *view, const struct record_sets *sets, struct error *err);
