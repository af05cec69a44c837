/* SPDX-License-Identifier: BSD-2-Clause */
/* The whole control plane in virtual time, in a storm: events that are doubled, reordered, lost,
 * late or malformed, operators who want everything at once, health that comes and goes, a disk that
 * fails at any write, and restarts right after. What must hold is looked at after every blow.
 *
 * BALLAST_STORM is the number of events (20,000 when it is not set), BALLAST_SEED the seed, which
 * is printed. This program has a clock of its own in place of common/clock.c, and does not run the
 * loop: rules are ticked when time has passed. */
#include <errno.h>
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "common/alloc.h"
#include "common/clock.h"
#include "common/log.h"
#include "control/control.h"
#include "control/freeze.h"
#include "control/intake.h"
#include "control/journal.h"
#include "control/model.h"
#include "control/rollout_run.h"
#include "control/rule.h"
#include "control/shift.h"

/* ---- time and chance ---- */

static int64_t now_ms = INT64_C(1795449001000);

int64_t clock_now_ms(void)
{
    return now_ms;
}

uint64_t clock_monotonic_ns(void)
{
    return (uint64_t)clock_now_ms() * 1000000;
}

uint32_t clock_wall_s(void)
{
    return (uint32_t)(now_ms / 1000);
}

void clock_format(int64_t at_ms, char out[CLOCK_TEXT_SIZE])
{
    time_t seconds = (time_t)(at_ms / 1000);
    struct tm utc;
    gmtime_r(&seconds, &utc);
    strftime(out, CLOCK_TEXT_SIZE, "%Y-%m-%dT%H:%M:%SZ", &utc);
}

static int64_t number_of(const char *name, int64_t otherwise)
{
    const char *text = getenv(name);
    return text == NULL ? otherwise : strtoll(text, NULL, 10);
}

static uint64_t random_state;

static unsigned draw(unsigned below)
{
    random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)((random_state >> 33) % below);
}

/* ---- a disk that fails ---- */

static int64_t writes_left = INT64_MAX; /* before the disk is gone */
static size_t refused_writes;           /* since it was */

typedef ssize_t (*pwrite_call)(int, const void *, size_t, off_t);
static pwrite_call real_pwrite;

static ssize_t failing_pwrite(int fd, const void *octets, size_t len, off_t at)
{
    if (writes_left <= 0) {
        refused_writes++;
        errno = ENOSPC;
        return -1;
    }
    writes_left--;
    return real_pwrite(fd, octets, len, at);
}

/* Whichever of the two SQLite was built to use. */
static void take_over_disk(void)
{
    static const char *const names[] = {"pwrite", "pwrite64"};
    sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);
    assert_non_null(vfs);
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        sqlite3_syscall_ptr call = vfs->xGetSystemCall(vfs, names[i]);
        if (call != NULL) {
            real_pwrite = (pwrite_call)call;
            vfs->xSetSystemCall(vfs, names[i], (sqlite3_syscall_ptr)failing_pwrite);
        }
    }
    assert_non_null(real_pwrite);
}

/* ---- the world ---- */

#define RULES       4
#define SERVICES    3
#define DEPLOYMENTS 4 /* of a service, which events are drawn from */
#define TASKS       3
#define MOST_SETS   2
#define CLUSTER     "arn:aws:ecs:eu-west-1:123456789012:cluster/storm"

