/* SPDX-License-Identifier: BSD-2-Clause */
/* From the configuration of a rollout to the plan that it executes: the file of a state machine is
 * read, or the short form compiled. Control thread, and the check of a configuration. */
#pragma once

#include "common/config.h"
#include "control/plan/asl_document.h"
#include "control/rollout.h"

struct plan_source {
    struct asl_document *document;
    struct plan plan; /* its steps */
};
/* False and err, which names the file and line of what is wrong. Freed with plan_source_done. */
MUST_CHECK bool plan_source_load(const struct config *config, const struct config_rollout *rollout,
                                 struct plan_source *source, struct error *err);
void plan_source_done(struct plan_source *source);

/* What a plan has to ask to ask this gate. */
enum asl_resource plan_source_resource(const struct config_gate *gate);

/* The short form of steps and one hold, as the document that it stands for. Caller owns. */
struct asl_document *plan_source_compile(const struct plan *plan);
