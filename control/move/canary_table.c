/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/move/canary_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "control/http/outside_text.h"
#include "control/move/host.h"
#include "control/move/yaml_text.h"
#include "zones/name.h"

#define TEXT_MAX         512
#define IDENTIFIER_MAX   128
#define TARGET_GROUP_MAX 512
#define CONTAINER_OCTETS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"

/* One item, checked. Names are in presentation form, without the final dot. */
struct item {
    char container[IDENTIFIER_MAX + 1];
    char record[NAME_TEXT_SIZE], old_lb[NAME_TEXT_SIZE], new_lb[NAME_TEXT_SIZE];
    const char *hosted_zone, *lb_zone, *target_group; /* NULL: the item has none */
};

struct work {
    const struct canary_wanted *wanted;
    struct canary *out;
    struct item *items;
    size_t count;
};

json_t *canary_items(const json_t *documents, struct error *err)
{
    json_t *items = json_array();
    for (size_t i = 0; i < json_array_size(documents); i++) {
        const json_t *document = json_array_get(documents, i);
        json_t *many = json_object_get(document, "Items");
        json_t *one = json_object_get(document, "Item");
        if (json_is_array(many)) {
            json_array_extend(items, many);
        } else if (json_is_object(one)) {
            json_array_append(items, one);
        } else {
            json_decref(items);
            error_set(err, "expected Items, as aws dynamodb scan prints them");
            return NULL;
        }
    }
    return items;
}

/* ---- attributes ---- */

/* A text, plain or typed; NULL: there is none, or it is of another type. */
static const char *text_of(const json_t *item, const char *key)
{
    const json_t *attribute = json_object_get(item, key);
    const json_t *typed = json_object_get(attribute, "S");
    const char *text = json_string_value(typed != NULL ? typed : attribute);
    return text == NULL || text[0] == '\0' ? NULL : text;
}

static bool is_true(const json_t *item, const char *key)
{
    const json_t *attribute = json_object_get(item, key);
    const json_t *typed = json_object_get(attribute, "BOOL");
    const char *text = text_of(item, key);
    return json_is_true(typed != NULL ? typed : attribute) ||
           (text != NULL && strcasecmp(text, "true") == 0);
}

static void add_remark(struct work *work, const char *who, bool is_lost, char *what)
{
    char clean[TEXT_MAX];
    outside_text_copy(who, clean, sizeof(clean));
    move_remark_add(&work->out->remarks, is_lost, alloc_printf("item %s: %s", clean, what));
    free(what);
}

/* False: a remark says what is wrong. */
static bool read_text(struct work *work, const json_t *json, const char *who, const char *key,
                      const char **text)
{
    *text = text_of(json, key);
    if (*text == NULL) {
        bool is_there = json_object_get(json, key) != NULL;
        add_remark(work, who, true,
                   alloc_printf("%s is %s, expected a text", key,
                                is_there ? "empty or of another type" : "missing"));
    }
    return *text != NULL;
}

static bool read_name(struct work *work, const json_t *json, const char *who, const char *key,
                      char out[NAME_TEXT_SIZE])
{
    struct name name;
    struct error err;
    const char *text;
    if (!read_text(work, json, who, key, &text)) {
        return false;
    }
    if (!name_parse(&name, text, &err)) {
        char clean[TEXT_MAX];
        outside_text_copy(err.text, clean, sizeof(clean));
        add_remark(work, who, true, alloc_printf("%s: %s", key, clean));
        return false;
    }
    name_print(name.octets, out);
    return true;
}

static bool read_host(struct work *work, const json_t *json, const char *who, const char *key,
                      char out[NAME_TEXT_SIZE])
{
    if (!read_name(work, json, who, key, out)) {
        return false;
    }
    if (!move_is_host(out)) {
        add_remark(work, who, true, alloc_printf("%s is no name of a host", key));
        return false;
    }
    if (strcmp(out, work->items[work->count].record) == 0) {
        add_remark(work, who, true, alloc_printf("%s is the record's own name", key));
        return false;
    }
    return true;
}

/* A container's name is ECS's: letters, digits, - and _. */
static bool read_container(struct work *work, const json_t *json, const char *who,
                           char out[IDENTIFIER_MAX + 1])
{
    const char *text;
    if (!read_text(work, json, who, "NewContainerName", &text)) {
        return false;
    }
    size_t len = strlen(text);
    if (len > IDENTIFIER_MAX || text[strspn(text, CONTAINER_OCTETS)] != '\0') {
        add_remark(work, who, true,
                   alloc_string("NewContainerName is no name of a container: letters, digits, - "
                                "and _, at most 128"));
        return false;
    }
    memcpy(out, text, len + 1);
    return true;
}

/* "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/cats/0123456789abcdef" */
static bool is_target_group(const char *text)
{
    for (const char *at = text; *at != '\0'; at++) {
        if (*at <= ' ' || *at > '~' || *at == '"') {
            return false;
        }
    }
    const char *service = strstr(text, ":elasticloadbalancing:");
    return strncmp(text, "arn:aws", strlen("arn:aws")) == 0 && service != NULL &&
           strstr(service, ":targetgroup/") != NULL && strlen(text) <= TARGET_GROUP_MAX;
}

/* None is fine. */
static bool read_target_group(struct work *work, const json_t *json, const char *who,
                              const char **text)
{
    *text = text_of(json, "TargetGroup");
    if (*text == NULL && json_object_get(json, "TargetGroup") == NULL) {
        return true;
    }
    if (*text == NULL || !is_target_group(*text)) {
        add_remark(work, who, true, alloc_string("TargetGroup is not the ARN of a target group"));
        return false;
    }
    return true;
}

