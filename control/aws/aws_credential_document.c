/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/aws/aws_credential_document.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/alloc.h"
#include "common/attributes.h"
#include "control/http/outside_json.h"

bool aws_time_parse(const char *text, int64_t *at_ms)
{
    struct tm utc = {.tm_mday = 1};
    const char *end = strptime(text, "%Y-%m-%dT%H:%M:%S", &utc);
    if (end == NULL) {
        return false;
    }
    if (*end == '.') {
        end += 1 + strspn(end + 1, "0123456789");
    }
    struct tm offset = {.tm_gmtoff = 0};
    if (strcmp(end, "Z") != 0) {
        const char *rest = strptime(end, "%z", &offset);
        if (rest == NULL || *rest != '\0') {
            return false;
        }
    }
    *at_ms = ((int64_t)timegm(&utc) - offset.tm_gmtoff) * 1000;
    return true;
}

bool aws_credential_is_printable(const char *text)
{
    for (; text != NULL && *text != '\0'; text++) {
        if (*text <= ' ' || *text > '~') {
            return false;
        }
    }
    return true;
}

bool aws_credential_document_read(const json_t *document, const char *token_key,
                                  struct aws_credentials *credentials, struct error *err)
{
    const char *id = outside_json_text_or_null(document, "AccessKeyId");
    const char *secret = outside_json_text_or_null(document, "SecretAccessKey");
    const char *token = outside_json_text_or_null(document, token_key);
    const char *end = outside_json_text_or_null(document, "Expiration");
    int64_t expires_ms = 0;
    *credentials = (struct aws_credentials){.expires_ms = 0};
    if (id == NULL || secret == NULL) {
        return error_set(err, "%s is missing in what it says",
                         id == NULL ? "AccessKeyId" : "SecretAccessKey");
    }
    if (!aws_credential_is_printable(id) || !aws_credential_is_printable(secret) ||
        !aws_credential_is_printable(token)) {
        return error_set(err, "a key has characters that no key has");
    }
    if (end != NULL && !aws_time_parse(end, &expires_ms)) {
        return error_set(err, "Expiration is no time, expected one like 2026-11-26T15:00:00Z");
    }
    *credentials =
        (struct aws_credentials){.access_key_id = alloc_string(id),
                                 .secret_access_key = alloc_string(secret),
                                 .session_token = token == NULL ? NULL : alloc_string(token),
                                 .expires_ms = expires_ms};
    return true;
}

bool aws_credential_document_parse(const char *text, size_t len, bool is_process,
                                   struct aws_credentials *credentials, struct error *err)
{
    json_error_t why;
    json_t *document = json_loadb(text, len, 0, &why);
    bool is_good = false;
    *credentials = (struct aws_credentials){.expires_ms = 0};
    if (!json_is_object(document)) {
        error_set(err, "what it says is no JSON object");
    } else if (is_process && json_integer_value(json_object_get(document, "Version")) != 1) {
        error_set(err, "what it says has no Version 1");
    } else {
        is_good = aws_credential_document_read(document, is_process ? "SessionToken" : "Token",
                                               credentials, err);
    }
    json_decref(document);
    return is_good;
}
