/* SPDX-License-Identifier: BSD-2-Clause */
/* A population as a file has it. The texts come by libcyaml's schema, what they mean is worked out
 * here. */
#include <cyaml/cyaml.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/duration.h"
#include "common/yaml_read.h"
#include "control/forecast/population.h"

#define TEXT_MAX     256
#define OPTIONAL_PTR (CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL)

#define REQUIRED(structure, key)                                                                   \
    CYAML_FIELD_STRING_PTR(#key, CYAML_FLAG_POINTER, struct structure, key, 1, TEXT_MAX)
#define OPTIONAL(structure, key)                                                                   \
    CYAML_FIELD_STRING_PTR(#key, OPTIONAL_PTR, struct structure, key, 1, TEXT_MAX)

struct raw_group {
    char *name;
    char *resolvers;
    char *traffic;
    char *queries_per_s;
    char *zipf;
    char *behaviour;
    char *time;
};

struct raw_population {
    char *resolvers;
    char *queries_per_s;
    struct raw_group *groups;
    unsigned groups_count;
};

static const cyaml_schema_field_t group_fields[] = {
    REQUIRED(raw_group, name),    REQUIRED(raw_group, resolvers),
    OPTIONAL(raw_group, traffic), OPTIONAL(raw_group, queries_per_s),
    OPTIONAL(raw_group, zipf),    REQUIRED(raw_group, behaviour),
    OPTIONAL(raw_group, time),    CYAML_FIELD_END,
};

static const cyaml_schema_value_t group_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct raw_group, group_fields)};

static const cyaml_schema_field_t population_fields[] = {
    OPTIONAL(raw_population, resolvers),
    OPTIONAL(raw_population, queries_per_s),
    CYAML_FIELD_SEQUENCE("groups", CYAML_FLAG_POINTER, struct raw_population, groups, &group_schema,
                         1, POPULATION_MAX_GROUPS),
    CYAML_FIELD_END,
};

static const cyaml_schema_value_t population_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct raw_population, population_fields)};

/* Where something stands, for errors. */
struct place {
    const struct yaml_source *source;
    struct error *err;
    int group; /* -1: above the groups */
};

static bool PRINTF_LIKE(3, 4)
    fail(const struct place *place, const char *key, const char *format, ...)
{
    char path[96];
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    if (place->group < 0) {
        snprintf(path, sizeof(path), "%s", key);
    } else {
        snprintf(path, sizeof(path), "groups[%d]%s%s", place->group, key[0] == '\0' ? "" : ".",
                 key);
    }
    return error_set(place->err, "%s:%u: %s%s%s", place->source->file,
                     yaml_lines_find(place->source->lines, path), path, path[0] == '\0' ? "" : ": ",
                     text);
}

/* A plain decimal number in a range, and what follows it: "" or "%". */
static bool number_parse(const char *text, double most, const char *unit, double *number)
{
    char *end;
    if (text[strspn(text, "0123456789.eE-")] != unit[0]) {
        return false;
    }
    *number = strtod(text, &end);
    return end != text && strcmp(end, unit) == 0 && *number >= 0 && *number <= most;
}

static bool fill_number(const struct place *place, const char *key, const char *text, double most,
                        double *number)
{
    return text == NULL || number_parse(text, most, "", number) ||
           fail(place, key, "found \"%s\", expected a number from 0 to %g", text, most);
}

static bool fill_percentage(const struct place *place, const char *key, const char *text,
                            double *part)
{
    double percent;
    if (!number_parse(text, 100, "%", &percent)) {
        return fail(place, key, "found \"%s\", expected a percentage such as 12.5%%", text);
    }
    *part = percent / 100;
    return true;
}

static bool fill_time(const struct place *place, const struct raw_group *raw,
                      struct population_group *group)
{
    struct error why;
    bool has_time = ttl_behaviour_has_time(group->behaviour);
    if (has_time != (raw->time != NULL)) {
        return fail(place, "time",
                    has_time ? "is missing, expected how long, as %s needs it"
                             : "found a time, which %s does not have",
                    raw->behaviour);
    }
    if (!has_time) {
        return true;
    }
    if (group->behaviour == TTL_KEEP && strcmp(raw->time, "forever") == 0) {
        group->time_ms = POPULATION_FOR_EVER;
        return true;
    }
    return duration_parse(raw->time, &group->time_ms, &why) || fail(place, "time", "%s", why.text);
}

/* Its part of the resolvers, as written: a percentage, or how many. */
static bool fill_resolvers(const struct place *place, const struct raw_group *raw, bool in_percent,
                           struct population_group *group)
{
    double most = (double)POPULATION_MAX_RESOLVERS;
    if (in_percent) {
        return fill_percentage(place, "resolvers", raw->resolvers, &group->resolvers);
    }
    return fill_number(place, "resolvers", raw->resolvers, most, &group->resolvers) &&
           (group->resolvers == floor(group->resolvers) ||
            fail(place, "resolvers",
                 "found \"%s\", expected a whole number, or a percentage in "
                 "every group",
                 raw->resolvers));
}

