/* SPDX-License-Identifier: BSD-2-Clause */
/* Any octets as the reply of a recursive resolver: no answer, with a text, or addresses that are in
 * the reply, with a TTL that is no longer than any of theirs. The first octet: AAAA was asked for.
 */
#include <ares.h>
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "common/alloc.h"
#include "control/resolver_answer.h"
#include "server/wire.h"

#define TYPE_A    1
#define TYPE_AAAA 28
#define CLASS_IN  1

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void skip_name(struct wire_reader *reader)
{
    uint8_t len;
    while ((len = wire_read_u8(reader)) != 0 && (len & 0xC0) == 0) {
        (void)wire_read(reader, len);
    }
    if (len != 0) {
        (void)wire_read(reader, 1); /* a pointer's second octet */
    }
}

/* The address is the RDATA of a record in the answer section; the longest TTL of those. */
static bool find_address(const uint8_t *reply, size_t reply_len, const uint8_t *address, size_t len,
                         uint32_t *ttl_s)
{
    struct wire_reader reader = wire_reader_make(reply, reply_len);
    bool is_found = false;
    (void)wire_read(&reader, 4);
    unsigned questions = wire_read_u16(&reader);
    unsigned answers = wire_read_u16(&reader);
    (void)wire_read(&reader, 4);
    for (unsigned i = 0; i < questions && !reader.failed; i++) {
        skip_name(&reader);
        (void)wire_read(&reader, 4);
    }
    for (unsigned i = 0; i < answers && !reader.failed; i++) {
        skip_name(&reader);
        uint16_t type = wire_read_u16(&reader);
        uint16_t class = wire_read_u16(&reader);
        const uint8_t *ttl = wire_read(&reader, 4);
        uint16_t rdata_len = wire_read_u16(&reader);
        const uint8_t *rdata = wire_read(&reader, rdata_len);
        if (rdata != NULL && type == (len == 4 ? TYPE_A : TYPE_AAAA) && class == CLASS_IN &&
            rdata_len == len && memcmp(rdata, address, len) == 0) {
            is_found = true;
            *ttl_s = wire_load_u32(ttl) > *ttl_s ? wire_load_u32(ttl) : *ttl_s;
        }
    }
    return is_found;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t octets[RESOLVER_ADDRESSES_MAX * 16];
    struct resolver_answer answer;
    if (size == 0 || size > UINT16_MAX) {
        return 0;
    }
    int family = (data[0] & 1) != 0 ? AF_INET6 : AF_INET;
    size_t len = family == AF_INET ? 4 : 16;
    uint32_t longest_s = 0;
    /* The exact size, so that a sanitizer sees a read beyond the end. */
    CLEANUP(alloc_freep) uint8_t *reply = alloc_copy(data + 1, size - 1);
    resolver_answer_read(&answer, octets, family, ARES_SUCCESS, reply, (int)size - 1);
    assert((answer.count == 0) == (answer.text[0] != '\0'));
    assert(answer.count <= RESOLVER_ADDRESSES_MAX && answer.ttl_s <= INT32_MAX);
    /* Not all of very many, which would take all the time. */
    for (size_t i = 0; i < answer.count; i += 1 + i / 16) {
        bool is_there = find_address(reply, size - 1, answer.addresses + i * len, len, &longest_s);
        assert(is_there);
    }
    assert(answer.ttl_s <= longest_s);
    return 0;
}
