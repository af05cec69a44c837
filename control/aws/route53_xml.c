/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/aws/route53_xml.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "common/attributes.h"
#include "control/aws/aws_form.h"
#include "control/aws/aws_xml.h"
#include "control/aws/route53_text.h"
#include "control/http/outside_json.h"
#include "control/http/outside_text.h"

#define NAMESPACE       "https://route53.amazonaws.com/doc/2013-04-01/"
#define TTL_MAX_S       INT32_MAX
#define CHANGE_PREFIX   "/change/"
#define MESSAGES_SIZE   512
#define SHOWN_NAME_SIZE 128

/* ---- reading ---- */

/* A name of others', for an error text. */
struct shown {
    char text[SHOWN_NAME_SIZE];
};

static struct shown show(const char *text)
{
    struct shown shown;
    outside_text_copy(text == NULL ? "" : text, shown.text, sizeof(shown.text));
    return shown;
}

static char *copy_of(const json_t *object, const char *key)
{
    const char *text = outside_json_text_or_null(object, key);
    return text == NULL ? NULL : alloc_string(text);
}

/* The elements of a list, whichever form it has; a new array. */
static json_t *list_of(const json_t *object, const char *list, const char *element)
{
    json_t *value = json_object_get(object, list);
    return json_is_array(value) ? json_incref(value) : aws_xml_list(object, list, element);
}

/* A whole number, which XML has as a text; -1 when there is none. */
static bool read_number(const json_t *object, const char *key, int64_t max, int64_t *number,
                        struct error *err)
{
    const json_t *value = json_object_get(object, key);
    *number = -1;
    if (value == NULL) {
        return true;
    }
    if (json_is_integer(value)) {
        *number = json_integer_value(value);
    } else {
        const char *text = json_is_string(value) ? json_string_value(value) : "";
        char *end = NULL;
        size_t digits = strspn(text, "0123456789");
        *number = digits > 0 && digits < 18 && text[digits] == '\0' ? strtoll(text, &end, 10) : -1;
    }
    return (*number >= 0 && *number <= max) ||
           error_set(err, "%s: expected a whole number from 0 to %" PRId64, key, max);
}

static bool read_bool(const json_t *object, const char *key, bool *truth, struct error *err)
{
    const json_t *value = json_object_get(object, key);
    const char *text = json_string_value(value);
    *truth = json_is_true(value) || (text != NULL && strcmp(text, "true") == 0);
    return *truth || json_is_false(value) || (text != NULL && strcmp(text, "false") == 0) ||
           error_set(err, "%s: expected true or false", key);
}

static bool read_alias(const json_t *element, struct route53_alias *alias, struct error *err)
{
    const json_t *target = json_object_get(element, "AliasTarget");
    if (target == NULL) {
        return true;
    }
    const char *zone_id = outside_json_text_or_null(target, "HostedZoneId");
    const char *dns_name = outside_json_text_or_null(target, "DNSName");
    if (zone_id == NULL || dns_name == NULL) {
        return error_set(err, "AliasTarget: expected HostedZoneId and DNSName");
    }
    alias->zone_id = alloc_string(zone_id);
    alias->dns_name = route53_name_read(dns_name);
    return read_bool(target, "EvaluateTargetHealth", &alias->evaluate_target_health, err) ||
           error_add_context(err, "AliasTarget");
}

static bool read_values(const json_t *element, struct route53_record_set *set, struct error *err)
{
    json_t *records = list_of(element, "ResourceRecords", "ResourceRecord");
    bool is_read = true;
    size_t index;
    json_t *record;
    json_array_foreach(records, index, record)
    {
        const char *text = outside_json_text_or_null(record, "Value");
        char *value = route53_value_read(text == NULL ? "" : text);
        route53_record_set_add_value(set, value);
        if (value[0] == '\0') {
            is_read = error_set(err, "ResourceRecord: expected a Value");
            break;
        }
    }
    json_decref(records);
    return is_read;
}

