/* SPDX-License-Identifier: BSD-2-Clause */
/* Any octets as events: split, then each parsed, and what is parsed keeps its header's promises;
 * and as what ECS describes, of which events are made. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "control/ecs_described.h"
#include "control/ecs_event.h"
#include "control/ecs_hook.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_hook(const json_t *json)
{
    struct ecs_hook hook;
    struct error text = {""};
    enum ecs_parse parsed = ecs_hook_parse(json, &hook, &text);
    assert(hook.expires_ms >= 0);
    if (parsed == ECS_PARSED) {
        assert(hook.id[0] != '\0' && hook.deployment_arn[0] != '\0' && hook.cluster[0] != '\0' &&
               hook.service[0] != '\0');
    } else {
        assert(text.text[0] != '\0');
    }
}

static void check_made(json_t *made)
{
    struct ecs_event event;
    struct error text = {""};
    if (made != NULL && ecs_event_parse(made, &event, &text) == ECS_PARSED) {
        assert(strcmp(event.id, "described") == 0);
    }
    json_decref(made);
}

static void check_described(const json_t *json)
{
    struct ecs_described described;
    struct error err = {""};
    size_t i;
    const json_t *deployment;
    bool is_good = ecs_described_read(json, &described, &err);
    assert(is_good == (err.text[0] == '\0'));
    assert(described.deployment_count <= ECS_DESCRIBED_DEPLOYMENTS);
    json_array_foreach(json_object_get(json, "deployments"), i, deployment)
    {
        check_made(ecs_described_deployment_event(json, deployment));
    }
    check_made(ecs_described_task_event(json));
}

static void check_event(void *argument, const json_t *json, const char *malformed)
{
    struct ecs_event event;
    struct error text = {""};
    ++*(size_t *)argument;
    assert((json == NULL) != (malformed == NULL));
    if (json == NULL) {
        assert(strncmp(malformed, "line ", 5) == 0);
        return;
    }
    check_hook(json);
    check_described(json);
    enum ecs_parse parsed = ecs_event_parse(json, &event, &text);
    if (parsed != ECS_PARSED) {
        assert(text.text[0] != '\0');
        assert((parsed == ECS_OTHER_EVENT) == (event.other_field != NULL));
        return;
    }
    assert(event.version >= 0 && event.created_ms >= 0);
    assert((event.kind == ECS_OF_TASK) == (event.task_arn[0] != '\0'));
    assert((event.cluster[0] != '\0') == (event.cluster_arn[0] != '\0'));
    assert(event.kind == ECS_OF_TASK ? event.cluster[0] != '\0' : event.service[0] != '\0');
    assert(event.container_count <= ECS_MAX_CONTAINERS);
    assert(ecs_deployment_state_name(event.state)[0] != '\0' && event.updated_ms >= 0);
    for (const char *c = event.reason; *c != '\0'; c++) {
        assert((unsigned char)*c >= ' ' && *c != 0x7f);
    }
    assert(event.deployment[0] == '\0' || strncmp(event.deployment, "ecs-svc/", 8) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t calls = 0;
    size_t said = ecs_event_split((const char *)data, size, check_event, &calls);
    assert(said == calls);
    return 0;
}
