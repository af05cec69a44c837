/* SPDX-License-Identifier: BSD-2-Clause */
/* One attempt at one address: connect, ask, judge what comes back. As many as there may be at once
 * run; the others wait in a line, first come first served. Control thread only. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "common/config.h"

#define PROBE_TEXT_SIZE 160

struct probe_outcome {
    bool counts; /* false: it failed for want of something of our own (descriptors, memory) */
    bool succeeded;
    uint64_t started_at_ms; /* the loop's time when its turn came */
    int64_t latency_ms;     /* since then */
    /* For a person at 3 am: "HTTP 200 in 12 ms", "HTTP 503, expected 200-299", "connection
     * refused", "timed out after 5000 ms". Valid UTF-8. */
    char text[PROBE_TEXT_SIZE];
};

/* What probes on one loop share. */
struct prober;

/* at_once: how many run at most, 1 and more; each has one socket. */
MUST_CHECK struct prober *prober_new(uv_loop_t *loop, size_t at_once, struct error *err);
/* None of its probes may be left. Closes its handles on the loop (which must still turn) and frees
 * itself. NULL is fine. May be called from done. */
void prober_close(struct prober *prober);

struct probe;
typedef void (*probe_done)(void *argument, const struct probe_outcome *outcome);

/* prober, check outlive it; address is copied. */
MUST_CHECK struct probe *probe_new(struct prober *prober, const struct config_health_check *check,
                                   const char *address, probe_done done, void *argument);
/* Not while it runs or waits. Its time-out begins when its turn comes. done is called once, from
 * the loop; it may start or free the probe. */
void probe_start(struct probe *probe);
/* Ends what runs, or waits, without calling done; the loop must still turn. NULL is fine. */
void probe_free(struct probe *probe);
