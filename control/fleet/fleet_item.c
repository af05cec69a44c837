/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/fleet/fleet_item.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "control/http/outside_text.h"

#define NODE_PREFIX "node#"
/* Of items that are not removed but emptied: an earlier write of theirs that comes late would make
 * them anew, and a hook would be answered twice. */
#define EMPTIED_PREFIX "hook#"
/* How long after it was last said or needed something may go. */
#define EXPIRES_S (24 * 60 * 60)
/* Of items whose fence and sequence are older; also says so of those that are not there. */
#define IS_OLDER "attribute_not_exists(#f) OR #f < :f OR (#f = :f AND #s < :s)"

static json_t *number(int64_t value)
{
    char text[24];
    snprintf(text, sizeof(text), "%lld", (long long)value);
    return json_pack("{s:s}", "N", text);
}

static json_t *text(const char *value)
{
    return json_pack("{s:s}", "S", value);
}

static json_t *key_of(const struct fleet_place *place, const char *item)
{
    return json_pack("{s:o, s:o}", "fleet", text(place->fleet), "item", text(item));
}

static json_t *names(const char *first, const char *first_is, const char *second,
                     const char *second_is)
{
    json_t *json = json_pack("{s:s}", first, first_is);
    if (second != NULL) {
        json_object_set_new(json, second, json_string(second_is));
    }
    return json;
}

static json_t *print_take(const struct fleet_request *request, const struct fleet_place *place)
{
    const struct fleet_head *head = &request->head;
    json_t *item = key_of(place, "head");
    json_object_set_new(item, "owner", text(head->owner));
    json_object_set_new(item, "origin", text(head->origin));
    json_object_set_new(item, "fence", number(head->fence));
    json_object_set_new(item, "beat", number(head->beat));
    json_object_set_new(item, "sequence", number(head->sequence));
    json_object_set_new(item, "sealed_sequence", number(head->sealed));
    json_t *input = json_pack("{s:o}", "Item", item);
    if (!request->expected.exists) {
        json_object_set_new(input, "ConditionExpression", json_string("attribute_not_exists(#f)"));
        json_object_set_new(input, "ExpressionAttributeNames", names("#f", "fence", NULL, NULL));
        return input;
    }
    json_object_set_new(input, "ConditionExpression", json_string("#f = :f AND #b = :b"));
    json_object_set_new(input, "ExpressionAttributeNames", names("#f", "fence", "#b", "beat"));
    json_object_set_new(input, "ExpressionAttributeValues",
                        json_pack("{s:o, s:o}", ":f", number(request->expected.fence), ":b",
                                  number(request->expected.beat)));
    return input;
}

static json_t *print_renewal(const struct fleet_request *request, const struct fleet_place *place)
{
    const struct fleet_head *head = &request->head;
    json_t *named = names("#f", "fence", "#b", "beat");
    json_object_set_new(named, "#o", json_string("owner"));
    json_object_set_new(named, "#s", json_string("sequence"));
    json_t *values =
        json_pack("{s:o, s:o, s:o, s:o}", ":b", number(head->beat), ":s", number(head->sequence),
                  ":o", text(head->owner), ":f", number(head->fence));
    if (head->has_ended) {
        json_object_set_new(named, "#e", json_string("ended"));
        json_object_set_new(values, ":e", json_pack("{s:b}", "BOOL", 1));
    }
    return json_pack("{s:o, s:s, s:s, s:o, s:o}", "Key", key_of(place, "head"), "UpdateExpression",
                     head->has_ended ? "SET #b = :b, #s = :s, #e = :e" : "SET #b = :b, #s = :s",
                     "ConditionExpression", "#o = :o AND #f = :f AND #b < :b",
                     "ExpressionAttributeNames", named, "ExpressionAttributeValues", values);
}

/* The condition of a write to an item, and its names and values. */
static void add_condition(json_t *input, const struct fleet_request *request)
{
    json_object_set_new(input, "ConditionExpression", json_string(IS_OLDER));
    json_object_set_new(input, "ExpressionAttributeNames", names("#f", "fence", "#s", "sequence"));
    json_object_set_new(
        input, "ExpressionAttributeValues",
        json_pack("{s:o, s:o}", ":f", number(request->fence), ":s", number(request->sequence)));
}

