/* SPDX-License-Identifier: BSD-2-Clause */
/* `route53 export`: what a configuration says, or what the daemon serves, as change batches. */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "common/config.h"
#include "control/aws/route53_xml.h"
#include "control/ctl_client.h"
#include "control/ctl_files.h"
#include "control/ctl_remarks.h"
#include "control/ctl_route53.h"
#include "control/ctl_text.h"
#include "control/ctl_watch.h"
#include "control/ctl_words.h"
#include "control/move/export.h"
#include "zones/record_set.h"
#include "zones/zone_export.h"
#include "zones/zonefile.h"

#define PART_OCTETS ((size_t)1 << 20)

/* What was asked for, and what was found. */
struct request {
    const char *zone, *config_path, *folder, *socket;
    const char *alias_words[WORDS_REPEATED_MAX];
    size_t alias_count;
    struct export_alias_zone alias_zones[WORDS_REPEATED_MAX];
    char *owned[WORDS_REPEATED_MAX];
    bool replaces, is_strict, is_dry;
    char *text; /* the zone */
    struct config *config;
    json_t *records; /* the daemon's answer; sets point into it, or into config */
    struct export_set *sets;
    size_t set_count;
};

static void request_donep(struct request *request)
{
    for (size_t i = 0; i < request->alias_count; i++) {
        free(request->owned[i]);
    }
    for (size_t i = 0; i < request->set_count; i++) {
        struct export_member *members = (struct export_member *)request->sets[i].members;
        for (size_t j = 0; j < request->sets[i].member_count && request->config == NULL; j++) {
            free((void *)members[j].values);
        }
        free(members);
    }
    free(request->sets);
    free(request->text);
    config_free(request->config);
    json_decref(request->records);
}

static bool request_read(struct request *request, const char *const *arguments, size_t count,
                         struct error *err)
{
    const struct words_option options[] = {
        {.name = "--config", .value = &request->config_path},
        {.name = "--out", .value = &request->folder},
        {.name = "--force", .flag = &request->replaces},
        {.name = "--strict", .flag = &request->is_strict},
        {.name = "--dry-run", .flag = &request->is_dry},
        {.name = "--alias-zone",
         .values = request->alias_words,
         .value_count = &request->alias_count},
    };
    if (!words_read("route53 export", options, ARRAY_LEN(options), arguments, count, &request->zone,
                    1, err)) {
        return false;
    }
    if (request->zone == NULL) {
        return error_set(err, "route53 export: expected the name of a zone");
    }
    for (size_t i = 0; i < request->alias_count; i++) {
        char *word = request->owned[i] = alloc_string(request->alias_words[i]);
        char *equals = strchr(word, '=');
        if (equals == NULL || equals == word || equals[1] == '\0') {
            return error_set(err, "route53 export: found --alias-zone %.200s, expected HOST=ID",
                             word);
        }
        *equals = '\0';
        request->alias_zones[i] = (struct export_alias_zone){word, equals + 1};
    }
    return true;
}

/* ---- a configuration ---- */

/* Of a record set that Route 53 is kept in step with. */
static void add_known(struct export_member *member, const struct config_route53_member *known)
{
    member->id = known->set_identifier != NULL ? known->set_identifier : member->id;
    member->health_check_id = known->health_check_id;
    if (known->alias_zone_id != NULL) {
        member->alias = known->alias_name != NULL ? known->alias_name : member->alias;
        member->alias_zone_id = known->alias_zone_id;
        member->evaluates_health = known->evaluate_target_health;
    }
}

static void add_configured(struct request *request, const struct config_record_set *from)
{
    struct export_member *members = alloc_zeroed(from->member_count, sizeof(*members));
    for (size_t i = 0; i < from->member_count; i++) {
        const struct config_member *member = &from->members[i];
        members[i] = (struct export_member){.id = member->id,
                                            .weight = member->weight,
                                            .values = (const char *const *)member->values,
                                            .value_count = member->value_count,
                                            .alias = member->alias};
        if (member->route53 != NULL) {
            add_known(&members[i], member->route53);
        }
    }
    request->sets[request->set_count++] = (struct export_set){.name = from->name,
                                                              .type = from->type,
                                                              .ttl_s = from->ttl_s,
                                                              .members = members,
                                                              .member_count = from->member_count};
}

