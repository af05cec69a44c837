/* SPDX-License-Identifier: BSD-2-Clause */
/* A real server on a loop that the test turns, and clients that are plain descriptors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <cmocka.h>

#include "common/alloc.h"
#include "common/log.h"
#include "control/admin_server_private.h"

#define STATUS    "{\"version\":1,\"command\":\"status\",\"arguments\":[]}\n"
#define STOP      "{\"version\":1,\"command\":\"stop\",\"arguments\":[]}\n"
#define STATS     "{\"version\":1,\"command\":\"stats\",\"arguments\":[]}\n"
#define LOG_BARE  "{\"version\":1,\"command\":\"log level\",\"arguments\":[]}\n"
#define LOG_DEBUG "{\"version\":1,\"command\":\"log level\",\"arguments\":[\"debug\"]}\n"
#define BIG       ((size_t)8 << 20)

static uv_loop_t loop;
static uv_timer_t tick; /* so that a turn of the loop always ends */
static char directory[64];
static char *path;
static struct admin_server *server;
static const struct config_rights nothing_said;

/* What the handler saw and shall do: "status" answers at once, "stats" with BIG octets, "stop"
 * answers and closes the server, "zone check" is kept for the test to finish. */
static unsigned handled;
static char last_who[256];
static char last_name[64];
static struct admin_request *kept;
static bool keeps;

static void handle(void *argument, const struct admin_command *command, const json_t *arguments,
                   const char *who, struct admin_request *request)
{
    assert_ptr_equal(argument, &handled);
    assert_true(json_is_array(arguments));
    handled++;
    snprintf(last_who, sizeof(last_who), "%s", who);
    snprintf(last_name, sizeof(last_name), "%s", command->name);
    if (keeps) {
        kept = request;
        return;
    }
    if (strcmp(command->name, "stats") == 0) {
        char *text = alloc_zeroed(BIG + 1, 1);
        memset(text, 'x', BIG);
        admin_request_succeed(request, json_pack("{s:s}", "big", text));
        free(text);
        return;
    }
    if (strcmp(command->name, "history") == 0) {
        admin_request_fail(request, "no history of %s", "that");
        return;
    }
    admin_request_succeed(request, json_pack("{s:I}", "n", (json_int_t)handled));
    if (strcmp(command->name, "stop") == 0) {
        admin_server_close(STEAL(server));
    }
}

static void ticked(uv_timer_t *timer)
{
    (void)timer;
}

static void turn(void)
{
    uv_run(&loop, UV_RUN_ONCE);
}

static int set_up(void **state)
{
    (void)state;
    handled = 0;
    keeps = false;
    kept = NULL;
    log_set_level(LOG_LEVEL_ERROR);
    snprintf(directory, sizeof(directory), "/tmp/ballast-admin-XXXXXX");
    assert_non_null(mkdtemp(directory));
    path = alloc_printf("%s/ballast.sock", directory);
    assert_int_equal(uv_loop_init(&loop), 0);
    uv_timer_init(&loop, &tick);
    uv_timer_start(&tick, ticked, 5, 5);
    struct error err;
    server = admin_server_open(&loop, path, &nothing_said, handle, &handled, &err);
    assert_non_null(server);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    admin_server_close(STEAL(server));
    uv_close((uv_handle_t *)&tick, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0); /* every handle has been closed */
    unlink(path);
    rmdir(directory);
    free(path);
    return 0;
}

