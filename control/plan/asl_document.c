/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/plan/asl_document.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "control/plan/asl_data.h"
#include "control/plan/asl_document_private.h"

#define PREFIX "ballast:"

static const char *const type_names[ASL_STATE_TYPE_COUNT] = {
    [ASL_PASS] = "Pass",     [ASL_TASK] = "Task",       [ASL_WAIT] = "Wait",
    [ASL_CHOICE] = "Choice", [ASL_SUCCEED] = "Succeed", [ASL_FAIL] = "Fail",
};

static const struct {
    const char *name;
    int64_t timeout_s;
} resources[ASL_RESOURCE_COUNT] = {
    [ASL_CHANGE_WEIGHT] = {"changeWeight", 60},
    [ASL_CHECK_HEALTH] = {"checkHealth", 60},
    [ASL_APPROVE] = {"approve", 86400},
    [ASL_METRIC] = {"metric", 60},
    [ASL_WEBHOOK] = {"webhook", 60},
};

const char *asl_state_type_name(enum asl_state_type type)
{
    assert((unsigned)type < ASL_STATE_TYPE_COUNT);
    return type_names[type];
}

const char *asl_resource_name(enum asl_resource resource)
{
    assert((unsigned)resource < ASL_RESOURCE_COUNT);
    return resources[resource].name;
}

int64_t asl_resource_timeout_s(enum asl_resource resource)
{
    assert((unsigned)resource < ASL_RESOURCE_COUNT);
    return resources[resource].timeout_s;
}

bool asl_resource_parse(const char *name, enum asl_resource *resource)
{
    if (strncmp(name, PREFIX, strlen(PREFIX)) == 0) {
        name += strlen(PREFIX);
    }
    for (size_t i = 0; i < ASL_RESOURCE_COUNT; i++) {
        if (strcmp(name, resources[i].name) == 0) {
            *resource = (enum asl_resource)i;
            return true;
        }
    }
    return false;
}

json_t *asl_document_json(const struct asl_document *document)
{
    return document->root;
}

size_t asl_document_state_count(const struct asl_document *document)
{
    return document->count;
}

const struct asl_state *asl_document_state(const struct asl_document *document, size_t index)
{
    assert(index < document->count);
    return &document->states[index];
}

const struct asl_state *asl_document_find(const struct asl_document *document, const char *name)
{
    for (size_t i = 0; i < document->count; i++) {
        if (strcmp(document->states[i].name, name) == 0) {
            return &document->states[i];
        }
    }
    return NULL;
}

const struct asl_state *asl_document_start(const struct asl_document *document)
{
    return asl_document_find(document,
                             json_string_value(json_object_get(document->root, "StartAt")));
}

int64_t asl_document_timeout_s(const struct asl_document *document)
{
    return json_integer_value(json_object_get(document->root, "TimeoutSeconds"));
}

static bool each_of(const json_t *list, enum asl_transition_kind kind,
                    bool (*each)(void *argument, const struct asl_transition *transition),
                    void *argument)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *rule = json_array_get(list, i);
        const char *to = json_string_value(json_object_get(rule, "Next"));
        if (!each(argument, &(struct asl_transition){kind, to, rule, i})) {
            return false;
        }
    }
    return true;
}

bool asl_state_transitions(const struct asl_state *state,
                           bool (*each)(void *argument, const struct asl_transition *transition),
                           void *argument)
{
    const char *next = json_string_value(json_object_get(state->body, "Next"));
    const char *otherwise = json_string_value(json_object_get(state->body, "Default"));
    const json_t *choices = json_object_get(state->body, "Choices");
    const json_t *catchers = json_object_get(state->body, "Catch");
    return (next == NULL ||
            each(argument, &(struct asl_transition){.kind = ASL_NEXT, .to = next})) &&
           each_of(choices, ASL_RULE, each, argument) &&
           (otherwise == NULL ||
            each(argument, &(struct asl_transition){.kind = ASL_DEFAULT, .to = otherwise})) &&
           each_of(catchers, ASL_CATCH, each, argument);
}

/* ---- reading ---- */

static bool check_top_field(struct asl_check *check, const char *key, const json_t *value)
{
    if (strcmp(key, "Comment") == 0 || strcmp(key, "StartAt") == 0) {
        return json_is_string(value) ||
               error_set(check->err, "%s is %s, expected a string", key, asl_type_name(value));
    }
    if (strcmp(key, "Version") == 0) {
        const char *version = json_string_value(value);
        return (version != NULL && strcmp(version, "1.0") == 0) ||
               error_set(check->err, "Version is %s%.50s%s, expected \"1.0\"",
                         version != NULL ? "\"" : "",
                         version != NULL ? version : asl_type_name(value),
                         version != NULL ? "\"" : "");
    }
    if (strcmp(key, "TimeoutSeconds") == 0) {
        return asl_check_seconds(check, key, value);
    }
    if (strcmp(key, "QueryLanguage") == 0) {
        const char *language = json_string_value(value);
        return (language != NULL && strcmp(language, "JSONPath") == 0) ||
               error_set(check->err, "QueryLanguage is %.50s, expected JSONPath",
                         language != NULL ? language : asl_type_name(value));
    }
    return strcmp(key, "States") == 0 ||
           error_set(check->err,
                     "unknown field %.100s, expected Comment, QueryLanguage, StartAt, States, "
                     "TimeoutSeconds or Version",
                     key);
}

