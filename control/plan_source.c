/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/plan_source.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "common/file.h"
#include "control/plan/asl_short_form.h"
#include "control/plan/asl_steps.h"

static struct asl_document *compile(const struct asl_short_form *form)
{
    struct error err;
    json_t *json = asl_short_form_compile(form, &err);
    assert(json != NULL);
    CLEANUP(alloc_freep) char *text = json_dumps(json, 0);
    json_decref(json);
    struct asl_document *document = asl_document_parse(text, strlen(text), "plan", NULL, 0, &err);
    assert(document != NULL);
    return document;
}

static struct asl_short_form form_of(const struct plan *plan)
{
    struct asl_short_form form = {.step_count = plan->step_count, .hold_ms = plan->hold_ms};
    for (size_t i = 0; i < plan->step_count; i++) {
        form.steps[i] = plan->steps[i];
    }
    return form;
}

struct asl_document *plan_source_compile(const struct plan *plan)
{
    struct asl_short_form form = form_of(plan);
    return compile(&form);
}

enum asl_resource plan_source_resource(const struct config_gate *gate)
{
    return gate->type == GATE_TYPE_APPROVAL  ? ASL_APPROVE
           : gate->type == GATE_TYPE_WEBHOOK ? ASL_WEBHOOK
                                             : ASL_METRIC;
}

/* A gate's own deadline ends it; the task has a minute more, so that its word is what counts. An
 * approval is asked of nobody: its deadline is the task's. */
static struct asl_short_gate gate_of(const struct config_gate *gate)
{
    int64_t deadline_s = (gate->deadline_ms + 999) / 1000;
    bool is_approval = gate->type == GATE_TYPE_APPROVAL;
    return (struct asl_short_gate){
        .name = gate->name,
        .resource = plan_source_resource(gate),
        .timeout_s = is_approval ? deadline_s : deadline_s + 60,
        .is_passed_by_silence = is_approval && gate->on_deadline == GATE_OTHERWISE_CONTINUE,
    };
}

/* The configuration has checked its numbers. */
static void load_short_form(const struct config_rollout *rollout, struct plan_source *source)
{
    const struct config_plan *config = &rollout->plan;
    source->plan.step_count = config->step_count;
    memcpy(source->plan.steps, config->steps, config->step_count);
    source->plan.hold_ms = config->hold_ms;
    struct asl_short_form form = form_of(&source->plan);
    CLEANUP(alloc_freep)
    struct asl_short_gate *gates = alloc_zeroed(rollout->gate_count + 1, sizeof(*gates));
    for (size_t i = 0; i < rollout->gate_count; i++) {
        if (rollout->gates[i].is_at_step) {
            gates[form.gate_count++] = gate_of(&rollout->gates[i]);
        }
    }
    form.gates = gates;
    source->document = compile(&form);
}

static bool read_resources(const struct config_plan *plan, struct asl_mapping *mappings,
                           struct error *err)
{
    for (size_t i = 0; i < plan->resource_count; i++) {
        mappings[i].from = plan->resources[i].from;
        if (!asl_resource_parse(plan->resources[i].to, &mappings[i].to)) {
            return error_set(err,
                             "resources[%zu].to: found \"%.100s\", expected changeWeight, "
                             "checkHealth, approve, metric or webhook",
                             i, plan->resources[i].to);
        }
    }
    return true;
}

static struct asl_document *read_document(const struct config_plan *plan, struct error *err)
{
    size_t len = 0;
    CLEANUP(alloc_freep)
    struct asl_mapping *mappings = alloc_zeroed(plan->resource_count + 1, sizeof(*mappings));
    if (!read_resources(plan, mappings, err)) {
        return NULL;
    }
    CLEANUP(alloc_freep) uint8_t *text = file_load(plan->asl, &len, err);
    return text == NULL ? NULL
                        : asl_document_parse((const char *)text, len, plan->asl, mappings,
                                             plan->resource_count, err);
}

/* A gate that a state names has to be there, and of its kind. */
static bool check_gate(const struct config_rollout *rollout, const struct asl_state *state,
                       struct error *err)
{
    const json_t *parameters = json_object_get(state->body, "Parameters");
    const char *name = json_string_value(json_object_get(parameters, "gate"));
    if (state->type != ASL_TASK || name == NULL ||
        (state->resource != ASL_METRIC && state->resource != ASL_WEBHOOK)) {
        return true;
    }
    for (size_t i = 0; i < rollout->gate_count; i++) {
        if (strcmp(rollout->gates[i].name, name) == 0) {
            return plan_source_resource(&rollout->gates[i]) == state->resource ||
                   error_set(err, "state %.320s: gate %.64s is of type %s, which is no %s",
                             state->name, name, config_gate_type_name(rollout->gates[i].type),
                             asl_resource_name(state->resource));
        }
    }
    return error_set(err, "state %.320s: found gate \"%.64s\", expected one of the rollout's gates",
                     state->name, name);
}

static bool check_gates(const struct config_rollout *rollout, const struct asl_document *document,
                        struct error *err)
{
    for (size_t i = 0; i < asl_document_state_count(document); i++) {
        if (!check_gate(rollout, asl_document_state(document, i), err)) {
            return false;
        }
    }
    return true;
}

static bool load_document(const struct config_rollout *rollout, struct plan_source *source,
                          struct error *err)
{
    struct asl_steps steps;
    const struct config_plan *config = &rollout->plan;
    source->document = read_document(config, err);
    if (source->document == NULL) {
        return false;
    }
    if (!check_gates(rollout, source->document, err)) {
        return error_add_context(err, "%s", config->asl);
    }
    if (!asl_steps_find(source->document, &steps, err)) {
        return error_add_context(err, "%s", config->asl);
    }
    static_assert(ASL_MAX_STEPS == PLAN_MAX_STEPS, "a document's steps are a plan's");
    source->plan.step_count = steps.count;
    memcpy(source->plan.steps, steps.weights, steps.count);
    return true;
}

bool plan_source_load(const struct config *config, const struct config_rollout *rollout,
                      struct plan_source *source, struct error *err)
{
    *source = (struct plan_source){.document = NULL};
    if (rollout->plan.asl == NULL) {
        load_short_form(rollout, source);
        return true;
    }
    if (!load_document(rollout, source, err)) {
        plan_source_done(source);
        return error_add_context(err, "%s:%u: rollout %s: plan", config->path,
                                 rollout->plan.asl_line, rollout->name);
    }
    return true;
}

void plan_source_done(struct plan_source *source)
{
    asl_document_freep(&source->document);
}
