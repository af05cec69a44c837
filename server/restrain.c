/* SPDX-License-Identifier: BSD-2-Clause */
#include "server/restrain.h"

#include "server/lookup.h"
#include "server/rate_limit.h"

/* Not an error, and not a cookie without a question. */
static bool is_about_a_zone(const struct response *response)
{
    uint16_t class = response->query->class;
    return response->query->question_len > 0 && (class == DNS_CLASS_IN || class == DNS_CLASS_ANY) &&
           (response->rcode == DNS_NOERROR || response->rcode == DNS_NXDOMAIN);
}

/* The name is looked up a second time, so that without a limit nobody has to keep what was found.
 */
static enum rate_verdict judge(const struct response *response)
{
    const struct query *query = response->query;
    const struct answer_task *task = response->task;
    if (is_about_a_zone(response)) {
        struct lookup found = lookup_name(task->snapshot, &query->name, query->type);
        if (found.outcome == LOOKUP_NXDOMAIN) {
            return restrain_judge(response->context, task, found.zone->apex, RATE_NXDOMAIN);
        }
        if (found.node != NULL) {
            return restrain_judge(response->context, task, found.node, RATE_ANSWER);
        }
    }
    return restrain_judge(response->context, task, NULL, RATE_ERROR);
}

enum rate_verdict restrain_judge(struct answer_context *context, const struct answer_task *task,
                                 const struct node *node, enum rate_kind kind)
{
    const struct config_rate_limit *config = &context->config->rate_limit;
    const struct sockaddr *address = task->source.address;
    for (size_t i = 0; i < config->exempt_count; i++) {
        if (prefix_contains(&config->exempt[i], address)) {
            return RATE_SEND;
        }
    }
    struct rate_subject subject = {
        .client = pick_client(address),
        .what =
            node == NULL ? rate_what(kind, NULL, 0) : rate_what(kind, node->name, node->name_len),
    };
    return rate_limit_judge(context->rate_limit, &subject, context->now_ms);
}

bool restrain_response(struct response *response, enum rate_verdict judged)
{
    struct answer_context *context = response->context;
    if (response->task->source.is_tcp || response->has_good_cookie) {
        return true; /* who has proved its address */
    }
    switch (judged != RATE_UNKNOWN ? judged : judge(response)) {
    case RATE_UNKNOWN:
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
