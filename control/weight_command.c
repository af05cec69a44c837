/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/weight_command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "common/clock.h"
#include "common/log.h"
#include "control/call.h"
#include "control/describe.h"
#include "control/journal.h"
#include "control/rule.h"
#include "control/shift.h"

struct weight_request {
    struct weight_request *next;
    struct call call; /* its arguments and its who belong to the change */
    struct shift *shifts;
    struct shift *before; /* the same record sets, for a commit that fails */
    size_t count;
    bool named[MAX_MEMBERS]; /* of the last record set: a second time is a slip of the hand */
    bool is_refused;
    struct error err;
};

static bool parse_weight(const char *text, uint8_t *weight, struct error *err)
{
    size_t digits = strspn(text, "0123456789");
    unsigned long value = strtoul(text, NULL, 10);
    if (digits == 0 || digits > 9 || text[digits] != '\0' || value > 255) {
        return error_set(err, "weight %s: expected a whole number from 0 to 255", text);
    }
    *weight = (uint8_t)value;
    return true;
}

static bool add_record_set(struct weight_request *change, const char *name, const char *type,
                           struct error *err)
{
    struct record_set_state *set = model_find_record_set(change->call.control, name, type, err);
    if (set == NULL) {
        return false;
    }
    for (size_t i = 0; i < change->count; i++) {
        if (change->shifts[i].set == set) {
            return error_set(err, "record set %s is named twice", set->key);
        }
    }
    if (set->rule != NULL && rule_is_running(set->rule)) {
        return error_set(err,
                         "rollout %lld of %s moves the weights of %s: abort, or promote, it first",
                         (long long)set->rule->rollout.id, set->rule->config->name, set->key);
    }
    change->shifts = alloc_resize(change->shifts, change->count + 1, sizeof(*change->shifts));
    change->before = alloc_resize(change->before, change->count + 1, sizeof(*change->before));
    shift_init(&change->before[change->count], set);
    shift_init(&change->shifts[change->count++], set);
    memset(change->named, 0, sizeof(change->named));
    return true;
}

static bool add_member(struct weight_request *change, const char *assignment, struct error *err)
{
    struct shift *shift = &change->shifts[change->count - 1];
    CLEANUP(alloc_freep) char *id = alloc_string(assignment);
    char *weight = strrchr(id, '=');
    *weight++ = '\0';
    const struct member_state *member = model_find_member(shift->set, id, err);
    if (member == NULL) {
        return false;
    }
    size_t index = (size_t)(member - shift->set->members);
    if (change->named[index]) {
        return error_set(err, "member %s is named twice", id);
    }
    change->named[index] = true;
    return parse_weight(weight, &shift->weights[index], err) ||
           error_add_context(err, "member %s", id);
}

static bool has_members(const struct weight_request *change)
{
    return memchr(change->named, true, sizeof(change->named)) != NULL;
}

static bool parse(struct weight_request *change, struct error *err)
{
    const json_t *arguments = change->call.arguments;
    size_t count = json_array_size(arguments);
    for (size_t i = 0; i < count; i++) {
        const char *word = json_string_value(json_array_get(arguments, i));
        if (strchr(word, '=') != NULL) {
            if (change->count == 0) {
                return error_set(err, "%s: expected NAME TYPE before the members", word);
            }
            if (!add_member(change, word, err)) {
                return false;
            }
            continue;
        }
        const char *type = json_string_value(json_array_get(arguments, ++i));
        if (type == NULL || strchr(type, '=') != NULL) {
            return error_set(err, "%s: expected a type after it, for example %s A", word, word);
        }
        if (change->count > 0 && !has_members(change)) {
            return error_set(err, "record set %s: expected ID=WEIGHT after it",
                             change->shifts[change->count - 1].set->key);
        }
        if (!add_record_set(change, word, type, err)) {
            return false;
        }
    }
    return (change->count > 0 && has_members(change)) ||
           error_set(err, "expected NAME TYPE ID=WEIGHT …, for example www.example.org A blue=90 "
                          "green=10");
}

/* "www.example.org/A: blue=100 green=0 -> blue=90 green=10" */
static void print_change(const struct weight_request *change, size_t index, char *out, size_t size)
{
    char was[200];
    char is[200];
    shift_print(&change->before[index], was, sizeof(was));
    shift_print(&change->shifts[index], is, sizeof(is));
    snprintf(out, size, "%s: %s -> %s", change->shifts[index].set->key, was, is);
}

