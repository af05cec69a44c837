/* SPDX-License-Identifier: BSD-2-Clause */
/* The gates of a rollout: what is asked beside the candidate's health. */
#include "common/config_fill.h"

#include <stdio.h>
#include <string.h>

#include "common/alloc.h"
#include "common/duration.h"
#include "common/placeholder.h"

#define SECOND_MS ((int64_t)1000)
#define HOUR_MS   (3600 * SECOND_MS)
#define DAY_MS    (24 * HOUR_MS)
#define YEAR_MS   (365 * DAY_MS)
/* As short as the shortest interval of health checks. */
#define SHORT_MS       ((int64_t)100)
#define RETRIES_MAX    10
#define SAMPLES_MAX    1000
#define RESOLUTION_MAX 10000 /* samples of one query: Prometheus refuses more than 11,000 */

static const char *const otherwise_names[] = {[GATE_OTHERWISE_FALL_BACK] = "fall_back",
                                              [GATE_OTHERWISE_CONTINUE] = "continue",
                                              [GATE_OTHERWISE_WAIT] = "wait",
                                              NULL};
/* Of a deadline, which ends the waiting. */
static const char *const end_names[] = {
    [GATE_OTHERWISE_FALL_BACK] = "fall_back", [GATE_OTHERWISE_CONTINUE] = "continue", NULL};

const char *const config_gate_placeholders[GATE_PLACEHOLDER_COUNT + 1] = {
    "candidate", "deployment", "record_set", "rollout", "stable", "weight", NULL};

const char *config_gate_type_name(enum config_gate_type type)
{
    static const char *const names[] = {[GATE_TYPE_WEBHOOK] = "webhook",
                                        [GATE_TYPE_THRESHOLD] = "metric",
                                        [GATE_TYPE_COMPARISON] = "metric",
                                        [GATE_TYPE_APPROVAL] = "approval",
                                        [GATE_TYPE_TRAFFIC] = "traffic"};
    return names[type];
}

const char *config_gate_otherwise_name(enum config_gate_otherwise otherwise)
{
    return otherwise_names[otherwise];
}

enum kind_bit {
    OF_WEBHOOK = 1u << GATE_TYPE_WEBHOOK,
    OF_THRESHOLD = 1u << GATE_TYPE_THRESHOLD,
    OF_COMPARISON = 1u << GATE_TYPE_COMPARISON,
    OF_APPROVAL = 1u << GATE_TYPE_APPROVAL,
    OF_TRAFFIC = 1u << GATE_TYPE_TRAFFIC,
    OF_METRIC = OF_THRESHOLD | OF_COMPARISON,
    OF_ASKED = OF_WEBHOOK | OF_METRIC,
    OF_ALL = OF_ASKED | OF_APPROVAL | OF_TRAFFIC,
};

struct key_rule {
    const char *key;
    const char *text;
    unsigned allowed;    /* kind_bit */
    unsigned required;   /* likewise */
    const char *where;   /* "with type webhook" */
    const char *missing; /* what is expected when a required one is not there */
};

static bool check_key(const struct place *place, const struct key_rule *rule,
                      enum config_gate_type type)
{
    static const char *const kinds[] = {[GATE_TYPE_WEBHOOK] = "of type webhook",
                                        [GATE_TYPE_THRESHOLD] = "of type metric with a query",
                                        [GATE_TYPE_COMPARISON] =
                                            "of type metric that compares two queries",
                                        [GATE_TYPE_APPROVAL] = "of type approval",
                                        [GATE_TYPE_TRAFFIC] = "of type traffic"};
    unsigned bit = 1u << type;
    if (rule->text != NULL && (rule->allowed & bit) == 0) {
        return place_fail(place, rule->key, "found in a gate %s, expected only %s", kinds[type],
                          rule->where);
    }
    if (rule->text == NULL && (rule->required & bit) != 0) {
        return place_fail(place, NULL, "the key %s is missing, expected %s in a gate %s", rule->key,
                          rule->missing, kinds[type]);
    }
    return true;
}

