/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/gate.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "common/duration.h"
#include "control/describe.h"
#include "control/gate_private.h"
#include "control/http/outside_text.h"

/* Before the second attempt; then twice that, and so on. */
#define BACK_OFF_MS 500

const char *gate_state_name(enum gate_state state)
{
    static const char *const names[GATE_STATE_COUNT] = {[GATE_RESULT_PASS] = "pass",
                                                        [GATE_RESULT_FAIL] = "fail",
                                                        [GATE_RESULT_INCONCLUSIVE] = "inconclusive",
                                                        [GATE_RESULT_WAIT] = "wait",
                                                        [GATE_RESULT_ERROR] = "error"};
    return names[state];
}

const char *gate_decision_name(enum gate_decision decision)
{
    static const char *const names[] = {
        [GATE_GOES_ON] = "go_on", [GATE_FALLS_BACK] = "fall_back", [GATE_ASKS_AGAIN] = "ask_again"};
    return names[decision];
}

void gate_finding_set(struct gate_finding *finding, enum gate_state state, const char *format, ...)
{
    char text[GATE_TEXT_SIZE * 4];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    gate_finding_done(finding);
    finding->state = state;
    outside_text_copy(text, finding->text, sizeof(finding->text));
}

void gate_finding_add(struct gate_finding *finding, const char *key, json_t *value)
{
    if (finding->details == NULL) {
        finding->details = json_object();
    }
    json_object_set_new(finding->details, key, value);
}

void gate_finding_done(struct gate_finding *finding)
{
    json_decref(finding->details);
    finding->details = NULL;
}

int64_t gate_run_now_ms(const struct gate_run *run)
{
    return run->now_ms + (int64_t)(uv_now(run->loop) - run->started_at_ms);
}

static void stop_attempt(struct gate_run *run)
{
    gate_webhook_stop(run);
    gate_metric_stop(run);
}

static void on_closed(uv_handle_t *handle)
{
    struct gate_run *run = handle->data;
    run->open_handles--;
    if (run->open_handles == 0) {
        gate_finding_done(&run->finding);
        json_decref(run->subject);
        free(run);
    }
}

static void close_run(struct gate_run *run)
{
    stop_attempt(run);
    uv_close((uv_handle_t *)&run->next, on_closed);
    uv_close((uv_handle_t *)&run->deadline, on_closed);
}

/* Everything that runs has ended when done is called; the memory stays for a turn of the loop. */
static void finish(struct gate_run *run, enum gate_decision decision, bool is_timed_out)
{
    struct gate_result result = {.state = run->finding.state, .decision = decision};
    close_run(run);
    snprintf(result.text, sizeof(result.text), "%s", run->finding.text);
    result.numbers = json_object();
    json_object_set_new(result.numbers, "Gate", describe_text(run->gate->name));
    json_object_set_new(result.numbers, "Type",
                        json_string(config_gate_type_name(run->gate->type)));
    json_object_set_new(result.numbers, "State", json_string(gate_state_name(result.state)));
    json_object_set_new(result.numbers, "Decision", json_string(gate_decision_name(decision)));
    json_object_set_new(result.numbers, "Text", describe_text(result.text));
    json_object_set_new(result.numbers, "Attempts", json_integer(run->attempts));
    json_object_set_new(result.numbers, "Questions", json_integer(run->questions));
    json_object_set_new(result.numbers, "TimedOut", json_boolean(is_timed_out));
    if (run->finding.details != NULL) {
        json_object_update(result.numbers, run->finding.details);
    }
    run->done(run->argument, &result);
    json_decref(result.numbers);
}

static enum gate_decision decide(enum config_gate_otherwise otherwise)
{
    return otherwise == GATE_OTHERWISE_CONTINUE ? GATE_GOES_ON : GATE_FALLS_BACK;
}

static void look_at_traffic(struct gate_run *run)
{
    char text[GATE_TEXT_SIZE];
    json_t *numbers = NULL;
    enum gate_state state =
        run->judge_traffic(run->judge_argument, run->gate->tolerance, text, sizeof(text), &numbers);
    gate_finding_set(&run->finding, state, "%s", text);
    gate_finding_add(&run->finding, "RecordSets", numbers);
    gate_run_take(run);
}

static void attempt(uv_timer_t *timer)
{
    struct gate_run *run = timer->data;
    struct error err = {""};
    run->attempts++;
    if (run->gate->type == GATE_TYPE_TRAFFIC) {
        look_at_traffic(run);
        return;
    }
    bool is_started = run->gate->type == GATE_TYPE_WEBHOOK ? gate_webhook_start(run, &err)
                                                           : gate_metric_start(run, &err);
    if (!is_started) {
        gate_finding_set(&run->finding, GATE_RESULT_ERROR, "%s", err.text);
        gate_run_take(run);
    }
}

/* Neither pass nor fail. */
static void settle(struct gate_run *run, enum config_gate_otherwise otherwise)
{
    if (otherwise != GATE_OTHERWISE_WAIT) {
        finish(run, decide(otherwise), false);
    } else if (run->asks_once) {
        finish(run, GATE_ASKS_AGAIN, false);
    } else {
        run->questions++;
        run->failed_attempts = 0;
        uv_timer_start(&run->next, attempt, (uint64_t)run->gate->interval_ms, 0);
    }
}

