/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/checker.h"

#include <assert.h>
#include <stdio.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "common/alloc.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/search_tree.h"
#include "control/group_probe.h"

/* Verdicts are wanted soon after the start, whatever the interval, but thousands of probes at once
 * hold everything else up, then and in each interval later. */
#define FIRST_EACH_SECOND 4000
#define FIRST_CHANCE_MS   1000

/* Loops, the state file, ballastctl, gates, resolvers. */
#define OTHER_FILES 256

/* Where control is slow, more at once only means that each of them takes longer than its time-out:
 * these are done in less than 5 s when 2,000 end in a second. */
#define AT_ONCE_MOST 8192

struct watched {
    struct target target; /* first: what callers hold is a pointer to it */
    struct checker *checker;
    struct probe *probe;       /* of an address; or */
    struct group_probe *group; /* … of a target group */
    size_t watchers;           /* checker_watch minus checker_unwatch */
    uv_timer_t timer;
    uint64_t counted_at_ms; /* the loop's time of the last attempt that counted, or of the start */
};

struct checker {
    uv_loop_t *loop;
    struct prober *prober;
    struct aws_client *aws;
    checker_changed changed;
    void *argument;
    struct watched **watched;
    struct search_tree by_target; /* the same, by check and address */
    size_t count;
    size_t capacity;
    size_t open_timers;
    bool is_closing;
};

static void start_probe(uv_timer_t *timer)
{
    struct watched *watched = timer->data;
    if (watched->group != NULL) {
        group_probe_start(watched->group);
    } else {
        probe_start(watched->probe);
    }
}

/* An interval after the last start; what a slow probe or a busy loop has missed is not made up
 * for. */
static void schedule_next(struct watched *watched, uint64_t started_at_ms)
{
    uint64_t next_ms = started_at_ms + (uint64_t)watched->target.check->interval_ms;
    uint64_t now_ms = uv_now(watched->checker->loop);
    uv_timer_start(&watched->timer, start_probe, next_ms > now_ms ? next_ms - now_ms : 0, 0);
}

/* An attempt that says nothing of the target. Its verdict stays, so that nothing falls back because
 * of it; when that has been so for too long, there is no verdict any more, so that nothing goes on
 * because of it either. */
static void take_nothing(struct watched *watched, const struct probe_outcome *outcome, bool is_news)
{
    struct target *target = &watched->target;
    int64_t stale_after_ms = target->check->stale_after_ms;
    if (is_news) {
        log_warning("health %s %s: %s", target->check->name, target->address, outcome->text);
    }
    if (stale_after_ms == 0 || target->health.verdict == HEALTH_UNKNOWN ||
        uv_now(watched->checker->loop) - watched->counted_at_ms < (uint64_t)stale_after_ms) {
        return;
    }
    log_warning("health %s %s: %s -> %s (nothing is known of it for %lld s)", target->check->name,
                target->address, health_verdict_name(target->health.verdict),
                health_verdict_name(HEALTH_UNKNOWN), (long long)(stale_after_ms / 1000));
    health_init(&target->health, target->check->rise, target->check->fall);
    /* Last: it may close the checker. */
    watched->checker->changed(watched->checker->argument, target);
}

static void take_outcome(void *argument, const struct probe_outcome *outcome)
{
    struct watched *watched = argument;
    struct target *target = &watched->target;
    uint64_t ago_ms = uv_now(watched->checker->loop) - outcome->started_at_ms;
    target->last_probe_ms = clock_now_ms() - (int64_t)ago_ms;
    target->last_latency_ms = outcome->latency_ms;
    bool is_news = strcmp(target->last_result, outcome->text) != 0;
    snprintf(target->last_result, sizeof(target->last_result), "%s", outcome->text);
    schedule_next(watched, outcome->started_at_ms);
    if (!outcome->counts) {
        take_nothing(watched, outcome, is_news);
        return;
    }
    watched->counted_at_ms = uv_now(watched->checker->loop);
    enum health_verdict before = target->health.verdict;
    if (health_record(&target->health, outcome->succeeded)) {
        log_info("health %s %s: %s -> %s (%s)", target->check->name, target->address,
                 health_verdict_name(before), health_verdict_name(target->health.verdict),
                 outcome->text);
        /* Last: it may close the checker. */
        watched->checker->changed(watched->checker->argument, target);
    }
}

static int compare_watched(const void *one, const void *other)
{
    const struct target *a = one, *b = other; /* the first member of each */
    uintptr_t check = (uintptr_t)a->check, other_check = (uintptr_t)b->check;
    return check != other_check ? (check > other_check ? 1 : -1) : strcmp(a->address, b->address);
}

struct checker *checker_new(uv_loop_t *loop, size_t at_once, struct aws_client *aws,
                            checker_changed changed, void *argument, struct error *err)
{
    struct prober *prober = prober_new(loop, at_once, err);
    if (prober == NULL) {
        return NULL;
    }
    struct checker *checker = alloc_zeroed(1, sizeof(*checker));
    checker->loop = loop;
    checker->prober = prober;
    checker->aws = aws;
    checker->by_target.compare = compare_watched;
    checker->changed = changed;
    checker->argument = argument;
    return checker;
}

