/* SPDX-License-Identifier: BSD-2-Clause */
/* Who gets a query, the front or the kernel, and when: in a network namespace of its own, on its
 * lo. Its filter is asked as in test_filter.c; what goes over lo makes the whole way. Needs the
 * right to do that. */
#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <net/if.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "server/xdp/service.h"
#include "tests/unit/answer_fixture.h"

#define SKIPPED    77
#define PATIENCE_S 60
#define PORT       5300
#define OURS       "192.0.2.53" /* lo's */
#define OURS_OTHER "198.51.100.53"
#define OTHER      "other" /* a second interface */
#define TYPE_A     1
#define MANY       300

struct front {
    struct fixture *fixture;
    struct address listen[2];
    struct config_xdp interfaces[2];
    struct udp_job job;
    uv_loop_t loop;
    struct xdp_front *front;
    struct xdp_service *service;
};

static bool is_interface_full;

/* The C library's, for all but the front, which sends nothing by itself, only what is in a ring. */
ssize_t sendto(int fd, const void *octets, size_t len, int flags, __CONST_SOCKADDR_ARG to,
               socklen_t to_len)
{
    if (octets == NULL && is_interface_full) {
        errno = EAGAIN;
        return -1;
    }
    return syscall(SYS_sendto, fd, octets, len, flags, to.__sockaddr__, to_len);
}

/* ---- interfaces ---- */

static struct ifreq ask(const char *interface, unsigned long request, struct ifreq more)
{
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    snprintf(more.ifr_name, sizeof(more.ifr_name), "%s", interface);
    assert_int_equal(ioctl(fd, request, &more), 0);
    close(fd);
    return more;
}

static void give_address(const char *interface, const char *text)
{
    struct ifreq request = {0};
    struct sockaddr_in address = {.sin_family = AF_INET};
    inet_pton(AF_INET, text, &address.sin_addr);
    memcpy(&request.ifr_addr, &address, sizeof(address));
    ask(interface, SIOCSIFADDR, request);
    ask(interface, SIOCSIFFLAGS, (struct ifreq){.ifr_flags = IFF_UP});
}

/* Over lo each packet comes from this host. */
static bool accept_own_packets(void)
{
    int fd = open("/proc/sys/net/ipv4/conf/all/accept_local", O_WRONLY | O_CLOEXEC);
    bool is_good = fd >= 0 && write(fd, "1\n", 2) == 2;
    close(fd);
    return is_good;
}

enum fate { NO_FILTER, TO_KERNEL, TO_FRONT };

/* What would become of a query that the interface receives. */
static enum fate ask_filter(const char *interface, const char *address)
{
    uint8_t frame[] = "\0\0\0\0\0\0\x02\0\0\0\0\x0a\x08\0"
                      "\x45\0\0\x21\xbe\xef\0\0\x3d\x11\x3a\xa2\xc0\0\2\x05\0\0\0\0"
                      "\x12\x34\x14\xb4\0\x0d\0\0query";
    uint8_t out[256];
    uint32_t program = 0;
    struct ifreq found = ask(interface, SIOCGIFHWADDR, (struct ifreq){0});
    memcpy(frame, found.ifr_hwaddr.sa_data, 6);
    inet_pton(AF_INET, address, frame + 30);
    assert_int_equal(bpf_xdp_query_id((int)if_nametoindex(interface), 0, &program), 0);
    if (program == 0) {
        return NO_FILTER;
    }
    int fd = bpf_prog_get_fd_by_id(program);
    LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame, .data_size_in = sizeof(frame) - 1,
                .data_out = out, .data_size_out = sizeof(out), .repeat = 1);
    assert_int_equal(bpf_prog_test_run_opts(fd, &options), 0);
    close(fd);
    return options.retval == XDP_REDIRECT ? TO_FRONT : TO_KERNEL;
}

/* ---- a front ---- */

static void open_front(struct front *front, size_t interface_count)
{
    struct config_server *config = NULL;
    *front = (struct front){.fixture = fixture_new(2)};
    config = &front->fixture->config.server;
    assert_true(address_parse(&front->listen[0], OURS, PORT, NULL));
    assert_true(address_parse(&front->listen[1], OURS_OTHER, PORT, NULL));
    front->interfaces[0] = (struct config_xdp){.interface = "lo", .mode = CONFIG_XDP_GENERIC};
    front->interfaces[1] = (struct config_xdp){.interface = OTHER, .mode = CONFIG_XDP_GENERIC};
    config->listen = front->listen;
    config->listen_count = 2;
    config->xdp = front->interfaces;
    config->xdp_count = interface_count;
    front->job =
        (struct udp_job){.context = &front->fixture->context, .exchange = front->fixture->exchange};
    assert_int_equal(uv_loop_init(&front->loop), 0);
    front->front = xdp_front_open(config);
    assert_non_null(front->front);
}

