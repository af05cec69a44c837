/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/signed_zones.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "common/alloc.h"
#include "zones/zone_keys.h"

#define DAY_MS INT64_C(86400000)

/* So many that 512 octets hold them, but not their signature too. */
static const char *blue_a[] = {
    "192.0.2.100", "192.0.2.101", "192.0.2.102", "192.0.2.103", "192.0.2.104",
    "192.0.2.105", "192.0.2.106", "192.0.2.107", "192.0.2.108", "192.0.2.109",
    "192.0.2.110", "192.0.2.111", "192.0.2.112", "192.0.2.113", "192.0.2.114",
    "192.0.2.115", "192.0.2.116", "192.0.2.117", "192.0.2.118", "192.0.2.119",
    "192.0.2.120", "192.0.2.121", "192.0.2.122", "192.0.2.123", "192.0.2.124"};
static const char *green_a[] = {"192.0.2.201"};
static const char *blue_mx[] = {"10 www.example.test"}, *green_mx[] = {"5 ns1.example.test"};
static const char *blue_cname[] = {"two.example.test"}, *green_cname[] = {"nope.example.test"};

static struct config_record_set record_sets[] = {
    SECURE_SET("www.example.test", "A", blue_a, green_a),
    SECURE_SET("*.wwild.example.test", "MX", blue_mx, green_mx),
    SECURE_SET("wcname.example.test", "CNAME", blue_cname, green_cname),
};

static void prepare(struct signed_zone *zone, const char *name)
{
    const char *top = getenv("top_srcdir");
    memset(zone, 0, sizeof(*zone));
    snprintf(zone->path, sizeof(zone->path), "%s/tests/unit/signed/%s.zone",
             top != NULL ? top : ".", name);
    zone->zone = (struct config_zone){.name = "example.test", .file = zone->path, .line = 1};
    zone->config = (struct config){.path = "test.yaml", .zones = &zone->zone, .zone_count = 1};
}

void signed_zone_open(struct signed_zone *zone, const char *name)
{
    prepare(zone, name);
    secure_open(&zone->secure, &zone->config, SIGNED_ZONES_NOW_S);
}

/* The keys are read once: their files need not outlive it. */
void signed_zone_open_weighted(struct signed_zone *zone, enum config_denial denial)
{
    struct error err;
    struct name origin;
    char folder[] = "/tmp/ballast-test-XXXXXX";
    assert_non_null(mkdtemp(folder));
    prepare(zone, "base");
    zone->dnssec = (struct config_dnssec){
        .keys = folder,
        .denial = denial,
        .first_keys = CONFIG_FIRST_KSK_AND_ZSK,
        .algorithm = 13,
        .signature_lifetime_ms = 14 * DAY_MS,
        .refresh_ms = 5 * DAY_MS,
    };
    zone->zone.dnssec = &zone->dnssec;
    zone->config.record_sets = record_sets;
    zone->config.record_set_count = ARRAY_LEN(record_sets);
    assert_true(name_parse(&origin, "example.test", &err));
    assert_true(zone_keys_prepare(&zone->dnssec, &origin, SIGNED_ZONES_NOW_S, &err));
    secure_open(&zone->secure, &zone->config, SIGNED_ZONES_NOW_S);
    zone->dnssec.keys = "/nowhere";
    CLEANUP(alloc_freep) char *command = alloc_printf("rm -r %s", folder);
    assert_int_equal(system(command), 0);
}

void signed_zone_close(struct signed_zone *zone)
{
    secure_close(&zone->secure);
}
