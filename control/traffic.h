/* SPDX-License-Identifier: BSD-2-Clause */
/* Measures the real traffic of a record set's members: asks Prometheus or CloudWatch each member's
 * query, once an interval, and keeps what it said. Answers and rollouts never wait for it. Control
 * thread only. */
#pragma once

#include <uv.h>

#include "common/config.h"
#include "control/http/http_client.h"
#include "control/shares.h"

struct aws_client;
struct traffic_source;

/* set has traffic; it, loop, client and aws (NULL where CloudWatch is not asked) outlive the
 * source. Asks for the first time after first_ms (sources that begin together need not ask
 * together), then every interval. A question that is still open then is not asked again. */
struct traffic_source *traffic_source_new(uv_loop_t *loop, struct http_client *client,
                                          struct aws_client *aws,
                                          const struct config_record_set *set, uint64_t first_ms);
/* Ends what it has asked, closes its handle on the loop (which must still turn) and frees itself.
 * NULL is fine. */
void traffic_source_close(struct traffic_source *source);

/* One for each member, in the record set's order; valid until it is closed. */
const struct traffic_value *traffic_source_values(const struct traffic_source *source);
/* Questions that had no answer that could be used, since the source began. */
uint64_t traffic_source_failures(const struct traffic_source *source);
/* False when every member's value is fresh; else text says which is not, and why: "green: no answer
 * yet", "green: HTTP 503 (last value 50s ago)". */
bool traffic_source_is_silent(const struct traffic_source *source, int64_t now_ms, char *text,
                              size_t size);
