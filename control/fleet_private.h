/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the fleet share: fleet.c (the loop, AWS), fleet_memory.c (the store, what is
 * served), fleet_describe.c. */
#pragma once

#include "control/aws/aws_client.h"
#include "control/fleet.h"
#include "control/fleet/fleet_item.h"
#include "control/fleet/fleet_node.h"

struct fleet_waiter {
    void (*saved)(void *argument, bool is_saved);
    void *argument;
};

struct fleet {
    struct control *control;
    const struct config_fleet *config;
    char name[FLEET_NAME_SIZE];
    char address[ADDRESS_TEXT_SIZE];
    struct fleet_node node;
    bool has_started;
    uv_timer_t timer;
    struct aws_call *call; /* the request under way */
    struct fleet_request request;
    int64_t sent_ms;
    json_t *start_key; /* where the query goes on */
    int64_t beat;      /* of our own item */
    struct fleet_peer *peers;
    size_t peer_count;
    uint64_t failures;            /* requests that were not answered */
    bool was_cut_off;             /* and it was logged */
    struct fleet_waiter *waiters; /* for what has changed to be in the table */
    size_t waiter_count;
    void (*left)(struct control *control); /* once it has left; NULL: it is not asked to */
    int64_t leave_until_ms;
    bool must_forget;            /* what has changed is of no use, but could not be dropped yet */
    char refused[AWS_TEXT_SIZE]; /* the last that was logged */
    struct error problem;        /* why the table's state is not taken over; "": it is */
};

/* Of this host's clock that goes on while the process, or the host, sleeps. */
int64_t fleet_now_ms(void);
/* The callbacks of fleet_node; argument is the fleet. */
struct fleet_memory fleet_memory_of(struct fleet *fleet);
