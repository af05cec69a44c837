/* SPDX-License-Identifier: BSD-2-Clause */
/* UDP: batches in, batches out. One worker's thread. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "server/answer.h"

/* Buffers of one worker, shared by its sockets; about 550 KiB, allocated once. */
struct udp_buffers;

struct udp_buffers *udp_buffers_new(void);
void udp_buffers_free(struct udp_buffers *buffers);

struct udp_socket {
    int fd;
    bool is_wildcard; /* answers must leave from the address that was asked */
};

/* What a batch is answered with: exchange_take() before each. */
struct udp_job {
    struct answer_context *context;
    struct exchange *exchange;
    size_t worker;
    struct udp_buffers *buffers;
};

/* Takes a proxy's header off the query where one is due; task->source then points into header.
 * False: it is due and not there, which is counted. */
struct proxy_header;
bool udp_take_proxy_header(const struct udp_job *job, struct answer_task *task,
                           struct proxy_header *header);

/* Answers what the socket has received, at most max_batches; then the caller's loop may see to its
 * other sockets. False: there may be more. */
bool udp_drain(const struct udp_job *job, const struct udp_socket *udp, unsigned max_batches);