/* A key that says nothing for the type of the gate is a mistake worth telling. */
static bool check_keys(const struct place *place, const struct raw_gate *raw,
                       enum config_gate_type type, bool asks_aws)
{
    static const char metric[] = "with type metric";
    static const char asked[] = "with type webhook or metric";
    static const char one_query[] = "beside query";
    static const char two_queries[] = "beside candidate_query and stable_query";
    const struct key_rule rules[] = {
        {"query", raw->query, OF_THRESHOLD, 0, metric, NULL},
        {"candidate_query", raw->candidate_query, OF_COMPARISON, OF_COMPARISON, metric,
         "the query for the candidate's samples"},
        {"stable_query", raw->stable_query, OF_COMPARISON, OF_COMPARISON, metric,
         "the query for the stable member's samples"},
        {"source", raw->source, OF_METRIC, 0, metric, NULL},
        {"delay", raw->delay, OF_METRIC, 0, metric, NULL},
        {"url", raw->url, OF_ASKED, asks_aws ? 0 : OF_ASKED, asked, "where to ask"},
        {"secret_file", raw->secret_file, OF_WEBHOOK, 0, "with type webhook", NULL},
        {"token_file", raw->token_file, OF_METRIC, 0, metric, NULL},
        {"ca_file", raw->ca_file, OF_ASKED, 0, asked, NULL},
        {"timeout", raw->timeout, OF_ASKED, 0, asked, NULL},
        {"retries", raw->retries, OF_ASKED, 0, asked, NULL},
        {"interval", raw->interval, OF_ASKED | OF_TRAFFIC, 0,
         "with type webhook, metric or traffic", NULL},
        {"on_error", raw->on_error, OF_ASKED, 0, asked, NULL},
        {"on_inconclusive", raw->on_inconclusive, OF_METRIC | OF_TRAFFIC, 0,
         "with type metric or traffic", NULL},
        {"tolerance", raw->tolerance, OF_TRAFFIC, 0, "with type traffic", NULL},
        {"deadline", raw->deadline, OF_ALL, OF_APPROVAL, "", "the time that an operator has"},
        {"min", raw->min, OF_THRESHOLD, 0, one_query, NULL},
        {"max", raw->max, OF_THRESHOLD, 0, one_query, NULL},
        {"window", raw->window, OF_COMPARISON | (asks_aws ? OF_THRESHOLD : 0), 0, two_queries,
         NULL},
        {"resolution", raw->resolution, OF_COMPARISON, 0, two_queries, NULL},
        {"significance", raw->significance, OF_COMPARISON, 0, two_queries, NULL},
        {"effect", raw->effect, OF_COMPARISON, 0, two_queries, NULL},
        {"min_samples", raw->min_samples, OF_COMPARISON, 0, two_queries, NULL},
        {"worse", raw->worse, OF_COMPARISON, OF_COMPARISON, two_queries,
         "higher or lower, as the values of a candidate that does worse are,"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rules); i++) {
        if (!check_key(place, &rules[i], type)) {
            return false;
        }
    }
    return true;
}

/* `type: metric` is two kinds, told apart by their queries. */
static bool fill_type(const struct place *place, const struct raw_gate *raw,
                      enum config_gate_type *type)
{
    static const char *const names[] = {"webhook", "metric", "approval", "traffic", NULL};
    static const enum config_gate_type types[] = {GATE_TYPE_WEBHOOK, GATE_TYPE_THRESHOLD,
                                                  GATE_TYPE_APPROVAL, GATE_TYPE_TRAFFIC};
    bool compares = raw->candidate_query != NULL || raw->stable_query != NULL;
    unsigned index = 0;
    if (!fill_choice(place, "type", raw->type, names, &index)) {
        return false;
    }
    *type = types[index];
    if (*type != GATE_TYPE_THRESHOLD) {
        return true;
    }
    if ((raw->query != NULL) == compares) {
        return place_fail(place, NULL,
                          "found %s query and candidate_query with stable_query, expected one of "
                          "them in a gate of type metric",
                          compares ? "both" : "neither");
    }
    *type = compares ? GATE_TYPE_COMPARISON : GATE_TYPE_THRESHOLD;
    return true;
}

