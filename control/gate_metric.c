/* SPDX-License-Identifier: BSD-2-Clause */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/alloc.h"
#include "control/forecast/statistics.h"
#include "control/gate_private.h"

/* JSON has no infinities; Prometheus' word for them is a text then. */
static json_t *number(double value)
{
    return isfinite(value) ? json_real(value) : json_string(value < 0 ? "-Inf" : "+Inf");
}

void gate_metric_judge_value(const struct config_gate_metric *metric,
                             const struct metric_answer *answer, struct gate_finding *finding)
{
    if (answer->state == METRIC_FAILED) {
        gate_finding_set(finding, GATE_RESULT_ERROR, "%s", answer->text);
    } else if (answer->state == METRIC_NO_VALUE) {
        gate_finding_set(finding, GATE_RESULT_INCONCLUSIVE, "%s", answer->text);
    } else if (answer->count != 1) {
        gate_finding_set(finding, GATE_RESULT_ERROR, "found %zu values, expected one",
                         answer->count);
    } else {
        double value = answer->values[0];
        if (metric->has_min && value < metric->min) {
            gate_finding_set(finding, GATE_RESULT_FAIL, "%.6g, expected at least %.6g", value,
                             metric->min);
        } else if (metric->has_max && value > metric->max) {
            gate_finding_set(finding, GATE_RESULT_FAIL, "%.6g, expected at most %.6g", value,
                             metric->max);
        } else {
            gate_finding_set(finding, GATE_RESULT_PASS, "%.6g", value);
        }
        gate_finding_add(finding, "Value", number(value));
    }
    if (metric->has_min) {
        gate_finding_add(finding, "Min", json_real(metric->min));
    }
    if (metric->has_max) {
        gate_finding_add(finding, "Max", json_real(metric->max));
    }
}

void gate_metric_judge_samples(const struct config_gate_metric *metric,
                               const struct metric_answer *candidate,
                               const struct metric_answer *stable, struct gate_finding *finding)
{
    static const enum gate_state states[] = {
        [COMPARISON_PASS] = GATE_RESULT_PASS,
        [COMPARISON_FAIL] = GATE_RESULT_FAIL,
        [COMPARISON_INCONCLUSIVE] = GATE_RESULT_INCONCLUSIVE,
    };
    const struct comparison_rule rule = {
        .alpha = metric->significance,
        .min_effect = metric->effect,
        .min_samples = metric->min_samples,
        .direction = metric->is_lower_worse ? LOWER_IS_WORSE : HIGHER_IS_WORSE,
    };
    struct comparison comparison;
    compare_samples(&rule, candidate->values, candidate->count, stable->values, stable->count,
                    &comparison);
    gate_finding_set(finding, states[comparison.verdict], "%s", comparison.reason);
    size_t left_out = candidate->left_out + stable->left_out;
    gate_finding_add(finding, "CandidateSamples", json_integer((json_int_t)candidate->count));
    gate_finding_add(finding, "StableSamples", json_integer((json_int_t)stable->count));
    gate_finding_add(finding, "LeftOut", json_integer((json_int_t)left_out));
    gate_finding_add(finding, "U", json_real(comparison.test.u));
    gate_finding_add(finding, "P", json_real(comparison.p_worse));
    gate_finding_add(finding, "Effect", json_real(comparison.worse_by));
}

static void drop_answers(struct gate_run *run)
{
    for (size_t i = 0; i < GATE_SIDE_COUNT; i++) {
        metric_answer_done(&run->answers[i]);
    }
}

void gate_metric_stop(struct gate_run *run)
{
    for (size_t i = 0; i < GATE_SIDE_COUNT; i++) {
        metric_cancel(run->queries[i]);
        run->queries[i] = NULL;
    }
    drop_answers(run);
}

static void on_value(void *argument, const struct metric_answer *answer)
{
    struct gate_run *run = argument;
    run->queries[SIDE_CANDIDATE] = NULL;
    gate_metric_judge_value(&run->gate->metric, answer, &run->finding);
    gate_run_take(run);
}

static void take_samples(struct gate_run *run, enum gate_side side,
                         const struct metric_answer *answer)
{
    static const char *const sides[] = {[SIDE_CANDIDATE] = "candidate", [SIDE_STABLE] = "stable"};
    run->queries[side] = NULL;
    if (answer->state == METRIC_FAILED) {
        gate_finding_set(&run->finding, GATE_RESULT_ERROR, "%s: %s", sides[side], answer->text);
        gate_metric_stop(run);
        gate_run_take(run);
        return;
    }
    run->answers[side] = *answer;
    run->answers[side].values = alloc_copy(answer->values, answer->count * sizeof(*answer->values));
    if (run->queries[SIDE_CANDIDATE] == NULL && run->queries[SIDE_STABLE] == NULL) {
        gate_metric_judge_samples(&run->gate->metric, &run->answers[SIDE_CANDIDATE],
                                  &run->answers[SIDE_STABLE], &run->finding);
        drop_answers(run);
        gate_run_take(run);
    }
}

static void on_candidate(void *argument, const struct metric_answer *answer)
{
    take_samples(argument, SIDE_CANDIDATE, answer);
}

static void on_stable(void *argument, const struct metric_answer *answer)
{
    take_samples(argument, SIDE_STABLE, answer);
}

static bool ask(struct gate_run *run, enum gate_side side, const char *query,
                const struct metric_range *range, metric_done done, struct error *err)
{
    const struct config_gate *gate = run->gate;
    const struct metric_source source = {
        .http = run->client,
        .aws = run->aws,
        .is_cloudwatch = gate->metric.is_cloudwatch,
        .url = gate->url,
        .ca_file = gate->ca_file,
        .token_file = gate->token_file,
        .window_ms = gate->metric.window_ms,
        .delay_ms = gate->metric.delay_ms,
        .timeout_ms = gate->timeout_ms,
    };
    CLEANUP(alloc_freep)
    char *text =
        placeholder_fill(query, run->placeholders, GATE_PLACEHOLDER_COUNT, PLACEHOLDER_IN_QUOTES);
    run->queries[side] = metric_ask(&source, text, gate_run_now_ms(run), range, done, run, err);
    return run->queries[side] != NULL;
}

bool gate_metric_start(struct gate_run *run, struct error *err)
{
    const struct config_gate_metric *metric = &run->gate->metric;
    if (run->gate->type == GATE_TYPE_THRESHOLD) {
        return ask(run, SIDE_CANDIDATE, metric->query, NULL, on_value, err);
    }
    int64_t end_ms = gate_run_now_ms(run);
    int64_t start_ms = end_ms - metric->window_ms;
    run->is_window_short = run->since_ms > start_ms;
    if (run->is_window_short) {
        /* A clock that was set back does not make a range of the future. */
        start_ms = run->since_ms < end_ms ? run->since_ms : end_ms;
    }
    const struct metric_range range = {.start_ms = start_ms < 0 ? 0 : start_ms,
                                       .end_ms = end_ms,
                                       .step_ms = metric->resolution_ms};
    if (ask(run, SIDE_CANDIDATE, metric->candidate_query, &range, on_candidate, err) &&
        ask(run, SIDE_STABLE, metric->stable_query, &range, on_stable, err)) {
        return true;
    }
    gate_metric_stop(run);
    return false;
}
