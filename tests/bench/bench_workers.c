/* SPDX-License-Identifier: BSD-2-Clause */
/* What a query costs a worker while another one answers on the next processor: bench_workers [N
 * [ROUNDS]]. CPU ns a query of one worker alone, of two, and of two that write one set of counters:
 * what sharing a cache line would cost. Rounds are interleaved. */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "common/alloc.h"
#include "common/attributes.h"
#include "tests/unit/answer_fixture.h"

#define WORKERS       2
#define BATCH         64
#define TYPE_A        1
#define ANSWER_OCTETS 4096

static const struct way {
    const char *name;
    size_t workers;
    bool shares;
} ways[] = {{"alone", 1, false}, {"together", 2, false}, {"one-set-of-counters", 2, true}};

struct asker {
    struct fixture *fixture;
    size_t worker;
    size_t slot; /* whose counters are written */
    unsigned long count;
    pthread_barrier_t *start;
    double ns; /* a query; negative: there was no answer */
    pthread_t thread;
};

static double thread_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static void stay_on(size_t worker)
{
    cpu_set_t usable, one;
    CPU_ZERO(&usable);
    CPU_ZERO(&one);
    sched_getaffinity(0, sizeof(usable), &usable);
    for (size_t cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        if (CPU_ISSET(cpu, &usable) && worker-- == 0) {
            CPU_SET(cpu, &one);
            sched_setaffinity(0, sizeof(one), &one);
            return;
        }
    }
}

static void *ask(void *argument)
{
    struct asker *asker = argument;
    struct exchange *exchange = asker->fixture->exchange;
    struct answer_context *context = alloc_zeroed_apart(1, sizeof(*context));
    uint8_t *out = alloc_zeroed_apart(1, ANSWER_OCTETS);
    uint8_t query[600];
    struct answer_task task = {
        .source = {.address = (const struct sockaddr *)&asker->fixture->source},
        .query = query,
        .query_len = fixture_query(query, "www.example.test", TYPE_A),
        .out = out,
        .out_size = ANSWER_OCTETS,
    };
    stay_on(asker->worker);
    answer_context_init(context, &asker->fixture->config.server, &exchange->slots[asker->slot],
                        asker->fixture->snapshot->set_count, asker->worker);
    pthread_barrier_wait(asker->start);
    double before = thread_ns();
    asker->ns = 0;
    for (unsigned long n = 0; n < asker->count; n++) {
        if (n % BATCH == 0) {
            task.snapshot = exchange_take(exchange, asker->worker);
            answer_context_set_time(context, 0, n);
        }
        if (answer_query(context, &task) == 0) {
            asker->ns = -1;
        }
    }
    asker->ns = asker->ns < 0 ? -1 : (thread_ns() - before) / (double)asker->count;
    answer_context_done(context);
    free(context);
    free(out);
    return NULL;
}

/* Of the slower worker; negative: something failed. */
static double measure(struct fixture *fixture, const struct way *way, unsigned long count)
{
    struct asker askers[WORKERS];
    pthread_barrier_t start;
    double slowest = 0;
    pthread_barrier_init(&start, NULL, (unsigned)way->workers);
    for (size_t i = 0; i < way->workers; i++) {
        askers[i] = (struct asker){.fixture = fixture,
                                   .worker = i,
                                   .slot = way->shares ? 0 : i,
                                   .count = count,
                                   .start = &start};
        if (pthread_create(&askers[i].thread, NULL, ask, &askers[i]) != 0) {
            perror("bench_workers: a thread");
            exit(1);
        }
    }
    for (size_t i = 0; i < way->workers; i++) {
        pthread_join(askers[i].thread, NULL);
        slowest = askers[i].ns < 0 || slowest < 0 ? -1
                  : askers[i].ns > slowest        ? askers[i].ns
                                                  : slowest;
    }
    pthread_barrier_destroy(&start);
    return slowest;
}

static int compare(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

int main(int argc, char **argv)
{
    unsigned long count = argc > 1 ? strtoul(argv[1], NULL, 10) : 2000000;
    size_t rounds = argc > 2 ? strtoul(argv[2], NULL, 10) : 9;
    if (count == 0 || rounds == 0) {
        fputs("usage: bench_workers [QUERIES [ROUNDS]]\n", stderr);
        return 2;
    }
    struct fixture *fixture = fixture_new(WORKERS);
    double *found = alloc_zeroed(rounds * ARRAY_LEN(ways), sizeof(*found));
    bool is_good = true;
    for (size_t round = 0; round < rounds; round++) {
        for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
            double ns = measure(fixture, &ways[i], count);
            found[i * rounds + round] = ns;
            is_good = is_good && ns > 0;
        }
    }
    for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
        double *way = &found[i * rounds];
        qsort(way, rounds, sizeof(*way), compare);
        printf("%-20s %7.1f ns (%.1f to %.1f), %.2f times alone\n", ways[i].name, way[rounds / 2],
               way[0], way[rounds - 1], way[rounds / 2] / found[rounds / 2]);
    }
    free(found);
    fixture_free(fixture);
    return is_good ? 0 : 1;
}
