/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/bench/load.h"

#define BUFFER_OCTETS 65536
#define FRAME_OCTETS  (2 + QUESTION_OCTETS)

struct connection {
    int fd;
    bool was_used; /* the one query that it is for was sent */
    uint16_t next_id;
    unsigned waiting;
    size_t in_len, out_len;
    uint8_t in[BUFFER_OCTETS], out[BUFFER_OCTETS];
    struct load_pending pending[LOAD_WINDOW_MAX];
};

static void open_connection(const struct load *load, struct connection *connection)
{
    /* Closed with a reset, so that no port stays behind: there are not enough of them. */
    static const struct linger reset = {1, 0};
    connection->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    connection->was_used = false;
    connection->in_len = connection->out_len = 0;
    if (connection->fd < 0 ||
        setsockopt(connection->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)) != 0 ||
        (connect(connection->fd, (const struct sockaddr *)&load->server, sizeof(load->server)) !=
             0 &&
         errno != EINPROGRESS)) {
        load_fail("connect");
    }
}

/* Another one in its place; what is on the way is lost. */
static void renew(struct load *load, struct connection *connection)
{
    close(connection->fd);
    load->tally.lost += connection->waiting;
    connection->waiting = 0;
    memset(connection->pending, 0, sizeof(connection->pending));
    open_connection(load, connection);
}

static void ask(struct load *load, struct connection *connection, bool one_each, int64_t now_ns)
{
    unsigned window = one_each ? 1 : load->window;
    while (connection->waiting < window && !(one_each && connection->was_used) &&
           connection->out_len + FRAME_OCTETS <= BUFFER_OCTETS && !load_is_over(load, now_ns)) {
        const struct question *question = load_next(load);
        uint16_t id = connection->next_id++;
        uint8_t *out = connection->out + connection->out_len;
        out[0] = 0;
        out[1] = (uint8_t)question->len;
        memcpy(out + 2, question->query, question->len);
        out[2] = (uint8_t)(id >> 8);
        out[3] = (uint8_t)id;
        connection->out_len += 2u + question->len;
        connection->pending[id % LOAD_WINDOW_MAX] = (struct load_pending){question, now_ns, id};
        connection->waiting++;
        connection->was_used = true;
        load->tally.sent++;
    }
}

/* False: the connection is no more. */
static bool transmit(struct connection *connection)
{
    if (connection->out_len == 0) {
        return true;
    }
    ssize_t sent = send(connection->fd, connection->out, connection->out_len, 0);
    if (sent < 0) {
        return errno == EAGAIN;
    }
    connection->out_len -= (size_t)sent;
    memmove(connection->out, connection->out + sent, connection->out_len);
    return true;
}

static void take_answer(struct load *load, struct connection *connection, const uint8_t *octets,
                        size_t len, int64_t now_ns)
{
    uint16_t id = (uint16_t)(len < 12 ? 0 : octets[0] << 8 | octets[1]);
    struct load_pending *pending = &connection->pending[id % LOAD_WINDOW_MAX];
    if (len < 12 || pending->question == NULL || pending->id != id) {
        return;
    }
    tally_answer(&load->tally, pending->question, octets, len, now_ns - pending->due_ns);
    load->tally.end_ns = now_ns;
    pending->question = NULL;
    connection->waiting--;
}

/* False: the connection is no more. */
static bool hear(struct load *load, struct connection *connection)
{
    ssize_t more = recv(connection->fd, connection->in + connection->in_len,
                        BUFFER_OCTETS - connection->in_len, 0);
    if (more <= 0) {
        return more < 0 && errno == EAGAIN;
    }
    int64_t now_ns = tally_now_ns();
    size_t at = 0;
    connection->in_len += (size_t)more;
    while (connection->in_len - at >= 2) {
        size_t len = (size_t)connection->in[at] << 8 | connection->in[at + 1];
        if (connection->in_len - at - 2 < len) {
            break;
        }
        take_answer(load, connection, connection->in + at + 2, len, now_ns);
        at += 2 + len;
    }
    connection->in_len -= at;
    memmove(connection->in, connection->in + at, connection->in_len);
    return true;
}

/* Asks and hears where that is possible; how many are on the way after it. */
static unsigned turn(struct load *load, struct connection *connections, bool one_each)
{
    struct pollfd polled[LOAD_SOCKETS_MAX];
    unsigned waiting = 0;
    int64_t now_ns = tally_now_ns();
    for (unsigned i = 0; i < load->sockets; i++) {
        ask(load, &connections[i], one_each, now_ns);
        polled[i].fd = connections[i].fd;
        polled[i].events = connections[i].out_len > 0 ? POLLIN | POLLOUT : POLLIN;
    }
    if (poll(polled, load->sockets, 10) < 0) {
        load_fail("poll");
    }
    for (unsigned i = 0; i < load->sockets; i++) {
        struct connection *connection = &connections[i];
        bool lives = (polled[i].revents & POLLOUT) == 0 || transmit(connection);
        if (lives && (polled[i].revents & (POLLIN | POLLHUP | POLLERR)) != 0) {
            lives = hear(load, connection);
        }
        if (!lives || (one_each && connection->was_used && connection->waiting == 0)) {
            renew(load, connection);
        }
        waiting += connection->waiting;
    }
    return waiting;
}

void load_tcp(struct load *load, bool one_each)
{
    struct connection *connections = calloc(load->sockets, sizeof(*connections));
    if (connections == NULL) {
        abort();
    }
    for (unsigned i = 0; i < load->sockets; i++) {
        open_connection(load, &connections[i]);
    }
    int64_t last_ns = load->tally.begin_ns = tally_now_ns();
    for (;;) {
        uint64_t before = load->tally.answered;
        unsigned waiting = turn(load, connections, one_each);
        int64_t now_ns = tally_now_ns();
        if (load_is_over(load, now_ns) && waiting == 0) {
            break;
        }
        if (load->tally.answered > before) {
            last_ns = now_ns;
        } else if (load_gives_up(load, now_ns, last_ns)) {
            for (unsigned i = 0; i < load->sockets; i++) {
                renew(load, &connections[i]);
            }
            last_ns = now_ns;
        }
    }
    for (unsigned i = 0; i < load->sockets; i++) {
        close(connections[i].fd);
    }
    free(connections);
}
