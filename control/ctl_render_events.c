/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/ctl_render_events.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "control/ctl_table.h"

/* ARNs are long and their last part tells tasks and deployments apart. */
static const char *last_part(const char *text)
{
    const char *slash = strrchr(text, '/');
    return slash == NULL || slash[1] == '\0' ? text : slash + 1;
}

void render_events(FILE *out, const struct style *style, const json_t *result)
{
    const json_t *events = json_object_get(result, "events");
    struct table *table =
        TABLE(">SEQ", "AT", "SERVICE", "DEPLOYMENT", "TASK", ">VERSION", "FATE", "REASON");
    for (size_t i = 0; i < json_array_size(events); i++) {
        const json_t *event = json_array_get(events, i);
        const char *fate = field_text(event, "fate");
        table_add(table, INK_PLAIN, "%" PRId64, field_number(event, "seq"));
        table_add(table, INK_PLAIN, "%s", field_text(event, "at"));
        table_add(table, INK_PLAIN, "%s", field_text(event, "service"));
        table_add(table, INK_PLAIN, "%s", last_part(field_text(event, "deployment")));
        table_add(table, INK_PLAIN, "%s", last_part(field_text(event, "task_arn")));
        table_add(table, INK_PLAIN, "%" PRId64, field_number(event, "version"));
        table_add(table, ink_of(fate), "%s", fate);
        table_add(table, INK_PLAIN, "%s", field_text(event, "reason"));
    }
    table_print(table, out, style, "");
    fprintf(out, "%" PRId64 " received", field_number(result, "received"));
    const char *fate;
    const json_t *count;
    const char *separator = ": ";
    json_t *counters = json_object_get(result, "counters");
    json_object_foreach(counters, fate, count)
    {
        if (json_integer_value(count) > 0) {
            fprintf(out, "%s%" PRId64 " ", separator, (int64_t)json_integer_value(count));
            text_put(out, style, INK_PLAIN, fate, SIZE_MAX);
            separator = ", ";
        }
    }
    fputc('\n', out);
}

/* For `aws events put-rule --event-pattern`, so nothing but the pattern is on its lines. */
static void put_pattern(FILE *out, const json_t *pattern)
{
    json_dumpf(pattern, out, JSON_INDENT(2) | JSON_ENSURE_ASCII);
    fputc('\n', out);
}

void render_event_pattern(FILE *out, const struct style *style, const json_t *result)
{
    const json_t *patterns = json_object_get(result, "patterns");
    const json_t *notes = json_object_get(result, "notes");
    int64_t characters = field_number(result, "characters");
    bool fits = characters <= field_number(result, "limit");
    if (fits && json_is_object(json_object_get(result, "pattern"))) {
        put_pattern(out, json_object_get(result, "pattern"));
        fprintf(out, "\n# %" PRId64 " of %" PRId64 " characters\n", characters,
                field_number(result, "limit"));
    }
    for (size_t i = 0; !fits && i < json_array_size(patterns); i++) {
        const json_t *one = json_array_get(patterns, i);
        fputs("# rollout ", out);
        text_put(out, style, INK_PLAIN, field_text(one, "rule"), SIZE_MAX);
        fputs(", ", out);
        text_put(out, style, INK_PLAIN, field_text(one, "for"), SIZE_MAX);
        fprintf(out, ": %" PRId64 " characters\n", field_number(one, "characters"));
        put_pattern(out, json_object_get(one, "pattern"));
    }
    for (size_t i = 0; i < json_array_size(notes); i++) {
        const char *note = json_string_value(json_array_get(notes, i));
        fputs("# ", out);
        text_put(out, style, INK_DIM, note == NULL ? "-" : note, SIZE_MAX);
        fputc('\n', out);
    }
}

/* "6 detail.lastStatus, 2 detail.group" in columns that are as wide as they have to be. */
static void counters_print(const json_t *counters, char *out, size_t size)
{
    const char *name;
    json_t *count;
    size_t used = 0;
    snprintf(out, size, "-");
    json_object_foreach((json_t *)counters, name, count)
    {
        int len = used < size
                      ? snprintf(out + used, size - used, "%s%lld %s", used == 0 ? "" : ", ",
                                 (long long)json_integer_value(count), name)
                      : 0;
        used += len < 0 ? 0 : (size_t)len;
    }
}

static int64_t sum(const json_t *counters)
{
    const char *name;
    json_t *count;
    int64_t total = 0;
    json_object_foreach((json_t *)counters, name, count)
    {
        total += json_integer_value(count);
    }
    return total;
}

static void add_row(struct table *table, const char *rule, const char *deployment,
                    const json_t *sums)
{
    char text[512];
    const json_t *filters = json_object_get(sums, "filters");
    table_add(table, INK_BOLD, "%s", rule);
    table_add(table, INK_PLAIN, "%s", deployment);
    table_add(table, INK_PLAIN, "%" PRId64, field_number(sums, "received"));
    table_add(table, INK_PLAIN, "%" PRId64, field_number(sums, "received") - sum(filters));
    counters_print(json_object_get(sums, "fates"), text, sizeof(text));
    table_add(table, INK_PLAIN, "%s", text);
    counters_print(filters, text, sizeof(text));
    table_add(table, INK_PLAIN, "%s", text);
}

void render_event_stats(FILE *out, const struct style *style, const json_t *result)
{
    const json_t *rules = json_object_get(result, "rules");
    struct table *table =
        TABLE("RULE", "DEPLOYMENT", ">EVENTS", ">NEEDED", "WHAT BECAME OF THEM", "FILTERED BY");
    for (size_t i = 0; i < json_array_size(rules); i++) {
        const json_t *rule = json_array_get(rules, i);
        const json_t *deployments = json_object_get(rule, "deployments");
        char seen[32];
        snprintf(seen, sizeof(seen), "%" PRId64 " in all", field_number(rule, "deployments_seen"));
        add_row(table, field_text(rule, "rule"), seen, rule);
        for (size_t j = 0; j < json_array_size(deployments); j++) {
            const json_t *one = json_array_get(deployments, j);
            add_row(table, "", last_part(field_text(one, "deployment")), one);
        }
    }
    add_row(table, "-", "-", json_object_get(result, "others"));
    table_print(table, out, style, "");
}
