/* SPDX-License-Identifier: BSD-2-Clause */
/* Answers one kind of query N times in process: bench_answer KIND N; without arguments, prints the
 * kinds. See tests/bench/instructions.sh. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/attributes.h"
#include "server/cookie.h"
#include "server/edns.h"
#include "server/rate_limit.h"
#include "tests/unit/answer_fixture.h"

static const struct kind {
    const char *name;
    const char *query;
    uint16_t type;
    bool has_edns;
    bool has_cookie;  /* a good one */
    bool is_limited;  /* with a rate limit that is never met */
    bool is_followed; /* each query is a visit that is written down */
} kinds[] = {
    {"exact", "www.example.test", 1, false, false, false, false},
    {"exact-edns", "www.example.test", 1, true, false, false, false},
    {"exact-followed", "www.example.test", 1, false, false, false, true},
    {"sticky", "sticky.example.test", 1, false, false, false, false},
    {"random", "random.example.test", 1, false, false, false, false},
    {"static", "two.example.test", 1, false, false, false, false},
    {"static-edns", "two.example.test", 1, true, false, false, false},
    {"static-cookie", "two.example.test", 1, true, true, false, false},
    {"static-limited", "two.example.test", 1, false, false, true, false},
    {"nxdomain", "nope.example.test", 1, false, false, false, false},
    {"nxdomain-edns", "nope.example.test", 1, true, false, false, false},
    {"nxdomain-deep", "a.b.c.d.e.f.g.h.i.j.k.example.test", 1, false, false, false, false},
    {"nodata", "two.example.test", 28, false, false, false, false},
    {"referral", "x.sub.example.test", 1, true, false, false, false},
    {"wildcard", "x.wild.example.test", 1, false, false, false, false},
    {"refused", "www.example.org", 1, false, false, false, false},
    {"chain", "alias.example.test", 1, false, false, false, false},
};

static const struct cookie_secrets secrets = {.count = 1};
static const struct config_rate_limit limit = {
    .responses_per_second = 1000000, .window_s = 1, .size = 65536};

/* As the daemon does: clients are followed, and this one only for its kind. */
static struct visit_ring *follow(struct fixture *fixture, bool is_followed)
{
    static const uint64_t key[2] = {UINT64_C(0x123456789ABCDEF1), UINT64_C(0xFEDCBA9876543211)};
    exchange_follow(fixture->exchange, key, is_followed ? UINT64_MAX : 1);
    struct visit_ring *ring = fixture->exchange->slots[0].visits;
    sketch_sampler_init(&fixture->context.sampler, ring);
    return ring;
}

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
            uint8_t option[4 + COOKIE_LEN] = {0, EDNS_OPTION_COOKIE, 0, COOKIE_LEN};
            cookie_make(&secrets, (const uint8_t *)"client's",
                        (const struct sockaddr *)&fixture->source, 0, option + 4);
            len =
                fixture_add_opt(query, len, 1232, option, kinds[i].has_cookie ? sizeof(option) : 0);
        }
        fixture->snapshot->cookies = secrets;
        if (kinds[i].is_limited) {
            fixture->context.rate_limit =
                rate_limit_new(&limit, (const uint8_t[RATE_LIMIT_KEY_OCTETS]){1});
        }
        struct visit_ring *ring = follow(fixture, kinds[i].is_followed);
        unsigned long count = strtoul(argv[2], NULL, 10);
        for (unsigned long n = 0; n < count; n++) {
            answer_context_set_time(&fixture->context, 0, n * 60000);
            visit_ring_take(ring, NULL, visit_ring_count(ring));
            if (fixture_ask(fixture, query, len, false) == 0) {
                return 1;
            }
        }
        rate_limit_free(fixture->context.rate_limit);
        fixture_free(fixture);
        return 0;
    }
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        puts(kinds[i].name);
    }
    return argc == 1 ? 0 : 2;
}