static json_t *print_write(const struct fleet_request *request, const struct fleet_place *place,
                           const char **operation)
{
    json_t *key = key_of(place, request->item);
    json_t *input = json_object();
    if (request->kind == FLEET_PUT) {
        *operation = "PutItem";
        json_object_set_new(key, "fence", number(request->fence));
        json_object_set_new(key, "sequence", number(request->sequence));
        json_object_set_new(key, "body", text(request->body));
        json_object_set_new(input, "Item", key);
    } else if (request->kind == FLEET_SEAL) {
        *operation = "UpdateItem";
        json_object_set_new(input, "Key", key);
        json_object_set_new(input, "UpdateExpression", json_string("SET #f = :f, #s = :s"));
        json_object_set_new(input, "ReturnValues", json_string("ALL_OLD"));
    } else if (strncmp(request->item, EMPTIED_PREFIX, strlen(EMPTIED_PREFIX)) == 0) {
        *operation = "UpdateItem";
        json_object_set_new(input, "Key", key);
        json_object_set_new(input, "UpdateExpression",
                            json_string("SET #f = :f, #s = :s, #e = :e REMOVE #b"));
    } else {
        *operation = "DeleteItem";
        json_object_set_new(input, "Key", key);
    }
    add_condition(input, request);
    if (request->kind == FLEET_REMOVE && strcmp(*operation, "UpdateItem") == 0) {
        json_object_update_new(json_object_get(input, "ExpressionAttributeNames"),
                               names("#e", "expires", "#b", "body"));
        json_object_set_new(json_object_get(input, "ExpressionAttributeValues"), ":e",
                            number(place->now_s + EXPIRES_S));
    }
    return input;
}

static json_t *print_query(const struct fleet_request *request, const struct fleet_place *place,
                           json_t *start_key)
{
    json_t *input =
        json_pack("{s:s, s:s, s:o, s:{s:o, s:o}, s:b}", "IndexName", "by-sequence",
                  "KeyConditionExpression", "#l = :l AND #s > :s", "ExpressionAttributeNames",
                  names("#l", "fleet", "#s", "sequence"), "ExpressionAttributeValues", ":l",
                  text(place->fleet), ":s", number(request->after), "ConsistentRead", 1);
    if (start_key != NULL) {
        json_object_set(input, "ExclusiveStartKey", start_key);
    }
    return input;
}

static json_t *print_say(const struct fleet_request *request, const struct fleet_place *place)
{
    CLEANUP(alloc_freep) char *name = alloc_printf(NODE_PREFIX "%s", place->node);
    json_t *item = key_of(place, name);
    json_object_set_new(item, "applied", number(request->sequence));
    json_object_set_new(item, "beat", number(place->beat));
    json_object_set_new(item, "lag_ms", number(place->lag_ms));
    json_object_set_new(item, "pid", number(place->pid));
    json_object_set_new(item, "expires", number(place->now_s + EXPIRES_S));
    json_object_set_new(item, "version", text(place->version));
    json_object_set_new(item, "address", text(place->address));
    json_object_set_new(item, "health", text(place->is_healthy ? "healthy" : "unhealthy"));
    return json_pack("{s:o}", "Item", item);
}

static json_t *print_ask(const struct fleet_place *place, json_t *start_key)
{
    json_t *input = json_pack("{s:s, s:o, s:{s:o, s:o}, s:b}", "KeyConditionExpression",
                              "#l = :l AND begins_with(#i, :i)", "ExpressionAttributeNames",
                              names("#l", "fleet", "#i", "item"), "ExpressionAttributeValues", ":l",
                              text(place->fleet), ":i", text(NODE_PREFIX), "ConsistentRead", 1);
    if (start_key != NULL) {
        json_object_set(input, "ExclusiveStartKey", start_key);
    }
    return input;
}

json_t *fleet_request_print(const struct fleet_request *request, const struct fleet_place *place,
                            json_t *start_key, const char **operation)
{
    json_t *input = NULL;
    switch (request->kind) {
    case FLEET_READ:
        *operation = "GetItem";
        input = json_pack("{s:o, s:b}", "Key", key_of(place, "head"), "ConsistentRead", 1);
        break;
    case FLEET_TAKE:
        *operation = "PutItem";
        input = print_take(request, place);
        break;
    case FLEET_RENEW:
    case FLEET_RELEASE:
        *operation = "UpdateItem";
        input = print_renewal(request, place);
        break;
    case FLEET_SEAL:
    case FLEET_PUT:
    case FLEET_REMOVE:
        input = print_write(request, place, operation);
        break;
    case FLEET_QUERY:
        *operation = "Query";
        input = print_query(request, place, start_key);
        break;
    case FLEET_SAY:
        *operation = "PutItem";
        input = print_say(request, place);
        break;
    case FLEET_ASK_NODES:
        *operation = "Query";
        input = print_ask(place, start_key);
        break;
    }
    json_object_set_new(input, "TableName", json_string(place->table));
    return input;
}

/* ---- answers ---- */

static const char *text_of(const json_t *item, const char *name)
{
    return json_string_value(json_object_get(json_object_get(item, name), "S"));
}

/* A whole number of 0 to INT64_MAX / 2, so that no sum of ours overflows. */
static bool number_of(const json_t *item, const char *name, int64_t *value)
{
    const char *digits = json_string_value(json_object_get(json_object_get(item, name), "N"));
    char *end = NULL;
    if (digits == NULL || digits[0] < '0' || digits[0] > '9') {
        return false;
    }
    errno = 0;
    *value = strtoll(digits, &end, 10);
    return errno == 0 && *end == '\0' && *value <= INT64_MAX / 2;
}

