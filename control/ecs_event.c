/* SPDX-License-Identifier: BSD-2-Clause */
/* One ECS event out of its JSON. The fields are those of the ECS developer guide, "Amazon ECS task
 * state change events" and "Amazon ECS service deployment state change events". */
#include "control/ecs_event.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define TASK_TYPE       "ECS Task State Change"
#define DEPLOYMENT_TYPE "ECS Deployment State Change"
#define NAME_PREFIX     "SERVICE_DEPLOYMENT_" /* of a deployment event's name */

/* PutEvents refuses sources that begin with "aws.", so a replay has its own. */
static const char *const sources[] = {"aws.ecs", "custom.ecs"};

static const char *const state_names[ECS_DEPLOYMENT_STATES] = {
    [ECS_IN_PROGRESS] = "IN_PROGRESS",
    [ECS_ROLLING_BACK] = "ROLLING_BACK",
    [ECS_COMPLETED] = "COMPLETED",
    [ECS_FAILED] = "FAILED",
};
/* The names of events; one of them is of two states. */
static const enum ecs_deployment_state named_states[] = {ECS_IN_PROGRESS, ECS_COMPLETED,
                                                         ECS_FAILED};

/* The two spellings of the same keys. */
struct spelling {
    const char *source;
    const char *detail_type;
    const char *resources;
    const char *detail;
};
static const struct spelling delivered = {"source", "detail-type", "resources", "detail"};
static const struct spelling put_events = {"Source", "DetailType", "Resources", "Detail"};

/* Where each text of detail goes. One that is too long is refused, never cut: two tasks whose ARNs
 * differ at the end only would become one. */
struct field {
    const char *key;
    size_t offset;
    size_t size;
    bool is_required;
};
#define FIELD(key, member, is_required)                                                            \
    {                                                                                              \
        key, offsetof(struct ecs_event, member), sizeof(((struct ecs_event *)0)->member),          \
            is_required                                                                            \
    }
static const struct field task_fields[] = {
    FIELD("taskArn", task_arn, true),
    FIELD("clusterArn", cluster_arn, true),
    FIELD("desiredStatus", desired_status, true),
    FIELD("lastStatus", last_status, true),
    FIELD("taskDefinitionArn", task_definition, false),
};

static const char *type_name(const json_t *json)
{
    static const char *const names[] = {
        [JSON_OBJECT] = "an object", [JSON_ARRAY] = "an array",  [JSON_STRING] = "a string",
        [JSON_INTEGER] = "a number", [JSON_REAL] = "a fraction", [JSON_TRUE] = "true",
        [JSON_FALSE] = "false",      [JSON_NULL] = "null",
    };
    return json == NULL ? "nothing" : names[json_typeof(json)];
}

static bool is_absent(const json_t *json)
{
    return json == NULL || json_is_null(json);
}

/* Control characters are in no name of AWS; in a log or on a terminal they are an attack. */
static bool copy_text(const char *what, const json_t *json, char *out, size_t size,
                      struct error *text)
{
    if (!json_is_string(json)) {
        return error_set(text, "%s is %s, expected a string", what, type_name(json));
    }
    const char *value = json_string_value(json);
    size_t len = json_string_length(json);
    if (len >= size) {
        return error_set(text, "%s has %zu octets, expected at most %zu", what, len, size - 1);
    }
    for (size_t i = 0; i < len; i++) {
        if ((unsigned char)value[i] < ' ' || value[i] == 0x7f) {
            return error_set(text, "%s has a control character", what);
        }
    }
    memcpy(out, value, len + 1);
    return true;
}

/* Adds a text for people to event->reason; nothing about it is a reason to lose the event. */
static void add_reason(const json_t *json, struct ecs_event *event)
{
    const char *value = json_string_value(json); /* NULL when it is no string */
    size_t used = strlen(event->reason);
    if (value == NULL || value[0] == '\0') {
        return;
    }
    snprintf(event->reason + used, sizeof(event->reason) - used, "%s%s", used == 0 ? "" : ": ",
             value);
    for (char *c = event->reason + used; *c != '\0'; c++) {
        *c = (unsigned char)*c < ' ' || *c == 0x7f ? '?' : *c;
    }
}

static bool copy_fields(const json_t *detail, const struct field *fields, size_t count,
                        struct ecs_event *event, struct error *text)
{
    for (size_t i = 0; i < count; i++) {
        const json_t *value = json_object_get(detail, fields[i].key);
        char *out = (char *)event + fields[i].offset;
        if (is_absent(value) && !fields[i].is_required) {
            continue;
        }
        if (!copy_text(fields[i].key, value, out, fields[i].size, text)) {
            return false;
        }
        if (out[0] == '\0' && fields[i].is_required) {
            return error_set(text, "%s is empty", fields[i].key);
        }
    }
    return true;
}

