/* SPDX-License-Identifier: BSD-2-Clause */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "control/gate_private.h"
#include "control/http/outside_text.h"
#include "control/secret_file.h"
#include "control/signature.h"

static bool parse_state(const char *text, enum gate_state *state)
{
    static const enum gate_state states[] = {GATE_RESULT_PASS, GATE_RESULT_FAIL, GATE_RESULT_WAIT};
    for (size_t i = 0; text != NULL && i < ARRAY_LEN(states); i++) {
        if (strcmp(gate_state_name(states[i]), text) == 0) {
            *state = states[i];
            return true;
        }
    }
    return false;
}

static void judge_object(const json_t *root, struct gate_finding *finding)
{
    const json_t *said = json_object_get(root, "state");
    const json_t *reason = json_object_get(root, "reason");
    enum gate_state state = GATE_RESULT_ERROR;
    if (!json_is_object(root) || !json_is_string(said)) {
        gate_finding_set(finding, GATE_RESULT_ERROR,
                         "the answer has no state, expected \"pass\", \"fail\" or \"wait\"");
    } else if (!parse_state(json_string_value(said), &state)) {
        char found[64];
        outside_text_copy(json_string_value(said), found, sizeof(found));
        gate_finding_set(finding, GATE_RESULT_ERROR,
                         "found state \"%s\", expected \"pass\", \"fail\" or \"wait\"", found);
    } else if (reason != NULL && !json_is_string(reason)) {
        gate_finding_set(finding, GATE_RESULT_ERROR, "the answer's reason is no text");
    } else if (reason == NULL || json_string_length(reason) == 0) {
        gate_finding_set(finding, state, "%s", gate_state_name(state));
    } else {
        gate_finding_set(finding, state, "%s: %s", gate_state_name(state),
                         json_string_value(reason));
    }
}

void gate_webhook_judge(long status, const char *body, size_t len, struct gate_finding *finding)
{
    json_error_t why;
    CLEANUP(json_decrefp) json_t *root = json_loadb(body, len, JSON_REJECT_DUPLICATES, &why);
    if (status != 200) {
        gate_finding_set(finding, GATE_RESULT_ERROR, "HTTP %ld, expected 200", status);
    } else if (root == NULL) {
        gate_finding_set(finding, GATE_RESULT_ERROR, "the answer is no JSON: %s", why.text);
    } else {
        judge_object(root, finding);
    }
    gate_finding_add(finding, "Status", json_integer(status));
}

static void on_answer(void *argument, const struct http_answer *answer)
{
    struct gate_run *run = argument;
    run->call = NULL;
    if (answer->is_whole) {
        gate_webhook_judge(answer->status, answer->body, answer->len, &run->finding);
    } else {
        gate_finding_set(&run->finding, GATE_RESULT_ERROR, "%s", answer->text);
    }
    gate_run_take(run);
}

/* The caller frees it. */
static char *make_body(const struct gate_run *run)
{
    CLEANUP(json_decrefp) json_t *told = json_copy(run->subject);
    json_object_set_new(told, "attempt", json_integer(run->attempts));
    return json_dumps(told, JSON_COMPACT);
}

bool gate_webhook_start(struct gate_run *run, struct error *err)
{
    const struct config_gate *gate = run->gate;
    char header[SIGNATURE_SIZE];
    CLEANUP(alloc_freep) char *body = make_body(run);
    if (gate->secret_file != NULL) {
        CLEANUP(alloc_freep) char *secret = secret_file_read("secret", gate->secret_file, err);
        if (secret == NULL) {
            return false;
        }
        signature_make(secret, gate_run_now_ms(run) / 1000, body, header);
    }
    CLEANUP(alloc_freep)
    char *url =
        placeholder_fill(gate->url, run->placeholders, GATE_PLACEHOLDER_COUNT, PLACEHOLDER_IN_URL);
    const char *const headers[] = {"Content-Type: application/json",
                                   gate->secret_file != NULL ? header : NULL, NULL};
    run->call = http_call_start(run->client,
                                &(struct http_request){
                                    .url = url,
                                    .ca_file = gate->ca_file,
                                    .method = "POST",
                                    .headers = headers,
                                    .body = body,
                                    .body_len = strlen(body),
                                    .purpose = "gate",
                                    .timeout_ms = gate->timeout_ms,
                                    .answer_max = GATE_WEBHOOK_ANSWER_MAX,
                                },
                                on_answer, run);
    return true;
}

void gate_webhook_stop(struct gate_run *run)
{
    http_call_cancel(run->call);
    run->call = NULL;
}
