/* SPDX-License-Identifier: BSD-2-Clause */
/* Any octets as a configuration: it is either refused with a text that begins with the file, or
 * keeps what its header promises. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "common/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_gate(const struct config_gate *gate)
{
    assert(gate->is_at_step || gate->is_in_holds);
    assert(gate->on_deadline != GATE_OTHERWISE_WAIT);
    assert((gate->deadline_ms > 0) == gate->is_at_step);
    if (gate->type == GATE_TYPE_APPROVAL) {
        assert(!gate->is_in_holds && gate->url == NULL);
        return;
    }
    assert(strncmp(gate->url, "http", 4) == 0 && gate->timeout_ms > 0 && gate->interval_ms > 0);
    if (gate->type == GATE_TYPE_THRESHOLD) {
        assert(gate->metric.query != NULL && (gate->metric.has_min || gate->metric.has_max));
    } else if (gate->type == GATE_TYPE_COMPARISON) {
        assert(gate->metric.candidate_query != NULL && gate->metric.stable_query != NULL);
        assert(gate->metric.resolution_ms > 0 && gate->metric.min_samples > 0);
        assert(gate->metric.significance > 0 && gate->metric.significance < 1);
    }
}

static void check_promises(const struct config *config)
{
    assert(config->server.listen_count >= 1 && config->server.workers >= 1);
    assert(config->control.socket != NULL && config->control.state != NULL);
    assert(config->zone_count >= 1);
    for (size_t i = 0; i < config->health_check_count; i++) {
        const struct config_health_check *check = &config->health_checks[i];
        assert(check->port > 0 && check->timeout_ms <= check->interval_ms);
    }
    for (size_t i = 0; i < config->record_set_count; i++) {
        const struct config_record_set *set = &config->record_sets[i];
        assert(set->member_count >= 1 && set->member_count <= 100);
        assert(config_find_record_set(config, set->name, set->type) == i);
        for (size_t j = 0; j < set->member_count; j++) {
            const struct config_member *member = &set->members[j];
            if (member->alias != NULL) {
                assert(member->value_count == 0 && member->alias[0] != '\0');
            } else {
                assert(member->value_count >= 1 && member->values[0] != NULL);
            }
        }
    }
    for (size_t i = 0; i < config->rollout_count; i++) {
        const struct config_rollout *rollout = &config->rollouts[i];
        assert(rollout->record_set_count >= 1);
        assert(rollout->record_sets[0] < config->record_set_count);
        assert(rollout->plan.steps[rollout->plan.step_count - 1] == 100);
        for (size_t j = 0; j < rollout->gate_count; j++) {
            check_gate(&rollout->gates[j]);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error err = {""};
    CLEANUP(config_freep) struct config *config = config_parse("dir/x.yaml", data, size, &err);
    if (config != NULL) {
        check_promises(config);
    } else {
        assert(strncmp(err.text, "dir/x.yaml:", 11) == 0);
    }
    return 0;
}
