/* SPDX-License-Identifier: BSD-2-Clause */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/alloc.h"
#include "control/probe_private.h"

struct tcp_probe {
    struct probe base; /* first */
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } address;
    struct socket_watch watch; /* fd -1: no socket is open */
    uv_timer_t timer;          /* the time-out; or what failed at once is told */
    int failure;               /* errno of what failed at once; 0: nothing did */
};

static void close_socket(struct tcp_probe *tcp)
{
    uv_timer_stop(&tcp->timer);
    if (tcp->watch.fd >= 0) {
        socket_set_remove(tcp->base.prober->sockets, &tcp->watch);
        close(tcp->watch.fd);
        tcp->watch.fd = -1;
    }
}

static void finish(struct tcp_probe *tcp, int failure)
{
    struct probe_outcome outcome = {.counts = true, .latency_ms = probe_age_ms(&tcp->base)};
    close_socket(tcp);
    if (failure == 0) {
        outcome.succeeded = true;
        snprintf(outcome.text, sizeof(outcome.text), "connected in %lld ms",
                 (long long)outcome.latency_ms);
    } else {
        probe_outcome_fail(&outcome, failure);
    }
    probe_finish(&tcp->base, &outcome);
}

static void on_failure(uv_timer_t *timer)
{
    struct tcp_probe *tcp = timer->data;
    finish(tcp, tcp->failure);
}

static void on_timeout(uv_timer_t *timer)
{
    struct tcp_probe *tcp = timer->data;
    struct probe_outcome outcome = {.counts = true, .latency_ms = probe_age_ms(&tcp->base)};
    close_socket(tcp);
    snprintf(outcome.text, sizeof(outcome.text), "timed out after %lld ms",
             (long long)tcp->base.check->timeout_ms);
    probe_finish(&tcp->base, &outcome);
}

static void on_ready(void *argument, uint32_t events)
{
    struct tcp_probe *tcp = argument;
    int failure = 0;
    socklen_t len = sizeof(failure);
    if ((events & (EPOLLERR | EPOLLHUP)) != 0 &&
        getsockopt(tcp->watch.fd, SOL_SOCKET, SO_ERROR, &failure, &len) != 0) {
        failure = errno;
    }
    finish(tcp, failure);
}

/* How the connection ends: with a reset, and if it can be with one in the place of the
 * acknowledgement that would complete it. */
static void set_ending(int fd)
{
    const struct linger reset = {.l_onoff = 1, .l_linger = 0};
    const int later = 0;
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
    setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &later, sizeof(later));
}

/* An errno, or 0: it is on its way. */
static int begin(struct tcp_probe *tcp)
{
    socklen_t len =
        tcp->address.any.sa_family == AF_INET6 ? sizeof(tcp->address.v6) : sizeof(tcp->address.v4);
    int fd = socket(tcp->address.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return errno;
    }
    set_ending(fd);
    int failure = connect(fd, &tcp->address.any, len) == 0 || errno == EINPROGRESS ? 0 : errno;
    tcp->watch.fd = fd;
    if (failure == 0 && !socket_set_add(tcp->base.prober->sockets, &tcp->watch, EPOLLOUT)) {
        failure = errno;
    }
    if (failure != 0) {
        close(fd);
        tcp->watch.fd = -1;
    }
    return failure;
}

static void init(struct probe *base, const char *address)
{
    struct tcp_probe *tcp = (struct tcp_probe *)base;
    /* What is no address has no family, of which there is no socket. */
    if (inet_pton(AF_INET, address, &tcp->address.v4.sin_addr) == 1) {
        tcp->address.v4.sin_family = AF_INET;
        tcp->address.v4.sin_port = htons(base->check->port);
    } else if (inet_pton(AF_INET6, address, &tcp->address.v6.sin6_addr) == 1) {
        tcp->address.v6.sin6_family = AF_INET6;
        tcp->address.v6.sin6_port = htons(base->check->port);
    }
    tcp->watch = (struct socket_watch){-1, on_ready, tcp};
    uv_timer_init(base->prober->loop, &tcp->timer);
    tcp->timer.data = tcp;
}

static void start(struct probe *base)
{
    struct tcp_probe *tcp = (struct tcp_probe *)base;
    tcp->failure = begin(tcp);
    if (tcp->failure != 0) {
        uv_timer_start(&tcp->timer, on_failure, 0, 0);
        return;
    }
    /* The loop's time may be that of a while ago. */
    uint64_t late_ms = base->started_ns / 1000000 - base->started_at_ms;
    uv_timer_start(&tcp->timer, on_timeout, (uint64_t)base->check->timeout_ms + late_ms, 0);
}

static void on_closed(uv_handle_t *timer)
{
    free(timer->data);
}

static void free_tcp(struct probe *base)
{
    struct tcp_probe *tcp = (struct tcp_probe *)base;
    close_socket(tcp);
    uv_close((uv_handle_t *)&tcp->timer, on_closed);
}

const struct probe_kind probe_tcp = {sizeof(struct tcp_probe), init, start, free_tcp};
