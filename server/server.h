/* SPDX-License-Identifier: BSD-2-Clause */
/* The data plane as a whole: sockets and worker threads. Main thread only. */
#pragma once

#include "common/config.h"
#include "common/error.h"
#include "zones/exchange.h"

struct server;

/* Opens every socket, then starts exchange->worker_count threads. A snapshot has been offered
 * before. NULL and err ("cannot listen on 127.0.0.1@5300 (UDP): …") when one cannot be opened;
 * nothing runs then. config and exchange outlive the server. */
MUST_CHECK struct server *server_start(const struct config_server *config,
                                       struct exchange *exchange, struct error *err);
/* Is there what the configuration names, as far as it is the data plane's? Opens nothing. */
MUST_CHECK bool server_check(const struct config_server *config, struct error *err);
/* Answers what has been received, ends the threads, closes the sockets. Nobody offers a snapshot
 * any more (a worker that has ended cannot be woken). NULL is fine. */
void server_stop(struct server *server);
