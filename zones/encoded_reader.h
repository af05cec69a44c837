/* SPDX-License-Identifier: BSD-2-Clause */
/* The records of a struct encoded, one by one, with their names uncompressed: what was encoded is
 * all that a zone keeps. Private to zones/. One thread at a time. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zones/encoded.h"
#include "zones/name.h"

struct encoded_reader {
    size_t at; /* in message */
    size_t end;
    /* Of the record that was read last: */
    uint8_t owner[NAME_MAX_OCTETS];
    size_t owner_len;
    uint16_t type;
    uint16_t rdata_len;
    uint32_t ttl_s;
    uint8_t rdata[UINT16_MAX + NAME_MAX_OCTETS];
    uint8_t message[12 + NAME_MAX_OCTETS + 4 + UINT16_MAX];
};

/* Begins to read. base: the name that it was encoded for. */
void encoded_reader_open(struct encoded_reader *reader, const struct encoded *encoded,
                         const uint8_t *base, size_t base_len);
/* The next record. False: that was all. */
bool encoded_reader_next(struct encoded_reader *reader);
