/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "common/alloc.h"
#include "common/attributes.h"
#include "control/probe.h"
#include "tests/unit/loop_fixture.h"
#include "tests/unit/web_stub.h"

#define OK_HEADER "HTTP/1.1 200 OK\r\nServer: stub\r\n"

struct fixture {
    struct loop_fixture loop;
    struct prober *prober;
    struct web_stub stub;
    struct web_stub other; /* handles must stay until the loop has closed them */
    uv_tcp_t bound;
    struct config_health_check check;
    struct probe_outcome outcome;
    unsigned done;
};

static const struct web_script plain_ok = {.pieces = {OK_HEADER "Content-Length: 5\r\n\r\nhello"},
                                           .end = WEB_HANG};

static int open_fixture(void **state)
{
    struct fixture *fixture = alloc_zeroed(1, sizeof(*fixture));
    *state = fixture;
    struct error err;
    loop_fixture_open(&fixture->loop);
    fixture->prober = prober_new(&fixture->loop.loop, 100, &err);
    assert_non_null(fixture->prober);
    web_stub_open(&fixture->stub, &fixture->loop.loop, "127.0.0.1", 0);
    fixture->stub.script = &plain_ok;
    fixture->check = (struct config_health_check){
        .name = "cats",
        .type = CHECK_HTTP,
        .port = fixture->stub.port,
        .path = "/cats/",
        .verify = true,
        .status_low = 200,
        .status_high = 299,
        .interval_ms = 10000,
        .timeout_ms = 10000,
        .rise = 1,
        .fall = 1,
    };
    return 0;
}

static int close_fixture(void **state)
{
    struct fixture *fixture = *state;
    prober_close(fixture->prober);
    web_stub_close(&fixture->stub);
    loop_fixture_close(&fixture->loop);
    free(fixture);
    return 0;
}

static void note_outcome(void *argument, const struct probe_outcome *outcome)
{
    struct fixture *fixture = argument;
    fixture->outcome = *outcome;
    fixture->done++;
}

static const struct probe_outcome *probe_at(struct fixture *fixture, const char *address)
{
    struct probe *probe =
        probe_new(fixture->prober, &fixture->check, address, note_outcome, fixture);
    fixture->done = 0;
    probe_start(probe);
    assert_int_equal(fixture->done, 0);
    LOOP_UNTIL(&fixture->loop, fixture->done > 0);
    probe_free(probe);
    assert_int_equal(fixture->done, 1);
    return &fixture->outcome;
}

static const struct probe_outcome *probe_script(struct fixture *fixture,
                                                const struct web_script *script)
{
    fixture->stub.script = script;
    return probe_at(fixture, "127.0.0.1");
}

static void assert_failed(const struct probe_outcome *outcome, const char *text)
{
    assert_string_equal(outcome->text, text);
    assert_true(outcome->counts);
    assert_false(outcome->succeeded);
}

static void assert_http_ok(const struct probe_outcome *outcome)
{
    long long ms = -1;
    assert_int_equal(sscanf(outcome->text, "HTTP 200 in %lld ms", &ms), 1);
    assert_true(ms == outcome->latency_ms && ms >= 0);
    assert_true(outcome->counts && outcome->succeeded);
}

static void an_expected_status_is_a_success(void **state)
{
    struct fixture *fixture = *state;
    assert_http_ok(probe_at(fixture, "127.0.0.1"));
}

static void the_request_says_what_it_is(void **state)
{
    struct fixture *fixture = *state;
    fixture->check.path = "/cats/?deep=1";
    probe_at(fixture, "127.0.0.1");
    const char *request = fixture->stub.last_request;
    assert_memory_equal(request, "GET /cats/?deep=1 HTTP/1.1\r\n", 28);
    assert_non_null(strstr(request, "\r\nUser-Agent: ballast/"));
    assert_non_null(strstr(request, " health check\r\n"));
    assert_non_null(strstr(request, "\r\nConnection: close\r\n"));
    CLEANUP(alloc_freep)
    char *host = alloc_printf("\r\nHost: 127.0.0.1:%u\r\n", fixture->stub.port);
    assert_non_null(strstr(request, host));
    assert_null(strstr(request, "Cookie"));
}