static int client(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

/* Sends all, turning the loop when the socket is full; false when the server has closed it. */
static bool say_octets(int fd, const char *octets, size_t len)
{
    for (unsigned turns = 0; len > 0 && turns < 100000;) {
        ssize_t sent = send(fd, octets, len, MSG_NOSIGNAL);
        if (sent >= 0) {
            octets += sent;
            len -= (size_t)sent;
        } else if (errno == EAGAIN) {
            turn();
            turns++;
        } else {
            return false;
        }
    }
    return len == 0;
}

static void say(int fd, const char *text)
{
    assert_true(say_octets(fd, text, strlen(text)));
}

/* The next line without its end, or NULL at the end of the connection. Caller frees. */
static char *hear(int fd)
{
    size_t len = 0;
    char *line = NULL;
    char some[65536];
    for (unsigned turns = 0; turns < 100000;) {
        ssize_t got = recv(fd, some, sizeof(some), MSG_PEEK);
        if (got < 0 && errno == EAGAIN) {
            turn();
            turns++;
            continue;
        }
        if (got <= 0) {
            break;
        }
        const char *end = memchr(some, '\n', (size_t)got);
        size_t take = end == NULL ? (size_t)got : (size_t)(end - some) + 1;
        line = alloc_resize(line, len + take, 1);
        assert_int_equal(recv(fd, line + len, take, 0), take);
        len += take;
        if (end != NULL) {
            line[len - 1] = '\0';
            return line;
        }
    }
    free(line);
    return NULL;
}

static void expect_text(int fd, const char *text)
{
    char *line = hear(fd);
    assert_non_null(line);
    if (strstr(line, text) == NULL) {
        fail_msg("heard %.300s, expected %s", line, text);
    }
    free(line);
}

static void expect_end(int fd)
{
    char *line = hear(fd);
    assert_null(line);
    close(fd);
}

static void turn_until_connections(size_t count)
{
    for (unsigned turns = 0; admin_server_connection_count(server) != count; turns++) {
        assert_true(turns < 10000);
        turn();
    }
}

static void turn_until_kept(void)
{
    for (unsigned turns = 0; kept == NULL; turns++) {
        assert_true(turns < 10000);
        turn();
    }
}

static uint64_t later(uint64_t ms)
{
    return uv_now(&loop) + ms;
}

static void a_request_is_answered_with_the_handlers_result(void **state)
{
    (void)state;
    int fd = client();
    say(fd, STATUS);
    expect_text(fd, "\"ok\":true,\"result\":{\"n\":1}");
    say(fd, "{\"version\":1,\"command\":\"history\",\"arguments\":[]}\r\n");
    expect_text(fd, "\"ok\":false,\"error\":\"no history of that\"");
    close(fd);
    turn_until_connections(0);
}

static void the_handler_hears_who_asks(void **state)
{
    (void)state;
    int fd = client();
    char expected[32];
    snprintf(expected, sizeof(expected), "uid %lu (", (unsigned long)geteuid());
    say(fd, STATUS);
    expect_text(fd, "true");
    assert_memory_equal(last_who, expected, strlen(expected));
    if (geteuid() == 0) {
        assert_string_equal(last_who, "uid 0 (root)");
    }
    close(fd);
}

static void a_frame_that_comes_in_two_halves_is_one(void **state)
{
    (void)state;
    int fd = client();
    for (size_t cut = 1; cut < strlen(STATUS); cut++) {
        assert_true(say_octets(fd, STATUS, cut));
        turn();
        turn();
        assert_int_equal(handled, cut - 1);
        say(fd, &STATUS[cut]);
        expect_text(fd, "\"ok\":true");
        assert_int_equal(handled, cut);
    }
    close(fd);
}

static void requests_on_one_connection_are_answered_in_order(void **state)
{
    (void)state;
    int fd = client();
    keeps = true;
    say(fd, STATUS STATS "rubbish\n" STATUS);
    turn_until_kept();
    for (int i = 0; i < 20; i++) {
        turn(); /* the next must not be begun */
    }
    assert_int_equal(handled, 1);
    keeps = false;
    admin_request_succeed(STEAL(kept), json_pack("{s:s}", "is", "first"));
    expect_text(fd, "first");
    expect_text(fd, "xxxx");
    expect_text(fd, "not JSON");
    expect_text(fd, "\"n\":3");
    close(fd);
}

static void a_thousand_requests_at_once_are_all_answered(void **state)
{
    (void)state;
    int fd = client();
    char *all = alloc_zeroed(1000, strlen(STATUS) + 1);
    for (size_t i = 0; i < 1000; i++) {
        memcpy(all + i * strlen(STATUS), STATUS, strlen(STATUS));
    }
    say(fd, all);
    free(all);
    for (int i = 1; i <= 1000; i++) {
        char expected[32];
        snprintf(expected, sizeof(expected), "{\"n\":%d}", i);
        expect_text(fd, expected);
    }
    close(fd);
}

static void a_client_that_half_closes_still_gets_its_answer(void **state)
{
    (void)state;
    int fd = client();
    say(fd, STATUS STATUS);
    shutdown(fd, SHUT_WR);
    expect_text(fd, "\"n\":1");
    expect_text(fd, "\"n\":2");
    expect_end(fd);
}

static void bad_lines_are_answered_and_the_connection_goes_on(void **state)
{
    (void)state;
    static const char *const bad[][2] = {
        {"\n", "not JSON"},
        {"GET / HTTP/1.1\r\n", "not JSON"},
        {"[]\n", "expected a JSON object"},
        {"{\"version\":9,\"command\":\"status\",\"arguments\":[]}\n", "version 9"},
        {"{\"version\":1,\"command\":\"dance\",\"arguments\":[]}\n", "unknown command"},
        {"{\"version\":1,\"command\":\"rollout watch\",\"arguments\":[\"a\"]}\n", "by ballastctl"},
        {"{\"version\":1,\"command\":\"status\",\"arguments\":[\"a\"]}\n", "too many arguments"},
        {"{\"version\":1,\"command\":\"record show\",\"arguments\":[\"a\"]}\n", "is missing"},
        {"{\"version\":1,\"command\":\"status\",\"arguments\":[1]}\n", "is no string"},
    };
    int fd = client();
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        say(fd, bad[i][0]);
        expect_text(fd, bad[i][1]);
    }
    static const char nul[] = "{\"version\":1,\"command\":\"sta\0tus\",\"arguments\":[]}\n";
    assert_true(say_octets(fd, nul, sizeof(nul) - 1));
    expect_text(fd, "not JSON");
    assert_int_equal(handled, 0);
    say(fd, STATUS);
    expect_text(fd, "\"n\":1");
    close(fd);
}

