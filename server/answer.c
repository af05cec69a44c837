/* SPDX-License-Identifier: BSD-2-Clause */
#include "server/answer.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "server/additional.h"
#include "server/assembly.h"
#include "server/chain.h"
#include "server/dns.h"
#include "server/lookup.h"
#include "server/options.h"
#include "server/plain.h"
#include "server/query.h"
#include "server/response.h"
#include "server/restrain.h"
#include "server/secure.h"

void answer_context_init(struct answer_context *context, const struct config_server *config,
                         struct worker_slot *slot, size_t set_count, uint64_t seed)
{
    context->config = config;
    context->slot = slot;
    context->scratch = alloc_zeroed_apart(1, ASSEMBLY_SCRATCH_SIZE);
    context->rate_limit = NULL;
    sketch_sampler_init(&context->sampler, slot->visits);
    answer_context_set_time(context, 0, 0);
    pick_state_init(&context->pick, set_count, seed);
}

void answer_context_done(struct answer_context *context)
{
    pick_state_done(&context->pick);
    sketch_sampler_done(&context->sampler);
    free(context->scratch);
    context->scratch = NULL;
}

static void count(struct response *response, enum server_counter which)
{
    counter_add(&response->context->slot->counters[which], 1);
}

/* What is encoded already for the outcome, and the base name's length. NULL: nothing is. */
static const struct encoded *find_encoded(struct response *response, const struct lookup *found,
                                          size_t *base_len)
{
    *base_len = found->zone->origin.len;
    switch (found->outcome) {
    case LOOKUP_ANSWER:
        *base_len = found->node->name_len;
        return found->rrset->record_set == RRSET_STATIC ? &found->rrset->answer : NULL;
    case LOOKUP_REFERRAL:
        *base_len = found->node->name_len;
        response->flags = 0;
        return found->node->referral;
    case LOOKUP_NXDOMAIN:
        response->rcode = DNS_NXDOMAIN;
        return &found->zone->negative;
    case LOOKUP_NODATA:
        return &found->zone->negative;
    case LOOKUP_CNAME:
    case LOOKUP_DNAME:
    case LOOKUP_DNSSEC_DATA:
    case LOOKUP_NO_ZONE:
    case LOOKUP_NOT_LOADED:
        break;
    }
    return NULL;
}

RARELY static void refuse(struct response *response, enum dns_extended_error why)
{
    response->rcode = DNS_REFUSED;
    options_add_error(response, why);
}

/* With RRSIGs, or with an additional section. False: neither belongs to this answer. */
RARELY static bool answer_richly(struct response *response, struct lookup found)
{
    if (lookup_is_assembled(found.outcome)) {
        return false;
    }
    if (response->context->config->has_full_additional && additional_is_due(&found)) {
        chain_answer(response, found);
        return true;
    }
    if (secure_is_wanted(response, &found)) {
        secure_answer(response, &found);
        return true;
    }
    return false;
}

static void answer_internet(struct response *response)
{
    const struct query *query = response->query;
    if (query->type == DNS_TYPE_AXFR || query->type == DNS_TYPE_IXFR) {
        refuse(response, DNS_ERROR_PROHIBITED);
        return;
    }
    struct lookup found = lookup_name(response->task->snapshot, &query->name, query->type);
    if (found.outcome == LOOKUP_NO_ZONE) {
        refuse(response, DNS_ERROR_NOT_AUTHORITATIVE);
        return;
    }
    if (found.outcome == LOOKUP_NOT_LOADED) {
        response_fail(response);
        return;
    }
    /* RFC 1035 section 6.2: an answer to class ANY cannot be authoritative. */
    response->flags = query->class == DNS_CLASS_IN ? DNS_FLAG_AA : 0;
    if (response->is_rich && answer_richly(response, found)) {
        return;
    }
    size_t base_len;
    const struct encoded *encoded = find_encoded(response, &found, &base_len);
    if (encoded != NULL) {
        response_add_encoded(response, encoded, base_len);
    } else if (found.outcome == LOOKUP_ANSWER) {
        response_add_weighted(response, found.rrset->record_set, base_len);
    } else {
        chain_answer(response, found);
    }
}

