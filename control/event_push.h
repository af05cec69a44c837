/* SPDX-License-Identifier: BSD-2-Clause */
/* `event push TEXT`: a file of thousands of events keeps nobody waiting. The text is split on a
 * thread of uv's pool; then each turn of the loop takes in a few, so that health checks, fall-backs
 * and other requests go on. Control thread only. */
#pragma once

#include <uv.h>

struct call;
struct control;
struct event_push;

struct event_push_queue {
    struct event_push *first, *last; /* taken in in this order, once they are split */
    uv_idle_t turn;
};

void event_push_open(struct control *control);
/* Whoever waits is told which events were not taken in; closes its handle. */
void event_push_close(struct control *control);
/* Finishes the request with what intake_push returns, when every worker answers accordingly. */
void event_push_command(const struct call *call);
