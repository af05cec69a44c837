/* SPDX-License-Identifier: BSD-2-Clause */
/* `zone check`: loads as a reload would, on a thread of uv's pool, and throws it away. */
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "control/call.h"
#include "control/describe.h"
#include "control/zone_retire.h"
#include "control/zone_serial.h"

/* Outlives the handler. */
struct check_call {
    uv_work_t work;
    struct control *control;
    struct admin_request *request;
    char *file; /* in the place of the zone's, or NULL */
    struct zone_view view;
    size_t failed;
    struct error err;
};

/* On a thread of uv's pool. */
static void check(uv_work_t *work)
{
    struct check_call *call = work->data;
    call->failed = zone_view_load(&call->view, call->control->sets, &call->err);
}

/* What a reload would refuse unless it is forced, or warn of. */
static void add_warning(json_t *warnings, const struct zone *served, const struct zone *loaded)
{
    struct error warning, refusal;
    const struct error *said = &warning;
    if (!zone_may_follow(served, loaded, false, &warning, &refusal)) {
        said = &refusal;
    }
    if (said->text[0] != '\0') {
        json_array_append_new(warnings, describe_text(said->text));
    }
}

static json_t *describe_check(const struct check_call *call)
{
    json_t *warnings = json_array();
    size_t checked = 0;
    for (size_t i = 0; i < call->view.count; i++) {
        const struct zone *loaded = call->view.slots[i].loaded;
        /* The list may have changed meanwhile: not the view's entries. */
        const struct zone_entry *entry =
            loaded == NULL ? NULL : zone_list_find(&call->control->zones, &loaded->origin);
        checked += loaded != NULL ? 1 : 0;
        if (entry != NULL && entry->zone != NULL) {
            add_warning(warnings, entry->zone, loaded);
        }
    }
    return json_pack("{s:b, s:I, s:o}", "ok", 1, "zones", (json_int_t)checked, "warnings",
                     warnings);
}

static void on_checked(uv_work_t *work, int status)
{
    struct check_call *call = work->data;
    if (status != 0) {
        admin_request_fail(call->request, "the check was cancelled");
    } else if (call->failed != SIZE_MAX) {
        admin_request_fail(call->request, "%s", call->err.text);
    } else {
        admin_request_succeed(call->request, describe_check(call));
    }
    zone_view_discard(&call->control->loop, &call->view);
    free(call->file);
    free(call);
}

/* All zones, or the one that is named; others tell whose a record set is. */
static void make_view(struct check_call *check, const struct zone_entry *only)
{
    zone_view_init(&check->view, check->control->config);
    check->view.is_trial = true;
    for (size_t i = 0; i < check->control->zones.count; i++) {
        struct zone_entry *entry = check->control->zones.entries[i];
        if (entry->zone != NULL || entry == only) {
            size_t index = zone_view_add(&check->view, entry->definition, NULL);
            check->view.slots[index].is_wanted = only == NULL || entry == only;
            if (entry == only && check->file != NULL) {
                check->view.config.zones[index].file = check->file;
            }
        }
    }
}

void command_zone_check(const struct call *call)
{
    struct error err;
    size_t count = call_argument_count(call);
    const struct zone_entry *only = NULL;
    if (count > 0) {
        only = zone_list_find_text(&call->control->zones, call_argument(call, 0), &err);
        if (only == NULL) {
            call_answer(call, NULL, &err);
            return;
        }
    }
    struct check_call *asked = alloc_zeroed(1, sizeof(*asked));
    asked->work.data = asked;
    asked->control = call->control;
    asked->request = call->request;
    asked->file = count > 1 ? config_beside(call->control->config, call_argument(call, 1)) : NULL;
    make_view(asked, only);
    uv_queue_work(&call->control->loop, &asked->work, check, on_checked);
}
