/* SPDX-License-Identifier: BSD-2-Clause */
/* notify list, retry, drop. */
#include <errno.h>
#include <stdlib.h>

#include "common/clock.h"
#include "control/call.h"
#include "control/describe.h"
#include "control/journal.h"
#include "control/notify.h"

#define MOST_NOTICES 1000

static json_t *describe_notice(const struct notice *notice)
{
    json_t *body = json_loads(notice->body, 0, NULL);
    return json_pack("{s:I, s:o, s:o, s:s, s:I, s:o, s:o, s:o*}", "id", (json_int_t)notice->id,
                     "receiver", describe_text(notice->receiver), "event",
                     describe_text(notice->event), "state", notice->is_dead ? "dead" : "pending",
                     "attempts", (json_int_t)notice->attempts, "next_at",
                     notice->is_dead ? json_null() : describe_time(notice->next_ms), "error",
                     describe_text(notice->error), "notice", body);
}

void command_notify_list(const struct call *call)
{
    struct error err;
    struct notice *notices = NULL;
    size_t count = 0;
    json_t *list = NULL;
    if (store_list_notices(call->control->store, NULL, MOST_NOTICES, &notices, &count, &err)) {
        list = json_array();
        for (size_t i = 0; i < count; i++) {
            json_array_append_new(list, describe_notice(&notices[i]));
        }
        store_free_notices(notices, count);
    }
    call_answer(call, list == NULL ? NULL : json_pack("{s:o}", "notices", list), &err);
}

static bool parse_id(const char *text, int64_t *id, struct error *err)
{
    char *end = NULL;
    errno = 0;
    *id = strtoll(text, &end, 10);
    return (*end == '\0' && errno == 0 && *id > 0) ||
           error_set(err, "%.50s: expected the number of a notice, as notify list has it", text);
}

static void change(const struct call *call, bool is_retry)
{
    struct error err;
    struct control *control = call->control;
    int64_t id;
    bool found = false;
    bool is_done =
        parse_id(call_argument(call, 0), &id, &err) && journal_begin_own(control, &err) &&
        journal_end(control,
                    is_retry ? store_revive_notice(control->store, id, clock_now_ms(), &found, &err)
                             : store_remove_notice(control->store, id, &found, &err),
                    &err);
    if (!is_done || !found) {
        admin_request_fail(call->request, "%s",
                           is_done ? "there is no such notice that is dead" : err.text);
        return;
    }
    notify_kick(control);
    admin_request_succeed(call->request,
                          json_pack("{s:s}", "message", is_retry ? "it is told again" : "dropped"));
}

void command_notify_retry(const struct call *call)
{
    change(call, true);
}

void command_notify_drop(const struct call *call)
{
    change(call, false);
}
