/* SPDX-License-Identifier: BSD-2-Clause */
/* Any octets as a frame: what is taken lies within them, and its answer goes back with right sums.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "common/alloc.h"
#include "server/xdp/frame.h"
#include "tests/unit/frame_sums.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* The exact size, so that a sanitizer sees a read beyond the end. */
    CLEANUP(alloc_freep) uint8_t *octets = alloc_copy(data, size);
    struct frame frame, back;
    if (size > 65000 || !frame_parse(&frame, octets, size)) {
        return 0;
    }
    bool is_v4 = frame.source.any.sa_family == AF_INET;
    assert(is_v4 || frame.source.any.sa_family == AF_INET6);
    assert(frame.headers_len == (is_v4 ? FRAME_V4_HEADERS_LEN : FRAME_V6_HEADERS_LEN));
    assert(frame.payload == octets + frame.headers_len);
    assert(frame.payload_len <= size - frame.headers_len);
    /* The answer is the query's payload. */
    size_t len = frame.headers_len + frame.payload_len;
    CLEANUP(alloc_freep) uint8_t *answer = alloc_zeroed(1, len);
    memcpy(answer + frame.headers_len, frame.payload, frame.payload_len);
    assert(frame_write_answer(answer, octets, frame.headers_len, frame.payload_len) == len);
    assert(frame_sums_are_right(answer, len));
    assert(memcmp(answer, octets + 6, 6) == 0 && memcmp(answer + 6, octets, 6) == 0);
    /* An answer to the answer is what was asked, where it was sent to something that can ask. */
    if (frame_parse(&back, answer, len)) {
        assert(back.headers_len == frame.headers_len && back.payload_len == frame.payload_len);
        frame_write_answer(octets, answer, back.headers_len, back.payload_len);
        struct frame again;
        assert(frame_parse(&again, octets, size));
        assert(memcmp(&again.source, &frame.source,
                      is_v4 ? sizeof(frame.source.v4) : sizeof(frame.source.v6)) == 0);
    }
    return 0;
}
