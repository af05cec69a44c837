/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/ctl_client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/alloc.h"
#include "control/admin_protocol.h"

#define SILENCE_S 120 /* a reload of a great zone takes its time */

struct client {
    int fd;
    char *path;
    char *line; /* grows to the longest answer */
    size_t len, size;
    size_t taken; /* so much of it was the last answer */
};

static bool connect_to(int fd, const char *path, struct error *err)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct timeval silence = {.tv_sec = SILENCE_S};
    size_t len = strlen(path);
    if (len == 0 || len >= sizeof(address.sun_path)) {
        return error_set(err, "the path of a unix socket has 1 to %zu octets: %s",
                         sizeof(address.sun_path) - 1, path);
    }
    memcpy(address.sun_path, path, len);
    if (connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
        return error_set(err,
                         "no daemon answers at %s: %s (is ballastd running? -s SOCKET or "
                         "BALLAST_SOCKET name its control.socket)",
                         path, strerror(errno));
    }
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &silence, sizeof(silence));
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &silence, sizeof(silence));
    return true;
}

struct client *client_open(const char *path, struct error *err)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        error_set(err, "socket: %s", strerror(errno));
        return NULL;
    }
    if (!connect_to(fd, path, err)) {
        close(fd);
        return NULL;
    }
    struct client *client = alloc_zeroed(1, sizeof(*client));
    client->fd = fd;
    client->path = alloc_string(path);
    return client;
}

void client_close(struct client *client)
{
    if (client == NULL) {
        return;
    }
    close(client->fd);
    free(client->path);
    free(client->line);
    free(client);
}

/* A failure to send is not the end: the daemon may have said why it closed. */
static void send_all(const struct client *client, const char *octets, size_t len)
{
    while (len > 0) {
        ssize_t sent = send(client->fd, octets, len, MSG_NOSIGNAL);
        if (sent < 0 && errno != EINTR) {
            return;
        }
        if (sent > 0) {
            octets += sent;
            len -= (size_t)sent;
        }
    }
}

/* Length of the next line, its end included; 0 and err: it does not come. client->line has it until
 * the next call; what has come of the line after stays for that. */
static size_t receive_line(struct client *client, struct error *err)
{
    client->len -= client->taken;
    if (client->len > 0) {
        memmove(client->line, client->line + client->taken, client->len);
    }
    client->taken = 0;
    size_t searched = 0;
    const char *end = NULL;
    while (client->len == searched ||
           (end = memchr(client->line + searched, '\n', client->len - searched)) == NULL) {
        searched = client->len;
        if (client->len == client->size) {
            client->size = client->size * 2 + 65536;
            client->line = alloc_resize(client->line, client->size, 1);
        }
        ssize_t got = recv(client->fd, client->line + client->len, client->size - client->len, 0);
        if (got > 0) {
            client->len += (size_t)got;
        } else if (got == 0) {
            error_set(err, "the daemon at %s has gone away", client->path);
            return 0;
        } else if (errno != EINTR) {
            error_set(err, "the daemon at %s does not answer: %s", client->path,
                      errno == EAGAIN ? "silent for two minutes" : strerror(errno));
            return 0;
        }
    }
    client->taken = (size_t)(end - client->line) + 1;
    return client->taken;
}

static enum client_outcome send_request(struct client *client, const char *command,
                                        const char *const *arguments, size_t count,
                                        struct error *err)
{
    json_t *request = admin_request_encode(command, arguments, count);
    if (request == NULL) {
        error_set(err, "%s: an argument is no UTF-8", command);
        return CLIENT_REFUSED;
    }
    char *text = json_dumps(request, JSON_COMPACT);
    json_decref(request);
    CLEANUP(alloc_freep) char *line = alloc_printf("%s\n", text);
    free(text);
    if (strlen(line) > ADMIN_MAX_LINE) {
        error_set(err, "%s: the request would be longer than 16 MiB; send it in parts", command);
        return CLIENT_REFUSED;
    }
    send_all(client, line, strlen(line));
    return CLIENT_DONE;
}

static bool refuse_parts(void *argument, const json_t *result, struct error *err)
{
    (void)result;
    return error_set(err, "%s: the daemon answers in parts, expected one answer",
                     (const char *)argument);
}

enum client_outcome client_ask_in_parts(struct client *client, const char *command,
                                        const char *const *arguments, size_t count,
                                        client_part part, void *argument, json_t **result,
                                        struct error *err)
{
    enum client_outcome outcome = send_request(client, command, arguments, count, err);
    while (outcome == CLIENT_DONE) {
        struct admin_reply reply;
        size_t len = receive_line(client, err);
        if (len == 0) {
            return CLIENT_LOST;
        }
        if (!admin_reply_decode(client->line, len, &reply, err)) {
            return CLIENT_REFUSED;
        }
        if (!reply.has_more) {
            *result = reply.result;
            return CLIENT_DONE;
        }
        outcome = part(argument, reply.result, err) ? CLIENT_DONE : CLIENT_REFUSED;
        json_decref(reply.result);
    }
    return outcome;
}

enum client_outcome client_ask(struct client *client, const char *command,
                               const char *const *arguments, size_t count, json_t **result,
                               struct error *err)
{
    return client_ask_in_parts(client, command, arguments, count, refuse_parts, (void *)command,
                               result, err);
}
