/* SPDX-License-Identifier: BSD-2-Clause */
#include "server/wire.h"

#include "server/dns.h"

size_t wire_read_name(struct wire_reader *reader, uint8_t out[255])
{
    size_t used = 0;
    size_t at = reader->at;
    size_t limit = reader->len; /* a pointer leads before itself, so that this ends */
    bool jumped = false;
    while (!reader->failed && at < limit) {
        uint8_t len = reader->octets[at];
        if ((len & DNS_POINTER_BITS) == DNS_POINTER_BITS) {
            if (reader->len - at < 2) {
                break;
            }
            size_t target = wire_load_u16(reader->octets + at) & DNS_POINTER_MAX;
            if (!jumped) {
                reader->at = at + 2;
                jumped = true;
            }
            if (target >= at) {
                break;
            }
            limit = at;
            at = target;
            continue;
        }
        if (len > DNS_LABEL_MAX || reader->len - at < (size_t)len + 1 || used + len + 1 > 255) {
            break;
        }
        memcpy(out + used, reader->octets + at, (size_t)len + 1);
        used += (size_t)len + 1;
        at += (size_t)len + 1;
        if (len == 0) {
            reader->at = jumped ? reader->at : at;
            return used;
        }
    }
    reader->failed = true;
    return 0;
}
