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
#include "tests/unit/signed_zones.h"

/* Whose zone is asked. */
enum place { PLACE_FIXTURE, PLACE_NSEC, PLACE_NSEC3, PLACE_WEIGHTED };

enum trait {
    EDNS = 1,
    COOKIE = 2,    /* a good one */
    DNSSEC_OK = 4, /* DO is set */
    LIMITED = 8,   /* with a rate limit that is never met */
    FOLLOWED = 16, /* each query is a visit that is written down */
};

static const struct kind {
    const char *name;
    const char *query;
    uint16_t type;
    enum place place;
    unsigned traits;
} kinds[] = {
    {"exact", "www.example.test", 1, PLACE_FIXTURE, 0},
    {"exact-edns", "www.example.test", 1, PLACE_FIXTURE, EDNS},
    {"exact-followed", "www.example.test", 1, PLACE_FIXTURE, FOLLOWED},
    {"exact-limited", "www.example.test", 1, PLACE_FIXTURE, LIMITED},
    {"exact-dnssec", "www.example.test", 1, PLACE_WEIGHTED, EDNS | DNSSEC_OK},
    {"sticky", "sticky.example.test", 1, PLACE_FIXTURE, 0},
    {"random", "random.example.test", 1, PLACE_FIXTURE, 0},
    {"static", "two.example.test", 1, PLACE_FIXTURE, 0},
    {"static-edns", "two.example.test", 1, PLACE_FIXTURE, EDNS},
    {"static-cookie", "two.example.test", 1, PLACE_FIXTURE, EDNS | COOKIE},
    {"static-limited", "two.example.test", 1, PLACE_FIXTURE, LIMITED},
    {"static-dnssec", "two.example.test", 1, PLACE_NSEC, EDNS | DNSSEC_OK},
    {"nxdomain", "nope.example.test", 1, PLACE_FIXTURE, 0},
    {"nxdomain-edns", "nope.example.test", 1, PLACE_FIXTURE, EDNS},
    {"nxdomain-deep", "a.b.c.d.e.f.g.h.i.j.k.example.test", 1, PLACE_FIXTURE, 0},
    {"nxdomain-nsec", "nope.example.test", 1, PLACE_NSEC, EDNS | DNSSEC_OK},
    {"nxdomain-nsec3", "nope.example.test", 1, PLACE_NSEC3, EDNS | DNSSEC_OK},
    {"nodata", "two.example.test", 28, PLACE_FIXTURE, 0},
    {"nodata-nsec", "two.example.test", 28, PLACE_NSEC, EDNS | DNSSEC_OK},
    {"referral", "x.sub.example.test", 1, PLACE_FIXTURE, EDNS},
    {"referral-dnssec", "x.sub.example.test", 1, PLACE_NSEC, EDNS | DNSSEC_OK},
    {"wildcard", "x.wild.example.test", 1, PLACE_FIXTURE, 0},
    {"refused", "www.example.org", 1, PLACE_FIXTURE, 0},
    {"chain", "alias.example.test", 1, PLACE_FIXTURE, 0},
};

static const struct cookie_secrets secrets = {.count = 1};
static const struct config_rate_limit limit = {
    .responses_per_second = 1000000, .window_s = 1, .size = 65536};

/* Who answers, and what it is asked. */
struct asked {
    struct fixture *fixture;
    struct signed_zone zone;
    struct answer_context *context;
    struct snapshot *snapshot;
    uint8_t query[600];
    size_t len;
};

static void open_place(struct asked *asked, const struct kind *kind)
{
    asked->fixture = fixture_new(1);
    asked->context = &asked->fixture->context;
    asked->snapshot = asked->fixture->snapshot;
    if (kind->place == PLACE_FIXTURE) {
        return;
    }
    if (kind->place == PLACE_WEIGHTED) {
        signed_zone_open_weighted(&asked->zone, CONFIG_DENIAL_NSEC);
        secure_shift(&asked->zone.secure, 0, 1); /* the member with one address */
    } else {
        signed_zone_open(&asked->zone, kind->place == PLACE_NSEC ? "nsec" : "nsec3");
    }
    asked->context = &asked->zone.secure.context;
    asked->snapshot = asked->zone.secure.snapshot;
}

/* As the daemon does: clients are followed, and this one only for its kind. */
static void follow(struct asked *asked, bool is_followed)
{
    static const uint64_t key[2] = {UINT64_C(0x123456789ABCDEF1), UINT64_C(0xFEDCBA9876543211)};
    struct exchange *exchange = asked->fixture->exchange;
    exchange_follow(exchange, key, is_followed ? UINT64_MAX : 1);
    sketch_sampler_done(&asked->context->sampler);
    sketch_sampler_init(&asked->context->sampler, exchange->slots[0].visits);
}

static void make_query(struct asked *asked, const struct kind *kind)
{
    asked->len = fixture_query(asked->query, kind->query, kind->type);
    if ((kind->traits & EDNS) == 0) {
        return;
    }
    size_t opt_at = asked->len;
    uint8_t option[4 + COOKIE_LEN] = {0, EDNS_OPTION_COOKIE, 0, COOKIE_LEN};
    cookie_make(&secrets, (const uint8_t *)"client's",
                (const struct sockaddr *)&asked->fixture->source, 0, option + 4);
    asked->len = fixture_add_opt(asked->query, asked->len, 1232, option,
                                 (kind->traits & COOKIE) != 0 ? sizeof(option) : 0);
    if ((kind->traits & DNSSEC_OK) != 0) {
        asked->query[opt_at + 7] = EDNS_FLAG_DO;
    }
}

/* False: there was no answer. */
static bool ask(struct asked *asked, unsigned long count)
{
    struct fixture *fixture = asked->fixture;
    struct visit_ring *ring = fixture->exchange->slots[0].visits;
    struct answer_task task = {
        .snapshot = asked->snapshot,
        .source = {.address = (const struct sockaddr *)&fixture->source},
        .query = asked->query,
        .query_len = asked->len,
        .out = fixture->out,
        .out_size = fixture->out_size,
    };
    for (unsigned long n = 0; n < count; n++) {
        answer_context_set_time(asked->context, 0, n * 60000);
        visit_ring_take(ring, NULL, visit_ring_count(ring));
        if (answer_query(asked->context, &task) == 0) {
            return false;
        }
    }
    return true;
}

static bool run(const struct kind *kind, unsigned long count)
{
    struct asked asked = {.len = 0};
    open_place(&asked, kind);
    make_query(&asked, kind);
    asked.snapshot->cookies = secrets;
    if ((kind->traits & LIMITED) != 0) {
        asked.context->rate_limit =
            rate_limit_new(&limit, (const uint8_t[RATE_LIMIT_KEY_OCTETS]){1});
    }
    follow(&asked, (kind->traits & FOLLOWED) != 0);
    bool has_answers = ask(&asked, count);
    rate_limit_free(asked.context->rate_limit);
    if (kind->place != PLACE_FIXTURE) {
        signed_zone_close(&asked.zone);
    }
    fixture_free(asked.fixture);
    return has_answers;
}

int main(int argc, char **argv)
{
    for (size_t i = 0; argc == 3 && i < ARRAY_LEN(kinds); i++) {
        if (strcmp(kinds[i].name, argv[1]) == 0) {
            return run(&kinds[i], strtoul(argv[2], NULL, 10)) ? 0 : 1;
        }
    }
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        puts(kinds[i].name);
    }
    return argc == 1 ? 0 : 2;
}