static const char config_text[] =
    "server: { listen: [127.0.0.1@5300], workers: 1 }\n"
    "control: { socket: s.sock, state: state.db }\n"
    "zones: [{ name: storm.example, file: zone }]\n"
    "record_sets:\n"
    "  - { name: cats.storm.example, type: A, ttl: 60, members: [\n"
    "      { id: blue, weight: 100, values: [192.0.2.1], ecs_service: cats-blue },\n"
    "      { id: green, weight: 0, values: [192.0.2.2], ecs_service: cats-green }] }\n"
    "  - { name: dogs.storm.example, type: A, ttl: 60, members: [\n"
    "      { id: blue, weight: 100, values: [192.0.2.3], ecs_service: dogs-blue },\n"
    "      { id: green, weight: 0, values: [192.0.2.4], ecs_service: dogs-green }] }\n"
    "  - { name: dogs.storm.example, type: AAAA, ttl: 60, members: [\n"
    "      { id: blue, weight: 100, values: ['2001:db8::3'], ecs_service: dogs-blue },\n"
    "      { id: green, weight: 0, values: ['2001:db8::4'], ecs_service: dogs-green }] }\n"
    "  - { name: birds.storm.example, type: A, ttl: 60, members: [\n"
    "      { id: blue, weight: 100, values: [192.0.2.5], ecs_service: birds-blue },\n"
    "      { id: green, weight: 0, values: [192.0.2.6], ecs_service: birds-green },\n"
    "      { id: teal, weight: 0, values: [192.0.2.7], ecs_service: birds-teal }] }\n"
    "  - { name: fish.storm.example, type: A, ttl: 60, members: [\n"
    "      { id: blue, weight: 100, values: [192.0.2.8], ecs_service: fish-blue },\n"
    "      { id: green, weight: 0, values: [192.0.2.9], ecs_service: fish-green }] }\n"
    "rollouts:\n"
    "  - { name: cats, cluster: storm, record_set: cats.storm.example/A, trigger: both,\n"
    "      plan: { steps: [10, 50, 100], hold: 60s } }\n"
    "  - { name: dogs, cluster: storm, min_running: 2, trigger: tasks,\n"
    "      record_sets: [dogs.storm.example/A, dogs.storm.example/AAAA],\n"
    "      plan: { steps: [100], hold: 120s } }\n"
    "  - { name: birds, cluster: storm, record_set: birds.storm.example/A, trigger: deployment,\n"
    "      plan: { steps: [25, 100], hold: 10s, ttl: 30 },\n"
    "      gates: [{ name: sign-off, type: approval, deadline: 10m }] }\n"
    "  - { name: fish, cluster: storm, record_set: fish.storm.example/A, trigger: both,\n"
    "      plan: { asl: plan.json },\n"
    "      windows: [{ from: '00:00', to: '23:00' }] }\n"
    "quiet_hours: [{ days: [sun], from: '03:00', to: '03:30' }]\n";

/* Goes up, asks an operator, and takes itself back when he says no. */
static const char plan_text[] =
    "{\"StartAt\":\"a\",\"States\":{"
    "\"a\":{\"Type\":\"Task\",\"Resource\":\"ballast:changeWeight\",\"Parameters\":{\"weight\":30},"
    "\"ResultPath\":null,\"Next\":\"b\"},"
    "\"b\":{\"Type\":\"Wait\",\"Seconds\":45,\"Next\":\"c\"},"
    "\"c\":{\"Type\":\"Task\",\"Resource\":\"ballast:approve\",\"TimeoutSeconds\":300,"
    "\"ResultPath\":null,"
    "\"Retry\":[{\"ErrorEquals\":[\"States.Timeout\"],\"MaxAttempts\":1}],"
    "\"Catch\":[{\"ErrorEquals\":[\"States.ALL\"],\"Next\":\"z\"}],\"Next\":\"d\"},"
    "\"d\":{\"Type\":\"Task\",\"Resource\":\"ballast:changeWeight\",\"Parameters\":{\"weight\":100}"
    ","
    "\"ResultPath\":null,\"Next\":\"e\"},"
    "\"e\":{\"Type\":\"Succeed\"},"
    "\"z\":{\"Type\":\"Task\",\"Resource\":\"ballast:changeWeight\",\"Parameters\":{\"weight\":0},"
    "\"ResultPath\":null,\"Next\":\"f\"},"
    "\"f\":{\"Type\":\"Fail\",\"Error\":\"Rejected\"}}}";

static const char zone_text[] =
    "$ORIGIN storm.example.\n$TTL 300\n"
    "@ SOA ns hostmaster 1 3600 600 86400 60\n  NS ns\nns A 127.0.0.1\n";

static const char *const services[RULES][SERVICES] = {
    {"cats-blue", "cats-green", "cats-green"},
    {"dogs-blue", "dogs-green", "dogs-green"},
    {"birds-blue", "birds-green", "birds-teal"},
    {"fish-blue", "fish-green", "fish-green"},
};

/* The weights of a rule's record sets, all of them. */
struct weights_of_rule {
    uint8_t weights[MOST_SETS][MAX_MEMBERS];
};

struct storm {
    char folder[64];
    struct config *config;
    struct record_sets *sets;
    struct exchange *exchange;
    struct control *control;

    uint64_t deployment; /* number of the newest, over all services */
    unsigned versions[RULES][SERVICES][TASKS];
    uint64_t of_task[RULES][SERVICES][TASKS]; /* the deployment it belongs to */
    char last_event[2048];                    /* to be sent again */

