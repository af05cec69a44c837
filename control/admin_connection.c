/* SPDX-License-Identifier: BSD-2-Clause */
/* One request at a time on a connection: while one is being answered and until its answer is
 * written, nothing is read. So a client holds at most one line, one request and one answer,
 * whatever it sends and however little it reads. */
#include "control/admin_connection.h"

#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"

#define READ_OCTETS ((size_t)16384)
#define NAME_OCTETS 64

enum phase {
    PHASE_NAMING,    /* the name of the user is being looked up */
    PHASE_READING,   /* for a whole line */
    PHASE_HANDLING,  /* the handler has the request */
    PHASE_ANSWERING, /* the answer is being written */
    PHASE_CLOSED,    /* waits for libuv to let go */
};

struct admin_connection {
    struct admin_server *server;
    struct admin_connection *previous, *next;
    uv_pipe_t pipe;
    uv_work_t naming; /* a user database may be slow: not on the loop */
    uv_write_t write;
    unsigned held; /* by libuv: the pipe, the work */
    enum phase phase;
    bool is_last_answer; /* close once it is written */
    struct admin_peer peer;
    char user[NAME_OCTETS];
    char who[NAME_OCTETS + 32];
    char *line; /* what has come and is not yet answered */
    size_t len, size;
    size_t scanned; /* so much of it holds no end of line */
    char *answer;
    size_t unread; /* octets of the answer still queued when last looked */
    uint64_t progress_ms;
    struct admin_request *request; /* PHASE_HANDLING */
    struct admin_request *parted;  /* PHASE_ANSWERING: the same, when there is more to come */
};

struct admin_request {
    struct admin_connection *connection; /* NULL: the client has gone */
    admin_part_written written;          /* whoever goes on when a part is written */
    void *argument;
};

static void connection_release(struct admin_connection *connection)
{
    if (--connection->held > 0) {
        return;
    }
    struct admin_server *server = connection->server;
    free(connection->line);
    free(connection->answer);
    free(connection);
    admin_server_release(server);
}

static void pipe_closed(uv_handle_t *handle)
{
    connection_release(handle->data);
}

static void connection_unlink(struct admin_connection *connection)
{
    struct admin_server *server = connection->server;
    if (connection->previous == NULL) {
        server->connections = connection->next;
    } else {
        connection->previous->next = connection->next;
    }
    if (connection->next != NULL) {
        connection->next->previous = connection->previous;
    }
    server->connection_count--;
}

void admin_connection_close(struct admin_connection *connection)
{
    if (connection->phase == PHASE_CLOSED) {
        return;
    }
    if (connection->request != NULL) {
        connection->request->connection = NULL;
        connection->request = NULL;
    }
    if (connection->phase == PHASE_NAMING) {
        uv_cancel((uv_req_t *)&connection->naming); /* ends soon even when this fails */
    }
    connection->phase = PHASE_CLOSED;
    connection_unlink(connection);
    uv_close((uv_handle_t *)&connection->pipe, pipe_closed);
    admin_server_follow(connection->server);
}

static void line_process(struct admin_connection *connection);

static void answer_written(uv_write_t *write, int status)
{
    struct admin_connection *connection = write->data;
    struct admin_request *parted = STEAL(connection->parted);
    free(STEAL(connection->answer));
    if (connection->phase != PHASE_CLOSED &&
        (status != 0 || connection->is_last_answer || connection->server->is_closing)) {
        admin_connection_close(connection);
    }
    bool is_open = connection->phase != PHASE_CLOSED;
    if (parted != NULL) {
        connection->phase = is_open ? PHASE_HANDLING : PHASE_CLOSED;
        parted->written(parted->argument, is_open);
        return;
    }
    if (!is_open) {
        return;
    }
    connection->phase = PHASE_READING;
    connection->progress_ms = uv_now(connection->server->loop);
    line_process(connection);
}

/* Takes the reference to reply. False: the connection is closed. */
static bool answer(struct admin_connection *connection, json_t *reply)
{
    char *text = json_dumps(reply, JSON_COMPACT);
    json_decref(reply);
    connection->answer = alloc_printf("%s\n", text);
    free(text);
    connection->phase = PHASE_ANSWERING;
    connection->progress_ms = uv_now(connection->server->loop);
    connection->unread = strlen(connection->answer);
    connection->write.data = connection;
    uv_buf_t octets = uv_buf_init(connection->answer, (unsigned)connection->unread);
    if (uv_write(&connection->write, (uv_stream_t *)&connection->pipe, &octets, 1,
                 answer_written) != 0) {
        admin_connection_close(connection);
        return false;
    }
    return true;
}

static void refuse(struct admin_connection *connection, const char *text)
{
    answer(connection, admin_reply_failure(text));
}

static void request_finish(struct admin_request *request, json_t *reply)
{
    struct admin_connection *connection = request->connection;
    free(request);
    if (connection == NULL) {
        json_decref(reply);
        return;
    }
    connection->request = NULL;
    answer(connection, reply);
}

