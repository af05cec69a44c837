/* SPDX-License-Identifier: BSD-2-Clause */
/* The questions that the bench asks, and what has to come back. A file has one a line:
 *
 *   NAME TYPE RCODE COUNT ADDRESS,ADDRESS
 *
 * TYPE and RCODE are numbers, COUNT is that of records in the answer section, "-" stands for no
 * addresses: those of A records that are allowed there. One thread; const once read. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define QUESTION_ADDRESSES 4
#define QUESTION_OCTETS    96

struct question {
    uint8_t query[QUESTION_OCTETS]; /* with the id 0 */
    uint16_t len;
    uint16_t count;
    uint8_t rcode;
    uint8_t address_count;
    uint32_t addresses[QUESTION_ADDRESSES]; /* in network order */
};

struct questions {
    struct question *all; /* owned */
    size_t count;
    uint16_t same_len; /* of all queries; 0: they differ */
};

/* Appends those of a file; ends the process when it cannot be read, with the line. */
void questions_read(struct questions *questions, const char *path);
