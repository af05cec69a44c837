/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/ctl_render_zones.h"

#include <inttypes.h>

#include "control/ctl_table.h"

/* "error: …" or "warning: …" of each that has one. */
static void notes_print(FILE *out, const struct style *style, const json_t *zones, const char *kind,
                        enum ink ink)
{
    for (size_t i = 0; i < json_array_size(zones); i++) {
        const json_t *zone = json_array_get(zones, i);
        if (!field_is_null(zone, kind)) {
            text_put(out, style, ink, kind, SIZE_MAX);
            fputs(": ", out);
            text_put(out, style, INK_PLAIN, field_text(zone, kind), SIZE_MAX);
            fputc('\n', out);
        }
    }
}

static void zone_row(struct table *table, const json_t *zone)
{
    table_add(table, INK_BOLD, "%s", field_text(zone, "name"));
    if (field_is_null(zone, "serial")) {
        table_add(table, INK_BAD, "not served");
    } else {
        table_add(table, INK_PLAIN, "%" PRId64, field_number(zone, "serial"));
    }
    table_add(table, INK_PLAIN, "%" PRId64, field_number(zone, "names"));
    table_add(table, INK_PLAIN, "%" PRId64, field_number(zone, "records"));
    table_add(table, INK_PLAIN, "%" PRId64 " KiB",
              (field_number(zone, "memory_octets") + 1023) / 1024);
    table_add(table, INK_PLAIN, "%s", field_text(zone, "signed"));
    table_add(table, INK_PLAIN, "%s", field_text(zone, "source"));
    table_add(table, INK_PLAIN, "%s", field_text(zone, "loaded_at"));
    table_add(table, INK_PLAIN, "%s", field_text(zone, "file"));
}

void render_zones(FILE *out, const struct style *style, const json_t *result)
{
    const json_t *zones = json_object_get(result, "zones");
    struct table *table = TABLE("ZONE", ">SERIAL", ">NAMES", ">RECORDS", ">MEMORY", "SIGNED",
                                "SOURCE", "LOADED", "FILE");
    for (size_t i = 0; i < json_array_size(zones); i++) {
        zone_row(table, json_array_get(zones, i));
    }
    table_print(table, out, style, "");
    notes_print(out, style, zones, "error", INK_BAD);
    notes_print(out, style, zones, "warning", INK_WARN);
}

void render_zone_check(FILE *out, const struct style *style, const json_t *result)
{
    const json_t *warnings = json_object_get(result, "warnings");
    for (size_t i = 0; i < json_array_size(warnings); i++) {
        const char *text = json_string_value(json_array_get(warnings, i));
        text_put(out, style, INK_WARN, "warning", SIZE_MAX);
        fputs(": ", out);
        text_put(out, style, INK_PLAIN, text == NULL ? "-" : text, SIZE_MAX);
        fputc('\n', out);
    }
    fprintf(out, "%" PRId64 " zones checked, no error\n", field_number(result, "zones"));
}
