/* SPDX-License-Identifier: BSD-2-Clause */
/* The server and its clients (raw sockets that never block) share the test's loop. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/alloc.h"
#include "common/attributes.h"
#include "control/http_server.h"
#include "tests/unit/loop_fixture.h"

#define TOKEN     "correct-horse-battery"
#define AUTHORIZE "Authorization: Bearer " TOKEN "\r\n"
#define POST      "POST /api/v1/events HTTP/1.1\r\nHost: b\r\n"
#define HEALTHZ   "GET /healthz HTTP/1.1\r\nHost: b\r\n\r\n"

struct client {
    int fd;
    bool has_ended; /* the server closed */
    size_t len;
    char received[16384];
};

struct fixture {
    struct loop_fixture loop;
    struct config_control config;
    char token_file[64];
    struct http_server *server;
    struct client client;

    unsigned posts;
    char *body;
    size_t body_len;
    char who[64];
    size_t answer_octets; /* 0: a short answer */
};

static json_t *take_events(void *argument, const char *body, size_t len, const char *who,
                           unsigned *status)
{
    struct fixture *fixture = argument;
    assert_int_equal(body[len], '\0');
    free(fixture->body);
    fixture->body = alloc_copy(body, len + 1);
    fixture->body_len = len;
    snprintf(fixture->who, sizeof(fixture->who), "%s", who);
    fixture->posts++;
    *status = 202;
    if (fixture->answer_octets > 0) {
        CLEANUP(alloc_freep) char *text = alloc_zeroed(fixture->answer_octets + 1, 1);
        memset(text, 'x', fixture->answer_octets);
        return json_pack("{s:s}", "text", text);
    }
    return json_pack("{s:I, s:s%}", "len", (json_int_t)len, "start", body, len < 20 ? len : 20);
}

static char *print_metrics(void *argument)
{
    (void)argument;
    return alloc_string("ballast_zones 1\n");
}

