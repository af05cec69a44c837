/* SPDX-License-Identifier: BSD-2-Clause */
/* Any text as a plan. One that is taken is run: what follows its NUL says what becomes of each
 * task, and is also loaded as an execution of it. Each step goes through save and load. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "control/plan/asl_execution.h"
#include "control/plan/asl_graph.h"
#include "control/plan/asl_intrinsic.h"
#include "control/plan/asl_short_form.h"

#define STEPS 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static json_t *result_of(uint8_t chance)
{
    static const char *const results[] = {
        "{\"State\":\"healthy\"}",
        "{\"State\":\"unhealthy\"}",
        "null",
        "[1,2.5,\"x\",{}]",
        "\"2026-11-23T15:50:01Z\"",
        "7",
        "{\"a\":{\"b\":[0,{\"c\":true}]}}",
        "\"\"",
    };
    return json_loads(results[chance % 8], JSON_DECODE_ANY, NULL);
}

static struct asl_execution *restart(const struct asl_document *document,
                                     struct asl_execution *execution)
{
    struct error err;
    json_t *saved = asl_execution_save(execution);
    asl_execution_freep(&execution);
    execution = asl_execution_load(document, saved, &err);
    assert(execution != NULL);
    json_decref(saved);
    return execution;
}

/* One step, decided by one octet; false when it is over. */
static bool step(struct asl_execution *execution, uint8_t chance, int64_t *now_ms)
{
    struct error err;
    struct asl_want want = asl_execution_want(execution);
    if (want.kind > ASL_WANT_TICK) {
        assert(want.kind == ASL_WANT_SUCCEEDED ? want.output != NULL : want.error != NULL);
        return false;
    }
    json_t *output = result_of(chance);
    json_t *history = json_array();
    struct asl_event event = {ASL_TICK, want.task, output, "E", "said so"};
    if (want.kind == ASL_WANT_TASK && chance < 0xf0) {
        event.kind = chance < 0xa0 ? ASL_TASK_SUCCEEDED : ASL_TASK_FAILED;
    } else if (chance == 0xff) {
        event.kind = ASL_ABORT;
    } else {
        *now_ms = chance == 0xfe ? *now_ms - 5000 : want.until_ms;
    }
    assert(asl_execution_step(execution, &event, *now_ms, history, &err));
    assert(json_array_size(history) <= 3 * ASL_MAX_STATES);
    json_decref(history);
    json_decref(output);
    return true;
}

/* The bound on states in a row is met by no document that was taken, unless it speaks of it itself.
 */
static void check_bound(const struct asl_execution *execution, const char *text)
{
    const char *cause = asl_execution_want(execution).cause;
    assert(cause == NULL || strstr(cause, "without end") == NULL ||
           strstr(text, "without end") != NULL);
}

static void run(const struct asl_document *document, const char *text, const uint8_t *chances,
                size_t count)
{
    struct error err;
    int64_t now_ms = INT64_C(1795449001000);
    json_t *history = json_array();
    json_t *input = result_of(6);
    struct asl_beginning beginning = {"e-1", "first", "cats", input, count};
    struct asl_execution *execution =
        asl_execution_start(document, &beginning, now_ms, history, &err);
    assert(execution != NULL);
    for (size_t i = 0; i < STEPS; i++) {
        execution = restart(document, execution);
        if (!step(execution, i < count ? chances[i] : 0, &now_ms)) {
            break;
        }
    }
    check_bound(execution, text);
    asl_execution_freep(&execution);
    json_decref(input);
    json_decref(history);
}

static void load(const struct asl_document *document, const uint8_t *text, size_t len)
{
    struct error err;
    int64_t now_ms = 0;
    json_t *saved = json_loadb((const char *)text, len, 0, NULL);
    struct asl_execution *execution = asl_execution_load(document, saved, &err);
    for (uint8_t i = 0; execution != NULL && i < 8 && step(execution, i, &now_ms); i++) {
    }
    asl_execution_freep(&execution);
    json_decref(saved);
}

static void draw(const struct asl_document *document)
{
    CLEANUP(alloc_freep) char *text = asl_graph_text(document);
    CLEANUP(alloc_freep) char *dot = asl_graph_dot(document);
    assert(text != NULL && dot != NULL);
}

/* The same octets as an expression, and as the steps of a short form. */
static void try_texts(const char *text)
{
    struct error err;
    struct asl_fault fault;
    struct asl_short_form form = {.gate_count = 0};
    uint64_t random = 1;
    json_t *input = result_of(6);
    struct asl_scope scope = {input, input, &random};
    if (asl_expression_check(text, &err)) {
        json_t *value = asl_expression_value(text, &scope, &fault);
        assert(value != NULL || fault.cause.text[0] != '\0');
        json_decref(value);
    }
    json_decref(input);
    if (asl_short_form_steps(text, &form, &err)) {
        form.hold_ms = 60000;
        json_t *json = asl_short_form_compile(&form, &err);
        assert(json != NULL);
        json_decref(json);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error err = {""};
    CLEANUP(alloc_freep) char *text = alloc_zeroed(size + 1, 1);
    memcpy(text, data, size);
    size_t len = strlen(text);
    CLEANUP(asl_document_freep)
    struct asl_document *document = asl_document_parse(text, len, "p", NULL, 0, &err);
    if (document == NULL) {
        assert(strncmp(err.text, "p:", 2) == 0);
        try_texts(text);
        return 0;
    }
    size_t rest = len < size ? size - len - 1 : 0;
    draw(document);
    run(document, text, data + size - rest, rest);
    load(document, data + size - rest, rest);
    return 0;
}