static void a_configured_host_is_the_host_header(void **state)
{
    struct fixture *fixture = *state;
    fixture->check.host = "cats.example";
    assert_http_ok(probe_at(fixture, "127.0.0.1"));
    const char *host = strstr(fixture->stub.last_request, "\r\nHost: ");
    assert_non_null(host);
    assert_memory_equal(host, "\r\nHost: cats.example\r\n", 22);
    assert_null(strstr(host + 2, "\r\nHost: "));
}

static void another_status_fails_and_says_what_was_expected(void **state)
{
    struct fixture *fixture = *state;
    const struct web_script script = {
        .pieces = {"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"}};
    assert_failed(probe_script(fixture, &script), "HTTP 503, expected 200-299");
    fixture->check.status_high = 200;
    assert_failed(probe_script(fixture, &script), "HTTP 503, expected 200");
    fixture->check.status_low = fixture->check.status_high = 503;
    assert_true(probe_script(fixture, &script)->succeeded);
}

static void the_status_decides_without_waiting_for_the_body(void **state)
{
    struct fixture *fixture = *state;
    const struct web_script script = {
        .pieces = {OK_HEADER "Content-Length: 1000000\r\n\r\nonly this"}, .end = WEB_HANG};
    assert_http_ok(probe_script(fixture, &script));
}

static void an_interim_answer_is_not_the_answer(void **state)
{
    struct fixture *fixture = *state;
    const struct web_script script = {.pieces = {"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n",
                                                 "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n"}};
    assert_failed(probe_script(fixture, &script), "HTTP 500, expected 200-299");
}

static void a_redirect_is_not_followed(void **state)
{
    struct fixture *fixture = *state;
    CLEANUP(alloc_freep)
    char *answer = alloc_printf("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:%u/elsewhere\r\n"
                                "Content-Length: 0\r\n\r\n",
                                fixture->stub.port);
    const struct web_script script = {.pieces = {answer}};
    assert_failed(probe_script(fixture, &script), "HTTP 302, expected 200-299");
    assert_int_equal(fixture->stub.requests, 1);
}

static void a_cookie_is_not_sent_back(void **state)
{
    struct fixture *fixture = *state;
    const struct web_script script = {
        .pieces = {OK_HEADER "Set-Cookie: a=b\r\nContent-Length: 0\r\n\r\n"}};
    fixture->stub.script = &script;
    struct probe *probe =
        probe_new(fixture->prober, &fixture->check, "127.0.0.1", note_outcome, fixture);
    for (unsigned i = 1; i <= 2; i++) {
        probe_start(probe);
        LOOP_UNTIL(&fixture->loop, fixture->done == i);
    }
    probe_free(probe);
    assert_null(strstr(fixture->stub.last_request, "Cookie"));
}

static void each_probe_has_a_connection_of_its_own(void **state)
{
    struct fixture *fixture = *state;
    const struct web_script script = {
        .pieces = {OK_HEADER "Connection: keep-alive\r\nContent-Length: 2\r\n\r\nok"},
        .end = WEB_HANG};
    fixture->check.body = "ok";
    fixture->stub.script = &script;
    struct probe *probe =
        probe_new(fixture->prober, &fixture->check, "127.0.0.1", note_outcome, fixture);
    for (unsigned i = 1; i <= 3; i++) {
        probe_start(probe);
        LOOP_UNTIL(&fixture->loop, fixture->done == i && fixture->stub.open == 0);
    }
    probe_free(probe);
    assert_int_equal(fixture->stub.accepted, 3);
}

static void a_proxy_of_the_environment_is_ignored(void **state)
{
    struct fixture *fixture = *state;
    setenv("http_proxy", "http://127.0.0.1:1/", 1);
    setenv("all_proxy", "http://127.0.0.1:1/", 1);
    assert_http_ok(probe_at(fixture, "127.0.0.1"));
    unsetenv("http_proxy");
    unsetenv("all_proxy");
}