    /* What is known of the rules from outside. */
    int64_t rollout[RULES]; /* the last that was seen to run */
    enum rollout_state state[RULES];
    struct weights_of_rule before[RULES]; /* the first of a chain of rollouts */
    char (*rolled_out)[RULES][64];        /* deployments that had one, each once */
    size_t rolled_out_count, rolled_out_room;

    int64_t sent, acknowledged;
    size_t rollouts, restarts, failures, aborts, fall_backs, successes;
    const char *doing;
};

static void write_file(const struct storm *storm, const char *name, const char *text)
{
    CLEANUP(alloc_freep) char *path = alloc_printf("%s/%s", storm->folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void open_control(struct storm *storm)
{
    struct error err = {""};
    storm->exchange = exchange_new(1, storm->sets->member_count);
    storm->control = control_new(storm->config, storm->sets, storm->exchange, &err);
    if (storm->control == NULL) {
        fail_msg("%s: %s", storm->doing, err.text);
    }
    for (size_t i = 0; i < RULES; i++) {
        rule_watch(&storm->control->rules[i]);
    }
    exchange_take(storm->exchange, 0);
}

static void close_control(struct storm *storm)
{
    exchange_leave(storm->exchange, 0);
    control_free(storm->control);
    exchange_free(storm->exchange);
    storm->control = NULL;
}

/* ---- what must hold ---- */

#define MUST(storm, condition, ...)                                                                \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            print_message(__VA_ARGS__);                                                            \
            fail_msg(" (%s, after %lld events)", (storm)->doing, (long long)(storm)->sent);        \
        }                                                                                          \
    } while (0)

static struct weights_of_rule weights_of(const struct rule_state *rule)
{
    struct weights_of_rule all = {0};
    for (size_t s = 0; s < rule->record_set_count; s++) {
        for (size_t m = 0; m < rule->record_sets[s]->member_count; m++) {
            all.weights[s][m] = rule->record_sets[s]->members[m].weight;
        }
    }
    return all;
}

static size_t member_of(const struct record_set_state *set, const char *id)
{
    size_t m = 0;
    while (m < set->member_count && strcmp(set->members[m].config->id, id) != 0) {
        m++;
    }
    assert_true(m < set->member_count);
    return m;
}

/* A running rollout's members have what its step says, and two of them share the whole. */
static void check_weights(struct storm *storm, const struct rule_state *rule)
{
    const struct rollout *rollout = &rule->rollout;
    for (size_t s = 0; s < rule->record_set_count; s++) {
        const struct record_set_state *set = rule->record_sets[s];
        unsigned candidate = set->members[member_of(set, rollout->candidate)].weight;
        unsigned stable = set->members[member_of(set, rollout->stable)].weight;
        if (rollout->run->has_shifted && set->member_count == 2) {
            MUST(storm, candidate == rollout_weight(rollout) && candidate + stable == 100,
                 "%s: rollout %lld is at %u, but the weights are %u and %u", set->key,
                 (long long)rollout->id, (unsigned)rollout_weight(rollout), candidate, stable);
        }
    }
}

/* What is answered from is what memory says, and what memory says is in the store. */
static void check_published(struct storm *storm)
{
    struct control *control = storm->control;
    const struct snapshot *snapshot = exchange_take(storm->exchange, 0);
    for (size_t i = 0; i < control->config->record_set_count; i++) {
        const struct record_set_state *set = &control->record_sets[i];
        uint16_t effective[MAX_MEMBERS];
        shift_effective(set, effective);
        const struct weights *published = snapshot_weights(snapshot, set->record_set->id);
        for (size_t m = 0; m < set->member_count; m++) {
            MUST(storm, published->members[m].weight == effective[m],
                 "%s: %s is answered with weight %u, but has %u", set->key,
                 set->members[m].config->id, (unsigned)published->members[m].weight,
                 (unsigned)effective[m]);
        }
    }
}

static void check_stored(struct storm *storm)
{
    struct control *control = storm->control;
    for (size_t i = 0; i < control->config->record_set_count; i++) {
        const struct record_set_state *set = &control->record_sets[i];
        for (size_t m = 0; m < set->member_count; m++) {
            struct error err;
            bool found;
            uint8_t weight = set->members[m].config->weight;
            assert_true(store_load_weight(control->store, set->key, set->members[m].config->id,
                                          &found, &weight, &err));
            MUST(storm, weight == set->members[m].weight, "%s: %s has %u, and %u in the store",
                 set->key, set->members[m].config->id, (unsigned)set->members[m].weight,
                 (unsigned)weight);
        }
    }
}

