/* SPDX-License-Identifier: BSD-2-Clause */
#include "server/server.h"

#include <stdlib.h>

#include "common/alloc.h"
#include "common/log.h"
#include "server/listener.h"
#include "server/steering.h"
#include "server/tcp_places.h"
#include "server/worker.h"
#include "server/xdp/front.h"

struct server {
    struct tcp_places *places;
    struct xdp_front *front;
    size_t worker_count;
    struct worker *workers[];
};

static bool check_unused(const struct config_server *config, struct error *err)
{
    for (size_t i = 0; i < config->listen_count; i++) {
        if (!listener_check_unused(&config->listen[i], err)) {
            return false;
        }
    }
    return true;
}

/* False: the kernel goes on to spread by hash. */
static bool steer(const struct server *server, struct steering *steering)
{
    struct error why;
    if (steering_init(steering, server->worker_count, &why) &&
        worker_steer(server->workers[0], steering, &why)) {
        return true;
    }
    log_warning("server.steering: cpu is not possible, hash is used: %s", why.text);
    return false;
}

static void pin(const struct server *server, const struct steering *steering)
{
    struct error why;
    for (size_t i = 0; i < server->worker_count; i++) {
        if (!worker_pin(server->workers[i], steering, &why)) {
            log_warning("server.steering: %s", why.text);
        }
    }
}

struct server *server_start(const struct config_server *config, struct exchange *exchange,
                            struct error *err)
{
    if (!check_unused(config, err)) {
        return NULL;
    }
    struct steering steering;
    size_t count = exchange->worker_count;
    struct server *server = alloc_zeroed(1, sizeof(*server) + count * sizeof(server->workers[0]));
    server->worker_count = count;
    server->places = tcp_places_new(config->tcp_max_connections,
                                    config->tcp_max_connections_per_client, (unsigned)count);
    server->front = xdp_front_open(config);
    for (size_t i = 0; i < count; i++) {
        struct worker_setup setup = {.config = config,
                                     .exchange = exchange,
                                     .index = i,
                                     .places = server->places,
                                     .front = server->front};
        server->workers[i] = worker_new(&setup, err);
        if (server->workers[i] == NULL) {
            server_stop(server);
            return NULL;
        }
    }
    bool is_steered = config->steers_by_cpu && steer(server, &steering);
    for (size_t i = 0; i < count; i++) {
        if (!worker_start(server->workers[i], err)) {
            server_stop(server);
            return NULL;
        }
    }
    if (is_steered) {
        pin(server, &steering);
    }
    for (size_t i = 0; i < count; i++) {
        worker_begin_xdp(server->workers[i]);
    }
    return server;
}

bool server_check(const struct config_server *config, struct error *err)
{
    return xdp_front_check(config, err);
}

void server_stop(struct server *server)
{
    if (server == NULL) {
        return;
    }
    xdp_front_detach(server->front);
    /* All are asked before the first is waited for. */
    for (size_t i = 0; i < server->worker_count && server->workers[i] != NULL; i++) {
        worker_ask_to_stop(server->workers[i]);
    }
    for (size_t i = 0; i < server->worker_count && server->workers[i] != NULL; i++) {
        worker_join(server->workers[i]);
    }
    for (size_t i = 0; i < server->worker_count; i++) {
        worker_free(server->workers[i]);
    }
    xdp_front_close(server->front);
    tcp_places_free(server->places);
    free(server);
}