/* What decides beside a weight, for people; NULL: nothing. */
static const char *find_other_policy(const json_t *element)
{
    static const struct {
        const char *key, *policy;
    } policies[] = {
        {"Region", "latency"},
        {"GeoLocation", "geolocation"},
        {"GeoProximityLocation", "geoproximity"},
        {"Failover", "failover"},
        {"MultiValueAnswer", "multivalue answer"},
        {"CidrRoutingConfig", "IP-based"},
        {"TrafficPolicyInstanceId", "traffic policy"},
    };
    for (size_t i = 0; i < ARRAY_LEN(policies); i++) {
        if (json_object_get(element, policies[i].key) != NULL) {
            return policies[i].policy;
        }
    }
    bool is_simple = json_object_get(element, "SetIdentifier") == NULL;
    return is_simple || json_object_get(element, "Weight") != NULL ? NULL : "unknown";
}

static bool read_into(const json_t *element, struct route53_record_set *set, struct error *err)
{
    const char *name = outside_json_text_or_null(element, "Name");
    const char *type = outside_json_text_or_null(element, "Type");
    int64_t weight;
    if (name == NULL || type == NULL) {
        return error_set(err, "ResourceRecordSet: expected Name and Type");
    }
    set->name = route53_name_read(name);
    set->type = alloc_string(type);
    set->set_identifier = copy_of(element, "SetIdentifier");
    set->health_check_id = copy_of(element, "HealthCheckId");
    const char *policy = find_other_policy(element);
    set->other_policy = policy == NULL ? NULL : alloc_string(policy);
    bool is_read = read_number(element, "Weight", ROUTE53_WEIGHT_MAX, &weight, err) &&
                   read_number(element, "TTL", TTL_MAX_S, &set->ttl_s, err) &&
                   read_alias(element, &set->alias, err) && read_values(element, set, err);
    set->weight = is_read ? (int)weight : -1;
    if (is_read && weight >= 0 && set->set_identifier == NULL) {
        is_read = error_set(err, "Weight without SetIdentifier");
    }
    if (is_read && set->other_policy == NULL &&
        (set->alias.zone_id != NULL) == (set->value_count > 0)) {
        is_read = error_set(err, "expected either ResourceRecords or AliasTarget");
    }
    return is_read || error_add_context(err, "record set %s %s", show(name).text, show(type).text);
}

bool route53_read_record_set(const json_t *element, struct route53_record_set *out,
                             struct error *err)
{
    struct route53_record_set set = {.weight = -1, .ttl_s = -1};
    if (!read_into(element, &set, err)) {
        route53_record_set_done(&set);
        return false;
    }
    *out = set;
    return true;
}

bool route53_read_record_sets(const json_t *document, struct route53_record_sets *sets,
                              struct error *err)
{
    if (json_object_get(document, "ResourceRecordSets") == NULL) {
        return error_set(err, "expected ResourceRecordSets");
    }
    json_t *elements = list_of(document, "ResourceRecordSets", "ResourceRecordSet");
    bool is_read = true;
    size_t index;
    json_t *element;
    json_array_foreach(elements, index, element)
    {
        struct route53_record_set set;
        if (!route53_read_record_set(element, &set, err)) {
            is_read = false;
            break;
        }
        route53_record_sets_add(sets, &set);
    }
    json_decref(elements);
    return is_read;
}

/* ---- pages ---- */

static void print_parameter(FILE *out, bool *is_first, const char *key, const char *value)
{
    if (value == NULL) {
        return;
    }
    CLEANUP(alloc_freep) char *encoded = aws_percent_encode(value, strlen(value), NULL);
    fprintf(out, "%s%s=%s", *is_first ? "" : "&", key, encoded);
    *is_first = false;
}

static char *print_page(const char *identifier, unsigned max_items, const char *name,
                        const char *type)
{
    char *query = NULL;
    size_t len = 0;
    char number[16];
    bool is_first = true;
    snprintf(number, sizeof(number), "%u", max_items);
    FILE *out = open_memstream(&query, &len);
    print_parameter(out, &is_first, "identifier", identifier);
    print_parameter(out, &is_first, "maxitems", max_items == 0 ? NULL : number);
    print_parameter(out, &is_first, "name", name);
    print_parameter(out, &is_first, "type", type);
    fclose(out);
    return query;
}

