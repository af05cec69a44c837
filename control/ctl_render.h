/* SPDX-License-Identifier: BSD-2-Clause */
/* Results of the daemon for a person. One thread. */
#pragma once

#include <jansson.h>
#include <stdio.h>

#include "control/ctl_text.h"

/* A command that has no form of its own is printed as JSON. */
void render(FILE *out, const struct style *style, const char *command, const json_t *result);
