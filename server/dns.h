/* SPDX-License-Identifier: BSD-2-Clause */
/* Numbers of the protocol that the data plane names. */
#pragma once

#include <stdint.h>

#define DNS_HEADER_LEN   12
#define DNS_QUESTION_LEN 4 /* type and class, behind the name */
#define DNS_LABEL_MAX    63
#define DNS_POINTER_BITS 0xC0
#define DNS_POINTER_MAX  0x3FFF
#define DNS_UDP_MIN      512
#define DNS_MESSAGE_MAX  65535

/* The flags' 16 bits (RFC 1035 section 4.1.1, RFC 4035 section 3.1.6). */
#define DNS_FLAG_QR     0x8000
#define DNS_FLAG_AA     0x0400
#define DNS_FLAG_TC     0x0200
#define DNS_FLAG_RD     0x0100
#define DNS_OPCODE_MASK 0x7800
#define DNS_RCODE_MASK  0x000F

enum dns_rcode {
    DNS_NOERROR = 0,
    DNS_FORMERR = 1,
    DNS_SERVFAIL = 2,
    DNS_NXDOMAIN = 3,
    DNS_NOTIMP = 4,
    DNS_REFUSED = 5,
    DNS_YXDOMAIN = 6,
    DNS_BADVERS = 16, /* RFC 6891: the upper bits travel in OPT */
    DNS_BADCOOKIE = 23,
};

/* INFO-CODEs of extended errors (RFC 8914 section 4). */
enum dns_extended_error {
    DNS_ERROR_STALE_ANSWER = 3,
    DNS_ERROR_NOT_READY = 14,
    DNS_ERROR_PROHIBITED = 18,
    DNS_ERROR_NOT_AUTHORITATIVE = 20,
    DNS_ERROR_NOT_SUPPORTED = 21,
};

enum dns_type {
    DNS_TYPE_A = 1,
    DNS_TYPE_NS = 2,
    DNS_TYPE_MD = 3,
    DNS_TYPE_MF = 4,
    DNS_TYPE_CNAME = 5,
    DNS_TYPE_SOA = 6,
    DNS_TYPE_MB = 7,
    DNS_TYPE_MG = 8,
    DNS_TYPE_MR = 9,
    DNS_TYPE_PTR = 12,
    DNS_TYPE_MINFO = 14,
    DNS_TYPE_MX = 15,
    DNS_TYPE_TXT = 16,
    DNS_TYPE_AFSDB = 18,
    DNS_TYPE_RT = 21,
    DNS_TYPE_AAAA = 28,
    DNS_TYPE_SRV = 33,
    DNS_TYPE_NAPTR = 35,
    DNS_TYPE_KX = 36,
    DNS_TYPE_DNAME = 39,
    DNS_TYPE_OPT = 41,
    DNS_TYPE_DS = 43,
    DNS_TYPE_RRSIG = 46,
    DNS_TYPE_NSEC = 47,
    DNS_TYPE_NSEC3 = 50,
    DNS_TYPE_SVCB = 64,
    DNS_TYPE_HTTPS = 65,
    DNS_TYPE_IXFR = 251,
    DNS_TYPE_AXFR = 252,
    DNS_TYPE_ANY = 255,
};

enum dns_class { DNS_CLASS_IN = 1, DNS_CLASS_CH = 3, DNS_CLASS_ANY = 255 };
