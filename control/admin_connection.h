/* SPDX-License-Identifier: BSD-2-Clause */
/* One client of the admin socket, from its accept to its end; and what it shares with the server
 * that accepted it. Private to admin_server.c and admin_connection.c. Control thread only. */
#pragma once

#include "control/admin_server_private.h"
#include "control/admin_socket.h"

struct admin_connection;

struct admin_server {
    uv_loop_t *loop;
    uv_pipe_t listener;
    uv_timer_t timer;
    unsigned held; /* by libuv: listener, timer, connections */
    char *path;
    struct admin_socket socket;
    struct admin_rights *rights;
    uid_t own;
    admin_handler handler;
    void *argument;
    struct admin_connection *connections;
    size_t connection_count;
    const struct admin_peer *pretended;
    bool is_closing;
};

/* Takes the listener's next connection into the server's list; drops it when that fails. */
void admin_connection_accept(struct admin_server *server);
void admin_connection_close(struct admin_connection *connection);
/* Sees how far the client has come, too. */
bool admin_connection_is_overdue(struct admin_connection *connection, uint64_t now_ms);
/* An answer is on its way out. */
bool admin_connection_is_answering(const struct admin_connection *connection);
struct admin_connection *admin_connection_next(const struct admin_connection *connection);
const char *admin_connection_who(const struct admin_connection *connection);

/* The list has got longer or shorter. */
void admin_server_follow(struct admin_server *server);
/* libuv has let go of one thing that the server held. */
void admin_server_release(struct admin_server *server);
