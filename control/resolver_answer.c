/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/resolver_answer.h"

#include <ares.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

static void add(struct resolver_answer *answer, uint8_t *octets, const void *address, size_t len,
                int ttl)
{
    uint32_t ttl_s = ttl < 0 ? 0 : (uint32_t)ttl;
    memcpy(octets + answer->count * len, address, len);
    answer->ttl_s = answer->count == 0 || ttl_s < answer->ttl_s ? ttl_s : answer->ttl_s;
    answer->count++;
}

static int read_a(struct resolver_answer *answer, uint8_t *octets, const uint8_t *reply, int len)
{
    struct ares_addrttl found[RESOLVER_ADDRESSES_MAX];
    int count = RESOLVER_ADDRESSES_MAX;
    int status = ares_parse_a_reply(reply, len, NULL, found, &count);
    for (int i = 0; status == ARES_SUCCESS && i < count; i++) {
        add(answer, octets, &found[i].ipaddr, 4, found[i].ttl);
    }
    return status;
}

static int read_aaaa(struct resolver_answer *answer, uint8_t *octets, const uint8_t *reply, int len)
{
    struct ares_addr6ttl found[RESOLVER_ADDRESSES_MAX];
    int count = RESOLVER_ADDRESSES_MAX;
    int status = ares_parse_aaaa_reply(reply, len, NULL, found, &count);
    for (int i = 0; status == ARES_SUCCESS && i < count; i++) {
        add(answer, octets, &found[i].ip6addr, 16, found[i].ttl);
    }
    return status;
}

void resolver_answer_read(struct resolver_answer *answer,
                          uint8_t octets[RESOLVER_ADDRESSES_MAX * 16], int family, int status,
                          const uint8_t *reply, int len)
{
    *answer = (struct resolver_answer){.addresses = octets};
    if (status == ARES_SUCCESS) {
        status = family == AF_INET ? read_a(answer, octets, reply, len)
                                   : read_aaaa(answer, octets, reply, len);
    }
    if (answer->count == 0) {
        /* An answer of other types only. */
        status = status == ARES_SUCCESS ? ARES_ENODATA : status;
        /* c-ares says "could not contact" of servers that answered SERVFAIL or REFUSED, too. */
        snprintf(answer->text, sizeof(answer->text), "%s",
                 status == ARES_ECONNREFUSED ? "no resolver gave an answer"
                                             : ares_strerror(status));
    }
}
