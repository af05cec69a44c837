/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/sim/scenario.h"

#include "common/alloc.h"
#include "common/duration.h"
#include "tests/sim/line.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct scenario {
    struct world world;
    bool has_plan, has_members, has_begun;
    unsigned expectations;
};

typedef bool (*verb_handler)(struct scenario *scenario, const struct line *line, struct error *err);

struct verb {
    const char *name;
    bool takes_marks; /* its arguments are KEY=VALUE, else bare words */
    size_t min_arguments, max_arguments;
    verb_handler handle;
};

static bool find_member(const struct scenario *scenario, const char *id, size_t *member,
                        struct error *err)
{
    *member = world_find_member(&scenario->world, id);
    return *member != SIZE_MAX || error_set(err, "no member \"%s\"", id);
}

static bool unknown_key(const struct word *word, const char *expected, struct error *err)
{
    return error_set(err, "unknown \"%s\", expected %s", word->key, expected);
}

static bool read_steps(struct plan *plan, const char *text, struct error *err)
{
    CLEANUP(alloc_freep) char *copy = alloc_string(text);
    char *rest = copy, *step;
    plan->step_count = 0;
    while ((step = strsep(&rest, ",")) != NULL) {
        unsigned weight;
        if (plan->step_count == PLAN_MAX_STEPS) {
            return error_set(err, "more than %d steps", PLAN_MAX_STEPS);
        }
        if (!line_read_number(step, 1, ROLLOUT_FULL, &weight, err)) {
            return false;
        }
        plan->steps[plan->step_count++] = (uint8_t)weight;
    }
    return true;
}

static bool set_up_plan(struct scenario *scenario, const struct line *line, struct error *err)
{
    struct plan *plan = &scenario->world.plan;
    scenario->has_plan = true;
    for (size_t i = 1; i < line->count; i++) {
        const struct word *word = &line->words[i];
        bool is_read = strcmp(word->key, "steps") == 0 ? read_steps(plan, word->value, err)
                       : strcmp(word->key, "hold") == 0
                           ? duration_parse(word->value, &plan->hold_ms, err)
                           : unknown_key(word, "steps, hold", err);
        if (!is_read) {
            return false;
        }
    }
    return plan->step_count > 0 || error_set(err, "a plan needs steps");
}

static bool set_up_members(struct scenario *scenario, const struct line *line, struct error *err)
{
    struct world *world = &scenario->world;
    scenario->has_members = true;
    for (size_t i = 1; i < line->count; i++) {
        const struct word *word = &line->words[i];
        unsigned weight;
        if (world_find_member(world, word->key) != SIZE_MAX) {
            return error_set(err, "member \"%s\" twice", word->key);
        }
        if (!line_read_number(word->value, 0, 255, &weight, err)) {
            return false;
        }
        struct world_member *member = &world->members[world->member_count];
        snprintf(member->id, sizeof(member->id), "%s", word->key);
        world->weights[world->member_count++] = (uint8_t)weight;
    }
    return true;
}

static bool check_named_members(struct scenario *scenario, const char *text, struct error *err)
{
    CLEANUP(alloc_freep) char *copy = alloc_string(text);
    char *rest = copy, *id;
    for (size_t i = 0; i < scenario->world.member_count; i++) {
        scenario->world.members[i].is_checked = false;
    }
    while ((id = strsep(&rest, ",")) != NULL) {
        size_t member;
        if (!find_member(scenario, id, &member, err)) {
            return false;
        }
        scenario->world.members[member].is_checked = true;
    }
    return true;
}

static bool set_up_health(struct scenario *scenario, const struct line *line, struct error *err)
{
    struct world *world = &scenario->world;
    unsigned rise = 2, fall = 2;
    if (!scenario->has_members) {
        return error_set(err, "members come before health");
    }
    for (size_t i = 0; i < world->member_count; i++) {
        world->members[i].is_checked = true;
    }
    world->interval_ms = 10000;
    for (size_t i = 1; i < line->count; i++) {
        const struct word *word = &line->words[i];
        bool is_read =
            strcmp(word->key, "rise") == 0   ? line_read_number(word->value, 1, 10, &rise, err)
            : strcmp(word->key, "fall") == 0 ? line_read_number(word->value, 1, 10, &fall, err)
            : strcmp(word->key, "interval") == 0
                ? duration_parse(word->value, &world->interval_ms, err)
            : strcmp(word->key, "members") == 0
                ? check_named_members(scenario, word->value, err)
                : unknown_key(word, "rise, fall, interval, members", err);
        if (!is_read) {
            return false;
        }
    }
    for (size_t i = 0; i < world->member_count; i++) {
        health_init(&world->members[i].health, rise, fall);
    }
    return world->interval_ms > 0 || error_set(err, "an interval of 0");
}

static bool do_start(struct scenario *scenario, const struct line *line, struct error *err)
{
    size_t member;
    return find_member(scenario, line->words[1].key, &member, err) &&
           world_start(&scenario->world, member, err);
}

