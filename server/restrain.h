/* SPDX-License-Identifier: BSD-2-Clause */
/* Whether a response that has been made is sent: what rate_limit.h decides by. One worker's thread.
 */
#pragma once

#include <stdbool.h>

#include "common/attributes.h"
#include "server/response.h"

/* False: not at all. True: as it is, or truncated. Only with context->rate_limit. */
RARELY bool restrain_response(struct response *response);
