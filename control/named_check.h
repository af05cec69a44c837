/* SPDX-License-Identifier: BSD-2-Clause */
/* Whether what the configuration names beside its zones is there: directories, files, users, and
 * members that a health check can probe. Touches nothing; any thread. */
#pragma once

#include "common/config.h"
#include "zones/record_set.h"

/* False: err reads "file:line: key: what, what was expected". */
MUST_CHECK bool named_check(const struct config *config, const struct record_sets *sets,
                            struct error *err);
