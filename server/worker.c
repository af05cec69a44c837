/* SPDX-License-Identifier: BSD-2-Clause */
#include "server/worker.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include <sodium.h>
#include <uv.h>

#include "common/alloc.h"
#include "common/clock.h"
#include "server/listener.h"
#include "server/rate_limit.h"
#include "server/steering.h"
#include "server/tcp.h"
#include "server/udp.h"
#include "server/xdp/service.h"

/* So many before the loop looks at the other sockets, so many at the end. */
#define BATCHES_PER_TURN 64
#define BATCHES_AT_END   1024
#define TURNS_AT_END     8

struct watched_socket {
    uv_poll_t poll;
    struct udp_socket udp;
    struct worker *worker;
};

struct worker {
    struct worker_setup setup;
    uv_loop_t loop;
    uv_async_t wake;
    atomic_bool is_stopping;
    bool is_running;
    pthread_t thread;
    /* Written for each query; what is in front of it other threads write, to wake and to stop. */
    _Alignas(ALLOC_CACHE_LINE) struct answer_context context;
    struct udp_job job;
    struct tcp_service tcp;
    struct xdp_service *xdp;
    struct watched_socket *sockets; /* one for each address; so many are open: */
    size_t socket_count;
    uv_tcp_t *listeners;
    size_t listener_count;
};

/* Once for many batches: the loop asks the system before it calls. */
static void set_time(struct worker *worker)
{
    answer_context_set_time(&worker->context, clock_wall_s(), uv_now(&worker->loop));
}

static void on_datagrams(uv_poll_t *poll, int status, int events)
{
    struct watched_socket *watched = poll->data;
    (void)events;
    set_time(watched->worker);
    /* More to come: the poll handle is level-triggered and will say so. */
    (void)udp_drain(&watched->worker->job, &watched->udp, BATCHES_PER_TURN);
    if (status < 0) {
        /* The error was read, and so cleared, like a packet; libuv has stopped the handle. */
        uv_poll_start(poll, UV_READABLE, on_datagrams);
    }
}

/* Control has a new snapshot, or main wants an end. */
static void on_wake(uv_async_t *wake)
{
    struct worker *worker = wake->data;
    (void)exchange_take(worker->setup.exchange, worker->setup.index);
    /* Relaxed: uv_async_send orders it. */
    if (atomic_load_explicit(&worker->is_stopping, memory_order_relaxed)) {
        uv_stop(&worker->loop);
    }
}

static void wake_worker(void *argument)
{
    uv_async_send(argument);
}

static bool open_udp(struct worker *worker, const struct address *address, struct error *err)
{
    struct watched_socket *watched = &worker->sockets[worker->socket_count];
    if (!listener_open_udp(address, &watched->udp.fd, err)) {
        return false;
    }
    int result = uv_poll_init(&worker->loop, &watched->poll, watched->udp.fd);
    if (result != 0) {
        close(watched->udp.fd);
        return error_set(err, "cannot watch a UDP socket: %s", uv_strerror(result));
    }
    watched->worker = worker;
    watched->poll.data = watched;
    watched->udp.is_wildcard = listener_is_wildcard(address);
    worker->socket_count++;
    result = uv_poll_start(&watched->poll, UV_READABLE, on_datagrams);
    return result == 0 || error_set(err, "cannot watch a UDP socket: %s", uv_strerror(result));
}

static bool open_tcp(struct worker *worker, const struct address *address, struct error *err)
{
    char text[ADDRESS_TEXT_SIZE];
    int fd = -1;
    if (!listener_open_tcp(address, &fd, err)) {
        return false;
    }
    uv_tcp_t *listener = &worker->listeners[worker->listener_count];
    uv_tcp_init(&worker->loop, listener);
    worker->listener_count++;
    int result = tcp_service_listen(&worker->tcp, listener, fd);
    if (result == 0) {
        return true;
    }
    int owned = -1;
    if (uv_fileno((uv_handle_t *)listener, &owned) != 0) {
        close(fd); /* the listener had not taken it */
    }
    address_print(address, text);
    return error_set(err, "cannot listen on %s (TCP): %s", text, uv_strerror(result));
}

/* Where rotations start is no secret, but must differ between workers and starts. */
static uint64_t make_seed(size_t worker)
{
    uint64_t seed;
    if (getrandom(&seed, sizeof(seed), GRND_NONBLOCK) != (ssize_t)sizeof(seed)) {
        seed = (uint64_t)clock_now_ms() ^ (uint64_t)getpid() << 40;
    }
    return seed + worker;
}

static void init_parts(struct worker *worker)
{
    const struct worker_setup *setup = &worker->setup;
    struct worker_slot *slot = &setup->exchange->slots[setup->index];
    /* Relaxed: main offered it. The number of record sets never changes. */
    const struct snapshot *first = atomic_load_explicit(&slot->offered, memory_order_relaxed);
    answer_context_init(&worker->context, setup->config, slot, first->set_count,
                        make_seed(setup->index));
    uint8_t key[RATE_LIMIT_KEY_OCTETS];
    randombytes_buf(key, sizeof(key));
    worker->context.rate_limit = rate_limit_new(&setup->config->rate_limit, key);
    worker->job = (struct udp_job){.context = &worker->context,
                                   .exchange = setup->exchange,
                                   .worker = setup->index,
                                   .buffers = udp_buffers_new()};
    worker->tcp = (struct tcp_service){.loop = &worker->loop,
                                       .config = setup->config,
                                       .context = &worker->context,
                                       .exchange = setup->exchange,
                                       .worker = setup->index,
                                       .places = setup->places};
    tcp_service_init(&worker->tcp);
    uv_async_init(&worker->loop, &worker->wake, on_wake);
    worker->wake.data = worker;
    slot->wake_worker_argument = &worker->wake;
    slot->wake_worker = wake_worker;
}

