/* SPDX-License-Identifier: BSD-2-Clause */
/* Asks one gate of a configuration once, without a daemon, and prints the result's numbers as JSON.
 *
 *   gate_once CONFIG ROLLOUT GATE PHASE [CANDIDATE STABLE]
 *
 * PHASE is "step" or "hold". The members are the second and the first of the rollout's first record
 * set unless they are named. Exit 0 when the gate lets the rollout go on, 1 when it falls back, 3
 * when it is to be asked again, 2 when it cannot be asked. The gate's own times bound how long it
 * takes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "common/clock.h"
#include "control/gate.h"

struct question {
    struct http_client *client;
    int status;
};

static void print_result(void *argument, const struct gate_result *result)
{
    static const int statuses[] = {
        [GATE_GOES_ON] = 0, [GATE_FALLS_BACK] = 1, [GATE_ASKS_AGAIN] = 3};
    struct question *question = argument;
    json_dumpf(result->numbers, stdout, JSON_COMPACT);
    printf("\n");
    question->status = statuses[result->decision];
    http_client_close(question->client);
}

static const struct config_rollout *find_rollout(const struct config *config, const char *name)
{
    for (size_t i = 0; i < config->rollout_count; i++) {
        if (strcmp(config->rollouts[i].name, name) == 0) {
            return &config->rollouts[i];
        }
    }
    return NULL;
}

static const struct config_gate *find_gate(const struct config_rollout *rollout, const char *name)
{
    for (size_t i = 0; rollout != NULL && i < rollout->gate_count; i++) {
        if (strcmp(rollout->gates[i].name, name) == 0) {
            return &rollout->gates[i];
        }
    }
    return NULL;
}

static int ask(const struct config *config, const struct config_rollout *rollout,
               const struct config_gate *gate, char **words, int count)
{
    const struct config_record_set *set = &config->record_sets[rollout->record_sets[0]];
    CLEANUP(alloc_freep) char *key = alloc_printf("%s/%s", set->name, set->type);
    const char *keys[] = {key};
    const struct gate_context context = {
        .rollout_id = 1,
        .rule = rollout->name,
        .deployment = "ecs-svc/1",
        .record_sets = keys,
        .record_set_count = 1,
        .candidate = count > 1 ? words[1] : set->members[1].id,
        .stable = count > 2 ? words[2] : set->members[0].id,
        .weight = rollout->plan.steps[0],
        .step_count = rollout->plan.step_count,
        .is_in_hold = strcmp(words[0], "hold") == 0,
        .now_ms = clock_now_ms(),
    };
    struct error err;
    struct question question = {.status = 2};
    uv_loop_t loop;
    uv_loop_init(&loop);
    question.client = http_client_new(&loop, &err);
    if (question.client == NULL) {
        fprintf(stderr, "gate_once: %s\n", err.text);
        return 2;
    }
    gate_ask(question.client, &loop, gate, &context, print_result, &question);
    uv_run(&loop, UV_RUN_DEFAULT);
    uv_loop_close(&loop);
    return question.status;
}

int main(int argc, char **argv)
{
    struct error err;
    if (argc < 5 || argc > 7) {
        fprintf(stderr, "usage: gate_once CONFIG ROLLOUT GATE step|hold [CANDIDATE STABLE]\n");
        return 2;
    }
    CLEANUP(config_freep) struct config *config = config_load(argv[1], &err);
    if (config == NULL) {
        fprintf(stderr, "gate_once: %s\n", err.text);
        return 2;
    }
    const struct config_rollout *rollout = find_rollout(config, argv[2]);
    const struct config_gate *gate = find_gate(rollout, argv[3]);
    if (gate == NULL || gate->type == GATE_TYPE_APPROVAL) {
        fprintf(stderr, "gate_once: no such gate, or an approval\n");
        return 2;
    }
    return ask(config, rollout, gate, argv + 4, argc - 4);
}
