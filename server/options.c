/* SPDX-License-Identifier: BSD-2-Clause */
#include "server/options.h"

#include <assert.h>

#include "server/cookie.h"
#include "server/dns.h"

#define OPTION_HEADER     4
#define KEEPALIVE_UNIT_MS 100
#define ERROR_LEN         2
#define CLIENT_LEN        8 /* of a cookie */

_Static_assert(COOKIE_LEN == ANSWER_COOKIE_LEN, "answer.h counts with it");
/* The longest question, OPT and options fit the smallest response: an error always has room. */
_Static_assert(DNS_HEADER_LEN + NAME_MAX_OCTETS + DNS_QUESTION_LEN + EDNS_OPT_LEN +
                       EDNS_SUBNET_MAX + ANSWER_OPTIONS_MAX <=
                   DNS_UDP_MIN,
               "512 octets");

/* Room for an option's data, behind its code and length. */
static uint8_t *add_option(struct response *response, uint16_t code, size_t len)
{
    struct edns_reply *reply = &response->edns;
    uint8_t *option = response->context->options + reply->options_len;
    assert(reply->options_len + OPTION_HEADER + len <= ANSWER_OPTIONS_MAX);
    wire_store_u16(option, code);
    wire_store_u16(option + 2, (uint16_t)len);
    reply->options = response->context->options;
    reply->has_options = true;
    reply->options_len = (uint16_t)(reply->options_len + OPTION_HEADER + len);
    return option + OPTION_HEADER;
}

static void add_nsid(struct response *response)
{
    const struct config_server *config = response->context->config;
    if (config->nsid != NULL) {
        memcpy(add_option(response, EDNS_OPTION_NSID, config->nsid_len), config->nsid,
               config->nsid_len);
    }
}

/* Only sources that the configuration trusts may speak for others' subnets. False: this one may
 * not, and is to be told so. A source prefix of 0 speaks for nobody (RFC 7871 section 7.1.2). */
static bool take_subnet(struct response *response)
{
    const struct config_server *config = response->context->config;
    for (size_t i = 0; i < config->client_subnet_count; i++) {
        if (prefix_contains(&config->client_subnet[i], response->task->source.address)) {
            response->edns.subnet = &response->query->edns.subnet;
            response->edns.has_options = true;
            return true;
        }
    }
    return !config->refuses_client_subnet || response->query->edns.subnet.source_bits == 0;
}

/* RFC 7828 section 3.2.2. */
static void add_keepalive(struct response *response)
{
    int64_t units = response->context->config->tcp_idle_timeout_ms / KEEPALIVE_UNIT_MS;
    wire_store_u16(add_option(response, EDNS_OPTION_KEEPALIVE, 2),
                   units > UINT16_MAX ? UINT16_MAX : (uint16_t)units);
}

/* RFC 7873 section 5.2; the client gets its cookie back in any case. */
static enum query_verdict answer_cookie(struct response *response, enum query_verdict verdict)
{
    const struct cookie_secrets *secrets = &response->task->snapshot->cookies;
    const struct edns *edns = &response->query->edns;
    const struct sockaddr *address = response->task->source.address;
    enum cookie_state state =
        cookie_check(secrets, edns->cookie, edns->cookie_len, address, response->context->wall_s);
    response->has_good_cookie = state != COOKIE_BAD;
    uint8_t *cookie = add_option(response, EDNS_OPTION_COOKIE, COOKIE_LEN);
    if (state == COOKIE_GOOD) {
        memcpy(cookie, edns->cookie, COOKIE_LEN);
    } else {
        cookie_make(secrets, edns->cookie, address, response->context->wall_s, cookie);
    }
    if (state != COOKIE_BAD) {
        return verdict;
    }
    if (verdict == QUERY_NO_QUESTION) {
        /* Section 5.4: whoever asks whether a cookie is good is told that it is not. */
        return edns->cookie_len == CLIENT_LEN ? verdict : QUERY_BADCOOKIE;
    }
    bool is_needed =
        response->context->config->cookies.is_required && !response->task->source.is_tcp;
    return is_needed ? QUERY_BADCOOKIE : verdict;
}

/* The transport's: over UDP the option means nothing (RFC 7828 section 3.2.1). */
static bool answer_keepalive(struct response *response)
{
    uint8_t seen = response->query->edns.seen;
    if (!response->task->source.is_tcp) {
        return true;
    }
    if ((seen & EDNS_SEEN_KEEPALIVE) != 0) {
        add_keepalive(response);
    }
    return (seen & EDNS_SEEN_KEEPALIVE_BAD) == 0;
}

static enum query_verdict answer_cookie_or_none(struct response *response,
                                                enum query_verdict verdict)
{
    if (response->task->snapshot->cookies.count == 0) {
        return verdict == QUERY_NO_QUESTION ? QUERY_FORMERR : verdict;
    }
    bool has_cookie = (response->query->edns.seen & EDNS_SEEN_COOKIE) != 0;
    return has_cookie ? answer_cookie(response, verdict) : verdict;
}

enum query_verdict options_answer(struct response *response, enum query_verdict verdict)
{
    uint8_t seen = response->query->edns.seen;
    bool may_ask = true;
    if (verdict != QUERY_OK && verdict != QUERY_NO_QUESTION) {
        return verdict;
    }
    if (!answer_keepalive(response)) {
        return QUERY_FORMERR;
    }
    if ((seen & EDNS_SEEN_NSID) != 0) {
        add_nsid(response);
    }
    if ((seen & EDNS_SEEN_SUBNET) != 0) {
        may_ask = take_subnet(response);
    }
    verdict = answer_cookie_or_none(response, verdict);
    return verdict == QUERY_OK && !may_ask ? QUERY_REFUSED : verdict;
}

void options_add_error(struct response *response, enum dns_extended_error why)
{
    size_t len = OPTION_HEADER + ERROR_LEN;
    if (response->query->edns.is_present && response->limit - response->len >= len) {
        wire_store_u16(add_option(response, EDNS_OPTION_ERROR, ERROR_LEN), (uint16_t)why);
        response->limit -= len;
    }
}
