/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/forecast/plan_text.h"

#include <cyaml/cyaml.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/duration.h"
#include "common/yaml_read.h"

#define TEXT_MAX     64
#define OPTIONAL_PTR (CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL)

struct raw_plan {
    char **steps;
    unsigned steps_count;
    char **holds;
    unsigned holds_count;
    char *hold;
    char *allow_short_hold;
};

static const cyaml_schema_value_t text_schema = {
    CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char *, 1, TEXT_MAX)};

static const cyaml_schema_field_t plan_fields[] = {
    CYAML_FIELD_SEQUENCE("steps", OPTIONAL_PTR, struct raw_plan, steps, &text_schema, 1,
                         SIMULATE_MAX_STEPS),
    CYAML_FIELD_SEQUENCE("holds", OPTIONAL_PTR, struct raw_plan, holds, &text_schema, 1,
                         SIMULATE_MAX_STEPS),
    CYAML_FIELD_STRING_PTR("hold", OPTIONAL_PTR, struct raw_plan, hold, 1, TEXT_MAX),
    CYAML_FIELD_STRING_PTR("allow_short_hold", OPTIONAL_PTR, struct raw_plan, allow_short_hold, 1,
                           TEXT_MAX),
    CYAML_FIELD_END,
};

static const cyaml_schema_value_t plan_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct raw_plan, plan_fields)};

void plan_default(struct simulate_plan *plan)
{
    *plan = (struct simulate_plan){
        .step_count = 3, .weights = {10, 50, 100}, .holds_ms = {60000, 60000, 60000}};
}

static bool add_step(struct simulate_plan *plan, const char *text, struct error *err)
{
    char *end;
    unsigned long value = strtoul(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || value > 100) {
        return error_set(err, "found the step \"%s\", expected a number from 1 to 100", text);
    }
    if (plan->step_count == SIMULATE_MAX_STEPS) {
        return error_set(err, "found more steps, expected at most %d", SIMULATE_MAX_STEPS);
    }
    plan->weights[plan->step_count++] = (uint8_t)value;
    return true;
}

static bool add_hold(struct plan_words *words, const char *text, struct error *err)
{
    if (words->hold_count == SIMULATE_MAX_STEPS) {
        return error_set(err, "found more holds, expected at most %d", SIMULATE_MAX_STEPS);
    }
    return duration_parse(text, &words->plan.holds_ms[words->hold_count++], err);
}

/* The part of a list before the next comma; false at its end. */
static bool next_part(const char **list, char *part, size_t size)
{
    if (*list == NULL) {
        return false;
    }
    size_t len = strcspn(*list, ",");
    snprintf(part, size, "%.*s", (int)len, *list);
    *list = (*list)[len] == ',' ? *list + len + 1 : NULL;
    return true;
}

bool plan_word(struct plan_words *words, const char *word, struct error *err)
{
    char part[TEXT_MAX];
    const char *list = strchr(word, '=');
    bool has_steps = strncmp(word, "steps=", 6) == 0;
    if (!has_steps && strncmp(word, "hold=", 5) != 0) {
        return error_set(err, "found \"%.100s\", expected steps=10,50,100, hold=60s or a file",
                         word);
    }
    *(has_steps ? &words->plan.step_count : &words->hold_count) = 0;
    for (list++; next_part(&list, part, sizeof(part));) {
        if (!(has_steps ? add_step(&words->plan, part, err) : add_hold(words, part, err))) {
            return false;
        }
    }
    return true;
}

bool plan_finish(struct plan_words *words, struct error *err)
{
    struct simulate_plan *plan = &words->plan;
    struct simulate_plan lab;
    plan_default(&lab);
    if (plan->step_count == 0) {
        plan->step_count = lab.step_count;
        memcpy(plan->weights, lab.weights, sizeof(lab.weights));
    }
    if (words->hold_count > 1 && words->hold_count != plan->step_count) {
        return error_set(err, "found %zu holds for %zu steps, expected one, or one for each",
                         words->hold_count, plan->step_count);
    }
    for (size_t i = words->hold_count; i < plan->step_count; i++) {
        plan->holds_ms[i] = words->hold_count == 0 ? lab.holds_ms[0] : plan->holds_ms[0];
    }
    return simulate_plan_check(plan, err);
}

/* Where it is wrong, in front of what is. */
static bool fail_at(const struct yaml_source *source, const char *path, struct error *err)
{
    return error_add_context(err, "%s:%u: %s", source->file, yaml_lines_find(source->lines, path),
                             path);
}

static bool fill(const struct yaml_source *source, const struct raw_plan *raw,
                 struct plan_words *words, struct error *err)
{
    char path[32];
    if (raw->hold != NULL && raw->holds != NULL) {
        error_set(err, "found it beside hold, expected one of the two");
        return fail_at(source, "holds", err);
    }
    for (size_t i = 0; i < raw->steps_count; i++) {
        snprintf(path, sizeof(path), "steps[%zu]", i);
        if (!add_step(&words->plan, raw->steps[i], err)) {
            return fail_at(source, path, err);
        }
    }
    for (size_t i = 0; i < raw->holds_count; i++) {
        snprintf(path, sizeof(path), "holds[%zu]", i);
        if (!add_hold(words, raw->holds[i], err)) {
            return fail_at(source, path, err);
        }
    }
    if (raw->hold != NULL && !add_hold(words, raw->hold, err)) {
        return fail_at(source, "hold", err);
    }
    return plan_finish(words, err) ||
           fail_at(source, raw->holds_count > 1 ? "holds" : "steps", err);
}

static void raw_freep(struct raw_plan **raw)
{
    yaml_read_free(&plan_schema, *raw);
}

bool plan_read(const uint8_t *text, size_t len, const char *file, struct simulate_plan *plan,
               struct error *err)
{
    CLEANUP(yaml_lines_freep) struct yaml_lines *lines = yaml_lines_scan(text, len, file, err);
    if (lines == NULL) {
        return false;
    }
    struct yaml_source source = {.file = file, .text = text, .len = len, .lines = lines};
    CLEANUP(raw_freep) struct raw_plan *raw = yaml_read(&plan_schema, &source, err);
    struct plan_words words = {.hold_count = 0};
    if (raw == NULL || !fill(&source, raw, &words, err)) {
        return false;
    }
    *plan = words.plan;
    return true;
}