/* One TXT record, class CH, TTL 0. Texts over 255 octets are cut. */
static void add_chaos_text(struct response *response, const char *text)
{
    static const uint8_t fixed[] = {0xC0, 0x0C, 0, DNS_TYPE_TXT, 0, DNS_CLASS_CH, 0, 0, 0, 0};
    size_t text_len = strnlen(text, 255);
    struct wire_writer writer = {response->out, response->limit, response->len, false};
    wire_write(&writer, fixed, sizeof(fixed));
    wire_write_u16(&writer, (uint16_t)(text_len + 1));
    wire_write_u8(&writer, (uint8_t)text_len);
    wire_write(&writer, (const uint8_t *)text, text_len);
    if (writer.failed) {
        response_truncate(response);
        return;
    }
    response->len = writer.at;
    response->answer_count = 1;
}

static bool name_is(const struct name_key *name, const char *wire)
{
    return name->len == strlen(wire) + 1 && memcmp(name->lower, wire, name->len) == 0;
}

RARELY static void answer_chaos(struct response *response)
{
    const struct name_key *name = &response->query->name;
    uint16_t type = response->query->type;
    const char *text = NULL;
    bool is_known = true;
    if (name_is(name, "\7version\4bind") || name_is(name, "\7version\6server")) {
        text = response->context->config->version;
    } else if (name_is(name, "\2id\6server") || name_is(name, "\10hostname\4bind")) {
        text = response->context->config->identity;
    } else {
        is_known = false;
    }
    if (!is_known) {
        refuse(response, DNS_ERROR_NOT_AUTHORITATIVE);
    } else if (text == NULL) {
        refuse(response, DNS_ERROR_PROHIBITED);
    } else if (type != DNS_TYPE_TXT && type != DNS_TYPE_ANY) {
        refuse(response, DNS_ERROR_NOT_SUPPORTED);
    } else {
        add_chaos_text(response, text);
    }
}

static void answer_question(struct response *response)
{
    uint16_t class = response->query->class;
    if (class == DNS_CLASS_IN || class == DNS_CLASS_ANY) {
        answer_internet(response);
    } else if (class == DNS_CLASS_CH) {
        answer_chaos(response);
    } else {
        refuse(response, DNS_ERROR_NOT_AUTHORITATIVE);
    }
}

/* Returns the verdict, which options may change. */
static enum query_verdict prepare_edns(struct response *response, enum query_verdict verdict)
{
    const struct edns *edns = &response->query->edns;
    response->edns.udp_size = response->context->config->udp_payload_max;
    response->edns.is_dnssec_ok = edns->is_dnssec_ok;
    response->is_rich |= edns->is_dnssec_ok;
    return edns->seen == 0 ? verdict : options_answer(response, verdict);
}

/* RFC 6891 section 6.2.5: less than 512 counts as 512. */
static size_t size_limit(const struct response *response)
{
    size_t limit = DNS_UDP_MIN;
    const struct edns *edns = &response->query->edns;
    if (response->task->source.is_tcp) {
        limit = DNS_MESSAGE_MAX;
    } else if (edns->is_present && edns->udp_size > DNS_UDP_MIN) {
        uint16_t ours = response->context->config->udp_payload_max;
        limit = edns->udp_size < ours ? edns->udp_size : ours;
    }
    size_t room = response->task->out_size - OCTETS_SLACK;
    return limit < room ? limit : room;
}

