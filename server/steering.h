/* SPDX-License-Identifier: BSD-2-Clause */
/* `steering: cpu`: each worker stays on a processor, and what the kernel receives there is its own.
 * Main thread. */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/config.h"
#include "common/error.h"

struct steering {
    size_t count; /* of workers */
    unsigned cpus[CONFIG_WORKERS_MAX];
};

/* The first processors that the process may use, one for each worker. False and err: there are not
 * so many. */
MUST_CHECK bool steering_init(struct steering *steering, size_t worker_count, struct error *err);
/* Of all sockets that are bound to the fd's address (SO_REUSEPORT), the first belonging to the
 * first worker and so on; one of them is enough. Packets from a processor without a worker are
 * spread over all. While there are fewer sockets the kernel spreads by hash what would go to a
 * missing one. */
MUST_CHECK bool steering_attach(const struct steering *steering, int fd, struct error *err);
MUST_CHECK bool steering_pin(const struct steering *steering, size_t worker, pthread_t thread,
                             struct error *err);