static bool is_new(struct work *work, const struct item *item)
{
    for (size_t i = 0; i < work->count; i++) {
        const struct item *before = &work->items[i];
        if (strcmp(before->record, item->record) == 0 ||
            strcmp(before->container, item->container) == 0) {
            add_remark(work, item->container, true,
                       alloc_printf("item %s has the same RecordName or NewContainerName",
                                    before->container));
            return false;
        }
    }
    return true;
}

static void remark_on(struct work *work, const json_t *json, const struct item *item)
{
    if (is_true(json, "Triggered")) {
        add_remark(
            work, item->container, false,
            alloc_string("Triggered is set, so that the lab would start nothing before it is "
                         "reset; Ballast goes by deployments and needs no flag"));
    }
    if (item->target_group == NULL) {
        add_remark(work, item->container, false,
                   alloc_string("TargetGroup is missing: the candidate has no health check, and a "
                                "rollout would never fall back"));
    }
}

static void read_item(struct work *work, const json_t *json, size_t number)
{
    struct item *item = &work->items[work->count];
    const char *named = text_of(json, "NewContainerName");
    *item = (struct item){.container = ""};
    CLEANUP(alloc_freep)
    char *who = named != NULL ? alloc_string(named) : alloc_printf("number %zu", number);
    if (!json_is_object(json)) {
        add_remark(work, who, true, alloc_string("it is no object"));
        return;
    }
    bool is_read = read_container(work, json, who, item->container);
    is_read = read_name(work, json, who, "RecordName", item->record) && is_read;
    is_read = read_host(work, json, who, "OldLB", item->old_lb) && is_read;
    is_read = read_host(work, json, who, "NewLB", item->new_lb) && is_read;
    item->hosted_zone = text_of(json, "HostedZoneID");
    item->lb_zone = text_of(json, "LBZoneID");
    is_read = read_target_group(work, json, who, &item->target_group) && is_read;
    if (is_read && is_new(work, item)) {
        remark_on(work, json, item);
        work->count++;
    }
}

/* ---- the configuration ---- */

static void put_key(FILE *out, const char *key, const char *text)
{
    fputs(key, out);
    yaml_put_text(out, text);
    fputc('\n', out);
}

static void put_health_checks(FILE *out, const struct work *work)
{
    bool is_first = true;
    for (size_t i = 0; i < work->count; i++) {
        const struct item *item = &work->items[i];
        if (item->target_group != NULL) {
            fputs(is_first ? "health_checks:\n" : "", out);
            put_key(out, "  - name: ", item->container);
            fputs("    type: elbv2\n", out);
            put_key(out, "    target_group: ", item->target_group);
            is_first = false;
        }
    }
}

static void put_record_set(FILE *out, const struct item *item)
{
    put_key(out, "  - name: ", item->record);
    if (item->hosted_zone != NULL) {
        fputs("    # in the hosted zone ", out);
        comment_put_text(out, item->hosted_zone);
        fputs("; ballastctl route53 import moves the rest of it\n", out);
    }
    fputs("    type: A\n    ttl: 60 # of an alias of Route 53's\n    members:\n"
          "      - id: blue\n        weight: 100\n",
          out);
    fputs("        alias: ", out);
    yaml_put_text(out, item->old_lb);
    if (item->lb_zone != NULL) {
        fputs(" # in the hosted zone ", out);
        comment_put_text(out, item->lb_zone);
    }
    fputs("\n      - id: green\n        weight: 0\n", out);
    put_key(out, "        alias: ", item->new_lb);
    if (item->target_group != NULL) {
        put_key(out, "        health_check: ", item->container);
    }
    fputs("        # The table does not say the service; here it is called as its container:\n",
          out);
    put_key(out, "        ecs_service: ", item->container);
    put_key(out, "        ecs_container: ", item->container);
}

static void put_rollout(FILE *out, const struct work *work, const struct item *item)
{
    put_key(out, "  - name: ", item->container);
    fputs("    record_set: ", out);
    CLEANUP(alloc_freep) char *key = alloc_printf("%s/A", item->record);
    yaml_put_text(out, key);
    if (work->wanted->cluster != NULL) {
        put_key(out, "\n    cluster: ", work->wanted->cluster);
    } else {
        fputs("\n    # Whose events count, the table does not say: the cluster's name or ARN.\n"
              "    # cluster: NAME\n",
              out);
    }
    fputs("    plan: { steps: [10, 50, 100], hold: 60s }\n", out);
}

static char *print(const struct work *work)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    fputs("# For a configuration; from the lab's table: ", out);
    comment_put_text(out, work->wanted->source);
    fputc('\n', out);
    put_health_checks(out, work);
    fputs(work->count > 0 ? "record_sets:\n" : "", out);
    for (size_t i = 0; i < work->count; i++) {
        put_record_set(out, &work->items[i]);
    }
    fputs(work->count > 0 ? "rollouts:\n" : "", out);
    for (size_t i = 0; i < work->count; i++) {
        put_rollout(out, work, &work->items[i]);
    }
    fclose(out);
    return text;
}

void canary_make(const struct canary_wanted *wanted, const json_t *items, struct canary *out)
{
    struct work work = {.wanted = wanted, .out = out};
    *out = (struct canary){.count = 0};
    work.items = alloc_zeroed(json_array_size(items) + 1, sizeof(*work.items));
    for (size_t i = 0; i < json_array_size(items); i++) {
        read_item(&work, json_array_get(items, i), i + 1);
    }
    out->count = work.count;
    out->config_text = print(&work);
    free(work.items);
}

void canary_done(struct canary *canary)
{
    free(canary->config_text);
    move_remarks_done(&canary->remarks);
    *canary = (struct canary){.count = 0};
}
