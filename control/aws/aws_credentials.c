/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/aws/aws_credentials.h"

#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "common/attributes.h"
#include "control/aws/aws_credentials_private.h"

/* So long before their end credentials are renewed while the old ones are given; */
#define RENEWED_BEFORE_MS (5 * 60 * 1000)
/* … and so long before it nobody gets them any more. */
#define GOOD_BEFORE_MS (30 * 1000)
/* The first pause from search to search, which doubles: of those that have good ones still, and of
 * those that have none, or whose key is refused. */
#define RENEW_AGAIN_MS 5000
#define FIND_AGAIN_MS  1000
#define AGAIN_MAX_MS   60000

static void wipe(char *text)
{
    if (text != NULL) {
        explicit_bzero(text, strlen(text));
        free(text);
    }
}

void aws_credentials_done(struct aws_credentials *credentials)
{
    wipe(credentials->access_key_id);
    wipe(credentials->secret_access_key);
    wipe(credentials->session_token);
    *credentials = (struct aws_credentials){.expires_ms = 0};
}

static int64_t our_now_ms(const struct aws_credential_source *source)
{
    return source->chance.now_ms(source->chance.argument);
}

int64_t aws_search_now_ms(const struct aws_credential_source *source)
{
    return our_now_ms(source) + source->skew_ms;
}

int64_t aws_credentials_skew_ms(const struct aws_credential_source *source)
{
    return source->skew_ms;
}

void aws_credentials_set_skew(struct aws_credential_source *source, int64_t skew_ms)
{
    source->skew_ms = skew_ms;
}

struct aws_credential_source *aws_credential_source_new(uv_loop_t *loop, struct http_client *http,
                                                        const struct aws_settings *settings,
                                                        const struct aws_chance *chance)
{
    struct aws_credential_source *source = alloc_zeroed(1, sizeof(*source));
    source->loop = loop;
    source->http = http;
    source->settings = settings;
    source->chance = *chance;
    TAILQ_INIT(&source->waits);
    uv_timer_init(loop, &source->timer);
    source->timer.data = source;
    return source;
}

static void free_source(uv_handle_t *handle)
{
    free(handle->data);
}

static void end_search(struct aws_credential_source *source)
{
    struct aws_search *search = &source->search;
    aws_credentials_done(&search->base);
    wipe(search->token);
    *search = (struct aws_search){.is_running = false};
}

void aws_credential_source_close(struct aws_credential_source *source)
{
    if (source == NULL) {
        return;
    }
    struct aws_credential_wait *wait = NULL;
    while ((wait = TAILQ_FIRST(&source->waits)) != NULL) {
        TAILQ_REMOVE(&source->waits, wait, entry);
        free(wait);
    }
    http_call_cancel(source->search.http);
    aws_process_cancel(source->search.process);
    end_search(source);
    aws_credentials_done(&source->current);
    free(source->region);
    source->region = NULL;
    uv_close((uv_handle_t *)&source->timer, free_source);
}

static bool ends_within(const struct aws_credential_source *source, int64_t ms)
{
    int64_t end = source->current.expires_ms;
    return source->current.access_key_id == NULL ||
           (end != 0 && aws_search_now_ms(source) >= end - ms);
}

/* Of those that have waited until this round: the first that need not wait for the search. */
static struct aws_credential_wait *next_to_give(const struct aws_credential_source *source,
                                                unsigned round, bool is_good)
{
    struct aws_credential_wait *wait = NULL;
    TAILQ_FOREACH(wait, &source->waits, entry)
    {
        bool waits = source->search.is_running && (!is_good || wait->wants_new);
        if (wait->round <= round && !waits) {
            return wait;
        }
    }
    return NULL;
}

/* To everybody who has waited until now: whoever asks meanwhile waits for the next round. */
static void on_timer(uv_timer_t *timer)
{
    struct aws_credential_source *source = timer->data;
    unsigned round = source->round++;
    struct aws_credential_wait *wait = NULL;
    bool is_good = !ends_within(source, GOOD_BEFORE_MS);
    while ((wait = next_to_give(source, round, is_good)) != NULL) {
        struct aws_credential_wait given = *wait;
        TAILQ_REMOVE(&source->waits, wait, entry);
        free(wait);
        bool is_given = is_good && !(given.wants_new && source->found_none);
        given.done(given.argument, is_given ? &source->current : NULL, &source->why);
        is_good = !ends_within(source, GOOD_BEFORE_MS);
    }
}