static void try_again(struct gate_run *run)
{
    run->failed_attempts++;
    if (run->failed_attempts > run->gate->retries) {
        settle(run, run->gate->on_error);
        return;
    }
    uint64_t pause_ms = (uint64_t)BACK_OFF_MS << (run->failed_attempts - 1);
    uint64_t most_ms = (uint64_t)run->gate->interval_ms;
    uv_timer_start(&run->next, attempt, pause_ms < most_ms ? pause_ms : most_ms, 0);
}

void gate_run_take(struct gate_run *run)
{
    switch (run->finding.state) {
    case GATE_RESULT_PASS:
        finish(run, GATE_GOES_ON, false);
        break;
    case GATE_RESULT_FAIL:
        finish(run, GATE_FALLS_BACK, false);
        break;
    case GATE_RESULT_INCONCLUSIVE:
        /* At the beginning of a hold samples are too few: that says nothing against anybody. */
        settle(run, run->asks_once && run->is_window_short ? GATE_OTHERWISE_WAIT
                                                           : run->gate->on_inconclusive);
        break;
    case GATE_RESULT_WAIT:
        settle(run, GATE_OTHERWISE_WAIT);
        break;
    case GATE_RESULT_ERROR:
        try_again(run);
        break;
    }
}

static void on_deadline(uv_timer_t *timer)
{
    struct gate_run *run = timer->data;
    char deadline[DURATION_TEXT_SIZE];
    char last[GATE_TEXT_SIZE];
    duration_print(run->gate->deadline_ms, deadline);
    snprintf(last, sizeof(last), "%s", run->finding.text);
    json_t *details = json_incref(run->finding.details);
    gate_finding_set(&run->finding, run->finding.state, "no decision within %s (%s)", deadline,
                     last[0] == '\0' ? "no answer" : last);
    run->finding.details = details;
    finish(run, decide(run->gate->on_deadline), true);
}

static json_t *describe_subject(const struct config_gate *gate, const struct gate_context *context)
{
    json_t *subject = json_object();
    json_t *sets = json_array();
    for (size_t i = 0; i < context->record_set_count; i++) {
        json_array_append_new(sets, describe_text(context->record_sets[i]));
    }
    json_object_set_new(subject, "gate", describe_text(gate->name));
    json_object_set_new(subject, "rollout", describe_text(context->rule));
    json_object_set_new(subject, "id", json_integer(context->rollout_id));
    json_object_set_new(subject, "deployment", describe_text(context->deployment));
    json_object_set_new(subject, "record_sets", sets);
    json_object_set_new(subject, "stable", describe_text(context->stable));
    json_object_set_new(subject, "candidate", describe_text(context->candidate));
    json_object_set_new(subject, "weight", json_integer(context->weight));
    json_object_set_new(subject, "step", json_integer((json_int_t)context->step));
    json_object_set_new(subject, "steps", json_integer((json_int_t)context->step_count));
    json_object_set_new(subject, "phase", json_string(context->is_in_hold ? "hold" : "step"));
    return subject;
}

static void fill_placeholders(struct gate_run *run, const struct gate_context *context)
{
    snprintf(run->weight, sizeof(run->weight), "%u", context->weight);
    for (size_t i = 0; i < GATE_PLACEHOLDER_COUNT; i++) {
        const char *name = config_gate_placeholders[i];
        const char *value = json_string_value(json_object_get(run->subject, name));
        if (strcmp(name, "weight") == 0) {
            value = run->weight;
        } else if (strcmp(name, "record_set") == 0) {
            value =
                json_string_value(json_array_get(json_object_get(run->subject, "record_sets"), 0));
        }
        assert(value != NULL);
        run->placeholders[i] = (struct placeholder){name, value};
    }
}

struct gate_run *gate_ask(struct http_client *client, uv_loop_t *loop,
                          const struct config_gate *gate, const struct gate_context *context,
                          gate_done done, void *argument)
{
    assert(gate->type != GATE_TYPE_APPROVAL && context->record_set_count > 0);
    assert(gate->type != GATE_TYPE_TRAFFIC || context->judge_traffic != NULL);
    struct gate_run *run = alloc_zeroed(1, sizeof(*run));
    run->client = client;
    run->loop = loop;
    run->gate = gate;
    run->done = done;
    run->argument = argument;
    run->subject = describe_subject(gate, context);
    fill_placeholders(run, context);
    run->asks_once = context->is_in_hold || gate->deadline_ms == 0;
    run->now_ms = context->now_ms;
    run->since_ms = context->since_ms;
    run->aws = context->aws;
    run->judge_traffic = context->judge_traffic;
    run->judge_argument = context->judge_argument;
    run->started_at_ms = uv_now(loop);
    run->questions = 1;
    run->finding.state = GATE_RESULT_ERROR;
    uv_timer_init(loop, &run->next);
    uv_timer_init(loop, &run->deadline);
    run->next.data = run;
    run->deadline.data = run;
    run->open_handles = 2;
    uv_timer_start(&run->next, attempt, 0, 0);
    if (!run->asks_once) {
        uv_timer_start(&run->deadline, on_deadline, (uint64_t)gate->deadline_ms, 0);
    }
    return run;
}

void gate_cancel(struct gate_run *run)
{
    if (run != NULL) {
        close_run(run);
    }
}
