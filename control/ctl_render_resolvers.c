/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/ctl_render_resolvers.h"

#include <inttypes.h>

#include "common/attributes.h"
#include "control/ctl_table.h"

static const struct {
    const char *key;
    const char *label;
} classes[] = {
    {"much_sooner", "less than 0.5 TTL"}, {"sooner", "less than 0.95 TTL"},
    {"on_time", "0.95 to 1.5 TTL"},       {"later", "1.5 to 3 TTL"},
    {"much_later", "3 TTL and more"},
};

static int64_t sum_of(const json_t *gaps)
{
    int64_t sum = 0;
    for (size_t i = 0; i < ARRAY_LEN(classes); i++) {
        sum += field_number(gaps, classes[i].key);
    }
    return sum;
}

static void gaps_print(FILE *out, const struct style *style, const json_t *gaps)
{
    struct table *table = TABLE("BACK AFTER", ">GAPS", ">SHARE");
    int64_t sum = sum_of(gaps);
    for (size_t i = 0; i < ARRAY_LEN(classes) && sum > 0; i++) {
        char share[SHARE_TEXT_SIZE];
        int64_t count = field_number(gaps, classes[i].key);
        share_print((double)count / (double)sum, share);
        table_add(table, INK_PLAIN, "%s", classes[i].label);
        table_add(table, INK_PLAIN, "%" PRId64, count);
        table_add(table, INK_PLAIN, "%s", share);
    }
    table_print(table, out, style, "  ");
}

static void clients_print(FILE *out, const struct style *style, const char *heading,
                          const json_t *clients)
{
    if (json_array_size(clients) == 0) {
        return;
    }
    struct table *table = TABLE(heading, ">SOONER", ">ON TIME", ">LATER", ">MEDIAN GAP", ">TTL",
                                ">GAP/TTL", "PATTERN");
    for (size_t i = 0; i < json_array_size(clients); i++) {
        const json_t *client = json_array_get(clients, i);
        table_add(table, INK_BOLD, "%s", field_text(client, "client"));
        table_add(table, INK_PLAIN, "%" PRId64,
                  field_number(client, "much_sooner") + field_number(client, "sooner"));
        table_add(table, INK_PLAIN, "%" PRId64, field_number(client, "on_time"));
        table_add(table, INK_PLAIN, "%" PRId64,
                  field_number(client, "later") + field_number(client, "much_later"));
        table_add(table, INK_PLAIN, "%.1f s",
                  json_number_value(json_object_get(client, "median_gap_s")));
        table_add(table, INK_PLAIN, "%" PRId64 " s", field_number(client, "ttl_s"));
        table_add(table, INK_PLAIN, "%.2f",
                  json_number_value(json_object_get(client, "median_gap_ttls")));
        table_add(table, INK_PLAIN, "%s", field_text(client, "pattern"));
    }
    table_print(table, out, style, "  ");
}

void render_resolvers(FILE *out, const struct style *style, const json_t *result)
{
    const json_t *resolvers = json_object_get(result, "resolvers");
    const json_t *followed = json_object_get(resolvers, "followed");
    const json_t *gaps = json_object_get(resolvers, "gaps");
    text_put(out, style, INK_BOLD, field_text(resolvers, "name"), SIZE_MAX);
    fputc(' ', out);
    text_put(out, style, INK_BOLD, field_text(resolvers, "type"), SIZE_MAX);
    fprintf(out, ", one client in %" PRId64 " is followed\n", field_number(followed, "one_in"));
    if (sum_of(gaps) == 0) {
        fputs("  nobody that is followed has come back yet\n", out);
        return;
    }
    gaps_print(out, style, gaps);
    clients_print(out, style, "SOONER THAN THE TTL", json_object_get(resolvers, "sooner"));
    clients_print(out, style, "STEADILY LATER", json_object_get(resolvers, "later"));
}
