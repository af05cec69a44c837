/* SPDX-License-Identifier: BSD-2-Clause */
/* Which worker's socket the kernel gives a packet to. A packet over loopback is received on the
 * processor that its sender runs on, so the tests choose theirs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <arpa/inet.h>
#include <dirent.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "common/attributes.h"
#include "server/listener.h"
#include "server/server.h"
#include "server/steering.h"
#include "tests/unit/answer_fixture.h"

#define WORKERS    2
#define SENDERS    32
#define PATIENCE_S 60
#define TYPE_A     1

/* The processors that the test may use, and it is on one of them only until the end. */
static cpu_set_t usable;

static int remember_processors(void **state)
{
    (void)state;
    CPU_ZERO(&usable);
    return sched_getaffinity(0, sizeof(usable), &usable);
}

static int leave_processor(void **state)
{
    (void)state;
    return sched_setaffinity(0, sizeof(usable), &usable);
}

static void stay_on(unsigned cpu)
{
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
}

static unsigned usable_processor(unsigned index)
{
    unsigned cpu = 0;
    while (!CPU_ISSET(cpu, &usable) || index-- > 0) {
        cpu++;
    }
    return cpu;
}

static int connect_to(const struct address *address)
{
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct timeval patience = {.tv_sec = PATIENCE_S};
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)), 0);
    assert_int_equal(connect(fd, &address->any, address->len), 0);
    return fd;
}

/* From many ports, which a hash would spread. */
static void send_many(const struct address *address)
{
    for (unsigned i = 0; i < SENDERS; i++) {
        int fd = connect_to(address);
        assert_int_equal(send(fd, "x", 1, 0), 1);
        close(fd);
    }
}

static unsigned count_received(int fd)
{
    char octet;
    unsigned count = 0;
    while (recv(fd, &octet, 1, MSG_DONTWAIT) == 1) {
        count++;
    }
    return count;
}

static void open_sockets(struct address *address, int fds[WORKERS])
{
    assert_true(address_parse(address, "127.0.0.1", 0, NULL));
    for (size_t i = 0; i < WORKERS; i++) {
        assert_true(listener_open_udp(address, &fds[i], NULL));
        socklen_t len = sizeof(address->v4);
        assert_int_equal(getsockname(fds[i], &address->any, &len), 0);
    }
}

/* Skips the test where the kernel knows nothing of it. */
static void attach(const struct steering *steering, int fd)
{
    struct error err;
    if (!steering_attach(steering, fd, &err)) {
        print_message("%s\n", err.text);
        skip();
    }
}

/* All that one processor receives is waited for at one socket. */
static void expect_all_at(const struct steering *steering, size_t expected)
{
    struct address address;
    int fds[WORKERS];
    unsigned received = 0;
    open_sockets(&address, fds);
    attach(steering, fds[WORKERS - 1]);
    send_many(&address);
    while (received < SENDERS) {
        struct pollfd waited = {.fd = fds[expected], .events = POLLIN};
        assert_int_equal(poll(&waited, 1, PATIENCE_S * 1000), 1);
        received += count_received(fds[expected]);
    }
    assert_int_equal(received, SENDERS);
    for (size_t i = 0; i < WORKERS; i++) {
        close(fds[i]);
    }
}

static void what_a_processor_receives_is_its_workers(void **state)
{
    (void)state;
    unsigned here = usable_processor(0);
    stay_on(here);
    expect_all_at(&(struct steering){.count = WORKERS, .cpus = {here, here + 1}}, 0);
    expect_all_at(&(struct steering){.count = WORKERS, .cpus = {here + 1, here}}, 1);
}

static void a_processor_without_a_worker_has_one_all_the_same(void **state)
{
    (void)state;
    unsigned here = usable_processor(0);
    stay_on(here);
    expect_all_at(&(struct steering){.count = WORKERS, .cpus = {here + 1, here + 2}},
                  here % WORKERS);
}

static void what_would_go_to_a_missing_socket_is_not_lost(void **state)
{
    (void)state;
    struct address address;
    int fds[WORKERS];
    unsigned here = usable_processor(0);
    stay_on(here);
    struct steering steering = {.count = WORKERS + 1, .cpus = {here + 1, here + 2, here}};
    open_sockets(&address, fds);
    attach(&steering, fds[0]);
    send_many(&address);
    unsigned received = 0;
    while (received < SENDERS) {
        struct pollfd waited[WORKERS] = {{.fd = fds[0], .events = POLLIN},
                                         {.fd = fds[1], .events = POLLIN}};
        assert_true(poll(waited, WORKERS, PATIENCE_S * 1000) > 0);
        received += count_received(fds[0]) + count_received(fds[1]);
    }
    close(fds[0]);
    close(fds[1]);
}

