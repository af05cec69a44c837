/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/ctl_render_records.h"

#include <inttypes.h>
#include <string.h>

#include "common/attributes.h"
#include "common/duration.h"
#include "control/ctl_table.h"

static void put(FILE *out, const struct style *style, enum ink ink, const char *text)
{
    text_put(out, style, ink, text, SIZE_MAX);
}

void render_values(const json_t *values, char *out, size_t size)
{
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = 0; i < json_array_size(values) && used < size; i++) {
        const char *value = json_string_value(json_array_get(values, i));
        int len = snprintf(out + used, size - used, "%s%s", i == 0 ? "" : ", ",
                           value == NULL ? "-" : value);
        used += len < 0 ? 0 : (size_t)len;
    }
}

static void health_print(const json_t *member, char *out, size_t size)
{
    const char *forced = field_text(member, "forced");
    const char *health = field_text(member, "health");
    int64_t addresses = field_number(member, "addresses");
    if (strcmp(forced, "up") == 0 || strcmp(forced, "down") == 0) {
        snprintf(out, size, "%s (forced)", forced);
    } else if (addresses > 0) {
        snprintf(out, size, "%s %" PRId64 "/%" PRId64, health,
                 field_number(member, "addresses_healthy"), addresses);
    } else {
        snprintf(out, size, "%s", health);
    }
}

static void member_add(struct table *table, const json_t *member)
{
    static const char *const shares[] = {"share_configured", "share_answered",
                                         "share_answered_lately", "share_expected",
                                         "share_traffic"};
    char health[64];
    char values[512];
    int64_t weight = field_number(member, "weight");
    int64_t effective = field_number(member, "effective_weight");
    health_print(member, health, sizeof(health));
    render_values(json_object_get(member, "values"), values, sizeof(values));
    table_add(table, INK_BOLD, "%s", field_text(member, "id"));
    table_add(table, INK_PLAIN, "%" PRId64, weight);
    table_add(table, weight == effective ? INK_PLAIN : INK_WARN, "%" PRId64, effective);
    for (size_t i = 0; i < ARRAY_LEN(shares); i++) {
        char share[SHARE_TEXT_SIZE];
        field_share(member, shares[i], share);
        table_add(table, INK_PLAIN, "%s", share);
    }
    table_add(table, ink_of(field_text(member, "health")), "%s", health);
    table_add(table, INK_PLAIN, "%s", values);
}

/* Where a member's addresses come from, and how old they are. */
static void alias_print(FILE *out, const struct style *style, const json_t *member)
{
    char age[DURATION_TEXT_SIZE];
    const json_t *alias = json_object_get(member, "alias");
    bool is_stale = json_is_true(json_object_get(alias, "stale"));
    int64_t failures = field_number(alias, "failures");
    fputs("  ", out);
    put(out, style, INK_BOLD, field_text(member, "id"));
    fputs(" is ", out);
    put(out, style, INK_PLAIN, field_text(alias, "target"));
    if (field_is_null(alias, "age_s")) {
        put(out, style, INK_WARN, ": no addresses yet, takes no part");
    } else {
        fputs(": from the ", out);
        put(out, style, INK_PLAIN, field_text(alias, "source"));
        fprintf(out, ", %s old", text_seconds(field_number(alias, "age_s") * 1000, age));
    }
    if (!field_is_null(alias, "ttl_s")) {
        fprintf(out, ", TTL %" PRId64 " s", field_number(alias, "ttl_s"));
    }
    if (is_stale) {
        put(out, style, INK_BAD, ", stale");
    }
    if (failures > 0) {
        fprintf(out, ", %" PRId64 " failed: ", failures);
        put(out, style, INK_WARN, field_text(alias, "last_failure"));
    }
    fputc('\n', out);
}

/* What the shares answered are of. */
static void answers_print(FILE *out, const struct style *style, const json_t *set)
{
    char age[DURATION_TEXT_SIZE];
    const json_t *shift = json_object_get(set, "answers_since_shift");
    const json_t *lately = json_object_get(set, "answers_lately");
    fprintf(out, "  answered %" PRId64 " since ", field_number(shift, "answers"));
    put(out, style, INK_PLAIN, field_text(shift, "since"));
    fprintf(out, " (%s), lately %" PRId64 " in ",
            text_seconds(field_number(shift, "window_ms"), age), field_number(lately, "answers"));
    fprintf(out, "%s\n", text_seconds(field_number(lately, "window_ms"), age));
    const json_t *traffic = json_object_get(set, "traffic");
    if (!field_is_null(traffic, "unknown")) {
        put(out, style, INK_WARN, "  traffic is not known: ");
        put(out, style, INK_PLAIN, field_text(traffic, "unknown"));
        fputc('\n', out);
    }
}

static void record_set_print(FILE *out, const struct style *style, const json_t *set)
{
    put(out, style, INK_BOLD, field_text(set, "name"));
    fputc(' ', out);
    put(out, style, INK_BOLD, field_text(set, "type"));
    fprintf(out, ", TTL %" PRId64 " s", field_number(set, "ttl_s"));
    if (field_number(set, "ttl_s") != field_number(set, "ttl_configured_s")) {
        fprintf(out, " (configured %" PRId64 " s)", field_number(set, "ttl_configured_s"));
    }
    fputs(", choice ", out);
    put(out, style, INK_PLAIN, field_text(set, "choice"));
    if (!field_is_null(set, "rollout")) {
        fprintf(out, ", rollout %" PRId64, field_number(set, "rollout"));
    }
    fputc('\n', out);
    struct table *table = TABLE("MEMBER", ">WEIGHT", ">EFFECTIVE", ">CONFIGURED", ">ANSWERED",
                                ">LATELY", ">EXPECTED", ">TRAFFIC", "HEALTH", "VALUES");
    const json_t *members = json_object_get(set, "members");
    for (size_t i = 0; i < json_array_size(members); i++) {
        member_add(table, json_array_get(members, i));
    }
    table_print(table, out, style, "  ");
    answers_print(out, style, set);
    for (size_t i = 0; i < json_array_size(members); i++) {
        if (!field_is_null(json_array_get(members, i), "alias")) {
            alias_print(out, style, json_array_get(members, i));
        }
    }
}

void render_record_sets(FILE *out, const struct style *style, const json_t *result)
{
    const json_t *sets = json_object_get(result, "record_sets");
    if (json_array_size(sets) == 0) {
        fputs("no weighted record sets\n", out);
    }
    for (size_t i = 0; i < json_array_size(sets); i++) {
        record_set_print(out, style, json_array_get(sets, i));
    }
}

void render_record_set(FILE *out, const struct style *style, const json_t *result)
{
    record_set_print(out, style, json_object_get(result, "record_set"));
}