/* Each deployment has one rollout at most; those that were started by hand have none to name. */
static void note_deployment(struct storm *storm, size_t r, const struct rollout *rollout)
{
    if (strncmp(rollout->deployment, "ecs-svc/", 8) != 0) {
        return;
    }
    for (size_t i = 0; i < storm->rolled_out_count; i++) {
        MUST(storm, strcmp(storm->rolled_out[i][r], rollout->deployment) != 0,
             "deployment %s has a second rollout, %lld", rollout->deployment,
             (long long)rollout->id);
    }
    if (storm->rolled_out_count == storm->rolled_out_room) {
        storm->rolled_out_room += 4096;
        storm->rolled_out =
            alloc_resize(storm->rolled_out, storm->rolled_out_room, sizeof(*storm->rolled_out));
    }
    memset(storm->rolled_out[storm->rolled_out_count], 0, sizeof(*storm->rolled_out));
    snprintf(storm->rolled_out[storm->rolled_out_count++][r], 64, "%s", rollout->deployment);
}

/* What has become of a rule since it was last looked at. before: its weights then. */
static void check_rule(struct storm *storm, size_t r, const struct weights_of_rule *before)
{
    struct rule_state *rule = &storm->control->rules[r];
    const struct rollout *rollout = &rule->rollout;
    if (!rule->has_rollout) {
        return;
    }
    bool was_running = storm->rollout[r] != 0 && !rollout_state_is_final(storm->state[r]);
    if (rollout->id != storm->rollout[r]) {
        storm->rollouts++;
        note_deployment(storm, r, rollout);
        if (!was_running) {
            storm->before[r] = *before; /* else it is superseded, and its chain goes on */
        }
        storm->rollout[r] = rollout->id;
        was_running = true;
    }
    struct weights_of_rule now = weights_of(rule);
    if (was_running && rollout->state == ROLLOUT_ABORTED) {
        storm->aborts++;
        MUST(storm, memcmp(&now, &storm->before[r], sizeof(now)) == 0,
             "rollout %lld of %s was aborted, and the weights are %u/%u/%u, not %u/%u/%u as before",
             (long long)rollout->id, rule->config->name, (unsigned)now.weights[0][0],
             (unsigned)now.weights[0][1], (unsigned)now.weights[0][2],
             (unsigned)storm->before[r].weights[0][0], (unsigned)storm->before[r].weights[0][1],
             (unsigned)storm->before[r].weights[0][2]);
    }
    if (was_running && rollout->state == ROLLOUT_FAILED) {
        storm->fall_backs++;
        for (size_t s = 0; s < rule->record_set_count; s++) {
            size_t m = member_of(rule->record_sets[s], rollout->candidate);
            MUST(storm,
                 now.weights[s][m] == 0 || now.weights[s][m] == storm->before[r].weights[s][m],
                 "rollout %lld fell back, and its candidate has %u", (long long)rollout->id,
                 (unsigned)now.weights[s][m]);
        }
    }
    storm->successes += was_running && rollout->state == ROLLOUT_SUCCEEDED;
    storm->state[r] = rollout->state;
    if (rule_is_running(rule)) {
        check_weights(storm, rule);
    }
}

/* Time passes: rules are ticked as their timers would. */
static void look(struct storm *storm, const char *doing, const struct weights_of_rule *before)
{
    storm->doing = doing;
    for (size_t r = 0; r < RULES; r++) {
        check_rule(storm, r, &before[r]);
    }
    check_published(storm);
}

static void remember(struct storm *storm, struct weights_of_rule *before)
{
    for (size_t r = 0; r < RULES; r++) {
        before[r] = weights_of(&storm->control->rules[r]);
    }
}

static void tick(struct storm *storm)
{
    for (size_t r = 0; r < RULES; r++) {
        struct weights_of_rule before[RULES];
        remember(storm, before);
        rule_tick(&storm->control->rules[r]);
        look(storm, "a tick", before);
    }
}

