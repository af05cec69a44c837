/* SPDX-License-Identifier: BSD-2-Clause */
/* Shifts and nothing else: shifts PORT NAMES SETS RATE SECONDS serves the bench's weighted name
 * with two workers at 127.0.0.1, beside a zone of NAMES names and SETS record sets, and publishes
 * RATE shifts a second, of the weighted name and of the other record sets in turns, as the daemon
 * does: with its snapshots, its exchange and its workers, but without the state file and the admin
 * socket, whose cost is another one. Says "ready" when it answers, then, as JSON, what it took;
 * answers on until its input ends. */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/alloc.h"
#include "common/clock.h"
#include "control/publisher.h"
#include "server/server.h"
#include "zones/zonefile.h"

#define TICK_MS     1
#define START_MS    500 /* before the load is there nothing is counted */
#define LINE_OCTETS 64u
#define WORKERS     2

struct samples {
    uint32_t *all_ns;
    size_t count, room;
};

/* What the workers had of the processors until a moment, in all. */
struct processor_time {
    uint64_t run_ns, wait_ns;
};

struct shifts {
    struct config config;
    struct record_sets *sets;
    struct publisher publisher;
    uv_loop_t loop;
    uv_timer_t tick, end;
    uint64_t rate, seconds, begun_ns, done;
    struct processor_time begun;
    struct samples build, taken; /* of each shift: until it is offered; until all workers have it */
};

static void keep_sample(struct samples *samples, uint64_t ns)
{
    if (samples->count < samples->room) {
        samples->all_ns[samples->count++] = ns > UINT32_MAX ? UINT32_MAX : (uint32_t)ns;
    }
}

static void fail(const char *what, const struct error *err)
{
    fprintf(stderr, "shifts: %s: %s\n", what, err->text);
    exit(2);
}

static void add_sets(struct config *config, size_t count)
{
    static const char *first[] = {"192.0.2.10"}, *second[] = {"192.0.2.20"};
    static struct config_member members[] = {
        {.id = "m0", .weight = 90, .values = first, .value_count = 1},
        {.id = "m1", .weight = 10, .values = second, .value_count = 1}};
    config->record_sets = alloc_zeroed(count, sizeof(*config->record_sets));
    config->record_set_count = count;
    for (size_t i = 0; i < count; i++) {
        config->record_sets[i] =
            (struct config_record_set){.name = i == 0 ? alloc_string("www.weighted.test")
                                                      : alloc_printf("w%zu.weighted.test", i),
                                       .type = "A",
                                       .ttl_s = 60,
                                       .choice = CHOICE_EXACT,
                                       .members = members,
                                       .member_count = 2};
    }
}

static char *zone_text(size_t names)
{
    char *text = alloc_zeroed(names + 2, LINE_OCTETS);
    size_t len = (size_t)sprintf(text, "@ 60 SOA ns h 1 2 3 4 5\n@ 60 NS ns\nns 60 A 192.0.2.9\n");
    for (size_t i = 0; i < names; i++) {
        len += (size_t)sprintf(text + len, "h%zu 60 A 10.%zu.%zu.%zu\n", i, i >> 16 & 255,
                               i >> 8 & 255, i & 255);
    }
    return text;
}

static struct zone *load(struct shifts *shifts, size_t names)
{
    struct error err;
    char path[] = "/tmp/ballast-bench-XXXXXX";
    CLEANUP(alloc_freep) char *text = zone_text(names);
    int fd = mkstemp(path);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
    if (file == NULL || fputs(text, file) < 0 || fclose(file) != 0) {
        error_set(&err, "cannot be written");
        fail(path, &err);
    }
    shifts->config.zones[0].file = path;
    struct zone *zone = zonefile_load(&shifts->config, 0, shifts->sets, NULL, &err);
    unlink(path);
    if (zone == NULL) {
        fail("the zone", &err);
    }
    return zone;
}

static int compare(const void *one, const void *other)
{
    uint32_t a = *(const uint32_t *)one, b = *(const uint32_t *)other;
    return (a > b) - (a < b);
}

