/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/ctl_render_fleet.h"

#include <inttypes.h>
#include <stdio.h>

#include "control/ctl_table.h"

static void put(FILE *out, const struct style *style, enum ink ink, const char *text)
{
    text_put(out, style, ink, text, SIZE_MAX);
}

static double real(const json_t *json, const char *name)
{
    return json_number_value(json_object_get(json, name));
}

static void line(FILE *out, const struct style *style, const char *label, enum ink ink,
                 const char *text)
{
    fprintf(out, "%-13s", label);
    put(out, style, ink, text);
}

static void render_nodes(FILE *out, const struct style *style, const json_t *fleet)
{
    const json_t *nodes = json_object_get(fleet, "nodes");
    struct table *table = TABLE("NODE", "DRIVES", ">APPLIED", ">BEHIND", ">LAG", ">SEEN", "HEALTH",
                                "ADDRESS", ">PID", "VERSION");
    for (size_t i = 0; i < json_array_size(nodes); i++) {
        const json_t *node = json_array_get(nodes, i);
        bool is_healthy = json_is_true(json_object_get(node, "healthy"));
        table_add(table, INK_BOLD, "%s", field_text(node, "name"));
        table_add(table, INK_PLAIN, "%s",
                  json_is_true(json_object_get(node, "drives")) ? "yes" : "");
        table_add(table, INK_PLAIN, "%" PRId64, field_number(node, "applied"));
        table_add(table, field_number(node, "behind") == 0 ? INK_PLAIN : INK_BAD, "%" PRId64,
                  field_number(node, "behind"));
        table_add(table, INK_PLAIN, "%.1fs", real(node, "lag_s"));
        table_add(table, INK_PLAIN, "%.0fs ago", real(node, "seen_s"));
        table_add(table, is_healthy ? INK_PLAIN : INK_BAD, "%s",
                  is_healthy ? "healthy" : "unhealthy");
        table_add(table, INK_PLAIN, "%s", field_text(node, "address"));
        table_add(table, INK_PLAIN, "%" PRId64, field_number(node, "pid"));
        table_add(table, INK_PLAIN, "%s", field_text(node, "version"));
    }
    table_print(table, out, style, "  ");
}

void render_fleet(FILE *out, const struct style *style, const json_t *fleet)
{
    if (!json_is_object(fleet)) {
        return;
    }
    bool drives = json_is_true(json_object_get(fleet, "drives"));
    line(out, style, "fleet", INK_BOLD, field_text(fleet, "node"));
    fputs(drives ? " drives" : " does not drive", out);
    if (drives) {
        fprintf(out, " (fence %" PRId64 ", %.1fs of the lease left)", field_number(fleet, "fence"),
                real(fleet, "lease_left_s"));
    } else if (field_is_null(fleet, "driver")) {
        fputs("; nobody is known to", out);
    } else {
        fputs("; last seen driving: ", out);
        put(out, style, INK_PLAIN, field_text(fleet, "driver"));
        fprintf(out, " (fence %" PRId64 ")", field_number(fleet, "fence"));
    }
    fputc('\n', out);
    const json_t *cut_off = json_object_get(fleet, "cut_off");
    if (json_is_object(cut_off)) {
        line(out, style, "cut off", INK_BAD, "since ");
        put(out, style, INK_BAD, field_text(cut_off, "since"));
        fputs(": ", out);
        put(out, style, INK_BAD, field_text(cut_off, "reason"));
        fputc('\n', out);
    }
    if (!field_is_null(fleet, "problem")) {
        line(out, style, drives ? "not written" : "not followed", INK_BAD,
             field_text(fleet, "problem"));
        fputc('\n', out);
    }
    if (json_is_false(json_object_get(fleet, "saved"))) {
        line(out, style, "unsaved", INK_BAD, "changes are on their way to the table");
        fputc('\n', out);
    }
    render_nodes(out, style, fleet);
}