static void a_line_of_the_greatest_length_is_read(void **state)
{
    (void)state;
    int fd = client();
    char *line = alloc_zeroed(ADMIN_MAX_LINE + 1, 1);
    memset(line, ' ', ADMIN_MAX_LINE);
    memcpy(line, STATUS, strlen(STATUS) - 1);
    line[ADMIN_MAX_LINE] = '\n';
    assert_true(say_octets(fd, line, ADMIN_MAX_LINE + 1));
    free(line);
    expect_text(fd, "\"n\":1");
    say(fd, STATUS);
    expect_text(fd, "\"n\":2");
    close(fd);
}

static void a_line_that_is_too_long_ends_the_connection(void **state)
{
    (void)state;
    int fd = client();
    char *line = alloc_zeroed(ADMIN_MAX_LINE * 2, 1);
    memset(line, 'x', ADMIN_MAX_LINE * 2);
    say_octets(fd, line, ADMIN_MAX_LINE * 2); /* cut off somewhere after 16 MiB */
    free(line);
    expect_text(fd, "longer than 16 MiB");
    expect_end(fd);
    turn_until_connections(0);
    assert_int_equal(handled, 0);
}

static void a_client_that_vanishes_in_a_request_harms_nothing(void **state)
{
    (void)state;
    keeps = true;
    int fd = client();
    say(fd, STATUS);
    turn_until_kept();
    close(fd);
    struct admin_request *first = STEAL(kept);
    fd = client();
    say(fd, STATUS STATUS);
    turn_until_kept();
    close(fd);
    turn();
    admin_request_succeed(first, json_object());
    admin_request_fail(STEAL(kept), "too late");
    keeps = false;
    turn_until_connections(0);
}

static void a_request_may_be_finished_after_the_server_has_gone(void **state)
{
    (void)state;
    keeps = true;
    int fd = client();
    say(fd, STATUS);
    turn_until_kept();
    admin_server_close(STEAL(server));
    expect_end(fd);
    for (int i = 0; i < 10; i++) {
        turn();
    }
    admin_request_succeed(STEAL(kept), json_object());
}