static void a_body_that_has_the_string_is_a_success(void **state)
{
    struct fixture *fixture = *state;
    fixture->check.body = "all is well";
    const struct web_script one = {
        .pieces = {OK_HEADER "Content-Length: 20\r\n\r\nyes, all is well here"}};
    assert_http_ok(probe_script(fixture, &one));
    /* Found is enough: the rest is not waited for. */
    const struct web_script split = {.pieces = {"HTTP/1.1 20", "0 OK\r\nContent-Le",
                                                "ngth: 999\r\n\r", "\nyes, all i", "s wel",
                                                "l here"},
                                     .end = WEB_HANG};
    assert_http_ok(probe_script(fixture, &split));
    const struct web_script chunked = {.pieces = {OK_HEADER "Transfer-Encoding: chunked\r\n\r\n",
                                                  "5\r\nall i\r\n", "6\r\ns well\r\n", "0\r\n\r\n"},
                                       .end = WEB_HANG};
    assert_http_ok(probe_script(fixture, &chunked));
    const struct web_script until_close = {.pieces = {"HTTP/1.0 200 OK\r\n\r\nall is well"}};
    assert_http_ok(probe_script(fixture, &until_close));
}

static void a_body_without_the_string_fails(void **state)
{
    struct fixture *fixture = *state;
    fixture->check.body = "ok";
    const struct web_script script = {.pieces = {OK_HEADER "Content-Length: 4\r\n\r\ndown"},
                                      .end = WEB_HANG};
    assert_failed(probe_script(fixture, &script), "body does not contain \"ok\"");
    const struct web_script empty = {.pieces = {OK_HEADER "Content-Length: 0\r\n\r\n"}};
    assert_failed(probe_script(fixture, &empty), "body does not contain \"ok\"");
    const struct web_script in_header = {
        .pieces = {OK_HEADER "X-State: ok\r\nContent-Length: 1\r\n\r\nx"}};
    assert_failed(probe_script(fixture, &in_header), "body does not contain \"ok\"");
    const struct web_script wrong_status = {
        .pieces = {"HTTP/1.1 500 No\r\nContent-Length: 2\r\n\r\nok"}};
    assert_failed(probe_script(fixture, &wrong_status), "HTTP 500, expected 200-299");
}

static void a_long_wanted_string_is_cut_between_characters(void **state)
{
    struct fixture *fixture = *state;
    char wanted[302] = "x";
    for (size_t i = 0; i < 150; i++) {
        memcpy(wanted + 1 + 2 * i, "\u00e9", 3);
    }
    fixture->check.body = wanted;
    const struct probe_outcome *outcome = probe_at(fixture, "127.0.0.1");
    const char *end = strstr(outcome->text, "\u00e9\" \u2026");
    assert_non_null(end);
    assert_true(strlen(outcome->text) < PROBE_TEXT_SIZE - 1);
}

/* A body of len octets 'x', then "ok". */
static char *body_before_ok(size_t len)
{
    CLEANUP(alloc_freep) char *padding = alloc_zeroed(len + 1, 1);
    memset(padding, 'x', len);
    return alloc_printf(OK_HEADER "Content-Length: %zu\r\n\r\n%sok", len + 2, padding);
}

static void only_the_first_5120_octets_of_the_body_count(void **state)
{
    struct fixture *fixture = *state;
    fixture->check.body = "ok";
    CLEANUP(alloc_freep) char *within = body_before_ok(5118);
    const struct web_script just_within = {.pieces = {within}};
    assert_http_ok(probe_script(fixture, &just_within));
    CLEANUP(alloc_freep) char *beyond = body_before_ok(5119);
    const struct web_script just_beyond = {.pieces = {beyond}};
    assert_failed(probe_script(fixture, &just_beyond), "body does not contain \"ok\"");
}

static void an_endless_body_is_not_read_to_its_end(void **state)
{
    struct fixture *fixture = *state;
    fixture->check.body = "ok";
    char piece[8193] = {0};
    memset(piece, 'x', sizeof(piece) - 1);
    const struct web_script script = {.pieces = {OK_HEADER "\r\n", piece}, .end = WEB_ENDLESS};
    assert_failed(probe_script(fixture, &script), "body does not contain \"ok\"");
    LOOP_UNTIL(&fixture->loop, fixture->stub.open == 0);
    /* What the sockets' buffers took, and no stream. */
    assert_true(fixture->stub.octets_sent < (size_t)16 << 20);
}