static bool read_version(const json_t *detail, struct ecs_event *event, struct error *text)
{
    const json_t *version = json_object_get(detail, "version");
    if (!json_is_integer(version)) {
        return error_set(text, "version is %s, expected a whole number", type_name(version));
    }
    event->version = json_integer_value(version);
    return event->version >= 0 ||
           error_set(text, "version is %lld, expected 0 or more", (long long)event->version);
}

static bool read_cluster(struct ecs_event *event, struct error *text)
{
    const char *slash = strrchr(event->cluster_arn, '/');
    strcpy(event->cluster, slash == NULL ? event->cluster_arn : slash + 1);
    return event->cluster[0] != '\0' || error_set(text, "clusterArn ends without a name");
}

/* Takes "prefixNAME" of an optional text: the whole of it or NAME; empty when it begins otherwise.
 */
static bool read_prefixed(const json_t *detail, const char *key, const char *prefix,
                          char out[ECS_TEXT_SIZE], struct error *text)
{
    const json_t *value = json_object_get(detail, key);
    if (!is_absent(value) && !copy_text(key, value, out, ECS_TEXT_SIZE, text)) {
        return false;
    }
    if (strncmp(out, prefix, strlen(prefix)) != 0 || out[strlen(prefix)] == '\0') {
        out[0] = '\0';
    }
    return true;
}

static bool read_origin(const json_t *detail, struct ecs_event *event, struct error *text)
{
    char group[ECS_TEXT_SIZE] = "";
    if (!read_prefixed(detail, "group", "service:", group, text) ||
        !read_prefixed(detail, "startedBy", "ecs-svc/", event->deployment, text)) {
        return false;
    }
    strcpy(event->service, group[0] == '\0' ? "" : group + strlen("service:"));
    return true;
}

static bool read_containers(const json_t *detail, struct ecs_event *event, struct error *text)
{
    const json_t *containers = json_object_get(detail, "containers");
    if (is_absent(containers)) {
        return true;
    }
    if (!json_is_array(containers)) {
        return error_set(text, "containers is %s, expected an array", type_name(containers));
    }
    if (json_array_size(containers) > ECS_MAX_CONTAINERS) {
        return error_set(text, "containers has %zu items, expected at most %d",
                         json_array_size(containers), ECS_MAX_CONTAINERS);
    }
    size_t i;
    const json_t *container;
    json_array_foreach(containers, i, container)
    {
        if (!copy_text("a container's name", json_object_get(container, "name"),
                       event->containers[i], ECS_TEXT_SIZE, text)) {
            return false;
        }
    }
    event->container_count = i;
    return true;
}

static bool matches(const char *text, const char *pattern)
{
    for (; *pattern != '\0'; text++, pattern++) {
        bool is_digit = *text >= '0' && *text <= '9';
        if (*pattern == '0' ? !is_digit : *text != *pattern) {
            return false;
        }
    }
    return true;
}

static int two_digits(const char *text)
{
    return (text[0] - '0') * 10 + text[1] - '0';
}

/* "Z", "+01:00", "-0730", and nothing behind it. */
static bool read_offset(const char *text, int64_t *offset_s)
{
    *offset_s = 0;
    if (strcmp(text, "Z") == 0) {
        return true;
    }
    const char *digits = text + 1;
    bool has_colon = matches(text, "+00:00") || matches(text, "-00:00");
    if (!has_colon && !matches(text, "+0000") && !matches(text, "-0000")) {
        return false;
    }
    const char *minutes = digits + (has_colon ? 3 : 2);
    *offset_s = two_digits(digits) * 3600 + two_digits(minutes) * 60;
    *offset_s = text[0] == '-' ? -*offset_s : *offset_s;
    return minutes[2] == '\0' && two_digits(digits) < 24 && two_digits(minutes) < 60;
}

/* ISO 8601 as ECS writes it, "2026-11-23T15:50:01.123Z"; digits behind milliseconds are dropped. */
static bool read_time(const char *text, int64_t *at_ms)
{
    struct tm tm = {0};
    if (!matches(text, "0000-00-00T00:00:00") ||
        strptime(text, "%Y-%m-%dT%H:%M:%S", &tm) != text + 19) {
        return false;
    }
    struct tm normal = tm;
    time_t seconds = timegm(&normal);
    if (normal.tm_mday != tm.tm_mday || normal.tm_sec != tm.tm_sec) {
        return false; /* 30 February */
    }
    int64_t fraction_ms = 0, offset_s;
    const char *rest = text + 19;
    if (*rest == '.') {
        size_t digits = strspn(++rest, "0123456789");
        for (size_t i = 0; i < 3; i++) {
            fraction_ms = fraction_ms * 10 + (i < digits ? rest[i] - '0' : 0);
        }
        rest = digits == 0 ? "" : rest + digits;
    }
    if (!read_offset(rest, &offset_s)) {
        return false;
    }
    *at_ms = ((int64_t)seconds - offset_s) * 1000 + fraction_ms;
    return *at_ms > 0;
}

