/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/rollout_run.h"

#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"

struct rollout_run *rollout_run_new(struct asl_document *document, int64_t settle_ms)
{
    struct rollout_run *run = alloc_zeroed(1, sizeof(*run));
    run->document = asl_document_share(document);
    run->events = json_array();
    run->beside = json_object();
    run->settle_ms = settle_ms;
    return run;
}

struct rollout_run *rollout_run_copy(const struct rollout_run *run)
{
    if (run == NULL) {
        return NULL;
    }
    struct rollout_run *copy = alloc_copy(run, sizeof(*run));
    copy->document = asl_document_share(run->document);
    copy->execution = run->execution == NULL ? NULL : asl_execution_copy(run->execution);
    copy->events = json_copy(run->events);
    copy->beside = json_copy(run->beside);
    return copy;
}

void rollout_run_free(struct rollout_run *run)
{
    if (run != NULL) {
        asl_execution_freep(&run->execution);
        asl_document_freep(&run->document);
        json_decref(run->events);
        json_decref(run->beside);
        free(run);
    }
}

char *rollout_run_save(const struct rollout_run *run)
{
    json_t *execution = run->execution == NULL ? json_null() : asl_execution_save(run->execution);
    json_t *saved =
        json_pack("{s:o, s:b, s:I, s:I, s:I, s:I, s:I, s:O}", "execution", execution, "has_shifted",
                  run->has_shifted, "settle_ms", (json_int_t)run->settle_ms, "settled_ms",
                  (json_int_t)run->settled_ms, "fall_back_ms", (json_int_t)run->fall_back_ms,
                  "shifted_ms", (json_int_t)run->shifted_ms, "still_since_ms",
                  (json_int_t)run->still_since_ms, "beside", run->beside);
    char *text = json_dumps(saved, JSON_COMPACT);
    json_decref(saved);
    return text;
}

static bool read_time(const json_t *saved, const char *name, int64_t *time_ms, struct error *err)
{
    const json_t *value = json_object_get(saved, name);
    *time_ms = json_integer_value(value);
    return (json_is_integer(value) && *time_ms >= 0 && *time_ms <= ASL_TIME_MAX_MS) ||
           error_set(err, "%s is missing or out of range", name);
}

static bool read_beside(struct rollout_run *run, const json_t *saved, struct error *err)
{
    json_t *beside = json_object_get(saved, "beside");
    if (!json_is_object(beside)) {
        return error_set(err, "beside is no object");
    }
    json_object_update(run->beside, beside);
    return true;
}

static bool read_run(struct rollout_run *run, const json_t *saved, struct error *err)
{
    const json_t *has_shifted = json_object_get(saved, "has_shifted");
    const json_t *execution = json_object_get(saved, "execution");
    run->has_shifted = json_is_true(has_shifted);
    if (!json_is_null(execution)) {
        run->execution = asl_execution_load(run->document, execution, err);
    }
    return (json_is_null(execution) || run->execution != NULL) &&
           read_time(saved, "settle_ms", &run->settle_ms, err) &&
           read_time(saved, "settled_ms", &run->settled_ms, err) &&
           read_time(saved, "fall_back_ms", &run->fall_back_ms, err) &&
           read_time(saved, "shifted_ms", &run->shifted_ms, err) &&
           read_time(saved, "still_since_ms", &run->still_since_ms, err) &&
           (json_is_boolean(has_shifted) || error_set(err, "has_shifted is missing")) &&
           read_beside(run, saved, err);
}

struct rollout_run *rollout_run_load(struct asl_document *document, const char *text,
                                     struct error *err)
{
    json_error_t why;
    json_t *saved = json_loads(text, 0, &why);
    if (saved == NULL) {
        error_set(err, "this is not JSON: %s", why.text);
        return NULL;
    }
    struct rollout_run *run = rollout_run_new(document, 0);
    if (!read_run(run, saved, err)) {
        rollout_run_free(run);
        run = NULL;
    }
    json_decref(saved);
    return run;
}
