/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/sim/world.h"

#include "common/alloc.h"
#include "control/effective.h"
#include "control/plan_source.h"
#include "control/roles.h"
#include "control/rollout_run.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EPOCH_MS ((int64_t)1700000000000)
/* More effects at one instant than a plan has steps would be an engine that runs in circles. */
#define MOST_EFFECTS (PLAN_MAX_STEPS + 4)

int64_t world_clock_ms(const struct world *world)
{
    return EPOCH_MS + world->now_ms - world->clock_back_ms;
}

size_t world_find_member(const struct world *world, const char *id)
{
    for (size_t i = 0; i < world->member_count; i++) {
        if (strcmp(world->members[i].id, id) == 0) {
            return i;
        }
    }
    return SIZE_MAX;
}

static void update_effective(struct world *world)
{
    struct member_condition conditions[WORLD_MAX_MEMBERS];
    for (size_t i = 0; i < world->member_count; i++) {
        const struct world_member *member = &world->members[i];
        conditions[i] = (struct member_condition){
            .weight = world->weights[i],
            .is_healthy = !member->is_checked || member->health.verdict != HEALTH_UNHEALTHY,
        };
    }
    effective_weights(conditions, world->member_count, world->effective);
    unsigned sum = 0;
    for (size_t i = 0; i < world->member_count; i++) {
        sum += world->effective[i];
    }
    assert(sum > 0);
}

static enum gate_verdict read_gate(const struct world *world)
{
    const struct world_member *candidate = &world->members[world->candidate];
    enum health_verdict verdict = candidate->health.verdict;
    return rollout_gate(verdict == HEALTH_HEALTHY, verdict == HEALTH_UNKNOWN,
                        candidate->is_checked ? 1 : 0, 100);
}

static void act(struct world *world, const struct rollout_effect *effect)
{
    if (effect->kind[0] != '\0') {
        snprintf(world->history, sizeof(world->history), "%s", effect->history);
    }
    if (effect->shift == SHIFT_NONE) {
        return;
    }
    struct roles roles = {.count = world->member_count,
                          .stable = world->stable,
                          .candidate = world->candidate,
                          .before = world->before};
    roles_shift(&roles, effect, world->weights, world->weights);
    if (effect->shift != SHIFT_RESTORE && world->member_count == 2) {
        assert(world->weights[world->stable] + world->weights[world->candidate] == ROLLOUT_FULL);
    }
    world->shifts++;
    update_effective(world);
}

/* The engine's run is the world's. */
static void begin_plan(struct world *world)
{
    CLEANUP(asl_document_freep)
    struct asl_document *document = plan_source_compile(&world->plan);
    rollout_run_free(world->rollout.run);
    world->rollout =
        (struct rollout){.rule = "scenario", .plan = world->plan, .who = "the scenario"};
    world->rollout.run = rollout_run_new(document, 0);
}

static bool apply(struct world *world, enum rollout_input_kind kind, struct rollout_effect *effect,
                  struct error *err)
{
    const struct world_member *candidate = &world->members[world->candidate];
    char seen[ROLLOUT_TEXT_SIZE];
    snprintf(seen, sizeof(seen), "%s is %s", candidate->id,
             health_verdict_name(candidate->health.verdict));
    struct rollout_input input = {
        .kind = kind,
        .now_ms = world_clock_ms(world),
        .gate = read_gate(world),
        .gate_text = kind == INPUT_FAIL ? "the deployment FAILED" : seen,
        .who = "the scenario",
    };
    return rollout_apply(&world->rollout, &input, effect, err);
}

/* Ticks until nothing more happens at this instant. */
static void settle(struct world *world)
{
    struct rollout_effect effect = {.kind = "any"};
    for (unsigned i = 0; world->has_rollout && effect.kind[0] != '\0'; i++) {
        assert(i < MOST_EFFECTS);
        bool is_applied = apply(world, INPUT_TICK, &effect, NULL);
        assert(is_applied);
        act(world, &effect);
    }
}

bool world_apply(struct world *world, enum rollout_input_kind kind, struct error *err)
{
    if (!world->has_rollout) {
        return error_set(err, "there has been no rollout");
    }
    struct rollout_effect effect;
    if (!apply(world, kind, &effect, err)) {
        return false;
    }
    act(world, &effect);
    settle(world);
    return true;
}

static void probe(struct world *world)
{
    for (size_t i = 0; i < world->member_count; i++) {
        struct world_member *member = &world->members[i];
        if (member->is_checked && member->probes != PROBES_SILENT) {
            (void)health_record(&member->health, member->probes == PROBES_PASS);
        }
    }
    update_effective(world);
}

