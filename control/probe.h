/* SPDX-License-Identifier: BSD-2-Clause */
/* One attempt at one address: connect, ask, judge what comes back. Control thread only. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/config.h"
#include "control/http/http_client.h"

#define PROBE_TEXT_SIZE 160

struct probe_outcome {
    bool counts; /* false: it failed for want of something of our own (descriptors, memory) */
    bool succeeded;
    int64_t latency_ms;
    /* For a person at 3 am: "HTTP 200 in 12 ms", "HTTP 503, expected 200-299", "connection
     * refused", "timed out after 5000 ms". Valid UTF-8. */
    char text[PROBE_TEXT_SIZE];
};

struct probe;
typedef void (*probe_done)(void *argument, const struct probe_outcome *outcome);

/* client, check outlive it; address is copied. */
MUST_CHECK struct probe *probe_new(struct http_client *client,
                                   const struct config_health_check *check, const char *address,
                                   probe_done done, void *argument);
/* Not while it runs. done is called once, from the loop; it may start or free the probe. */
void probe_start(struct probe *probe);
/* Ends what runs without calling done. NULL is fine. */
void probe_free(struct probe *probe);