static bool fill_when(const struct place *place, const struct raw_gate *raw,
                      struct config_gate *gate)
{
    static const char *const names[] = {"step", "holds", "both", NULL};
    unsigned when = 0;
    if (!fill_choice(place, "when", raw->when, names, &when)) {
        return false;
    }
    gate->is_at_step = when != 1;
    gate->is_in_holds = when != 0;
    if (gate->type == GATE_TYPE_APPROVAL && gate->is_in_holds) {
        return place_fail(place, "when",
                          "found %s in a gate of type approval, expected step: it is asked for "
                          "when a hold is over",
                          raw->when);
    }
    const char *key = raw->deadline != NULL ? "deadline" : "on_deadline";
    if (!gate->is_at_step && (raw->deadline != NULL || raw->on_deadline != NULL)) {
        return place_fail(place, key,
                          "found in a gate that is asked in holds only, expected with when: step "
                          "or both (a hold does not wait for it)");
    }
    return true;
}

static bool fill_otherwise(const struct place *place, const char *key, const char *text,
                           const char *const *names, enum config_gate_otherwise *otherwise)
{
    unsigned value = *otherwise;
    bool ok = fill_choice(place, key, text, names, &value);
    *otherwise = (enum config_gate_otherwise)value;
    return ok;
}

static bool fill_asking(const struct place *place, const struct raw_gate *raw,
                        struct config_gate *gate)
{
    gate->timeout_ms = 10 * SECOND_MS;
    gate->retries = 3;
    gate->interval_ms = 10 * SECOND_MS;
    gate->deadline_ms = gate->is_at_step ? 5 * 60 * SECOND_MS : 0;
    gate->on_error = GATE_OTHERWISE_FALL_BACK;
    gate->on_inconclusive = GATE_OTHERWISE_WAIT;
    gate->on_deadline = GATE_OTHERWISE_FALL_BACK;
    struct range asking = {SHORT_MS, HOUR_MS};
    if (!fill_duration(place, "timeout", raw->timeout, asking, &gate->timeout_ms) ||
        !fill_number(place, "retries", raw->retries, (struct range){0, RETRIES_MAX},
                     &gate->retries) ||
        !fill_duration(place, "interval", raw->interval, asking, &gate->interval_ms) ||
        !fill_duration(place, "deadline", raw->deadline, (struct range){SHORT_MS, YEAR_MS},
                       &gate->deadline_ms) ||
        !fill_otherwise(place, "on_error", raw->on_error, otherwise_names, &gate->on_error) ||
        !fill_otherwise(place, "on_inconclusive", raw->on_inconclusive, otherwise_names,
                        &gate->on_inconclusive) ||
        !fill_otherwise(place, "on_deadline", raw->on_deadline, end_names, &gate->on_deadline)) {
        return false;
    }
    bool has_timeout = gate->type != GATE_TYPE_APPROVAL && gate->type != GATE_TYPE_TRAFFIC;
    if (has_timeout && gate->is_at_step && gate->deadline_ms < gate->timeout_ms) {
        char deadline[DURATION_TEXT_SIZE];
        char timeout[DURATION_TEXT_SIZE];
        duration_print(gate->deadline_ms, deadline);
        duration_print(gate->timeout_ms, timeout);
        return place_fail(place, "deadline", "found %s, expected at least the timeout (%s)",
                          deadline, timeout);
    }
    return true;
}

static bool check_placeholders(const struct place *place, const char *key, const char *text)
{
    struct error why;
    return text == NULL || placeholder_check(text, config_gate_placeholders, &why) ||
           place_fail(place, key, "%s", why.text);
}

static bool fill_query(const struct place *place, const char *key, const char *text,
                       const char **query)
{
    return fill_text(place, key, text, query) && check_placeholders(place, key, text);
}

