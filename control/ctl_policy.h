/* SPDX-License-Identifier: BSD-2-Clause */
/* `ballastctl aws policy`: what AWS has to allow. One thread. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "common/config.h"
#include "common/error.h"

/* The features (bits of enum aws_feature) that a configuration switches on. */
unsigned policy_features(const struct config *config);

/* arguments: names of features, --config FILE, --explain. Prints to standard output and returns the
 * exit status; what is wrong is in err when it is not EXIT_DONE. */
int policy_run(const char *const *arguments, size_t count, struct error *err);