static void what_has_no_status_is_no_answer(void **state)
{
    struct fixture *fixture = *state;
    static const char *const lines[] = {"HTTP/OK\r\n\r\n", "HTTP\r\n\r\n", "HTTP/1.1 20\r\n\r\n",
                                        "HTTP/1.1 2000 OK\r\n\r\n",
                                        "HTTP/1.1 100 Continue\r\n\r\nHTTP/OK\r\n\r\n"};
    for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
        const struct web_script script = {.pieces = {lines[i]}};
        assert_failed(probe_script(fixture, &script), "the answer is not HTTP");
    }
    const struct web_script script = {.pieces = {"HTTP/1.0 200\n\n"}};
    assert_http_ok(probe_script(fixture, &script));
}

/* libcurl takes any line that begins with CR or LF for the end of the header, whatever is on it. */
static void a_header_may_end_in_a_line_that_goes_on(void **state)
{
    struct fixture *fixture = *state;
    static const struct web_script good = {
        .pieces = {"HTTP/1.1 200 OK\n\rX: a\r\nhello\r\n\r\nhello"}};
    static const struct web_script bad = {
        .pieces = {"HTTP/1.1 503 Busy\n\rX: a\r\nhello\r\n\r\nhello"}};
    assert_http_ok(probe_script(fixture, &good));
    assert_failed(probe_script(fixture, &bad), "HTTP 503, expected 200-299");
    fixture->check.body = "hello";
    assert_http_ok(probe_script(fixture, &good));
}

static void an_endless_header_is_not_read_to_its_end(void **state)
{
    struct fixture *fixture = *state;
    char piece[1025] = "X-More: ";
    memset(piece + 8, 'x', 1014);
    memcpy(piece + 1022, "\r\n", 3);
    const struct web_script script = {.pieces = {OK_HEADER, piece}, .end = WEB_ENDLESS};
    assert_failed(probe_script(fixture, &script),
                  "the answer's header is longer than 65536 octets");
}

static void silence_times_out(void **state)
{
    struct fixture *fixture = *state;
    fixture->check.timeout_ms = 80;
    const struct web_script silent = {.end = WEB_HANG};
    assert_failed(probe_script(fixture, &silent), "timed out after 80 ms");
    assert_true(fixture->outcome.latency_ms >= 75);
    const struct web_script half = {.pieces = {"HTTP/1.1 200 OK\r\nServ"}, .end = WEB_HANG};
    assert_failed(probe_script(fixture, &half), "timed out after 80 ms");
    const struct web_script half_body = {.pieces = {OK_HEADER "Content-Length: 9\r\n\r\no"},
                                         .end = WEB_HANG};
    fixture->check.body = "ok";
    assert_failed(probe_script(fixture, &half_body), "timed out after 80 ms");
}

static void an_answer_that_trickles_past_the_time_out_fails(void **state)
{
    struct fixture *fixture = *state;
    fixture->check.timeout_ms = 100;
    const struct web_script script = {.pieces = {"H", "T"}, .end = WEB_ENDLESS};
    const struct web_script trickle = {.pieces = {OK_HEADER, "X: y\r\n", "X: y\r\n", "X: y\r\n"},
                                       .end = WEB_HANG};
    assert_false(probe_script(fixture, &script)->succeeded);
    assert_failed(probe_script(fixture, &trickle), "timed out after 100 ms");
}

static void a_closed_port_is_refused(void **state)
{
    struct fixture *fixture = *state;
    /* Bound and not listening: nobody else gets this port meanwhile. */
    struct sockaddr_in at;
    uv_ip4_addr("127.0.0.1", 0, &at);
    uv_tcp_init(&fixture->loop.loop, &fixture->bound);
    assert_int_equal(uv_tcp_bind(&fixture->bound, (struct sockaddr *)&at, 0), 0);
    int len = sizeof(at);
    uv_tcp_getsockname(&fixture->bound, (struct sockaddr *)&at, &len);
    fixture->check.port = ntohs(at.sin_port);
    assert_failed(probe_at(fixture, "127.0.0.1"), "connection refused");
    fixture->check.type = CHECK_TCP;
    assert_failed(probe_at(fixture, "127.0.0.1"), "connection refused");
    uv_close((uv_handle_t *)&fixture->bound, NULL);
}

