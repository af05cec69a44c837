/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/plan/asl_graph.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "control/plan/asl_choice.h"

#define NAME(json) json_string_value(json_object_get(json, "name"))

struct drawing {
    char *text;
    size_t len;
    size_t room;
};

static void PRINTF_LIKE(2, 3) draw(struct drawing *drawing, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *piece = NULL;
    int len = vasprintf(&piece, format, arguments);
    va_end(arguments);
    if (len < 0) {
        abort(); /* out of memory, as in alloc_* */
    }
    while (drawing->len + (size_t)len >= drawing->room) {
        drawing->room = drawing->room == 0 ? 1024 : drawing->room * 2;
        drawing->text = alloc_resize(drawing->text, drawing->room, 1);
    }
    memcpy(drawing->text + drawing->len, piece, (size_t)len + 1);
    drawing->len += (size_t)len;
    free(piece);
}

/* A value of the state as text: "60", ""2026-…"", "$.wait". */
static char *value_text(const json_t *body, const char *name)
{
    const json_t *value = json_object_get(body, name);
    if (json_is_string(value)) {
        return alloc_string(json_string_value(value));
    }
    return json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
}

static char *wait_text(const json_t *body)
{
    static const char *const spans[] = {"Seconds", "SecondsPath"};
    static const char *const times[] = {"Timestamp", "TimestampPath"};
    for (size_t i = 0; i < 2; i++) {
        CLEANUP(alloc_freep) char *span = value_text(body, spans[i]);
        CLEANUP(alloc_freep) char *time = value_text(body, times[i]);
        if (span != NULL) {
            return alloc_printf("%s s", span);
        }
        if (time != NULL) {
            return alloc_printf("until %s", time);
        }
    }
    return alloc_string("");
}

static char *pass_text(const json_t *body)
{
    CLEANUP(alloc_freep) char *result = value_text(body, "Result");
    CLEANUP(alloc_freep) char *path = value_text(body, "ResultPath");
    if (result == NULL || strlen(result) > 60) {
        return alloc_string("");
    }
    return alloc_printf("%s = %s", path == NULL ? "$" : path, result);
}

/* What a state does, in a few words. */
static char *does_text(const struct asl_state *state)
{
    switch (state->type) {
    case ASL_TASK:
        return alloc_printf("ballast:%s", asl_resource_name(state->resource));
    case ASL_WAIT:
        return wait_text(state->body);
    case ASL_PASS:
        return pass_text(state->body);
    case ASL_FAIL: {
        const char *cause = json_string_value(json_object_get(state->body, "Cause"));
        const char *error = json_string_value(json_object_get(state->body, "Error"));
        return alloc_string(cause != NULL ? cause : error != NULL ? error : "");
    }
    case ASL_CHOICE:
    case ASL_SUCCEED:
    default:
        return alloc_string("");
    }
}

/* When a way is taken: "" is always. */
static char *when_text(const struct asl_transition *transition)
{
    if (transition->kind == ASL_RULE) {
        CLEANUP(alloc_freep) char *rule = asl_choice_text(transition->rule);
        return alloc_printf("if %s", rule);
    }
    if (transition->kind == ASL_DEFAULT) {
        return alloc_string("otherwise");
    }
    char *when = alloc_string(transition->kind == ASL_CATCH ? "after" : "");
    const json_t *errors = json_object_get(transition->rule, "ErrorEquals");
    for (size_t i = 0; i < json_array_size(errors); i++) {
        CLEANUP(alloc_freep) char *old = when;
        when = alloc_printf("%s%s %s", old, i == 0 ? "" : " or",
                            json_string_value(json_array_get(errors, i)));
    }
    return when;
}

static bool add_way(void *argument, const struct asl_transition *transition)
{
    json_t *ways = argument;
    CLEANUP(alloc_freep) char *when = when_text(transition);
    json_array_append_new(ways, json_pack("{s:s, s:s}", "to", transition->to, "when", when));
    return true;
}