static bool journal(struct weight_request *change, struct error *err)
{
    struct control *control = change->call.control;
    for (size_t i = 0; i < change->count; i++) {
        struct history_entry entry = {.at_ms = clock_now_ms(), .kind = "weights"};
        snprintf(entry.who, sizeof(entry.who), "%s", change->call.who);
        print_change(change, i, entry.text, sizeof(entry.text));
        if (!store_add_history(control->store, &entry, err) ||
            !shift_journal(control, &change->shifts[i], 1, entry.id, err)) {
            return false;
        }
    }
    return true;
}

/* Parses and journals each change in turn: a later one sees what an earlier one did. A refused one
 * is left out; false when the store fails, which concerns them all. */
static bool journal_all(struct control *control, struct weight_request *first, struct error *err)
{
    for (struct weight_request *change = first; change != NULL; change = change->next) {
        change->is_refused = !parse(change, &change->err);
        if (change->is_refused) {
            change->count = 0;
            continue;
        }
        if (!journal(change, err)) {
            return false;
        }
        shift_apply(control, change->shifts, change->count);
    }
    return true;
}

/* Newest first, so that the oldest change's weights from before are what is left. */
static void revert(struct control *control, struct weight_request *change)
{
    if (change != NULL) {
        revert(control, change->next);
        shift_apply(control, change->before, change->count);
    }
}

static bool commit_all(struct control *control, struct weight_request *first, struct error *err)
{
    if (journal_begin(control, err)) {
        if (journal_end(control, journal_all(control, first, err), err)) {
            return true;
        }
        revert(control, first);
    }
    return error_add_context(err, "nothing was changed");
}

static void answer(const struct weight_request *change)
{
    if (change->is_refused) {
        admin_request_fail(change->call.request, "%s", change->err.text);
        return;
    }
    json_t *sets = json_array();
    for (size_t i = 0; i < change->count; i++) {
        char text[ROLLOUT_TEXT_SIZE * 2];
        print_change(change, i, text, sizeof(text));
        log_info("weights %s (%s)", text, change->call.who);
        json_array_append_new(sets,
                              describe_record_set(change->call.control, change->shifts[i].set));
    }
    call_answer_when_seen(&change->call, json_pack("{s:o}", "record_sets", sets));
}

static void free_change(struct weight_request *change)
{
    json_decref((json_t *)change->call.arguments);
    free((char *)change->call.who);
    free(change->shifts);
    free(change->before);
    free(change);
}

static void flush(struct control *control)
{
    struct error err;
    struct weight_request *change = control->weights.first;
    control->weights.first = control->weights.last = NULL;
    bool is_done = change == NULL || commit_all(control, change, &err);
    shift_publish(control);
    while (change != NULL) {
        struct weight_request *next = change->next;
        if (is_done || change->is_refused) {
            answer(change);
        } else {
            admin_request_fail(change->call.request, "%s", err.text);
        }
        free_change(change);
        change = next;
    }
}

static void on_flush(uv_check_t *check)
{
    struct control *control = check->data;
    uv_check_stop(check);
    uv_idle_stop(&control->weights.hurry);
    flush(control);
}

static void on_hurry(uv_idle_t *idle)
{
    (void)idle;
}

void weight_queue_open(struct control *control)
{
    uv_check_init(&control->loop, &control->weights.flush);
    uv_idle_init(&control->loop, &control->weights.hurry);
    control->weights.flush.data = control;
}

void weight_queue_close(struct control *control)
{
    flush(control);
    uv_close((uv_handle_t *)&control->weights.flush, NULL);
    uv_close((uv_handle_t *)&control->weights.hurry, NULL);
}

void weight_command(const struct call *call)
{
    struct weight_queue *queue = &call->control->weights;
    struct weight_request *change = alloc_zeroed(1, sizeof(*change));
    change->call = *call;
    change->call.arguments = json_incref((json_t *)call->arguments);
    change->call.who = alloc_string(call->who);
    if (queue->last == NULL) {
        queue->first = change;
    } else {
        queue->last->next = change;
    }
    queue->last = change;
    uv_check_start(&queue->flush, on_flush);
    uv_idle_start(&queue->hurry, on_hurry);
}
