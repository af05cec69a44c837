/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/http_router.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/alloc.h"
#include "control/metrics_text.h"

struct route;

struct request {
    const struct route *route; /* NULL: refused */
    unsigned refusal;          /* status; 0: not refused */
    char reason[160];
    char allow[64]; /* with 405 */
    char who[64];
    char *body; /* NUL-terminated */
    size_t len;
    size_t capacity;
};

typedef struct MHD_Response *(*route_handler)(const struct http_router *router,
                                              const struct request *request, unsigned *status);

struct route {
    const char *method; /* GET answers HEAD, too */
    const char *path;
    bool needs_token;
    route_handler handler;
};

static struct MHD_Response *respond_text(char *text, const char *type)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer(strlen(text), text, MHD_RESPMEM_MUST_FREE);
    if (response == NULL) {
        free(text);
        return NULL;
    }
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    return response;
}

/* Takes the reference. */
static struct MHD_Response *respond_json(json_t *json)
{
    CLEANUP(alloc_freep) char *text = json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY);
    json_decref(json);
    return respond_text(alloc_printf("%s\n", text != NULL ? text : "null"), "application/json");
}

static struct MHD_Response *answer_healthz(const struct http_router *router,
                                           const struct request *request, unsigned *status)
{
    (void)router;
    (void)request;
    *status = MHD_HTTP_OK;
    return respond_text(alloc_string("ok\n"), "text/plain; charset=utf-8");
}

static struct MHD_Response *answer_events(const struct http_router *router,
                                          const struct request *request, unsigned *status)
{
    *status = MHD_HTTP_OK;
    const struct http_handlers *handlers = &router->handlers;
    return respond_json(handlers->post_events(handlers->argument,
                                              request->body != NULL ? request->body : "",
                                              request->len, request->who, status));
}

static struct MHD_Response *answer_metrics(const struct http_router *router,
                                           const struct request *request, unsigned *status)
{
    (void)request;
    *status = MHD_HTTP_OK;
    return respond_text(router->handlers.get_metrics(router->handlers.argument),
                        METRICS_CONTENT_TYPE);
}

static const struct route routes[] = {
    {"GET", "/healthz", false, answer_healthz},
    {"GET", "/metrics", false, answer_metrics},
    {"POST", "/api/v1/events", true, answer_events},
};

/* Takes as long for a token that is wrong in its first octet as for one wrong in its last. */
static bool is_same_secret(const char *given, const char *secret)
{
    size_t len = strlen(secret);
    size_t given_size = strlen(given) + 1;
    volatile unsigned char difference = given_size != len + 1;
    for (size_t i = 0; i < len; i++) {
        difference |= (unsigned char)(given[i % given_size] ^ secret[i]);
    }
    return difference == 0;
}

static bool has_token(const struct http_router *router, struct MHD_Connection *connection)
{
    static const char scheme[] = "Bearer ";
    const char *given =
        MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_AUTHORIZATION);
    return given != NULL && strncasecmp(given, scheme, strlen(scheme)) == 0 &&
           is_same_secret(given + strlen(scheme), router->token);
}

static void refuse(struct request *request, unsigned status, const char *reason)
{
    request->refusal = status;
    snprintf(request->reason, sizeof(request->reason), "%s", reason);
}

/* The route for this path and method; else the request is refused, with the methods that the path
 * has, if any. */
static const struct route *find_route(struct request *request, const char *path, const char *method)
{
    const char *wanted = strcmp(method, "HEAD") == 0 ? "GET" : method;
    for (size_t i = 0; i < ARRAY_LEN(routes); i++) {
        if (strcmp(routes[i].path, path) != 0) {
            continue;
        }
        if (strcmp(routes[i].method, wanted) == 0) {
            return &routes[i];
        }
        size_t used = strlen(request->allow);
        snprintf(request->allow + used, sizeof(request->allow) - used, "%s%s", used > 0 ? ", " : "",
                 strcmp(routes[i].method, "GET") == 0 ? "GET, HEAD" : routes[i].method);
    }
    if (request->allow[0] == '\0') {
        refuse(request, MHD_HTTP_NOT_FOUND, "there is nothing here");
    } else {
        refuse(request, MHD_HTTP_METHOD_NOT_ALLOWED, "this path does not know this method");
    }
    return NULL;
}