static void take_zone(struct request *request, const struct zone *zone)
{
    size_t len = 0;
    FILE *out = open_memstream(&request->text, &len);
    CLEANUP(zone_export_freep) struct zone_export *export = zone_export_new_static(zone);
    for (char *part; (part = zone_export_next(export, PART_OCTETS)) != NULL; free(part)) {
        fputs(part, out);
    }
    fclose(out);
    request->sets = alloc_zeroed(request->config->record_set_count + 1, sizeof(*request->sets));
    for (size_t i = 0; i < zone->node_count; i++) {
        const struct node *node = &zone->nodes[i];
        for (size_t j = 0; j < node->rrset_count; j++) {
            uint32_t id = node->rrsets[j].record_set;
            if (id != RRSET_STATIC) {
                add_configured(request, &request->config->record_sets[id]);
            }
        }
    }
}

static size_t find_zone(const struct config *config, const struct name *wanted)
{
    for (size_t i = 0; i < config->zone_count; i++) {
        struct name name;
        if (name_parse(&name, config->zones[i].name, NULL) && name.len == wanted->len &&
            memcmp(name.octets, wanted->octets, name.len) == 0) {
            return i;
        }
    }
    return config->zone_count;
}

static bool read_config(struct request *request, struct error *err)
{
    struct name wanted;
    request->config = config_load(request->config_path, err);
    if (request->config == NULL || !name_parse(&wanted, request->zone, err)) {
        return false;
    }
    size_t index = find_zone(request->config, &wanted);
    if (index == request->config->zone_count) {
        return error_set(err, "%s has no zone %s", request->config_path, request->zone);
    }
    request->config->zones[index].dnssec = NULL; /* signatures do not move */
    CLEANUP(record_sets_freep) struct record_sets *sets = record_sets_new(request->config, err);
    CLEANUP(zone_freep)
    struct zone *zone =
        sets == NULL ? NULL : zonefile_load(request->config, index, sets, NULL, err);
    if (zone == NULL) {
        return false;
    }
    take_zone(request, zone);
    if (request->set_count > 0) {
        fputs("note: the weights are the configuration's; those of a running daemon may be others, "
              "and are taken without --config\n",
              stderr);
    }
    return true;
}

/* ---- the daemon ---- */

static bool put_part(void *argument, const json_t *result, struct error *err)
{
    const char *text = json_string_value(json_object_get(result, "text"));
    if (text == NULL) {
        return error_set(err, "the daemon's answer has no \"text\"");
    }
    return fputs(text, argument) >= 0 || error_set(err, "memory: %s", strerror(errno));
}

/* False: it is not as the daemon describes one. */
static bool add_described(struct request *request, const json_t *record)
{
    const json_t *described = json_object_get(record, "members");
    size_t count = json_array_size(described);
    struct export_member *members = alloc_zeroed(count + 1, sizeof(*members));
    for (size_t i = 0; i < count; i++) {
        const json_t *member = json_array_get(described, i);
        const json_t *values = json_object_get(member, "values");
        const json_t *target = json_object_get(json_object_get(member, "alias"), "target");
        const char **texts = alloc_zeroed(json_array_size(values) + 1, sizeof(*texts));
        members[i] = (struct export_member){.id = field_text(member, "id"),
                                            .weight = (int)field_number(member, "weight"),
                                            .values = texts,
                                            .alias = json_string_value(target)};
        for (size_t j = 0; j < json_array_size(values) && members[i].alias == NULL; j++) {
            const char *value = json_string_value(json_array_get(values, j));
            texts[members[i].value_count++] = value == NULL ? "" : value;
        }
    }
    request->sets[request->set_count++] =
        (struct export_set){.name = field_text(record, "name"),
                            .type = field_text(record, "type"),
                            .ttl_s = (uint32_t)field_number(record, "ttl_configured_s"),
                            .members = members,
                            .member_count = count};
    return count > 0;
}

static bool take_records(struct request *request, const char *zone, struct error *err)
{
    const json_t *records = json_object_get(request->records, "record_sets");
    request->sets = alloc_zeroed(json_array_size(records) + 1, sizeof(*request->sets));
    for (size_t i = 0; i < json_array_size(records); i++) {
        const json_t *record = json_array_get(records, i);
        if (strcmp(field_text(record, "zone"), zone) == 0 && !add_described(request, record)) {
            return error_set(err, "the daemon's answer has a record set without members");
        }
    }
    return true;
}

