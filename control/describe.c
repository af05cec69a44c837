/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/describe.h"

#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "common/arena.h"
#include "common/clock.h"
#include "control/ecs_level.h"
#include "control/event_queues.h"
#include "control/fleet.h"
#include "control/freeze.h"
#include "control/journal.h"
#include "control/rollout_run.h"
#include "control/route53.h"
#include "control/rule.h"
#include "control/rule_gates.h"
#include "control/rule_ttl.h"

json_t *describe_text(const char *text)
{
    json_t *json = json_string(text);
    if (json != NULL) {
        return json;
    }
    CLEANUP(alloc_freep) char *plain = alloc_string(text);
    for (char *c = plain; *c != '\0'; c++) {
        if ((unsigned char)*c >= 0x80) {
            *c = '?';
        }
    }
    return json_string(plain);
}

json_t *describe_time(int64_t at_ms)
{
    char text[CLOCK_TEXT_SIZE];
    clock_format(at_ms, text);
    return at_ms == 0 ? json_null() : json_string(text);
}

json_t *describe_text_or_null(const char *text)
{
    return text == NULL ? json_null() : describe_text(text);
}

json_t *describe_id_or_null(int64_t id)
{
    return id == 0 ? json_null() : json_integer(id);
}

static json_t *describe_target(const struct record_set_state *set,
                               const struct member_state *member, const struct target *target)
{
    CLEANUP(alloc_freep) char *id = alloc_printf("%s/%s", set->key, member->config->id);
    json_t *json = json_object();
    json_object_set_new(json, "member", describe_text(id));
    json_object_set_new(json, "health_check", describe_text(target->check->name));
    json_object_set_new(json, "address", describe_text(target->address));
    json_object_set_new(json, "verdict", json_string(health_verdict_name(target->health.verdict)));
    json_object_set_new(json, "streak", json_integer(target->health.streak));
    json_object_set_new(json, "last_result", describe_text(target->last_result));
    json_object_set_new(json, "latency_ms", json_integer(target->last_latency_ms));
    json_object_set_new(json, "last_probe_at", describe_time(target->last_probe_ms));
    json_object_set_new(json, "forced", json_string(forced_health_name(member->forced)));
    return json;
}

json_t *describe_health(struct control *control)
{
    json_t *targets = json_array();
    for (size_t i = 0; i < control->config->record_set_count; i++) {
        const struct record_set_state *set = &control->record_sets[i];
        for (size_t m = 0; m < set->member_count; m++) {
            const struct member_state *member = &set->members[m];
            for (size_t t = 0; t < member->target_count; t++) {
                json_array_append_new(targets, describe_target(set, member, member->targets[t]));
            }
        }
    }
    return json_pack("{s:o}", "targets", targets);
}

json_t *describe_rollout(const struct rollout *rollout)
{
    json_t *steps = json_array();
    for (size_t i = 0; i < rollout->plan.step_count; i++) {
        json_array_append_new(steps, json_integer(rollout->plan.steps[i]));
    }
    json_t *json = json_object();
    json_object_set_new(json, "id", json_integer(rollout->id));
    json_object_set_new(json, "rule", describe_text(rollout->rule));
    json_object_set_new(json, "deployment", describe_text(rollout->deployment));
    json_object_set_new(json, "who", describe_text(rollout->who));
    json_object_set_new(json, "state", json_string(rollout_state_name(rollout->state)));
    json_object_set_new(json, "step", json_integer((json_int_t)rollout->step + 1));
    json_object_set_new(json, "steps", steps);
    json_object_set_new(json, "weight", json_integer(rollout_weight(rollout)));
    json_object_set_new(json, "plan_state",
                        rollout->run == NULL || rollout->run->execution == NULL
                            ? json_null()
                            : describe_text(asl_execution_state(rollout->run->execution)));
    json_object_set_new(json, "hold_ms", json_integer(rollout->plan.hold_ms));
    json_object_set_new(json, "hold_left_ms",
                        json_integer(rollout_hold_left_ms(rollout, clock_now_ms())));
    json_object_set_new(json, "stable", describe_text(rollout->stable));
    json_object_set_new(json, "candidate", describe_text(rollout->candidate));
    json_object_set_new(json, "started_at", describe_time(rollout->started_ms));
    json_object_set_new(json, "ended_at", describe_time(rollout->ended_ms));
    json_object_set_new(json, "reason", describe_text(rollout->reason));
    return json;
}

