/* SPDX-License-Identifier: BSD-2-Clause */
#include "server/restrain.h"

#include "server/lookup.h"
#include "server/rate_limit.h"

/* Who has proved its address, and who need not. */
static bool is_exempt(const struct response *response)
{
    const struct config_rate_limit *config = &response->context->config->rate_limit;
    const struct answer_source *source = &response->task->source;
    if (source->is_tcp || response->has_good_cookie) {
        return true;
    }
    for (size_t i = 0; i < config->exempt_count; i++) {
        if (prefix_contains(&config->exempt[i], source->address)) {
            return true;
        }
    }
    return false;
}

/* Not an error, and not a cookie without a question. */
static bool is_about_a_zone(const struct response *response)
{
    uint16_t class = response->query->class;
    return response->query->question_len > 0 && (class == DNS_CLASS_IN || class == DNS_CLASS_ANY) &&
           (response->rcode == DNS_NOERROR || response->rcode == DNS_NXDOMAIN);
}

/* The name is looked up a second time, so that without a limit nobody has to keep what was found.
 */
static struct rate_subject make_subject(const struct response *response)
{
    const struct query *query = response->query;
    struct rate_subject subject = {
        .client = pick_client(response->task->source.address),
        .kind = RATE_ERROR,
    };
    if (!is_about_a_zone(response)) {
        return subject;
    }
    struct lookup found = lookup_name(response->task->snapshot, &query->name, query->type);
    if (found.outcome == LOOKUP_NXDOMAIN) {
        const struct name *origin = &found.zone->origin;
        subject.kind = RATE_NXDOMAIN;
        subject.name = origin->octets;
        subject.name_len = origin->len;
    } else if (found.node != NULL) {
        subject.kind = RATE_ANSWER;
        subject.name = found.node->name;
        subject.name_len = found.node->name_len;
    }
    return subject;
}

bool restrain_response(struct response *response)
{
    struct answer_context *context = response->context;
    if (is_exempt(response)) {
        return true;
    }
    struct rate_subject subject = make_subject(response);
    switch (rate_limit_judge(context->rate_limit, &subject, context->now_ms)) {
    case RATE_SEND:
        return true;
    case RATE_SLIP:
        counter_add(&context->slot->counters[COUNTER_RATE_SLIPPED], 1);
        response_truncate(response);
        return true;
    case RATE_DROP:
        break;
    }
    counter_add(&context->slot->counters[COUNTER_RATE_DROPPED], 1);
    return false;
}