static void give(struct aws_credential_source *source)
{
    uv_timer_start(&source->timer, on_timer, 0, 0);
}

static void search(struct aws_credential_source *source)
{
    if (!source->search.is_running) {
        source->search.is_running = true;
        aws_search_begin(source);
    }
}

/* A pause is never longer than AGAIN_MAX_MS: one that is was begun before the clock went back. */
static bool is_over(int64_t until_ms, int64_t now_ms)
{
    return now_ms >= until_ms || until_ms - now_ms > AGAIN_MAX_MS;
}

struct aws_credential_wait *aws_credentials_ask(struct aws_credential_source *source,
                                                aws_credentials_given done, void *argument)
{
    struct aws_credential_wait *wait = alloc_zeroed(1, sizeof(*wait));
    wait->source = source;
    wait->done = done;
    wait->argument = argument;
    wait->round = source->round;
    TAILQ_INSERT_TAIL(&source->waits, wait, entry);
    if (ends_within(source, RENEWED_BEFORE_MS) &&
        is_over(source->next_try_ms, our_now_ms(source))) {
        search(source);
    }
    give(source);
    return wait;
}

static int64_t again_ms(int64_t first_ms, unsigned count)
{
    int64_t pause_ms = first_ms << (count < 6 ? count : 6);
    return pause_ms < AGAIN_MAX_MS ? pause_ms : AGAIN_MAX_MS;
}

static bool is_current(const struct aws_credential_source *source, const char *key_id)
{
    const char *current = source->current.access_key_id;
    return current != NULL && strcmp(current, key_id) == 0;
}

struct aws_credential_wait *aws_credentials_ask_other(struct aws_credential_source *source,
                                                      const char *key_id,
                                                      aws_credentials_given done, void *argument)
{
    struct aws_credential_wait *wait = aws_credentials_ask(source, done, argument);
    wait->wants_new = is_current(source, key_id);
    return wait;
}

void aws_credentials_cancel(struct aws_credential_wait *wait)
{
    if (wait != NULL) {
        TAILQ_REMOVE(&wait->source->waits, wait, entry);
        free(wait);
    }
}

bool aws_credentials_refused(struct aws_credential_source *source, const char *key_id)
{
    if (!is_current(source, key_id)) {
        return true;
    }
    int64_t now_ms = our_now_ms(source);
    if (source->search.is_running) {
        return true;
    }
    if (!is_over(source->next_refusal_ms, now_ms)) {
        return false;
    }
    if (now_ms - source->next_refusal_ms >= AGAIN_MAX_MS) {
        source->refusals = 0;
    }
    source->next_refusal_ms = now_ms + again_ms(FIND_AGAIN_MS, source->refusals++);
    search(source);
    return true;
}

/* The next search is not before a pause; when those that there are end, there is one at once. */
static void pause_searches(struct aws_credential_source *source)
{
    bool is_good = !ends_within(source, GOOD_BEFORE_MS);
    int64_t pause_ms = again_ms(is_good ? RENEW_AGAIN_MS : FIND_AGAIN_MS, source->failures++);
    int64_t left_ms = source->current.expires_ms - GOOD_BEFORE_MS - aws_search_now_ms(source);
    if (is_good && source->current.expires_ms != 0 && left_ms < pause_ms) {
        pause_ms = left_ms;
    }
    source->next_try_ms = our_now_ms(source) + pause_ms;
}

void aws_search_end(struct aws_credential_source *source, struct aws_credentials *credentials)
{
    source->found_none = credentials == NULL;
    if (credentials != NULL) {
        aws_credentials_done(&source->current);
        source->current = *credentials;
        *credentials = (struct aws_credentials){.expires_ms = 0};
        memcpy(source->origin, source->search.origin, sizeof(source->origin));
        if (ends_within(source, GOOD_BEFORE_MS)) {
            error_set(&source->why, "those of %s have ended", source->origin);
        }
    }
    if (credentials == NULL || ends_within(source, RENEWED_BEFORE_MS)) {
        pause_searches(source);
    } else {
        source->failures = 0;
        source->next_try_ms = 0;
    }
    end_search(source);
    give(source);
}

const char *aws_credentials_origin(const struct aws_credential_source *source)
{
    return source->current.access_key_id == NULL ? NULL : source->origin;
}

int64_t aws_credentials_expire_ms(const struct aws_credential_source *source)
{
    return source->current.expires_ms;
}

const char *aws_credentials_region(const struct aws_credential_source *source)
{
    return source->settings->region != NULL ? source->settings->region : source->region;
}
