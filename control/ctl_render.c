/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/ctl_render.h"

#include <inttypes.h>
#include <string.h>

#include "common/attributes.h"
#include "common/duration.h"
#include "control/ctl_render_events.h"
#include "control/ctl_render_fleet.h"
#include "control/ctl_render_history.h"
#include "control/ctl_render_records.h"
#include "control/ctl_render_resolvers.h"
#include "control/ctl_render_route53.h"
#include "control/ctl_render_services.h"
#include "control/ctl_render_zones.h"
#include "control/ctl_table.h"

/* Text of the daemon within a line of ours. */
static void put(FILE *out, const struct style *style, enum ink ink, const char *text)
{
    text_put(out, style, ink, text, SIZE_MAX);
}

static const json_t *list_of(const json_t *result, const char *key)
{
    return json_object_get(result, key);
}

static void rollout_line(FILE *out, const struct style *style, const json_t *rollout)
{
    char left[DURATION_TEXT_SIZE];
    const char *state = field_text(rollout, "state");
    fprintf(out, "%" PRId64 " ", field_number(rollout, "id"));
    put(out, style, INK_BOLD, field_text(rollout, "rule"));
    fputs(": ", out);
    put(out, style, ink_of(state), state);
    fprintf(out, " at weight %" PRId64 " (step %" PRId64 " of %zu), ",
            field_number(rollout, "weight"), field_number(rollout, "step"),
            json_array_size(json_object_get(rollout, "steps")));
    put(out, style, INK_PLAIN, field_text(rollout, "stable"));
    fputs(" to ", out);
    put(out, style, INK_PLAIN, field_text(rollout, "candidate"));
    if (field_is_null(rollout, "ended_at")) {
        fprintf(out, ", %s of the hold left",
                text_seconds(field_number(rollout, "hold_left_ms"), left));
    } else {
        fputs(", ended ", out);
        put(out, style, INK_PLAIN, field_text(rollout, "ended_at"));
    }
    fputc('\n', out);
    const char *reason = field_text(rollout, "reason");
    if (strcmp(reason, "-") != 0) {
        fputs("  ", out);
        put(out, style, INK_PLAIN, reason);
        fputc('\n', out);
    }
}

static void rollout_details(FILE *out, const struct style *style, const json_t *rollout)
{
    rollout_line(out, style, rollout);
    fputs("  deployment ", out);
    put(out, style, INK_PLAIN, field_text(rollout, "deployment"));
    fputs("\n  started    ", out);
    put(out, style, INK_PLAIN, field_text(rollout, "started_at"));
    fputs(" by ", out);
    put(out, style, INK_PLAIN, field_text(rollout, "who"));
    fputc('\n', out);
}

static void render_freeze(FILE *out, const struct style *style, const json_t *result)
{
    const json_t *frozen = json_object_get(result, "frozen");
    if (!json_is_object(frozen)) {
        return;
    }
    fputs("frozen       ", out);
    put(out, style, INK_BAD, field_text(frozen, "reason"));
    fputs(" (since ", out);
    put(out, style, INK_PLAIN, field_text(frozen, "since"));
    fputs(", ", out);
    put(out, style, INK_PLAIN, field_text(frozen, "who"));
    fputs(")\n", out);
}

static void render_frozen_or_not(FILE *out, const struct style *style, const json_t *result)
{
    if (field_is_null(result, "frozen")) {
        fputs("rollouts go on\n", out);
    } else {
        render_freeze(out, style, result);
    }
}

static void render_queues(FILE *out, const struct style *style, const json_t *result)
{
    const json_t *queues = list_of(result, "queues");
    for (size_t i = 0; i < json_array_size(queues); i++) {
        const json_t *queue = json_array_get(queues, i);
        bool is_connected = json_is_true(json_object_get(queue, "connected"));
        const char *error = field_text(queue, "error");
        fputs("queue        ", out);
        put(out, style, INK_PLAIN, field_text(queue, "url"));
        fprintf(out, ": %s, %" PRId64 " received, %" PRId64 " deleted, %" PRId64 " poison\n",
                is_connected ? "connected" : "not connected", field_number(queue, "received"),
                field_number(queue, "deleted"), field_number(queue, "poison"));
        if (json_is_string(json_object_get(queue, "error"))) {
            fputs("             ", out);
            put(out, style, INK_BAD, error);
            fputc('\n', out);
        }
    }
}

