/* SPDX-License-Identifier: BSD-2-Clause */
/* A worker's socket, without the worker: what is between two looks for a new snapshot. */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

#include "server/listener.h"
#include "server/udp.h"
#include "tests/unit/answer_fixture.h"

/* So many come at once, and no more than so many answers may leave by the snapshot of before. */
#define QUERIES 64
#define LATE    16

/* The linker puts it in the place of libc's. */
int __real_sendmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags);
int __wrap_sendmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags);

static struct fixture *fixture;
static struct snapshot *before; /* the shift; NULL: there was none yet */
static uint64_t seen_at_second_call;
static unsigned calls;

/* The weights are turned while the first of the answers are on their way to the system. */
int __wrap_sendmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags)
{
    calls++;
    if (before == NULL) {
        before = fixture_shift(fixture, FIXTURE_SET_WWW_A, 0, 100);
    } else if (calls == 2) {
        seen_at_second_call = exchange_oldest(fixture->exchange);
    }
    return __real_sendmmsg(fd, messages, count, flags);
}

static void ask(int client, int server)
{
    struct sockaddr_in at = {0};
    socklen_t at_len = sizeof(at);
    uint8_t query[600];
    size_t len = fixture_query(query, "www.example.test", TYPE_A);
    assert_int_equal(getsockname(server, (struct sockaddr *)&at, &at_len), 0);
    assert_int_equal(connect(client, (struct sockaddr *)&at, sizeof(at)), 0);
    for (unsigned i = 0; i < QUERIES; i++) {
        assert_int_equal(send(client, query, len, 0), len);
    }
}

static void a_batch_takes_a_new_snapshot_before_all_of_it_is_sent(void **state)
{
    (void)state;
    struct error err;
    struct address address;
    struct udp_socket server = {.is_wildcard = false};
    fixture = fixture_new(1);
    struct snapshot *first = fixture_shift(fixture, FIXTURE_SET_WWW_A, 100, 0);
    struct udp_job job = {
        .context = &fixture->context, .exchange = fixture->exchange, .buffers = udp_buffers_new()};
    assert_true(address_parse(&address, "127.0.0.1", 0, &err));
    assert_true(listener_open_udp(&address, &server.fd, &err));
    int client = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    ask(client, server.fd); /* on loopback they are there when send() returns */
    (void)udp_drain(&job, &server, 1);
    assert_int_equal(seen_at_second_call, fixture->snapshot->generation);
    for (unsigned i = 0; i < QUERIES; i++) {
        uint8_t answer[4096];
        ssize_t len = recv(client, answer, sizeof(answer), 0);
        assert_true(len > 0);
        const char *text = fixture_print(answer, (size_t)len);
        bool is_new = strstr(text, "198.51.100.") == NULL; /* the first member's */
        assert_int_equal(is_new, i >= LATE);
    }
    snapshot_free(first);
    snapshot_free(before);
    close(client);
    close(server.fd);
    udp_buffers_free(job.buffers);
    fixture_free(fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_batch_takes_a_new_snapshot_before_all_of_it_is_sent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
