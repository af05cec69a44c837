/* SPDX-License-Identifier: BSD-2-Clause */
/* Checksums worked out as RFC 1071 describes them, octet by octet, to hold server/xdp/frame.h
 * against. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Are all checksums of this frame right? It has UDP over IPv4 without options, or over IPv6. */
bool frame_sums_are_right(const uint8_t *frame, size_t len);