static bool fill_target(const struct place *place, const struct raw_gate *raw,
                        struct config_gate *gate)
{
    bool is_webhook = gate->type == GATE_TYPE_WEBHOOK;
    if (!fill_url(place, "url", raw->url, &gate->url) ||
        !fill_path(place, "secret_file", raw->secret_file, &gate->secret_file) ||
        !fill_path(place, "token_file", raw->token_file, &gate->token_file) ||
        !fill_path(place, "ca_file", raw->ca_file, &gate->ca_file)) {
        return false;
    }
    if (raw->ca_file != NULL && strncmp(gate->url, "https:", 6) != 0) {
        return place_fail(place, "ca_file",
                          "found beside a URL without TLS, expected only with https://");
    }
    if (is_webhook) {
        return check_placeholders(place, "url", gate->url);
    }
    return fill_prometheus_url(place, "url", raw->url, &gate->url);
}

/* Who has the metric. */
static bool fill_metric_source(const struct place *place, const struct raw_gate *raw,
                               struct config_gate *gate)
{
    const char *const others[] = {raw->url, raw->ca_file, raw->token_file};
    if (gate->metric.is_cloudwatch) {
        return fill_cloudwatch(place, raw->delay, others, &gate->metric.delay_ms);
    }
    if (raw->delay != NULL) {
        return place_fail(place, "delay", "found with prometheus, expected only with cloudwatch");
    }
    return fill_target(place, raw, gate);
}

static bool fill_threshold(const struct place *place, const struct raw_gate *raw,
                           struct config_gate_metric *metric)
{
    metric->window_ms = 5 * 60 * SECOND_MS;
    if (!fill_query(place, "query", raw->query, &metric->query) ||
        !fill_duration(place, "window", raw->window, (struct range){SECOND_MS, DAY_MS},
                       &metric->window_ms) ||
        !fill_decimal(place, "min", raw->min, &metric->min) ||
        !fill_decimal(place, "max", raw->max, &metric->max)) {
        return false;
    }
    metric->has_min = raw->min != NULL;
    metric->has_max = raw->max != NULL;
    if (!metric->has_min && !metric->has_max) {
        return place_fail(place, NULL,
                          "found neither min nor max, expected one of them or both beside query");
    }
    return !metric->has_min || !metric->has_max || metric->min <= metric->max ||
           place_fail(place, "min", "found %s, expected at most max (%s)", raw->min, raw->max);
}

static bool check_samples(const struct place *place, const struct config_gate_metric *metric)
{
    int64_t samples = metric->window_ms / metric->resolution_ms + 1;
    if (samples > RESOLUTION_MAX) {
        return place_fail(place, "resolution",
                          "found %lld samples in a window, expected at most %d", (long long)samples,
                          RESOLUTION_MAX);
    }
    return samples >= metric->min_samples ||
           place_fail(place, "window",
                      "found room for %lld samples, expected it for min_samples (%u)",
                      (long long)samples, metric->min_samples);
}

static bool fill_comparison(const struct place *place, const struct raw_gate *raw,
                            struct config_gate_metric *metric)
{
    static const char *const worse_names[] = {"higher", "lower", NULL};
    unsigned worse = 0;
    metric->window_ms = (metric->is_cloudwatch ? 15 : 5) * 60 * SECOND_MS;
    metric->resolution_ms = metric->is_cloudwatch ? 60 * SECOND_MS : 5 * SECOND_MS;
    metric->significance = 0.05;
    metric->effect = 0.147;
    metric->min_samples = 10;
    if (!fill_query(place, "candidate_query", raw->candidate_query, &metric->candidate_query) ||
        !fill_query(place, "stable_query", raw->stable_query, &metric->stable_query) ||
        !fill_duration(place, "window", raw->window, (struct range){SECOND_MS, DAY_MS},
                       &metric->window_ms) ||
        !fill_duration(place, "resolution", raw->resolution, (struct range){SHORT_MS, HOUR_MS},
                       &metric->resolution_ms) ||
        !fill_decimal(place, "significance", raw->significance, &metric->significance) ||
        !fill_decimal(place, "effect", raw->effect, &metric->effect) ||
        !fill_number(place, "min_samples", raw->min_samples, (struct range){1, SAMPLES_MAX},
                     &metric->min_samples) ||
        !fill_choice(place, "worse", raw->worse, worse_names, &worse)) {
        return false;
    }
    metric->is_lower_worse = worse == 1;
    if (metric->significance <= 0 || metric->significance >= 1) {
        return place_fail(place, "significance", "found %s, expected more than 0 and less than 1",
                          raw->significance);
    }
    if (metric->effect < 0 || metric->effect > 1) {
        return place_fail(place, "effect", "found %s, expected 0 to 1", raw->effect);
    }
    return check_samples(place, metric);
}