size_t checker_at_once(uint64_t open_files, uint64_t server_files)
{
    uint64_t others = server_files + OTHER_FILES;
    uint64_t left = open_files > others ? open_files - others : 0;
    uint64_t least = open_files / 4 + 1;
    uint64_t most = left > least ? left : least;
    return most < AT_ONCE_MOST ? most : AT_ONCE_MOST;
}

uint64_t checker_first_ms(int64_t interval_ms, size_t target_count, uint64_t chance)
{
    uint64_t turn_ms = (uint64_t)target_count * 1000 / FIRST_EACH_SECOND;
    return (turn_ms + chance % FIRST_CHANCE_MS) % (uint64_t)interval_ms;
}

static uint64_t first_delay_ms(const struct checker *checker,
                               const struct config_health_check *check)
{
    uint64_t chance = 0;
    ssize_t got = getrandom(&chance, sizeof(chance), GRND_NONBLOCK);
    (void)got; /* without chance each has its turn, which is no harm */
    return checker_first_ms(check->interval_ms, checker->count, chance);
}

static struct watched *add_watched(struct checker *checker, const struct config_health_check *check,
                                   const char *address)
{
    struct watched *watched = alloc_zeroed(1, sizeof(*watched));
    watched->target.check = check;
    watched->target.address = alloc_string(address);
    health_init(&watched->target.health, check->rise, check->fall);
    watched->checker = checker;
    watched->counted_at_ms = uv_now(checker->loop);
    if (check->type == CHECK_ELBV2) {
        watched->group = group_probe_new(checker->aws, check, take_outcome, watched);
    } else {
        watched->probe = probe_new(checker->prober, check, address, take_outcome, watched);
    }
    uv_timer_init(checker->loop, &watched->timer);
    watched->timer.data = watched;
    checker->open_timers++;
    if (checker->count == checker->capacity) {
        checker->capacity = checker->capacity == 0 ? 16 : checker->capacity * 2;
        checker->watched =
            alloc_resize(checker->watched, checker->capacity, sizeof(*checker->watched));
    }
    checker->watched[checker->count++] = watched;
    search_tree_add(&checker->by_target, watched);
    return watched;
}

const struct target *checker_watch(struct checker *checker, const struct config_health_check *check,
                                   const char *address)
{
    if (check->type == CHECK_ELBV2) {
        const char *name = strstr(check->target_group, ":targetgroup/");
        address = name != NULL ? name + strlen(":targetgroup/") : check->target_group;
    }
    struct target wanted = {.check = check, .address = (char *)address};
    struct watched *known = search_tree_find(&checker->by_target, &wanted);
    if (known != NULL) {
        known->watchers++;
        return &known->target;
    }
    struct watched *watched = add_watched(checker, check, address);
    watched->watchers = 1;
    uv_timer_start(&watched->timer, start_probe, first_delay_ms(checker, check), 0);
    return &watched->target;
}

size_t checker_target_count(const struct checker *checker)
{
    return checker->count;
}

const struct target *checker_target(const struct checker *checker, size_t index)
{
    assert(index < checker->count);
    return &checker->watched[index]->target;
}

static void free_checker(struct checker *checker)
{
    search_tree_free(&checker->by_target);
    free(checker->watched);
    free(checker);
}

static void on_timer_closed(uv_handle_t *handle)
{
    struct watched *watched = handle->data;
    struct checker *checker = watched->checker;
    free(watched->target.address);
    free(watched);
    checker->open_timers--;
    if (checker->is_closing && checker->open_timers == 0) {
        free_checker(checker);
    }
}

static void stop_watching(struct watched *watched)
{
    probe_free(STEAL(watched->probe));
    group_probe_free(STEAL(watched->group));
    uv_close((uv_handle_t *)&watched->timer, on_timer_closed);
}

void checker_unwatch(struct checker *checker, const struct target *target)
{
    size_t at = 0;
    while (&checker->watched[at]->target != target) {
        at++;
        assert(at < checker->count);
    }
    struct watched *watched = checker->watched[at];
    watched->watchers--;
    if (watched->watchers > 0) {
        return;
    }
    search_tree_remove(&checker->by_target, watched);
    checker->count--;
    memmove(checker->watched + at, checker->watched + at + 1,
            (checker->count - at) * sizeof(*checker->watched));
    stop_watching(watched);
}

void checker_close(struct checker *checker)
{
    if (checker == NULL) {
        return;
    }
    checker->is_closing = true;
    for (size_t i = 0; i < checker->count; i++) {
        stop_watching(checker->watched[i]);
    }
    prober_close(checker->prober);
    if (checker->open_timers == 0) {
        free_checker(checker);
    }
}
