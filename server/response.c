/* SPDX-License-Identifier: BSD-2-Clause */
#include "server/response.h"

#include "server/choice.h"
#include "server/dns.h"
#include "server/options.h"
#include "server/pick.h"

#define SCOPE_BITS_V4 24
#define SCOPE_BITS_V6 56

void choice_note_visit(const struct answer_context *context, const struct weights *weights,
                       uint64_t client, uint64_t hash)
{
    uint32_t configured_s = weights->record_set->ttl_s;
    if (!visit_is_possible(weights->record_set)) {
        return;
    }
    struct visit visit = {
        .client = client,
        .at_ms = context->now_ms,
        .set = weights->record_set->id,
        .ttl_s = weights->ttl_s < configured_s ? weights->ttl_s : configured_s,
    };
    sketch_note(context->sampler.sketch, &visit, hash);
}

void response_truncate(struct response *response)
{
    response->flags |= DNS_FLAG_TC;
    response->len = DNS_HEADER_LEN + (size_t)response->query->question_len;
    response->answer_count = 0;
    response->authority_count = 0;
    response->additional_count = 0;
}

void response_add_required(struct response *response, const struct encoded *encoded, uint16_t shift)
{
    size_t len = encoded->required_len;
    if (len > response->limit - response->len) {
        response_truncate(response);
        return;
    }
    encoded_copy(encoded, len, shift, response->out + response->len);
    response->len += len;
    response->answer_count = encoded->answer_count;
    response->authority_count = encoded->authority_count;
    response->additional_count = encoded->required_additional_count;
}

void response_add_authority(struct response *response, const struct encoded *encoded,
                            size_t base_len)
{
    if ((response->flags & DNS_FLAG_TC) != 0) {
        return;
    }
    if (encoded->len > response->limit - response->len) {
        response_truncate(response);
        return;
    }
    uint16_t shift = (uint16_t)(response->query->name.len - base_len);
    encoded_copy(encoded, encoded->len, shift, response->out + response->len);
    response->len += encoded->len;
    response->authority_count = (uint16_t)(response->authority_count + encoded->authority_count);
}

/* The subnet that the client subnet option names, where it is to be honoured. False: none. */
static bool client_of_option(struct response *response, uint64_t *client)
{
    const struct edns_subnet *subnet = response->edns.subnet;
    if (subnet == NULL || subnet->source_bits == 0) {
        return false;
    }
    bool is_v4 = subnet->family == 1;
    uint8_t scope_max = is_v4 ? SCOPE_BITS_V4 : SCOPE_BITS_V6;
    response->edns.scope_bits = subnet->source_bits < scope_max ? subnet->source_bits : scope_max;
    *client = is_v4 ? pick_client_v4(subnet->address) : pick_client_v6(subnet->address);
    return true;
}

void choice_move_pointers(const struct member_records *records, uint16_t first, uint16_t shift,
                          uint8_t *out)
{
    size_t start = records->starts[first];
    size_t tail = records->len - start;
    for (uint16_t i = 0; i < records->pointer_count; i++) {
        size_t at = records->pointers[i];
        octets_add_u16(out + (at >= start ? at - start : at + tail), shift);
    }
}

static uint64_t client_of(struct response *response)
{
    uint64_t client = 0;
    if (client_of_option(response, &client)) {
        return client;
    }
    return pick_client(response->task->source.address);
}

/* A client that names a subnet gets an answer for that subnet alone, and so has several in its
 * cache. */
static void follow(struct response *response, const struct weights *weights)
{
    uint64_t hash, client = visit_client(response->task->source.address);
    if (choice_is_followed(response->context, weights, client, &hash) &&
        response->edns.scope_bits == 0 && response->query->type != DNS_TYPE_ANY) {
        choice_note_visit(response->context, weights, client, hash);
    }
}

struct response_choice response_choose(struct response *response, uint32_t record_set)
{
    struct answer_context *context = response->context;
    const struct weights *weights = snapshot_weights(response->task->snapshot, record_set);
    bool is_sticky = weights->record_set->choice == CHOICE_STICKY;
    size_t index = choice_pick(&context->pick, weights, is_sticky ? client_of(response) : 0);
    follow(response, weights);
    return (struct response_choice){.records = weights->members[index].records,
                                    .member = index,
                                    .ttl_s = weights->ttl_s,
                                    .first = choice_turn(context->slot, weights, index),
                                    .is_stale = weights->members[index].is_stale};
}

void response_copy_member(struct response_choice choice, uint16_t shift, uint8_t *out)
{
    choice_copy(choice.records, choice.first, out);
    choice_move_pointers(choice.records, choice.first, shift, out);
}

void response_fail(struct response *response)
{
    response->flags = 0;
    response->rcode = DNS_SERVFAIL;
    options_add_error(response, DNS_ERROR_NOT_READY);
}

void response_mark_stale(struct response *response)
{
    options_add_error(response, DNS_ERROR_STALE_ANSWER);
}

void response_add_weighted(struct response *response, uint32_t record_set, size_t base_len)
{
    if (!response_has_records(response, record_set)) {
        response_fail(response);
        return;
    }
    struct response_choice choice = response_choose(response, record_set);
    size_t len = choice.records->len;
    if (len > response->limit - response->len) {
        response_truncate(response);
        return;
    }
    uint16_t shift = (uint16_t)(response->query->name.len - base_len);
    response_copy_member(choice, shift, response->out + response->len);
    response_lower_ttl(choice, response->out + response->len, len);
    response->len += len;
    response->answer_count = choice.records->count;
    if (choice.is_stale) {
        response_mark_stale(response);
    }
}
