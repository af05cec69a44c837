/* SPDX-License-Identifier: BSD-2-Clause */
/* An AF_XDP socket on one receive queue of an interface, with the memory that its frames are in.
 * Opened and closed by the main thread, drained by the one worker that owns it. */
#pragma once

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "server/udp.h"

/* Octets of a received frame: of a page the kernel keeps 256 for itself. */
#define XDP_FRAME_MOST (4096 - 256)

struct xdp_queue;

struct xdp_queue_setup {
    char interface[IF_NAMESIZE];
    unsigned interface_index;
    unsigned queue;
    unsigned mtu;   /* at first */
    bool is_native; /* else frames are copied by the kernel whatever the driver can */
};

/* NULL: the kernel's word why not. Caller owns; about 16 MiB, which do not leave memory. */
MUST_CHECK struct xdp_queue *xdp_queue_open(const struct xdp_queue_setup *setup, struct error *err);
/* NULL is fine. */
void xdp_queue_close(struct xdp_queue *queue);
int xdp_queue_fd(const struct xdp_queue *queue);

/* Answers made from now on fit this. Any thread. */
void xdp_queue_set_mtu(struct xdp_queue *queue, unsigned mtu);

/* Like udp_drain: answers what was received, at most max_batches. False: there may be more. */
bool xdp_queue_drain(struct xdp_queue *queue, const struct udp_job *job, unsigned max_batches);
/* After a drain: has the interface taken less than it was given, for now? Then drain again in a
 * moment, whether or not queries come: else the last answers wait for the next query. */
bool xdp_queue_is_held_up(const struct xdp_queue *queue);
