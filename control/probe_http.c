/* SPDX-License-Identifier: BSD-2-Clause */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "common/alloc.h"
#include "config.h"
#include "control/http/http_easy.h"
#include "control/probe_private.h"

#define BODY_MAX_OCTETS   5120
#define HEADER_MAX_OCTETS 65536

struct http_probe {
    struct probe base;          /* first */
    struct http_client *client; /* who runs the exchange, or ran the last one */
    struct http_exchange exchange;
    struct curl_slist *headers;
    struct curl_slist *connect_to;

    /* of the attempt that runs */
    int socket_errno;      /* why no socket could be made; 0: it could */
    bool awaits_status;    /* the next line is a status line */
    bool has_whole_header; /* of the final answer, not of a 1xx */
    bool is_body_found;
    bool is_stopped; /* we know enough and told libcurl so */
    size_t header_octets;
    size_t body_octets;
    char *body; /* NULL: nothing to find in it */
    char curl_text[CURL_ERROR_SIZE];
};

static bool has_expected_status(const struct http_probe *probe, long *status)
{
    *status = 0;
    curl_easy_getinfo(probe->exchange.easy, CURLINFO_RESPONSE_CODE, status);
    return *status >= (long)probe->base.check->status_low &&
           *status <= (long)probe->base.check->status_high;
}

/* "HTTP/1.1 200 OK". libcurl makes 200 of whatever begins with "HTTP", and of a status 2000. */
static bool is_status_line(const char *line, size_t len)
{
    static const char form[] = "HTTP/0.0 000"; /* a digit for each 0 */
    for (size_t i = 0; i < strlen(form); i++) {
        if (i >= len || (form[i] == '0' ? line[i] < '0' || line[i] > '9' : line[i] != form[i])) {
            return false;
        }
    }
    return len > strlen(form) && strchr(" \r\n", line[strlen(form)]) != NULL;
}

/* CURLOPT_HEADERFUNCTION, a line each. The status decides as soon as the header is there, unless
 * the body has a say; what follows is not waited for. */
static size_t take_header(char *line, size_t size, size_t count, void *argument)
{
    struct http_probe *probe = argument;
    size_t len = size * count;
    probe->header_octets += len;
    if (probe->header_octets > HEADER_MAX_OCTETS) {
        return 0;
    }
    if (probe->awaits_status && !is_status_line(line, len)) {
        return 0;
    }
    probe->awaits_status = false;
    /* As libcurl has it, which takes whatever follows on the line for a part of the end. */
    bool is_end = len > 0 && (line[0] == '\r' || line[0] == '\n');
    long status;
    bool is_expected = has_expected_status(probe, &status);
    if (!is_end || status < 200) {
        probe->awaits_status = is_end;
        return len;
    }
    probe->has_whole_header = true;
    probe->is_stopped = !is_expected || probe->body == NULL;
    return probe->is_stopped ? 0 : len;
}

/* CURLOPT_WRITEFUNCTION. */
static size_t take_body(char *octets, size_t size, size_t count, void *argument)
{
    struct http_probe *probe = argument;
    size_t len = size * count;
    if (probe->body == NULL) {
        return 0; /* a body, and take_header has seen no end of the header */
    }
    size_t room = BODY_MAX_OCTETS - probe->body_octets;
    size_t taken = len < room ? len : room;
    memcpy(probe->body + probe->body_octets, octets, taken);
    probe->body_octets += taken;
    probe->is_body_found = memmem(probe->body, probe->body_octets, probe->base.check->body,
                                  strlen(probe->base.check->body)) != NULL;
    probe->is_stopped = probe->is_body_found || probe->body_octets == BODY_MAX_OCTETS;
    return probe->is_stopped ? 0 : len;
}

/* CURLOPT_OPENSOCKETFUNCTION: as libcurl's own, but we learn why it failed. */
static curl_socket_t open_socket(void *argument, curlsocktype purpose,
                                 struct curl_sockaddr *address)
{
    (void)purpose;
    struct http_probe *probe = argument;
    int fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    if (fd < 0) {
        probe->socket_errno = errno;
        return CURL_SOCKET_BAD;
    }
    return fd;
}

static void describe_failure(const struct http_probe *probe, CURLcode result,
                             char text[PROBE_TEXT_SIZE])
{
    if (result != CURLE_OPERATION_TIMEDOUT && probe->header_octets > HEADER_MAX_OCTETS) {
        snprintf(text, PROBE_TEXT_SIZE, "the answer's header is longer than %d octets",
                 HEADER_MAX_OCTETS);
        return;
    }
    http_easy_describe(probe->exchange.easy, result, probe->curl_text,
                       probe->base.check->timeout_ms, text, PROBE_TEXT_SIZE);
}