void admin_request_part(struct admin_request *request, json_t *result, admin_part_written written,
                        void *argument)
{
    struct admin_connection *connection = request->connection;
    json_t *reply = admin_reply_part(result);
    if (connection == NULL) {
        json_decref(reply);
        written(argument, false);
        return;
    }
    request->written = written;
    request->argument = argument;
    if (answer(connection, reply)) {
        connection->parted = request;
    } else {
        written(argument, false);
    }
}

void admin_request_succeed(struct admin_request *request, json_t *result)
{
    request_finish(request, admin_reply_success(result));
}

void admin_request_fail(struct admin_request *request, const char *format, ...)
{
    struct error text;
    va_list args;
    va_start(args, format);
    vsnprintf(text.text, sizeof(text.text), format, args);
    va_end(args);
    request_finish(request, admin_reply_failure(text.text));
}

/* The arguments as C strings, which json keeps; the array is the caller's. */
static const char **arguments_list(const json_t *arguments)
{
    size_t count = json_array_size(arguments);
    const char **list = alloc_zeroed(count, sizeof(*list));
    for (size_t i = 0; i < count; i++) {
        list[i] = json_string_value(json_array_get(arguments, i));
    }
    return list;
}

static bool request_fits(const struct admin_command *command, const json_t *arguments,
                         struct error *err)
{
    CLEANUP(alloc_freep) const char **list = arguments_list(arguments);
    return admin_command_check(command, list, json_array_size(arguments), err);
}

static bool request_is_allowed(const struct admin_connection *connection,
                               const struct admin_command *command, const json_t *arguments,
                               struct error *err)
{
    const struct admin_server *server = connection->server;
    bool changes = command->changes && !(command->reads_bare && json_array_size(arguments) == 0);
    if (admin_rights_allow(server->rights, &connection->peer, server->own, changes)) {
        return true;
    }
    return error_set(err,
                     "%s may not %s here: \"%s\" is for root, the daemon's own user and those "
                     "named under control.rights.%s in the daemon's configuration",
                     connection->who, changes ? "change anything" : "read", command->name,
                     changes ? "change" : "read");
}

static bool command_choose(const struct admin_connection *connection, const char *name,
                           const json_t *arguments, const struct admin_command **command,
                           struct error *err)
{
    *command = admin_command_find(name);
    if (*command == NULL) {
        return error_set(err, "unknown command \"%.100s\"; ballastctl help lists them", name);
    }
    if ((*command)->is_local) {
        return error_set(err, "\"%s\" is done by ballastctl, not by the daemon", name);
    }
    return request_is_allowed(connection, *command, arguments, err) &&
           request_fits(*command, arguments, err);
}

/* Answers one line, now or later. */
static void line_answer(struct admin_connection *connection, const char *line, size_t len)
{
    struct error err;
    json_t *message = NULL;
    const char *name = NULL;
    const json_t *arguments = NULL;
    const struct admin_command *command = NULL;
    if (!admin_request_decode(line, len, &message, &name, &arguments, &err)) {
        refuse(connection, err.text);
        return;
    }
    if (!command_choose(connection, name, arguments, &command, &err)) {
        json_decref(message);
        refuse(connection, err.text);
        return;
    }
    struct admin_server *server = connection->server;
    struct admin_request *request = alloc_zeroed(1, sizeof(*request));
    request->connection = connection;
    connection->request = request;
    connection->phase = PHASE_HANDLING;
    /* The handler may finish the request, or close the whole server, before it returns: the
     * connection's memory stays at least until the loop turns again. */
    server->handler(server->argument, command, arguments, connection->who, request);
    json_decref(message);
}

static void line_drop(struct admin_connection *connection, size_t octets)
{
    connection->len -= octets;
    connection->scanned = 0;
    if (connection->len == 0) {
        free(STEAL(connection->line));
        connection->size = 0;
        return;
    }
    memmove(connection->line, connection->line + octets, connection->len);
}

static void room_give(uv_handle_t *handle, size_t suggested, uv_buf_t *room)
{
    (void)suggested;
    struct admin_connection *connection = handle->data;
    if (connection->size - connection->len < READ_OCTETS) {
        connection->size = connection->size * 2 + READ_OCTETS;
        connection->line = alloc_resize(connection->line, connection->size, 1);
    }
    *room = uv_buf_init(connection->line + connection->len, (unsigned)READ_OCTETS);
}

static void octets_came(uv_stream_t *stream, ssize_t count, const uv_buf_t *room)
{
    (void)room;
    struct admin_connection *connection = stream->data;
    if (count < 0) { /* the end, or an error: what is unfinished is nobody's */
        admin_connection_close(connection);
        return;
    }
    if (count == 0) {
        return;
    }
    connection->len += (size_t)count;
    connection->progress_ms = uv_now(connection->server->loop);
    line_process(connection);
}

