/* SPDX-License-Identifier: BSD-2-Clause */
/* The secrets of DNS cookies: from their file, at the start and on SIGHUP. Control thread. */
#pragma once

#include "common/config.h"
#include "common/error.h"
#include "zones/cookie_secrets.h"

struct control;

/* What the configuration says: none, those of the file, or one by chance. */
MUST_CHECK bool cookie_source_load(const struct config_cookies *config,
                                   struct cookie_secrets *secrets, struct error *err);
/* Reads the file again and publishes what is new in it. When it cannot be read, that is logged and
 * the secrets stay; without a file nothing happens. */
void cookie_source_reload(struct control *control);
