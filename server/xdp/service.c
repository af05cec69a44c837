/* SPDX-License-Identifier: BSD-2-Clause */
#include "server/xdp/service.h"

#include <stdlib.h>

#include "common/alloc.h"
#include "common/clock.h"
#include "common/log.h"
#include "server/xdp/queue.h"

/* So many before the loop looks at the other sockets, so many at the end. */
#define BATCHES_PER_TURN 128
#define BATCHES_AT_END   2048

/* Then what an interface did not take is offered again. */
#define AGAIN_MS 1

struct watched_queue {
    uv_poll_t poll;
    uv_timer_t again;
    bool is_watched;
    size_t index; /* at the front */
    struct xdp_queue *queue;
    struct xdp_service *service;
};

struct xdp_service {
    struct xdp_service_setup setup;
    uv_poll_t changes; /* the first worker's */
    bool has_changes;
    size_t queue_count;
    struct watched_queue queues[];
};

static void set_time(struct xdp_service *service)
{
    answer_context_set_time(service->setup.job->context, clock_wall_s(),
                            uv_now(service->setup.loop));
}

static void on_again(uv_timer_t *again);

static void drain(struct watched_queue *watched)
{
    set_time(watched->service);
    (void)xdp_queue_drain(watched->queue, watched->service->setup.job, BATCHES_PER_TURN);
    if (xdp_queue_is_held_up(watched->queue)) {
        uv_timer_start(&watched->again, on_again, AGAIN_MS, 0);
    }
}

static void on_again(uv_timer_t *again)
{
    drain(again->data);
}

static void on_frames(uv_poll_t *poll, int status, int events)
{
    struct watched_queue *watched = poll->data;
    (void)events;
    if (status < 0) {
        /* libuv has stopped the handle; the interface is no more, or no interface of Ethernet. */
        xdp_front_end_queue(watched->service->setup.front, watched->index);
        log_warning("xdp: a queue has ended (%s); the kernel's sockets serve what comes",
                    uv_strerror(status));
        return;
    }
    drain(watched);
}

static void on_changes(uv_poll_t *poll, int status, int events)
{
    struct xdp_service *service = poll->data;
    (void)events;
    xdp_front_refresh(service->setup.front);
    if (status < 0) {
        /* More changes than the kernel keeps: the error was read with them, and all is refreshed.
         */
        uv_poll_start(poll, UV_READABLE, on_changes);
    }
}

/* The queue stays the kernel's when it cannot be watched. */
static void watch(struct xdp_service *service, size_t index)
{
    struct watched_queue *watched = &service->queues[service->queue_count];
    uv_loop_t *loop = service->setup.loop;
    watched->index = index;
    watched->queue = xdp_front_queue(service->setup.front, index);
    watched->service = service;
    watched->poll.data = watched->again.data = watched;
    int result = uv_poll_init(loop, &watched->poll, xdp_queue_fd(watched->queue));
    if (result == 0) {
        uv_timer_init(loop, &watched->again);
        service->queue_count++;
        result = uv_poll_start(&watched->poll, UV_READABLE, on_frames);
    }
    watched->is_watched = result == 0;
    if (!watched->is_watched) {
        log_error("xdp: cannot watch a queue: %s; the kernel's sockets serve what comes to it",
                  uv_strerror(result));
    }
}

static void watch_changes(struct xdp_service *service)
{
    int fd = xdp_front_changes_fd(service->setup.front);
    service->changes.data = service;
    int result = uv_poll_init(service->setup.loop, &service->changes, fd);
    service->has_changes = result == 0;
    if (result == 0) {
        result = uv_poll_start(&service->changes, UV_READABLE, on_changes);
    }
    if (result != 0) {
        log_error("xdp: cannot hear of changes of interfaces: %s; the kernel's sockets serve "
                  "everything",
                  uv_strerror(result));
        xdp_front_detach(service->setup.front);
    }
}

struct xdp_service *xdp_service_new(const struct xdp_service_setup *setup)
{
    size_t count = xdp_front_queue_count(setup->front);
    size_t worker = setup->job->worker;
    if (worker >= count) {
        return NULL;
    }
    struct xdp_service *service =
        alloc_zeroed(1, sizeof(*service) + count * sizeof(service->queues[0]));
    service->setup = *setup;
    for (size_t i = worker; i < count; i += setup->worker_count) {
        watch(service, i);
    }
    if (worker == 0) {
        watch_changes(service);
    }
    return service;
}

void xdp_service_begin(const struct xdp_service *service)
{
    for (size_t i = 0; service != NULL && i < service->queue_count; i++) {
        const struct watched_queue *watched = &service->queues[i];
        struct error err;
        if (watched->is_watched &&
            !xdp_front_begin_queue(service->setup.front, watched->index, &err)) {
            log_error("xdp: %s; the kernel's sockets serve what comes to it", err.text);
        }
    }
}

void xdp_service_finish(struct xdp_service *service)
{
    if (service == NULL) {
        return;
    }
    set_time(service);
    for (size_t i = 0; i < service->queue_count; i++) {
        (void)xdp_queue_drain(service->queues[i].queue, service->setup.job, BATCHES_AT_END);
    }
}

void xdp_service_close(struct xdp_service *service)
{
    if (service == NULL) {
        return;
    }
    for (size_t i = 0; i < service->queue_count; i++) {
        uv_close((uv_handle_t *)&service->queues[i].poll, NULL);
        uv_close((uv_handle_t *)&service->queues[i].again, NULL);
    }
    if (service->has_changes) {
        uv_close((uv_handle_t *)&service->changes, NULL);
    }
}

void xdp_service_free(struct xdp_service *service)
{
    free(service);
}