static unsigned parts_written;
static unsigned parts_in_vain;

/* Three parts of 100,000 octets, then the end. */
static void part_written(void *argument, bool goes_on)
{
    struct admin_request *request = argument;
    if (!goes_on) {
        parts_in_vain++;
        admin_request_fail(request, "nobody hears this");
        return;
    }
    if (parts_written == 3) {
        admin_request_succeed(request, json_pack("{s:s}", "the", "end"));
        return;
    }
    CLEANUP(alloc_freep) char *text = alloc_zeroed(100001, 1);
    memset(text, 'a' + (int)parts_written++, 100000);
    admin_request_part(request, json_pack("{s:s}", "text", text), part_written, request);
}

static void start_parts(void)
{
    parts_written = parts_in_vain = 0;
    keeps = true;
    turn_until_kept();
    part_written(STEAL(kept), true);
}

static void an_answer_may_come_in_parts(void **state)
{
    (void)state;
    int fd = client();
    say(fd, STATUS);
    start_parts();
    keeps = false;
    expect_text(fd, "aaa\"},\"more\":true}");
    expect_text(fd, "\"bbbb");
    expect_text(fd, "\"cccc");
    expect_text(fd, "\"the\":\"end\"");
    assert_int_equal(parts_written, 3);
    assert_int_equal(parts_in_vain, 0);
    say(fd, STATUS);
    expect_text(fd, "\"n\":");
    close(fd);
}

static void parts_end_when_the_client_goes(void **state)
{
    (void)state;
    int fd = client();
    say(fd, STATUS);
    start_parts();
    close(fd);
    turn_until_connections(0);
    assert_int_equal(parts_in_vain, 1);
}

static void a_client_that_vanishes_in_half_a_line_is_forgotten(void **state)
{
    (void)state;
    int fd = client();
    assert_true(say_octets(fd, STATUS, 20));
    turn_until_connections(1);
    close(fd);
    turn_until_connections(0);
    close(client()); /* perhaps gone before it is accepted */
    fd = client();
    say(fd, STATUS);
    expect_text(fd, "true");
    close(fd);
    turn_until_connections(0);
}

static void half_a_line_may_stall_for_half_a_minute(void **state)
{
    (void)state;
    int fd = client();
    say(fd, STATUS);
    expect_text(fd, "true");
    assert_true(say_octets(fd, STATUS, 20));
    for (int i = 0; i < 5; i++) {
        turn();
    }
    admin_server_sweep(server, later(ADMIN_UNFINISHED_MS - 1000));
    assert_int_equal(admin_server_connection_count(server), 1);
    admin_server_sweep(server, later(ADMIN_UNFINISHED_MS));
    assert_int_equal(admin_server_connection_count(server), 0);
    expect_end(fd);
}

static void a_silent_watcher_stays_ten_minutes(void **state)
{
    (void)state;
    int fd = client();
    say(fd, STATUS);
    expect_text(fd, "true");
    turn();
    admin_server_sweep(server, later(ADMIN_IDLE_MS - 1000));
    assert_int_equal(admin_server_connection_count(server), 1);
    admin_server_sweep(server, later(ADMIN_IDLE_MS));
    expect_end(fd);
}

static void a_handler_may_take_its_time(void **state)
{
    (void)state;
    keeps = true;
    int fd = client();
    say(fd, STATUS);
    turn_until_kept();
    admin_server_sweep(server, later(ADMIN_IDLE_MS * 10));
    assert_int_equal(admin_server_connection_count(server), 1);
    admin_request_succeed(STEAL(kept), json_object());
    expect_text(fd, "true");
    close(fd);
}