/* Answers the first whole line that has come, or reads on. */
static void line_process(struct admin_connection *connection)
{
    char *end = NULL;
    if (connection->len > connection->scanned) {
        end = memchr(connection->line + connection->scanned, '\n',
                     connection->len - connection->scanned);
    }
    if (end == NULL && connection->len <= ADMIN_MAX_LINE) {
        connection->scanned = connection->len;
        int result = uv_read_start((uv_stream_t *)&connection->pipe, room_give, octets_came);
        if (result != 0 && result != UV_EALREADY) {
            admin_connection_close(connection);
        }
        return;
    }
    uv_read_stop((uv_stream_t *)&connection->pipe);
    size_t len = end == NULL ? connection->len : (size_t)(end - connection->line);
    if (len > ADMIN_MAX_LINE) {
        free(STEAL(connection->line));
        connection->len = connection->size = connection->scanned = 0;
        connection->is_last_answer = true;
        refuse(connection, "the request is longer than 16 MiB; send events in several pushes");
        return;
    }
    /* Nothing is read into the buffer until the answer is written. */
    line_answer(connection, connection->line, len);
    line_drop(connection, len + 1);
}

/* In a thread of libuv's pool. */
static void user_find(uv_work_t *work)
{
    struct admin_connection *connection = work->data;
    char memory[16384];
    struct passwd entry;
    struct passwd *found = NULL;
    if (getpwuid_r(connection->peer.uid, &entry, memory, sizeof(memory), &found) == 0 &&
        found != NULL) {
        snprintf(connection->user, sizeof(connection->user), "%s", found->pw_name);
    }
}

static void user_found(uv_work_t *work, int status)
{
    (void)status;
    struct admin_connection *connection = work->data;
    if (connection->phase != PHASE_CLOSED) {
        snprintf(connection->who, sizeof(connection->who), "uid %lu (%s)",
                 (unsigned long)connection->peer.uid,
                 connection->user[0] == '\0' ? "no name" : connection->user);
        connection->phase = PHASE_READING;
        line_process(connection);
    }
    connection_release(connection);
}

static bool peer_find(struct admin_connection *connection)
{
    uv_os_fd_t fd;
    if (connection->server->pretended != NULL) {
        connection->peer = *connection->server->pretended;
        return true;
    }
    return uv_fileno((uv_handle_t *)&connection->pipe, &fd) == 0 &&
           admin_peer_of(fd, &connection->peer);
}

static struct admin_connection *connection_new(struct admin_server *server)
{
    struct admin_connection *connection = alloc_zeroed(1, sizeof(*connection));
    connection->server = server;
    connection->phase = PHASE_NAMING;
    connection->progress_ms = uv_now(server->loop);
    uv_pipe_init(server->loop, &connection->pipe, 0);
    connection->pipe.data = connection;
    connection->held = 1;
    server->held++;
    connection->next = server->connections;
    if (connection->next != NULL) {
        connection->next->previous = connection;
    }
    server->connections = connection;
    server->connection_count++;
    admin_server_follow(server);
    return connection;
}

void admin_connection_accept(struct admin_server *server)
{
    struct admin_connection *connection = connection_new(server);
    if (uv_accept((uv_stream_t *)&server->listener, (uv_stream_t *)&connection->pipe) != 0 ||
        !peer_find(connection)) {
        admin_connection_close(connection);
        return;
    }
    if (server->connection_count > ADMIN_MAX_CONNECTIONS) {
        connection->is_last_answer = true;
        refuse(connection, "too many connections to the admin socket (64); try again later");
        return;
    }
    connection->naming.data = connection;
    if (uv_queue_work(server->loop, &connection->naming, user_find, user_found) != 0) {
        admin_connection_close(connection);
        return;
    }
    connection->held++;
}

bool admin_connection_is_overdue(struct admin_connection *connection, uint64_t now_ms)
{
    uint64_t waited_ms = now_ms - connection->progress_ms;
    if (connection->phase == PHASE_READING) {
        return waited_ms >= (connection->len > 0 ? ADMIN_UNFINISHED_MS : ADMIN_IDLE_MS);
    }
    if (connection->phase != PHASE_ANSWERING) {
        return false; /* the daemon's turn */
    }
    size_t unread = uv_stream_get_write_queue_size((uv_stream_t *)&connection->pipe);
    if (unread < connection->unread) {
        connection->unread = unread;
        connection->progress_ms = now_ms;
        return false;
    }
    return waited_ms >= (connection->server->is_closing ? ADMIN_LAST_WORDS_MS : ADMIN_UNREAD_MS);
}

bool admin_connection_is_answering(const struct admin_connection *connection)
{
    return connection->phase == PHASE_ANSWERING;
}

struct admin_connection *admin_connection_next(const struct admin_connection *connection)
{
    return connection->next;
}

const char *admin_connection_who(const struct admin_connection *connection)
{
    return connection->who;
}
