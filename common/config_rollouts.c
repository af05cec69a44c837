/* SPDX-License-Identifier: BSD-2-Clause */
/* The section rollouts: which record sets move together, and how. */
#include "common/config_fill.h"

#include <stdio.h>
#include <string.h>

#include "common/alloc.h"

#define TASKS_MAX 10000

static const char *const trigger_names[] = {
    [TRIGGER_TASKS] = "tasks", [TRIGGER_DEPLOYMENT] = "deployment", [TRIGGER_BOTH] = "both", NULL};

const char *config_trigger_name(enum config_trigger trigger)
{
    return trigger_names[trigger];
}

static bool has_member(const struct config_record_set *set, const char *id)
{
    for (size_t i = 0; i < set->member_count; i++) {
        if (strcmp(set->members[i].id, id) == 0) {
            return true;
        }
    }
    return false;
}

/* Record sets of one rollout move member by member, so they have the same ones, in any order. */
static bool check_members(const struct place *place, const struct config_record_set *set,
                          const struct config_record_set *first)
{
    if (set->member_count < 2) {
        return place_fail(place, NULL,
                          "found record set %s/%s with one member, expected at least two to move "
                          "between",
                          set->name, set->type);
    }
    bool same = set->member_count == first->member_count;
    for (size_t i = 0; same && i < first->member_count; i++) {
        same = has_member(set, first->members[i].id);
    }
    return same || place_fail(place, NULL,
                              "found record set %s/%s with other members than %s/%s, expected the "
                              "same ids in both",
                              set->name, set->type, first->name, first->type);
}

/* Nobody else moves this record set: neither an earlier rollout nor this one twice. */
static bool take_record_set(const struct place *place, struct config_record_set *set,
                            const struct config_rollout *rollout)
{
    if (set->rollout != NULL) {
        return place_fail(place, NULL,
                          "found record set %s/%s, which rollout %s has already; expected it in "
                          "one rollout, once",
                          set->name, set->type, set->rollout->name);
    }
    set->rollout = rollout;
    return true;
}

static bool fail_unknown(const struct place *place, const char *text)
{
    const struct config *config = place->reader->config;
    char list[512] = "";
    for (size_t i = 0; i < config->record_set_count; i++) {
        size_t used = strlen(list);
        snprintf(list + used, sizeof(list) - used, "%s%s/%s", i == 0 ? "" : ", ",
                 config->record_sets[i].name, config->record_sets[i].type);
    }
    return place_fail(place, NULL,
                      "found \"%s\", expected a record set as NAME/TYPE (there are: %s)", text,
                      list[0] == '\0' ? "none" : list);
}

/* The type is what follows the last slash: names may have slashes (RFC 2317). */
static bool find_record_set(const struct place *place, const char *text, size_t *found)
{
    const char *slash = strrchr(text, '/');
    if (slash != NULL) {
        CLEANUP(alloc_freep) char *name = alloc_string(text);
        name[slash - text] = '\0';
        *found = config_find_record_set(place->reader->config, name, slash + 1);
    }
    return (slash != NULL && *found != SIZE_MAX) || fail_unknown(place, text);
}

static bool add_record_set(const struct place *place, const char *text,
                           struct config_rollout *rollout)
{
    struct config *config = place->reader->config;
    size_t index = SIZE_MAX;
    if (!find_record_set(place, text, &index) ||
        !take_record_set(place, &config->record_sets[index], rollout)) {
        return false;
    }
    rollout->record_sets[rollout->record_set_count++] = index;
    return check_members(place, &config->record_sets[index],
                         &config->record_sets[rollout->record_sets[0]]);
}

static bool fill_rollout_sets(const struct place *place, const struct raw_rollout *raw,
                              struct config_rollout *rollout)
{
    struct arena *arena = place->reader->arena;
    if ((raw->record_set == NULL) == (raw->record_sets == NULL)) {
        return place_fail(place, NULL, "found %s record_set and record_sets, expected one of them",
                          raw->record_set == NULL ? "neither" : "both");
    }
    if (raw->record_set != NULL) {
        struct place at = place_key(place, "record_set");
        rollout->record_sets = arena_alloc(arena, sizeof(*rollout->record_sets));
        return add_record_set(&at, raw->record_set, rollout);
    }
    rollout->record_sets =
        arena_alloc(arena, raw->record_sets_count * sizeof(*rollout->record_sets));
    for (size_t i = 0; i < raw->record_sets_count; i++) {
        struct place at = place_item(place, "record_sets", i);
        if (!add_record_set(&at, raw->record_sets[i], rollout)) {
            return false;
        }
    }
    return true;
}

/* "80%", or "80". */
static bool fill_percent(const struct place *place, const char *key, const char *text,
                         unsigned *percent)
{
    if (text == NULL) {
        return true;
    }
    CLEANUP(alloc_freep) char *number = alloc_string(text);
    char *sign = strchr(number, '%');
    if (sign != NULL && sign[1] == '\0') {
        *sign = '\0';
    }
    return fill_number(place, key, number, (struct range){1, 100}, percent);
}