static bool fill_tolerance(const struct place *place, const struct raw_gate *raw,
                           struct config_gate *gate)
{
    gate->tolerance = 5;
    return fill_decimal(place, "tolerance", raw->tolerance, &gate->tolerance) &&
           ((gate->tolerance >= 0 && gate->tolerance <= 100) ||
            place_fail(place, "tolerance", "found %s, expected percentage points from 0 to 100",
                       raw->tolerance));
}

/* Somebody has to measure it. */
static bool check_source(const struct place *place, const struct config_rollout *rollout)
{
    const struct config *config = place->reader->config;
    for (size_t i = 0; i < rollout->record_set_count; i++) {
        if (config->record_sets[rollout->record_sets[i]].traffic != NULL) {
            return true;
        }
    }
    return place_fail(place, "type",
                      "found traffic, expected it only where a record set of the rollout has a "
                      "source of it (the key traffic of the record set)");
}

static bool fill_gate(const struct place *place, const struct raw_gate *raw,
                      struct config_gate *gate)
{
    static const char *const sources[] = {"prometheus", "cloudwatch", NULL};
    unsigned source = 0;
    gate->line = place_line(place);
    if (!fill_name(place, "name", raw->name, &gate->name) || !fill_type(place, raw, &gate->type) ||
        !fill_choice(place, "source", raw->source, sources, &source)) {
        return false;
    }
    gate->metric.is_cloudwatch = source == 1;
    if (!check_keys(place, raw, gate->type, gate->metric.is_cloudwatch) ||
        !fill_when(place, raw, gate) || !fill_asking(place, raw, gate)) {
        return false;
    }
    switch (gate->type) {
    case GATE_TYPE_WEBHOOK:
        return fill_target(place, raw, gate);
    case GATE_TYPE_THRESHOLD:
        return fill_metric_source(place, raw, gate) && fill_threshold(place, raw, &gate->metric);
    case GATE_TYPE_COMPARISON:
        return fill_metric_source(place, raw, gate) && fill_comparison(place, raw, &gate->metric);
    case GATE_TYPE_TRAFFIC:
        return fill_tolerance(place, raw, gate);
    case GATE_TYPE_APPROVAL:
        break;
    }
    return true;
}

bool fill_gates(const struct place *place, const struct raw_rollout *raw,
                struct config_rollout *rollout)
{
    rollout->gates = arena_alloc(place->reader->arena, raw->gates_count * sizeof(*rollout->gates));
    rollout->gate_count = raw->gates_count;
    for (size_t i = 0; i < raw->gates_count; i++) {
        struct config_gate *gate = &rollout->gates[i];
        struct place at = place_item(place, "gates", i);
        if (!fill_gate(&at, &raw->gates[i], gate) ||
            (gate->type == GATE_TYPE_TRAFFIC && !check_source(&at, rollout))) {
            return false;
        }
        for (size_t j = 0; j < i; j++) {
            if (strcmp(gate->name, rollout->gates[j].name) == 0) {
                return place_fail(&at, "name",
                                  "found gate %s a second time, expected each name once in the "
                                  "rollout (first in line %u)",
                                  gate->name, rollout->gates[j].line);
            }
        }
    }
    return true;
}
