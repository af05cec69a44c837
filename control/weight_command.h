/* SPDX-License-Identifier: BSD-2-Clause */
/* `weight set NAME TYPE ID=W … [NAME TYPE ID=W …]`: all of it journaled and published as one.
 *
 * Commands that arrive in one turn of the loop share a transaction and a publish, each of them
 * refused or done on its own, so that many clients at once do not each wait for the disk. Control
 * thread only. */
#pragma once

#include <uv.h>

struct call;
struct control;
struct weight_request;

struct weight_queue {
    struct weight_request *first, *last;
    uv_check_t flush; /* runs when the turn's requests have been read */
    uv_idle_t hurry;  /* keeps the loop from sleeping before it */
};

void weight_queue_open(struct control *control);
/* Carries out what is queued and closes its handles. */
void weight_queue_close(struct control *control);

/* Finishes the request when every worker answers by the new weights, or with an error and nothing
 * changed: a weight that is no whole number from 0 to 255, a record set or member that is not
 * there, one named twice, a record set that a rollout is moving, a store that does not take it. */
void weight_command(const struct call *call);
