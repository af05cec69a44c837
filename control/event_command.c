/* SPDX-License-Identifier: BSD-2-Clause */
/* The commands that tell of ECS events: log, pattern, stats. Taking them in is in event_push.c. */
#include <stdlib.h>
#include <string.h>

#include "control/call.h"
#include "control/describe.h"
#include "control/event_pattern.h"

#define MOST_EVENTS      1000
#define MOST_DEPLOYMENTS 20 /* of a rule, in the statistics; sums have them all */

struct event_counts {
    json_t *counters;
    int64_t received;
};

static void add_count(void *argument, const char *fate, int64_t count)
{
    struct event_counts *counts = argument;
    counts->received += count;
    json_object_set_new(counts->counters, fate, json_integer(count));
}

void command_event_log(const struct call *call)
{
    struct error err;
    struct event_entry *entries = NULL;
    size_t count = 0;
    struct event_counts counts = {.counters = json_object()};
    if (!store_list_events(call->control->store, MOST_EVENTS, &entries, &count, &err) ||
        !store_count_events(call->control->store, add_count, &counts, &err)) {
        free(entries);
        json_decref(counts.counters);
        admin_request_fail(call->request, "%s", err.text);
        return;
    }
    json_t *events = json_array();
    for (size_t i = 0; i < count; i++) {
        json_array_append_new(events, describe_event(&entries[i]));
    }
    free(entries);
    admin_request_succeed(call->request,
                          json_pack("{s:o, s:o, s:I}", "events", events, "counters",
                                    counts.counters, "received", (json_int_t)counts.received));
}

void command_event_pattern(const struct call *call)
{
    const char *name = call_argument(call, 0);
    const struct rule_state *rule = NULL;
    struct error err;
    if (name != NULL && (rule = model_find_rule(call->control, name, &err)) == NULL) {
        admin_request_fail(call->request, "%s", err.text);
        return;
    }
    admin_request_succeed(
        call->request,
        event_pattern_describe(call->control->config, rule == NULL ? NULL : rule->config));
}

static void add_to(json_t *counters, const char *key, int64_t count)
{
    int64_t known = json_integer_value(json_object_get(counters, key));
    json_object_set_new(counters, key, json_integer(known + count));
}

static json_t *new_sums(void)
{
    return json_pack("{s:i, s:{}, s:{}}", "received", 0, "fates", "filters");
}

static void add_stat(json_t *sums, const struct event_stat *stat)
{
    add_to(sums, "received", stat->total);
    add_to(json_object_get(sums, "fates"), stat->fate, stat->total);
    if (stat->field[0] != '\0') {
        add_to(json_object_get(sums, "filters"), stat->field, stat->total);
    }
}

/* One rule's statistics, out of its rows, which are those of its newest deployment first. Rows
 * without a deployment count for the sums only. */
static json_t *describe_rule_stats(const char *name, const struct event_stat *stats, size_t count)
{
    json_t *rule = new_sums(), *deployments = json_array(), *last = NULL;
    int64_t last_id = 0, seen = 0;
    for (size_t i = 0; i < count; i++) {
        if (strcmp(stats[i].rule, name) != 0) {
            continue;
        }
        add_stat(rule, &stats[i]);
        if (stats[i].deployment[0] == '\0') {
            continue;
        }
        if (stats[i].deployment_id != last_id) {
            last_id = stats[i].deployment_id;
            last = new_sums();
            json_object_set_new(last, "deployment", describe_text(stats[i].deployment));
            if (++seen <= MOST_DEPLOYMENTS) {
                json_array_append(deployments, last);
            }
            json_decref(last);
        }
        if (seen <= MOST_DEPLOYMENTS) {
            add_stat(last, &stats[i]);
        }
    }
    json_object_set_new(rule, "deployments_seen", json_integer(seen));
    json_object_set_new(rule, "deployments", deployments);
    return rule;
}

void command_event_stats(const struct call *call)
{
    const struct config *config = call->control->config;
    struct event_stat *stats;
    size_t count;
    struct error err;
    if (!store_list_stats(call->control->store, &stats, &count, &err)) {
        admin_request_fail(call->request, "%s", err.text);
        return;
    }
    json_t *rules = json_array();
    for (size_t i = 0; i < config->rollout_count; i++) {
        json_t *rule = describe_rule_stats(config->rollouts[i].name, stats, count);
        json_object_set_new(rule, "rule", json_string(config->rollouts[i].name));
        json_array_append_new(rules, rule);
    }
    json_t *others = describe_rule_stats("", stats, count);
    json_object_del(others, "deployments");
    json_object_del(others, "deployments_seen");
    free(stats);
    admin_request_succeed(call->request, json_pack("{s:o, s:o}", "rules", rules, "others", others));
}
