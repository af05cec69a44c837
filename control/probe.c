/* SPDX-License-Identifier: BSD-2-Clause */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/alloc.h"
#include "common/log.h"
#include "control/http/http_easy.h"
#include "control/probe_private.h"

#define WARNING_PAUSE_MS 60000
#define PROBES_A_CLIENT  256

static void add_client(struct prober *prober, struct http_client *client)
{
    prober->clients =
        alloc_resize(prober->clients, prober->client_count + 1, sizeof(struct http_client *));
    prober->clients[prober->client_count++] = client;
}

struct prober *prober_new(uv_loop_t *loop, size_t at_once, struct error *err)
{
    struct http_client *http = http_client_new(loop, err);
    struct socket_set *sockets = http == NULL ? NULL : socket_set_new(loop, err);
    if (sockets == NULL) {
        http_client_close(http);
        return NULL;
    }
    struct prober *prober = alloc_zeroed(1, sizeof(*prober));
    prober->loop = loop;
    add_client(prober, http);
    prober->sockets = sockets;
    prober->at_once = at_once;
    TAILQ_INIT(&prober->line);
    uv_timer_init(loop, &prober->timer);
    prober->timer.data = prober;
    return prober;
}

struct http_client *prober_http(struct prober *prober)
{
    for (size_t i = 0; i < prober->client_count; i++) {
        if (http_client_running(prober->clients[i]) < PROBES_A_CLIENT) {
            return prober->clients[i];
        }
    }
    struct error err;
    struct http_client *client = http_client_new(prober->loop, &err);
    if (client == NULL) {
        return prober->clients[0];
    }
    add_client(prober, client);
    return client;
}

static void free_prober(uv_handle_t *timer)
{
    struct prober *prober = timer->data;
    free(prober->clients);
    free(prober);
}

void prober_close(struct prober *prober)
{
    if (prober != NULL) {
        assert(prober->running == 0 && TAILQ_EMPTY(&prober->line));
        for (size_t i = 0; i < prober->client_count; i++) {
            http_client_close(prober->clients[i]);
        }
        socket_set_close(prober->sockets);
        uv_close((uv_handle_t *)&prober->timer, free_prober);
    }
}

static void run(struct probe *probe)
{
    probe->state = PROBE_RUNNING;
    probe->prober->running++;
    probe->started_at_ms = uv_now(probe->prober->loop);
    probe->started_ns = uv_hrtime();
    probe->kind->start(probe);
}

static void run_waiting(struct prober *prober)
{
    while (prober->running < prober->at_once && !TAILQ_EMPTY(&prober->line)) {
        struct probe *probe = TAILQ_FIRST(&prober->line);
        TAILQ_REMOVE(&prober->line, probe, entry);
        run(probe);
    }
}

static void on_places_free(uv_timer_t *timer)
{
    run_waiting(timer->data);
}

/* Its interval gets longer, and nobody else would say why. */
static void warn_of_line(struct prober *prober)
{
    uint64_t now_ms = uv_now(prober->loop);
    if (prober->warned_at_ms == 0 || now_ms - prober->warned_at_ms >= WARNING_PAUSE_MS) {
        prober->warned_at_ms = now_ms;
        log_warning("health checks: %zu probes run at a time, as many as may, and others wait for "
                    "their turn: with fewer than 8192 the limit of open files is too low",
                    prober->at_once);
    }
}

void probe_start(struct probe *probe)
{
    struct prober *prober = probe->prober;
    assert(probe->state == PROBE_IDLE);
    if (prober->running < prober->at_once && TAILQ_EMPTY(&prober->line)) {
        run(probe);
        return;
    }
    warn_of_line(prober);
    probe->state = PROBE_WAITING;
    TAILQ_INSERT_TAIL(&prober->line, probe, entry);
}

int64_t probe_age_ms(const struct probe *probe)
{
    return (int64_t)((uv_hrtime() - probe->started_ns) / 1000000);
}

void probe_finish(struct probe *probe, struct probe_outcome *outcome)
{
    struct prober *prober = probe->prober;
    assert(probe->state == PROBE_RUNNING);
    outcome->started_at_ms = probe->started_at_ms;
    probe->state = PROBE_IDLE;
    prober->running--;
    run_waiting(prober);
    /* Last: it may free us. */
    probe->done(probe->argument, outcome);
}

static bool is_lack(int number)
{
    return number == EMFILE || number == ENFILE || number == ENOBUFS || number == ENOMEM ||
           number == ENOSPC;
}

void probe_outcome_fail(struct probe_outcome *outcome, int number)
{
    char why[PROBE_TEXT_SIZE / 2];
    http_easy_describe_errno(number, why, sizeof(why));
    outcome->succeeded = false;
    outcome->counts = !is_lack(number);
    snprintf(outcome->text, sizeof(outcome->text), "%s%s",
             outcome->counts ? "" : "not probed: ", why);
}

struct probe *probe_new(struct prober *prober, const struct config_health_check *check,
                        const char *address, probe_done done, void *argument)
{
    const struct probe_kind *kind = check->type == CHECK_TCP ? &probe_tcp : &probe_http;
    struct probe *probe = alloc_zeroed(1, kind->size);
    probe->kind = kind;
    probe->prober = prober;
    probe->check = check;
    probe->done = done;
    probe->argument = argument;
    kind->init(probe, address);
    return probe;
}

void probe_free(struct probe *probe)
{
    if (probe == NULL) {
        return;
    }
    struct prober *prober = probe->prober;
    if (probe->state == PROBE_WAITING) {
        TAILQ_REMOVE(&prober->line, probe, entry);
    } else if (probe->state == PROBE_RUNNING) {
        prober->running--;
        /* Not here: whoever frees one may be about to free them all. */
        uv_timer_start(&prober->timer, on_places_free, 0, 0);
    }
    probe->kind->free(probe);
}
