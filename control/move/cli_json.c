/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/move/cli_json.h"

#include <string.h>

#include "common/alloc.h"
#include "control/aws/route53_xml.h"
#include "control/http/outside_text.h"

static size_t skip_blanks(const char *text, size_t at, size_t len)
{
    while (at < len && strchr(" \t\r\n", text[at]) != NULL && text[at] != '\0') {
        at++;
    }
    return at;
}

static unsigned line_of(const char *text, size_t at)
{
    unsigned line = 1;
    for (size_t i = 0; i < at; i++) {
        line += text[i] == '\n' ? 1 : 0;
    }
    return line;
}

json_t *cli_json_parse(const char *text, size_t len, const char *path, struct error *err)
{
    json_t *documents = json_array();
    size_t at = skip_blanks(text, 0, len);
    do {
        json_error_t json_error;
        json_t *document = json_loadb(text + at, len - at, JSON_DISABLE_EOF_CHECK, &json_error);
        if (!json_is_object(document)) {
            char said[JSON_ERROR_TEXT_LENGTH];
            outside_text_copy(json_error.text, said, sizeof(said));
            unsigned line = line_of(text, at);
            error_set(err, "%s:%u: %s, expected the AWS CLI's JSON", path,
                      document == NULL && json_error.line > 0 ? line + (unsigned)json_error.line - 1
                                                              : line,
                      document == NULL ? said : "no object");
            json_decref(document);
            json_decref(documents);
            return NULL;
        }
        json_array_append_new(documents, document);
        at = skip_blanks(text, at + (size_t)json_error.position, len);
    } while (at < len);
    return documents;
}

bool cli_json_is_whole(const json_t *documents, const char *path, struct error *err)
{
    const json_t *last = json_array_get(documents, json_array_size(documents) - 1);
    const json_t *token = json_object_get(last, "NextToken");
    const json_t *key = json_object_get(last, "LastEvaluatedKey");
    bool goes_on = (token != NULL && !json_is_null(token)) || (key != NULL && !json_is_null(key)) ||
                   json_is_true(json_object_get(last, "IsTruncated"));
    return !goes_on ||
           error_set(err,
                     "%s: the list goes on after the last page here, expected all "
                     "pages, one after the other (without --max-items and --no-paginate "
                     "the AWS CLI writes all of them)",
                     path);
}

bool cli_json_read_record_sets(const char *text, size_t len, const char *path,
                               struct route53_record_sets *sets, struct error *err)
{
    json_t *documents = cli_json_parse(text, len, path, err);
    bool is_read = documents != NULL && cli_json_is_whole(documents, path, err);
    for (size_t i = 0; i < json_array_size(documents) && is_read; i++) {
        is_read = route53_read_record_sets(json_array_get(documents, i), sets, err) ||
                  error_add_context(err, "%s", path);
    }
    json_decref(documents);
    return is_read;
}