static void a_client_that_never_reads_is_dropped(void **state)
{
    (void)state;
    int fd = client();
    say(fd, STATS STATS STATS STATUS);
    for (unsigned turns = 0; handled == 0; turns++) {
        assert_true(turns < 10000);
        turn();
    }
    for (int i = 0; i < 20; i++) {
        turn();
    }
    assert_int_equal(handled, 1); /* one answer at a time is all that is queued */
    admin_server_sweep(server, later(0));
    admin_server_sweep(server, later(ADMIN_UNREAD_MS - 1000));
    assert_int_equal(admin_server_connection_count(server), 1);
    char some[65536 * 4];
    assert_true(recv(fd, some, sizeof(some), 0) > 0); /* it reads a little: that is progress */
    for (int i = 0; i < 5; i++) {
        turn();
    }
    uint64_t now = later(ADMIN_UNREAD_MS);
    admin_server_sweep(server, now);
    assert_int_equal(admin_server_connection_count(server), 1);
    admin_server_sweep(server, now + ADMIN_UNREAD_MS);
    assert_int_equal(admin_server_connection_count(server), 0);
    assert_int_equal(handled, 1);
    close(fd);
}

static void the_connections_are_counted(void **state)
{
    (void)state;
    int fds[ADMIN_MAX_CONNECTIONS];
    for (size_t i = 0; i < ADMIN_MAX_CONNECTIONS; i++) {
        fds[i] = client();
        say(fds[i], STATUS);
        expect_text(fds[i], "true");
    }
    int one_more = client();
    expect_text(one_more, "too many connections");
    expect_end(one_more);
    say(fds[0], STATUS);
    expect_text(fds[0], "true");
    close(fds[1]);
    turn_until_connections(ADMIN_MAX_CONNECTIONS - 1);
    fds[1] = client();
    say(fds[1], STATUS);
    expect_text(fds[1], "true");
    for (size_t i = 0; i < ADMIN_MAX_CONNECTIONS; i++) {
        close(fds[i]);
    }
    turn_until_connections(0);
}

static void who_may_only_read_cannot_change(void **state)
{
    (void)state;
    const struct admin_peer stranger = {.uid = 54321, .group_count = 1, .groups = {54321}};
    admin_server_pretend_peer(server, &stranger);
    int fd = client();
    say(fd, STATUS);
    expect_text(fd, "\"ok\":true");
    say(fd, LOG_BARE);
    expect_text(fd, "\"ok\":true");
    handled = 0;
    say(fd, LOG_DEBUG);
    char *line = hear(fd);
    assert_non_null(strstr(line, "\"ok\":false"));
    assert_non_null(strstr(line, "uid 54321 ("));
    assert_non_null(strstr(line, "control.rights.change"));
    free(line);
    say(fd, STOP);
    expect_text(fd, "control.rights.change");
    assert_int_equal(handled, 0);
    close(fd);
}

static void the_socket_is_for_its_owner_and_group(void **state)
{
    (void)state;
    struct stat info;
    assert_int_equal(lstat(path, &info), 0);
    assert_true(S_ISSOCK(info.st_mode));
    assert_int_equal(info.st_mode & 07777, 0660);
    admin_server_close(STEAL(server));
    assert_int_equal(lstat(path, &info), -1);
}

static void a_living_daemons_socket_is_not_taken(void **state)
{
    (void)state;
    struct error err;
    assert_null(admin_server_open(&loop, path, &nothing_said, handle, &handled, &err));
    assert_non_null(strstr(err.text, "another daemon answers"));
    int fd = client();
    say(fd, STATUS);
    expect_text(fd, "true");
    close(fd);
}

static void a_dead_daemons_socket_is_replaced(void **state)
{
    (void)state;
    admin_server_close(STEAL(server));
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
    int dead = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(dead, (struct sockaddr *)&address, sizeof(address)), 0);
    close(dead);
    struct error err;
    server = admin_server_open(&loop, path, &nothing_said, handle, &handled, &err);
    assert_non_null(server);
    int fd = client();
    say(fd, STATUS);
    expect_text(fd, "true");
    close(fd);
}

static void what_is_no_socket_is_left_alone(void **state)
{
    (void)state;
    struct error err;
    char *file = alloc_printf("%s/precious", directory);
    int fd = open(file, O_CREAT | O_WRONLY, 0600);
    assert_int_equal(write(fd, "data", 4), 4);
    close(fd);
    assert_null(admin_server_open(&loop, file, &nothing_said, handle, &handled, &err));
    assert_non_null(strstr(err.text, "is no socket"));
    struct stat info;
    assert_int_equal(stat(file, &info), 0);
    assert_int_equal(info.st_size, 4);
    unlink(file);
    free(file);
}

