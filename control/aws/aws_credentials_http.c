/* SPDX-License-Identifier: BSD-2-Clause */
/* Credentials from an endpoint of the host: a container's, and EC2's instance metadata, version 2.
 */
#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/alloc.h"
#include "common/attributes.h"
#include "common/file.h"
#include "control/aws/aws_credential_document.h"
#include "control/aws/aws_credentials_private.h"

#define TIMEOUT_MS     5000
#define METADATA_MS    2000
#define ANSWER_MAX     65536
#define CONTAINER_HOST "http://169.254.170.2"
#define METADATA_HOST  "http://169.254.169.254"
#define TOKEN_TTL      "X-aws-ec2-metadata-token-ttl-seconds: 21600"

static void take_document(struct aws_credential_source *source, const char *what,
                          const struct http_answer *answer)
{
    struct aws_credentials credentials = {.expires_ms = 0};
    struct error err = {.text = ""};
    if (!answer->is_whole) {
        aws_search_failed(source, "%s: %s", what, answer->text);
    } else if (answer->status != 200) {
        aws_search_failed(source, "%s: HTTP %ld, expected 200", what, answer->status);
    } else if (!aws_credential_document_parse(answer->body, answer->len, false, &credentials,
                                              &err)) {
        aws_search_failed(source, "%s: %s", what, err.text);
    } else {
        aws_search_found(source, &credentials);
    }
    aws_credentials_done(&credentials);
}

static void ask(struct aws_credential_source *source, const char *method, const char *url,
                const char *header, int64_t timeout_ms, http_done done)
{
    const char *const headers[] = {header, NULL};
    const struct http_request request = {.method = method,
                                         .url = url,
                                         .headers = headers,
                                         .purpose = "credentials",
                                         .timeout_ms = timeout_ms,
                                         .answer_max = ANSWER_MAX};
    source->search.http = http_call_start(source->http, &request, done, source);
}

static void on_container(void *argument, const struct http_answer *answer)
{
    struct aws_credential_source *source = argument;
    source->search.http = NULL;
    take_document(source, "the container's endpoint", answer);
}

