/* SPDX-License-Identifier: BSD-2-Clause */
/* What ldns lets pass of data whose form has an inner structure: as text, where it skips what it
 * does not understand, and as octets. Private to zones/. Any thread. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"

/* Copies the next of the fields, which blanks part and quotes hold together, or as much of it as
 * matters. Returns what follows. */
const char *rdata_next_field(const char *text, char *out, size_t size);

/* The types of a bitmap, the services of WKS behind the protocol, a whole LOC. */
MUST_CHECK bool rdata_check_types(const char *text, struct error *err);
MUST_CHECK bool rdata_check_services(const char *text, struct error *err);
MUST_CHECK bool rdata_check_location(const char *text, struct error *err);

/* True for types of which nothing is checked here. */
bool rdata_octets_are_valid(uint16_t type, const uint8_t *octets, size_t len);
