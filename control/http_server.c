/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/http_server.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/alloc.h"
#include "common/log.h"
#include "control/http_router.h"
#include "control/secret_file.h"

#define MAX_CONNECTIONS        64
#define MAX_CONNECTIONS_PER_IP 16
#define BACKLOG                64
#define DEADLINE_MS            10000

struct connection {
    TAILQ_ENTRY(connection) link;
    int fd;            /* libmicrohttpd's */
    uint64_t since_ms; /* accepted, header complete, or answered; the loop's time */
};

struct http_server {
    uv_loop_t *loop;
    struct MHD_Daemon *daemon;
    struct http_router router;
    uint16_t port;
    uint64_t deadline_ms;
    TAILQ_HEAD(, connection) connections; /* the one that waits longest first */
    bool has_closed;                      /* a connection, since libmicrohttpd was last called */
    uv_poll_t poll;                       /* libmicrohttpd's epoll descriptor */
    uv_timer_t timer;
    unsigned open_handles;
};

static void touch(struct http_server *server, struct connection *connection)
{
    connection->since_ms = uv_now(server->loop);
    TAILQ_REMOVE(&server->connections, connection, link);
    TAILQ_INSERT_TAIL(&server->connections, connection, link);
}

/* libmicrohttpd sees the end of the stream then and closes. Its own time-out would not do: it
 * starts again with each octet. */
static void drop_overdue(struct http_server *server)
{
    uint64_t now_ms = uv_now(server->loop);
    struct connection *connection;
    while ((connection = TAILQ_FIRST(&server->connections)) != NULL &&
           connection->since_ms + server->deadline_ms <= now_ms) {
        shutdown(connection->fd, SHUT_RDWR);
        touch(server, connection);
    }
}

/* Lets libmicrohttpd do what it can, and sets the time at which it wants to be called again. */
static void serve(uv_timer_t *timer)
{
    struct http_server *server = timer->data;
    drop_overdue(server);
    server->has_closed = false;
    MHD_run(server->daemon);
    MHD_UNSIGNED_LONG_LONG wanted_ms;
    uint64_t wait_ms = UINT64_MAX;
    if (MHD_get_timeout(server->daemon, &wanted_ms) == MHD_YES) {
        wait_ms = wanted_ms;
    }
    if (server->has_closed) {
        /* At its limit of connections libmicrohttpd ceases to listen; that there is room again it
         * sees only when it is called once more. */
        wait_ms = 0;
    }
    const struct connection *first = TAILQ_FIRST(&server->connections);
    if (first != NULL) {
        uint64_t now_ms = uv_now(server->loop);
        uint64_t at_ms = first->since_ms + server->deadline_ms;
        uint64_t left_ms = at_ms > now_ms ? at_ms - now_ms : 0;
        wait_ms = left_ms < wait_ms ? left_ms : wait_ms;
    }
    if (wait_ms == UINT64_MAX) {
        uv_timer_stop(timer);
    } else {
        uv_timer_start(timer, serve, wait_ms, 0);
    }
}

static void on_event(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    struct http_server *server = poll->data;
    serve(&server->timer);
}

