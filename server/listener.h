/* SPDX-License-Identifier: BSD-2-Clause */
/* Bound sockets, non-blocking, each worker its own (SO_REUSEPORT). Main thread. */
#pragma once

#include <stdbool.h>

#include "common/address.h"
#include "common/error.h"

/* Sets *fd, which the caller owns. False and "cannot listen on 127.0.0.1@5300 (UDP): …". */
MUST_CHECK bool listener_open_udp(const struct address *address, int *fd, struct error *err);
/* Bound, not yet listening. */
MUST_CHECK bool listener_open_tcp(const struct address *address, int *fd, struct error *err);
/* Does nobody else listen here? With SO_REUSEPORT alone a second daemon of the same user would
 * share the port, and each would get a part of the queries. */
MUST_CHECK bool listener_check_unused(const struct address *address, struct error *err);
/* All addresses of the host? Then the one that a packet came to has to be asked for, to answer from
 * it. */
bool listener_is_wildcard(const struct address *address);
