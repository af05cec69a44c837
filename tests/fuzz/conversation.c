/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/fuzz/conversation.h"

#include <assert.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/alloc.h"

#define GIVE_UP_MS 10000
#define IDLE_TURNS 4
/* With much less TCP sends an octet now and then. */
#define SMALL_OCTETS 32768

uint8_t *octets_room(struct octets *to, size_t len)
{
    if (to->len + len >= to->size) {
        to->size = 2 * (to->len + len) + 1;
        to->octets = alloc_resize(to->octets, to->size, 1);
    }
    return to->octets + to->len;
}

void octets_append(struct octets *to, const void *octets, size_t len)
{
    memcpy(octets_room(to, len), octets, len);
    to->len += len;
}

int conversation_bind(struct sockaddr_in *address)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    socklen_t len = sizeof(*address);
    int small = SMALL_OCTETS;
    *address =
        (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
    if (fd < 0 || bind(fd, (const struct sockaddr *)address, len) != 0 ||
        getsockname(fd, (struct sockaddr *)address, &len) != 0) {
        perror("bind");
        abort();
    }
    return fd;
}

static int connect_client(const struct conversation *conversation)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int on = 1;
    int small = SMALL_OCTETS;
    struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(conversation->from)};
    /* Pieces are to come as such; and ports are not to be all taken after thousands of them. */
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
    if (conversation->is_late) {
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
    }
    if (fd < 0 || bind(fd, (const struct sockaddr *)&from, sizeof(from)) != 0 ||
        connect(fd, (const struct sockaddr *)&conversation->to, sizeof(conversation->to)) != 0) {
        perror("connect");
        abort();
    }
    return fd;
}

/* False: the server has closed. */
static bool receive(int fd, struct octets *received, bool *is_moving)
{
    ssize_t len = recv(fd, octets_room(received, UINT16_MAX), UINT16_MAX, MSG_DONTWAIT);
    received->len += len > 0 ? (size_t)len : 0;
    *is_moving = len > 0;
    return len > 0 || (len < 0 && errno == EAGAIN);
}

/* The next piece, or what the sockets take of it. */
static size_t send_piece(int fd, const struct octets *stream, size_t at, size_t most)
{
    size_t left = stream->len - at;
    size_t len = most == 0 || most > left ? left : most;
    ssize_t sent = send(fd, stream->octets + at, len, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) {
        return left; /* it has closed */
    }
    return sent < 0 ? 0 : (size_t)sent;
}

/* Nothing comes any more: all is sent, and the server waits for time to pass or for more. */
static bool is_silent(const struct conversation *conversation, bool is_moving, unsigned *turns)
{
    if (is_moving || uv_backend_timeout(conversation->loop) == 0) {
        *turns = 0;
    }
    return ++*turns > IDLE_TURNS;
}

static void hang_up(const struct conversation *conversation, int fd)
{
    if (conversation->is_abrupt) {
        struct linger reset = {.l_onoff = 1};
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
    }
    close(fd);
    for (unsigned i = 0; i < IDLE_TURNS; i++) {
        uv_run(conversation->loop, UV_RUN_NOWAIT);
    }
}

void conversation_run(const struct conversation *conversation, struct octets *received)
{
    const struct octets *stream = conversation->stream;
    int fd = connect_client(conversation);
    size_t at = 0;
    size_t count = 0;
    unsigned idle_turns = 0;
    bool is_open = true;
    uv_update_time(conversation->loop);
    uint64_t give_up_ms = uv_now(conversation->loop) + GIVE_UP_MS;
    while (is_open) {
        bool is_moving = false;
        bool is_sent = at == stream->len;
        size_t sent = 0;
        if (!is_sent) {
            uint8_t most = conversation->pieces[count++ % CONVERSATION_PIECES];
            sent = send_piece(fd, stream, at, most);
            at += sent;
        } else if (!conversation->is_abrupt) {
            shutdown(fd, SHUT_WR);
        }
        uv_run(conversation->loop, UV_RUN_NOWAIT);
        if (!conversation->is_late || is_sent || sent == 0) {
            is_open = receive(fd, received, &is_moving);
        }
        if (is_sent && conversation->is_abrupt) {
            is_open = is_open && !is_silent(conversation, is_moving, &idle_turns);
        } else if (is_open && sent == 0 && !is_moving) {
            poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, 1);
        }
        assert(uv_now(conversation->loop) < give_up_ms);
    }
    hang_up(conversation, fd);
}