static void write_token_file(struct fixture *fixture, const char *text)
{
    FILE *file = fopen(fixture->token_file, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static struct http_server *open_server(struct fixture *fixture, struct error *err)
{
    const struct http_handlers handlers = {take_events, print_metrics, fixture};
    return http_server_open(&fixture->loop.loop, &fixture->config, &handlers, err);
}

static int open_with_token(void **state, bool has_token)
{
    struct fixture *fixture = alloc_zeroed(1, sizeof(*fixture));
    *state = fixture;
    fixture->client.fd = -1;
    loop_fixture_open(&fixture->loop);
    strcpy(fixture->token_file, "/tmp/ballast-token-XXXXXX");
    close(mkstemp(fixture->token_file));
    write_token_file(fixture, TOKEN "\nwhat follows is a remark\n");
    struct error err;
    fixture->config.has_http = true;
    fixture->config.http_token_file = has_token ? fixture->token_file : NULL;
    fixture->config.http.len = sizeof(fixture->config.http.v4);
    fixture->config.http.v4 =
        (struct sockaddr_in){.sin_family = AF_INET, .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    fixture->server = open_server(fixture, &err);
    assert_non_null(fixture->server);
    return 0;
}

static int open_fixture(void **state)
{
    return open_with_token(state, true);
}

static int open_without_token(void **state)
{
    return open_with_token(state, false);
}

static int close_fixture(void **state)
{
    struct fixture *fixture = *state;
    http_server_close(fixture->server);
    loop_fixture_close(&fixture->loop);
    if (fixture->client.fd >= 0) {
        close(fixture->client.fd);
    }
    unlink(fixture->token_file);
    free(fixture->body);
    free(fixture);
    return 0;
}

static void client_open(struct fixture *fixture, struct client *client, const char *from)
{
    memset(client, 0, sizeof(*client));
    struct sockaddr_in source = {.sin_family = AF_INET};
    struct sockaddr_in to = fixture->config.http.v4;
    assert_int_equal(inet_pton(AF_INET, from, &source.sin_addr), 1);
    to.sin_port = htons(http_server_port(fixture->server));
    client->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(client->fd >= 0);
    assert_int_equal(bind(client->fd, (struct sockaddr *)&source, sizeof(source)), 0);
    assert_int_equal(connect(client->fd, (struct sockaddr *)&to, sizeof(to)), 0);
}

static void client_close(struct client *client)
{
    close(client->fd);
    client->fd = -1;
}

/* Sends all of it; the server reads meanwhile. False: the server has closed. */
static bool client_send_octets(struct fixture *fixture, struct client *client, const char *octets,
                               size_t len)
{
    while (len > 0) {
        ssize_t sent = send(client->fd, octets, len, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN) {
            return false;
        }
        octets += sent > 0 ? sent : 0;
        len -= sent > 0 ? (size_t)sent : 0;
        if (len > 0) {
            loop_fixture_turn(&fixture->loop);
        }
    }
    return true;
}

static void client_send(struct fixture *fixture, struct client *client, const char *text)
{
    assert_true(client_send_octets(fixture, client, text, strlen(text)));
}

static void client_receive(struct client *client)
{
    size_t room = sizeof(client->received) - 1 - client->len;
    ssize_t got = recv(client->fd, client->received + client->len, room, MSG_DONTWAIT);
    if (got > 0) {
        client->len += (size_t)got;
        client->received[client->len] = '\0';
    } else if (room > 0 && (got == 0 || errno != EAGAIN)) {
        client->has_ended = true;
    }
}

/* Turns the loop until the client has received this, or the server has closed. */
static bool client_expect(struct fixture *fixture, struct client *client, const char *text)
{
    LOOP_UNTIL(&fixture->loop, (client_receive(client),
                                strstr(client->received, text) != NULL || client->has_ended));
    return strstr(client->received, text) != NULL;
}

static void client_expect_end(struct fixture *fixture, struct client *client)
{
    LOOP_UNTIL(&fixture->loop, (client_receive(client), client->has_ended));
}

/* One request on a connection of its own; what came back, up to this text. */
static const char *ask(struct fixture *fixture, const char *request, const char *until)
{
    if (fixture->client.fd >= 0) {
        client_close(&fixture->client);
    }
    client_open(fixture, &fixture->client, "127.0.0.1");
    client_send(fixture, &fixture->client, request);
    if (!client_expect(fixture, &fixture->client, until)) {
        fail_msg("expected \"%s\", received \"%s\"", until, fixture->client.received);
    }
    return fixture->client.received;
}

static void assert_starts_with(const char *text, const char *start)
{
    if (strncmp(text, start, strlen(start)) != 0) {
        fail_msg("expected \"%s…\", received \"%s\"", start, text);
    }
}

static void metrics_are_text_for_prometheus(void **state)
{
    struct fixture *fixture = *state;
    const char *answer =
        ask(fixture, "GET /metrics HTTP/1.1\r\nHost: b\r\n\r\n", "ballast_zones 1\n");
    assert_starts_with(answer, "HTTP/1.1 200 OK\r\n");
    assert_non_null(
        strstr(answer, "\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n"));
}

static void healthz_says_ok(void **state)
{
    struct fixture *fixture = *state;
    const char *answer = ask(fixture, HEALTHZ, "\r\n\r\nok\n");
    assert_starts_with(answer, "HTTP/1.1 200 OK\r\n");
    assert_non_null(strstr(answer, "\r\nContent-Length: 3\r\n"));
}

static void head_is_get_without_the_body(void **state)
{
    struct fixture *fixture = *state;
    const char *answer = ask(fixture, "HEAD /healthz HTTP/1.1\r\nHost: b\r\n\r\n" HEALTHZ, "ok\n");
    assert_starts_with(answer, "HTTP/1.1 200 OK\r\n");
    assert_non_null(strstr(answer, "\r\nContent-Length: 3\r\n"));
    assert_starts_with(strstr(answer, "\r\n\r\n") + 4, "HTTP/1.1 200 OK\r\n");
}

static void another_path_is_not_found(void **state)
{
    struct fixture *fixture = *state;
    const char *answer =
        ask(fixture, "GET /healthz/ HTTP/1.1\r\nHost: b\r\n\r\n", "\"there is nothing here\"}\n");
    assert_starts_with(answer, "HTTP/1.1 404 ");
    assert_non_null(strstr(answer, "\r\nContent-Type: application/json\r\n"));
    assert_non_null(strstr(answer, "\r\n\r\n{\"error\":"));
    assert_starts_with(ask(fixture,
                           "POST / HTTP/1.1\r\nHost: b\r\n" AUTHORIZE "Content-Length: 2\r\n\r\n[]",
                           "}\n"),
                       "HTTP/1.1 404 ");
}

static void another_method_is_not_allowed(void **state)
{
    struct fixture *fixture = *state;
    const char *answer = ask(fixture, "DELETE /healthz HTTP/1.1\r\nHost: b\r\n\r\n", "}\n");
    assert_starts_with(answer, "HTTP/1.1 405 ");
    assert_non_null(strstr(answer, "\r\nAllow: GET, HEAD\r\n"));
    answer = ask(fixture, "GET /api/v1/events HTTP/1.1\r\nHost: b\r\n" AUTHORIZE "\r\n", "}\n");
    assert_starts_with(answer, "HTTP/1.1 405 ");
    assert_non_null(strstr(answer, "\r\nAllow: POST\r\n"));
}

static void events_reach_the_handler_whole(void **state)
{
    struct fixture *fixture = *state;
    const char *answer =
        ask(fixture, POST AUTHORIZE "Content-Length: 11\r\n\r\n{\"id\": \"a\"}", "}\n");
    assert_starts_with(answer, "HTTP/1.1 202 ");
    assert_non_null(strstr(answer, "{\"len\":11,\"start\":\"{\\\"id\\\": \\\"a\\\"}\"}\n"));
    assert_non_null(strstr(answer, "\r\nContent-Type: application/json\r\n"));
    assert_string_equal(fixture->who, "http 127.0.0.1");
    assert_string_equal(fixture->body, "{\"id\": \"a\"}");
    assert_int_equal(fixture->posts, 1);
}

static void a_body_may_be_empty_or_hold_a_nul(void **state)
{
    struct fixture *fixture = *state;
    ask(fixture, POST AUTHORIZE "Content-Length: 0\r\n\r\n", "{\"len\":0,");
    assert_int_equal(fixture->body_len, 0);
    static const char request[] = POST AUTHORIZE "Content-Length: 3\r\n\r\na\0b";
    client_close(&fixture->client);
    client_open(fixture, &fixture->client, "127.0.0.1");
    assert_true(client_send_octets(fixture, &fixture->client, request, sizeof(request) - 1));
    LOOP_UNTIL(&fixture->loop, fixture->posts == 2);
    assert_int_equal(fixture->body_len, 3);
    assert_memory_equal(fixture->body, "a\0b", 3);
}

static void a_request_may_come_in_any_pieces(void **state)
{
    struct fixture *fixture = *state;
    const char *request = POST AUTHORIZE "Transfer-Encoding: chunked\r\n\r\n"
                                         "4\r\n[{}\n\r\n1\r\n]\r\n0\r\n\r\n";
    client_open(fixture, &fixture->client, "127.0.0.1");
    for (const char *at = request; *at != '\0'; at++) {
        assert_true(client_send_octets(fixture, &fixture->client, at, 1));
        uv_run(&fixture->loop.loop, UV_RUN_NOWAIT);
    }
    assert_true(client_expect(fixture, &fixture->client, "}\n"));
    assert_starts_with(fixture->client.received, "HTTP/1.1 202 ");
    assert_string_equal(fixture->body, "[{}\n]");
}

static void the_content_type_does_not_matter(void **state)
{
    struct fixture *fixture = *state;
    assert_starts_with(ask(fixture,
                           POST AUTHORIZE "Content-Type: application/x-www-form-urlencoded"
                                          "\r\nContent-Length: 2\r\n\r\n{}",
                           "}\n"),
                       "HTTP/1.1 202 ");
    assert_string_equal(fixture->body, "{}");
}

static void a_client_that_asks_first_is_told_to_continue(void **state)
{
    struct fixture *fixture = *state;
    ask(fixture, POST AUTHORIZE "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n",
        "HTTP/1.1 100 Continue\r\n\r\n");
    client_send(fixture, &fixture->client, "{}");
    assert_true(client_expect(fixture, &fixture->client, "HTTP/1.1 202 "));
    ask(fixture, POST "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n", "HTTP/1.1 401 ");
    assert_null(strstr(fixture->client.received, "100 Continue"));
}

static void without_the_token_a_post_is_unauthorized(void **state)
{
    struct fixture *fixture = *state;
    static const char *const headers[] = {
        "",
        "Authorization: Bearer correct-horse-batterx\r\n",
        "Authorization: Bearer xorrect-horse-battery\r\n",
        "Authorization: Bearer correct-horse-batter\r\n",
        "Authorization: Bearer correct-horse-batteryy\r\n",
        "Authorization: Bearer correct-horse-batterycorrect-horse-battery\r\n",
        "Authorization: Bearer \r\n",
        "Authorization: Bearer\r\n",
        "Authorization: Basic correct-horse-battery\r\n",
        "Authorization: correct-horse-battery\r\n",
        "X-Authorization: Bearer correct-horse-battery\r\n",
    };
    for (size_t i = 0; i < ARRAY_LEN(headers); i++) {
        CLEANUP(alloc_freep)
        char *request = alloc_printf(POST "%sContent-Length: 2\r\n\r\n[]", headers[i]);
        const char *answer = ask(fixture, request, "}\n");
        assert_starts_with(answer, "HTTP/1.1 401 ");
        assert_non_null(strstr(answer, "\r\nWWW-Authenticate: Bearer realm=\"ballast\"\r\n"));
        assert_non_null(
            strstr(answer, "{\"error\":\"expected \\\"Authorization: Bearer TOKEN\\\""));
        assert_null(strstr(answer, TOKEN));
    }
    assert_int_equal(fixture->posts, 0);
}

static void the_schemes_case_does_not_matter(void **state)
{
    struct fixture *fixture = *state;
    assert_starts_with(
        ask(fixture, POST "authorization: bearer " TOKEN "\r\nContent-Length: 0\r\n\r\n", "}\n"),
        "HTTP/1.1 202 ");
}

static void without_a_configured_token_every_post_is_forbidden(void **state)
{
    struct fixture *fixture = *state;
    const char *answer = ask(fixture, POST AUTHORIZE "Content-Length: 2\r\n\r\n[]", "}\n");
    assert_starts_with(answer, "HTTP/1.1 403 ");
    assert_non_null(strstr(answer, "control.http_token_file"));
    assert_int_equal(fixture->posts, 0);
    assert_starts_with(ask(fixture, HEALTHZ, "ok\n"), "HTTP/1.1 200 ");
}

static void an_announced_body_that_is_too_large_is_refused_unread(void **state)
{
    struct fixture *fixture = *state;
    const char *answer = ask(fixture, POST AUTHORIZE "Content-Length: 16777217\r\n\r\n", "}\n");
    assert_starts_with(answer, "HTTP/1.1 413 ");
    assert_non_null(strstr(answer, "larger than 16777216 octets"));
    client_expect_end(fixture, &fixture->client);
    answer = ask(fixture, POST AUTHORIZE "Content-Length: 99999999999999999\r\n\r\n", "}\n");
    assert_starts_with(answer, "HTTP/1.1 413 ");
    assert_int_equal(fixture->posts, 0);
}

static void the_largest_body_is_taken_and_one_octet_more_is_not(void **state)
{
    struct fixture *fixture = *state;
    CLEANUP(alloc_freep) char *body = alloc_zeroed(HTTP_MAX_BODY_OCTETS + 1, 1);
    memset(body, ' ', HTTP_MAX_BODY_OCTETS);
    for (unsigned more = 0; more <= 1; more++) {
        CLEANUP(alloc_freep)
        char *header = alloc_printf(POST AUTHORIZE "Transfer-Encoding: chunked\r\n\r\n%zx\r\n",
                                    HTTP_MAX_BODY_OCTETS + more);
        client_open(fixture, &fixture->client, "127.0.0.1");
        client_send(fixture, &fixture->client, header);
        assert_true(
            client_send_octets(fixture, &fixture->client, body, HTTP_MAX_BODY_OCTETS + more));
        client_send(fixture, &fixture->client, "\r\n0\r\n\r\n");
        assert_true(client_expect(fixture, &fixture->client, "}\n"));
        assert_starts_with(fixture->client.received, more == 0 ? "HTTP/1.1 202 " : "HTTP/1.1 413 ");
        client_close(&fixture->client);
    }
    assert_int_equal(fixture->posts, 1);
    assert_int_equal(fixture->body_len, HTTP_MAX_BODY_OCTETS);
}

static void requests_may_follow_each_other_at_once(void **state)
{
    struct fixture *fixture = *state;
    const char *answer = ask(fixture,
                             HEALTHZ "GET /nothing HTTP/1.1\r\nHost: b\r\n\r\n" POST AUTHORIZE
                                     "Content-Length: 5\r\n\r\n[{},1" HEALTHZ,
                             "\"start\":\"[{},1\"}\n");
    const char *second = strstr(answer, "ok\nHTTP/1.1 404 ");
    assert_non_null(second);
    assert_non_null(strstr(second, "}\nHTTP/1.1 202 "));
    assert_true(client_expect(fixture, &fixture->client, "}\nHTTP/1.1 200 OK\r\n"));
}

static void rubbish_is_refused_and_ends_the_connection(void **state)
{
    struct fixture *fixture = *state;
    static const char *const rubbish[] = {
        "\x16\x03\x01\x02\r\n\r\n",
        "GET\r\n\r\n",
        "GET /healthz HTTP/1.1\r\n\r\n", /* no Host */
        POST AUTHORIZE "Content-Length: -1\r\n\r\n",
        POST AUTHORIZE "Transfer-Encoding: chunked\r\n\r\nzz\r\n",
    };
    for (size_t i = 0; i < ARRAY_LEN(rubbish); i++) {
        client_open(fixture, &fixture->client, "127.0.0.1");
        client_send(fixture, &fixture->client, rubbish[i]);
        client_expect_end(fixture, &fixture->client);
        assert_null(strstr(fixture->client.received, "HTTP/1.1 20"));
        client_close(&fixture->client);
    }
    assert_int_equal(fixture->posts, 0);
    ask(fixture, HEALTHZ, "ok\n");
}

static void an_endless_header_is_refused(void **state)
{
    struct fixture *fixture = *state;
    client_open(fixture, &fixture->client, "127.0.0.1");
    client_send(fixture, &fixture->client, "GET /healthz HTTP/1.1\r\nHost: b\r\n");
    char line[1025] = "X-More: ";
    memset(line + 8, 'x', 1014);
    memcpy(line + 1022, "\r\n", 3);
    for (unsigned sent = 0; sent < 1024; sent++) {
        if (!client_send_octets(fixture, &fixture->client, line, 1024)) {
            break;
        }
        uv_run(&fixture->loop.loop, UV_RUN_NOWAIT);
    }
    client_expect_end(fixture, &fixture->client);
    assert_null(strstr(fixture->client.received, "HTTP/1.1 200"));
    ask(fixture, HEALTHZ, "ok\n");
}

static void clients_that_vanish_leave_nothing(void **state)
{
    struct fixture *fixture = *state;
    static const char *const halves[] = {"", "GET /hea", HEALTHZ,
                                         POST AUTHORIZE "Content-Length: 9\r\n\r\n[{",
                                         POST AUTHORIZE "Transfer-Encoding: chunked\r\n\r\n5\r\n["};
    http_server_set_deadline(fixture->server, 100);
    /* More often than connections may be open at once. */
    for (size_t i = 0; i < 100; i++) {
        client_open(fixture, &fixture->client, "127.0.0.1");
        client_send(fixture, &fixture->client, halves[i % ARRAY_LEN(halves)]);
        uv_run(&fixture->loop.loop, UV_RUN_NOWAIT);
        struct linger reset = {.l_onoff = i % 2 == 0};
        setsockopt(fixture->client.fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
        client_close(&fixture->client);
        uv_run(&fixture->loop.loop, UV_RUN_NOWAIT);
    }
    assert_int_equal(fixture->posts, 0);
    bool is_answered = false;
    while (!is_answered) {
        client_open(fixture, &fixture->client, "127.0.0.1");
        client_send(fixture, &fixture->client, HEALTHZ);
        is_answered = client_expect(fixture, &fixture->client, "ok\n");
        client_close(&fixture->client);
        loop_fixture_turn(&fixture->loop);
    }
}

static void silence_and_half_requests_are_dropped_in_time(void **state)
{
    struct fixture *fixture = *state;
    static const char *const halves[] = {"", "GET /healthz HTTP/1.1\r\nHos",
                                         POST AUTHORIZE "Content-Length: 9\r\n\r\n[{",
                                         HEALTHZ}; /* and nothing after it */
    http_server_set_deadline(fixture->server, 100);
    struct client *clients = alloc_zeroed(ARRAY_LEN(halves), sizeof(*clients));
    for (size_t i = 0; i < ARRAY_LEN(halves); i++) {
        client_open(fixture, &clients[i], "127.0.0.1");
        client_send(fixture, &clients[i], halves[i]);
    }
    for (size_t i = 0; i < ARRAY_LEN(halves); i++) {
        client_expect_end(fixture, &clients[i]);
        assert_int_equal(clients[i].len > 0, i == 3);
        client_close(&clients[i]);
    }
    free(clients);
    assert_int_equal(fixture->posts, 0);
}

static void a_client_that_trickles_is_dropped_in_time(void **state)
{
    struct fixture *fixture = *state;
    http_server_set_deadline(fixture->server, 150);
    static const char *const starts[] = {"GET /healthz HTTP/1.1\r\nX: ",
                                         POST AUTHORIZE "Content-Length: 99999\r\n\r\n"};
    for (size_t i = 0; i < ARRAY_LEN(starts); i++) {
        client_open(fixture, &fixture->client, "127.0.0.1");
        client_send(fixture, &fixture->client, starts[i]);
        /* An octet at every turn of the loop, 20 ms apart: never idle, never done. */
        while (!fixture->client.has_ended) {
            (void)!client_send_octets(fixture, &fixture->client, "x", 1);
            loop_fixture_turn(&fixture->loop);
            client_receive(&fixture->client);
        }
        client_close(&fixture->client);
    }
    assert_int_equal(fixture->posts, 0);
}

static void a_client_that_never_reads_is_dropped_in_time(void **state)
{
    struct fixture *fixture = *state;
    http_server_set_deadline(fixture->server, 100);
    fixture->answer_octets = (size_t)32 << 20; /* more than the sockets' buffers take */
    client_open(fixture, &fixture->client, "127.0.0.1");
    client_send(fixture, &fixture->client, POST AUTHORIZE "Content-Length: 2\r\n\r\n[]");
    int failure = 0;
    while (failure == 0) {
        /* The server's end of stream or reset shows as an error here only once it has closed. */
        loop_fixture_turn(&fixture->loop);
        ssize_t sent = send(fixture->client.fd, "x", 1, MSG_DONTWAIT | MSG_NOSIGNAL);
        failure = sent < 0 && errno != EAGAIN ? errno : 0;
    }
    assert_int_equal(fixture->posts, 1);
    fixture->answer_octets = 0;
    ask(fixture, HEALTHZ, "ok\n");
}

static void a_busy_connection_may_stay(void **state)
{
    struct fixture *fixture = *state;
    http_server_set_deadline(fixture->server, 200);
    uint64_t start_ms = uv_now(&fixture->loop.loop);
    client_open(fixture, &fixture->client, "127.0.0.1");
    while (uv_now(&fixture->loop.loop) < start_ms + 500) {
        fixture->client.len = 0;
        fixture->client.received[0] = '\0';
        client_send(fixture, &fixture->client, HEALTHZ);
        assert_true(client_expect(fixture, &fixture->client, "ok\n"));
        uint64_t pause_ms = uv_now(&fixture->loop.loop) + 40;
        LOOP_UNTIL(&fixture->loop, uv_now(&fixture->loop.loop) >= pause_ms);
    }
}

static void one_address_gets_so_many_connections(void **state)
{
    struct fixture *fixture = *state;
    struct client *clients = alloc_zeroed(17, sizeof(*clients));
    for (size_t i = 0; i < 16; i++) {
        client_open(fixture, &clients[i], "127.0.0.1");
        client_send(fixture, &clients[i], HEALTHZ);
        assert_true(client_expect(fixture, &clients[i], "ok\n"));
    }
    client_open(fixture, &clients[16], "127.0.0.1");
    client_expect_end(fixture, &clients[16]);
    assert_int_equal(clients[16].len, 0);
    client_open(fixture, &fixture->client, "127.0.0.2");
    client_send(fixture, &fixture->client, HEALTHZ);
    assert_true(client_expect(fixture, &fixture->client, "ok\n"));
    for (size_t i = 0; i < 17; i++) {
        client_close(&clients[i]);
    }
    free(clients);
}

static void more_connections_than_the_limit_wait_their_turn(void **state)
{
    struct fixture *fixture = *state;
    struct client *clients = alloc_zeroed(70, sizeof(*clients));
    for (size_t i = 0; i < 70; i++) {
        char from[32];
        snprintf(from, sizeof(from), "127.0.0.%zu", 2 + i / 14);
        client_open(fixture, &clients[i], from);
        client_send(fixture, &clients[i], HEALTHZ);
        uv_run(&fixture->loop.loop, UV_RUN_NOWAIT);
    }
    for (size_t i = 0; i < 64; i++) {
        assert_true(client_expect(fixture, &clients[i], "ok\n"));
    }
    for (size_t i = 64; i < 70; i++) {
        client_receive(&clients[i]);
        assert_int_equal(clients[i].len, 0);
        assert_false(clients[i].has_ended);
    }
    for (size_t i = 0; i < 64; i++) {
        client_close(&clients[i]);
    }
    for (size_t i = 64; i < 70; i++) {
        assert_true(client_expect(fixture, &clients[i], "ok\n"));
        client_close(&clients[i]);
    }
    free(clients);
}

static void clients_at_the_same_time_get_their_own_answers(void **state)
{
    struct fixture *fixture = *state;
    struct client *clients = alloc_zeroed(16, sizeof(*clients));
    for (size_t i = 0; i < 16; i++) {
        client_open(fixture, &clients[i], "127.0.0.1");
        client_send(fixture, &clients[i], POST AUTHORIZE "Content-Length: 9\r\n\r\nclient");
    }
    for (size_t i = 16; i-- > 0;) {
        char rest[8];
        snprintf(rest, sizeof(rest), " %02zu", i);
        client_send(fixture, &clients[i], rest);
    }
    for (size_t i = 0; i < 16; i++) {
        char own[32];
        snprintf(own, sizeof(own), "\"client %02zu\"}\n", i);
        assert_true(client_expect(fixture, &clients[i], own));
        client_close(&clients[i]);
    }
    free(clients);
    assert_int_equal(fixture->posts, 16);
}

static void it_closes_whatever_its_clients_do(void **state)
{
    struct fixture *fixture = *state;
    struct client *clients = alloc_zeroed(2, sizeof(*clients));
    client_open(fixture, &clients[0], "127.0.0.1");
    client_send(fixture, &clients[0], POST AUTHORIZE "Content-Length: 9\r\n\r\nhalf");
    client_open(fixture, &clients[1], "127.0.0.1");
    ask(fixture, HEALTHZ, "ok\n");
    http_server_close(STEAL(fixture->server));
    http_server_close(NULL);
    client_expect_end(fixture, &clients[0]);
    client_expect_end(fixture, &clients[1]);
    client_close(&clients[0]);
    client_close(&clients[1]);
    free(clients);
}

static void assert_refused(struct fixture *fixture, const char *reason)
{
    struct error err = {""};
    assert_null(open_server(fixture, &err));
    if (strstr(err.text, reason) == NULL) {
        fail_msg("expected \"%s\", found \"%s\"", reason, err.text);
    }
}

static void a_token_file_that_has_no_token_is_refused(void **state)
{
    struct fixture *fixture = *state;
    write_token_file(fixture, "fifteen-octets!\nsixteen octets or more\n");
    assert_refused(fixture, "expected at least 16 octets in its first line");
    write_token_file(fixture, "");
    assert_refused(fixture, "empty, expected a token");
    fixture->config.http_token_file = "/nonexistent/token";
    assert_refused(fixture, "/nonexistent/token: cannot be opened: No such file or directory");
}

static void others_than_loopback_need_a_token(void **state)
{
    struct fixture *fixture = *state;
    fixture->config.http_token_file = NULL;
    fixture->config.http.v4.sin_addr.s_addr = htonl(0xc0000201); /* 192.0.2.1 */
    assert_refused(fixture, "not a loopback address");
}

static void an_address_that_is_taken_is_refused(void **state)
{
    struct fixture *fixture = *state;
    fixture->config.http.v4.sin_port = htons(http_server_port(fixture->server));
    assert_refused(fixture, "cannot listen for HTTP on 127.0.0.1 port ");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, open_fixture, close_fixture)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(healthz_says_ok),
        TEST(metrics_are_text_for_prometheus),
        TEST(head_is_get_without_the_body),
        TEST(another_path_is_not_found),
        TEST(another_method_is_not_allowed),
        TEST(events_reach_the_handler_whole),
        TEST(a_body_may_be_empty_or_hold_a_nul),
        TEST(a_request_may_come_in_any_pieces),
        TEST(the_content_type_does_not_matter),
        TEST(a_client_that_asks_first_is_told_to_continue),
        TEST(without_the_token_a_post_is_unauthorized),
        TEST(the_schemes_case_does_not_matter),
        cmocka_unit_test_setup_teardown(without_a_configured_token_every_post_is_forbidden,
                                        open_without_token, close_fixture),
        TEST(an_announced_body_that_is_too_large_is_refused_unread),
        TEST(the_largest_body_is_taken_and_one_octet_more_is_not),
        TEST(requests_may_follow_each_other_at_once),
        TEST(rubbish_is_refused_and_ends_the_connection),
        TEST(an_endless_header_is_refused),
        TEST(clients_that_vanish_leave_nothing),
        TEST(silence_and_half_requests_are_dropped_in_time),
        TEST(a_client_that_trickles_is_dropped_in_time),
        TEST(a_client_that_never_reads_is_dropped_in_time),
        TEST(a_busy_connection_may_stay),
        TEST(one_address_gets_so_many_connections),
        TEST(more_connections_than_the_limit_wait_their_turn),
        TEST(clients_at_the_same_time_get_their_own_answers),
        TEST(it_closes_whatever_its_clients_do),
        TEST(a_token_file_that_has_no_token_is_refused),
        TEST(others_than_loopback_need_a_token),
        TEST(an_address_that_is_taken_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