static int read_answers(struct request *request, struct client *client, struct error *err)
{
    size_t len = 0;
    struct name name;
    char zone[NAME_TEXT_SIZE];
    json_t *result = NULL;
    if (!name_parse(&name, request->zone, err)) {
        return EXIT_USAGE;
    }
    name_print(name.octets, zone);
    FILE *out = open_memstream(&request->text, &len);
    enum client_outcome outcome =
        client_ask_in_parts(client, "zone export", &request->zone, 1, put_part, out, &result, err);
    fclose(out);
    json_decref(result);
    if (outcome == CLIENT_DONE) {
        outcome = client_ask(client, "record list", NULL, 0, &request->records, err);
    }
    if (outcome != CLIENT_DONE) {
        return outcome == CLIENT_LOST ? EXIT_UNREACHABLE : EXIT_REFUSED;
    }
    return take_records(request, zone, err) ? EXIT_DONE : EXIT_REFUSED;
}

static int read_daemon(struct request *request, struct error *err)
{
    struct client *client = client_open(request->socket, err);
    if (client == NULL) {
        return EXIT_UNREACHABLE;
    }
    int code = read_answers(request, client, err);
    client_close(client);
    return code;
}

/* ---- what came of it ---- */

static char *batch_text(const struct route53_batch *batch)
{
    json_t *json = route53_batch_json(batch);
    CLEANUP(alloc_freep) char *text = json_dumps(json, JSON_INDENT(2));
    json_decref(json);
    return alloc_printf("%s\n", text);
}

static bool files_write(const struct request *request, const struct export *export,
                        struct error *err)
{
    struct ctl_file *files = alloc_zeroed(export->count + 1, sizeof(*files));
    CLEANUP(alloc_freep) char *base = ctl_file_base(request->zone);
    for (size_t i = 0; i < export->count; i++) {
        files[i].path = alloc_printf("%s/%s-%zu.json", request->folder, base, i + 1);
        files[i].text = batch_text(&export->batches[i]);
    }
    bool is_written =
        ctl_files_write(request->folder, files, export->count, request->replaces, err);
    for (size_t i = 0; i < export->count; i++) {
        if (is_written) {
            printf("%s: %zu changes\n", files[i].path, export->batches[i].count);
        }
        free(files[i].path);
        free((char *)files[i].text);
    }
    free(files);
    return is_written;
}

static int export_put(const struct request *request, const struct export *export, bool as_json,
                      struct error *err)
{
    bool prints = request->folder == NULL || request->is_dry;
    if (!prints && !files_write(request, export, err)) {
        return EXIT_REFUSED;
    }
    if (prints && as_json) {
        json_t *batches = json_array();
        for (size_t i = 0; i < export->count; i++) {
            json_array_append_new(batches, route53_batch_json(&export->batches[i]));
        }
        json_t *json = json_pack("{s:o}", "batches", batches);
        json_dumpf(json, stdout, JSON_INDENT(2));
        fputc('\n', stdout);
        json_decref(json);
    }
    for (size_t i = 0; i < export->count && prints && !as_json; i++) {
        CLEANUP(alloc_freep) char *text = batch_text(&export->batches[i]);
        fputs(text, stdout);
    }
    return ctl_remarks_print(&export->remarks, request->is_strict, err) ? EXIT_DONE : EXIT_REFUSED;
}

int route53_export_run(const char *const *arguments, size_t count, const char *socket, bool as_json,
                       struct error *err)
{
    CLEANUP(request_donep) struct request request = {.socket = socket};
    CLEANUP(export_done) struct export export = {.count = 0};
    if (!request_read(&request, arguments, count, err)) {
        return EXIT_USAGE;
    }
    int code = request.config_path == NULL  ? read_daemon(&request, err)
               : read_config(&request, err) ? EXIT_DONE
                                            : EXIT_REFUSED;
    if (code != EXIT_DONE) {
        return code;
    }
    const struct export_wanted wanted = {.zone = request.zone,
                                         .text = request.text,
                                         .sets = request.sets,
                                         .set_count = request.set_count,
                                         .alias_zones = request.alias_zones,
                                         .alias_zone_count = request.alias_count};
    if (!export_make(&wanted, &export, err)) {
        return EXIT_REFUSED;
    }
    return export_put(&request, &export, as_json, err);
}
