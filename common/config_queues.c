/* SPDX-License-Identifier: BSD-2-Clause */
/* The keys queues and ecs of `aws`: where events come from, and how often ECS is asked. */
#include "common/config_fill.h"

#include <string.h>

#include "common/alloc.h"

#define SECOND_MS ((int64_t)1000)
#define HOUR_MS   (3600 * SECOND_MS)

/* SQS counts in seconds. */
static bool fill_seconds(const struct place *place, const char *key, const char *text,
                         struct range range_ms, int64_t *value_ms)
{
    return fill_duration(place, key, text, range_ms, value_ms) &&
           (*value_ms % SECOND_MS == 0 ||
            place_fail(place, key, "found %s, expected whole seconds", text));
}

static bool fill_queue_url(const struct place *place, const char *text, const char **url)
{
    if (!fill_url(place, "url", text, url)) {
        return false;
    }
    const char *path = strchr(strstr(*url, "://") + strlen("://"), '/');
    size_t len = strlen(*url);
    bool has_name = path != NULL && path[1] != '\0' && (*url)[len - 1] != '/';
    return (has_name && strpbrk(*url, "?{") == NULL) ||
           place_fail(place, "url",
                      "found \"%s\", expected the URL of a queue, which ends with its name", *url);
}

static bool fill_one(const struct place *place, const struct raw_queue *raw,
                     struct config_queue *queue)
{
    static const char *const protocols[] = {
        [QUEUE_PROTOCOL_AUTO] = "auto",
        [QUEUE_PROTOCOL_JSON] = "json",
        [QUEUE_PROTOCOL_QUERY] = "query",
        NULL,
    };
    unsigned protocol = QUEUE_PROTOCOL_AUTO;
    *queue = (struct config_queue){
        .line = place_line(place), .wait_ms = 20 * SECOND_MS, .visibility_ms = 60 * SECOND_MS};
    if (!fill_queue_url(place, raw->url, &queue->url) ||
        !fill_choice(place, "protocol", raw->protocol, protocols, &protocol) ||
        !fill_seconds(place, "wait", raw->wait, (struct range){SECOND_MS, 20 * SECOND_MS},
                      &queue->wait_ms)) {
        return false;
    }
    queue->protocol = (enum config_queue_protocol)protocol;
    return fill_seconds(place, "visibility", raw->visibility,
                        (struct range){2 * SECOND_MS, 12 * HOUR_MS}, &queue->visibility_ms);
}

bool fill_queues(const struct place *aws, const struct raw_aws *raw, struct config_aws *config)
{
    struct place ecs = place_key(aws, "ecs");
    config->ecs_interval_ms = raw->ecs == NULL ? 0 : 60 * SECOND_MS;
    if (raw->ecs != NULL &&
        !fill_duration(&ecs, "interval", raw->ecs->interval, (struct range){SECOND_MS, HOUR_MS},
                       &config->ecs_interval_ms)) {
        return false;
    }
    config->queues = arena_alloc(aws->reader->arena, raw->queues_count * sizeof(*config->queues));
    for (size_t i = 0; i < raw->queues_count; i++) {
        struct place place = place_item(aws, "queues", i);
        if (!fill_one(&place, &raw->queues[i], &config->queues[i])) {
            return false;
        }
        for (size_t j = 0; j < i; j++) {
            if (strcmp(config->queues[i].url, config->queues[j].url) == 0) {
                return place_fail(&place, "url",
                                  "found %s a second time, expected each queue once (first in line "
                                  "%u)",
                                  config->queues[i].url, config->queues[j].line);
            }
        }
        config->queue_count = i + 1;
    }
    return true;
}
