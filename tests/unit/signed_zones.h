/* SPDX-License-Identifier: BSD-2-Clause */
/* Signed zones, each called example.test, ready to be asked. */
#pragma once

#include "tests/unit/secure_fixture.h"

#define SIGNED_ZONES_NOW_S INT64_C(1800000000) /* 2027: their signatures are valid then */

struct signed_zone {
    struct config config;
    struct config_zone zone;
    struct config_dnssec dnssec;
    char path[512];
    struct secure secure;
};

/* tests/unit/signed/NAME.zone, which BIND's signer has made: nsec, nsec3 or optout. */
void signed_zone_open(struct signed_zone *zone, const char *name);
/* base.zone of the same folder, signed here, with weighted record sets of two members each:
 * www/A, *.wwild/MX (to hosts that have addresses) and wcname/CNAME. */
void signed_zone_open_weighted(struct signed_zone *zone, enum config_denial denial);
void signed_zone_close(struct signed_zone *zone);