/* What the last change of a record set left is what it has. */
static void check_last_change(struct storm *storm, const struct record_set_state *set,
                              const char *after)
{
    json_t *weights = after == NULL ? NULL : json_loads(after, 0, NULL);
    for (size_t m = 0; weights != NULL && m < set->member_count; m++) {
        json_int_t weight =
            json_integer_value(json_object_get(weights, set->members[m].config->id));
        MUST(storm, weight == set->members[m].weight, "%s: %s has %u, but the history ends with %s",
             set->key, set->members[m].config->id, (unsigned)set->members[m].weight, after);
    }
    json_decref(weights);
}

/* The audit: each change begins with what the one before it left. */
static void check_history(struct storm *storm)
{
    struct error err;
    struct control *control = storm->control;
    struct history_entry *entries = NULL;
    size_t count = 0;
    const struct history_wanted wanted = {.most = 5000};
    CLEANUP(alloc_freep)
    char **after = alloc_zeroed(control->config->record_set_count, sizeof(*after));
    assert_true(store_list_history(control->store, &wanted, &entries, &count, &err));
    for (size_t i = 0; i < count; i++) {
        struct history_weights *changes = NULL;
        size_t change_count = 0;
        assert_true(store_list_history_weights(control->store, entries[i].id, &changes,
                                               &change_count, &err));
        for (size_t c = 0; c < change_count; c++) {
            struct record_set_state *set = model_find_key(control, changes[c].record_set, &err);
            assert_non_null(set);
            char **last = &after[set->record_set->id];
            MUST(storm, *last == NULL || strcmp(*last, changes[c].before) == 0,
                 "%s: line %lld of the history begins with %s, but the one before ended with %s",
                 set->key, (long long)entries[i].id, changes[c].before, *last);
            free(*last);
            *last = alloc_string(changes[c].after);
        }
        store_free_history_weights(changes, change_count);
    }
    for (size_t i = 0; i < control->config->record_set_count; i++) {
        check_last_change(storm, &control->record_sets[i], after[i]);
        free(after[i]);
    }
    free(entries);
}

static void add_total(void *argument, const char *fate, int64_t count)
{
    (void)fate;
    *(int64_t *)argument += count;
}

static void check_totals(struct storm *storm)
{
    struct error err;
    int64_t total = 0;
    assert_true(store_count_events(storm->control->store, add_total, &total, &err));
    MUST(storm, total >= storm->acknowledged && total <= storm->sent,
         "%lld events are counted, of %lld that were acknowledged and %lld that were sent",
         (long long)total, (long long)storm->acknowledged, (long long)storm->sent);
}

/* ---- blows ---- */

static uint64_t draw_deployment(struct storm *storm)
{
    if (draw(40) == 0) {
        storm->deployment++;
    }
    uint64_t back = draw(DEPLOYMENTS);
    return storm->deployment > back ? storm->deployment - back : 1;
}

static void print_time(uint64_t deployment, char out[CLOCK_TEXT_SIZE])
{
    clock_format(INT64_C(1795449001000) + (int64_t)deployment * 1000, out);
}

static void print_task_event(struct storm *storm, char *out, size_t size)
{
    size_t r = draw(RULES), s = draw(SERVICES), t = draw(TASKS);
    char created[CLOCK_TEXT_SIZE];
    if (draw(4) == 0 || storm->of_task[r][s][t] == 0) {
        storm->of_task[r][s][t] = draw_deployment(storm); /* the task is replaced */
        storm->versions[r][s][t] = 0;
    }
    uint64_t deployment = storm->of_task[r][s][t];
    unsigned version = ++storm->versions[r][s][t];
    version -= draw(8) == 0 && version > 1 ? 1 : 0; /* stale, or a duplicate with other words */
    const char *desired = draw(6) == 0 ? "STOPPED" : "RUNNING";
    const char *last = draw(6) == 0 ? "STOPPED" : draw(6) == 0 ? "PENDING" : "RUNNING";
    print_time(deployment, created);
    snprintf(
        out, size,
        "{\"id\":\"e-%llu-%u\",\"detail-type\":\"ECS Task State Change\",\"source\":\"aws.ecs\","
        "\"detail\":{\"taskArn\":\"arn:task/%zu-%zu-%zu-%llu\",\"version\":%u,"
        "\"clusterArn\":\"" CLUSTER "%s\",\"group\":\"service:%s\","
        "\"startedBy\":\"ecs-svc/%llu%zu%zu\",\"desiredStatus\":\"%s\",\"lastStatus\":\"%s\","
        "\"createdAt\":\"%s\",\"containers\":[]}}",
        (unsigned long long)deployment, version, r, s, t, (unsigned long long)deployment, version,
        draw(30) == 0 ? "-other" : "", services[r][s], (unsigned long long)deployment, r, s,
        desired, last, created);
}