static bool is_host_of_ours(const char *host)
{
    static const char *const hosts[] = {"127.0.0.1",     "localhost",      "[::1]",
                                        "169.254.170.2", "169.254.170.23", "[fd00:ec2::23]"};
    for (size_t i = 0; i < ARRAY_LEN(hosts); i++) {
        if (strcasecmp(host, hosts[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* https, or an address that no network can take for another: loopback, and those of ECS and EKS.
 * Read as libcurl reads it, which is who asks there. */
static bool is_allowed(const char *uri)
{
    CURLU *url = curl_url();
    char *scheme = NULL, *host = NULL, *user = NULL;
    bool is_good = url != NULL && curl_url_set(url, CURLUPART_URL, uri, 0) == CURLUE_OK &&
                   curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
                   curl_url_get(url, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
                   curl_url_get(url, CURLUPART_USER, &user, 0) == CURLUE_NO_USER;
    bool is_allowed = is_good && (strcmp(scheme, "https") == 0 ||
                                  (strcmp(scheme, "http") == 0 && is_host_of_ours(host)));
    curl_free(scheme);
    curl_free(host);
    curl_free(user);
    curl_url_cleanup(url);
    return is_allowed;
}

/* "Authorization: …"; read anew each time. False: it is to be had and cannot be. Caller frees. */
static bool container_token(char **header, struct error *err)
{
    const char *file = aws_variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
    const char *token = aws_variable("AWS_CONTAINER_AUTHORIZATION_TOKEN");
    CLEANUP(alloc_freep) char *read = NULL;
    *header = NULL;
    if (file != NULL) {
        size_t len = 0;
        read = (char *)file_load(file, &len, err);
        if (read == NULL) {
            return false;
        }
        read[strcspn(read, "\r\n")] = '\0';
        token = read;
    }
    if (token != NULL && strpbrk(token, "\r\n") != NULL) {
        return error_set(err, "the container's authorization token has more than one line");
    }
    *header = token == NULL ? NULL : alloc_printf("Authorization: %s", token);
    return true;
}

void aws_search_container(struct aws_credential_source *source)
{
    const char *relative = aws_variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
    const char *full = aws_variable("AWS_CONTAINER_CREDENTIALS_FULL_URI");
    CLEANUP(alloc_freep)
    char *uri = relative != NULL ? alloc_printf(CONTAINER_HOST "%s", relative) : alloc_string(full);
    CLEANUP(alloc_freep) char *header = NULL;
    struct error err = {.text = ""};
    if (!is_allowed(uri)) {
        aws_search_failed(source,
                          "AWS_CONTAINER_CREDENTIALS_FULL_URI is \"%s\", expected https, "
                          "a loopback address or the container's own endpoint",
                          uri);
    } else if (!container_token(&header, &err)) {
        aws_search_failed(source, "%s", err.text);
    } else {
        ask(source, "GET", uri, header, TIMEOUT_MS, on_container);
    }
}

/* Instance metadata: a token, which is a PUT that no simple forwarding passes on; the region; the
 * role's name; its credentials. */

static char *metadata_url(const char *path)
{
    const char *host = aws_variable("AWS_EC2_METADATA_SERVICE_ENDPOINT");
    const char *mode = aws_variable("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE");
    if (host == NULL) {
        host = mode != NULL && strcasecmp(mode, "ipv6") == 0 ? "http://[fd00:ec2::254]"
                                                             : METADATA_HOST;
    }
    size_t len = strlen(host);
    while (len > 0 && host[len - 1] == '/') {
        len--;
    }
    return alloc_printf("%.*s%s", (int)len, host, path);
}

static void ask_metadata(struct aws_credential_source *source, const char *path, http_done done)
{
    CLEANUP(alloc_freep) char *url = metadata_url(path);
    CLEANUP(alloc_freep)
    char *header = alloc_printf("X-aws-ec2-metadata-token: %s", source->search.token);
    ask(source, "GET", url, header, METADATA_MS, done);
}

/* The answer's line, which the caller frees; NULL: there is none, and the search has failed. */
static char *take_line(struct aws_credential_source *source, const char *what,
                       const struct http_answer *answer)
{
    source->search.http = NULL;
    if (!answer->is_whole) {
        aws_search_failed(source,
                          "none in the environment, in profile %s, in a container, and instance "
                          "metadata: %s",
                          source->settings->profile_name, answer->text);
        return NULL;
    }
    size_t len = 0;
    while (len < answer->len && answer->body[len] > ' ' && answer->body[len] <= '~') {
        len++;
    }
    if (answer->status != 200 || len == 0) {
        aws_search_failed(source, "instance metadata has no %s: HTTP %ld", what, answer->status);
        return NULL;
    }
    return alloc_printf("%.*s", (int)len, answer->body);
}

static void on_metadata(void *argument, const struct http_answer *answer)
{
    struct aws_credential_source *source = argument;
    source->search.http = NULL;
    take_document(source, "instance metadata", answer);
}

static void on_role(void *argument, const struct http_answer *answer)
{
    struct aws_credential_source *source = argument;
    CLEANUP(alloc_freep) char *role = take_line(source, "role", answer);
    if (role != NULL) {
        CLEANUP(alloc_freep)
        char *path = alloc_printf("/latest/meta-data/iam/security-credentials/%s", role);
        ask_metadata(source, path, on_metadata);
    }
}

/* That there is none is for whoever needs it to say. */
static void on_region(void *argument, const struct http_answer *answer)
{
    struct aws_credential_source *source = argument;
    source->search.http = NULL;
    if (answer->is_whole && answer->status == 200 && answer->len > 0 && answer->len < 64) {
        free(source->region);
        source->region = alloc_printf("%.*s", (int)answer->len, answer->body);
        source->region[strcspn(source->region, "\r\n")] = '\0';
    }
    ask_metadata(source, "/latest/meta-data/iam/security-credentials/", on_role);
}

static void on_token(void *argument, const struct http_answer *answer)
{
    struct aws_credential_source *source = argument;
    char *token = take_line(source, "token", answer);
    if (token != NULL) {
        source->search.token = token;
        ask_metadata(source, "/latest/meta-data/placement/region", on_region);
    }
}

void aws_search_metadata(struct aws_credential_source *source)
{
    const char *disabled = aws_variable("AWS_EC2_METADATA_DISABLED");
    if (disabled != NULL && strcasecmp(disabled, "true") == 0) {
        aws_search_failed(source,
                          "none in the environment, in profile %s, in a container, and "
                          "AWS_EC2_METADATA_DISABLED is true",
                          source->settings->profile_name);
        return;
    }
    CLEANUP(alloc_freep) char *url = metadata_url("/latest/api/token");
    ask(source, "PUT", url, TOKEN_TTL, METADATA_MS, on_token);
}
