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

struct asl_document *plan_source_compile(const struct plan *plan)
{
    struct asl_short_form form = {.step_count = plan->step_count, .hold_ms = plan->hold_ms};
    for (size_t i = 0; i < plan->step_count; i++) {
        form.steps[i] = plan->steps[i];
    }
    return compile(&form);
}

/* The configuration has checked its numbers. */
static void load_short_form(const struct config_plan *config, struct plan_source *source)
{
    source->plan.step_count = config->step_count;
    memcpy(source->plan.steps, config->steps, config->step_count);
    source->plan.hold_ms = config->hold_ms;
    source->document = plan_source_compile(&source->plan);
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

static bool load_document(const struct config_plan *config, struct plan_source *source,
                          struct error *err)
{
    struct asl_steps steps;
    source->document = read_document(config, err);
    if (source->document == NULL) {
        return false;
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
        load_short_form(&rollout->plan, source);
        return true;
    }
    if (!load_document(&rollout->plan, source, err)) {
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
