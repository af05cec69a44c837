/* SPDX-License-Identifier: BSD-2-Clause */
/* `key list` and `key generate`. Key files are few and small: they are read on the control thread.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "common/clock.h"
#include "common/log.h"
#include "control/call.h"
#include "control/describe.h"
#include "control/zone_change.h"
#include "zones/key_file.h"

#define FIRST_OPTION 2 /* after ZONE and the role */

static const char *state_of(const struct key *key, int64_t now_s)
{
    if (now_s >= key->delete_s) {
        return "removed";
    }
    if (now_s < key->publish_s) {
        return "future";
    }
    if (now_s >= key->inactive_s) {
        return "retired";
    }
    return now_s >= key->activate_s ? "active" : "published";
}

/* A key with the flag for key signing is for everything when it has no other beside it. */
static const char *role_of(const struct key_set *keys, const struct key *key)
{
    for (size_t i = 0; i < keys->count; i++) {
        if (keys->keys[i].algorithm == key->algorithm && keys->keys[i].is_ksk != key->is_ksk) {
            return key->is_ksk ? "ksk" : "zsk";
        }
    }
    return "csk";
}

/* null: always, or never. */
static json_t *describe_key_time(int64_t at_s)
{
    return at_s == INT64_MIN || at_s == KEY_TIME_NEVER ? json_null() : describe_time(at_s * 1000);
}

static json_t *describe_key(const char *zone, const struct key_set *keys, const struct key *key)
{
    json_t *json = json_object();
    json_object_set_new(json, "zone", describe_text(zone));
    json_object_set_new(json, "tag", json_integer(key->tag));
    json_object_set_new(json, "algorithm", json_string(key_algorithm_name(key->algorithm)));
    json_object_set_new(json, "role", json_string(role_of(keys, key)));
    json_object_set_new(json, "state", json_string(state_of(key, clock_now_ms() / 1000)));
    json_object_set_new(json, "publish_at", describe_key_time(key->publish_s));
    json_object_set_new(json, "activate_at", describe_key_time(key->activate_s));
    json_object_set_new(json, "inactive_at", describe_key_time(key->inactive_s));
    json_object_set_new(json, "delete_at", describe_key_time(key->delete_s));
    json_object_set_new(json, "file", describe_text(key->path));
    CLEANUP(alloc_freep) char *ds = key->is_ksk ? key_print_ds(key) : NULL;
    json_object_set_new(json, "ds", ds != NULL ? json_string(ds) : json_null());
    return json;
}

static bool add_keys(const struct config_zone *zone, json_t *list, struct error *err)
{
    struct key_set keys;
    struct name origin;
    if (!name_parse(&origin, zone->name, err)) {
        return false;
    }
    bool is_good = key_set_load(&keys, zone->dnssec->keys, &origin, err);
    for (size_t i = 0; is_good && i < keys.count; i++) {
        json_array_append_new(list, describe_key(zone->name, &keys, &keys.keys[i]));
    }
    key_set_free(&keys);
    return is_good;
}

/* only: a zone, or NULL. NULL and err. */
static json_t *list_keys(const struct zone_list *zones, const struct zone_definition *only,
                         struct error *err)
{
    json_t *list = json_array();
    for (size_t i = 0; i < zones->count; i++) {
        const struct zone_definition *one = zones->entries[i]->definition;
        if ((only == NULL || only == one) && one->zone->dnssec != NULL &&
            !add_keys(one->zone, list, err)) {
            json_decref(list);
            return NULL;
        }
    }
    return json_pack("{s:o}", "keys", list);
}

void command_key_list(const struct call *call)
{
    struct error err;
    const struct zone_list *zones = &call->control->zones;
    const struct zone_definition *only = NULL;
    if (call_argument_count(call) == 1) {
        const struct zone_entry *found = zone_list_find_text(zones, call_argument(call, 0), &err);
        if (found == NULL) {
            call_answer(call, NULL, &err);
            return;
        }
        only = found->definition;
    }
    call_answer(call, list_keys(zones, only, &err), &err);
}

/* What "ZONE ROLE [--algorithm NAME]" asks for. origin is the caller's. */
static bool read_request(const struct call *call, struct key_request *request, struct name *origin,
                         struct zone_definition **zone, struct error *err)
{
    const char *role = call_argument(call, 1);
    const char *algorithm = call_argument(call, FIRST_OPTION + 1);
    const struct zone_entry *entry =
        zone_list_find_text(&call->control->zones, call_argument(call, 0), err);
    if (entry == NULL) {
        return false;
    }
    *zone = entry->definition;
    const struct config_zone *found = entry->definition->zone;
    if (found->dnssec == NULL) {
        return error_set(err, "zone %s is not signed here: it has no dnssec in the configuration",
                         found->name);
    }
    if (strcmp(role, "ksk") != 0 && strcmp(role, "zsk") != 0 && strcmp(role, "csk") != 0) {
        return error_set(err, "%s: expected ksk, zsk or csk", role);
    }
    *request = (struct key_request){
        .folder = found->dnssec->keys,
        .origin = origin,
        .is_ksk = strcmp(role, "zsk") != 0,
        .now_s = clock_now_ms() / 1000,
    };
    return name_parse(origin, found->name, err) &&
           key_algorithm_parse(algorithm != NULL ? algorithm : "ECDSAP256SHA256",
                               &request->algorithm, err);
}

/* Outlives the handler: the zone is signed meanwhile. */
struct generate_call {
    struct control *control;
    struct admin_request *request;
    struct zone_definition *zone; /* held */
};

static void on_signed(void *argument, const struct error *err)
{
    struct generate_call *generate = argument;
    struct error why;
    json_t *result = NULL;
    if (err != NULL) {
        admin_request_fail(generate->request, "the key was made, the zone stays as it is: %s",
                           err->text);
    } else {
        result = list_keys(&generate->control->zones, generate->zone, &why);
        if (result == NULL) {
            admin_request_fail(generate->request, "%s", why.text);
        } else {
            admin_request_succeed(generate->request, result);
        }
    }
    zone_definition_unref(generate->zone);
    free(generate);
}

void command_key_generate(const struct call *call)
{
    struct error err;
    struct name origin;
    struct key_request request;
    struct zone_definition *zone = NULL;
    CLEANUP(alloc_freep) char *path = NULL;
    if (!read_request(call, &request, &origin, &zone, &err) ||
        !key_generate(&request, &path, &err)) {
        call_answer(call, NULL, &err);
        return;
    }
    log_info("key %s: made (%s)", path, call->who);
    struct generate_call *generate = alloc_zeroed(1, sizeof(*generate));
    generate->control = call->control;
    generate->request = call->request;
    generate->zone = zone_definition_ref(zone);
    zone_change_ask(call->control, &(struct zone_change){.kind = ZONE_RELOAD,
                                                         .definition = zone,
                                                         .who = call->who,
                                                         .finished = on_signed,
                                                         .argument = generate});
}
