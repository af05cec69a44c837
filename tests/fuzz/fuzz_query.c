/* SPDX-License-Identifier: BSD-2-Clause */
/* Any octets as a packet: silence, or a response that belongs to it and that ldns can read. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "common/alloc.h"
#include "server/cookie.h"
#include "server/wire.h"
#include "tests/unit/answer_fixture.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct fixture *fixture;
static const struct cookie_secrets secrets = {.count = 1};
static struct prefix everybody = {.family = AF_INET};

static void check(const uint8_t *query, size_t size, bool is_tcp)
{
    size_t len = fixture_ask(fixture, query, size, is_tcp);
    if (len == 0) {
        assert(size < 12 || (query[2] & 0x80) != 0);
        return;
    }
    const uint8_t *response = fixture->out;
    assert(len >= 12 && len <= (is_tcp ? 65535 : 1232));
    assert(memcmp(response, query, 2) == 0);
    assert((response[2] & 0x80) != 0 && (response[2] & 0x79) == (query[2] & 0x79));
    assert((response[3] & 0xF0) == 0);
    assert(wire_load_u16(response + 4) <= 1);
    assert(strncmp(fixture_print(response, len), "broken", 6) != 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (fixture == NULL) {
        fixture = fixture_new(1);
        fixture->config.server.nsid = (const uint8_t *)"nsid";
        fixture->config.server.nsid_len = 4;
        fixture->snapshot->cookies = secrets;
        answer_context_set_time(&fixture->context, 1559731985, 0);
        fixture->config.server.version = "ballast";
        fixture->config.server.client_subnet = &everybody;
        fixture->config.server.client_subnet_count = 1;
    }
    /* The exact size, so that a sanitizer sees a read beyond the end. */
    CLEANUP(alloc_freep) uint8_t *query = alloc_copy(data, size);
    check(query, size, false);
    check(query, size, true);
    return 0;
}
