/* SPDX-License-Identifier: BSD-2-Clause */
/* Zones and record sets for tests, from text; and what their encoded answers say, as text. */
#pragma once

#include <stdbool.h>

#include "common/config.h"
#include "common/error.h"
#include "zones/encoded.h"
#include "zones/record_set.h"
#include "zones/zone.h"

/* A configuration with one zone, which the text is the file of. Free with fixture_done. */
struct fixture {
    struct config config;
    struct config_zone zone;
    struct record_sets *sets;
    char path[64];
};

void fixture_init(struct fixture *fixture, const char *origin, const char *text);
/* Record sets of the configuration; before loading. Fails the test when they are wrong. */
void fixture_set_record_sets(struct fixture *fixture, struct config_record_set *sets, size_t count);
void fixture_done(struct fixture *fixture);

/* NULL and err as zonefile_load has them. */
struct zone *fixture_load(const struct fixture *fixture, struct error *err);
/* All of it at once; fails the test when the zone is refused. */
struct zone *fixture_zone(const char *origin, const char *text);

/* The path of a file of the source tree. */
void fixture_source_path(const char *relative, char *out, size_t size);

/* The response that a query for qname would get these sections in, decoded by ldns and printed:
 * records in order, "www.example. 60 IN A 192.0.2.1", one a line, sections separated by "--\n".
 * qname (presentation form) is the base name or one that the encoded is copied for. Fails the test
 * when ldns cannot decode it. required: only what may not be left out. Caller frees. */
char *fixture_print(const struct encoded *encoded, const char *base, const char *qname,
                    bool required);
