/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/ctl_render_history.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/attributes.h"
#include "control/ctl_table.h"

static void weights_print(const json_t *weights, char *out, size_t size)
{
    const char *member;
    json_t *weight;
    size_t used = 0;
    out[0] = '\0';
    json_object_foreach((json_t *)weights, member, weight)
    {
        int len = used < size ? snprintf(out + used, size - used, "%s%s=%lld", used == 0 ? "" : " ",
                                         member, (long long)json_integer_value(weight))
                              : 0;
        used += len < 0 ? 0 : (size_t)len;
    }
}

/* Of the first record set; those of a rule move alike. A line about weights says it itself. */
static void change_print(const json_t *entry, char *out, size_t size)
{
    char before[200], after[200];
    const json_t *change = json_array_get(json_object_get(entry, "weights"), 0);
    out[0] = '\0';
    if (change != NULL && strcmp(field_text(entry, "kind"), "weights") != 0) {
        weights_print(json_object_get(change, "before"), before, sizeof(before));
        weights_print(json_object_get(change, "after"), after, sizeof(after));
        snprintf(out, size, "%s -> %s", before, after);
    }
}

/* The object with what there is to say of an event: "stateEnteredEventDetails", … */
static const json_t *details_of(const json_t *event)
{
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)event, name, value)
    {
        if (json_is_object(value)) {
            return value;
        }
    }
    return NULL;
}

/* One event a line: what was entered or asked, and with what, or what came of it. */
static void render_plan_events(FILE *out, const struct style *style, const json_t *events)
{
    struct table *table = TABLE(">ID", "AT", "TYPE", "NAME", "WHAT");
    for (size_t i = 0; i < json_array_size(events); i++) {
        const json_t *event = json_array_get(events, i);
        const json_t *details = details_of(event);
        static const char *const whats[] = {"error", "cause", "input", "output", "parameters"};
        const char *name = json_string_value(json_object_get(details, "name"));
        const char *resource = json_string_value(json_object_get(details, "resource"));
        const char *what = NULL;
        for (size_t k = 0; what == NULL && k < sizeof(whats) / sizeof(*whats); k++) {
            what = json_string_value(json_object_get(details, whats[k]));
        }
        table_add(table, INK_DIM, "%" PRId64, field_number(event, "id"));
        table_add(table, INK_PLAIN, "%s", field_text(event, "timestamp"));
        table_add(table, INK_PLAIN, "%s", field_text(event, "type"));
        table_add(table, INK_BOLD, "%s", name != NULL ? name : resource != NULL ? resource : "");
        table_add(table, INK_PLAIN, "%s", what == NULL ? "" : what);
    }
    table_print(table, out, style, "");
}

static void append(char *out, size_t size, const char *format, ...) PRINTF_LIKE(3, 4);
static void append(char *out, size_t size, const char *format, ...)
{
    size_t used = strlen(out);
    va_list args;
    va_start(args, format);
    vsnprintf(out + used, size - used, format, args);
    va_end(args);
}

/* "blue 90.1/95.2/96.0 green 9.9/4.8/-", of the first record set; cut when it does not fit. */
static void shares_print(const json_t *entry, char *out, size_t size)
{
    static const char *const keys[] = {"share_answered", "share_expected", "share_traffic"};
    const json_t *shares = json_array_get(json_object_get(entry, "shares"), 0);
    const json_t *members = json_object_get(shares, "members");
    out[0] = '\0';
    for (size_t i = 0; i < json_array_size(members); i++) {
        const json_t *member = json_array_get(members, i);
        append(out, size, "%s%s", i == 0 ? "" : " ", field_text(member, "id"));
        for (size_t k = 0; k < ARRAY_LEN(keys); k++) {
            const json_t *share = json_object_get(member, keys[k]);
            append(out, size, "%s", k == 0 ? " " : "/");
            if (json_is_number(share)) {
                append(out, size, "%.1f", json_number_value(share) * 100);
            } else {
                append(out, size, "-");
            }
        }
    }
}

void render_notices(FILE *out, const struct style *style, const json_t *result)
{
    const json_t *notices = json_object_get(result, "notices");
    struct table *table = TABLE(">ID", "RECEIVER", "EVENT", "STATE", ">ATTEMPTS", "ERROR", "TEXT");
    for (size_t i = 0; i < json_array_size(notices); i++) {
        const json_t *notice = json_array_get(notices, i);
        bool is_dead = strcmp(field_text(notice, "state"), "dead") == 0;
        table_add(table, INK_PLAIN, "%" PRId64, field_number(notice, "id"));
        table_add(table, INK_BOLD, "%s", field_text(notice, "receiver"));
        table_add(table, INK_PLAIN, "%s", field_text(notice, "event"));
        table_add(table, is_dead ? INK_BAD : INK_PLAIN, "%s", field_text(notice, "state"));
        table_add(table, INK_PLAIN, "%" PRId64, field_number(notice, "attempts"));
        table_add(table, INK_PLAIN, "%s", field_text(notice, "error"));
        table_add(table, INK_PLAIN, "%s", field_text(json_object_get(notice, "notice"), "text"));
    }
    table_print(table, out, style, "everybody has been told everything");
}

void render_history(FILE *out, const struct style *style, const json_t *result)
{
    const json_t *entries = json_object_get(result, "history");
    if (json_object_get(result, "events") != NULL) {
        render_plan_events(out, style, json_object_get(result, "events"));
        return;
    }
    struct table *table =
        TABLE("AT", ">ROLLOUT", "KIND", "WHAT", "WEIGHTS", "ANSWERED/EXPECTED/TRAFFIC %", "WHO");
    for (size_t i = 0; i < json_array_size(entries); i++) {
        const json_t *entry = json_array_get(entries, i);
        char change[420];
        char shares[420];
        change_print(entry, change, sizeof(change));
        shares_print(entry, shares, sizeof(shares));
        table_add(table, INK_PLAIN, "%s", field_text(entry, "at"));
        if (field_is_null(entry, "rollout")) {
            table_add(table, INK_PLAIN, "-");
        } else {
            table_add(table, INK_PLAIN, "%" PRId64, field_number(entry, "rollout"));
        }
        table_add(table, INK_PLAIN, "%s", field_text(entry, "kind"));
        table_add(table, INK_PLAIN, "%s", field_text(entry, "text"));
        table_add(table, INK_PLAIN, "%s", change);
        table_add(table, INK_PLAIN, "%s", shares);
        table_add(table, INK_DIM, "%s", field_text(entry, "who"));
    }
    table_print(table, out, style, "");
}
