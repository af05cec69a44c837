/* SPDX-License-Identifier: BSD-2-Clause */
/* The commands about keys. Listing reads the few and small files on the control thread; what writes
 * them runs on a thread of uv's pool. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "common/clock.h"
#include "common/log.h"
#include "control/call.h"
#include "control/describe.h"
#include "control/key_work.h"
#include "control/zone_change.h"
#include "control/zone_retire.h"
#include "zones/signer.h"
#include "zones/zone_keys.h"

/* null: always, or never. */
static json_t *describe_key_time(int64_t at_s)
{
    return at_s == KEY_TIME_ALWAYS || at_s == KEY_TIME_NEVER ? json_null()
                                                             : describe_time(at_s * 1000);
}

static json_t *describe_key(const char *zone, const struct key_set *keys, const struct key *key)
{
    int64_t now_s = clock_now_ms() / 1000;
    const struct key_times *times = &key->times;
    const struct {
        const char *name;
        int64_t at_s;
    } shown[] = {
        {"created_at", times->created_s},         {"publish_at", times->publish_s},
        {"activate_at", times->activate_s},       {"inactive_at", times->inactive_s},
        {"delete_at", times->delete_s},           {"sync_publish_at", times->sync_publish_s},
        {"sync_delete_at", times->sync_delete_s}, {"ds_seen_at", times->ds_publish_s},
    };
    char wait[128];
    json_t *json = json_object();
    json_object_set_new(json, "zone", describe_text(zone));
    json_object_set_new(json, "tag", json_integer(key->tag));
    json_object_set_new(json, "algorithm", json_string(key_algorithm_name(key->algorithm)));
    json_object_set_new(json, "role", json_string(key_role_name(key_role_of(keys, key, now_s))));
    json_object_set_new(json, "state", json_string(key_state_name(key, now_s)));
    json_object_set_new(json, "ds_state",
                        key->is_ksk ? json_string(key_ds_state_name(key, now_s)) : json_null());
    rollover_print_wait(keys, key, now_s, wait, sizeof(wait));
    json_object_set_new(json, "waits_for", wait[0] == '\0' ? json_null() : json_string(wait));
    for (size_t i = 0; i < ARRAY_LEN(shown); i++) {
        json_object_set_new(json, shown[i].name, describe_key_time(shown[i].at_s));
    }
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

/* A change of key files. Outlives the handler. */
struct key_call {
    uv_work_t work;
    struct control *control;
    struct admin_request *request;
    char who[ROLLOUT_TEXT_SIZE];
    bool (*change)(struct key_call *call);
    struct zone_definition *definition; /* held, as is … */
    struct zone *zone;                  /* what was served when the call came */
    enum key_role role;
    uint8_t algorithm; /* 0: that of the keys in use */
    unsigned tag;
    int64_t now_s;
    char *path;     /* of a key that was made */
    char *failure;  /* why no zone could be loaded with it */
    int64_t next_s; /* when the keys want the zone to be loaded again; KEY_TIME_NEVER */
    bool is_good;
    struct error err;
};

static void finish(struct key_call *call, const char *failure)
{
    struct error err;
    json_t *result = NULL;
    if (failure == NULL) {
        result = list_keys(&call->control->zones, call->definition, &err);
        failure = result == NULL ? err.text : NULL;
    }
    if (failure != NULL) {
        admin_request_fail(call->request, "%s", failure);
    } else {
        admin_request_succeed(call->request, result);
    }
    zone_let_go(&call->control->loop, call->zone);
    zone_definition_unref(call->definition);
    free(call->path);
    free(call->failure);
    free(call);
}

static void take_back(uv_work_t *request)
{
    struct key_call *call = request->data;
    call->is_good = zone_keys_take_back(signer_config(call->zone->signer), &call->zone->origin,
                                        call->path, &call->err);
}

static void on_taken_back(uv_work_t *request, int status)
{
    struct key_call *call = request->data;
    CLEANUP(alloc_freep) char *failure = NULL;
    if (status == 0 && call->is_good) {
        log_info("key %s: removed again", call->path);
        failure = alloc_printf("no key was made, the zone stays as it is: %s", call->failure);
    } else {
        const char *why = status == 0 ? call->err.text : "the daemon stops";
        log_error("key %s: not removed again: %s", call->path, why);
        failure = alloc_printf("%s; loading the zone once more failed: %s", why, call->failure);
    }
    finish(call, failure);
}

/* A key that no zone was signed with is as if it had never been. */
static void on_signed(void *argument, const struct error *err)
{
    struct key_call *call = argument;
    if (err == NULL) {
        finish(call, NULL);
        return;
    }
    call->failure = alloc_string(err->text);
    uv_queue_work(&call->control->loop, &call->work, take_back, on_taken_back);
}

static void work(uv_work_t *request)
{
    struct key_call *call = request->data;
    call->is_good = call->change(call);
}

static void on_worked(uv_work_t *request, int status)
{
    struct key_call *call = request->data;
    if (status != 0 || call->control->is_stopping) {
        finish(call, "the daemon stops");
    } else if (!call->is_good) {
        finish(call, call->err.text);
    } else if (call->path != NULL) {
        log_info("key %s: made (%s)", call->path, call->who);
        zone_change_ask(call->control, &(struct zone_change){.kind = ZONE_RELOAD,
                                                             .definition = call->definition,
                                                             .who = call->who,
                                                             .finished = on_signed,
                                                             .argument = call});
    } else {
        key_work_note_time(call->control, call->zone, call->next_s);
        finish(call, NULL);
    }
}

static void start(const struct call *from, const struct key_call *wanted)
{
    struct key_call *call = alloc_copy(wanted, sizeof(*wanted));
    call->work.data = call;
    call->control = from->control;
    call->request = from->request;
    call->now_s = clock_now_ms() / 1000;
    call->next_s = KEY_TIME_NEVER;
    snprintf(call->who, sizeof(call->who), "%s", from->who);
    zone_ref(call->zone);
    zone_definition_ref(call->definition);
    uv_queue_work(&call->control->loop, &call->work, work, on_worked);
}

/* The first argument: a zone that is signed here. */
static bool read_zone(const struct call *call, struct key_call *wanted, struct error *err)
{
    const struct zone_entry *entry =
        zone_list_find_text(&call->control->zones, call_argument(call, 0), err);
    if (entry == NULL) {
        return false;
    }
    wanted->definition = entry->definition;
    wanted->zone = entry->zone;
    if (entry->definition->zone->dnssec == NULL) {
        return error_set(err, "zone %s is not signed here: it has no dnssec in the configuration",
                         entry->definition->zone->name);
    }
    return (entry->zone != NULL && entry->zone->signer != NULL) ||
           error_set(err, "zone %s is not served: it could not be loaded",
                     entry->definition->zone->name);
}

static bool read_tag(const struct call *call, struct key_call *wanted, struct error *err)
{
    const char *text = call_argument(call, 1);
    char *end = NULL;
    unsigned long tag = strtoul(text, &end, 10);
    wanted->tag = (unsigned)tag;
    return (text[0] >= '0' && text[0] <= '9' && *end == '\0' && tag <= UINT16_MAX) ||
           error_set(err, "%s: expected a key's tag, 0 to 65535", text);
}

static bool generate(struct key_call *call)
{
    const struct key_wanted wanted = {call->role, call->algorithm};
    return zone_keys_generate(signer_config(call->zone->signer), &call->zone->origin, wanted,
                              call->now_s, &call->path, &call->err);
}

void command_key_generate(const struct call *call)
{
    struct error err;
    struct key_call wanted = {.change = generate};
    const char *algorithm = call_option(call, "--algorithm");
    if (read_zone(call, &wanted, &err) &&
        key_role_parse(call_argument(call, 1), &wanted.role, &err) &&
        (algorithm == NULL || key_algorithm_parse(algorithm, &wanted.algorithm, &err))) {
        start(call, &wanted);
    } else {
        call_answer(call, NULL, &err);
    }
}

static bool roll(struct key_call *call)
{
    return zone_keys_roll(signer_config(call->zone->signer), &call->zone->origin, call->role,
                          call->now_s, &call->path, &call->err);
}

void command_key_roll(const struct call *call)
{
    struct error err;
    struct key_call wanted = {.change = roll};
    if (read_zone(call, &wanted, &err) &&
        key_role_parse(call_argument(call, 1), &wanted.role, &err)) {
        start(call, &wanted);
    } else {
        call_answer(call, NULL, &err);
    }
}

static bool ds_seen(struct key_call *call)
{
    const struct zone_keys_served served = {call->zone, call->zone, call->now_s};
    return zone_keys_ds_seen(&served, call->tag, &call->next_s, &call->err);
}

void command_key_ds_seen(const struct call *call)
{
    struct error err;
    struct key_call wanted = {.change = ds_seen};
    if (read_zone(call, &wanted, &err) && read_tag(call, &wanted, &err)) {
        start(call, &wanted);
    } else {
        call_answer(call, NULL, &err);
    }
}

static bool forget(struct key_call *call)
{
    return zone_keys_forget(signer_config(call->zone->signer), &call->zone->origin, call->tag,
                            call->now_s, &call->err);
}

void command_key_forget(const struct call *call)
{
    struct error err;
    struct key_call wanted = {.change = forget};
    if (read_zone(call, &wanted, &err) && read_tag(call, &wanted, &err)) {
        start(call, &wanted);
    } else {
        call_answer(call, NULL, &err);
    }
}
