/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/target_health.h"

#include <stdio.h>
#include <string.h>

#include "common/attributes.h"
#include "control/aws/aws_xml.h"
#include "control/http/outside_text.h"

enum target_state {
    TARGET_HEALTHY,
    TARGET_UNHEALTHY,
    TARGET_INITIAL,
    TARGET_DRAINING,
    TARGET_UNUSED,
    TARGET_UNAVAILABLE,
    TARGET_OTHER,
};
#define TARGET_STATE_COUNT (TARGET_OTHER + 1)

/* "unhealthy.draining" is one that is unhealthy and draining. */
static const char *const state_names[TARGET_STATE_COUNT] = {[TARGET_HEALTHY] = "healthy",
                                                            [TARGET_UNHEALTHY] = "unhealthy",
                                                            [TARGET_INITIAL] = "initial",
                                                            [TARGET_DRAINING] = "draining",
                                                            [TARGET_UNUSED] = "unused",
                                                            [TARGET_UNAVAILABLE] = "unavailable",
                                                            [TARGET_OTHER] = "in an unknown state"};

struct tally {
    unsigned states[TARGET_STATE_COUNT];
    const char *reason; /* of the first one that is not healthy; NULL: none says it */
};

static enum target_state state_of(const char *name)
{
    if (strcmp(name, "unhealthy.draining") == 0) {
        return TARGET_DRAINING;
    }
    for (size_t i = 0; i < TARGET_OTHER; i++) {
        if (strcmp(name, state_names[i]) == 0) {
            return (enum target_state)i;
        }
    }
    return TARGET_OTHER;
}

static void count_target(struct tally *tally, const json_t *description)
{
    const json_t *health = json_object_get(description, "TargetHealth");
    const char *name = json_string_value(json_object_get(health, "State"));
    const char *reason = json_string_value(json_object_get(health, "Reason"));
    enum target_state state = state_of(name != NULL ? name : "");
    tally->states[state]++;
    if (tally->reason == NULL && state != TARGET_HEALTHY && state != TARGET_DRAINING) {
        tally->reason = reason;
    }
}

/* " (1 initial, 1 draining: Target.Timeout)" */
static void print_others(const struct tally *tally, char *out, size_t size)
{
    char reason[64] = "";
    size_t len = 0;
    out[0] = '\0';
    for (size_t i = TARGET_UNHEALTHY; i < TARGET_STATE_COUNT && len < size; i++) {
        if (tally->states[i] > 0) {
            len += (size_t)snprintf(out + len, size - len, "%s%u %s", len == 0 ? " (" : ", ",
                                    tally->states[i], state_names[i]);
        }
    }
    if (tally->reason != NULL) {
        outside_text_copy(tally->reason, reason, sizeof(reason));
    }
    if (len > 0 && len < size) {
        snprintf(out + len, size - len, "%s%s)", reason[0] != '\0' ? ": " : "", reason);
    }
}

void target_health_judge(const json_t *document, unsigned minimum, struct probe_outcome *outcome)
{
    struct tally tally = {.reason = NULL};
    char others[PROBE_TEXT_SIZE / 2];
    unsigned total = 0;
    if (json_object_get(document, "TargetHealthDescriptions") == NULL) {
        outcome->counts = false;
        snprintf(outcome->text, sizeof(outcome->text),
                 "what answered is not a load balancer's API");
        return;
    }
    json_t *list = aws_xml_list(document, "TargetHealthDescriptions", "member");
    for (size_t i = 0; i < json_array_size(list); i++) {
        count_target(&tally, json_array_get(list, i));
    }
    for (size_t i = 0; i < TARGET_STATE_COUNT; i++) {
        total += i == TARGET_DRAINING ? 0 : tally.states[i];
    }
    unsigned healthy = tally.states[TARGET_HEALTHY];
    unsigned open = tally.states[TARGET_INITIAL] + tally.states[TARGET_UNAVAILABLE];
    bool is_enough = total > 0 && healthy * 100 >= minimum * total;
    bool may_be_enough = total > 0 && (healthy + open) * 100 >= minimum * total;
    outcome->succeeded = is_enough;
    outcome->counts = is_enough || !may_be_enough;
    print_others(&tally, others, sizeof(others));
    if (total == 0) {
        snprintf(outcome->text, sizeof(outcome->text), "no targets%s", others);
    } else {
        snprintf(outcome->text, sizeof(outcome->text), "%u of %u targets healthy%s%s", healthy,
                 total, others, is_enough || !may_be_enough ? "" : ": not decided yet");
    }
    json_decref(list);
}
