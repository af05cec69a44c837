/* SPDX-License-Identifier: BSD-2-Clause */
/* The control plane: one thread, one uv loop. Decides (rollouts, health, events, admin), journals,
 * publishes. See ARCHITECTURE.md for the order of things. */
#pragma once

#include "common/config.h"
#include "common/error.h"
#include "zones/exchange.h"
#include "zones/record_set.h"

struct control;

/* Loads zones and state and offers the first snapshot; opens no socket yet. config, sets and
 * exchange outlive it. NULL and err when something is refused: nothing has changed then. */
MUST_CHECK struct control *control_new(const struct config *config, const struct record_sets *sets,
                                       struct exchange *exchange, struct error *err);
/* Opens the admin socket and HTTP, starts health checks, goes on with rollouts where they were,
 * and runs until SIGTERM, SIGINT or `ballastctl stop`. False and err when a socket cannot be
 * opened. */
MUST_CHECK bool control_run(struct control *control, struct error *err);
/* The workers have ended. Frees the snapshots. NULL is fine. */
void control_free(struct control *control);

/* Checks the configuration's zones and all that they name, as control_new would, and touches
 * nothing (`ballastd --check`). */
MUST_CHECK bool control_check(const struct config *config, struct error *err);
