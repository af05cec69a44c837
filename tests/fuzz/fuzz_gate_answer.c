/* SPDX-License-Identifier: BSD-2-Clause */
/* Any octets as what webhooks and Prometheus answer: a gate finds one of its states, with a text
 * that any terminal and JSON can take, and no pass that was not said. The first octet: 'w' a
 * webhook, 't' a value with limits, 'c' two series, with a newline between the answers; in capitals
 * with status 503. */
#include <assert.h>
#include <jansson.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "control/gate_private.h"
#include "control/prometheus_answer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(const char *text, size_t size)
{
    size_t len = strlen(text);
    json_t *json = json_string(text);
    assert(len > 0 && len < size && json != NULL);
    json_decref(json);
    for (size_t i = 0; i < len; i++) {
        assert((unsigned char)text[i] >= ' ' && text[i] != 0x7f);
    }
}

static void check_finding(struct gate_finding *finding)
{
    check_text(finding->text, sizeof(finding->text));
    char *dumped = json_dumps(finding->details, 0);
    assert(dumped != NULL);
    free(dumped);
    gate_finding_done(finding);
}

static void read_answer(long status, const char *body, size_t len, struct metric_answer *answer)
{
    prometheus_answer_read(status, body, len, answer);
    assert((answer->state == METRIC_VALUES) == (answer->count > 0));
    assert(answer->count <= len);
    for (size_t i = 0; i < answer->count; i++) {
        assert(!isnan(answer->values[i]));
    }
    if (answer->state != METRIC_VALUES) {
        check_text(answer->text, sizeof(answer->text));
    }
    assert(status == 200 || answer->state == METRIC_FAILED);
}

static void judge_webhook(long status, const char *body, size_t len)
{
    struct gate_finding finding = {.state = GATE_RESULT_INCONCLUSIVE};
    gate_webhook_judge(status, body, len, &finding);
    assert(finding.state != GATE_RESULT_INCONCLUSIVE);
    if (finding.state != GATE_RESULT_ERROR) {
        assert(status == 200 && memmem(body, len, "state", 5) != NULL);
    }
    check_finding(&finding);
}

static void judge_value(long status, const char *body, size_t len)
{
    const struct config_gate_metric metric = {
        .has_min = true, .has_max = true, .min = -1, .max = 1};
    struct gate_finding finding = {.state = GATE_RESULT_WAIT};
    struct metric_answer answer;
    read_answer(status, body, len, &answer);
    gate_metric_judge_value(&metric, &answer, &finding);
    assert(finding.state != GATE_RESULT_WAIT);
    if (finding.state == GATE_RESULT_PASS) {
        assert(answer.count == 1 && answer.values[0] >= -1 && answer.values[0] <= 1);
    }
    check_finding(&finding);
    metric_answer_done(&answer);
}

static void judge_samples(long status, const char *body, size_t len)
{
    const struct config_gate_metric metric = {
        .significance = 0.05, .effect = 0.147, .min_samples = 3};
    const char *end = memchr(body, '\n', len);
    size_t first_len = end == NULL ? len : (size_t)(end - body);
    size_t second = end == NULL ? len : first_len + 1;
    struct gate_finding finding = {.state = GATE_RESULT_WAIT};
    struct metric_answer candidate;
    struct metric_answer stable;
    read_answer(status, body, first_len, &candidate);
    read_answer(status, body + second, len - second, &stable);
    if (candidate.state != METRIC_FAILED && stable.state != METRIC_FAILED) {
        gate_metric_judge_samples(&metric, &candidate, &stable, &finding);
        assert(finding.state != GATE_RESULT_WAIT && finding.state != GATE_RESULT_ERROR);
        if (candidate.count < 3 || stable.count < 3) {
            assert(finding.state == GATE_RESULT_INCONCLUSIVE);
        }
        check_finding(&finding);
    }
    metric_answer_done(&candidate);
    metric_answer_done(&stable);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    const char *body = (const char *)data + 1;
    switch (data[0]) {
    case 'w':
    case 'W':
        judge_webhook(data[0] == 'w' ? 200 : 503, body, size - 1);
        break;
    case 't':
    case 'T':
        judge_value(data[0] == 't' ? 200 : 503, body, size - 1);
        break;
    case 'c':
    case 'C':
        judge_samples(data[0] == 'c' ? 200 : 503, body, size - 1);
        break;
    default:
        break;
    }
    return 0;
}