json_t *describe_last_rollout(const struct rule_state *rule)
{
    json_t *json = describe_rollout(&rule->rollout);
    char pending[ROLLOUT_TEXT_SIZE * 2], whole[ROLLOUT_TEXT_SIZE * 4];
    if (route53_is_pending(rule, pending, sizeof(pending))) {
        const char *reason = rule->rollout.reason;
        snprintf(whole, sizeof(whole), "%s%s%s", reason, reason[0] == '\0' ? "" : "; ", pending);
        json_object_set_new(json, "reason", describe_text(whole));
    }
    return json;
}

json_t *describe_rule(const struct rule_state *rule)
{
    json_t *steps = json_array();
    json_t *sets = json_array();
    const struct plan *plan = &rule->plan.plan;
    for (size_t i = 0; i < plan->step_count; i++) {
        json_array_append_new(steps, json_integer(plan->steps[i]));
    }
    for (size_t i = 0; i < rule->record_set_count; i++) {
        json_array_append_new(sets, describe_text(rule->record_sets[i]->key));
    }
    bool is_running = rule_is_running(rule);
    json_t *json = json_object();
    json_object_set_new(json, "name", describe_text(rule->config->name));
    json_object_set_new(json, "record_sets", sets);
    json_object_set_new(json, "cluster", describe_text(rule->config->cluster));
    json_object_set_new(json, "min_running",
                        rule->config->min_running == CONFIG_ALL_RUNNING
                            ? json_string("all")
                            : json_integer(rule->config->min_running));
    json_object_set_new(json, "trigger", json_string(config_trigger_name(rule->config->trigger)));
    json_object_set_new(json, "live", describe_text(rule_live(rule)));
    json_object_set_new(
        json, "plan",
        json_pack("{s:o, s:o, s:o, s:I}", "steps", steps, "hold_ms",
                  rule->config->plan.asl != NULL ? json_null() : json_integer(plan->hold_ms), "asl",
                  rule->config->plan.asl == NULL ? json_null()
                                                 : describe_text(rule->config->plan.asl),
                  "fall_back_ms", (json_int_t)rule_fall_back_ms(rule)));
    json_object_set_new(json, "gates", rule_gates_describe(rule));
    json_object_set_new(json, "running", is_running ? describe_last_rollout(rule) : json_null());
    json_object_set_new(
        json, "last", rule->has_rollout && !is_running ? describe_last_rollout(rule) : json_null());
    return json;
}

json_t *describe_history_entry(const struct history_entry *entry)
{
    json_t *json = json_object();
    json_object_set_new(json, "id", json_integer(entry->id));
    json_object_set_new(json, "at", describe_time(entry->at_ms));
    json_object_set_new(json, "rollout", describe_id_or_null(entry->rollout));
    json_object_set_new(json, "kind", describe_text(entry->kind));
    json_object_set_new(json, "who", describe_text(entry->who));
    json_object_set_new(json, "text", describe_text(entry->text));
    return json;
}

json_t *describe_event(const struct event_entry *entry)
{
    json_t *json = json_object();
    json_object_set_new(json, "seq", json_integer(entry->seq));
    json_object_set_new(json, "at", describe_time(entry->at_ms));
    json_object_set_new(json, "event_id", describe_text(entry->event_id));
    json_object_set_new(json, "task_arn", describe_text(entry->task_arn));
    json_object_set_new(json, "version", json_integer(entry->version));
    json_object_set_new(json, "service", describe_text(entry->service));
    json_object_set_new(json, "deployment", describe_text(entry->deployment));
    json_object_set_new(json, "fate", json_string(entry->fate));
    json_object_set_new(json, "reason", describe_text(entry->reason));
    json_object_set_new(json, "rollout", describe_id_or_null(entry->rollout));
    return json;
}

/* null: not signed. */
static json_t *describe_signer(const struct zone_entry *entry)
{
    if (entry->definition->zone->dnssec != NULL) {
        return json_string("here");
    }
    bool is_signed = entry->zone != NULL && entry->zone->denial != NULL;
    return is_signed ? json_string("file") : json_null();
}

json_t *describe_zone(const struct zone_entry *entry)
{
    const struct zone *zone = entry->zone;
    const struct zone_definition *definition = entry->definition;
    char name[NAME_TEXT_SIZE];
    name_print(definition->origin.octets, name);
    json_t *json = json_object();
    json_object_set_new(json, "name", json_string(name));
    json_object_set_new(json, "file", describe_text(definition->zone->file));
    json_object_set_new(json, "source",
                        json_string(definition->own != NULL ? "run time" : "configuration"));
    json_object_set_new(json, "served", json_boolean(zone != NULL));
    json_object_set_new(json, "signed", describe_signer(entry));
    if (zone != NULL) {
        json_object_set_new(json, "serial", json_integer(zone->serial));
        json_object_set_new(json, "names", json_integer((json_int_t)zone->node_count));
        json_object_set_new(json, "records", json_integer((json_int_t)zone->record_count));
        json_object_set_new(json, "memory_octets",
                            json_integer((json_int_t)arena_size(zone->arena)));
    }
    json_object_set_new(json, "loaded_at", describe_time(entry->loaded_ms));
    json_object_set_new(json, "error", describe_text_or_null(entry->failure));
    json_object_set_new(json, "warning", describe_text_or_null(entry->warning));
    return json;
}