static void render_status(FILE *out, const struct style *style, const json_t *result)
{
    char uptime[DURATION_TEXT_SIZE];
    const json_t *health = json_object_get(result, "health");
    fputs("ballastd ", out);
    put(out, style, INK_BOLD, field_text(result, "version"));
    fprintf(out, ", up %s since ", text_seconds(field_number(result, "uptime_s") * 1000, uptime));
    put(out, style, INK_PLAIN, field_text(result, "started_at"));
    fprintf(out,
            "\nworkers      %" PRId64 "\ngeneration   %" PRId64 "\nzones        %" PRId64
            "\nrecord sets  %" PRId64 "\n",
            field_number(result, "workers"), field_number(result, "generation"),
            field_number(result, "zones"), field_number(result, "record_sets"));
    fprintf(out, "targets      %" PRId64 " healthy, %" PRId64 " unhealthy, %" PRId64 " unknown\n",
            field_number(health, "healthy"), field_number(health, "unhealthy"),
            field_number(health, "unknown"));
    fprintf(out, "events       %" PRId64 " received\n",
            field_number(json_object_get(result, "events"), "received"));
    const char *store = field_text(result, "store");
    fputs("store        ", out);
    put(out, style, strcmp(store, "ok") == 0 ? INK_PLAIN : INK_BAD, store);
    fputc('\n', out);
    render_queues(out, style, result);
    render_services(out, style, result);
    render_fleet(out, style, json_object_get(result, "fleet"));
    render_freeze(out, style, result);
    const json_t *rollouts = list_of(result, "rollouts");
    for (size_t i = 0; i < json_array_size(rollouts); i++) {
        fputs("rollout      ", out);
        rollout_line(out, style, json_array_get(rollouts, i));
    }
}

static void render_targets(FILE *out, const struct style *style, const json_t *result)
{
    const json_t *targets = list_of(result, "targets");
    struct table *table = TABLE("MEMBER", "CHECK", "ADDRESS", "VERDICT", ">STREAK", ">MS",
                                "LAST PROBE", "RESULT", "FORCED");
    for (size_t i = 0; i < json_array_size(targets); i++) {
        const json_t *target = json_array_get(targets, i);
        const char *verdict = field_text(target, "verdict");
        table_add(table, INK_BOLD, "%s", field_text(target, "member"));
        table_add(table, INK_PLAIN, "%s", field_text(target, "health_check"));
        table_add(table, INK_PLAIN, "%s", field_text(target, "address"));
        table_add(table, ink_of(verdict), "%s", verdict);
        table_add(table, INK_PLAIN, "%" PRId64, field_number(target, "streak"));
        table_add(table, INK_PLAIN, "%" PRId64, field_number(target, "latency_ms"));
        table_add(table, INK_PLAIN, "%s", field_text(target, "last_probe_at"));
        table_add(table, INK_PLAIN, "%s", field_text(target, "last_result"));
        table_add(table, INK_PLAIN, "%s", field_text(target, "forced"));
    }
    if (json_array_size(targets) == 0) {
        fputs("nothing is probed: no member has a health check\n", out);
    }
    table_print(table, out, style, "");
}

static void render_forced(FILE *out, const struct style *style, const json_t *result)
{
    put(out, style, INK_BOLD, field_text(result, "member"));
    fputs(": health ", out);
    put(out, style, INK_PLAIN, field_text(result, "forced"));
    fputc('\n', out);
}

