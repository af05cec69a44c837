/* SPDX-License-Identifier: BSD-2-Clause */
/* Runs the health checks: probes on one libcurl multi handle on the control loop, each target at
 * its own interval with a random first delay, none waiting for another. Control thread only. */
#pragma once

#include <stdint.h>
#include <uv.h>

#include "common/config.h"
#include "control/health.h"

struct checker;

/* One address that one health check probes. However many members name it, it is probed once. */
struct target {
    const struct config_health_check *check;
    char *address; /* "192.0.2.10" */
    struct health health;
    int64_t last_probe_ms;   /* 0: not yet */
    int64_t last_latency_ms; /* of the last finished probe */
    char last_result[160];   /* "HTTP 200", "HTTP 503, expected 200-299", "connect: refused" */
};

/* A target's verdict changed. */
typedef void (*checker_changed)(void *argument, const struct target *target);

struct checker *checker_new(uv_loop_t *loop, checker_changed changed, void *argument,
                            struct error *err) MUST_CHECK;
/* The target for this check and address, made on first use; probing starts at once. The checker
 * owns it; check outlives the checker. */
const struct target *checker_watch(struct checker *checker, const struct config_health_check *check,
                                   const char *address);
size_t checker_target_count(const struct checker *checker);
/* Stops every probe and closes its handles on the loop (which must still turn), then calls closed
 * and frees itself. NULL is fine. */
void checker_close(struct checker *checker);
