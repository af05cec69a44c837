/* SPDX-License-Identifier: BSD-2-Clause */
/* Who may have a TCP connection: so many in all, and so many of one client (an IPv4 address, an
 * IPv6 /64), over all workers. Any thread; a mutex guards it, which is taken when a connection
 * comes or goes and never for a query. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

struct tcp_places;

/* worker_count: each may have one connection beyond max, see below. Caller owns. */
struct tcp_places *tcp_places_new(unsigned max, unsigned max_per_client, unsigned worker_count);
void tcp_places_free(struct tcp_places *places);

/* The client that an address counts for; never TCP_PLACES_NOBODY. */
uint64_t tcp_places_client(const struct sockaddr *address);
/* Counts for no client, only in all. */
#define TCP_PLACES_NOBODY 0

enum tcp_places_verdict {
    TCP_PLACES_TAKEN,
    TCP_PLACES_FULL,        /* all are taken */
    TCP_PLACES_CLIENT_FULL, /* the client has as many as it may have */
};

/* may_exceed: the worker has no other connection that could give way, or one just has. What is
 * taken is left with the same client. */
enum tcp_places_verdict tcp_places_take(struct tcp_places *places, uint64_t client,
                                        bool may_exceed);
/* A connection that counted for nobody so far is the client's, whom its proxy has named. False: the
 * client has as many as it may have, and it counts for nobody still. */
bool tcp_places_assign(struct tcp_places *places, uint64_t client);
void tcp_places_leave(struct tcp_places *places, uint64_t client);