char *route53_next_page(const json_t *document)
{
    struct error err;
    bool is_truncated;
    const char *name = outside_json_text_or_null(document, "NextRecordName");
    if (!read_bool(document, "IsTruncated", &is_truncated, &err) || !is_truncated || name == NULL) {
        return NULL;
    }
    return print_page(outside_json_text_or_null(document, "NextRecordIdentifier"), 0, name,
                      outside_json_text_or_null(document, "NextRecordType"));
}

char *route53_page(const char *name, const char *type, unsigned max_items)
{
    CLEANUP(alloc_freep) char *printed = name == NULL ? NULL : route53_name_print(name);
    return print_page(NULL, max_items, printed, type);
}

/* ---- batches ---- */

static void print_element(FILE *out, const char *name, const char *text)
{
    if (text != NULL) {
        CLEANUP(alloc_freep) char *escaped = aws_xml_escape(text);
        fprintf(out, "<%s>%s</%s>", name, escaped, name);
    }
}

static void print_number(FILE *out, const char *name, int64_t number)
{
    if (number >= 0) {
        fprintf(out, "<%s>%" PRId64 "</%s>", name, number, name);
    }
}

static void print_set(FILE *out, const struct route53_record_set *set)
{
    CLEANUP(alloc_freep) char *name = route53_name_print(set->name);
    print_element(out, "Name", name);
    print_element(out, "Type", set->type);
    print_element(out, "SetIdentifier", set->set_identifier);
    print_number(out, "Weight", set->weight);
    print_number(out, "TTL", set->ttl_s);
    if (set->value_count > 0) {
        fputs("<ResourceRecords>", out);
        for (size_t i = 0; i < set->value_count; i++) {
            CLEANUP(alloc_freep) char *value = route53_value_print(set->type, set->values[i]);
            fputs("<ResourceRecord>", out);
            print_element(out, "Value", value);
            fputs("</ResourceRecord>", out);
        }
        fputs("</ResourceRecords>", out);
    }
    if (set->alias.zone_id != NULL) {
        CLEANUP(alloc_freep) char *target = route53_name_print(set->alias.dns_name);
        fputs("<AliasTarget>", out);
        print_element(out, "HostedZoneId", set->alias.zone_id);
        print_element(out, "DNSName", target);
        print_element(out, "EvaluateTargetHealth",
                      set->alias.evaluate_target_health ? "true" : "false");
        fputs("</AliasTarget>", out);
    }
    print_element(out, "HealthCheckId", set->health_check_id);
}

char *route53_batch_xml(const struct route53_batch *batch)
{
    char *xml = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&xml, &len);
    fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
          "<ChangeResourceRecordSetsRequest xmlns=\"" NAMESPACE "\"><ChangeBatch>",
          out);
    print_element(out, "Comment", batch->comment);
    fputs("<Changes>", out);
    for (size_t i = 0; i < batch->count; i++) {
        fputs("<Change>", out);
        print_element(out, "Action", route53_action_name(batch->changes[i].action));
        fputs("<ResourceRecordSet>", out);
        print_set(out, &batch->changes[i].set);
        fputs("</ResourceRecordSet></Change>", out);
    }
    fputs("</Changes></ChangeBatch></ChangeResourceRecordSetsRequest>", out);
    fclose(out);
    return xml;
}

/* Takes the text. */
static void set_text(json_t *object, const char *key, char *text)
{
    if (text != NULL) {
        json_object_set_new(object, key, json_string(text));
        free(text);
    }
}

static json_t *json_of_set(const struct route53_record_set *set)
{
    json_t *object = json_object();
    set_text(object, "Name", route53_name_print(set->name));
    json_object_set_new(object, "Type", json_string(set->type));
    if (set->set_identifier != NULL) {
        json_object_set_new(object, "SetIdentifier", json_string(set->set_identifier));
    }
    if (set->weight >= 0) {
        json_object_set_new(object, "Weight", json_integer(set->weight));
    }
    if (set->ttl_s >= 0) {
        json_object_set_new(object, "TTL", json_integer(set->ttl_s));
    }
    json_t *records = json_array();
    for (size_t i = 0; i < set->value_count; i++) {
        json_t *record = json_object();
        set_text(record, "Value", route53_value_print(set->type, set->values[i]));
        json_array_append_new(records, record);
    }
    if (set->value_count > 0) {
        json_object_set(object, "ResourceRecords", records);
    }
    json_decref(records);
    if (set->alias.zone_id != NULL) {
        json_t *target = json_pack("{s:s, s:b}", "HostedZoneId", set->alias.zone_id,
                                   "EvaluateTargetHealth", set->alias.evaluate_target_health);
        set_text(target, "DNSName", route53_name_print(set->alias.dns_name));
        json_object_set_new(object, "AliasTarget", target);
    }
    if (set->health_check_id != NULL) {
        json_object_set_new(object, "HealthCheckId", json_string(set->health_check_id));
    }
    return object;
}