/* at_ms stays 0 when the time is not said. */
static bool read_time_of(const json_t *detail, const char *key, int64_t *at_ms, struct error *text)
{
    const json_t *json = json_object_get(detail, key);
    char value[64];
    if (is_absent(json)) {
        return true;
    }
    if (!copy_text(key, json, value, sizeof(value), text)) {
        return false;
    }
    return read_time(value, at_ms) ||
           error_set(text, "%s is \"%s\", expected a time like 2026-11-23T15:50:01.123Z", key,
                     value);
}

static enum ecs_parse read_task(const json_t *detail, struct ecs_event *event, struct error *text)
{
    event->kind = ECS_OF_TASK;
    bool ok = copy_fields(detail, task_fields, ARRAY_LEN(task_fields), event, text) &&
              read_version(detail, event, text) && read_cluster(event, text) &&
              read_origin(detail, event, text) && read_containers(detail, event, text) &&
              read_time_of(detail, "createdAt", &event->created_ms, text);
    add_reason(json_object_get(detail, "stopCode"), event);
    add_reason(json_object_get(detail, "stoppedReason"), event);
    return ok ? ECS_PARSED : ECS_MALFORMED;
}

/* "arn:aws:ecs:REGION:ACCOUNT:service/CLUSTER/NAME", whose cluster's ARN is the same with
 * "cluster/CLUSTER"; or, of services made before ARNs were long, "…:service/NAME". */
static bool read_service_arn(const char *arn, struct ecs_event *event, struct error *text)
{
    static const char mark[] = ":service/";
    const char *names = strstr(arn, mark) + strlen(mark);
    const char *slash = strchr(names, '/');
    const char *name = slash == NULL ? names : slash + 1;
    if (slash == names || name[0] == '\0' || strchr(name, '/') != NULL) {
        return error_set(text, "resources has %s, expected …:service/CLUSTER/NAME", arn);
    }
    strcpy(event->service, name);
    if (slash != NULL) {
        snprintf(event->cluster, sizeof(event->cluster), "%.*s", (int)(slash - names), names);
        snprintf(event->cluster_arn, sizeof(event->cluster_arn), "%.*s:cluster/%.*s",
                 (int)(names - strlen(mark) - arn), arn, (int)(slash - names), names);
    }
    return true;
}

static bool read_service(const json_t *resources, struct ecs_event *event, struct error *text)
{
    size_t i;
    const json_t *resource;
    if (!json_is_array(resources)) {
        return error_set(text, "resources is %s, expected an array", type_name(resources));
    }
    json_array_foreach(resources, i, resource)
    {
        char arn[ECS_TEXT_SIZE];
        if (!copy_text("an item of resources", resource, arn, sizeof(arn), text)) {
            return false;
        }
        if (strstr(arn, ":service/") != NULL) {
            return read_service_arn(arn, event, text);
        }
    }
    return error_set(text, "resources has no service's ARN");
}

static enum ecs_parse read_name(const json_t *detail, struct ecs_event *event, struct error *text)
{
    char name[64];
    if (!copy_text("eventName", json_object_get(detail, "eventName"), name, sizeof(name), text)) {
        return ECS_MALFORMED;
    }
    for (size_t i = 0; i < ARRAY_LEN(named_states); i++) {
        if (strncmp(name, NAME_PREFIX, strlen(NAME_PREFIX)) == 0 &&
            strcmp(name + strlen(NAME_PREFIX), state_names[named_states[i]]) == 0) {
            bool is_back = named_states[i] == ECS_IN_PROGRESS &&
                           strstr(event->reason, ECS_ROLLING_BACK_TEXT) != NULL;
            event->state = is_back ? ECS_ROLLING_BACK : named_states[i];
            return ECS_PARSED;
        }
    }
    event->other_field = "detail.eventName";
    error_set(text,
              "eventName is \"%s\", expected " NAME_PREFIX "IN_PROGRESS, " NAME_PREFIX
              "COMPLETED or " NAME_PREFIX "FAILED",
              name);
    return ECS_OTHER_EVENT;
}