static bool do_input(struct scenario *scenario, const struct line *line, struct error *err)
{
    for (int kind = 0; kind < INPUT_KIND_COUNT; kind++) {
        if (strcmp(line->words[0].key, rollout_input_name((enum rollout_input_kind)kind)) == 0) {
            return world_apply(&scenario->world, (enum rollout_input_kind)kind, err);
        }
    }
    return unknown_key(&line->words[0], "an input of the engine", err);
}

static bool do_probes(struct scenario *scenario, const struct line *line, struct error *err)
{
    static const char *const names[] = {
        [PROBES_PASS] = "pass", [PROBES_FAIL] = "fail", [PROBES_SILENT] = "silent"};
    size_t member;
    if (!find_member(scenario, line->words[1].key, &member, err)) {
        return false;
    }
    if (!scenario->world.members[member].is_checked) {
        return error_set(err, "member \"%s\" has no health check", line->words[1].key);
    }
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (strcmp(line->words[2].key, names[i]) == 0) {
            scenario->world.members[member].probes = (enum world_probes)i;
            return true;
        }
    }
    return unknown_key(&line->words[2], "pass, fail, silent", err);
}

static bool do_set(struct scenario *scenario, const struct line *line, struct error *err)
{
    for (size_t i = 1; i < line->count; i++) {
        size_t member;
        unsigned weight;
        if (!find_member(scenario, line->words[i].key, &member, err) ||
            !line_read_number(line->words[i].value, 0, 255, &weight, err)) {
            return false;
        }
        world_set_weight(&scenario->world, member, (uint8_t)weight);
    }
    return true;
}

static bool do_restart(struct scenario *scenario, const struct line *line, struct error *err)
{
    int64_t down_ms = 0, clock_back_ms = 0;
    for (size_t i = 1; i < line->count; i++) {
        const struct word *word = &line->words[i];
        bool is_read = strcmp(word->key, "down") == 0 ? duration_parse(word->value, &down_ms, err)
                       : strcmp(word->key, "clock_back") == 0
                           ? duration_parse(word->value, &clock_back_ms, err)
                           : unknown_key(word, "down, clock_back", err);
        if (!is_read) {
            return false;
        }
    }
    return world_restart(&scenario->world, down_ms, clock_back_ms, err);
}

/* The value that a key of expect has now, as text. */
static bool read_value(const struct scenario *scenario, const char *key, char *out, size_t size,
                       struct error *err)
{
    const struct world *world = &scenario->world;
    const struct rollout *rollout = &world->rollout;
    size_t member;
    if (strcmp(key, "state") == 0) {
        snprintf(out, size, "%s", world->has_rollout ? rollout_state_name(rollout->state) : "none");
    } else if (strcmp(key, "step") == 0) {
        snprintf(out, size, "%zu", rollout->step + 1);
    } else if (strcmp(key, "shifts") == 0) {
        snprintf(out, size, "%u", world->shifts);
    } else if (strcmp(key, "reason") == 0) {
        snprintf(out, size, "%s", rollout->reason);
    } else if (strcmp(key, "history") == 0) {
        snprintf(out, size, "%s", world->history);
    } else if (strcmp(key, "hold_left") == 0) {
        char left[DURATION_TEXT_SIZE];
        duration_print(rollout_hold_left_ms(rollout, world_clock_ms(world)), left);
        snprintf(out, size, "%s", left);
    } else if (strncmp(key, "effective.", 10) == 0) {
        if (!find_member(scenario, key + 10, &member, err)) {
            return false;
        }
        snprintf(out, size, "%u", world->effective[member]);
    } else if (strncmp(key, "health.", 7) == 0) {
        if (!find_member(scenario, key + 7, &member, err)) {
            return false;
        }
        snprintf(out, size, "%s", health_verdict_name(world->members[member].health.verdict));
    } else if (find_member(scenario, key, &member, err)) {
        snprintf(out, size, "%u", world->weights[member]);
    } else {
        return false;
    }
    return true;
}

static bool do_expect(struct scenario *scenario, const struct line *line, struct error *err)
{
    for (size_t i = 1; i < line->count; i++) {
        const struct word *word = &line->words[i];
        char found[ROLLOUT_TEXT_SIZE * 2];
        if (!read_value(scenario, word->key, found, sizeof(found), err)) {
            return false;
        }
        bool agrees = word->mark == '~' ? strstr(found, word->value) != NULL
                                        : strcmp(found, word->value) == 0;
        if (!agrees) {
            return error_set(err, "expected %s%c\"%s\", found \"%s\"", word->key, word->mark,
                             word->value, found);
        }
        scenario->expectations++;
    }
    return true;
}

static const struct verb set_up_verbs[] = {
    {"plan", true, 1, 2, set_up_plan},
    {"members", true, 1, WORLD_MAX_MEMBERS, set_up_members},
    {"health", true, 0, 4, set_up_health},
    {"probes", false, 2, 2, do_probes},
};