static void print_deployment_event(struct storm *storm, char *out, size_t size)
{
    static const char *const names[] = {"IN_PROGRESS", "COMPLETED", "COMPLETED", "FAILED"};
    size_t r = draw(RULES), s = draw(SERVICES);
    uint64_t deployment = draw_deployment(storm);
    const char *name = names[draw(4)];
    char updated[CLOCK_TEXT_SIZE];
    print_time(deployment, updated);
    snprintf(
        out, size,
        "{\"id\":\"d-%llu\",\"detail-type\":\"ECS Deployment State Change\","
        "\"source\":\"aws.ecs\",\"resources\":[\"arn:aws:ecs:eu-west-1:123456789012:service/"
        "storm/%s\"],\"detail\":{\"eventType\":\"INFO\",\"eventName\":\"SERVICE_DEPLOYMENT_%s\","
        "\"deploymentId\":\"ecs-svc/%llu%zu%zu\",\"updatedAt\":\"%s\",\"reason\":\"r\"}}",
        (unsigned long long)deployment, services[r][s], name, (unsigned long long)deployment, r, s,
        updated);
}

static void print_event(struct storm *storm, char *out, size_t size)
{
    switch (draw(12)) {
    case 0:
        snprintf(out, size, "%s",
                 storm->last_event[0] == '\0' ? "{}" : storm->last_event); /* once more */
        break;
    case 1:
        snprintf(out, size, "%s", draw(2) == 0 ? "{\"detail-type\":\"Other\"}" : "17");
        break;
    case 2:
    case 3:
    case 4:
        print_deployment_event(storm, out, size);
        break;
    default:
        print_task_event(storm, out, size);
        break;
    }
    snprintf(storm->last_event, sizeof(storm->last_event), "%s", out);
}

/* Several in one piece, as a queue delivers them; some of what was sent never arrives. */
static void push_events(struct storm *storm)
{
    char event[2048];
    unsigned count = 1 + draw(24);
    struct error err;
    struct weights_of_rule before[RULES];
    for (unsigned i = 0; i < count; i++) {
        print_event(storm, event, sizeof(event));
        if (draw(10) == 0) {
            continue; /* lost */
        }
        remember(storm, before);
        storm->sent++;
        json_t *result = intake_push(storm->control, event, strlen(event), "storm", &err);
        storm->acknowledged += result != NULL;
        json_decref(result);
        look(storm, "an event", before);
    }
}

static void set_weights(struct storm *storm)
{
    /* As the command does; refused while a rollout moves the record set. */
    struct control *control = storm->control;
    struct record_set_state *set =
        &control->record_sets[draw((unsigned)control->config->record_set_count)];
    struct error err;
    struct shift shift;
    struct history_entry entry = {.at_ms = now_ms, .kind = "weights", .who = "storm"};
    if (rule_is_running(set->rule)) {
        return;
    }
    shift_init(&shift, set);
    for (size_t m = 0; m < set->member_count; m++) {
        shift.weights[m] = (uint8_t)draw(101);
    }
    snprintf(entry.text, sizeof(entry.text), "%s: by hand", set->key);
    if (journal_begin(control, &err) &&
        journal_end(control,
                    store_add_history(control->store, &entry, &err) &&
                        shift_journal(control, &shift, 1, entry.id, &err),
                    &err)) {
        shift_apply(control, &shift, 1);
        shift_publish(control);
    }
}

static void force_health(struct storm *storm)
{
    struct control *control = storm->control;
    struct record_set_state *set =
        &control->record_sets[draw((unsigned)control->config->record_set_count)];
    struct member_state *member = &set->members[draw((unsigned)set->member_count)];
    member->forced = draw(3) == 0 ? FORCED_DOWN : FORCED_AUTO;
    shift_mark(control, set);
    rule_tick(set->rule);
    shift_publish(control);
}

