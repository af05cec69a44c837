/* SPDX-License-Identifier: BSD-2-Clause */
/* Plans in the Amazon States Language, for `rollout simulate`. One thread. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "control/forecast/simulate.h"
#include "control/plan/asl_document.h"

/* Whether a text is meant as such a document: an object with StartAt or States. */
bool simulate_asl_is_meant(const char *text, size_t len);

/* Runs the document in virtual time, every task succeeding at once and every gate passing, and
 * takes down when the weight changes. False and err when the document fails all the same, or lowers
 * the weight on its way. */
MUST_CHECK bool simulate_asl_plan(const struct asl_document *document, struct simulate_plan *plan,
                                  struct error *err);
