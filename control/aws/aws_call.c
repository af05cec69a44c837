/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/aws/aws_call.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/alloc.h"
#include "common/attributes.h"
#include "control/aws/aws_form.h"
#include "control/aws/aws_xml.h"
#include "control/http/outside_json.h"
#include "control/http/outside_text.h"

/* AWS refuses what is more than five or fifteen minutes off; less is not the reason. */
#define SKEW_THAT_MATTERS_MS (4 * 60 * 1000)

enum aws_protocol aws_call_protocol(const struct aws_request *request)
{
    return request->is_query ? AWS_PROTOCOL_QUERY : aws_service_traits(request->service)->protocol;
}

static char *print_json(const json_t *input)
{
    return input == NULL ? alloc_string("{}") : json_dumps(input, JSON_COMPACT);
}

/* The path of a URL, encoded as it stands there. Caller frees. */
static char *path_of(const char *url)
{
    const char *authority = strstr(url, "://");
    const char *path = strchr(authority == NULL ? url : authority + 3, '/');
    return alloc_string(path == NULL ? "/" : path);
}

void aws_message_make(const struct aws_request *request, struct aws_message *message)
{
    const struct aws_service_traits *traits = aws_service_traits(request->service);
    *message = (struct aws_message){.method = "POST"};
    size_t count = 0;
    switch (aws_call_protocol(request)) {
    case AWS_PROTOCOL_JSON:
        message->path = alloc_string("/");
        message->body = print_json(request->input);
        message->headers[count++] =
            alloc_printf("Content-Type: application/x-amz-json-%s", traits->json_version);
        message->headers[count++] =
            alloc_printf("X-Amz-Target: %s.%s", traits->target_prefix, request->operation);
        break;
    case AWS_PROTOCOL_QUERY:
        message->path = request->url != NULL ? path_of(request->url) : alloc_string("/");
        message->body = aws_form_print(request->operation, traits->api_version, request->input,
                                       request->service == AWS_SQS);
        message->headers[count++] =
            alloc_string("Content-Type: application/x-www-form-urlencoded; charset=utf-8");
        break;
    case AWS_PROTOCOL_REST_XML:
        message->method = request->method;
        message->path = alloc_printf("/%s%s", traits->api_version, request->path);
        message->body = alloc_string(request->body != NULL ? request->body : "");
        if (request->body != NULL) {
            message->headers[count++] = alloc_string("Content-Type: application/xml");
        }
        break;
    }
    message->query = alloc_string(request->query != NULL ? request->query : "");
    message->body_len = strlen(message->body);
}

void aws_message_done(struct aws_message *message)
{
    free(message->path);
    free(message->query);
    free(message->body);
    for (size_t i = 0; i < AWS_CALL_HEADERS; i++) {
        free(message->headers[i]);
    }
    *message = (struct aws_message){.path = NULL};
}

/* "sqs.eu-west-1.amazonaws.com", "sqs-fips.…" and the old "eu-west-1.queue.amazonaws.com". */
static char *region_of(const char *host, const char *fallback)
{
    size_t first = strcspn(host, ".:");
    if (strncmp(host, "sqs", 3) == 0 && host[first] == '.') {
        const char *region = host + first + 1;
        size_t len = strcspn(region, ".:");
        if (memchr(region, '-', len) != NULL) {
            return alloc_printf("%.*s", (int)len, region);
        }
    }
    if (strncmp(host + first, ".queue.", strlen(".queue.")) == 0) {
        return alloc_printf("%.*s", (int)first, host);
    }
    return fallback == NULL ? NULL : alloc_string(fallback);
}

