/* SPDX-License-Identifier: BSD-2-Clause */
/* What the kinds of probes have in common. Private to probe*.c; control thread only. */
#pragma once

#include <sys/queue.h>

#include "control/http/http_client.h"
#include "control/http/socket_set.h"
#include "control/probe.h"

struct prober {
    uv_loop_t *loop;
    struct http_client **clients; /* of the http and https probes; one and more */
    size_t client_count;
    struct socket_set *sockets; /* of the tcp probes */
    size_t at_once;
    size_t running;
    TAILQ_HEAD(, probe) line; /* those whose turn has yet to come */
    uv_timer_t timer;         /* fills places that became free */
    uint64_t warned_at_ms;    /* the loop's time; 0: not yet */
};

enum probe_state { PROBE_IDLE, PROBE_WAITING, PROBE_RUNNING };

/* The first member of each kind's own. */
struct probe {
    const struct probe_kind *kind;
    struct prober *prober;
    const struct config_health_check *check;
    probe_done done;
    void *argument;
    enum probe_state state;
    TAILQ_ENTRY(probe) entry;
    uint64_t started_at_ms; /* the loop's time, */
    uint64_t started_ns;    /* and the real one */
};

struct probe_kind {
    size_t size;
    /* All of struct probe is set, all else 0. */
    void (*init)(struct probe *probe, const char *address);
    /* Its end is told by probe_finish, from the loop. */
    void (*start)(struct probe *probe);
    /* Ends what runs, without a word, and frees it. */
    void (*free)(struct probe *probe);
};

/* A connection that is made is enough. It is reset at once. */
extern const struct probe_kind probe_tcp;
/* http and https. */
extern const struct probe_kind probe_http;

/* One that has room, since libcurl gets slow with many; made when there is none. */
struct http_client *prober_http(struct prober *prober);
/* How long it has been running. */
int64_t probe_age_ms(const struct probe *probe);
/* The end of an attempt: its text and whether it succeeded and counts are there. May free the
 * probe. */
void probe_finish(struct probe *probe, struct probe_outcome *outcome);
/* By why there is no socket or connection: it failed, or, where we lack something ourselves and the
 * target is not to blame, it does not count. */
void probe_outcome_fail(struct probe_outcome *outcome, int number);