static bool check_top(struct asl_check *check)
{
    const char *key;
    json_t *value;
    json_t *root = check->document->root;
    json_object_foreach(root, key, value)
    {
        size_t mark = asl_place_key(&check->place, key);
        if (!check_top_field(check, key, value)) {
            return false;
        }
        asl_place_back(&check->place, mark);
    }
    if (json_object_get(root, "StartAt") == NULL) {
        return error_set(check->err, "StartAt is missing, expected the name of the first state");
    }
    const json_t *states = json_object_get(root, "States");
    if (!json_is_object(states) || json_object_size(states) == 0) {
        return error_set(check->err, "States is %s, expected an object of states",
                         json_is_object(states) ? "empty" : asl_type_name(states));
    }
    return json_object_size(states) <= ASL_MAX_STATES ||
           error_set(check->err, "found %zu states, expected at most %d", json_object_size(states),
                     ASL_MAX_STATES);
}

static bool check_states(struct asl_check *check)
{
    const char *name;
    json_t *body;
    struct asl_document *document = check->document;
    json_t *states = json_object_get(document->root, "States");
    document->states = alloc_zeroed(json_object_size(states), sizeof(*document->states));
    size_t mark = asl_place_key(&check->place, "States");
    json_object_foreach(states, name, body)
    {
        struct asl_state *state = &document->states[document->count++];
        *state = (struct asl_state){.name = name, .body = body};
        size_t inner = asl_place_key(&check->place, name);
        check->state = name;
        if (!asl_check_state(check, state)) {
            return false;
        }
        asl_place_back(&check->place, inner);
    }
    check->state = NULL;
    asl_place_back(&check->place, mark);
    return true;
}

/* Puts "file:line: state NAME" in front of what a check found. */
static void say_where(const struct asl_check *check, const char *text, size_t len, const char *file)
{
    if (check->state != NULL) {
        error_add_context(check->err, "state %.320s", check->state);
    }
    error_add_context(check->err, "%s:%u", file, asl_line_find(text, len, check->place.pointer));
}

static bool read_document(struct asl_document *document, const char *text, size_t len,
                          const char *file, struct error *err)
{
    json_error_t why;
    if (len > ASL_MAX_TEXT) {
        return error_set(err, "%s:1: found %zu octets, expected at most %zu", file, len,
                         ASL_MAX_TEXT);
    }
    document->root = json_loadb(text, len, JSON_REJECT_DUPLICATES, &why);
    if (document->root == NULL) {
        return error_set(err, "%s:%d: this is not JSON: %s", file, why.line < 1 ? 1 : why.line,
                         why.text);
    }
    return json_is_object(document->root) ||
           error_set(err, "%s:1: the document is %s, expected an object", file,
                     asl_type_name(document->root));
}

struct asl_document *asl_document_parse(const char *text, size_t len, const char *file,
                                        const struct asl_mapping *mappings, size_t mapping_count,
                                        struct error *err)
{
    CLEANUP(asl_document_freep) struct asl_document *document = alloc_zeroed(1, sizeof(*document));
    document->references = 1;
    struct error found = {""};
    if (!read_document(document, text, len, file, err)) {
        return NULL;
    }
    struct asl_check check = {
        .document = document, .mappings = mappings, .mapping_count = mapping_count, .err = &found};
    if (!check_top(&check) || !check_states(&check) || !asl_check_graph(&check)) {
        say_where(&check, text, len, file);
        error_set(err, "%s", found.text);
        return NULL;
    }
    return STEAL(document);
}

struct asl_document *asl_document_share(struct asl_document *document)
{
    document->references++;
    return document;
}

char *asl_document_resolved(const struct asl_document *document)
{
    json_t *root = json_deep_copy(document->root);
    json_t *states = json_object_get(root, "States");
    for (size_t i = 0; i < document->count; i++) {
        const struct asl_state *state = &document->states[i];
        if (state->type == ASL_TASK) {
            json_object_set_new(json_object_get(states, state->name), "Resource",
                                json_sprintf("ballast:%s", asl_resource_name(state->resource)));
        }
    }
    char *text = json_dumps(root, JSON_COMPACT);
    json_decref(root);
    return text;
}

void asl_document_freep(struct asl_document **document)
{
    struct asl_document *of = STEAL(*document);
    if (of != NULL && --of->references == 0) {
        json_decref(of->root);
        free(of->states);
        free(of);
    }
}