static bool fill_health(const struct place *rollout, const struct raw_health_gate *raw,
                        struct config_health_gate *health)
{
    static const char *const names[] = {"step", "holds", "both", NULL};
    struct place place = place_key(rollout, "health");
    unsigned when = 2;
    *health = (struct config_health_gate){.minimum = 100, .is_at_step = true, .is_in_holds = true};
    if (raw == NULL) {
        return true;
    }
    if (!fill_percent(&place, "minimum", raw->minimum, &health->minimum) ||
        (raw->when != NULL && !fill_choice(&place, "when", raw->when, names, &when))) {
        return false;
    }
    health->is_at_step = when != 1;
    health->is_in_holds = when != 0;
    return true;
}

static bool fill_min_running(const struct place *place, const char *text,
                             struct config_rollout *rollout)
{
    if (text == NULL || strcmp(text, "all") != 0) {
        return fill_number(place, "min_running", text, (struct range){1, TASKS_MAX},
                           &rollout->min_running);
    }
    rollout->min_running = CONFIG_ALL_RUNNING;
    return place->reader->config->aws.ecs_interval_ms != 0 ||
           place_fail(place, "min_running",
                      "found all, expected it with aws.ecs, which says how many there are");
}

static bool fill_pause_hook(const struct place *place, const char *text,
                            struct config_rollout *rollout)
{
    if (!fill_bool(place, "pause_hook", text, &rollout->has_pause_hook)) {
        return false;
    }
    if (rollout->has_pause_hook && place->reader->config->aws.line == 0) {
        return place_fail(place, "pause_hook",
                          "found true, expected it with aws, by which ECS is "
                          "answered");
    }
    for (size_t i = 0; rollout->has_pause_hook && i < rollout->gate_count; i++) {
        if (rollout->gates[i].type == GATE_TYPE_APPROVAL) {
            return place_fail(place, "pause_hook",
                              "found true with gate %s, expected no gate of type approval: nobody "
                              "is asked for a hook",
                              rollout->gates[i].name);
        }
    }
    return true;
}

static bool fill_rollout(const struct place *place, const struct raw_rollout *raw,
                         struct config_rollout *rollout)
{
    const struct config *config = place->reader->config;
    rollout->line = place_line(place);
    rollout->min_running = 1;
    unsigned trigger = TRIGGER_TASKS;
    bool ok = fill_name(place, "name", raw->name, &rollout->name) &&
              fill_rollout_sets(place, raw, rollout) &&
              fill_text(place, "cluster", raw->cluster, &rollout->cluster) &&
              fill_min_running(place, raw->min_running, rollout) &&
              fill_choice(place, "trigger", raw->trigger, trigger_names, &trigger) &&
              fill_plan(place, raw->plan, &rollout->plan) && fill_gates(place, raw, rollout) &&
              fill_pause_hook(place, raw->pause_hook, rollout) &&
              fill_health(place, raw->health, &rollout->health) &&
              fill_windows(place, "windows", raw->windows, raw->windows_count, &rollout->windows);
    rollout->window_count = raw->windows_count;
    rollout->trigger = (enum config_trigger)trigger;
    for (size_t i = 0; ok && i < rollout->record_set_count; i++) {
        ok = check_plan(place, &rollout->plan, &config->record_sets[rollout->record_sets[i]]);
    }
    return ok;
}

static int compare_rollouts(const void *one, const void *other)
{
    const struct config_rollout *a = one, *b = other;
    return strcmp(a->name, b->name);
}

bool fill_rollouts(const struct config_reader *reader, const struct raw_config *raw)
{
    struct config *config = reader->config;
    struct place top = place_top(reader);
    config->quiet_hour_count = raw->quiet_hours_count;
    if (!fill_windows(&top, "quiet_hours", raw->quiet_hours, raw->quiet_hours_count,
                      &config->quiet_hours)) {
        return false;
    }
    config->rollouts = arena_alloc(reader->arena, raw->rollouts_count * sizeof(*config->rollouts));
    config->by_name.rollouts.compare = compare_rollouts;
    for (size_t i = 0; i < raw->rollouts_count; i++) {
        struct config_rollout *rollout = &config->rollouts[i];
        struct place place = place_item(&top, "rollouts", i);
        if (!fill_rollout(&place, &raw->rollouts[i], rollout)) {
            return false;
        }
        const struct config_rollout *first = search_tree_add(&config->by_name.rollouts, rollout);
        if (first != rollout) {
            return place_fail(&place, "name",
                              "found rollout %s a second time, expected each name once (first in "
                              "line %u)",
                              rollout->name, first->line);
        }
        config->rollout_count = i + 1;
    }
    return true;
}
