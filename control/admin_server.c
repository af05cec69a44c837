/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/admin_connection.h"

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/alloc.h"
#include "common/log.h"

#define BACKLOG 64

void admin_server_release(struct admin_server *server)
{
    if (--server->held > 0) {
        return;
    }
    admin_rights_free(server->rights);
    free(server->path);
    free(server);
}

static void server_part_closed(uv_handle_t *handle)
{
    admin_server_release(handle->data);
}

void admin_server_sweep(struct admin_server *server, uint64_t now_ms)
{
    struct admin_connection *next = NULL;
    for (struct admin_connection *one = server->connections; one != NULL; one = next) {
        next = admin_connection_next(one);
        if (admin_connection_is_overdue(one, now_ms)) {
            log_info("admin: connection of %s dropped: it %s", admin_connection_who(one),
                     admin_connection_is_answering(one) ? "does not read its answer"
                                                        : "has been silent for too long");
            admin_connection_close(one);
        }
    }
}

static void client_came(uv_stream_t *listener, int status)
{
    struct admin_server *server = listener->data;
    if (status == 0 && !server->is_closing) {
        admin_connection_accept(server);
    }
}

static void timer_rang(uv_timer_t *timer)
{
    struct admin_server *server = timer->data;
    admin_server_sweep(server, uv_now(server->loop));
}

/* The timer runs while there is somebody to watch: an idle daemon is not woken. */
void admin_server_follow(struct admin_server *server)
{
    bool runs = uv_is_active((uv_handle_t *)&server->timer);
    if (server->connection_count > 0 && !runs) {
        uv_timer_start(&server->timer, timer_rang, ADMIN_SWEEP_EVERY_MS, ADMIN_SWEEP_EVERY_MS);
    } else if (server->connection_count == 0 && runs) {
        uv_timer_stop(&server->timer);
    }
    if (server->connection_count == 0 && server->is_closing &&
        !uv_is_closing((uv_handle_t *)&server->timer)) {
        uv_close((uv_handle_t *)&server->timer, server_part_closed);
    }
}

static bool server_listen(struct admin_server *server, struct error *err)
{
    int result = uv_pipe_open(&server->listener, server->socket.fd);
    if (result == 0) {
        result = uv_listen((uv_stream_t *)&server->listener, BACKLOG, client_came);
    } else {
        close(server->socket.fd);
    }
    return result == 0 ||
           error_set(err, "%s: cannot listen: %s", server->path, uv_strerror(result));
}

struct admin_server *admin_server_open(uv_loop_t *loop, const char *path,
                                       const struct config_rights *rights, admin_handler handler,
                                       void *argument, struct error *err)
{
    struct admin_rights *known = admin_rights_new(rights, err);
    struct admin_socket bound;
    if (known == NULL || !admin_socket_bind(path, &bound, err)) {
        admin_rights_free(known);
        return NULL;
    }
    signal(SIGPIPE, SIG_IGN); /* libuv writes without MSG_NOSIGNAL; a client may have gone */
    struct admin_server *server = alloc_zeroed(1, sizeof(*server));
    server->loop = loop;
    server->path = alloc_string(path);
    server->socket = bound;
    server->rights = known;
    server->own = geteuid();
    server->handler = handler;
    server->argument = argument;
    uv_timer_init(loop, &server->timer);
    uv_pipe_init(loop, &server->listener, 0);
    server->timer.data = server->listener.data = server;
    server->held = 2;
    if (!server_listen(server, err)) {
        admin_server_close(server);
        return NULL;
    }
    return server;
}

void admin_server_close(struct admin_server *server)
{
    if (server == NULL || server->is_closing) {
        return;
    }
    server->is_closing = true;
    admin_socket_unlink(server->path, &server->socket);
    uv_close((uv_handle_t *)&server->listener, server_part_closed);
    struct admin_connection *next = NULL;
    for (struct admin_connection *one = server->connections; one != NULL; one = next) {
        next = admin_connection_next(one);
        if (!admin_connection_is_answering(one)) {
            admin_connection_close(one);
        }
    }
    admin_server_follow(server);
}

size_t admin_server_connection_count(const struct admin_server *server)
{
    return server->connection_count;
}

void admin_server_pretend_peer(struct admin_server *server, const struct admin_peer *peer)
{
    server->pretended = peer;
}
