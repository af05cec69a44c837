/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/notify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "common/alloc.h"
#include "common/clock.h"
#include "common/log.h"
#include "control/describe.h"
#include "control/http/http_request.h"
#include "control/journal.h"
#include "control/notify_exec.h"
#include "control/secret_file.h"
#include "control/signature.h"

#define ANSWER_MAX      65536
#define DELAY_FIRST_MS  1000
#define DELAY_MOST_MS   300000
#define STORE_RETRY_MS  5000
#define ENVIRONMENT_MAX 512

/* Who is told, one notice at a time. */
struct receiver {
    struct notifier *notifier;
    const struct config_notify *config;
    struct notice *current; /* that is being delivered; NULL: none is */
    struct http_call *call;
    struct notify_exec *exec;
};

struct notifier {
    struct control *control;
    uv_timer_t timer;
    struct receiver *receivers; /* config->notify_count */
};

/* ---- what is told ---- */

static json_t *describe(struct control *control, const struct history_entry *entry,
                        const struct rollout *rollout)
{
    json_t *body = json_object();
    json_object_set_new(body, "event", describe_text(entry->kind));
    json_object_set_new(body, "at", describe_time(entry->at_ms));
    json_object_set_new(body, "who", describe_text(entry->who));
    json_object_set_new(body, "text", describe_text(entry->text));
    if (rollout == NULL) {
        return body;
    }
    json_t *described = describe_rollout(rollout), *sets = json_array();
    const struct rule_state *rule = model_find_rule(control, rollout->rule, NULL);
    for (size_t i = 0; rule != NULL && i < rule->record_set_count; i++) {
        json_array_append_new(sets, describe_text(rule->record_sets[i]->key));
    }
    json_object_set_new(described, "record_sets", sets);
    json_object_set_new(body, "rollout", described);
    return body;
}

static bool is_event(const struct config_notify *config, const char *kind)
{
    for (unsigned i = 0; config_notify_events[i] != NULL; i++) {
        if (strcmp(config_notify_events[i], kind) == 0) {
            return (config->events & UINT32_C(1) << i) != 0;
        }
    }
    return false;
}

static bool is_wanted(const struct config_notify *config, const struct history_entry *entry,
                      const struct rollout *rollout)
{
    if (!is_event(config, entry->kind)) {
        return false;
    }
    for (size_t i = 0; rollout != NULL && i < config->rollout_count; i++) {
        if (strcmp(config->rollouts[i], rollout->rule) == 0) {
            return true;
        }
    }
    return rollout == NULL || config->rollout_count == 0;
}

bool notify_journal(struct control *control, const struct history_entry *entry,
                    const struct rollout *rollout, struct error *err)
{
    CLEANUP(alloc_freep) char *text = NULL;
    for (size_t i = 0; i < control->config->notify_count; i++) {
        const struct config_notify *config = &control->config->notify[i];
        if (!is_wanted(config, entry, rollout)) {
            continue;
        }
        if (text == NULL) {
            json_t *body = describe(control, entry, rollout);
            text = json_dumps(body, JSON_COMPACT);
            json_decref(body);
        }
        struct notice notice = {.receiver = (char *)config->name,
                                .event = (char *)entry->kind,
                                .body = text,
                                .next_ms = entry->at_ms};
        if (!store_add_notice(control->store, &notice, err)) {
            return false;
        }
    }
    return true;
}

/* "&", "<" and ">" are all that Slack wants escaped. */
static void escape(const char *text, char *out, size_t size)
{
    size_t used = 0;
    for (; *text != '\0' && used + 6 < size; text++) {
        const char *as = *text == '&'   ? "&amp;"
                         : *text == '<' ? "&lt;"
                         : *text == '>' ? "&gt;"
                                        : NULL;
        if (as != NULL) {
            used += (size_t)snprintf(out + used, size - used, "%s", as);
        } else {
            out[used++] = *text;
        }
    }
    out[used] = '\0';
}

json_t *notify_slack(const json_t *body)
{
    char text[4096], line[4400];
    const json_t *rollout = json_object_get(body, "rollout");
    const char *rule = json_string_value(json_object_get(rollout, "rule"));
    escape(json_string_value(json_object_get(body, "text")), text, sizeof(text));
    if (rule != NULL) {
        snprintf(line, sizeof(line), "*%s* #%lld %s: %s", rule,
                 (long long)json_integer_value(json_object_get(rollout, "id")),
                 json_string_value(json_object_get(body, "event")), text);
    } else {
        snprintf(line, sizeof(line), "%s: %s", json_string_value(json_object_get(body, "event")),
                 text);
    }
    return json_pack("{s:s}", "text", line);
}

/* ---- deliveries ---- */

