/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/ctl_route53.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/alloc.h"
#include "control/ctl_watch.h"
#include "control/ctl_files.h"
#include "control/ctl_hosted_zone.h"
#include "control/ctl_remarks.h"
#include "control/ctl_words.h"
#include "control/move/cli_json.h"
#include "control/move/import.h"

#define ADDRESSES_MAX 16

/* What was asked for. */
struct request {
    const char *zone, *from, *zone_id, *folder;
    const char *nameserver_words[WORDS_REPEATED_MAX];
    size_t nameserver_count;
    bool replaces, is_strict;
    struct import_nameserver nameservers[WORDS_REPEATED_MAX];
    const char *addresses[WORDS_REPEATED_MAX][ADDRESSES_MAX];
    char *owned[WORDS_REPEATED_MAX]; /* what both point into */
};

static void request_donep(struct request *request)
{
    for (size_t i = 0; i < request->nameserver_count; i++) {
        free(request->owned[i]);
    }
}

/* "ns1.example.org=192.0.2.53,2001:db8::53". */
static bool nameserver_read(struct request *request, size_t index, struct error *err)
{
    struct import_nameserver *nameserver = &request->nameservers[index];
    char *word = request->owned[index] = alloc_string(request->nameserver_words[index]);
    char *rest = strchr(word, '=');
    nameserver->name = word;
    nameserver->addresses = request->addresses[index];
    if (rest == NULL) {
        return true;
    }
    *rest++ = '\0';
    for (char *address; (address = strsep(&rest, ",")) != NULL;) {
        if (nameserver->address_count == ADDRESSES_MAX) {
            return error_set(err, "route53 import: --ns %s has more than %d addresses", word,
                             ADDRESSES_MAX);
        }
        request->addresses[index][nameserver->address_count++] = address;
    }
    return true;
}

static bool request_read(struct request *request, const char *const *arguments, size_t count,
                         struct error *err)
{
    const struct words_option options[] = {
        {.name = "--from", .value = &request->from},
        {.name = "--zone-id", .value = &request->zone_id},
        {.name = "--out", .value = &request->folder},
        {.name = "--force", .flag = &request->replaces},
        {.name = "--strict", .flag = &request->is_strict},
        {.name = "--ns",
         .values = request->nameserver_words,
         .value_count = &request->nameserver_count},
    };
    if (!words_read("route53 import", options, ARRAY_LEN(options), arguments, count, &request->zone,
                    1, err)) {
        return false;
    }
    if (request->zone == NULL) {
        return error_set(err, "route53 import: expected the name of a zone");
    }
    for (size_t i = 0; i < request->nameserver_count; i++) {
        if (!nameserver_read(request, i, err)) {
            return false;
        }
    }
    return true;
}

/* Where the record sets are from is in *source, which the caller frees. */
static bool sets_read(const struct request *request, struct route53_record_sets *sets,
                      char **source, struct error *err)
{
    if (request->from != NULL) {
        size_t len;
        const char *path = strcmp(request->from, "-") == 0 ? "standard input" : request->from;
        CLEANUP(alloc_freep) char *text = ctl_file_read(request->from, &len, err);
        *source = alloc_string(path);
        return text != NULL && cli_json_read_record_sets(text, len, path, sets, err);
    }
    CLEANUP(ctl_aws_closep) struct ctl_aws *aws = ctl_aws_open(NULL, err);
    if (aws == NULL) {
        return false;
    }
    CLEANUP(alloc_freep)
    char *id = request->zone_id != NULL ? alloc_string(request->zone_id)
                                        : hosted_zone_find(aws, request->zone, err);
    *source = alloc_printf("hosted zone %s", id == NULL ? "" : id);
    return id != NULL && hosted_zone_list(aws, id, sets, err);
}

/* ---- what came of it ---- */

/* 2026112601: the day, as serials are usually written, in UTC. */
static uint32_t serial_now(void)
{
    time_t now = time(NULL);
    struct tm day;
    if (gmtime_r(&now, &day) == NULL) {
        return 1;
    }
    return (uint32_t)(((day.tm_year + 1900) * 10000 + (day.tm_mon + 1) * 100 + day.tm_mday) * 100 +
                      1);
}

static void json_print(const struct import *import)
{
    json_t *lost = json_array(), *notes = json_array();
    for (size_t i = 0; i < import->remarks.count; i++) {
        const struct move_remark *remark = &import->remarks.remarks[i];
        json_array_append_new(remark->is_lost ? lost : notes, json_string(remark->text));
    }
    json_t *json =
        json_pack("{s:s, s:s, s:o, s:o}", "zone_file", import->zone_text, "configuration",
                  import->config_text, "not_moved", lost, "notes", notes);
    json_dumpf(json, stdout, JSON_INDENT(2));
    fputc('\n', stdout);
    json_decref(json);
}

static bool files_write(const struct request *request, const struct import *import,
                        const char *base, const char *zone_file, struct error *err)
{
    CLEANUP(alloc_freep) char *zone_path = alloc_printf("%s/%s", request->folder, zone_file);
    CLEANUP(alloc_freep) char *config_path = alloc_printf("%s/%s.yaml", request->folder, base);
    const struct ctl_file files[] = {{zone_path, import->zone_text},
                                     {config_path, import->config_text}};
    if (!ctl_files_write(request->folder, files, ARRAY_LEN(files), request->replaces, err)) {
        return false;
    }
    printf("%s: %zu record sets\n%s: %zu record sets\n", zone_path, import->static_count,
           config_path, import->record_count);
    printf("next: ballastd -c %s --check\n", config_path);
    return true;
}

static int import_put(const struct request *request, const struct import *import, const char *base,
                      const char *zone_file, bool as_json, struct error *err)
{
    if (request->folder != NULL && !files_write(request, import, base, zone_file, err)) {
        return EXIT_REFUSED;
    }
    if (request->folder == NULL && as_json) {
        json_print(import);
    } else if (request->folder == NULL) {
        printf("; ---- %s\n%s# ---- %s.yaml\n%s", zone_file, import->zone_text, base,
               import->config_text);
    }
    return ctl_remarks_print(&import->remarks, request->is_strict, err) ? EXIT_DONE : EXIT_REFUSED;
}

int route53_import_run(const char *const *arguments, size_t count, bool as_json, struct error *err)
{
    CLEANUP(request_donep) struct request request = {.zone = NULL};
    CLEANUP(route53_record_sets_done) struct route53_record_sets sets = {.count = 0};
    CLEANUP(import_done) struct import import = {.zone_text = NULL};
    CLEANUP(alloc_freep) char *source = NULL;
    if (!request_read(&request, arguments, count, err)) {
        return EXIT_USAGE;
    }
    if (!sets_read(&request, &sets, &source, err)) {
        return EXIT_REFUSED;
    }
    CLEANUP(alloc_freep) char *base = ctl_file_base(request.zone);
    CLEANUP(alloc_freep) char *zone_file = alloc_printf("%s.zone", base);
    const struct import_wanted wanted = {.zone = request.zone,
                                         .nameservers = request.nameservers,
                                         .nameserver_count = request.nameserver_count,
                                         .serial = serial_now(),
                                         .source = source,
                                         .zone_file = zone_file};
    if (!import_make(&wanted, &sets, &import, err)) {
        return EXIT_REFUSED;
    }
    return import_put(&request, &import, base, zone_file, as_json, err);
}