json_t *asl_graph_json(const struct asl_document *document)
{
    json_t *states = json_array();
    for (size_t i = 0; i < asl_document_state_count(document); i++) {
        const struct asl_state *state = asl_document_state(document, i);
        json_t *ways = json_array();
        CLEANUP(alloc_freep) char *does = does_text(state);
        if (!asl_state_transitions(state, add_way, ways)) {
            abort(); /* add_way never stops it */
        }
        json_array_append_new(states, json_pack("{s:s, s:s, s:s, s:o}", "name", state->name, "type",
                                                asl_state_type_name(state->type), "does", does,
                                                "ways", ways));
    }
    return states;
}

static void draw_ways(struct drawing *drawing, const json_t *state)
{
    size_t index;
    json_t *way;
    json_array_foreach(json_object_get(state, "ways"), index, way)
    {
        const char *when = json_string_value(json_object_get(way, "when"));
        draw(drawing, "  -> %s%s%s\n", json_string_value(json_object_get(way, "to")),
             when[0] == '\0' ? "" : "  ", when);
    }
}

char *asl_graph_text(const struct asl_document *document)
{
    struct drawing drawing = {.text = NULL};
    size_t index;
    json_t *state;
    json_t *states = asl_graph_json(document);
    json_array_foreach(states, index, state)
    {
        const char *does = json_string_value(json_object_get(state, "does"));
        draw(&drawing, "%s  %s%s%s\n", NAME(state),
             json_string_value(json_object_get(state, "type")), does[0] == '\0' ? "" : " ", does);
        draw_ways(&drawing, state);
    }
    json_decref(states);
    return drawing.text;
}

/* Within the double quotes of the language of Graphviz. */
static char *quoted(const char *text)
{
    char *out = alloc_zeroed(2 * strlen(text) + 1, 1);
    size_t used = 0;
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\') {
            out[used++] = '\\';
        }
        out[used++] = (unsigned char)*text < ' ' ? ' ' : *text;
    }
    return out;
}

static void draw_dot_state(struct drawing *drawing, const json_t *state)
{
    static const char *const shapes[][2] = {
        {"Choice", "diamond"},
        {"Succeed", "doublecircle"},
        {"Fail", "doubleoctagon"},
        {"Wait", "ellipse"},
    };
    const char *type = json_string_value(json_object_get(state, "type"));
    const char *shape = "box";
    for (size_t i = 0; i < ARRAY_LEN(shapes); i++) {
        shape = strcmp(type, shapes[i][0]) == 0 ? shapes[i][1] : shape;
    }
    CLEANUP(alloc_freep) char *name = quoted(NAME(state));
    CLEANUP(alloc_freep)
    char *does = quoted(json_string_value(json_object_get(state, "does")));
    draw(drawing, "    \"%s\" [shape=%s, label=\"%s%s%s\"];\n", name, shape, name,
         does[0] == '\0' ? "" : "\\n", does);
    size_t index;
    json_t *way;
    json_array_foreach(json_object_get(state, "ways"), index, way)
    {
        CLEANUP(alloc_freep) char *to = quoted(json_string_value(json_object_get(way, "to")));
        CLEANUP(alloc_freep)
        char *when = quoted(json_string_value(json_object_get(way, "when")));
        bool is_error = strncmp(when, "after ", 6) == 0;
        draw(drawing, "    \"%s\" -> \"%s\" [label=\"%s\"%s];\n", name, to, when,
             is_error ? ", style=dashed" : "");
    }
}

char *asl_graph_dot(const struct asl_document *document)
{
    struct drawing drawing = {.text = NULL};
    size_t index;
    json_t *state;
    json_t *states = asl_graph_json(document);
    CLEANUP(alloc_freep) char *start = quoted(asl_document_start(document)->name);
    draw(&drawing, "digraph plan {\n    start [shape=point];\n    start -> \"%s\";\n", start);
    json_array_foreach(states, index, state)
    {
        draw_dot_state(&drawing, state);
    }
    draw(&drawing, "}\n");
    json_decref(states);
    return drawing.text;
}