int64_t notify_delay_ms(int64_t attempts, unsigned chance)
{
    int64_t delay_ms = DELAY_FIRST_MS;
    for (int64_t i = 1; i < attempts && delay_ms < DELAY_MOST_MS; i++) {
        delay_ms *= 2;
    }
    delay_ms = delay_ms < DELAY_MOST_MS ? delay_ms : DELAY_MOST_MS;
    return delay_ms - delay_ms / 2 * (int64_t)(chance % 100) / 100;
}

static unsigned chance(void)
{
    unsigned drawn = 0;
    return getrandom(&drawn, sizeof(drawn), GRND_NONBLOCK) == (ssize_t)sizeof(drawn) ? drawn % 100
                                                                                     : 50;
}

/* error NULL: it was delivered. */
static bool write_outcome(struct store *store, struct notice *notice, const char *error,
                          unsigned retries, struct error *err)
{
    bool found;
    if (error == NULL) {
        return store_remove_notice(store, notice->id, &found, err);
    }
    free(notice->error);
    notice->error = alloc_string(error);
    notice->attempts++;
    notice->is_dead = notice->attempts > (int64_t)retries;
    notice->next_ms = clock_now_ms() + notify_delay_ms(notice->attempts, chance());
    return store_save_notice(store, notice, err);
}

static void deliver_next(struct receiver *receiver);

static void ended(struct receiver *receiver, const char *error)
{
    struct notice *notice = STEAL(receiver->current);
    struct control *control = receiver->notifier->control;
    const struct config_notify *config = receiver->config;
    struct error err;
    bool is_open = journal_begin_own(control, &err);
    bool is_written =
        is_open &&
        journal_end(control, write_outcome(control->store, notice, error, config->retries, &err),
                    &err);
    json_t *body = json_loads(notice->body, 0, NULL);
    const json_t *rollout = json_object_get(body, "rollout");
    struct log_scope scope = log_scope_enter(json_string_value(json_object_get(rollout, "rule")),
                                             json_integer_value(json_object_get(rollout, "id")));
    if (error != NULL && notice->is_dead) {
        log_warning("notify %s: %s was not told, after %lld attempts: %s", config->name,
                    notice->event, (long long)notice->attempts, error);
    } else if (error != NULL) {
        log_info("notify %s: %s: %s; it is told again", config->name, notice->event, error);
    }
    log_scope_leave(scope);
    json_decref(body);
    store_free_notices(notice, 1);
    if (!is_written) {
        /* It may be told twice: at least once is what is promised. */
        uv_timer_start(&receiver->notifier->timer, receiver->notifier->timer.timer_cb,
                       STORE_RETRY_MS, 0);
    } else {
        notify_kick(control);
    }
}

static void on_posted(void *argument, const struct http_answer *answer)
{
    struct receiver *receiver = argument;
    char text[HTTP_TEXT_SIZE];
    receiver->call = NULL;
    if (answer->is_whole && answer->status >= 200 && answer->status < 300) {
        ended(receiver, NULL);
        return;
    }
    snprintf(text, sizeof(text), "HTTP %ld", answer->status);
    ended(receiver, answer->is_whole ? text : answer->text);
}

static void on_executed(void *argument, const char *text)
{
    struct receiver *receiver = argument;
    receiver->exec = NULL;
    ended(receiver, text);
}

static char *body_of(const struct receiver *receiver)
{
    if (receiver->config->type != NOTIFY_SLACK) {
        return alloc_string(receiver->current->body);
    }
    json_t *body = json_loads(receiver->current->body, 0, NULL);
    json_t *slack = notify_slack(body);
    char *text = json_dumps(slack, JSON_COMPACT);
    json_decref(slack);
    json_decref(body);
    return text;
}

static void post(struct receiver *receiver)
{
    const struct config_notify *config = receiver->config;
    struct error err;
    char header[SIGNATURE_SIZE] = "";
    CLEANUP(alloc_freep) char *body = body_of(receiver);
    CLEANUP(alloc_freep)
    char *secret =
        config->secret_file == NULL ? NULL : secret_file_read("secret", config->secret_file, &err);
    if (config->secret_file != NULL && secret == NULL) {
        ended(receiver, err.text);
        return;
    }
    if (secret != NULL) {
        signature_make(secret, clock_now_ms() / 1000, body, header);
    }
    const char *const headers[] = {"Content-Type: application/json", secret == NULL ? NULL : header,
                                   NULL};
    const struct http_request request = {.method = "POST",
                                         .url = config->url,
                                         .ca_file = config->ca_file,
                                         .headers = headers,
                                         .body = body,
                                         .body_len = strlen(body),
                                         .purpose = "notify",
                                         .timeout_ms = config->timeout_ms,
                                         .answer_max = ANSWER_MAX};
    receiver->call =
        http_call_start(receiver->notifier->control->outgoing, &request, on_posted, receiver);
}