static bool fill_group(const struct place *place, const struct raw_group *raw, bool in_percent,
                       struct population_group *group)
{
    if (strlen(raw->name) >= sizeof(group->name)) {
        return fail(place, "name", "found a longer text, expected at most %zu octets",
                    sizeof(group->name) - 1);
    }
    strcpy(group->name, raw->name);
    if (!ttl_behaviour_parse(raw->behaviour, &group->behaviour)) {
        return fail(place, "behaviour",
                    "found \"%s\", expected honest, minimum, maximum, keep, prefetch or stale",
                    raw->behaviour);
    }
    if ((raw->traffic == NULL) == (raw->queries_per_s == NULL)) {
        return fail(place, "", "expected one of the keys traffic and queries_per_s");
    }
    group->queries_per_s = NAN;
    if (!fill_resolvers(place, raw, in_percent, group) || !fill_time(place, raw, group) ||
        !fill_number(place, "zipf", raw->zipf, 3, &group->zipf) ||
        !fill_number(place, "queries_per_s", raw->queries_per_s, 1e9, &group->queries_per_s)) {
        return false;
    }
    return raw->queries_per_s == NULL || group->queries_per_s >= 1e-9 ||
           fail(place, "queries_per_s", "found \"%s\", expected more than 0", raw->queries_per_s);
}

/* Numbers of resolvers become parts. */
static bool share_resolvers(const struct place *place, bool in_percent,
                            struct population *population)
{
    double sum = 0;
    for (size_t i = 0; i < population->group_count; i++) {
        sum += population->groups[i].resolvers;
    }
    if (in_percent) {
        return fabs(sum - 1) < 0.0005 ||
               fail(place, "groups", "found %g %% of the resolvers together, expected 100 %%",
                    sum * 100);
    }
    if (sum < 1 || sum > (double)POPULATION_MAX_RESOLVERS) {
        return fail(place, "groups", "found %.0f resolvers together, expected 1 to %" PRIu64, sum,
                    POPULATION_MAX_RESOLVERS);
    }
    for (size_t i = 0; i < population->group_count; i++) {
        population->groups[i].resolvers /= sum;
    }
    population->resolvers = population->resolvers == 0 ? (uint64_t)sum : population->resolvers;
    return true;
}

/* Parts of the traffic become queries of one resolver. */
static bool share_traffic(const struct place *above, const struct raw_population *raw,
                          struct population *population)
{
    double mean = 1;
    double sum = 0;
    for (size_t i = 0; i < population->group_count; i++) {
        struct place place = {above->source, above->err, (int)i};
        double part = 0;
        if (raw->groups[i].traffic == NULL) {
            return fail(&place, "",
                        "the key traffic is missing, expected it in every group or in "
                        "none");
        }
        if (!fill_percentage(&place, "traffic", raw->groups[i].traffic, &part) ||
            !fill_number(above, "queries_per_s", raw->queries_per_s, 1e9, &mean)) {
            return false;
        }
        struct population_group *group = &population->groups[i];
        if (part <= 0 || group->resolvers <= 0 || mean <= 0) {
            return fail(&place, "traffic",
                        "found no traffic or nobody to make it, expected more "
                        "than 0");
        }
        group->queries_per_s = mean * part / group->resolvers;
        sum += part;
    }
    return fabs(sum - 1) < 0.0005 ||
           fail(above, "groups", "found %g %% of the traffic together, expected 100 %%", sum * 100);
}

static bool fill(const struct yaml_source *source, const struct raw_population *raw,
                 struct population *population, struct error *err)
{
    struct place above = {source, err, -1};
    double resolvers = 0;
    bool in_percent = strchr(raw->groups[0].resolvers, '%') != NULL;
    bool has_traffic = false;
    if (!fill_number(&above, "resolvers", raw->resolvers, (double)POPULATION_MAX_RESOLVERS,
                     &resolvers)) {
        return false;
    }
    *population =
        (struct population){.group_count = raw->groups_count, .resolvers = (uint64_t)resolvers};
    for (size_t i = 0; i < raw->groups_count; i++) {
        struct place place = {source, err, (int)i};
        if (!fill_group(&place, &raw->groups[i], in_percent, &population->groups[i])) {
            return false;
        }
        has_traffic |= raw->groups[i].traffic != NULL;
    }
    if (!has_traffic && raw->queries_per_s != NULL) {
        return fail(&above, "queries_per_s",
                    "found it beside groups that have their own, expected "
                    "it only with traffic");
    }
    if (!share_resolvers(&above, in_percent, population) ||
        (has_traffic && !share_traffic(&above, raw, population))) {
        return false;
    }
    struct error why;
    return population_check(population, &why) || fail(&above, "groups", "%s", why.text);
}

static void raw_freep(struct raw_population **raw)
{
    yaml_read_free(&population_schema, *raw);
}

bool population_read(const uint8_t *text, size_t len, const char *file,
                     struct population *population, struct error *err)
{
    CLEANUP(yaml_lines_freep) struct yaml_lines *lines = yaml_lines_scan(text, len, file, err);
    if (lines == NULL) {
        return false;
    }
    struct yaml_source source = {.file = file, .text = text, .len = len, .lines = lines};
    CLEANUP(raw_freep) struct raw_population *raw = yaml_read(&population_schema, &source, err);
    return raw != NULL && fill(&source, raw, population, err);
}