static void more_workers_than_processors_are_not_steered(void **state)
{
    (void)state;
    struct steering steering;
    struct error err;
    stay_on(usable_processor(0));
    assert_true(steering_init(&steering, 1, &err));
    assert_int_equal(steering.cpus[0], usable_processor(0));
    assert_false(steering_init(&steering, 2, &err));
    assert_string_equal(err.text, "2 workers need as many processors, and 1 may be used");
}

struct running {
    struct fixture *fixture;
    struct address listen;
    struct server *server;
};

static struct running start(void)
{
    struct running running = {.fixture = fixture_new(WORKERS)};
    struct config_server *config = &running.fixture->config.server;
    struct error err;
    config->steers_by_cpu = true;
    config->listen_count = 1;
    /* Between finding a port and using it somebody else may take it. */
    for (unsigned attempt = 0; attempt < 20 && running.server == NULL; attempt++) {
        int fds[WORKERS];
        open_sockets(&running.listen, fds);
        close(fds[0]);
        close(fds[1]);
        config->listen = &running.listen;
        running.server = server_start(config, running.fixture->exchange, &err);
    }
    assert_non_null(running.server);
    return running;
}

static void stop(struct running *running)
{
    server_stop(running->server);
    fixture_free(running->fixture);
}

static void ask(const struct address *address)
{
    uint8_t query[600], response[4096];
    size_t len = fixture_query(query, "two.example.test", TYPE_A);
    for (unsigned i = 0; i < SENDERS; i++) {
        int fd = connect_to(address);
        assert_int_equal(send(fd, query, len, 0), len);
        assert_true(recv(fd, response, sizeof(response), 0) > 0);
        close(fd);
    }
}

static uint64_t answered_by(const struct running *running, size_t worker)
{
    return counter_read(&running->fixture->exchange->slots[worker].counters[COUNTER_UDP_QUERIES]);
}

/* The processors that the thread of that name may use. */
static void find_processors_of(const char *wanted, cpu_set_t *found)
{
    DIR *tasks = opendir("/proc/self/task");
    assert_non_null(tasks);
    CPU_ZERO(found);
    for (struct dirent *task = readdir(tasks); task != NULL; task = readdir(tasks)) {
        char path[300], name[32] = "";
        snprintf(path, sizeof(path), "/proc/self/task/%s/comm", task->d_name);
        FILE *comm = fopen(path, "r");
        if (comm == NULL || fgets(name, sizeof(name), comm) == NULL) {
            name[0] = '\0';
        }
        name[strcspn(name, "\n")] = '\0';
        if (comm != NULL) {
            fclose(comm);
        }
        if (strcmp(name, wanted) == 0) {
            assert_int_equal(sched_getaffinity(atoi(task->d_name), sizeof(*found), found), 0);
        }
    }
    closedir(tasks);
}

static void a_query_is_answered_on_the_processor_that_received_it(void **state)
{
    (void)state;
    struct address address;
    int fds[WORKERS];
    struct steering steering = {.count = 1};
    if (CPU_COUNT(&usable) < WORKERS) {
        print_message("too few processors\n");
        skip();
    }
    open_sockets(&address, fds);
    attach(&steering, fds[0]);
    close(fds[0]);
    close(fds[1]);
    struct running running = start();
    for (unsigned i = 0; i < WORKERS; i++) {
        char name[32];
        cpu_set_t found;
        snprintf(name, sizeof(name), "worker/%u", i);
        find_processors_of(name, &found);
        assert_int_equal(CPU_COUNT(&found), 1);
        assert_true(CPU_ISSET(usable_processor(i), &found));
        assert_int_equal(answered_by(&running, i), 0);
        stay_on(usable_processor(i));
        ask(&running.listen);
        assert_int_equal(answered_by(&running, i), SENDERS);
    }
    stop(&running);
}

static void without_enough_processors_all_is_answered_by_hash(void **state)
{
    (void)state;
    stay_on(usable_processor(0));
    struct running running = start();
    ask(&running.listen);
    assert_int_equal(answered_by(&running, 0) + answered_by(&running, 1), SENDERS);
    /* One in two thousand million runs finds all ports on one side. */
    assert_int_not_equal(answered_by(&running, 0), 0);
    assert_int_not_equal(answered_by(&running, 1), 0);
    stop(&running);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, remember_processors, leave_processor)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_a_processor_receives_is_its_workers),
        TEST(a_processor_without_a_worker_has_one_all_the_same),
        TEST(what_would_go_to_a_missing_socket_is_not_lost),
        TEST(more_workers_than_processors_are_not_steered),
        TEST(a_query_is_answered_on_the_processor_that_received_it),
        TEST(without_enough_processors_all_is_answered_by_hash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