static bool read_head(const json_t *document, struct fleet_head *head, struct error *err)
{
    const json_t *item = json_object_get(document, "Item");
    *head = (struct fleet_head){.exists = false};
    if (item == NULL) {
        return true;
    }
    const char *owner = text_of(item, "owner"), *origin = text_of(item, "origin");
    head->exists = true;
    head->has_ended = json_is_true(json_object_get(json_object_get(item, "ended"), "BOOL"));
    if (owner == NULL || origin == NULL || strlen(owner) >= sizeof(head->owner) ||
        strlen(origin) >= sizeof(head->origin) || !number_of(item, "fence", &head->fence) ||
        !number_of(item, "beat", &head->beat) || !number_of(item, "sequence", &head->sequence) ||
        !number_of(item, "sealed_sequence", &head->sealed)) {
        return error_set(err, "the table's item head is not one of a fleet's");
    }
    snprintf(head->owner, sizeof(head->owner), "%s", owner);
    snprintf(head->origin, sizeof(head->origin), "%s", origin);
    return true;
}

static bool read_item(const json_t *json, struct fleet_item *item, struct error *err)
{
    item->item = text_of(json, "item");
    item->body = text_of(json, "body");
    if (item->item == NULL || strlen(item->item) >= FLEET_ITEM_SIZE ||
        !number_of(json, "fence", &item->fence) || !number_of(json, "sequence", &item->sequence)) {
        return error_set(err, "the table has an item that is not one of a fleet's");
    }
    return true;
}

static bool read_items(const json_t *document, struct fleet_answer *answer, struct error *err)
{
    const json_t *list = json_object_get(document, "Items");
    if (!json_is_array(list)) {
        return error_set(err, "the answer to Query has no Items");
    }
    struct fleet_item *items = alloc_zeroed(json_array_size(list) + 1, sizeof(*items));
    answer->items = items;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *json = json_array_get(list, i);
        const char *name = text_of(json, "item");
        if (name != NULL && strcmp(name, "head") == 0) {
            continue;
        }
        if (!read_item(json, &items[answer->item_count], err)) {
            return false;
        }
        answer->item_count++;
    }
    answer->has_more = json_is_object(json_object_get(document, "LastEvaluatedKey"));
    return true;
}

/* What an item was before it was sealed; nothing: it was not there. */
static bool read_sealed(const json_t *document, struct fleet_answer *answer, struct error *err)
{
    const json_t *was = json_object_get(document, "Attributes");
    if (json_object_size(was) == 0) {
        return true;
    }
    struct fleet_item *item = alloc_zeroed(1, sizeof(*item));
    answer->items = item;
    answer->item_count = 1;
    return read_item(was, item, err);
}

bool fleet_answer_read(const struct fleet_request *request, const json_t *document,
                       struct fleet_answer *answer, struct error *err)
{
    bool ok = true;
    *answer = (struct fleet_answer){.outcome = FLEET_DONE};
    if (request->kind == FLEET_READ) {
        ok = read_head(document, &answer->head, err);
    } else if (request->kind == FLEET_QUERY) {
        ok = read_items(document, answer, err);
    } else if (request->kind == FLEET_SEAL) {
        ok = read_sealed(document, answer, err);
    }
    if (!ok) {
        fleet_answer_done(answer);
    }
    return ok;
}

void fleet_answer_done(struct fleet_answer *answer)
{
    free((struct fleet_item *)answer->items);
    answer->items = NULL;
    answer->item_count = 0;
}

static void copy(char *out, size_t size, const char *in)
{
    outside_text_copy(in == NULL ? "" : in, out, size);
}

/* A host's old name stays in a table without a time to live. */
static bool has_expired(const json_t *item, int64_t now_s)
{
    int64_t expires_s;
    return number_of(item, "expires", &expires_s) && expires_s < now_s;
}

struct fleet_peer *fleet_peers_read(const json_t *document, int64_t now_s, size_t *count)
{
    const json_t *list = json_object_get(document, "Items");
    struct fleet_peer *peers = alloc_zeroed(json_array_size(list) + 1, sizeof(*peers));
    *count = 0;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *json = json_array_get(list, i);
        const char *item = text_of(json, "item");
        struct fleet_peer *peer = &peers[*count];
        if (item == NULL || strncmp(item, NODE_PREFIX, strlen(NODE_PREFIX)) != 0 ||
            !number_of(json, "beat", &peer->beat) || !number_of(json, "applied", &peer->applied) ||
            !number_of(json, "lag_ms", &peer->lag_ms) || !number_of(json, "pid", &peer->pid) ||
            has_expired(json, now_s)) {
            continue;
        }
        const char *health = text_of(json, "health");
        copy(peer->name, sizeof(peer->name), item + strlen(NODE_PREFIX));
        copy(peer->version, sizeof(peer->version), text_of(json, "version"));
        copy(peer->address, sizeof(peer->address), text_of(json, "address"));
        peer->is_healthy = health != NULL && strcmp(health, "healthy") == 0;
        (*count)++;
    }
    return peers;
}