static const struct verb actions[] = {
    {"start", false, 1, 1, do_start},    {"pause", false, 0, 0, do_input},
    {"resume", false, 0, 0, do_input},   {"promote", false, 0, 0, do_input},
    {"abort", false, 0, 0, do_input},    {"fail", false, 0, 0, do_input},
    {"probes", false, 2, 2, do_probes},  {"set", true, 1, LINE_MAX_WORDS, do_set},
    {"restart", true, 0, 2, do_restart}, {"expect", true, 1, LINE_MAX_WORDS, do_expect},
};

static bool run_verb(struct scenario *scenario, const struct verb *verbs, size_t verb_count,
                     const struct line *line, struct error *err)
{
    const struct verb *verb = verbs;
    while (verb < verbs + verb_count && strcmp(verb->name, line->words[0].key) != 0) {
        verb++;
    }
    if (verb == verbs + verb_count) {
        return error_set(err, "unknown \"%s\"", line->words[0].key);
    }
    if (line->count - 1 < verb->min_arguments || line->count - 1 > verb->max_arguments) {
        return error_set(err, "%s takes %zu to %zu words, found %zu", verb->name,
                         verb->min_arguments, verb->max_arguments, line->count - 1);
    }
    for (size_t i = 1; i < line->count; i++) {
        if ((line->words[i].mark != '\0') != verb->takes_marks) {
            return error_set(err, "%s takes %s, found \"%s\"", verb->name,
                             verb->takes_marks ? "KEY=VALUE" : "bare words", line->words[i].key);
        }
    }
    return verb->handle(scenario, line, err);
}

/* refuse ACTION … because~"TEXT" */
static bool run_refusal(struct scenario *scenario, const struct line *line, struct error *err)
{
    const struct word *because = &line->words[line->count - 1];
    if (line->count < 3 || strcmp(because->key, "because") != 0 || because->mark != '~') {
        return error_set(err, "expected refuse ACTION because~\"TEXT\"");
    }
    struct line action = line_without_first(line);
    action.count--;
    struct error refusal = {""};
    scenario->expectations++;
    if (run_verb(scenario, actions, ARRAY_LEN(actions), &action, &refusal)) {
        return error_set(err, "%s was not refused", action.words[0].key);
    }
    return strstr(refusal.text, because->value) != NULL ||
           error_set(err, "expected a refusal that holds \"%s\", found \"%s\"", because->value,
                     refusal.text);
}

static bool begin(struct scenario *scenario, struct error *err)
{
    if (!scenario->has_plan || !scenario->has_members) {
        return error_set(err, "plan and members come before the first time");
    }
    if (!scenario->has_begun) {
        world_begin(&scenario->world);
        scenario->has_begun = true;
    }
    return true;
}

static bool run_timed(struct scenario *scenario, const struct line *line, struct error *err)
{
    int64_t at_ms;
    if (!begin(scenario, err) || !duration_parse(line->words[0].key, &at_ms, err)) {
        return false;
    }
    if (at_ms < scenario->world.now_ms) {
        char now[DURATION_TEXT_SIZE];
        duration_print(scenario->world.now_ms, now);
        return error_set(err, "%s has passed, it is %s", line->words[0].key, now);
    }
    if (line->count < 2) {
        return error_set(err, "nothing happens here");
    }
    world_advance(&scenario->world, at_ms);
    struct line action = line_without_first(line);
    return strcmp(action.words[0].key, "refuse") == 0
               ? run_refusal(scenario, &action, err)
               : run_verb(scenario, actions, ARRAY_LEN(actions), &action, err);
}

static bool run_line(struct scenario *scenario, char *text, struct error *err)
{
    struct line line;
    if (!line_read(&line, text, err)) {
        return false;
    }
    if (line.count == 0) {
        return true;
    }
    if (isdigit((unsigned char)line.words[0].key[0])) {
        return run_timed(scenario, &line, err);
    }
    if (scenario->has_begun) {
        return error_set(err, "expected a time, found \"%s\"", line.words[0].key);
    }
    return run_verb(scenario, set_up_verbs, ARRAY_LEN(set_up_verbs), &line, err);
}

static bool run_lines(struct scenario *scenario, FILE *file, const char *path, struct error *err)
{
    CLEANUP(alloc_freep) char *text = NULL;
    size_t size = 0;
    unsigned number = 0;
    while (getline(&text, &size, file) >= 0) {
        number++;
        if (!run_line(scenario, text, err)) {
            return error_add_context(err, "%s:%u", path, number);
        }
    }
    return scenario->expectations > 0 || error_set(err, "%s:%u: nothing is expected", path, number);
}

bool scenario_play(const char *path, struct scenario_result *result, struct error *err)
{
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        return error_set(err, "%s: %s", path, strerror(errno));
    }
    CLEANUP(alloc_freep) struct scenario *scenario = alloc_zeroed(1, sizeof(*scenario));
    bool is_played = run_lines(scenario, file, path, err);
    fclose(file);
    result->expectations = scenario->expectations;
    result->played_ms = scenario->world.now_ms;
    world_end(&scenario->world);
    return is_played;
}
