/* SPDX-License-Identifier: BSD-2-Clause */
/* Many sockets on a uv loop, by an epoll set of their own that the loop has as one handle: a socket
 * takes a system call to be watched and one to be left alone. (uv_poll_t takes five, since libuv
 * tries each descriptor first, and a turn of the loop to be gone.) It keeps no loop turning: who
 * waits for a socket has a time-out, too. Control thread only. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "common/error.h"

struct socket_set;

/* The caller owns it and sets all of it; in the set from socket_set_add to socket_set_remove. */
struct socket_watch {
    int fd;
    /* events: EPOLLIN, EPOLLOUT, EPOLLERR, EPOLLHUP. May add, change and remove any watch, and
     * close the set. */
    void (*ready)(void *argument, uint32_t events);
    void *argument;
};

MUST_CHECK struct socket_set *socket_set_new(uv_loop_t *loop, struct error *err);
/* events: EPOLLIN, EPOLLOUT; ready is called, from the loop, as long as there is one of them. False
 * with errno: the system has no room for it. */
MUST_CHECK bool socket_set_add(struct socket_set *set, struct socket_watch *watch, uint32_t events);
void socket_set_change(struct socket_set *set, struct socket_watch *watch, uint32_t events);
/* Before the descriptor is closed. ready is not called any more, though its event has come. */
void socket_set_remove(struct socket_set *set, const struct socket_watch *watch);
/* No watch may be left. Closes its handle on the loop (which must still turn) and frees itself.
 * NULL is fine. */
void socket_set_close(struct socket_set *set);
