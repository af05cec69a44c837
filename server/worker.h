/* SPDX-License-Identifier: BSD-2-Clause */
/* One thread of the data plane: its sockets, its loop, its buffers. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "common/config.h"
#include "common/error.h"
#include "zones/exchange.h"

struct steering;
struct tcp_places;
struct worker;
struct xdp_front;

struct worker_setup {
    const struct config_server *config;
    struct exchange *exchange;
    size_t index;
    struct tcp_places *places; /* of all workers */
    struct xdp_front *front;   /* of all workers; NULL: there is none */
};

/* Main thread: opens the sockets; nothing runs yet. A snapshot has been offered. NULL and err when
 * a socket cannot be opened. Caller owns. */
MUST_CHECK struct worker *worker_new(const struct worker_setup *setup, struct error *err);
/* Main thread, one of all workers, when all have their sockets: which worker gets what. */
MUST_CHECK bool worker_steer(const struct worker *worker, const struct steering *steering,
                             struct error *err);
/* Main thread, when it has been started: keeps it on its processor. */
MUST_CHECK bool worker_pin(const struct worker *worker, const struct steering *steering,
                           struct error *err);
/* Main thread: starts the thread, with all signals blocked. */
MUST_CHECK bool worker_start(struct worker *worker, struct error *err);
/* Main thread, when it has been started: the front may give it queries from now on. */
void worker_begin_xdp(const struct worker *worker);
/* Main thread: asks the thread to end, and waits until it has. */
void worker_ask_to_stop(struct worker *worker);
void worker_join(struct worker *worker);
/* Main thread, when the thread has ended or never ran. NULL is fine. */
void worker_free(struct worker *worker);