static void start_by_hand(struct storm *storm, struct rule_state *rule)
{
    struct error err;
    struct rule_move move;
    const struct record_set_state *set = rule->record_sets[0];
    struct rule_start start = {.candidate =
                                   set->members[draw((unsigned)set->member_count)].config->id,
                               .deployment = "",
                               .who = "storm",
                               .may_supersede = draw(2) == 0};
    (void)storm;
    if (rule_plan_start(rule, &start, &move, &err) && rule_commit(&move, &err)) {
        rule_act(&move);
    }
    rule_move_done(&move);
}

static void operate(struct storm *storm)
{
    struct error err;
    struct rule_state *rule = &storm->control->rules[draw(RULES)];
    struct weights_of_rule before[RULES];
    remember(storm, before);
    switch (draw(12)) {
    case 0:
        (void)!rule_do(rule, INPUT_PAUSE, "storm", &err);
        break;
    case 1:
    case 2:
        (void)!rule_do(rule, INPUT_RESUME, "storm", &err);
        break;
    case 3:
        (void)!rule_do(rule, INPUT_PROMOTE, "storm", &err);
        break;
    case 4:
        (void)!rule_do(rule, INPUT_ABORT, "storm", &err);
        break;
    case 5:
        (void)!freeze_set(storm->control, true, "storm", "a storm", &err);
        break;
    case 6:
    case 7:
        (void)!freeze_set(storm->control, false, "storm", "over", &err);
        break;
    case 8:
        (void)!rule_answer(rule, draw(3) != 0, "storm", "storm", &err);
        break;
    case 9:
        start_by_hand(storm, rule);
        break;
    case 10:
        set_weights(storm);
        break;
    default:
        force_health(storm);
        break;
    }
    look(storm, "an operator", before);
}

/* What was lost with the process is no more known from outside, either. */
static void forget_lost(struct storm *storm)
{
    for (size_t r = 0; r < RULES; r++) {
        const struct rule_state *rule = &storm->control->rules[r];
        if (rule->has_rollout && rule->rollout.id == storm->rollout[r]) {
            storm->state[r] = rule->rollout.state;
        }
    }
}

/* The process ends at a write of its own, whichever, and comes up again with what is in the file.
 */
static void crash(struct storm *storm)
{
    if (draw(2) == 0) {
        storm->failures++;
        writes_left = draw(60);
        unsigned blows = 1 + draw(4);
        for (unsigned i = 0; i < blows; i++) {
            if (draw(3) == 0) {
                operate(storm);
            } else {
                push_events(storm);
            }
            now_ms += draw(70000);
            tick(storm);
        }
    }
    close_control(storm);
    writes_left = INT64_MAX;
    open_control(storm);
    storm->restarts++;
    storm->doing = "a restart";
    for (size_t r = 0; r < RULES; r++) {
        const struct rule_state *rule = &storm->control->rules[r];
        int64_t id = rule->has_rollout ? rule->rollout.id : 0;
        MUST(storm, id >= storm->rollout[r], "rollout %lld is gone", (long long)storm->rollout[r]);
    }
    forget_lost(storm);
    check_stored(storm);
    check_published(storm);
}

static bool is_any_running(const struct control *control)
{
    for (size_t r = 0; r < RULES; r++) {
        if (rule_is_running(&control->rules[r])) {
            return true;
        }
    }
    return false;
}

/* From whatever state, good health, a thaw and time lead every rollout to its end. */
static void calm_down(struct storm *storm)
{
    struct control *control = storm->control;
    struct error err;
    (void)!freeze_set(control, false, "storm", "calm", &err);
    for (size_t i = 0; i < control->config->record_set_count; i++) {
        for (size_t m = 0; m < control->record_sets[i].member_count; m++) {
            control->record_sets[i].members[m].forced = FORCED_AUTO;
        }
        shift_mark(control, &control->record_sets[i]);
    }
    shift_publish(control);
    for (size_t r = 0; r < RULES; r++) {
        (void)!rule_do(&control->rules[r], INPUT_RESUME, "storm", &err);
    }
    /* An hour that is no window's and half a quiet one are the longest that a step may be held. */
    for (unsigned i = 0; i < 400 && is_any_running(control); i++) {
        now_ms += 30000;
        tick(storm);
    }
    for (size_t r = 0; r < RULES; r++) {
        const struct rule_state *rule = &control->rules[r];
        MUST(storm, !rule_is_running(rule), "rollout %lld of %s is still %s after three hours: %s",
             (long long)rule->rollout.id, rule->config->name,
             rollout_state_name(rule->rollout.state), rule->rollout.reason);
    }
    check_stored(storm);
    check_history(storm);
    check_totals(storm);
}