static void a_connection_that_ends_too_early_fails(void **state)
{
    struct fixture *fixture = *state;
    const struct web_script nothing = {.end = WEB_CLOSE};
    assert_failed(probe_script(fixture, &nothing), "closed without an answer");
    const struct web_script in_header = {.pieces = {"HTTP/1.1 200 OK\r\nServer: st"}};
    assert_failed(probe_script(fixture, &in_header), "closed in the middle of the answer");
    const struct web_script after_line = {.pieces = {OK_HEADER}};
    assert_failed(probe_script(fixture, &after_line), "closed in the middle of the answer");
    fixture->check.body = "ok";
    const struct web_script in_body = {.pieces = {OK_HEADER "Content-Length: 9\r\n\r\nnot"}};
    assert_failed(probe_script(fixture, &in_body), "closed in the middle of the answer");
    const struct web_script reset = {.end = WEB_RESET};
    assert_failed(probe_script(fixture, &reset), "connection reset by peer");
}

static void rubbish_is_not_http(void **state)
{
    struct fixture *fixture = *state;
    const struct web_script ssh = {.pieces = {"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"}};
    assert_failed(probe_script(fixture, &ssh), "the answer is not HTTP");
    const struct web_script binary = {.pieces = {"\x16\x03\x01\x02\x80\x01\xff\xfe\r\n\r\n"}};
    assert_failed(probe_script(fixture, &binary), "the answer is not HTTP");
    const struct web_script bad_number = {.pieces = {"HTTP/1.1 2xx OK\r\n\r\n"}};
    assert_false(probe_script(fixture, &bad_number)->succeeded);
}

static void each_address_is_probed_itself(void **state)
{
    struct fixture *fixture = *state;
    web_stub_open(&fixture->other, &fixture->loop.loop, "127.0.0.2", fixture->stub.port);
    const struct web_script script = {
        .pieces = {"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"}};
    fixture->other.script = &script;
    assert_http_ok(probe_at(fixture, "127.0.0.1"));
    assert_failed(probe_at(fixture, "127.0.0.2"), "HTTP 404, expected 200-299");
    assert_int_equal(fixture->stub.requests, 1);
    assert_int_equal(fixture->other.requests, 1);
    web_stub_close(&fixture->other);
}

static void an_ipv6_address_is_probed(void **state)
{
    struct fixture *fixture = *state;
    uv_interface_address_t *interfaces;
    int count = 0;
    bool has_v6 = false;
    assert_int_equal(uv_interface_addresses(&interfaces, &count), 0);
    for (int i = 0; i < count; i++) {
        has_v6 |=
            interfaces[i].is_internal && interfaces[i].address.address6.sin6_family == AF_INET6;
    }
    uv_free_interface_addresses(interfaces, count);
    if (!has_v6) {
        print_message("no IPv6 on this machine\n");
        skip();
    }
    web_stub_open(&fixture->other, &fixture->loop.loop, "::1", 0);
    fixture->other.script = &plain_ok;
    fixture->check.port = fixture->other.port;
    assert_http_ok(probe_at(fixture, "::1"));
    CLEANUP(alloc_freep) char *host = alloc_printf("\r\nHost: [::1]:%u\r\n", fixture->other.port);
    assert_non_null(strstr(fixture->other.last_request, host));
    web_stub_close(&fixture->other);
}

static void a_tcp_check_is_content_with_a_connection(void **state)
{
    struct fixture *fixture = *state;
    fixture->check.type = CHECK_TCP;
    fixture->check.path = NULL;
    const struct probe_outcome *outcome = probe_at(fixture, "127.0.0.1");
    assert_true(outcome->succeeded && outcome->counts);
    long long ms = -1;
    assert_int_equal(sscanf(outcome->text, "connected in %lld ms", &ms), 1);
    LOOP_UNTIL(&fixture->loop, fixture->stub.open == 0);
    assert_int_equal(fixture->stub.requests, 0);
}

static void what_is_no_address_fails(void **state)
{
    struct fixture *fixture = *state;
    fixture->check.type = CHECK_TCP;
    assert_failed(probe_at(fixture, "cats.example"), "address family not supported");
}

