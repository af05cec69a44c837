/* SPDX-License-Identifier: BSD-2-Clause */
/* Octets that a loaded zone takes for each of 100,000 names with one address: see
 * tests/bench/instructions.sh. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/alloc.h"
#include "common/arena.h"
#include "tests/unit/zone_fixture.h"

#define NAMES    100000u
#define LINE_MAX 64u

int main(void)
{
    char *text = alloc_zeroed(NAMES + 1, LINE_MAX);
    size_t len = (size_t)sprintf(text, "@ SOA ns h 1 2 3 4 5\n@ NS ns\n");
    for (unsigned i = 0; i < NAMES; i++) {
        len += (size_t)sprintf(text + len, "host%u A 10.%u.%u.%u\n", i, i >> 16, i >> 8 & 0xff,
                               i & 0xff);
    }
    struct zone *zone = fixture_zone("example.test", text);
    printf("octets-a-name %zu\n", (arena_size(zone->arena) + NAMES / 2) / NAMES);
    zone_free(zone);
    free(text);
    return 0;
}