/* The answer has come so far as it matters. */
static void judge_answer(const struct http_probe *probe, struct probe_outcome *outcome)
{
    const struct config_health_check *check = probe->base.check;
    long status;
    bool is_expected = has_expected_status(probe, &status);
    outcome->succeeded = is_expected && (check->body == NULL || probe->is_body_found);
    if (outcome->succeeded) {
        snprintf(outcome->text, sizeof(outcome->text), "HTTP %ld in %lld ms", status,
                 (long long)outcome->latency_ms);
    } else if (is_expected) {
        /* Cut between two characters, not within one. */
        size_t len = strlen(check->body);
        for (len = len < 100 ? len : 100; ((unsigned char)check->body[len] & 0xc0) == 0x80;) {
            len--;
        }
        snprintf(outcome->text, sizeof(outcome->text), "body does not contain \"%.*s\"%s", (int)len,
                 check->body, check->body[len] != '\0' ? " …" : "");
    } else if (check->status_low == check->status_high) {
        snprintf(outcome->text, sizeof(outcome->text), "HTTP %ld, expected %u", status,
                 check->status_low);
    } else {
        snprintf(outcome->text, sizeof(outcome->text), "HTTP %ld, expected %u-%u", status,
                 check->status_low, check->status_high);
    }
}

static void on_done(void *argument, CURLcode result)
{
    struct http_probe *probe = argument;
    struct probe_outcome outcome = {.counts = true, .latency_ms = probe_age_ms(&probe->base)};
    if (probe->socket_errno != 0 || result == CURLE_OUT_OF_MEMORY) {
        probe_outcome_fail(&outcome, probe->socket_errno != 0 ? probe->socket_errno : ENOMEM);
    } else if (probe->is_stopped || (result == CURLE_OK && probe->has_whole_header)) {
        judge_answer(probe, &outcome);
    } else {
        /* libcurl is content with a header that ends in the middle. */
        describe_failure(probe, result == CURLE_OK ? CURLE_PARTIAL_FILE : result, outcome.text);
    }
    probe_finish(&probe->base, &outcome);
}

static void set_transport(CURL *easy, struct http_probe *probe)
{
    http_easy_set_transport(easy, probe->base.check->timeout_ms, probe->curl_text);
    /* Addresses need no cache; libcurl would look through all that it has for each probe. */
    curl_easy_setopt(easy, CURLOPT_DNS_CACHE_TIMEOUT, 0L);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, probe);
}

/* The address is what is connected to. With https the URL names the host, so that SNI and the
 * verified name are the host's. */
static void set_url(CURL *easy, struct http_probe *probe, const char *address)
{
    const struct config_health_check *check = probe->base.check;
    bool is_v6 = strchr(address, ':') != NULL;
    bool is_https = check->type == CHECK_HTTPS;
    CLEANUP(alloc_freep) char *bracketed = alloc_printf(is_v6 ? "[%s]" : "%s", address);
    bool is_named = is_https && check->host != NULL;
    CLEANUP(alloc_freep)
    char *url = alloc_printf("%s://%s:%u%s", is_https ? "https" : "http",
                             is_named ? check->host : bracketed, check->port, check->path);
    curl_easy_setopt(easy, CURLOPT_URL, url);
    if (is_named) {
        CLEANUP(alloc_freep) char *to = alloc_printf("::%s:%u", bracketed, check->port);
        probe->connect_to = curl_slist_append(NULL, to);
        curl_easy_setopt(easy, CURLOPT_CONNECT_TO, probe->connect_to);
    }
}

static void set_request(CURL *easy, struct http_probe *probe)
{
    const struct config_health_check *check = probe->base.check;
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, PACKAGE "/" PACKAGE_VERSION " health check");
    probe->headers = curl_slist_append(NULL, "Connection: close");
    if (check->host != NULL) {
        CLEANUP(alloc_freep) char *host = alloc_printf("Host: %s", check->host);
        probe->headers = curl_slist_append(probe->headers, host);
    }
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, probe->headers);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, probe);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, probe);
}

static void init(struct probe *base, const char *address)
{
    struct http_probe *probe = (struct http_probe *)base;
    const struct config_health_check *check = base->check;
    probe->body = check->body != NULL ? alloc_zeroed(1, BODY_MAX_OCTETS) : NULL;
    probe->exchange.done = on_done;
    probe->exchange.argument = probe;
    probe->exchange.easy = curl_easy_init();
    assert(probe->exchange.easy != NULL);
    /* What a string of the configuration makes impossible, libcurl reports when it runs. */
    set_transport(probe->exchange.easy, probe);
    http_easy_set_tls(probe->exchange.easy, check->verify, check->ca_file);
    set_url(probe->exchange.easy, probe, address);
    set_request(probe->exchange.easy, probe);
}

static void start(struct probe *base)
{
    struct http_probe *probe = (struct http_probe *)base;
    probe->socket_errno = 0;
    probe->awaits_status = true;
    probe->has_whole_header = false;
    probe->is_body_found = false;
    probe->is_stopped = false;
    probe->header_octets = 0;
    probe->body_octets = 0;
    probe->curl_text[0] = '\0';
    probe->client = prober_http(base->prober);
    http_client_start(probe->client, &probe->exchange);
}

static void free_http(struct probe *base)
{
    struct http_probe *probe = (struct http_probe *)base;
    http_client_cancel(probe->client, &probe->exchange);
    curl_easy_cleanup(probe->exchange.easy);
    curl_slist_free_all(probe->headers);
    curl_slist_free_all(probe->connect_to);
    free(probe->body);
    free(probe);
}

const struct probe_kind probe_http = {sizeof(struct http_probe), init, start, free_http};