/* Listens with a full backlog, so that the kernel answers nobody any more. */
static void fill_listener(struct fixture *fixture, int fds[4])
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(at);
    fds[0] = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(fds[0], (struct sockaddr *)&at, len), 0);
    assert_int_equal(listen(fds[0], 0), 0);
    assert_int_equal(getsockname(fds[0], (struct sockaddr *)&at, &len), 0);
    for (size_t i = 1; i < 4; i++) {
        fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        (void)connect(fds[i], (struct sockaddr *)&at, len);
    }
    fixture->check.port = ntohs(at.sin_port);
}

static void a_connection_that_is_not_made_times_out(void **state)
{
    struct fixture *fixture = *state;
    int fds[4];
    fill_listener(fixture, fds);
    fixture->check.type = CHECK_TCP;
    fixture->check.timeout_ms = 80;
    assert_failed(probe_at(fixture, "127.0.0.1"), "timed out after 80 ms");
    assert_true(fixture->outcome.latency_ms >= 75);
    for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
        close(fds[i]);
    }
}

static void a_host_that_is_no_host_fails_and_harms_nothing(void **state)
{
    struct fixture *fixture = *state;
    fixture->check.type = CHECK_HTTPS;
    fixture->check.host = "not a host";
    const struct probe_outcome *outcome = probe_at(fixture, "127.0.0.1");
    assert_false(outcome->succeeded);
    assert_true(outcome->text[0] != '\0');
}

static void a_lack_of_descriptors_is_not_the_targets_fault(void **state)
{
    struct fixture *fixture = *state;
    for (int type = CHECK_HTTP; type <= CHECK_TCP; type++) {
        struct rlimit before, limit;
        fixture->check.type = (enum config_check_type)type;
        assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
        int free_fd = dup(STDERR_FILENO);
        close(free_fd);
        limit = before;
        limit.rlim_cur = (rlim_t)free_fd;
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
        const struct probe_outcome *outcome = probe_at(fixture, "127.0.0.1");
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
        assert_string_equal(outcome->text, "not probed: too many open files");
        assert_false(outcome->counts);
    }
    fixture->check.type = CHECK_HTTP;
    assert_http_ok(probe_at(fixture, "127.0.0.1"));
}

static void a_probe_is_freed_at_any_moment(void **state)
{
    struct fixture *fixture = *state;
    const struct web_script silent = {.end = WEB_HANG};
    fixture->stub.script = &silent;
    for (unsigned turns = 0; turns < 8; turns++) {
        struct probe *probe =
            probe_new(fixture->prober, &fixture->check, "127.0.0.1", note_outcome, fixture);
        probe_start(probe);
        for (unsigned i = 0; i < turns; i++) {
            uv_run(&fixture->loop.loop, UV_RUN_NOWAIT);
        }
        probe_free(probe);
    }
    assert_int_equal(fixture->done, 0);
    LOOP_UNTIL(&fixture->loop, fixture->stub.open == 0);
}

#define LINE 3

/* Probes of which one may run at a time. */
struct line {
    struct prober *prober;
    struct probe *probes[LINE];
    struct finished {
        struct line *line;
        struct probe_outcome outcome;
        unsigned place; /* the how-manieth it was to end; 0: it has not */
    } finished[LINE];
    unsigned done;
    bool frees; /* the first to end frees the others */
};

static void note_place(void *argument, const struct probe_outcome *outcome)
{
    struct finished *finished = argument;
    struct line *line = finished->line;
    finished->outcome = *outcome;
    finished->place = ++line->done;
    for (size_t i = 0; line->frees && i < LINE; i++) {
        if (&line->finished[i] != finished) {
            probe_free(STEAL(line->probes[i]));
        }
    }
}

static void start_line(struct fixture *fixture, struct line *line, size_t at_once)
{
    struct error err;
    line->prober = prober_new(&fixture->loop.loop, at_once, &err);
    for (size_t i = 0; i < LINE; i++) {
        line->finished[i].line = line;
        line->probes[i] =
            probe_new(line->prober, &fixture->check, "127.0.0.1", note_place, &line->finished[i]);
        probe_start(line->probes[i]);
    }
}

static void end_line(struct line *line)
{
    for (size_t i = 0; i < LINE; i++) {
        probe_free(line->probes[i]);
    }
    prober_close(line->prober);
}