static void a_path_that_cannot_be_is_refused(void **state)
{
    (void)state;
    struct error err;
    char deep[200];
    memset(deep, 'a', sizeof(deep) - 1);
    deep[sizeof(deep) - 1] = '\0';
    assert_null(admin_server_open(&loop, deep, &nothing_said, handle, &handled, &err));
    assert_non_null(strstr(err.text, "107 octets"));
    assert_null(
        admin_server_open(&loop, "/nowhere/at/all.sock", &nothing_said, handle, &handled, &err));
    assert_non_null(strstr(err.text, "/nowhere/at/all.sock"));
}

static void a_foreign_file_at_the_path_survives_the_close(void **state)
{
    (void)state;
    struct stat info;
    unlink(path);
    close(open(path, O_CREAT | O_WRONLY, 0600));
    admin_server_close(STEAL(server));
    assert_int_equal(stat(path, &info), 0);
}

static void the_answer_to_stop_is_sent_before_the_end(void **state)
{
    (void)state;
    int idle = client();
    int fd = client();
    say(fd, STOP);
    expect_text(fd, "\"ok\":true");
    expect_end(fd);
    expect_end(idle);
}

static void an_answer_on_its_way_survives_the_close(void **state)
{
    (void)state;
    int fd = client();
    say(fd, STATS);
    for (unsigned turns = 0; handled == 0; turns++) {
        assert_true(turns < 10000);
        turn();
    }
    admin_server_close(STEAL(server));
    char *line = hear(fd);
    assert_non_null(line);
    assert_true(strlen(line) > BIG);
    free(line);
    expect_end(fd);
}

#define IN_A_SERVER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_SERVER(a_request_is_answered_with_the_handlers_result),
        IN_A_SERVER(the_handler_hears_who_asks),
        IN_A_SERVER(a_frame_that_comes_in_two_halves_is_one),
        IN_A_SERVER(requests_on_one_connection_are_answered_in_order),
        IN_A_SERVER(a_thousand_requests_at_once_are_all_answered),
        IN_A_SERVER(a_client_that_half_closes_still_gets_its_answer),
        IN_A_SERVER(bad_lines_are_answered_and_the_connection_goes_on),
        IN_A_SERVER(a_line_of_the_greatest_length_is_read),
        IN_A_SERVER(a_line_that_is_too_long_ends_the_connection),
        IN_A_SERVER(a_client_that_vanishes_in_a_request_harms_nothing),
        IN_A_SERVER(a_request_may_be_finished_after_the_server_has_gone),
        IN_A_SERVER(an_answer_may_come_in_parts),
        IN_A_SERVER(parts_end_when_the_client_goes),
        IN_A_SERVER(a_client_that_vanishes_in_half_a_line_is_forgotten),
        IN_A_SERVER(half_a_line_may_stall_for_half_a_minute),
        IN_A_SERVER(a_silent_watcher_stays_ten_minutes),
        IN_A_SERVER(a_handler_may_take_its_time),
        IN_A_SERVER(a_client_that_never_reads_is_dropped),
        IN_A_SERVER(the_connections_are_counted),
        IN_A_SERVER(who_may_only_read_cannot_change),
        IN_A_SERVER(the_socket_is_for_its_owner_and_group),
        IN_A_SERVER(a_living_daemons_socket_is_not_taken),
        IN_A_SERVER(a_dead_daemons_socket_is_replaced),
        IN_A_SERVER(what_is_no_socket_is_left_alone),
        IN_A_SERVER(a_path_that_cannot_be_is_refused),
        IN_A_SERVER(a_foreign_file_at_the_path_survives_the_close),
        IN_A_SERVER(the_answer_to_stop_is_sent_before_the_end),
        IN_A_SERVER(an_answer_on_its_way_survives_the_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
