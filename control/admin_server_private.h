/* SPDX-License-Identifier: BSD-2-Clause */
/* What the tests of the admin server see beyond its header. Control thread only. */
#pragma once

#include "control/admin_rights.h"
#include "control/admin_server.h"

#define ADMIN_MAX_CONNECTIONS 64
#define ADMIN_UNFINISHED_MS   30000  /* half a line, no further octet */
#define ADMIN_IDLE_MS         600000 /* nothing asked */
#define ADMIN_UNREAD_MS       10000  /* an answer is queued and the client reads nothing of it */
#define ADMIN_LAST_WORDS_MS   1000   /* the same once the server closes */
#define ADMIN_SWEEP_EVERY_MS  1000

/* Drops the connections whose time is over at now_ms (uv_now); a timer calls it. */
void admin_server_sweep(struct admin_server *server, uint64_t now_ms);
size_t admin_server_connection_count(const struct admin_server *server);
/* Connections from now on count as this peer's; the caller keeps it. */
void admin_server_pretend_peer(struct admin_server *server, const struct admin_peer *peer);