void world_begin(struct world *world)
{
    world->next_probe_ms = world->interval_ms > 0 ? 0 : INT64_MAX;
    update_effective(world);
}

static int64_t next_event_ms(const struct world *world)
{
    int64_t next_ms = world->next_probe_ms;
    if (world->has_rollout && !rollout_state_is_final(world->rollout.state)) {
        int64_t now_ms = world_clock_ms(world);
        int64_t at_ms = rollout_next_ms(&world->rollout, now_ms);
        int64_t left_ms = at_ms == INT64_MAX ? 0 : at_ms - now_ms;
        /* A hold that is over waits for a verdict, which comes with a probe. */
        if (left_ms > 0 && world->now_ms + left_ms < next_ms) {
            next_ms = world->now_ms + left_ms;
        }
    }
    return next_ms;
}

void world_advance(struct world *world, int64_t to_ms)
{
    int64_t next_ms;
    while ((next_ms = next_event_ms(world)) <= to_ms) {
        world->now_ms = next_ms;
        if (world->next_probe_ms == next_ms) {
            world->next_probe_ms += world->interval_ms;
            probe(world);
        }
        settle(world);
    }
    world->now_ms = to_ms;
}

bool world_start(struct world *world, size_t candidate, struct error *err)
{
    uint8_t base[WORLD_MAX_MEMBERS];
    memcpy(base, world->weights, sizeof(base));
    bool supersedes = world->has_rollout && !rollout_state_is_final(world->rollout.state);
    if (supersedes) {
        memcpy(base, world->before, sizeof(base));
    }
    size_t stable = roles_stable(base, world->member_count);
    if (stable == candidate) {
        return error_set(err, "%s is live already", world->members[candidate].id);
    }
    struct rollout_effect effect;
    if (supersedes && !apply(world, INPUT_SUPERSEDE, &effect, err)) {
        return false;
    }
    memcpy(world->weights, base, sizeof(base));
    memcpy(world->before, base, sizeof(base));
    world->stable = stable;
    world->candidate = candidate;
    world->has_rollout = true;
    begin_plan(world);
    snprintf(world->rollout.stable, MEMBER_ID_SIZE, "%s", world->members[stable].id);
    snprintf(world->rollout.candidate, MEMBER_ID_SIZE, "%s", world->members[candidate].id);
    rollout_begin(&world->rollout, 0, NULL, world_clock_ms(world), &effect);
    act(world, &effect);
    settle(world);
    return true;
}

void world_set_weight(struct world *world, size_t member, uint8_t weight)
{
    world->weights[member] = weight;
    update_effective(world);
}

static bool load_run(struct world *world, const char *text, const char *run, struct error *err)
{
    CLEANUP(asl_document_freep)
    struct asl_document *document =
        asl_document_parse(text, strlen(text), "stored plan", NULL, 0, err);
    world->rollout.run = document == NULL ? NULL : rollout_run_load(document, run, err);
    return world->rollout.run != NULL;
}

bool world_restart(struct world *world, int64_t down_ms, int64_t clock_back_ms, struct error *err)
{
    /* Only octets survive: whatever the engine kept elsewhere would be lost here. */
    CLEANUP(alloc_freep) void *stored = alloc_copy(&world->rollout, sizeof(world->rollout));
    CLEANUP(alloc_freep) char *run = NULL;
    CLEANUP(alloc_freep) char *document = NULL;
    if (world->has_rollout) {
        run = rollout_run_save(world->rollout.run);
        document = asl_document_resolved(world->rollout.run->document);
        rollout_run_free(world->rollout.run);
    }
    memset(&world->rollout, 0xa5, sizeof(world->rollout));
    world->now_ms += down_ms;
    world->clock_back_ms += clock_back_ms;
    for (size_t i = 0; i < world->member_count; i++) {
        struct health *health = &world->members[i].health;
        if (world->members[i].is_checked) {
            health_init(health, health->rise, health->fall);
        }
    }
    memcpy(&world->rollout, stored, sizeof(world->rollout));
    world->rollout.run = NULL;
    if (world->has_rollout &&
        (!rollout_check(&world->rollout, err) || !load_run(world, document, run, err))) {
        return false;
    }
    if (world->interval_ms > 0) {
        world->next_probe_ms = world->now_ms;
    }
    update_effective(world);
    settle(world);
    return true;
}

void world_end(struct world *world)
{
    rollout_run_free(world->rollout.run);
    world->rollout.run = NULL;
}
