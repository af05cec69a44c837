/* SPDX-License-Identifier: BSD-2-Clause */
/* Server cookies that all servers of an address can make and check (RFC 9018, version 1): the
 * client's cookie, version, time and a SipHash-2-4 of those and the client's address. Time is an
 * argument: seconds since the epoch, as far as 32 bits go. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "zones/cookie_secrets.h"

#define COOKIE_LEN 24 /* client and server cookie */

enum cookie_state {
    COOKIE_BAD,   /* none from us, or too old, or from the future */
    COOKIE_GOOD,  /* to be sent back as it is */
    COOKIE_AGING, /* good, but the client is to get a new one */
};

/* octets: what the option holds, client cookie first. address: AF_INET or AF_INET6. Pure. */
enum cookie_state cookie_check(const struct cookie_secrets *secrets, const uint8_t *octets,
                               size_t len, const struct sockaddr *address, uint32_t now_s);
/* The client's cookie and a server cookie for it. Pure. */
void cookie_make(const struct cookie_secrets *secrets, const uint8_t client[8],
                 const struct sockaddr *address, uint32_t now_s, uint8_t out[COOKIE_LEN]);