/* After this the loop can watch nothing more. */
static void break_loop(struct front *front)
{
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    assert_true(dup2(fd, uv_backend_fd(&front->loop)) >= 0);
    close(fd);
}

static void serve(struct front *front, size_t worker)
{
    front->job.worker = worker;
    front->service = xdp_service_new(&(struct xdp_service_setup){
        .front = front->front, .loop = &front->loop, .job = &front->job, .worker_count = 2});
    assert_non_null(front->service);
}

static void close_front(struct front *front)
{
    xdp_service_close(front->service);
    uv_run(&front->loop, UV_RUN_NOWAIT);
    xdp_service_free(front->service);
    assert_int_equal(uv_loop_close(&front->loop), 0);
    xdp_front_close(front->front);
    fixture_free(front->fixture);
}

static void nobody_waits_for_who_does_not_serve_yet(void **state)
{
    struct front front;
    (void)state;
    open_front(&front, 1);
    assert_int_equal(ask_filter("lo", OURS), TO_KERNEL);
    serve(&front, 0);
    assert_int_equal(ask_filter("lo", OURS), TO_KERNEL);
    xdp_service_begin(front.service);
    assert_int_equal(ask_filter("lo", OURS), TO_FRONT);
    xdp_front_end_queue(front.front, 0);
    assert_int_equal(ask_filter("lo", OURS), TO_KERNEL);
    close_front(&front);
    assert_int_equal(ask_filter("lo", OURS), NO_FILTER);
}

/* The second queue is the second worker's, who also has no changes to hear of. */
static void a_queue_that_nobody_drains_is_the_kernels(void **state)
{
    struct front front;
    (void)state;
    if (system("ip link add " OTHER " type veth peer name end") != 0) {
        skip();
    }
    give_address(OTHER, OURS_OTHER);
    open_front(&front, 2);
    break_loop(&front);
    serve(&front, 1);
    xdp_service_begin(front.service);
    assert_int_equal(ask_filter(OTHER, OURS_OTHER), TO_KERNEL);
    close_front(&front);
}

static void who_cannot_hear_of_changes_leaves_all_to_the_kernel(void **state)
{
    struct front front;
    (void)state;
    open_front(&front, 1);
    break_loop(&front);
    serve(&front, 0);
    xdp_service_begin(front.service);
    assert_int_equal(ask_filter("lo", OURS), NO_FILTER);
    close_front(&front);
}

/* ---- the whole way ---- */

static int open_client(void)
{
    struct sockaddr_in server = {.sin_family = AF_INET, .sin_port = htons(PORT)};
    int size = 4 << 20;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    inet_pton(AF_INET, OURS, &server.sin_addr);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)), 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&server, sizeof(server)), 0);
    return fd;
}

static unsigned count_answers(int fd)
{
    uint8_t answer[4096];
    unsigned count = 0;
    while (recv(fd, answer, sizeof(answer), 0) > 0) {
        count++;
    }
    return count;
}

/* No other query comes after them, by which they could be sent on. */
static void the_last_answers_do_not_wait_for_a_query(void **state)
{
    struct front front;
    uint8_t query[600];
    unsigned answers = 0;
    (void)state;
    open_front(&front, 1);
    serve(&front, 0);
    xdp_service_begin(front.service);
    int client = open_client();
    size_t len = fixture_query(query, "two.example.test", TYPE_A);
    is_interface_full = true;
    for (unsigned i = 0; i < MANY; i++) {
        assert_int_equal(send(client, query, len, 0), len);
    }
    uv_run(&front.loop, UV_RUN_NOWAIT);
    is_interface_full = false;
    alarm(PATIENCE_S);
    while ((answers += count_answers(client)) < MANY) {
        /* Not until something happens: the kernel may bring an answer when all is done here. */
        uv_run(&front.loop, UV_RUN_NOWAIT);
        poll(&(struct pollfd){.fd = client, .events = POLLIN}, 1, 1);
    }
    alarm(0);
    assert_int_equal(answers, MANY);
    assert_int_equal(front.job.context->slot->counters[COUNTER_XDP_QUERIES], MANY);
    close(client);
    close_front(&front);
}

static bool is_permitted(void)
{
    LIBBPF_OPTS(bpf_map_create_opts, options);
    int map = unshare(CLONE_NEWNET) == 0
                  ? bpf_map_create(BPF_MAP_TYPE_XSKMAP, "try", 4, 4, 1, &options)
                  : -1;
    bool is_good = map >= 0 && accept_own_packets();
    close(map);
    return is_good;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_waits_for_who_does_not_serve_yet),
        cmocka_unit_test(a_queue_that_nobody_drains_is_the_kernels),
        cmocka_unit_test(who_cannot_hear_of_changes_leaves_all_to_the_kernel),
        cmocka_unit_test(the_last_answers_do_not_wait_for_a_query),
    };
    if (!is_permitted()) {
        printf("skipped: %s\n", strerror(errno));
        return SKIPPED;
    }
    give_address("lo", OURS);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
