/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/ctl_canary.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "control/ctl_aws.h"
#include "control/ctl_files.h"
#include "control/ctl_remarks.h"
#include "control/ctl_watch.h"
#include "control/ctl_words.h"
#include "control/move/canary_table.h"
#include "control/move/cli_json.h"

struct request {
    const char *from, *table, *cluster;
    bool is_strict;
};

static bool request_read(struct request *request, const char *const *arguments, size_t count,
                         struct error *err)
{
    const char *none = NULL;
    const struct words_option options[] = {
        {.name = "--from", .value = &request->from},
        {.name = "--table", .value = &request->table},
        {.name = "--cluster", .value = &request->cluster},
        {.name = "--strict", .flag = &request->is_strict},
    };
    if (!words_read("import canary-table", options, ARRAY_LEN(options), arguments, count, &none, 0,
                    err)) {
        return false;
    }
    return (request->from == NULL) != (request->table == NULL) ||
           error_set(err, "import canary-table: expected either --from FILE or --table NAME");
}

/* All pages of the table, as the AWS CLI would have saved them. */
static json_t *scan(const char *table, struct error *err)
{
    CLEANUP(ctl_aws_closep) struct ctl_aws *aws = ctl_aws_open(NULL, err);
    json_t *input = json_pack("{s:s}", "TableName", table);
    json_t *pages = json_array();
    bool goes_on = aws != NULL && input != NULL;
    bool is_done = goes_on;
    if (aws != NULL && input == NULL) {
        error_set(err, "--table: the name is no UTF-8");
    }
    while (goes_on) {
        struct aws_answer answer;
        const struct aws_request request = {
            .service = AWS_DYNAMODB, .operation = "Scan", .input = input};
        is_done = ctl_aws_ask(aws, &request, &answer, err);
        goes_on = false;
        if (is_done) {
            json_t *key = json_object_get(answer.document, "LastEvaluatedKey");
            json_array_append(pages, answer.document);
            goes_on = json_object_size(key) > 0;
            json_object_set(input, "ExclusiveStartKey", key);
            ctl_aws_answer_done(&answer);
        }
    }
    json_decref(input);
    if (!is_done) {
        json_decref(pages);
        return NULL;
    }
    return pages;
}

static json_t *documents_read(const struct request *request, const char *source, struct error *err)
{
    size_t len;
    if (request->from == NULL) {
        return scan(request->table, err);
    }
    CLEANUP(alloc_freep) char *text = ctl_file_read(request->from, &len, err);
    json_t *documents = text == NULL ? NULL : cli_json_parse(text, len, source, err);
    if (documents != NULL && !cli_json_is_whole(documents, source, err)) {
        json_decref(documents);
        return NULL;
    }
    return documents;
}

static void json_print(const struct canary *canary)
{
    json_t *lost = json_array(), *notes = json_array();
    for (size_t i = 0; i < canary->remarks.count; i++) {
        const struct move_remark *remark = &canary->remarks.remarks[i];
        json_array_append_new(remark->is_lost ? lost : notes, json_string(remark->text));
    }
    json_t *json = json_pack("{s:s, s:o, s:o}", "configuration", canary->config_text, "not_moved",
                             lost, "notes", notes);
    json_dumpf(json, stdout, JSON_INDENT(2));
    fputc('\n', stdout);
    json_decref(json);
}

int canary_table_run(const char *const *arguments, size_t count, bool as_json, struct error *err)
{
    struct request request = {.from = NULL};
    CLEANUP(canary_done) struct canary canary = {.count = 0};
    if (!request_read(&request, arguments, count, err)) {
        return EXIT_USAGE;
    }
    bool is_standard = request.from != NULL && strcmp(request.from, "-") == 0;
    const char *source = is_standard            ? "standard input"
                         : request.from != NULL ? request.from
                                                : request.table;
    json_t *documents = documents_read(&request, source, err);
    json_t *items = documents == NULL ? NULL : canary_items(documents, err);
    json_decref(documents);
    if (items == NULL) {
        return EXIT_REFUSED;
    }
    const struct canary_wanted wanted = {.source = source, .cluster = request.cluster};
    canary_make(&wanted, items, &canary);
    json_decref(items);
    if (as_json) {
        json_print(&canary);
    } else {
        fputs(canary.config_text, stdout);
    }
    return ctl_remarks_print(&canary.remarks, request.is_strict, err) ? EXIT_DONE : EXIT_REFUSED;
}