/* The time in the line is not the probe's own. */
static void who_waits_has_its_whole_time(void **state)
{
    struct fixture *fixture = *state;
    struct line line = {0};
    const struct web_script silent = {.end = WEB_HANG};
    fixture->stub.script = &silent;
    fixture->check.timeout_ms = 80;
    start_line(fixture, &line, 1);
    LOOP_UNTIL(&fixture->loop, line.done == LINE);
    for (size_t i = 0; i < LINE; i++) {
        const struct probe_outcome *outcome = &line.finished[i].outcome;
        assert_int_equal(line.finished[i].place, i + 1);
        assert_string_equal(outcome->text, "timed out after 80 ms");
        assert_true(outcome->latency_ms >= 75);
        assert_true(i == 0 ||
                    outcome->started_at_ms >= line.finished[i - 1].outcome.started_at_ms + 75);
    }
    end_line(&line);
}

static void a_place_that_is_given_up_is_taken(void **state)
{
    struct fixture *fixture = *state;
    struct line line = {0};
    const struct web_script silent = {.end = WEB_HANG};
    fixture->stub.script = &silent;
    start_line(fixture, &line, 1);
    LOOP_UNTIL(&fixture->loop, fixture->stub.requests == 1);
    fixture->stub.script = &plain_ok;
    probe_free(STEAL(line.probes[1])); /* it waits */
    probe_free(STEAL(line.probes[0])); /* it runs */
    LOOP_UNTIL(&fixture->loop, line.done == 1);
    assert_int_equal(line.finished[2].place, 1);
    assert_int_equal(fixture->stub.requests, 2);
    end_line(&line);
}

/* All of them are over at the same moment. */
static void the_end_of_one_may_free_the_others(void **state)
{
    struct fixture *fixture = *state;
    struct line line = {.frees = true};
    const struct web_script silent = {.end = WEB_HANG};
    fixture->stub.script = &silent;
    fixture->check.timeout_ms = 80;
    start_line(fixture, &line, LINE);
    LOOP_UNTIL(&fixture->loop, line.done > 0);
    end_line(&line);
    LOOP_UNTIL(&fixture->loop, fixture->stub.open == 0);
    assert_int_equal(line.done, 1);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, open_fixture, close_fixture)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_expected_status_is_a_success),
        TEST(the_request_says_what_it_is),
        TEST(a_configured_host_is_the_host_header),
        TEST(another_status_fails_and_says_what_was_expected),
        TEST(the_status_decides_without_waiting_for_the_body),
        TEST(an_interim_answer_is_not_the_answer),
        TEST(a_redirect_is_not_followed),
        TEST(a_cookie_is_not_sent_back),
        TEST(each_probe_has_a_connection_of_its_own),
        TEST(a_proxy_of_the_environment_is_ignored),
        TEST(a_body_that_has_the_string_is_a_success),
        TEST(a_body_without_the_string_fails),
        TEST(a_long_wanted_string_is_cut_between_characters),
        TEST(only_the_first_5120_octets_of_the_body_count),
        TEST(an_endless_body_is_not_read_to_its_end),
        TEST(what_has_no_status_is_no_answer),
        TEST(a_header_may_end_in_a_line_that_goes_on),
        TEST(an_endless_header_is_not_read_to_its_end),
        TEST(silence_times_out),
        TEST(an_answer_that_trickles_past_the_time_out_fails),
        TEST(a_closed_port_is_refused),
        TEST(a_connection_that_ends_too_early_fails),
        TEST(rubbish_is_not_http),
        TEST(each_address_is_probed_itself),
        TEST(an_ipv6_address_is_probed),
        TEST(a_tcp_check_is_content_with_a_connection),
        TEST(what_is_no_address_fails),
        TEST(a_connection_that_is_not_made_times_out),
        TEST(a_host_that_is_no_host_fails_and_harms_nothing),
        TEST(a_lack_of_descriptors_is_not_the_targets_fault),
        TEST(a_probe_is_freed_at_any_moment),
        TEST(who_waits_has_its_whole_time),
        TEST(a_place_that_is_given_up_is_taken),
        TEST(the_end_of_one_may_free_the_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