bool aws_call_queue_endpoint(const char *url, const char *fallback_region,
                             struct aws_endpoint *endpoint, struct error *err)
{
    const char *authority = strstr(url, "://");
    if (authority == NULL || authority[3] == '/' || authority[3] == '\0') {
        return error_set(err, "the URL of a queue is \"%s\", expected https://…", url);
    }
    size_t len = strcspn(authority + 3, "/");
    CLEANUP(alloc_freep) char *host = alloc_printf("%.*s", (int)len, authority + 3);
    char *region = region_of(host, fallback_region);
    if (region == NULL) {
        return error_set(err, "no region is set, and \"%s\" does not have one", url);
    }
    aws_endpoint_done(endpoint);
    endpoint->url = alloc_printf("%.*s", (int)(authority + 3 + len - url), url);
    aws_endpoint_drop_port(url, host);
    endpoint->host = STEAL(host);
    endpoint->path = alloc_string("");
    endpoint->signing_region = region;
    return true;
}

/* "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException", "Name:http://…". */
static void copy_code(const char *type, char out[AWS_CODE_SIZE])
{
    const char *hash = strchr(type, '#');
    const char *name = hash == NULL ? type : hash + 1;
    char cut[AWS_CODE_SIZE];
    snprintf(cut, sizeof(cut), "%.*s", (int)strcspn(name, ":"), name);
    outside_text_copy(cut, out, AWS_CODE_SIZE);
}

static void set_text(const struct aws_request *request, const char *what, const char *message,
                     struct aws_answer *answer)
{
    CLEANUP(alloc_freep)
    char *text = alloc_printf("%s %s: %s%s%s", aws_service_traits(request->service)->name,
                              request->operation, what, message[0] != '\0' ? ": " : "", message);
    outside_text_copy(text, answer->text, sizeof(answer->text));
}

static void set_error(const struct aws_request *request, const struct aws_response *response,
                      const char *message, struct aws_answer *answer)
{
    char status[32];
    snprintf(status, sizeof(status), "HTTP %ld", response->status);
    set_text(request, answer->code[0] != '\0' ? answer->code : status, message, answer);
}

static void judge_json_error(const struct aws_request *request, const struct aws_response *response,
                             struct aws_answer *answer)
{
    const char *type = outside_json_text(answer->document, "__type");
    const char *message = outside_json_text(answer->document, "message");
    message = message[0] != '\0' ? message : outside_json_text(answer->document, "Message");
    if (type[0] == '\0' && response->error_type != NULL) {
        type = response->error_type;
    }
    type = type[0] != '\0' ? type : outside_json_text(answer->document, "code");
    copy_code(type, answer->code);
    set_error(request, response, message, answer);
}

/* "ErrorResponse" with an "Error", or, of Route 53, a root that is the error. */
static void judge_xml_error(const struct aws_request *request, const struct aws_response *response,
                            const char *root, struct aws_answer *answer)
{
    const json_t *error = json_object_get(answer->document, "Error");
    const char *id = outside_json_text(answer->document, "RequestId");
    if (json_is_object(error)) {
        copy_code(outside_json_text(error, "Code"), answer->code);
        set_error(request, response, outside_json_text(error, "Message"), answer);
    } else if (root != NULL && json_is_object(answer->document) &&
               json_object_get(answer->document, "Messages") != NULL) {
        json_t *messages = aws_xml_list(answer->document, "Messages", "Message");
        const char *first = json_string_value(json_array_get(messages, 0));
        copy_code(root, answer->code);
        set_error(request, response, first != NULL ? first : "", answer);
        json_decref(messages);
    } else {
        set_error(request, response, "", answer);
    }
    if (id[0] != '\0') {
        outside_text_copy(id, answer->request_id, sizeof(answer->request_id));
    }
}

/* Query's result is inside of "…Result"; of operations without one there is nothing. */
static json_t *inside(const struct aws_request *request, json_t *document)
{
    if (aws_call_protocol(request) != AWS_PROTOCOL_QUERY) {
        return document;
    }
    CLEANUP(alloc_freep) char *name = alloc_printf("%sResult", request->operation);
    json_t *result = json_object_get(document, name);
    result = json_is_object(result) ? json_incref(result) : json_object();
    json_decref(document);
    return result;
}

static json_t *read_document(const struct aws_request *request, const struct aws_response *response,
                             char **root, struct error *err)
{
    if (aws_call_protocol(request) != AWS_PROTOCOL_JSON) {
        return aws_xml_parse(response->body, response->len, root, err);
    }
    json_error_t why;
    json_t *document =
        response->len == 0 ? json_object() : json_loadb(response->body, response->len, 0, &why);
    if (document == NULL) {
        error_set(err, "no JSON: %s", why.text);
    }
    return document;
}

