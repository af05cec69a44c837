/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/event_push.h"

#include <stdlib.h>

#include "common/alloc.h"
#include "control/call.h"
#include "control/ecs_event.h"
#include "control/intake.h"

/* Some milliseconds of work. */
#define EVENTS_PER_TURN 64

struct document {
    json_t *json;    /* NULL: */
    char *malformed; /* … this is wrong with it */
};

struct event_push {
    struct event_push *next;
    struct control *control;
    struct admin_request *request; /* NULL: the daemon stops, and has said so */
    uv_work_t work;
    json_t *text;
    bool is_split;
    struct document *documents;
    size_t count, room, taken;
    struct intake *intake;
};

static void add_document(void *argument, const json_t *json, const char *malformed)
{
    struct event_push *push = argument;
    if (push->count == push->room) {
        push->room = push->room * 2 + 16;
        push->documents = alloc_resize(push->documents, push->room, sizeof(*push->documents));
    }
    push->documents[push->count++] =
        (struct document){.json = json_incref((json_t *)json),
                          .malformed = malformed == NULL ? NULL : alloc_string(malformed)};
}

/* On a thread of uv's pool: reads the text, which the push keeps, and writes what is the push's. */
static void split(uv_work_t *work)
{
    struct event_push *push = work->data;
    ecs_event_split(json_string_value(push->text), json_string_length(push->text), add_document,
                    push);
}

static void unlink_push(struct event_push_queue *queue, struct event_push *push)
{
    struct event_push *previous = NULL;
    struct event_push **link = &queue->first;
    while (*link != push) {
        previous = *link;
        link = &previous->next;
    }
    *link = push->next;
    if (queue->last == push) {
        queue->last = previous;
    }
}

static void free_push(struct event_push *push)
{
    unlink_push(&push->control->pushes, push);
    for (size_t i = 0; i < push->count; i++) {
        json_decref(push->documents[i].json);
        free(push->documents[i].malformed);
    }
    free(push->documents);
    json_decref(push->text);
    free(push);
}

/* The result is freed when nobody wants it any more. */
static void finish(struct event_push *push)
{
    struct error err;
    json_t *result = intake_finish(push->intake, &err);
    struct call call = {.control = push->control, .request = push->request};
    if (push->request == NULL) {
        json_decref(result);
    } else if (result == NULL) {
        admin_request_fail(push->request, "%s", err.text);
    } else {
        call_answer_when_seen(&call, result);
    }
    free_push(push);
}

static void on_turn(uv_idle_t *turn)
{
    struct control *control = turn->data;
    struct event_push *push = control->pushes.first;
    while (push != NULL && !push->is_split) {
        push = push->next;
    }
    if (push == NULL) {
        uv_idle_stop(turn);
        return;
    }
    for (size_t i = 0; i < EVENTS_PER_TURN && push->taken < push->count; i++) {
        const struct document *document = &push->documents[push->taken++];
        bool is_taken = intake_take(push->intake, document->json, document->malformed);
        (void)is_taken; /* intake_finish says so */
    }
    bool is_written = intake_commit(push->intake);
    (void)is_written;
    if (push->taken == push->count) {
        finish(push);
    }
}

static void on_split(uv_work_t *work, int status)
{
    (void)status; /* nobody cancels it */
    struct event_push *push = work->data;
    push->is_split = true;
    if (push->request == NULL) {
        finish(push);
    } else {
        uv_idle_start(&push->control->pushes.turn, on_turn);
    }
}

void event_push_open(struct control *control)
{
    uv_idle_init(&control->loop, &control->pushes.turn);
    control->pushes.turn.data = control;
}

void event_push_close(struct control *control)
{
    uv_close((uv_handle_t *)&control->pushes.turn, NULL);
    struct event_push *next = NULL;
    for (struct event_push *push = control->pushes.first; push != NULL; push = next) {
        next = push->next;
        admin_request_fail(push->request,
                           "event %zu and those after it were not taken in: the "
                           "daemon stops",
                           intake_received(push->intake) + 1);
        push->request = NULL;
        if (push->is_split) {
            finish(push);
        }
    }
}

void event_push_command(const struct call *call)
{
    struct event_push_queue *queue = &call->control->pushes;
    struct event_push *push = alloc_zeroed(1, sizeof(*push));
    push->control = call->control;
    push->request = call->request;
    push->work.data = push;
    push->text = json_incref(json_array_get(call->arguments, 0));
    push->intake = intake_new(call->control, call->who);
    if (queue->last == NULL) {
        queue->first = push;
    } else {
        queue->last->next = push;
    }
    queue->last = push;
    uv_queue_work(&call->control->loop, &push->work, split, on_split);
}
