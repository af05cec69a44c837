/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/ecs_hook.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "control/http/outside_json.h"

#define HOOK_TYPE "ECS Hook State Change"
#define WAITING   "HOOK_AWAITING_ACTION"

bool ecs_hook_is(const json_t *json)
{
    const char *source = outside_json_text(json, "source");
    return (strcmp(source, "aws.ecs") == 0 || strcmp(source, "custom.ecs") == 0) &&
           strcmp(outside_json_text(json, "detail-type"), HOOK_TYPE) == 0;
}

static bool copy(const json_t *detail, const char *key, bool is_required, char *out, size_t size,
                 struct error *text)
{
    const char *value = outside_json_text(detail, key);
    out[0] = '\0';
    if (value[0] == '\0') {
        return !is_required || error_set(text, "%s is no text", key);
    }
    if (strlen(value) >= size) {
        return error_set(text, "%s has %zu octets, expected at most %zu", key, strlen(value),
                         size - 1);
    }
    for (const char *c = value; *c != '\0'; c++) {
        if ((unsigned char)*c < ' ' || *c == 0x7f) {
            return error_set(text, "%s has a control character", key);
        }
    }
    strcpy(out, value);
    return true;
}

/* "2026-03-05T16:04:41Z", with a fraction or without. What is no time is not known. */
static int64_t time_of(const json_t *detail, const char *key)
{
    struct tm tm = {0};
    const char *end = strptime(outside_json_text(detail, key), "%Y-%m-%dT%H:%M:%S", &tm);
    bool is_utc = end != NULL && end[strlen(end) > 0 ? strlen(end) - 1 : 0] == 'Z';
    int64_t at_s = is_utc ? (int64_t)timegm(&tm) : 0;
    return at_s > 0 ? at_s * 1000 : 0;
}

static bool last_part(const char *arn, const char *key, char *out, size_t size, struct error *text)
{
    const char *slash = strrchr(arn, '/');
    snprintf(out, size, "%s", slash == NULL ? arn : slash + 1);
    return out[0] != '\0' || error_set(text, "%s ends without a name", key);
}

static bool read_detail(const json_t *detail, struct ecs_hook *hook, struct error *text)
{
    char arn[768];
    return copy(detail, "hookId", true, hook->id, sizeof(hook->id), text) &&
           copy(detail, "serviceDeploymentArn", true, hook->deployment_arn,
                sizeof(hook->deployment_arn), text) &&
           copy(detail, "clusterArn", true, hook->cluster_arn, sizeof(hook->cluster_arn), text) &&
           last_part(hook->cluster_arn, "clusterArn", hook->cluster, sizeof(hook->cluster), text) &&
           copy(detail, "serviceArn", true, arn, sizeof(arn), text) &&
           last_part(arn, "serviceArn", hook->service, sizeof(hook->service), text) &&
           copy(detail, "lifecycleStage", false, hook->stage, sizeof(hook->stage), text);
}

enum ecs_parse ecs_hook_parse(const json_t *json, struct ecs_hook *hook, struct error *text)
{
    const json_t *detail = json_object_get(json, "detail");
    struct error absent;
    *hook = (struct ecs_hook){.expires_ms = time_of(detail, "expiresAt")};
    if (!copy(json, "id", false, hook->event_id, sizeof(hook->event_id), &absent)) {
        hook->event_id[0] = '\0'; /* it only labels a line */
    }
    if (!read_detail(detail, hook, text)) {
        return ECS_MALFORMED;
    }
    const char *name = outside_json_text(detail, "eventName"),
               *type = outside_json_text(detail, "hookType");
    if (strcmp(name, WAITING) != 0) {
        error_set(text, "eventName is \"%s\", expected " WAITING, name);
        return ECS_OTHER_EVENT;
    }
    if (strcmp(type, "PAUSE") != 0) {
        error_set(text, "hookType is \"%s\", expected PAUSE", type);
        return ECS_OTHER_EVENT;
    }
    return ECS_PARSED;
}
