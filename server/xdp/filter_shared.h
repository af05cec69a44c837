/* SPDX-License-Identifier: BSD-2-Clause */
/* What the filter, which runs in the kernel, and who loads it have to agree about. */
#pragma once

#include <linux/types.h>

#define FILTER_QUEUES_MAX 256
#define FILTER_SERVED_MAX 65536

/* Of the interface, as it is now. */
struct filter_settings {
    __u8 mac[6]; /* what else it hears is not for us */
    __u16
        frame_most; /* octets: longer ones do not fit where the socket has them; 0: none is taken */
};

/* Where queries are answered: a key of the map `served`. Its value is a generation, by which who
 * fills the map finds what is old. */
struct filter_served {
    __u8 address[16]; /* IPv4 as ::ffff:0:0/96 */
    __u16 port;       /* in network order */
    __u16 zero;
};
