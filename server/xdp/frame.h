/* SPDX-License-Identifier: BSD-2-Clause */
/* Ethernet frames with UDP over IPv4 or IPv6 in them, as an AF_XDP socket hands them over: a query
 * is read, and the headers of its answer are written. Pure; any thread. */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#define FRAME_ETHERNET_LEN   14
#define FRAME_V4_HEADERS_LEN (FRAME_ETHERNET_LEN + 20 + 8)
#define FRAME_V6_HEADERS_LEN (FRAME_ETHERNET_LEN + 40 + 8)

struct frame {
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } source;
    size_t headers_len; /* of this frame, and of its answer */
    const uint8_t *payload;
    size_t payload_len;
};

/* False: not an untagged frame with one whole UDP datagram over IPv4 without options (RFC 791) or
 * IPv6 without extension headers (RFC 8200), with lengths that fit each other, or from a source
 * that nobody can be answered at, by its address of IP or of Ethernet. The filter leaves all these
 * to the kernel (filter.bpf.c), so that here they are dropped. The checksum of the datagram is not
 * looked at: over a veth or to a virtual machine it is often not there yet, only begun, and what
 * the card thinks of it does not come along. So a query that was damaged on its way is answered as
 * it stands, unlike by the kernel's sockets; its client does not find its question in that answer.
 */
bool frame_parse(struct frame *frame, const uint8_t *octets, size_t len);

/* Makes a frame around an answer that stands at out + headers_len: back to where the query came
 * from, with all checksums (RFC 768, RFC 1071, RFC 8200 section 8.1), whole or not at all (RFC
 * 9715: no router may cut it). query: what frame_parse has taken, with that headers_len; not out.
 * Returns the length of the frame. The payload has at most 65,000 octets. */
size_t frame_write_answer(uint8_t *out, const uint8_t *query, size_t headers_len,
                          size_t payload_len);
