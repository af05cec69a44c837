/* SPDX-License-Identifier: BSD-2-Clause */
/* Where the states lead: to states that exist, every state is reached, and no loop runs without
 * waiting. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "control/plan/asl_document_private.h"

enum colour {
    NOT_SEEN,
    ON_THE_WAY,
    DONE,
};

struct walk {
    struct asl_check *check;
    const struct asl_state *state; /* whose ways out are looked at */
    enum colour *colours;          /* one for each state */
    size_t *way;                   /* of states, from where the walk began */
    size_t way_len;
    bool is_loop_search; /* else what is reached from the start */
};

static size_t index_of(const struct walk *walk, const struct asl_state *state)
{
    return (size_t)(state - walk->check->document->states);
}

static void place_of(struct asl_check *check, const char *state)
{
    check->place.pointer[0] = '\0';
    asl_place_key(&check->place, "States");
    asl_place_key(&check->place, state);
    check->state = state;
}

static bool no_such_state(struct asl_check *check, const struct asl_state *from,
                          const struct asl_transition *transition)
{
    static const char *const lists[] = {[ASL_RULE] = "Choices", [ASL_CATCH] = "Catch"};
    bool is_default = transition->kind == ASL_DEFAULT;
    place_of(check, from->name);
    if (transition->rule != NULL) {
        asl_place_key(&check->place, lists[transition->kind]);
        asl_place_index(&check->place, transition->index);
    }
    asl_place_key(&check->place, is_default ? "Default" : "Next");
    return error_set(check->err, "%s is \"%.330s\", expected the name of a state",
                     is_default ? "Default" : "Next", transition->to);
}

static bool check_target(void *argument, const struct asl_transition *transition)
{
    struct walk *walk = argument;
    return asl_document_find(walk->check->document, transition->to) != NULL ||
           no_such_state(walk->check, walk->state, transition);
}

/* A Wait for a time of day passes at once when that time is over: a loop through it would spin. */
static bool waits(const struct asl_state *state)
{
    return (state->type == ASL_WAIT && (json_object_get(state->body, "Seconds") != NULL ||
                                        json_object_get(state->body, "SecondsPath") != NULL)) ||
           (state->type == ASL_TASK && state->resource == ASL_APPROVE);
}

static bool loop_found(const struct walk *walk, size_t first)
{
    char names[600] = "";
    size_t used = 0;
    const struct asl_state *states = walk->check->document->states;
    size_t from = 0;
    while (walk->way[from] != first) {
        from++;
    }
    for (size_t i = from; i < walk->way_len && used < sizeof(names); i++) {
        used += (size_t)snprintf(names + used, sizeof(names) - used, "%s -> ",
                                 states[walk->way[i]].name);
    }
    if (used < sizeof(names)) {
        snprintf(names + used, sizeof(names) - used, "%s", states[first].name);
    }
    place_of(walk->check, states[first].name);
    return error_set(walk->check->err,
                     "a loop without a Wait: %s, expected in it a Wait of Seconds or SecondsPath, "
                     "or ballast:approve",
                     names);
}

static bool visit(struct walk *walk, const struct asl_state *state);

static bool visit_target(void *argument, const struct asl_transition *transition)
{
    struct walk *walk = argument;
    return visit(walk, asl_document_find(walk->check->document, transition->to));
}

/* As deep as there are states at most. */
static bool visit(struct walk *walk, const struct asl_state *state)
{
    size_t index = index_of(walk, state);
    if (walk->is_loop_search && waits(state)) {
        return true;
    }
    if (walk->is_loop_search && walk->colours[index] == ON_THE_WAY) {
        return loop_found(walk, index);
    }
    if (walk->colours[index] != NOT_SEEN) {
        return true;
    }
    walk->colours[index] = ON_THE_WAY;
    walk->way[walk->way_len++] = index;
    if (!asl_state_transitions(state, visit_target, walk)) {
        return false;
    }
    walk->way_len--;
    walk->colours[index] = DONE;
    return true;
}

static bool check_targets(struct walk *walk)
{
    const struct asl_document *document = walk->check->document;
    for (size_t i = 0; i < document->count; i++) {
        walk->state = &document->states[i];
        if (!asl_state_transitions(walk->state, check_target, walk)) {
            return false;
        }
    }
    return true;
}

static bool check_reached(struct walk *walk)
{
    const struct asl_document *document = walk->check->document;
    if (!visit(walk, asl_document_start(document))) {
        return false;
    }
    for (size_t i = 0; i < document->count; i++) {
        if (walk->colours[i] == NOT_SEEN) {
            place_of(walk->check, document->states[i].name);
            return error_set(
                walk->check->err,
                "no way leads here from \"%.330s\", expected every state to be reached",
                asl_document_start(document)->name);
        }
    }
    return true;
}

static bool check_loops(struct walk *walk)
{
    const struct asl_document *document = walk->check->document;
    memset(walk->colours, 0, document->count * sizeof(*walk->colours));
    walk->is_loop_search = true;
    for (size_t i = 0; i < document->count; i++) {
        if (!visit(walk, &document->states[i])) {
            return false;
        }
    }
    return true;
}

bool asl_check_graph(struct asl_check *check)
{
    const struct asl_document *document = check->document;
    if (asl_document_start(document) == NULL) {
        asl_place_key(&check->place, "StartAt");
        return error_set(check->err, "StartAt is \"%.330s\", expected the name of a state",
                         json_string_value(json_object_get(document->root, "StartAt")));
    }
    CLEANUP(alloc_freep)
    enum colour *colours = alloc_zeroed(document->count, sizeof(*colours));
    CLEANUP(alloc_freep) size_t *way = alloc_zeroed(document->count, sizeof(*way));
    struct walk walk = {.check = check, .colours = colours, .way = way};
    return check_targets(&walk) && check_reached(&walk) && check_loops(&walk);
}
