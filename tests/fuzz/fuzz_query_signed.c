/* SPDX-License-Identifier: BSD-2-Clause */
/* Any octets as a packet to servers of signed zones, with NSEC, with NSEC3, and with opt-out:
 * silence, or a response that belongs to it and that ldns can read. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "server/wire.h"
#include "tests/unit/answer_fixture.h"
#include "zones/zonefile.h"

#define UDP_MAX 1232

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct fixture *fixtures[3];

/* The fixture with one zone, which is signed, in the place of its own. */
static struct fixture *open_fixture(const char *name)
{
    static struct record_sets none;
    struct error err;
    const char *top = getenv("top_srcdir");
    CLEANUP(alloc_freep)
    char *path = alloc_printf("%s/tests/unit/signed/%s.zone", top == NULL ? "." : top, name);
    struct config_zone config_zone = {.name = "example.test", .file = path, .line = 1};
    struct config config = {.path = "fuzz.yaml", .zones = &config_zone, .zone_count = 1};
    struct zone *zone = zonefile_load(&config, 0, &none, NULL, &err);
    if (zone == NULL || zone->denial == NULL) {
        fprintf(stderr, "%s: no signed zone; is top_srcdir set?\n", path);
        abort();
    }
    struct fixture *fixture = fixture_new(1);
    struct snapshot *before = fixture->snapshot;
    struct snapshot_builder *builder = snapshot_builder_new(before, fixture->sets);
    snapshot_builder_set_zones(builder, zone_table_new(&zone, 1));
    fixture->snapshot = snapshot_builder_finish(builder);
    exchange_offer(fixture->exchange, fixture->snapshot);
    snapshot_free(before);
    return fixture;
}

static void open_fixtures(void)
{
    static const char *const names[] = {"nsec", "nsec3", "optout"};
    for (size_t i = 0; i < ARRAY_LEN(fixtures); i++) {
        fixtures[i] = open_fixture(names[i]);
    }
}

static void check(struct fixture *fixture, const uint8_t *query, size_t size, bool is_tcp)
{
    size_t len = fixture_ask(fixture, query, size, is_tcp);
    if (len == 0) {
        assert(size < 12 || (query[2] & 0x80) != 0);
        return;
    }
    const uint8_t *response = fixture->out;
    assert(len >= 12 && len <= (is_tcp ? UINT16_MAX : UDP_MAX));
    assert(memcmp(response, query, 2) == 0);
    assert((response[2] & 0x80) != 0 && (response[2] & 0x79) == (query[2] & 0x79));
    assert(wire_load_u16(response + 4) <= 1);
    assert(strncmp(fixture_print(response, len), "broken", 6) != 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (fixtures[0] == NULL) {
        open_fixtures();
    }
    /* The exact size, so that a sanitizer sees a read beyond the end. */
    CLEANUP(alloc_freep) uint8_t *query = alloc_copy(data, size);
    for (size_t i = 0; i < ARRAY_LEN(fixtures); i++) {
        check(fixtures[i], query, size, false);
        check(fixtures[i], query, size, true);
    }
    return 0;
}
