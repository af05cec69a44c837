/* SPDX-License-Identifier: BSD-2-Clause */
/* The sections notify and log: who is told what becomes of rollouts, and how. */
#include "common/config_fill.h"

#include <string.h>

#include "common/alloc.h"

#define SECOND_MS   ((int64_t)1000)
#define HOUR_MS     (3600 * SECOND_MS)
#define RETRIES_MAX 30

const char *const config_notify_events[] = {
    "started",  "shifted",   "waiting", "asked",   "approved",   "rejected", "paused", "resumed",
    "promoted", "succeeded", "failed",  "aborted", "superseded", "frozen",   "thawed", NULL};

static bool fill_events(const struct place *place, const struct raw_notify *raw,
                        struct config_notify *notify)
{
    notify->events = raw->on_count == 0 ? UINT32_MAX : 0;
    for (size_t i = 0; i < raw->on_count; i++) {
        struct place at = place_item(place, "on", i);
        unsigned event = 0;
        if (!fill_choice(&at, NULL, raw->on[i], config_notify_events, &event)) {
            return false;
        }
        notify->events |= UINT32_C(1) << event;
    }
    return true;
}

static bool fill_rollout_names(const struct place *place, const struct raw_notify *raw,
                               struct config_notify *notify)
{
    for (size_t i = 0; i < raw->rollouts_count; i++) {
        struct place at = place_item(place, "rollouts", i);
        if (config_find_rollout(place->reader->config, raw->rollouts[i]) == SIZE_MAX) {
            return place_fail(&at, NULL, "found \"%s\", expected the name of a rollout",
                              raw->rollouts[i]);
        }
    }
    notify->rollout_count = raw->rollouts_count;
    return fill_texts(place, "rollouts", raw->rollouts, raw->rollouts_count, &notify->rollouts);
}

static bool fill_exec(const struct place *place, const struct raw_notify *raw,
                      struct config_notify *notify)
{
    if (raw->url != NULL || raw->secret_file != NULL || raw->ca_file != NULL) {
        return place_fail(place,
                          raw->url != NULL           ? "url"
                          : raw->secret_file != NULL ? "secret_file"
                                                     : "ca_file",
                          "found it in a notice of type exec, expected command");
    }
    if (raw->command_count == 0 || raw->command[0][0] != '/') {
        return place_fail(place, "command", "expected a list that begins with an absolute path");
    }
    notify->command_count = raw->command_count;
    return fill_texts(place, "command", raw->command, raw->command_count, &notify->command);
}

static bool fill_receiver(const struct place *place, const struct raw_notify *raw,
                          struct config_notify *notify)
{
    static const char *const types[] = {"webhook", "slack", "exec", NULL};
    unsigned type = 0;
    if (!fill_choice(place, "type", raw->type, types, &type)) {
        return false;
    }
    notify->type = (enum config_notify_type)type;
    if (notify->type == NOTIFY_EXEC) {
        return fill_exec(place, raw, notify);
    }
    if (raw->command_count > 0) {
        return place_fail(place, "command", "found it in a notice of type %s, expected url",
                          types[type]);
    }
    if (raw->url == NULL) {
        return place_fail(place, "url", "is missing, expected where to send notices");
    }
    if (notify->type == NOTIFY_SLACK && raw->secret_file != NULL) {
        return place_fail(place, "secret_file",
                          "found it in a notice of type slack, which is not "
                          "signed; expected it with type: webhook");
    }
    return fill_url(place, "url", raw->url, &notify->url) &&
           (raw->secret_file == NULL ||
            fill_path(place, "secret_file", raw->secret_file, &notify->secret_file)) &&
           (raw->ca_file == NULL || fill_path(place, "ca_file", raw->ca_file, &notify->ca_file));
}

static bool fill_one(const struct place *place, const struct raw_notify *raw,
                     struct config_notify *notify)
{
    *notify = (struct config_notify){
        .line = place_line(place), .timeout_ms = 10 * SECOND_MS, .retries = 8};
    return fill_name(place, "name", raw->name, &notify->name) &&
           fill_receiver(place, raw, notify) && fill_events(place, raw, notify) &&
           fill_rollout_names(place, raw, notify) &&
           fill_duration(place, "timeout", raw->timeout, (struct range){100, HOUR_MS},
                         &notify->timeout_ms) &&
           fill_number(place, "retries", raw->retries, (struct range){0, RETRIES_MAX},
                       &notify->retries);
}

bool fill_notify(const struct config_reader *reader, const struct raw_config *raw)
{
    struct config *config = reader->config;
    struct place top = place_top(reader), log = place_key(&top, "log");
    static const char *const formats[] = {"text", "json", NULL};
    unsigned format = 0;
    if (raw->log != NULL && !fill_choice(&log, "format", raw->log->format, formats, &format)) {
        return false;
    }
    config->log_is_json = format == 1;
    config->notify = arena_alloc(reader->arena, raw->notify_count * sizeof(*config->notify));
    for (size_t i = 0; i < raw->notify_count; i++) {
        struct place place = place_item(&top, "notify", i);
        if (!fill_one(&place, &raw->notify[i], &config->notify[i])) {
            return false;
        }
        for (size_t j = 0; j < i; j++) {
            if (strcmp(config->notify[i].name, config->notify[j].name) == 0) {
                return place_fail(&place, "name",
                                  "found %s a second time, expected each name once (first in line "
                                  "%u)",
                                  config->notify[i].name, config->notify[j].line);
            }
        }
        config->notify_count = i + 1;
    }
    return true;
}