static void make_world(struct storm *storm)
{
    struct error err;
    struct stat status;
    snprintf(storm->folder, sizeof(storm->folder), "%s/ballast-storm-XXXXXX",
             stat("/dev/shm", &status) == 0 ? "/dev/shm" : "/tmp");
    assert_non_null(mkdtemp(storm->folder));
    write_file(storm, "ballast.yaml", config_text);
    write_file(storm, "zone", zone_text);
    write_file(storm, "plan.json", plan_text);
    CLEANUP(alloc_freep) char *path = alloc_printf("%s/ballast.yaml", storm->folder);
    storm->config = config_load(path, &err);
    if (storm->config == NULL) {
        fail_msg("%s", err.text);
    }
    storm->sets = record_sets_new(storm->config, &err);
    assert_non_null(storm->sets);
    storm->doing = "the start";
    open_control(storm);
}

static void end_world(struct storm *storm)
{
    static const char *const files[] = {"ballast.yaml", "zone",         "plan.json",
                                        "state.db",     "state.db-wal", "state.db-shm"};
    close_control(storm);
    record_sets_freep(&storm->sets);
    config_freep(&storm->config);
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        CLEANUP(alloc_freep) char *path = alloc_printf("%s/%s", storm->folder, files[i]);
        unlink(path);
    }
    rmdir(storm->folder);
    free(storm->rolled_out);
}

/* One course of things, in which the disk fails at its n-th write; what was done up to then holds.
 */
static void a_disk_that_fails_at_any_write_breaks_no_promise(void **state)
{
    (void)state;
    size_t failures = 0;
    bool is_whole = false;
    /* Each write in a real storm, one of seven else. */
    int64_t stride = getenv("BALLAST_STORM") != NULL ? 1 : 7;
    for (int64_t n = 0; !is_whole; n += stride) {
        struct storm storm = {.deployment = 1};
        struct weights_of_rule before[RULES];
        random_state =
            (uint64_t)number_of("BALLAST_SEED", 20261126); /* the same course each time */
        make_world(&storm);
        writes_left = n;
        refused_writes = 0;
        for (unsigned i = 0; i < 4; i++) {
            struct rule_state *rule = &storm.control->rules[i];
            remember(&storm, before);
            start_by_hand(&storm, rule);
            look(&storm, "a start", before);
            push_events(&storm);
            now_ms += 61000;
            tick(&storm);
            operate(&storm);
        }
        is_whole = refused_writes == 0;
        failures += !is_whole;
        close_control(&storm);
        writes_left = INT64_MAX;
        open_control(&storm);
        forget_lost(&storm);
        check_stored(&storm);
        calm_down(&storm);
        end_world(&storm);
    }
    print_message("the disk failed at %zu of the writes: 0 violations\n", failures);
    assert_true(failures > 50);
}

static void every_promise_holds_in_a_storm(void **state)
{
    (void)state;
    struct storm storm = {.deployment = 1};
    int64_t events = number_of("BALLAST_STORM", 20000);
    random_state = (uint64_t)number_of("BALLAST_SEED", 20261126);
    print_message("seed %llu\n", (unsigned long long)random_state);
    refused_writes = 0;
    make_world(&storm);
    for (uint64_t blow = 1; storm.sent < events; blow++) {
        push_events(&storm);
        now_ms += draw(20) == 0 ? draw(3600000) : draw(20000);
        tick(&storm);
        if (draw(3) == 0) {
            operate(&storm);
        }
        if (draw(20) == 0) {
            crash(&storm);
        }
        if (blow % 100 == 0) {
            calm_down(&storm);
        }
    }
    calm_down(&storm);
    print_message("%lld events, %zu rollouts (%zu succeeded, %zu fell back, %zu were aborted), %zu "
                  "restarts, %zu of them after a disk that failed: 0 violations\n",
                  (long long)storm.sent, storm.rollouts, storm.successes, storm.fall_backs,
                  storm.aborts, storm.restarts, storm.failures);
    assert_true(refused_writes > 0);
    assert_true(storm.successes > 0 && storm.fall_backs > 0 && storm.aborts > 0);
    end_world(&storm);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_disk_that_fails_at_any_write_breaks_no_promise),
        cmocka_unit_test(every_promise_holds_in_a_storm),
    };
    log_set_level(LOG_LEVEL_ERROR + 1);
    take_over_disk();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
