/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/traffic.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/alloc.h"
#include "common/clock.h"
#include "common/duration.h"
#include "common/log.h"
#include "control/metric_source.h"

struct asked_member {
    struct traffic_source *source;
    const struct config_member *config;
    struct traffic_value *value;
    struct metric_query *query; /* NULL: nothing is asked */
    int64_t asked_ms;
    char failure[METRIC_TEXT_SIZE]; /* of the last question; empty when it was answered */
};

struct traffic_source {
    const struct config_record_set *set;
    struct metric_source asked;
    struct asked_member *members;
    struct traffic_value *values;
    uint64_t failures;
    uv_timer_t timer;
};

/* Said once, until it changes: a server that is away would fill the log. */
static void fail(struct asked_member *member, const char *text)
{
    if (member->failure[0] == '\0') {
        log_warning("%s/%s/%s: traffic: %s", member->source->set->name, member->source->set->type,
                    member->config->id, text);
    }
    snprintf(member->failure, sizeof(member->failure), "%s", text);
    member->source->failures++;
}

static void take(struct asked_member *member, double rate)
{
    char text[METRIC_TEXT_SIZE];
    if (!isfinite(rate) || rate < 0) {
        snprintf(text, sizeof(text), "found %g, expected requests per second, 0 or more", rate);
        fail(member, text);
        return;
    }
    /* As old as the question: an answer that took its time is no newer. */
    *member->value = (struct traffic_value){.rate = rate, .at_ms = member->asked_ms};
    if (member->failure[0] != '\0') {
        log_info("%s/%s/%s: traffic is measured again", member->source->set->name,
                 member->source->set->type, member->config->id);
        member->failure[0] = '\0';
    }
}

static void on_answer(void *argument, const struct metric_answer *answer)
{
    struct asked_member *member = argument;
    member->query = NULL;
    if (answer->state == METRIC_VALUES && answer->count == 1) {
        take(member, answer->values[0]);
    } else {
        fail(member, answer->text);
    }
}

static void on_timer(uv_timer_t *timer)
{
    struct traffic_source *source = timer->data;
    for (size_t i = 0; i < source->set->member_count; i++) {
        struct asked_member *member = &source->members[i];
        struct error err;
        if (member->query != NULL) {
            continue;
        }
        member->asked_ms = clock_now_ms();
        member->query = metric_ask(&source->asked, member->config->traffic_query, member->asked_ms,
                                   NULL, on_answer, member, &err);
        if (member->query == NULL) {
            fail(member, err.text);
        }
    }
}

struct traffic_source *traffic_source_new(uv_loop_t *loop, struct http_client *client,
                                          struct aws_client *aws,
                                          const struct config_record_set *set, uint64_t first_ms)
{
    const struct config_traffic *traffic = set->traffic;
    struct traffic_source *source = alloc_zeroed(1, sizeof(*source));
    source->set = set;
    source->asked = (struct metric_source){.http = client,
                                           .aws = aws,
                                           .is_cloudwatch = traffic->is_cloudwatch,
                                           .url = traffic->url,
                                           .ca_file = traffic->ca_file,
                                           .token_file = traffic->token_file,
                                           .window_ms = traffic->window_ms,
                                           .delay_ms = traffic->delay_ms,
                                           .timeout_ms = traffic->timeout_ms};
    source->values = alloc_zeroed(set->member_count, sizeof(*source->values));
    source->members = alloc_zeroed(set->member_count, sizeof(*source->members));
    for (size_t i = 0; i < set->member_count; i++) {
        source->members[i].source = source;
        source->members[i].config = &set->members[i];
        source->members[i].value = &source->values[i];
    }
    uv_timer_init(loop, &source->timer);
    source->timer.data = source;
    uv_timer_start(&source->timer, on_timer, first_ms, (uint64_t)traffic->interval_ms);
    return source;
}

static void on_closed(uv_handle_t *handle)
{
    struct traffic_source *source = handle->data;
    free(source->values);
    free(source->members);
    free(source);
}

void traffic_source_close(struct traffic_source *source)
{
    if (source == NULL) {
        return;
    }
    for (size_t i = 0; i < source->set->member_count; i++) {
        metric_cancel(source->members[i].query);
        source->members[i].query = NULL;
    }
    uv_close((uv_handle_t *)&source->timer, on_closed);
}

const struct traffic_value *traffic_source_values(const struct traffic_source *source)
{
    return source->values;
}

uint64_t traffic_source_failures(const struct traffic_source *source)
{
    return source->failures;
}

bool traffic_source_is_silent(const struct traffic_source *source, int64_t now_ms, char *text,
                              size_t size)
{
    for (size_t i = 0; i < source->set->member_count; i++) {
        const struct asked_member *member = &source->members[i];
        char last[DURATION_TEXT_SIZE + 32] = "";
        if (traffic_value_is_fresh(member->value, source->set->traffic->interval_ms, now_ms)) {
            continue;
        }
        if (member->value->at_ms != 0) {
            char age[DURATION_TEXT_SIZE];
            duration_print((now_ms - member->value->at_ms) / 1000 * 1000, age);
            snprintf(last, sizeof(last), " (last value %s ago)", age);
        }
        snprintf(text, size, "%.128s: %s%s", member->config->id,
                 member->failure[0] == '\0' ? "no answer yet" : member->failure, last);
        return true;
    }
    return false;
}