static json_t *describe_publishes(const struct publish_times *times)
{
    return json_pack("{s:I, s:f, s:f, s:f}", "count", (json_int_t)times->count, "median_us",
                     publish_times_quantile_us(times, 500), "p99_us",
                     publish_times_quantile_us(times, 990), "worst_us",
                     (double)times->worst_ns / 1000);
}

json_t *describe_stats(struct control *control)
{
    json_t *counters = json_object();
    for (int i = 0; i < COUNTER_COUNT; i++) {
        uint64_t value = exchange_count(control->exchange, (enum server_counter)i);
        json_object_set_new(counters, server_counter_name((enum server_counter)i),
                            json_integer((json_int_t)value));
    }
    json_t *sets = json_array();
    for (size_t i = 0; i < control->config->record_set_count; i++) {
        const struct record_set_state *set = &control->record_sets[i];
        const struct record_set *record_set = set->record_set;
        json_t *members = json_array();
        for (size_t m = 0; m < set->member_count; m++) {
            uint64_t answered =
                exchange_answered(control->exchange, record_set->first_member + (uint32_t)m);
            json_array_append_new(members, json_pack("{s:s, s:I}", "id", record_set->members[m].id,
                                                     "answered", (json_int_t)answered));
        }
        json_array_append_new(sets, json_pack("{s:s, s:s, s:o}", "name", set->name, "type",
                                              set->type, "members", members));
    }
    return json_pack("{s:I, s:o, s:o, s:o}", "workers", (json_int_t)control->exchange->worker_count,
                     "counters", counters, "publishes",
                     describe_publishes(&control->publisher.times), "record_sets", sets);
}

static void count_event(void *argument, const char *fate, int64_t count)
{
    (void)fate;
    *(int64_t *)argument += count;
}

static json_t *describe_verdicts(struct control *control)
{
    json_int_t counts[3] = {0};
    const struct target *last = NULL;
    for (size_t i = 0; i < control->target_user_count; i++) {
        /* Sorted by target: one that several members share counts once. */
        if (control->target_users[i].target != last) {
            last = control->target_users[i].target;
            counts[last->health.verdict]++;
        }
    }
    return json_pack("{s:I, s:I, s:I}", "healthy", counts[HEALTH_HEALTHY], "unhealthy",
                     counts[HEALTH_UNHEALTHY], "unknown", counts[HEALTH_UNKNOWN]);
}

json_t *describe_status(struct control *control)
{
    struct error err;
    int64_t received = 0;
    json_t *running = json_array();
    for (size_t i = 0; i < control->config->rollout_count; i++) {
        if (rule_is_running(&control->rules[i])) {
            json_array_append_new(running, describe_last_rollout(&control->rules[i]));
        }
    }
    if (!store_count_events(control->store, count_event, &received, &err)) {
        journal_failed(control, &err);
    }
    json_t *json = json_object();
    json_object_set_new(json, "version", json_string(PACKAGE_VERSION));
    json_object_set_new(json, "started_at", describe_time(control->started_ms));
    json_object_set_new(json, "uptime_s",
                        json_integer((clock_now_ms() - control->started_ms) / 1000));
    json_object_set_new(json, "workers", json_integer((json_int_t)control->exchange->worker_count));
    json_object_set_new(json, "generation",
                        json_integer((json_int_t)control->publisher.current->generation));
    json_object_set_new(json, "zones",
                        json_integer((json_int_t)control->publisher.current->zones->count));
    json_object_set_new(json, "record_sets",
                        json_integer((json_int_t)control->config->record_set_count));
    json_object_set_new(json, "health", describe_verdicts(control));
    json_object_set_new(json, "frozen", freeze_describe(control));
    json_object_set_new(json, "rollouts", running);
    json_object_set_new(json, "events", json_pack("{s:I}", "received", (json_int_t)received));
    json_object_set_new(json, "queues", event_queues_describe(control));
    json_object_set_new(json, "services", ecs_level_describe(control, NULL));
    json_object_set_new(json, "fleet", fleet_describe(control));
    json_object_set_new(json, "store",
                        control->store_error.text[0] == '\0'
                            ? json_string("ok")
                            : describe_text(control->store_error.text));
    return json;
}
