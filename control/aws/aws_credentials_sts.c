/* SPDX-License-Identifier: BSD-2-Clause */
/* Credentials of a role, from the Security Token Service. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/alloc.h"
#include "common/attributes.h"
#include "common/file.h"
#include "control/aws/aws_call.h"
#include "control/aws/aws_credential_document.h"
#include "control/aws/aws_credentials_private.h"
#include "control/aws/aws_endpoint.h"
#include "control/aws/aws_profiles.h"
#include "control/aws/aws_sign.h"

#define TIMEOUT_MS         10000
#define ANSWER_MAX         65536
#define DURATION_DEFAULT_S 3600

/* STS refused the signature for its time. True: the clock is corrected, once a search, and the role
 * is asked for again. */
static bool corrects_clock(struct aws_credential_source *source, const struct http_answer *answer,
                           enum aws_failure failure, const struct aws_answer *judged)
{
    struct aws_search *search = &source->search;
    int64_t skew_ms = source->skew_ms;
    int64_t now_ms = source->chance.now_ms(source->chance.argument);
    if (search->assuming == NULL || search->skew_was_corrected ||
        !aws_call_corrects_skew(failure, judged, http_answer_header(answer, "Date"), now_ms,
                                &skew_ms)) {
        return false;
    }
    search->skew_was_corrected = true;
    aws_credentials_set_skew(source, skew_ms);
    aws_search_assume(source, search->assuming);
    return true;
}

static void take_role(struct aws_credential_source *source, const json_t *document,
                      const char *operation)
{
    struct aws_credentials credentials = {.expires_ms = 0};
    struct error err = {.text = ""};
    if (aws_credential_document_read(json_object_get(document, "Credentials"), "SessionToken",
                                     &credentials, &err)) {
        aws_search_found(source, &credentials);
    } else {
        aws_search_failed(source, "sts %s: %s", operation, err.text);
    }
    aws_credentials_done(&credentials);
}

static void take(struct aws_credential_source *source, const struct http_answer *answer,
                 const char *operation)
{
    const struct aws_request request = {.service = AWS_STS, .operation = operation};
    const struct aws_response response = {
        .status = answer->status, .body = answer->body, .len = answer->len};
    struct aws_answer judged = {.document = NULL};
    source->search.http = NULL;
    if (!answer->is_whole) {
        aws_search_failed(source, "sts %s: %s", operation, answer->text);
        return;
    }
    enum aws_failure failure = aws_call_judge(&request, &response, &judged);
    if (failure == AWS_FAILURE_NONE) {
        take_role(source, judged.document, operation);
    } else if (!corrects_clock(source, answer, failure, &judged)) {
        aws_search_failed(source, "%s", judged.text);
    }
    json_decref(judged.document);
}

static void on_assumed(void *argument, const struct http_answer *answer)
{
    take(argument, answer, "AssumeRole");
}

static void on_web(void *argument, const struct http_answer *answer)
{
    take(argument, answer, "AssumeRoleWithWebIdentity");
}

/* Signed by the base credentials, or, when there are none, not at all. */
static void ask(struct aws_credential_source *source, const char *operation, json_t *input,
                http_done done)
{
    const struct aws_request request = {.service = AWS_STS, .operation = operation, .input = input};
    struct aws_search *search = &source->search;
    struct aws_endpoint endpoint;
    struct aws_message message;
    struct aws_signature signature = {NULL, NULL, NULL};
    struct error err = {.text = ""};
    if (!aws_endpoint_find(source->settings, AWS_STS, aws_credentials_region(source), &endpoint,
                           &err)) {
        aws_search_failed(source, "sts %s: %s", operation, err.text);
        return;
    }
    aws_message_make(&request, &message);
    CLEANUP(alloc_freep) char *path = alloc_printf("%s%s", endpoint.path, message.path);
    CLEANUP(alloc_freep) char *url = alloc_printf("%s%s", endpoint.url, message.path);
    if (search->base.access_key_id != NULL) {
        aws_sign(&(struct aws_to_sign){.method = message.method,
                                       .host = endpoint.host,
                                       .path = path,
                                       .query = "",
                                       .headers = (const char *const *)message.headers,
                                       .body = message.body,
                                       .body_len = message.body_len,
                                       .region = endpoint.signing_region,
                                       .service = "sts",
                                       .time_s = aws_search_now_ms(source) / 1000,
                                       .normalizes_path = true},
                 &search->base, &signature);
    }
    const char *const headers[] = {message.headers[0],      "Accept: */*",   signature.date,
                                   signature.authorization, signature.token, NULL};
    const struct http_request sent = {.method = message.method,
                                      .url = url,
                                      .ca_file = source->settings->ca_file,
                                      .headers = headers,
                                      .body = message.body,
                                      .body_len = message.body_len,
                                      .purpose = "credentials",
                                      .timeout_ms = TIMEOUT_MS,
                                      .answer_max = ANSWER_MAX};
    search->http = http_call_start(source->http, &sent, done, source);
    aws_signature_done(&signature);
    aws_message_done(&message);
    aws_endpoint_done(&endpoint);
}

/* Who it is in CloudTrail, where nobody has said. */
static void set_session(json_t *input, const char *name)
{
    char own[64];
    snprintf(own, sizeof(own), "ballast-%ld", (long)getpid());
    json_object_set_new(input, "RoleSessionName", json_string(name != NULL ? name : own));
}

void aws_search_assume(struct aws_credential_source *source, const char *profile)
{
    const struct aws_profiles *profiles = source->settings->profiles;
    const char *external = aws_profiles_get(profiles, profile, "external_id");
    const char *duration = aws_profiles_get(profiles, profile, "duration_seconds");
    const char *role = aws_profiles_get(profiles, profile, "role_arn");
    if (aws_profiles_get(profiles, profile, "mfa_serial") != NULL) {
        aws_search_failed(source,
                          "profile %s has mfa_serial, and nobody is here to be asked for a code",
                          profile);
        return;
    }
    json_t *input = json_object();
    json_object_set_new(input, "RoleArn", json_string(role));
    set_session(input, aws_profiles_get(profiles, profile, "role_session_name"));
    if (external != NULL) {
        json_object_set_new(input, "ExternalId", json_string(external));
    }
    long seconds = duration == NULL ? DURATION_DEFAULT_S : strtol(duration, NULL, 10);
    json_object_set_new(input, "DurationSeconds", json_integer(seconds));
    ask(source, "AssumeRole", input, on_assumed);
    json_decref(input);
}

void aws_search_web(struct aws_credential_source *source, const char *role, const char *token_file,
                    const char *session)
{
    struct error err = {.text = ""};
    size_t len = 0;
    CLEANUP(alloc_freep) char *token = (char *)file_load(token_file, &len, &err);
    if (token == NULL) {
        aws_search_failed(source, "web identity token: %s", err.text);
        return;
    }
    while (len > 0 && token[len - 1] <= ' ' && token[len - 1] >= 0) {
        token[--len] = '\0';
    }
    json_t *input = json_object();
    json_object_set_new(input, "RoleArn", json_string(role));
    set_session(input, session);
    if (len == 0 || json_object_set_new(input, "WebIdentityToken", json_string(token)) != 0) {
        aws_search_failed(source, "%s: no web identity token in it", token_file);
    } else {
        aws_credentials_done(&source->search.base);
        ask(source, "AssumeRoleWithWebIdentity", input, on_web);
    }
    json_decref(input);
}