static struct connection *connection_of(struct MHD_Connection *handle)
{
    return MHD_get_connection_info(handle, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}

static void on_connection(void *argument, struct MHD_Connection *handle, void **context,
                          enum MHD_ConnectionNotificationCode what)
{
    struct http_server *server = argument;
    if (what == MHD_CONNECTION_NOTIFY_STARTED) {
        struct connection *connection = alloc_zeroed(1, sizeof(*connection));
        connection->fd =
            MHD_get_connection_info(handle, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
        connection->since_ms = uv_now(server->loop);
        TAILQ_INSERT_TAIL(&server->connections, connection, link);
        *context = connection;
    } else {
        struct connection *connection = *context;
        server->has_closed = true;
        TAILQ_REMOVE(&server->connections, connection, link);
        free(connection);
    }
}

static enum MHD_Result on_request(void *argument, struct MHD_Connection *handle, const char *path,
                                  const char *method, const char *version, const char *upload,
                                  size_t *upload_len, void **request)
{
    struct http_server *server = argument;
    if (*request == NULL) {
        touch(server, connection_of(handle));
    }
    return http_router_take(&server->router, handle, path, method, version, upload, upload_len,
                            request);
}

static void on_completed(void *argument, struct MHD_Connection *handle, void **request,
                         enum MHD_RequestTerminationCode code)
{
    struct http_server *server = argument;
    touch(server, connection_of(handle));
    http_router_completed(&server->router, handle, request, code);
}

/* What libmicrohttpd has to say is about single clients. */
static void PRINTF_LIKE(2, 0) on_log(void *argument, const char *format, va_list args)
{
    (void)argument;
    char text[512];
    vsnprintf(text, sizeof(text), format, args);
    text[strcspn(text, "\n")] = '\0';
    log_debug("http: %s", text);
}

static bool is_loopback(const struct address *address)
{
    return address->any.sa_family == AF_INET
               ? ntohl(address->v4.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET
               : IN6_IS_ADDR_LOOPBACK(&address->v6.sin6_addr);
}

bool http_token_check(const char *path, struct error *err)
{
    CLEANUP(alloc_freep) const char *token = secret_file_read("token", path, err);
    return token != NULL;
}

static bool bind_and_listen(int fd, const struct address *address)
{
    int on = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (address->any.sa_family == AF_INET6) {
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
    }
    return bind(fd, &address->any, address->len) == 0 && listen(fd, BACKLOG) == 0;
}

/* The listening socket, or -1. */
static int open_socket(const struct address *address, uint16_t *port, struct error *err)
{
    int fd = socket(address->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    struct address bound = {.len = sizeof(bound.v6)};
    if (fd >= 0 && bind_and_listen(fd, address) && getsockname(fd, &bound.any, &bound.len) == 0) {
        *port = ntohs(bound.any.sa_family == AF_INET ? bound.v4.sin_port : bound.v6.sin6_port);
        return fd;
    }
    char name[48] = "?";
    int failure = errno;
    uv_ip_name(&address->any, name, sizeof(name));
    error_set(
        err, "cannot listen for HTTP on %s port %u: %s", name,
        ntohs(address->any.sa_family == AF_INET ? address->v4.sin_port : address->v6.sin6_port),
        strerror(failure));
    if (fd >= 0) {
        close(fd);
    }
    return -1;
}

static void free_server(struct http_server *server)
{
    free(server->router.token);
    free(server);
}

static bool start_daemon(struct http_server *server, const struct config_control *config,
                         struct error *err)
{
    if (config->http_token_file == NULL && !is_loopback(&config->http)) {
        return error_set(err, "control.http is not a loopback address: it needs a token in "
                              "control.http_token_file");
    }
    if (config->http_token_file != NULL) {
        server->router.token = secret_file_read("token", config->http_token_file, err);
        if (server->router.token == NULL) {
            return false;
        }
    }
    int fd = open_socket(&config->http, &server->port, err);
    if (fd < 0) {
        return false;
    }
    server->daemon = MHD_start_daemon(
        MHD_USE_EPOLL | MHD_USE_ERROR_LOG, 0, NULL, NULL, on_request, server,
        MHD_OPTION_EXTERNAL_LOGGER, on_log, NULL, MHD_OPTION_LISTEN_SOCKET, fd,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)MAX_CONNECTIONS, MHD_OPTION_PER_IP_CONNECTION_LIMIT,
        (unsigned)MAX_CONNECTIONS_PER_IP, MHD_OPTION_STRICT_FOR_CLIENT, 1,
        MHD_OPTION_NOTIFY_CONNECTION, on_connection, server, MHD_OPTION_NOTIFY_COMPLETED,
        on_completed, server, MHD_OPTION_END);
    if (server->daemon == NULL) {
        close(fd);
        return error_set(err, "libmicrohttpd cannot start");
    }
    return true;
}

struct http_server *http_server_open(uv_loop_t *loop, const struct config_control *config,
                                     const struct http_handlers *handlers, struct error *err)
{
    struct http_server *server = alloc_zeroed(1, sizeof(*server));
    server->loop = loop;
    server->deadline_ms = DEADLINE_MS;
    server->router.handlers = *handlers;
    TAILQ_INIT(&server->connections);
    if (!start_daemon(server, config, err)) {
        free_server(server);
        return NULL;
    }
    int fd = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
    int failure = uv_poll_init(loop, &server->poll, fd);
    if (failure != 0) {
        error_set(err, "HTTP: %s", uv_strerror(failure));
        MHD_stop_daemon(server->daemon);
        free_server(server);
        return NULL;
    }
    uv_timer_init(loop, &server->timer);
    server->open_handles = 2;
    server->poll.data = server;
    server->timer.data = server;
    uv_poll_start(&server->poll, UV_READABLE, on_event);
    return server;
}

uint16_t http_server_port(const struct http_server *server)
{
    return server->port;
}

void http_server_set_deadline(struct http_server *server, uint64_t deadline_ms)
{
    server->deadline_ms = deadline_ms;
}

static void on_closed(uv_handle_t *handle)
{
    struct http_server *server = handle->data;
    server->open_handles--;
    if (server->open_handles == 0) {
        free_server(server);
    }
}

void http_server_close(struct http_server *server)
{
    if (server != NULL) {
        /* First, since it stops watching the descriptor that stopping the daemon closes. */
        uv_close((uv_handle_t *)&server->poll, on_closed);
        uv_close((uv_handle_t *)&server->timer, on_closed);
        MHD_stop_daemon(server->daemon);
    }
}