json_t *route53_batch_json(const struct route53_batch *batch)
{
    json_t *changes = json_array();
    for (size_t i = 0; i < batch->count; i++) {
        json_array_append_new(changes,
                              json_pack("{s:s, s:o}", "Action",
                                        route53_action_name(batch->changes[i].action),
                                        "ResourceRecordSet", json_of_set(&batch->changes[i].set)));
    }
    json_t *object = json_object();
    if (batch->comment != NULL) {
        json_object_set_new(object, "Comment", json_string(batch->comment));
    }
    json_object_set_new(object, "Changes", changes);
    return object;
}

static bool read_action(const json_t *element, enum route53_action *action, struct error *err)
{
    const char *text = outside_json_text_or_null(element, "Action");
    for (size_t i = ROUTE53_CREATE; text != NULL && i <= ROUTE53_UPSERT; i++) {
        if (strcmp(text, route53_action_name((enum route53_action)i)) == 0) {
            *action = (enum route53_action)i;
            return true;
        }
    }
    return error_set(err, "Action: expected CREATE, DELETE or UPSERT");
}

bool route53_read_batch(const json_t *document, struct route53_batch *out, struct error *err)
{
    const json_t *batch = json_object_get(document, "ChangeBatch");
    batch = batch == NULL ? document : batch;
    json_t *changes = list_of(batch, "Changes", "Change");
    struct route53_batch read = {.comment = copy_of(batch, "Comment")};
    bool is_read = json_array_size(changes) > 0 || error_set(err, "expected Changes");
    for (size_t i = 0; is_read && i < json_array_size(changes); i++) {
        const json_t *change = json_array_get(changes, i);
        enum route53_action action = ROUTE53_UPSERT;
        struct route53_record_set set;
        is_read = read_action(change, &action, err) &&
                  route53_read_record_set(json_object_get(change, "ResourceRecordSet"), &set, err);
        if (is_read) {
            route53_batch_add(&read, action, &set);
        }
    }
    json_decref(changes);
    if (!is_read) {
        route53_batch_done(&read);
        return false;
    }
    *out = read;
    return true;
}

/* ---- what came of them ---- */

bool route53_read_change(const json_t *document, char **id, bool *is_in_sync, struct error *err)
{
    const json_t *change = json_object_get(document, "ChangeInfo");
    const char *text = outside_json_text_or_null(change, "Id");
    const char *status = outside_json_text_or_null(change, "Status");
    if (text == NULL || status == NULL) {
        return error_set(err, "expected ChangeInfo with Id and Status");
    }
    size_t prefix = strlen(CHANGE_PREFIX);
    text += strncmp(text, CHANGE_PREFIX, prefix) == 0 ? prefix : 0;
    if (text[0] == '\0' || strlen(text) > 32 ||
        text[strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")] !=
            '\0') {
        return error_set(err, "ChangeInfo: Id %s: expected letters and digits", show(text).text);
    }
    *id = alloc_string(text);
    *is_in_sync = strcmp(status, "INSYNC") == 0;
    return true;
}

char *route53_read_messages(const json_t *document)
{
    json_t *messages = list_of(document, "Messages", "Message");
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    for (size_t i = 0; i < json_array_size(messages); i++) {
        const char *message = json_string_value(json_array_get(messages, i));
        fprintf(out, "%s%s", i == 0 ? "" : "; ", message == NULL ? "" : message);
    }
    fclose(out);
    json_decref(messages);
    char *shown = alloc_zeroed(1, MESSAGES_SIZE);
    outside_text_copy(text, shown, MESSAGES_SIZE);
    free(text);
    return shown;
}