struct worker *worker_new(const struct worker_setup *setup, struct error *err)
{
    struct worker *worker = alloc_zeroed_aligned(ALLOC_CACHE_LINE, 1, sizeof(*worker));
    const struct config_server *config = setup->config;
    worker->setup = *setup;
    int result = uv_loop_init(&worker->loop);
    if (result != 0) {
        free(worker);
        error_set(err, "cannot make an event loop: %s", uv_strerror(result));
        return NULL;
    }
    init_parts(worker);
    worker->sockets = alloc_zeroed(config->listen_count, sizeof(*worker->sockets));
    worker->listeners = alloc_zeroed(config->listen_count, sizeof(*worker->listeners));
    for (size_t i = 0; i < config->listen_count; i++) {
        if (!open_udp(worker, &config->listen[i], err) ||
            !open_tcp(worker, &config->listen[i], err)) {
            worker_free(worker);
            return NULL;
        }
    }
    worker->xdp =
        xdp_service_new(&(struct xdp_service_setup){.front = setup->front,
                                                    .loop = &worker->loop,
                                                    .job = &worker->job,
                                                    .worker_count = setup->exchange->worker_count});
    return worker;
}

bool worker_steer(const struct worker *worker, const struct steering *steering, struct error *err)
{
    for (size_t i = 0; i < worker->socket_count; i++) {
        if (!steering_attach(steering, worker->sockets[i].udp.fd, err)) {
            return false;
        }
    }
    return true;
}

bool worker_pin(const struct worker *worker, const struct steering *steering, struct error *err)
{
    return steering_pin(steering, worker->setup.index, worker->thread, err);
}

/* What clients have sent before the end gets its answer. */
static void finish_work(struct worker *worker)
{
    for (unsigned i = 0; i < TURNS_AT_END; i++) {
        uv_run(&worker->loop, UV_RUN_NOWAIT);
    }
    set_time(worker);
    for (size_t i = 0; i < worker->socket_count; i++) {
        (void)udp_drain(&worker->job, &worker->sockets[i].udp, BATCHES_AT_END);
    }
    xdp_service_finish(worker->xdp);
}

static void *run(void *argument)
{
    struct worker *worker = argument;
    const struct worker_setup *setup = &worker->setup;
    (void)exchange_take(setup->exchange, setup->index);
    uv_run(&worker->loop, UV_RUN_DEFAULT);
    finish_work(worker);
    exchange_leave(setup->exchange, setup->index);
    return NULL;
}

bool worker_start(struct worker *worker, struct error *err)
{
    char name[16];
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int result = pthread_create(&worker->thread, NULL, run, worker);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (result != 0) {
        return error_set(err, "cannot start a worker thread: %s", strerror(result));
    }
    worker->is_running = true;
    snprintf(name, sizeof(name), "worker/%zu", worker->setup.index);
    pthread_setname_np(worker->thread, name);
    return true;
}

void worker_begin_xdp(const struct worker *worker)
{
    xdp_service_begin(worker->xdp);
}

void worker_ask_to_stop(struct worker *worker)
{
    if (worker->is_running) {
        atomic_store_explicit(&worker->is_stopping, true, memory_order_relaxed);
        uv_async_send(&worker->wake);
    }
}

void worker_join(struct worker *worker)
{
    if (worker->is_running) {
        pthread_join(worker->thread, NULL);
        worker->is_running = false;
    }
}

void worker_free(struct worker *worker)
{
    if (worker == NULL) {
        return;
    }
    struct worker_slot *slot = &worker->setup.exchange->slots[worker->setup.index];
    slot->wake_worker = NULL;
    slot->wake_worker_argument = NULL;
    tcp_service_close(&worker->tcp);
    uv_close((uv_handle_t *)&worker->wake, NULL);
    for (size_t i = 0; i < worker->socket_count; i++) {
        uv_close((uv_handle_t *)&worker->sockets[i].poll, NULL);
    }
    for (size_t i = 0; i < worker->listener_count; i++) {
        uv_close((uv_handle_t *)&worker->listeners[i], NULL);
    }
    xdp_service_close(worker->xdp);
    uv_run(&worker->loop, UV_RUN_DEFAULT);
    xdp_service_free(worker->xdp);
    uv_loop_close(&worker->loop);
    for (size_t i = 0; i < worker->socket_count; i++) {
        close(worker->sockets[i].udp.fd); /* uv_poll leaves it to its owner */
    }
    tcp_service_done(&worker->tcp);
    udp_buffers_free(worker->job.buffers);
    rate_limit_free(worker->context.rate_limit);
    answer_context_done(&worker->context);
    free(worker->sockets);
    free(worker->listeners);
    free(worker);
}
