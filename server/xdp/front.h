/* SPDX-License-Identifier: BSD-2-Clause */
/* The AF_XDP front: queries over UDP past the kernel's sockets, on the interfaces that the
 * configuration names. What cannot be had so is logged and left to the kernel's sockets, which
 * serve the same all the time. Main thread, where nothing else is said. */
#pragma once

#include <stddef.h>

#include "common/config.h"
#include "common/error.h"

struct xdp_front;
struct xdp_queue;

/* Would each interface do? False: "eth7: there is no interface of that name". Opens nothing. */
MUST_CHECK bool xdp_front_check(const struct config_server *config, struct error *err);

/* When the kernel's sockets are open, which get everything yet. NULL: there is nothing to drain.
 * config outlives it. */
struct xdp_front *xdp_front_open(const struct config_server *config);
/* From now on the kernel's sockets get everything. NULL is fine. */
void xdp_front_detach(struct xdp_front *front);
/* When no worker drains its queues any more. NULL is fine. */
void xdp_front_close(struct xdp_front *front);

/* Indices of queues count over all interfaces. */
size_t xdp_front_queue_count(const struct xdp_front *front);
struct xdp_queue *xdp_front_queue(const struct xdp_front *front, size_t index);

/* What comes to this queue from now on is in its rings, for who drains it. False: the kernel has it
 * further on. Any thread, and below. */
MUST_CHECK bool xdp_front_begin_queue(const struct xdp_front *front, size_t index,
                                      struct error *err);
/* The kernel has it again. */
void xdp_front_end_queue(const struct xdp_front *front, size_t index);

/* Readable when addresses of this host or its interfaces have changed: then one thread has to call
 * refresh, always the same one. */
int xdp_front_changes_fd(const struct xdp_front *front);
void xdp_front_refresh(struct xdp_front *front);