static void fail_errno(const char *what)
{
    struct error err;
    error_set(&err, "%s", strerror(errno));
    fail(what, &err);
}

static void read_line(const char *task, const char *name, char out[LINE_OCTETS])
{
    CLEANUP(alloc_freep) char *path = alloc_printf("/proc/self/task/%s/%s", task, name);
    FILE *file = fopen(path, "re");
    if (file == NULL || fgets(out, LINE_OCTETS, file) == NULL) {
        fail_errno(path);
    }
    fclose(file);
}

/* By the kernel's account of each thread: how long it ran, and how long it could have run, had
 * there been a processor for it. */
static struct processor_time workers_time(void)
{
    struct processor_time sum = {.run_ns = 0};
    DIR *tasks = opendir("/proc/self/task");
    if (tasks == NULL) {
        fail_errno("/proc/self/task");
    }
    for (struct dirent *task = readdir(tasks); task != NULL; task = readdir(tasks)) {
        char name[LINE_OCTETS] = "", text[LINE_OCTETS];
        uint64_t run_ns = 0, wait_ns = 0;
        if (task->d_name[0] != '.') {
            read_line(task->d_name, "comm", name);
        }
        if (strncmp(name, "worker/", strlen("worker/")) == 0) {
            read_line(task->d_name, "schedstat", text);
            if (sscanf(text, "%" SCNu64 " %" SCNu64, &run_ns, &wait_ns) != 2) {
                fail_errno("schedstat");
            }
        }
        sum.run_ns += run_ns;
        sum.wait_ns += wait_ns;
    }
    closedir(tasks);
    return sum;
}

static double quantile_us(const struct samples *samples, unsigned permille)
{
    return samples->count == 0 ? 0.0
                               : samples->all_ns[(samples->count - 1) * permille / 1000] / 1e3;
}

/* The linker puts it in the place of the publisher's, which counts in buckets. */
void __wrap_publish_times_add(struct publish_times *times, uint64_t took_ns);

static struct samples *taken;

void __wrap_publish_times_add(struct publish_times *times, uint64_t took_ns)
{
    (void)times;
    if (taken != NULL) {
        keep_sample(taken, took_ns);
    }
}

static void shift(struct shifts *shifts)
{
    /* The weighted name each other time. */
    uint64_t turn = shifts->done, others = shifts->sets->count - 1;
    uint32_t set = turn % 2 == 0 || others == 0 ? 0 : (uint32_t)(1 + turn / 2 * 7919 % others);
    uint16_t weights[2] = {(uint16_t)(turn / 2 % 101), (uint16_t)(100 - turn / 2 % 101)};
    uint64_t begun_ns = clock_monotonic_ns();
    struct snapshot_builder *builder = publisher_begin(&shifts->publisher, shifts->sets);
    snapshot_builder_set_weights(builder, set, weights);
    publisher_publish(&shifts->publisher, snapshot_builder_finish(builder));
    keep_sample(&shifts->build, clock_monotonic_ns() - begun_ns);
    shifts->done++;
}

static void on_end(uv_timer_t *timer)
{
    struct shifts *shifts = timer->data;
    double seconds = (double)(clock_monotonic_ns() - shifts->begun_ns) / 1e9;
    struct processor_time now = workers_time();
    double busy = (double)(now.run_ns - shifts->begun.run_ns) / 1e9 / seconds / WORKERS;
    double waited = (double)(now.wait_ns - shifts->begun.wait_ns) / 1e9 / seconds / WORKERS;
    struct samples *all[] = {&shifts->build, &shifts->taken};
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        qsort(all[i]->all_ns, all[i]->count, sizeof(*all[i]->all_ns), compare);
    }
    printf("{\"shifts\": %" PRIu64 ", \"rate\": %.1f, \"build_us\": %.3f, \"median_us\": %.3f, "
           "\"p99_us\": %.3f, \"worst_us\": %.3f, \"busy\": %.4f, \"waited\": %.4f}\n",
           shifts->done, (double)shifts->done / seconds, quantile_us(&shifts->build, 500),
           quantile_us(&shifts->taken, 500), quantile_us(&shifts->taken, 990),
           quantile_us(&shifts->taken, 1000), busy, waited);
    fflush(stdout);
    uv_stop(&shifts->loop);
}

