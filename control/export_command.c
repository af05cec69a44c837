/* SPDX-License-Identifier: BSD-2-Clause */
/* `zone export`: the text is made part by part on a thread of uv's pool, each when the client has
 * read the one before, so that neither a large zone nor a slow client holds up anything. */
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "control/call.h"
#include "control/describe.h"
#include "control/zone_retire.h"
#include "zones/zone_export.h"

#define PART_OCTETS ((size_t)65536)

/* Outlives the handler. */
struct export_call {
    uv_work_t work;
    struct control *control;
    struct admin_request *request;
    struct zone *zone; /* held */
    struct zone_export *export;
    json_t *result; /* the last part of the answer */
    char *part;     /* NULL: that was all */
};

static void finish(struct export_call *export, const char *failure)
{
    if (failure != NULL) {
        admin_request_fail(export->request, "%s", failure);
    } else {
        admin_request_succeed(export->request, json_incref(export->result));
    }
    zone_export_free(export->export);
    zone_let_go(&export->control->loop, export->zone);
    json_decref(export->result);
    free(export->part);
    free(export);
}

/* On a thread of uv's pool: what it reads is const or this call's own. */
static void make_part(uv_work_t *work)
{
    struct export_call *export = work->data;
    export->part = zone_export_next(export->export, PART_OCTETS);
}

static void on_made(uv_work_t *work, int status);

static void on_written(void *argument, bool goes_on)
{
    struct export_call *export = argument;
    if (!goes_on) {
        finish(export, "the client has gone");
    } else {
        uv_queue_work(&export->control->loop, &export->work, make_part, on_made);
    }
}

static void on_made(uv_work_t *work, int status)
{
    struct export_call *export = work->data;
    if (status != 0 || export->control->is_stopping) {
        finish(export, "the daemon stops");
    } else if (export->part == NULL) {
        finish(export, NULL);
    } else {
        json_t *text = describe_text(export->part);
        free(STEAL(export->part));
        admin_request_part(export->request, json_pack("{s:o}", "text", text), on_written, export);
    }
}

/* NAME/TYPE=ID. No id has '='. */
static bool choose(struct control *control, const struct zone *zone, const char *argument,
                   size_t *members, struct error *err)
{
    CLEANUP(alloc_freep) char *key = alloc_string(argument);
    char *id = strrchr(key, '=');
    if (id == NULL) {
        return error_set(err,
                         "%s: a member is chosen by NAME/TYPE=ID, for example "
                         "www.example.org/A=green",
                         argument);
    }
    *id++ = '\0';
    struct record_set_state *set = model_find_key(control, key, err);
    const struct member_state *member = set == NULL ? NULL : model_find_member(set, id, err);
    if (member == NULL) {
        return false;
    }
    const struct zone *owner = model_find_zone(control->publisher.current->zones, set->record_set);
    if (owner != zone) {
        char name[NAME_TEXT_SIZE];
        name_print(owner->origin.octets, name);
        return error_set(err, "record set %s lies in another zone (%s)", set->key, name);
    }
    members[set->record_set->id] = (size_t)(member - set->members);
    return true;
}

static bool choose_all(const struct call *call, const struct zone *zone, size_t *members,
                       struct error *err)
{
    for (size_t i = 0; i < call->control->sets->count; i++) {
        members[i] = EXPORT_LARGEST;
    }
    for (size_t i = 1; i < call_argument_count(call); i++) {
        const char *argument = call_argument(call, i);
        if (strncmp(argument, "--", 2) == 0) {
            return error_set(err, "%s is done by ballastctl, not by the daemon", argument);
        }
        if (!choose(call->control, zone, argument, members, err)) {
            return false;
        }
    }
    return true;
}

void command_zone_export(const struct call *call)
{
    struct error err;
    struct control *control = call->control;
    const struct snapshot *current = control->publisher.current;
    const struct zone_entry *entry =
        zone_list_find_text(&control->zones, call_argument(call, 0), &err);
    if (entry != NULL && entry->zone == NULL) {
        error_set(&err, "zone %s is not served: %s", entry->definition->zone->name, entry->failure);
        entry = NULL;
    }
    CLEANUP(alloc_freep) size_t *members = alloc_zeroed(control->sets->count, sizeof(*members));
    if (entry == NULL || !choose_all(call, entry->zone, members, &err)) {
        call_answer(call, NULL, &err);
        return;
    }
    struct zone *zone = entry->zone;
    struct export_call *export = alloc_zeroed(1, sizeof(*export));
    export->control = control;
    export->request = call->request;
    export->zone = zone;
    zone_ref(zone);
    export->export = zone_export_new(current, zone, members);
    export->result = json_pack("{s:o}", "zone", describe_zone(entry));
    export->work.data = export;
    on_written(export, true);
}