static void rule_print(FILE *out, const struct style *style, const json_t *rule)
{
    char text[512];
    char hold[DURATION_TEXT_SIZE];
    const json_t *plan = json_object_get(rule, "plan");
    const json_t *steps = json_object_get(plan, "steps");
    put(out, style, INK_BOLD, field_text(rule, "name"));
    render_values(json_object_get(rule, "record_sets"), text, sizeof(text));
    fputs(": ", out);
    put(out, style, INK_PLAIN, text);
    fputs(", cluster ", out);
    put(out, style, INK_PLAIN, field_text(rule, "cluster"));
    fputs(", starts by ", out);
    put(out, style, INK_PLAIN, field_text(rule, "trigger"));
    if (json_is_string(json_object_get(rule, "min_running"))) {
        fputs(", all running\n  plan     ", out);
    } else {
        fprintf(out, ", %" PRId64 " running\n  plan     ", field_number(rule, "min_running"));
    }
    for (size_t i = 0; i < json_array_size(steps); i++) {
        fprintf(out, "%s%" PRId64, i == 0 ? "" : ", ",
                (int64_t)json_integer_value(json_array_get(steps, i)));
    }
    if (field_is_null(plan, "asl")) {
        duration_print(field_number(plan, "hold_ms"), hold);
        fprintf(out, "; hold %s", hold);
    } else {
        fputs("; ", out);
        put(out, style, INK_PLAIN, field_text(plan, "asl"));
    }
    duration_print(field_number(plan, "fall_back_ms"), hold);
    fprintf(out, "; a fall-back takes up to %s\n", hold);
    if (!field_is_null(rule, "running")) {
        fputs("  running  ", out);
        rollout_line(out, style, json_object_get(rule, "running"));
    }
    if (!field_is_null(rule, "last")) {
        fputs("  last     ", out);
        rollout_line(out, style, json_object_get(rule, "last"));
    }
}

static void render_rules(FILE *out, const struct style *style, const json_t *result)
{
    const json_t *rules = list_of(result, "rules");
    if (json_array_size(rules) == 0) {
        fputs("no rollouts are configured\n", out);
    }
    for (size_t i = 0; i < json_array_size(rules); i++) {
        rule_print(out, style, json_array_get(rules, i));
    }
}

static void render_rollout(FILE *out, const struct style *style, const json_t *result)
{
    if (field_is_null(result, "rollout")) {
        fputs("no rollout yet\n", out);
    } else {
        rollout_details(out, style, json_object_get(result, "rollout"));
    }
    render_record_sets(out, style, result);
    render_services(out, style, result);
    render_history(out, style, result);
}

static void render_message(FILE *out, const struct style *style, const json_t *result)
{
    put(out, style, INK_PLAIN, field_text(result, "message"));
    fputc('\n', out);
}

static void render_keys(FILE *out, const struct style *style, const json_t *result)
{
    const json_t *keys = list_of(result, "keys");
    static const char *const texts[] = {"algorithm", "role",      "state",
                                        "ds_state",  "waits_for", "ds"};
    struct table *table =
        TABLE("ZONE", ">TAG", "ALGORITHM", "ROLE", "STATE", "DS STATE", "WAITS FOR", "DS");
    for (size_t i = 0; i < json_array_size(keys); i++) {
        const json_t *key = json_array_get(keys, i);
        table_add(table, INK_BOLD, "%s", field_text(key, "zone"));
        table_add(table, INK_PLAIN, "%" PRId64, field_number(key, "tag"));
        for (size_t j = 0; j < ARRAY_LEN(texts); j++) {
            table_add(table, INK_PLAIN, "%s", field_text(key, texts[j]));
        }
    }
    table_print(table, out, style, "");
}

static const char *const publish_fields[] = {"median_us", "p99_us", "worst_us"};

