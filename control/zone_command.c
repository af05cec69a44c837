/* SPDX-License-Identifier: BSD-2-Clause */
/* `zone list`, `zone reload`, `zone add`, `zone remove`. */
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "control/call.h"
#include "control/describe.h"
#include "control/zone_change.h"

#define FIRST_SETTING 2 /* of `zone add`, after NAME and FILE */

/* only: NULL for all. */
static json_t *zones_from(const struct control *control, const struct zone_definition *only)
{
    json_t *zones = json_array();
    for (size_t i = 0; i < control->zones.count; i++) {
        const struct zone_entry *entry = control->zones.entries[i];
        if (only == NULL || only == entry->definition) {
            json_array_append_new(zones, describe_zone(entry));
        }
    }
    return json_pack("{s:o}", "zones", zones);
}

void command_zone_list(const struct call *call)
{
    admin_request_succeed(call->request, zones_from(call->control, NULL));
}

/* Outlives the handler: the zones load meanwhile. */
struct change_call {
    struct control *control;
    struct admin_request *request;
    enum zone_change_kind kind;
    struct zone_definition *definition; /* held; NULL: all */
};

static json_t *describe_removed(const struct zone_definition *definition)
{
    char name[NAME_TEXT_SIZE];
    name_print(definition->origin.octets, name);
    bool is_configured = definition->own == NULL;
    CLEANUP(alloc_freep)
    char *message = alloc_printf("zone %s is removed%s", name,
                                 is_configured ? " until the next start: it is still in the "
                                                 "configuration"
                                               : "");
    return json_pack("{s:s, s:b, s:s}", "zone", name, "until_restart", is_configured ? 1 : 0,
                     "message", message);
}

static void change_finished(void *argument, const struct error *err)
{
    struct change_call *change = argument;
    if (err != NULL) {
        admin_request_fail(change->request, "zones stay as they are: %s", err->text);
    } else if (change->kind == ZONE_REMOVE) {
        admin_request_succeed(change->request, describe_removed(change->definition));
    } else {
        admin_request_succeed(change->request, zones_from(change->control, change->definition));
    }
    zone_definition_unref(change->definition);
    free(change);
}

/* Takes the reference to the definition. */
static void ask(const struct call *call, enum zone_change_kind kind,
                struct zone_definition *definition, bool is_forced)
{
    struct change_call *change = alloc_zeroed(1, sizeof(*change));
    change->control = call->control;
    change->request = call->request;
    change->kind = kind;
    change->definition = definition;
    zone_change_ask(call->control, &(struct zone_change){.kind = kind,
                                                         .definition = definition,
                                                         .is_forced = is_forced,
                                                         .who = call->who,
                                                         .finished = change_finished,
                                                         .argument = change});
}

/* The definition that the first argument names, with a reference; NULL: the request has failed. */
static struct zone_definition *find_definition(const struct call *call)
{
    struct error err;
    const struct zone_entry *entry =
        zone_list_find_text(&call->control->zones, call_argument(call, 0), &err);
    if (entry == NULL) {
        admin_request_fail(call->request, "%s", err.text);
        return NULL;
    }
    return zone_definition_ref(entry->definition);
}

void command_zone_reload(const struct call *call)
{
    size_t count = call_argument_count(call);
    bool is_forced = count > 0 && strcmp(call_argument(call, count - 1), "--force") == 0;
    if (count == (is_forced ? 1 : 0)) {
        ask(call, ZONE_RELOAD, NULL, is_forced);
        return;
    }
    struct zone_definition *definition = find_definition(call);
    if (definition != NULL) {
        ask(call, ZONE_RELOAD, definition, is_forced);
    }
}

void command_zone_remove(const struct call *call)
{
    struct zone_definition *definition = find_definition(call);
    if (definition != NULL) {
        ask(call, ZONE_REMOVE, definition, false);
    }
}

/* KEY=VALUE, as `dnssec` of the configuration has them; what they may be is judged there. */
static bool read_settings(const struct call *call, json_t *dnssec, struct error *err)
{
    for (size_t i = FIRST_SETTING; i < call_argument_count(call); i++) {
        const char *setting = call_argument(call, i);
        const char *equals = strchr(setting, '=');
        if (equals == NULL || equals == setting) {
            return error_set(err,
                             "%s: expected a setting of dnssec as KEY=VALUE, for example "
                             "keys=/var/lib/ballast/keys",
                             setting);
        }
        CLEANUP(alloc_freep) char *key = alloc_copy(setting, (size_t)(equals - setting) + 1);
        key[equals - setting] = '\0';
        if (json_object_get(dnssec, key) != NULL) {
            return error_set(err, "%s: found a second time, expected it once", key);
        }
        json_object_set_new(dnssec, key, json_string(equals + 1));
    }
    return true;
}

void command_zone_add(const struct call *call)
{
    struct error err;
    json_t *zone =
        json_pack("{s:s, s:s}", "name", call_argument(call, 0), "file", call_argument(call, 1));
    json_t *dnssec = json_object();
    struct zone_definition *definition = NULL;
    if (read_settings(call, dnssec, &err)) {
        if (json_object_size(dnssec) > 0) {
            json_object_set(zone, "dnssec", dnssec);
        }
        char *text = json_dumps(zone, JSON_COMPACT);
        definition = zone_definition_parse(call->control->config, text, &err);
        free(text); /* jansson's */
    }
    json_decref(dnssec);
    json_decref(zone);
    if (definition == NULL) {
        admin_request_fail(call->request, "%s", err.text);
    } else {
        ask(call, ZONE_ADD, definition, false);
    }
}
