/* SPDX-License-Identifier: BSD-2-Clause */
/* Full additional sections: the addresses of the hosts that the answer's records name, so that the
 * client need not ask for them (RFC 1035 section 3.3.9, RFC 2782, RFC 9460 section 4.1). From every
 * zone that is served, with RRSIGs where those are wanted, weighted record sets as if they had been
 * asked for; not what lies below a cut, is an alias, or comes of a wildcard (which would need a
 * proof). Only whole RRsets, and only as long as there is room: nothing is truncated for them. One
 * worker's thread. */
#pragma once

#include "server/assembly.h"

/* Hosts at most: an answer with very many must not cost that many look-ups. */
#define ADDITIONAL_HOSTS_MAX 32

/* Where server.additional is full: this is an answer whose records name hosts, and chain_answer
 * puts it together. */
RARELY bool additional_is_due(const struct lookup *found);

/* Adds the additional section to an answer which is complete but for that; nothing unless
 * server.additional is full. */
void additional_add(struct assembly *assembly);