/* COUNTER_COUNT: none of its own (YXDOMAIN). */
static enum server_counter counter_of(uint16_t rcode)
{
    switch (rcode) {
    case DNS_NOERROR:
        return COUNTER_NOERROR;
    case DNS_NXDOMAIN:
        return COUNTER_NXDOMAIN;
    case DNS_REFUSED:
        return COUNTER_REFUSED;
    case DNS_FORMERR:
        return COUNTER_FORMERR;
    case DNS_SERVFAIL:
        return COUNTER_SERVFAIL;
    case DNS_NOTIMP:
        return COUNTER_NOTIMP;
    case DNS_BADVERS:
        return COUNTER_BADVERS;
    case DNS_BADCOOKIE:
        return COUNTER_BADCOOKIE;
    default:
        return COUNTER_COUNT;
    }
}

static void count_outcome(struct response *response)
{
    enum server_counter outcome = counter_of(response->rcode);
    if (outcome != COUNTER_COUNT) {
        count(response, outcome);
    }
    if ((response->flags & DNS_FLAG_TC) != 0) {
        count(response, COUNTER_TRUNCATED);
    }
}

/* The id and the question are there already. */
static size_t finish(struct response *response)
{
    const struct query *query = response->query;
    uint8_t *out = response->out;
    uint16_t copied = query->flags & (DNS_OPCODE_MASK | DNS_FLAG_RD);
    uint16_t rcode = response->rcode & DNS_RCODE_MASK;
    size_t len = response->len;
    uint16_t additional_count = response->additional_count;
    if (query->edns.is_present) {
        response->edns.extended_rcode = (uint8_t)(response->rcode >> 4);
        len += edns_write(&response->edns, out + len);
        additional_count++;
    }
    wire_store_u16(out + 2, (uint16_t)(DNS_FLAG_QR | copied | response->flags | rcode));
    wire_store_u16(out + 4, query->question_len == 0 ? 0 : 1);
    wire_store_u16(out + 6, response->answer_count);
    wire_store_u16(out + 8, response->authority_count);
    wire_store_u16(out + 10, additional_count);
    count_outcome(response);
    return len;
}

/* Why there is no question to answer. */
static enum dns_rcode rcode_of(enum query_verdict verdict)
{
    switch (verdict) {
    case QUERY_NOTIMP:
        return DNS_NOTIMP;
    case QUERY_BADVERS:
        return DNS_BADVERS;
    case QUERY_BADCOOKIE:
        return DNS_BADCOOKIE;
    case QUERY_NO_QUESTION:
        return DNS_NOERROR;
    case QUERY_FORMERR:
    case QUERY_SILENCE:
    case QUERY_REFUSED:
    case QUERY_OK:
        break;
    }
    return DNS_FORMERR;
}

size_t answer_in_full(struct answer_context *context, const struct answer_task *task,
                      enum rate_verdict judged)
{
    struct query query; /* not zeroed: query_parse sets what it vouches for */
    assert(task->out_size >= ANSWER_OUT_MIN);
    enum query_verdict verdict = query_parse(&query, task->query, task->query_len);
    if (verdict == QUERY_SILENCE) {
        counter_add(&context->slot->counters[COUNTER_DROPPED], 1);
        return 0;
    }
    struct response response = {
        .context = context,
        .task = task,
        .query = &query,
        .out = task->out,
        .len = DNS_HEADER_LEN + (size_t)query.question_len,
        .is_rich = context->config->has_full_additional,
    };
    octets_copy(response.out, task->query, response.len);
    response.limit = size_limit(&response);
    if (query.edns.is_present) {
        verdict = prepare_edns(&response, verdict);
        response.limit -= edns_reply_len(&response.edns);
    }
    if (verdict == QUERY_OK) {
        answer_question(&response);
    } else if (verdict == QUERY_REFUSED) {
        refuse(&response, DNS_ERROR_PROHIBITED);
    } else {
        response.rcode = (uint16_t)rcode_of(verdict);
    }
    if (response.context->rate_limit != NULL && !restrain_response(&response, judged)) {
        return 0;
    }
    return finish(&response);
}