static void render_stats(FILE *out, const struct style *style, const json_t *result)
{
    const char *name;
    const json_t *value;
    json_t *counters = json_object_get(result, "counters");
    struct table *totals = TABLE("COUNTER", ">VALUE");
    json_object_foreach(counters, name, value)
    {
        table_add(totals, INK_PLAIN, "%s", name);
        table_add(totals, INK_PLAIN, "%" PRId64, (int64_t)json_integer_value(value));
    }
    table_print(totals, out, style, "");
    const json_t *publishes = json_object_get(result, "publishes");
    struct table *times = TABLE(">PUBLISHES", ">MEDIAN UNDER", ">99 % UNDER", ">WORST");
    table_add(times, INK_PLAIN, "%" PRId64, field_number(publishes, "count"));
    for (size_t i = 0; i < ARRAY_LEN(publish_fields); i++) {
        table_add(times, INK_PLAIN, "%.0f µs",
                  json_number_value(json_object_get(publishes, publish_fields[i])));
    }
    table_print(times, out, style, "");
    const json_t *sets = list_of(result, "record_sets");
    struct table *table = TABLE("RECORD SET", "MEMBER", ">ANSWERED");
    for (size_t i = 0; i < json_array_size(sets); i++) {
        const json_t *set = json_array_get(sets, i);
        const json_t *members = list_of(set, "members");
        for (size_t j = 0; j < json_array_size(members); j++) {
            const json_t *member = json_array_get(members, j);
            table_add(table, INK_PLAIN, "%s/%s", field_text(set, "name"), field_text(set, "type"));
            table_add(table, INK_PLAIN, "%s", field_text(member, "id"));
            table_add(table, INK_PLAIN, "%" PRId64, field_number(member, "answered"));
        }
    }
    table_print(table, out, style, "");
}

static void render_level(FILE *out, const struct style *style, const json_t *result)
{
    put(out, style, INK_PLAIN, field_text(result, "level"));
    fputc('\n', out);
}

static void render_stop(FILE *out, const struct style *style, const json_t *result)
{
    (void)style;
    (void)result;
    fputs("the daemon is stopping\n", out);
}

static const struct {
    const char *command;
    void (*render)(FILE *out, const struct style *style, const json_t *result);
} renderers[] = {
    {"status", render_status},
    {"record list", render_record_sets},
    {"record show", render_record_set},
    {"record ttl", render_record_set},
    {"record resolvers", render_resolvers},
    {"weight set", render_record_sets},
    {"health list", render_targets},
    {"health force", render_forced},
    {"rollout list", render_rules},
    {"rollout show", render_rollout},
    {"rollout start", render_message},
    {"rollout pause", render_message},
    {"rollout resume", render_message},
    {"rollout promote", render_message},
    {"rollout abort", render_message},
    {"rollout freeze", render_frozen_or_not},
    {"rollout thaw", render_frozen_or_not},
    {"route53 status", render_route53_status},
    {"route53 diff", render_route53_diff},
    {"route53 sync", render_route53_diff},
    {"notify list", render_notices},
    {"notify retry", render_message},
    {"notify drop", render_message},
    {"rollout approve", render_message},
    {"rollout reject", render_message},
    {"rollout history", render_history},
    {"event push", render_events},
    {"event log", render_events},
    {"event pattern", render_event_pattern},
    {"event stats", render_event_stats},
    {"zone list", render_zones},
    {"zone add", render_zones},
    {"zone remove", render_message},
    {"zone reload", render_zones},
    {"zone check", render_zone_check},
    {"key list", render_keys},
    {"key generate", render_keys},
    {"key roll", render_keys},
    {"key ds-seen", render_keys},
    {"key forget", render_keys},
    {"stats", render_stats},
    {"log level", render_level},
    {"history", render_history},
    {"stop", render_stop},
};

void render(FILE *out, const struct style *style, const char *command, const json_t *result)
{
    for (size_t i = 0; i < ARRAY_LEN(renderers); i++) {
        if (strcmp(renderers[i].command, command) == 0) {
            renderers[i].render(out, style, result);
            return;
        }
    }
    json_dumpf(result, out, JSON_INDENT(2));
    fputc('\n', out);
}
