/* SPDX-License-Identifier: BSD-2-Clause */
/* Runs the health checks: probes on the control loop, each target at its own interval, none waiting
 * for another as long as no more are due than may run at once. Control thread only. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "common/config.h"
#include "control/health.h"
#include "control/probe.h"

struct aws_client;
struct checker;

/* One address that one health check probes, or the target group of one that asks AWS. However many
 * members name it, it is probed once. */
struct target {
    const struct config_health_check *check;
    char *address; /* "192.0.2.10"; of a target group its name */
    struct health health;
    int64_t last_probe_ms;             /* when the last finished probe started; 0: none yet */
    int64_t last_latency_ms;           /* of the last finished probe */
    char last_result[PROBE_TEXT_SIZE]; /* "HTTP 200 in 12 ms", "connection refused"; "": none yet */
};

/* A target's verdict changed. May call checker_close. */
typedef void (*checker_changed)(void *argument, const struct target *target);

/* aws outlives it; NULL when no check is of type elbv2. at_once: how many probes run at most, each
 * with a socket; 1 and more. */
MUST_CHECK struct checker *checker_new(uv_loop_t *loop, size_t at_once, struct aws_client *aws,
                                       checker_changed changed, void *argument, struct error *err);
/* How many that may be where the process may have so many files open, and so many of them clients
 * of the server's: what is left, and in any case a quarter, but 8192 at most. Pure. */
size_t checker_at_once(uint64_t open_files, uint64_t server_files);
/* The target for this check and address (of a check of type elbv2 it has just one, whatever the
 * address), made on first use; the first probe starts after checker_first_ms. The checker owns the
 * target; check outlives the checker. */
const struct target *checker_watch(struct checker *checker, const struct config_health_check *check,
                                   const char *address);
/* Takes one checker_watch back. After the last one the target is probed no more and is gone;
 * whoever watches it again finds a new one, without a verdict. Not from `changed`. */
void checker_unwatch(struct checker *checker, const struct target *target);
/* How long the first probe waits of a target that comes after target_count others: within an
 * interval, so that of many about 4,000 start in each second, and at random within a second, so
 * that daemons that start together do not probe together. chance: any number. Pure. */
uint64_t checker_first_ms(int64_t interval_ms, size_t target_count, uint64_t chance);

size_t checker_target_count(const struct checker *checker);
/* In the order in which they were first watched. */
const struct target *checker_target(const struct checker *checker, size_t index);
/* Stops every probe and calls changed no more; closes its handles on the loop (which must still
 * turn) and frees itself and the targets then. NULL is fine. */
void checker_close(struct checker *checker);
