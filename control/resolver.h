/* SPDX-License-Identifier: BSD-2-Clause */
/* Asks recursive resolvers for a host's addresses: one c-ares channel on the control loop. The name
 * is taken as it is: no search list, no hosts file. Control thread only. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "common/address.h"
#include "common/error.h"
#include "control/resolver_answer.h"

struct resolver;

/* The answer is valid during the call. */
typedef void (*resolver_done)(void *argument, const struct resolver_answer *answer);

/* servers, which are copied, in the order in which they are tried; none: those of the system, read
 * again after a failure. Each is given timeout_ms, and twice that in a second round. */
MUST_CHECK struct resolver *resolver_new(uv_loop_t *loop, const struct address *servers,
                                         size_t count, int64_t timeout_ms, struct error *err);
/* family: AF_INET or AF_INET6. done is called once, perhaps before this returns; it may ask again,
 * but not close the resolver. */
void resolver_ask(struct resolver *resolver, const char *host, int family, resolver_done done,
                  void *argument);
/* The system's servers may be others: they are read again before the next question, which waits
 * until those on their way have ended. */
void resolver_renew(struct resolver *resolver);
/* Calls nobody any more; closes its handles on the loop, which must still turn. NULL is fine. */
void resolver_close(struct resolver *resolver);