/* Our environment, and what the notice is about. The texts are the caller's to free. */
static void run_command(struct receiver *receiver)
{
    extern char **environ;
    const struct config_notify *config = receiver->config;
    json_t *body = json_loads(receiver->current->body, 0, NULL);
    const json_t *rollout = json_object_get(body, "rollout");
    char *own[4] = {
        alloc_printf("BALLAST_EVENT=%s", receiver->current->event),
        alloc_printf("BALLAST_TEXT=%s", json_string_value(json_object_get(body, "text"))),
        alloc_printf("BALLAST_RULE=%s",
                     rollout == NULL ? "" : json_string_value(json_object_get(rollout, "rule"))),
        alloc_printf("BALLAST_ROLLOUT=%lld",
                     (long long)json_integer_value(json_object_get(rollout, "id")))};
    char *environment[ENVIRONMENT_MAX + ARRAY_LEN(own) + 1];
    size_t count = 0;
    while (count < ENVIRONMENT_MAX && environ[count] != NULL) {
        environment[count] = environ[count];
        count++;
    }
    memcpy(environment + count, own, sizeof(own));
    environment[count + ARRAY_LEN(own)] = NULL;
    CLEANUP(alloc_freep)
    char **command = alloc_zeroed(config->command_count + 1, sizeof(*command));
    memcpy((void *)command, (const void *)config->command,
           config->command_count * sizeof(*command));
    receiver->exec =
        notify_exec_start(&receiver->notifier->control->loop, command, environment,
                          receiver->current->body, config->timeout_ms, on_executed, receiver);
    for (size_t i = 0; i < ARRAY_LEN(own); i++) {
        free(own[i]);
    }
    json_decref(body);
}

/* The oldest notice of the receiver, when it is due; *next_ms is when there is something to do. */
static void deliver(struct receiver *receiver, int64_t now_ms, int64_t *next_ms)
{
    struct error err;
    struct notice *notices = NULL;
    size_t count = 0;
    if (receiver->current != NULL) {
        return;
    }
    if (!store_list_notices(receiver->notifier->control->store, receiver->config->name, 1, &notices,
                            &count, &err)) {
        *next_ms = *next_ms < now_ms + STORE_RETRY_MS ? *next_ms : now_ms + STORE_RETRY_MS;
        return;
    }
    if (count == 0 || notices[0].next_ms > now_ms) {
        *next_ms = count > 0 && notices[0].next_ms < *next_ms ? notices[0].next_ms : *next_ms;
        store_free_notices(notices, count);
        return;
    }
    receiver->current = notices;
    deliver_next(receiver);
}

static void deliver_next(struct receiver *receiver)
{
    if (receiver->config->type == NOTIFY_EXEC) {
        run_command(receiver);
    } else {
        post(receiver);
    }
}

static void on_time(uv_timer_t *timer)
{
    struct notifier *notifier = timer->data;
    int64_t now_ms = clock_now_ms(), next_ms = INT64_MAX;
    for (size_t i = 0; i < notifier->control->config->notify_count; i++) {
        deliver(&notifier->receivers[i], now_ms, &next_ms);
    }
    if (next_ms != INT64_MAX && !uv_is_active((uv_handle_t *)timer)) {
        uv_timer_start(timer, on_time, next_ms > now_ms ? (uint64_t)(next_ms - now_ms) : 0, 0);
    }
}

void notify_kick(struct control *control)
{
    if (control->notifier != NULL) {
        uv_timer_start(&control->notifier->timer, on_time, 0, 0);
    }
}

void notify_open(struct control *control)
{
    size_t count = control->config->notify_count;
    if (count == 0) {
        return;
    }
    struct notifier *notifier = alloc_zeroed(1, sizeof(*notifier));
    notifier->control = control;
    notifier->receivers = alloc_zeroed(count, sizeof(*notifier->receivers));
    for (size_t i = 0; i < count; i++) {
        notifier->receivers[i] =
            (struct receiver){.notifier = notifier, .config = &control->config->notify[i]};
    }
    uv_timer_init(&control->loop, &notifier->timer);
    notifier->timer.data = notifier;
    control->notifier = notifier;
    notify_kick(control);
}

static void on_closed(uv_handle_t *handle)
{
    struct notifier *notifier = handle->data;
    free(notifier->receivers);
    free(notifier);
}

void notify_close(struct control *control)
{
    struct notifier *notifier = STEAL(control->notifier);
    for (size_t i = 0; notifier != NULL && i < control->config->notify_count; i++) {
        struct receiver *receiver = &notifier->receivers[i];
        http_call_cancel(receiver->call);
        notify_exec_cancel(receiver->exec);
        if (receiver->current != NULL) {
            store_free_notices(receiver->current, 1);
        }
    }
    if (notifier != NULL) {
        uv_close((uv_handle_t *)&notifier->timer, on_closed);
    }
}
