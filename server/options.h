/* SPDX-License-Identifier: BSD-2-Clause */
/* The options of a response: NSID (RFC 5001), client subnet (RFC 7871), cookies (RFC 7873), TCP
 * keepalive (RFC 7828), extended errors (RFC 8914). All but the subnet are written into the
 * context's memory, so that a query without them costs nothing. One worker's thread. */
#pragma once

#include "server/response.h"

/* Judges the options of the query and writes those of the response. Returns the verdict on the
 * query as it is now: the one given, or that an option has a form that it must not have, or that a
 * cookie is needed. Only for queries with options. */
enum query_verdict options_answer(struct response *response, enum query_verdict verdict);

/* Adds why the response is what it is, when the query has an OPT and there is room for it. */
void options_add_error(struct response *response, enum dns_extended_error why);
