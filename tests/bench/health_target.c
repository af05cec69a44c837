/* SPDX-License-Identifier: BSD-2-Clause */
/* health_target PORT tcp|http: what tests/bench/health_checks probes. Every address of loopback
 * accepts connections on this port, and with http answers whatever is asked with 200. It is as
 * cheap as it can be, so that the daemon never waits for it. Says "ready" when it listens. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKLOG 4096

static int listen_at(uint16_t port, bool is_http)
{
    const struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    const int on = 1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    /* On loopback's interface alone: who is probed is any of its addresses. */
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
        setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "lo", sizeof("lo")) != 0 ||
        bind(fd, (const struct sockaddr *)&address, sizeof(address)) != 0) {
        return -1;
    }
    if (is_http) {
        /* Accepted with the request, which is never waited for then. */
        setsockopt(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, &on, sizeof(on));
    }
    return listen(fd, BACKLOG) == 0 ? fd : -1;
}

static void answer(int fd)
{
    static const char text[] =
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";
    char request[4096];
    if (recv(fd, request, sizeof(request), MSG_DONTWAIT) > 0) {
        ssize_t sent = send(fd, text, sizeof(text) - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
        (void)sent; /* who does not take it fails the probe */
    }
}

int main(int argc, char **argv)
{
    bool is_http = argc == 3 && strcmp(argv[2], "http") == 0;
    int listener = argc == 3 ? listen_at((uint16_t)atoi(argv[1]), is_http) : -1;
    if (listener < 0) {
        perror("health_target PORT tcp|http");
        return 1;
    }
    puts("ready");
    fflush(stdout);
    for (;;) {
        int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        if (fd >= 0 && is_http) {
            answer(fd);
        }
        if (fd >= 0) {
            close(fd);
        }
    }
}
