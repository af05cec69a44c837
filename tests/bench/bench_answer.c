/* SPDX-License-Identifier: BSD-2-Clause */
/* Answers one kind of query N times in process: bench_answer KIND N; without arguments, prints the
 * kinds. See tests/bench/instructions.sh. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/attributes.h"
#include "tests/unit/answer_fixture.h"

static const struct kind {
    const char *name;
    const char *query;
    uint16_t type;
    bool has_edns;
} kinds[] = {
    {"exact", "www.example.test", 1, false},
    {"exact-edns", "www.example.test", 1, true},
    {"sticky", "sticky.example.test", 1, false},
    {"random", "random.example.test", 1, false},
    {"static", "two.example.test", 1, false},
    {"static-edns", "two.example.test", 1, true},
    {"nxdomain", "nope.example.test", 1, false},
    {"nxdomain-edns", "nope.example.test", 1, true},
    {"nxdomain-deep", "a.b.c.d.e.f.g.h.i.j.k.example.test", 1, false},
    {"nodata", "two.example.test", 28, false},
    {"referral", "x.sub.example.test", 1, true},
    {"wildcard", "x.wild.example.test", 1, false},
    {"refused", "www.example.org", 1, false},
    {"chain", "alias.example.test", 1, false},
};

int main(int argc, char **argv)
{
    for (size_t i = 0; argc == 3 && i < ARRAY_LEN(kinds); i++) {
        if (strcmp(kinds[i].name, argv[1]) != 0) {
            continue;
        }
        struct fixture *fixture = fixture_new(1);
        uint8_t query[600];
        size_t len = fixture_query(query, kinds[i].query, kinds[i].type);
        if (kinds[i].has_edns) {
            len = fixture_add_opt(query, len, 1232, "", 0);
        }
        unsigned long count = strtoul(argv[2], NULL, 10);
        for (unsigned long n = 0; n < count; n++) {
            if (fixture_ask(fixture, query, len, false) == 0) {
                return 1;
            }
        }
        fixture_free(fixture);
        return 0;
    }
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        puts(kinds[i].name);
    }
    return argc == 1 ? 0 : 2;
}
