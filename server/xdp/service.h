/* SPDX-License-Identifier: BSD-2-Clause */
/* The queues of an AF_XDP front that one worker drains, in its loop. Main thread while the worker
 * does not run, then the worker's. */
#pragma once

#include <uv.h>

#include "server/udp.h"
#include "server/xdp/front.h"

struct xdp_service;

struct xdp_service_setup {
    struct xdp_front *front; /* NULL: there is none */
    uv_loop_t *loop;
    const struct udp_job *job;
    size_t worker_count; /* each has its share of the queues */
};

/* NULL: nothing to do for this worker. Caller owns. */
struct xdp_service *xdp_service_new(const struct xdp_service_setup *setup);
/* Main thread, when the worker runs, so that nobody's query waits: from now on the kernel gives the
 * queues what is for them. A queue that cannot have it, which is logged, stays the kernel's. NULL
 * is fine, here and below. */
void xdp_service_begin(const struct xdp_service *service);
/* At the end of the worker: answers what was received. */
void xdp_service_finish(struct xdp_service *service);
/* The loop has to run once more; then it can be freed. */
void xdp_service_close(struct xdp_service *service);
void xdp_service_free(struct xdp_service *service);