static bool is_of_aws(const struct aws_request *request, const struct aws_response *response,
                      const json_t *document, const char *root)
{
    static const char json_type[] = "application/x-amz-json-";
    if (aws_call_protocol(request) != AWS_PROTOCOL_JSON) {
        size_t len = strlen(request->operation);
        return root != NULL && strncmp(root, request->operation, len) == 0 &&
               strcmp(root + len, "Response") == 0;
    }
    bool is_typed = response->len > 0 && response->content_type != NULL &&
                    strncasecmp(response->content_type, json_type, sizeof(json_type) - 1) == 0;
    return json_is_object(document) && (response->request_id != NULL || is_typed);
}

enum aws_failure aws_call_judge(const struct aws_request *request,
                                const struct aws_response *response, struct aws_answer *answer)
{
    CLEANUP(alloc_freep) char *root = NULL;
    struct error err = {.text = ""};
    bool is_good = response->status >= 200 && response->status < 300;
    answer->status = response->status;
    answer->code[0] = answer->text[0] = answer->request_id[0] = '\0';
    if (response->request_id != NULL) {
        outside_text_copy(response->request_id, answer->request_id, sizeof(answer->request_id));
    }
    answer->document = read_document(request, response, &root, &err);
    if (!is_good) {
        if (aws_call_protocol(request) == AWS_PROTOCOL_JSON) {
            judge_json_error(request, response, answer);
        } else {
            judge_xml_error(request, response, root, answer);
        }
        return aws_retry_classify(response->status, answer->code);
    }
    if (answer->document == NULL) {
        set_text(request, "the answer cannot be read", err.text, answer);
        return AWS_FAILURE_PASSING;
    }
    if (!is_of_aws(request, response, answer->document, root)) {
        char status[32];
        snprintf(status, sizeof(status), "HTTP %ld", response->status);
        json_decref(STEAL(answer->document));
        set_text(request, "what answered is not its API", status, answer);
        return AWS_FAILURE_PASSING;
    }
    answer->document = inside(request, answer->document);
    if (!json_is_object(answer->document)) {
        json_decref(answer->document);
        answer->document = json_object();
    }
    return AWS_FAILURE_NONE;
}

int64_t aws_call_retry_after_ms(const char *retry_after, const char *amz_retry_after)
{
    const char *text = amz_retry_after != NULL ? amz_retry_after : retry_after;
    char *end = NULL;
    long value = text == NULL ? 0 : strtol(text, &end, 10);
    if (text == NULL || end == text || value < 0 || value > 86400000) {
        return 0;
    }
    return amz_retry_after != NULL ? value : (int64_t)value * 1000;
}

bool aws_call_skew(const char *date, int64_t now_ms, int64_t *skew_ms)
{
    time_t theirs = date == NULL ? -1 : curl_getdate(date, NULL);
    if (theirs < 0) {
        return false;
    }
    *skew_ms = (int64_t)theirs * 1000 - now_ms;
    return true;
}

bool aws_call_corrects_skew(enum aws_failure failure, const struct aws_answer *answer,
                            const char *date, int64_t now_ms, int64_t *skew_ms)
{
    bool may_be =
        failure == AWS_FAILURE_CLOCK || (answer->status >= 400 && answer->status < 500 &&
                                         (strcmp(answer->code, "InvalidSignatureException") == 0 ||
                                          strcmp(answer->code, "SignatureDoesNotMatch") == 0 ||
                                          strcmp(answer->code, "AuthFailure") == 0));
    int64_t found_ms = 0;
    if (!may_be || !aws_call_skew(date, now_ms, &found_ms)) {
        return false;
    }
    int64_t change_ms = found_ms - *skew_ms;
    if (change_ms > -SKEW_THAT_MATTERS_MS && change_ms < SKEW_THAT_MATTERS_MS) {
        return false;
    }
    *skew_ms = found_ms;
    return true;
}
