/* SPDX-License-Identifier: BSD-2-Clause */
/* CPU time of an answer, in batches of names drawn at random from a zone, with and without a look
 * at the whole batch first: medians of rounds in turns. Arguments: how many names; 1,000,000. In
 * how many zones; 1. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "common/alloc.h"
#include "server/answer.h"
#include "server/dns.h"
#include "server/pick.h"
#include "server/prefetch.h"
#include "tests/unit/zone_fixture.h"
#include "zones/record_type.h"

#define BATCH    PREFETCH_MAX
#define BATCHES  500 /* a round */
#define ROUNDS   25
#define LINE_MAX 64
#define OCTETS   512

struct run {
    struct config_server config;
    struct answer_context context;
    struct snapshot snapshot;
    unsigned name_count; /* in each of: */
    unsigned zone_count;
    uint64_t random;
    struct prefetch_packet packets[BATCH];
    uint8_t queries[BATCH][OCTETS];
    uint8_t answers[BATCH][OCTETS];
    uint64_t answer_octets; /* so that no compiler leaves the answers out */
};

static struct zone *make_zone(unsigned number, unsigned count)
{
    char origin[LINE_MAX];
    char *text = alloc_zeroed(count + 1, LINE_MAX);
    size_t len = (size_t)sprintf(text, "@ SOA ns h 1 2 3 4 5\n@ NS ns\n");
    for (unsigned i = 0; i < count; i++) {
        len += (size_t)sprintf(text + len, "host%u A 10.%u.%u.%u\n", i, i >> 16, i >> 8 & 0xff,
                               i & 0xff);
    }
    sprintf(origin, "%07u.test", number);
    struct zone *zone = fixture_zone(origin, text);
    free(text);
    return zone;
}

static void ask_anew(struct run *run)
{
    uint8_t rest[] = "\7example\4test\0\0\1\0\1"; /* A, IN; and C's own zero */
    for (size_t i = 0; i < BATCH; i++) {
        uint8_t *query = run->queries[i];
        unsigned host = (unsigned)(pick_next_random(&run->random) % run->name_count);
        unsigned zone = (unsigned)(pick_next_random(&run->random) % run->zone_count);
        memset(query, 0, DNS_HEADER_LEN);
        query[5] = 1;
        int label_len = sprintf((char *)query + DNS_HEADER_LEN + 1, "host%u", host);
        query[DNS_HEADER_LEN] = (uint8_t)label_len;
        size_t len = DNS_HEADER_LEN + 1 + (size_t)label_len;
        sprintf((char *)rest + 1, "%07u", zone);
        rest[8] = 4;
        memcpy(query + len, rest, sizeof(rest) - 1);
        run->packets[i] = (struct prefetch_packet){query, len + sizeof(rest) - 1};
    }
}

static double now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static void answer_batch(struct run *run)
{
    static const struct sockaddr source = {.sa_family = AF_INET};
    for (size_t i = 0; i < BATCH; i++) {
        struct answer_task task = {.snapshot = &run->snapshot,
                                   .source = {.address = &source},
                                   .query = run->packets[i].octets,
                                   .query_len = run->packets[i].len,
                                   .out = run->answers[i],
                                   .out_size = OCTETS};
        run->answer_octets += answer_query(&run->context, &task);
    }
}

/* ns a query. */
static double measure(struct run *run, bool is_prefetched)
{
    double spent_ns = 0;
    for (unsigned batch = 0; batch < BATCHES; batch++) {
        ask_anew(run);
        double begin_ns = now_ns();
        if (is_prefetched && prefetch_nodes(&run->snapshot, run->packets, BATCH) != BATCH) {
            fail_msg("a name was not found");
        }
        answer_batch(run);
        spent_ns += now_ns() - begin_ns;
    }
    return spent_ns / BATCHES / BATCH;
}

static int compare(const void *left, const void *right)
{
    const double *a = left, *b = right;
    return (*a > *b) - (*a < *b);
}

int main(int argc, char **argv)
{
    struct run *run = alloc_zeroed(1, sizeof(*run));
    double spent_ns[2][ROUNDS];
    run->zone_count = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 1;
    run->name_count = (argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 1000000) / run->zone_count;
    struct zone **zones = alloc_zeroed(run->zone_count, sizeof(*zones));
    for (unsigned i = 0; i < run->zone_count; i++) {
        zones[i] = make_zone(i, run->name_count);
    }
    struct exchange *exchange = exchange_new(1, 0);
    struct zone_table *table = zone_table_new(zones, run->zone_count);
    run->snapshot.zones = table;
    run->config.udp_payload_max = 1232;
    answer_context_init(&run->context, &run->config, &exchange->slots[0], 0, 1);
    for (size_t round = 0; round < ROUNDS; round++) {
        spent_ns[0][round] = measure(run, false);
        spent_ns[1][round] = measure(run, true);
    }
    for (size_t way = 0; way < 2; way++) {
        qsort(spent_ns[way], ROUNDS, sizeof(double), compare);
        printf("%u zones of %u names, %s: median %.0f ns, least %.0f ns\n", run->zone_count,
               run->name_count, way == 0 ? "one by one" : "prefetched", spent_ns[way][ROUNDS / 2],
               spent_ns[way][0]);
    }
    bool is_answered = run->answer_octets > 0;
    answer_context_done(&run->context);
    exchange_free(exchange);
    zone_table_free(table);
    free(zones);
    free(run);
    return is_answered ? 0 : 1;
}
