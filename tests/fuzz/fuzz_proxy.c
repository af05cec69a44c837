/* SPDX-License-Identifier: BSD-2-Clause */
/* Any octets as the start of what a proxy sends: a header that lies within them, or none. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "common/alloc.h"
#include "server/proxy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* The exact size, so that a sanitizer sees a read beyond the end. */
    CLEANUP(alloc_freep) uint8_t *octets = alloc_copy(data, size);
    struct proxy_header header;
    enum proxy_verdict verdict = proxy_parse(&header, octets, size);
    if (verdict == PROXY_OK) {
        assert(header.len >= 16 && header.len <= size && header.len <= PROXY_HEADER_MAX);
        assert(!header.has_source || header.source.any.sa_family == AF_INET ||
               header.source.any.sa_family == AF_INET6);
        /* What is behind the header does not matter. */
        assert(proxy_parse(&header, octets, header.len) == PROXY_OK);
    } else if (verdict == PROXY_SHORT) {
        assert(size < PROXY_HEADER_MAX);
    }
    return 0;
}
