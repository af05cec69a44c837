/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/ctl_render_route53.h"

#include <stdlib.h>
#include <string.h>

#include "control/ctl_table.h"

/* Of the record set; without one, of the health checks that are missing. */
static void add_error(struct table *table, const json_t *set)
{
    const json_t *checks = json_object_get(set, "health_checks");
    json_int_t members = json_integer_value(json_object_get(checks, "members"));
    json_int_t made = json_integer_value(json_object_get(checks, "made"));
    if (json_object_get(set, "error") != NULL || made == members) {
        table_add(table, INK_PLAIN, "%s", field_text(set, "error"));
        return;
    }
    bool is_said = json_object_get(checks, "error") != NULL;
    table_add(table, INK_PLAIN,
              "%" JSON_INTEGER_FORMAT " of %" JSON_INTEGER_FORMAT
              " members have a health check%s%s",
              made, members, is_said ? ": " : "", is_said ? field_text(checks, "error") : "");
}

void render_route53_status(FILE *out, const struct style *style, const json_t *result)
{
    const json_t *sets = json_object_get(result, "record_sets");
    struct table *table = TABLE("RECORD SET", "ZONE", "STATE", "SINCE", "CHANGE", "ERROR");
    for (size_t i = 0; i < json_array_size(sets); i++) {
        const json_t *set = json_array_get(sets, i);
        bool is_in_step = strcmp(field_text(set, "state"), "in step") == 0;
        table_add(table, INK_BOLD, "%s", field_text(set, "record_set"));
        table_add(table, INK_PLAIN, "%s", field_text(set, "zone_id"));
        table_add(table, is_in_step ? INK_GOOD : INK_BAD, "%s", field_text(set, "state"));
        table_add(table, INK_PLAIN, "%s", field_text(set, "pending_since"));
        table_add(table, INK_PLAIN, "%s", field_text(set, "change_id"));
        add_error(table, set);
    }
    table_print(table, out, style, "");
    if (json_array_size(sets) == 0) {
        fputs("no record set goes to Route 53\n", out);
    }
}

void render_route53_diff(FILE *out, const struct style *style, const json_t *result)
{
    const json_t *differences = json_object_get(result, "differences");
    struct table *table = TABLE("RECORD SET", "SET IDENTIFIER", "WHAT", "ROUTE 53", "BALLAST");
    for (size_t i = 0; i < json_array_size(differences); i++) {
        const json_t *difference = json_array_get(differences, i);
        table_add(table, INK_PLAIN, "%s", field_text(difference, "record_set"));
        table_add(table, INK_PLAIN, "%s", field_text(difference, "set_identifier"));
        table_add(table, INK_PLAIN, "%s", field_text(difference, "what"));
        table_add(table, INK_PLAIN, "%s", field_text(difference, "route53"));
        table_add(table, INK_PLAIN, "%s", field_text(difference, "ballast"));
    }
    table_print(table, out, style, "");
    if (json_array_size(differences) == 0) {
        fputs("in step\n", out);
    }
    const json_t *batch = json_object_get(result, "batch");
    if (json_array_size(json_object_get(batch, "Changes")) > 0) {
        char *text = json_dumps(batch, JSON_INDENT(2));
        fprintf(out, "%s\n", text);
        free(text);
    }
}