static bool announces_body(struct MHD_Connection *connection, unsigned long long *len)
{
    const char *length =
        MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);
    *len = length != NULL ? strtoull(length, NULL, 10) : 0;
    return *len > 0 || MHD_lookup_connection_value(connection, MHD_HEADER_KIND,
                                                   MHD_HTTP_HEADER_TRANSFER_ENCODING) != NULL;
}

static void refuse_too_large(struct request *request)
{
    char reason[80];
    snprintf(reason, sizeof(reason), "the body is larger than %zu octets", HTTP_MAX_BODY_OCTETS);
    refuse(request, MHD_HTTP_CONTENT_TOO_LARGE, reason);
    free(STEAL(request->body));
}

static void set_who(struct request *request, struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    char address[48] = "?";
    if (info != NULL && info->client_addr != NULL) {
        uv_ip_name(info->client_addr, address, sizeof(address));
    }
    snprintf(request->who, sizeof(request->who), "http %s", address);
}

static enum MHD_Result send_refusal(const struct request *request,
                                    struct MHD_Connection *connection)
{
    struct MHD_Response *response = respond_json(json_pack("{s:s}", "error", request->reason));
    if (request->refusal == MHD_HTTP_METHOD_NOT_ALLOWED) {
        MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, request->allow);
    }
    if (request->refusal == MHD_HTTP_UNAUTHORIZED) {
        MHD_add_response_header(response, MHD_HTTP_HEADER_WWW_AUTHENTICATE,
                                "Bearer realm=\"ballast\"");
    }
    enum MHD_Result result = MHD_queue_response(connection, request->refusal, response);
    MHD_destroy_response(response);
    return result;
}

/* Once a header is complete. A refusal of a body is sent at once, and closes the connection;
 * without a body the connection goes on. */
static enum MHD_Result begin(const struct http_router *router, struct MHD_Connection *connection,
                             const char *path, const char *method, struct request *request)
{
    unsigned long long len;
    bool has_body = announces_body(connection, &len);
    set_who(request, connection);
    request->route = find_route(request, path, method);
    if (request->route != NULL && request->route->needs_token && router->token == NULL) {
        refuse(request, MHD_HTTP_FORBIDDEN,
               "this needs a token, and none is configured: set control.http_token_file");
    } else if (request->route != NULL && request->route->needs_token &&
               !has_token(router, connection)) {
        refuse(
            request, MHD_HTTP_UNAUTHORIZED,
            "expected \"Authorization: Bearer TOKEN\" with the token of control.http_token_file");
    } else if (request->route != NULL && len > HTTP_MAX_BODY_OCTETS) {
        refuse_too_large(request);
    }
    return request->refusal != 0 && has_body ? send_refusal(request, connection) : MHD_YES;
}

/* What is too much is read and forgotten: libmicrohttpd takes an answer only before or after the
 * whole body. */
static void add_to_body(struct request *request, const char *octets, size_t len)
{
    if (request->refusal != 0) {
        return;
    }
    if (len > HTTP_MAX_BODY_OCTETS - request->len) {
        refuse_too_large(request);
        return;
    }
    if (request->len + len + 1 > request->capacity) {
        request->capacity = (request->len + len + 1) * 2;
        request->body = alloc_resize(request->body, request->capacity, 1);
    }
    memcpy(request->body + request->len, octets, len);
    request->len += len;
    request->body[request->len] = '\0';
}

static enum MHD_Result finish(const struct http_router *router, struct MHD_Connection *connection,
                              const struct request *request)
{
    if (request->refusal != 0) {
        return send_refusal(request, connection);
    }
    unsigned status = MHD_HTTP_OK;
    struct MHD_Response *response = request->route->handler(router, request, &status);
    enum MHD_Result result = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return result;
}

enum MHD_Result http_router_take(void *router, struct MHD_Connection *connection, const char *path,
                                 const char *method, const char *version, const char *upload,
                                 size_t *upload_len, void **request)
{
    (void)version;
    if (*request == NULL) {
        *request = alloc_zeroed(1, sizeof(struct request));
        return begin(router, connection, path, method, *request);
    }
    if (*upload_len > 0) {
        add_to_body(*request, upload, *upload_len);
        *upload_len = 0;
        return MHD_YES;
    }
    return finish(router, connection, *request);
}

void http_router_completed(void *router, struct MHD_Connection *connection, void **request,
                           enum MHD_RequestTerminationCode code)
{
    (void)router;
    (void)connection;
    (void)code;
    struct request *ended = *request;
    if (ended != NULL) {
        free(ended->body);
        free(ended);
        *request = NULL;
    }
}