static void on_tick(uv_timer_t *timer)
{
    struct shifts *shifts = timer->data;
    uint64_t now_ns = clock_monotonic_ns();
    if (shifts->begun_ns == 0) {
        shifts->begun_ns = now_ns;
        shifts->begun = workers_time();
        taken = &shifts->taken;
        uv_timer_start(&shifts->end, on_end, shifts->seconds * 1000, 0);
    }
    uint64_t due = (now_ns - shifts->begun_ns) / 1000 * shifts->rate / 1000000;
    while (shifts->done < due) {
        shift(shifts);
    }
}

static void publish_first(struct shifts *shifts, struct zone *zone)
{
    static const uint16_t weights[] = {90, 10};
    struct snapshot_builder *builder = publisher_begin(&shifts->publisher, shifts->sets);
    snapshot_builder_set_zones(builder, zone_table_new(&zone, 1));
    for (uint32_t i = 0; i < shifts->sets->count; i++) {
        snapshot_builder_set_weights(builder, i, weights);
    }
    publisher_publish(&shifts->publisher, snapshot_builder_finish(builder));
}

static struct server *serve(struct shifts *shifts, const char *port)
{
    struct error err;
    static struct address listen;
    struct config_server *config = &shifts->config.server;
    if (!address_parse(&listen, "127.0.0.1", (uint16_t)atoi(port), &err)) {
        fail(port, &err);
    }
    *config = (struct config_server){.listen = &listen,
                                     .listen_count = 1,
                                     .udp_payload_max = 1232,
                                     .tcp_idle_timeout_ms = 10000,
                                     .tcp_max_connections = 10,
                                     .tcp_max_connections_per_client = 10};
    struct server *server = server_start(config, shifts->publisher.exchange, &err);
    if (server == NULL) {
        fail(port, &err);
    }
    return server;
}

int main(int argc, char **argv)
{
    struct error err;
    struct config_zone zones[] = {{.name = "weighted.test"}};
    struct shifts shifts = {.config = {.path = "bench", .zones = zones, .zone_count = 1}};
    if (argc != 6 || atoi(argv[3]) < 1) {
        fprintf(stderr, "usage: shifts PORT NAMES SETS RATE SECONDS\n");
        return 2;
    }
    add_sets(&shifts.config, strtoul(argv[3], NULL, 10));
    shifts.rate = strtoull(argv[4], NULL, 10);
    shifts.sets = record_sets_new(&shifts.config, &err);
    if (shifts.sets == NULL) {
        fail("record sets", &err);
    }
    shifts.seconds = strtoull(argv[5], NULL, 10);
    shifts.build.room = shifts.taken.room = shifts.rate * shifts.seconds + 1;
    shifts.build.all_ns = alloc_zeroed(shifts.build.room, sizeof(*shifts.build.all_ns));
    shifts.taken.all_ns = alloc_zeroed(shifts.taken.room, sizeof(*shifts.taken.all_ns));
    publisher_init(&shifts.publisher, exchange_new(WORKERS, shifts.sets->member_count));
    uv_loop_init(&shifts.loop);
    publisher_watch(&shifts.publisher, &shifts.loop);
    publish_first(&shifts, load(&shifts, strtoul(argv[2], NULL, 10)));
    struct server *server = serve(&shifts, argv[1]);
    uv_timer_init(&shifts.loop, &shifts.tick);
    uv_timer_init(&shifts.loop, &shifts.end);
    shifts.tick.data = shifts.end.data = &shifts;
    uv_timer_start(&shifts.tick, on_tick, START_MS, TICK_MS);
    puts("ready");
    fflush(stdout);
    uv_run(&shifts.loop, UV_RUN_DEFAULT);
    while (getchar() != EOF) {
    }
    server_stop(server);
    return 0;
}
