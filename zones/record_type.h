/* SPDX-License-Identifier: BSD-2-Clause */
/* Record types: their names, and which of them may be data. Pure; any thread. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/attributes.h"

/* Those that mean something to the model; ldns knows the rest. */
enum record_type {
    TYPE_A = 1,
    TYPE_NS = 2,
    TYPE_CNAME = 5,
    TYPE_SOA = 6,
    TYPE_NSAP_PTR = 23,
    TYPE_AAAA = 28,
    TYPE_LOC = 29,
    TYPE_ATMA = 34,
    TYPE_CERT = 37,
    TYPE_DNAME = 39,
    TYPE_SINK = 40,
    TYPE_OPT = 41,
    TYPE_APL = 42,
    TYPE_DS = 43,
    TYPE_RRSIG = 46,
    TYPE_NSEC = 47,
    TYPE_DNSKEY = 48,
    TYPE_NSEC3 = 50,
    TYPE_NSEC3PARAM = 51,
    TYPE_CDS = 59,
    TYPE_CDNSKEY = 60,
    TYPE_CSYNC = 62,
    TYPE_SVCB = 64,
    TYPE_HTTPS = 65,
};

/* The mnemonic of a type ("A", "TYPE65280") and back; false when there is none of that name. */
#define RECORD_TYPE_TEXT_SIZE 16
void record_type_print(uint16_t type, char out[RECORD_TYPE_TEXT_SIZE]);
MUST_CHECK bool record_type_parse(const char *text, uint16_t *type);

/* True for types that only a question or a pseudo record has: ANY, AXFR, OPT, … (RFC 6895 section
 * 3.1). */
bool record_type_is_meta(uint16_t type);
