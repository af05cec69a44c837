/* SPDX-License-Identifier: BSD-2-Clause */
/* Where state is kept: `store` and `dynamodb` of the section control. */
#include "common/config_fill.h"

#include <string.h>

#include "common/duration.h"

#define SECOND_MS ((int64_t)1000)

/* Names of fleets and nodes are part of keys in the table. */
static bool fill_word(const struct place *place, const char *key, const char *text,
                      const char **value)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    if (text == NULL) {
        return true;
    }
    size_t len = strlen(text);
    size_t good = 0;
    while (good < len &&
           (strchr(letters, text[good]) != NULL || strchr("-._", text[good]) != NULL)) {
        good++;
    }
    if (len == 0 || len > 63 || good < len) {
        return place_fail(place, key,
                          "found \"%s\", expected 1 to 63 letters, digits, '-', '.' and '_'", text);
    }
    return fill_text(place, key, text, value);
}

/* https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_GetItem.html */
static bool fill_table(const struct place *place, const char *text, const char **table)
{
    if (strncmp(text, "arn:", 4) == 0) {
        return place_fail(place, "table", "found \"%s\", expected a table's name, not its ARN",
                          text);
    }
    size_t len = strlen(text);
    if (len < 3 || len > 255) {
        return place_fail(place, "table", "found a name of %zu octets, expected 3 to 255", len);
    }
    return fill_name(place, "table", text, table);
}

static bool fill_interval(const struct place *place, const char *text, struct config_fleet *fleet)
{
    fleet->interval_ms = fleet->lease_ms < 3 * SECOND_MS ? fleet->lease_ms / 3 : SECOND_MS;
    if (!fill_duration(place, "interval", text, (struct range){200, 60 * SECOND_MS},
                       &fleet->interval_ms)) {
        return false;
    }
    if (fleet->interval_ms > fleet->lease_ms / 3) {
        char lease[DURATION_TEXT_SIZE];
        duration_print(fleet->lease_ms, lease);
        return place_fail(place, "interval", "found %s, expected at most a third of the lease (%s)",
                          text, lease);
    }
    return true;
}

bool fill_fleet(const struct place *place, const struct raw_control *raw,
                struct config_fleet *fleet)
{
    static const char *const stores[] = {"sqlite", "dynamodb", NULL};
    unsigned store = 0;
    if (!fill_choice(place, "store", raw->store, stores, &store)) {
        return false;
    }
    if (store == 0 && raw->dynamodb != NULL) {
        return place_fail(place, "dynamodb", "found without store: dynamodb, expected beside it");
    }
    if (store == 1 && raw->dynamodb == NULL) {
        return place_fail(place, NULL,
                          "the key dynamodb is missing, expected the table of store: dynamodb");
    }
    if (store == 0) {
        return true;
    }
    struct place at = place_key(place, "dynamodb");
    *fleet = (struct config_fleet){
        .name = "ballast", .lease_ms = 15 * SECOND_MS, .line = place_line(&at)};
    return fill_table(&at, raw->dynamodb->table, &fleet->table) &&
           fill_word(&at, "fleet", raw->dynamodb->fleet, &fleet->name) &&
           fill_word(&at, "node", raw->dynamodb->node, &fleet->node) &&
           fill_duration(&at, "lease", raw->dynamodb->lease,
                         (struct range){2 * SECOND_MS, 300 * SECOND_MS}, &fleet->lease_ms) &&
           fill_interval(&at, raw->dynamodb->interval, fleet);
}