static enum ecs_parse read_deployment(const json_t *resources, const json_t *detail,
                                      struct ecs_event *event, struct error *text)
{
    event->kind = ECS_OF_DEPLOYMENT;
    const json_t *id = json_object_get(detail, "deploymentId");
    bool ok = read_service(resources, event, text) &&
              (!is_absent(id) || error_set(text, "deploymentId is nothing, expected a string")) &&
              read_prefixed(detail, "deploymentId", "ecs-svc/", event->deployment, text) &&
              read_time_of(detail, "updatedAt", &event->updated_ms, text);
    add_reason(json_object_get(detail, "reason"), event);
    return ok ? read_name(detail, event, text) : ECS_MALFORMED;
}

/* A bad id of the envelope is no reason to lose an event: it only labels the log's line. */
static void read_id(const json_t *json, struct ecs_event *event)
{
    const json_t *id = json_object_get(json, "id");
    if (json_is_string(id) && !copy_text("id", id, event->id, sizeof(event->id), NULL)) {
        event->id[0] = '\0';
    }
}

static bool is_our_source(const char *source)
{
    for (size_t i = 0; i < ARRAY_LEN(sources); i++) {
        if (strcmp(source, sources[i]) == 0) {
            return true;
        }
    }
    return false;
}

static const struct spelling *spelling_of(const json_t *json)
{
    bool is_put_events = json_object_get(json, delivered.source) == NULL &&
                         json_object_get(json, delivered.detail_type) == NULL &&
                         json_object_get(json, put_events.source) != NULL;
    return is_put_events ? &put_events : &delivered;
}

static enum ecs_parse read_envelope(const json_t *json, const struct spelling *keys,
                                    struct ecs_event *event, struct error *text)
{
    char source[ECS_TEXT_SIZE], detail_type[ECS_TEXT_SIZE];
    if (!copy_text(keys->source, json_object_get(json, keys->source), source, sizeof(source),
                   text) ||
        !copy_text(keys->detail_type, json_object_get(json, keys->detail_type), detail_type,
                   sizeof(detail_type), text)) {
        return ECS_MALFORMED;
    }
    if (!is_our_source(source)) {
        event->other_field = "source";
        error_set(text, "%s is \"%s\", expected \"aws.ecs\" or \"custom.ecs\"", keys->source,
                  source);
        return ECS_OTHER_EVENT;
    }
    if (strcmp(detail_type, TASK_TYPE) != 0 && strcmp(detail_type, DEPLOYMENT_TYPE) != 0) {
        event->other_field = "detail-type";
        error_set(text, "%s is \"%s\", expected \"" TASK_TYPE "\" or \"" DEPLOYMENT_TYPE "\"",
                  keys->detail_type, detail_type);
        return ECS_OTHER_EVENT;
    }
    event->kind = strcmp(detail_type, TASK_TYPE) == 0 ? ECS_OF_TASK : ECS_OF_DEPLOYMENT;
    return ECS_PARSED;
}

static enum ecs_parse read_detail(const json_t *json, const struct spelling *keys,
                                  const json_t *detail, struct ecs_event *event, struct error *text)
{
    if (!json_is_object(detail)) {
        error_set(text, "%s is %s, expected an object", keys->detail, type_name(detail));
        return ECS_MALFORMED;
    }
    return event->kind == ECS_OF_TASK
               ? read_task(detail, event, text)
               : read_deployment(json_object_get(json, keys->resources), detail, event, text);
}

enum ecs_parse ecs_event_parse(const json_t *json, struct ecs_event *event, struct error *text)
{
    *event = (struct ecs_event){.version = 0};
    if (!json_is_object(json)) {
        error_set(text, "an event is %s, expected an object", type_name(json));
        return ECS_MALFORMED;
    }
    read_id(json, event);
    const struct spelling *keys = spelling_of(json);
    enum ecs_parse verdict = read_envelope(json, keys, event, text);
    if (verdict != ECS_PARSED) {
        return verdict;
    }
    const json_t *detail = json_object_get(json, keys->detail);
    if (keys != &put_events || !json_is_string(detail)) {
        return read_detail(json, keys, detail, event, text);
    }
    json_error_t why;
    json_t *inner = json_loadb(json_string_value(detail), json_string_length(detail), 0, &why);
    if (inner == NULL) {
        error_set(text, "Detail is a string that is not JSON: %s", why.text);
        return ECS_MALFORMED;
    }
    verdict = read_detail(json, keys, inner, event, text);
    json_decref(inner);
    return verdict;
}

const char *ecs_deployment_state_name(enum ecs_deployment_state state)
{
    return state_names[state];
}

bool ecs_event_has_container(const struct ecs_event *event, const char *name)
{
    for (size_t i = 0; i < event->container_count; i++) {
        if (strcmp(event->containers[i], name) == 0) {
            return true;
        }
    }
    return false;
}
