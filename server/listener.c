/* SPDX-License-Identifier: BSD-2-Clause */
#include "server/listener.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

/* Bursts wait in the kernel while a worker is not scheduled; what the limit allows of it. */
#define RECEIVE_BUFFER_OCTETS (1 << 20)

bool listener_is_wildcard(const struct address *address)
{
    if (address->any.sa_family == AF_INET6) {
        return IN6_IS_ADDR_UNSPECIFIED(&address->v6.sin6_addr);
    }
    return address->v4.sin_addr.s_addr == htonl(INADDR_ANY);
}

static bool set_option(int fd, int level, int option, int value)
{
    return setsockopt(fd, level, option, &value, sizeof(value)) == 0;
}

static bool set_options(int fd, const struct address *address)
{
    if (!set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1)) {
        return false;
    }
    return address->any.sa_family != AF_INET6 || set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
}

static bool set_udp_options(int fd, const struct address *address)
{
    set_option(fd, SOL_SOCKET, SO_RCVBUF, RECEIVE_BUFFER_OCTETS); /* less is no failure */
    bool is_v6 = address->any.sa_family == AF_INET6;
    if (is_v6) {
        /* Forged "fragmentation needed" must not make us fragment (RFC 9715). */
        set_option(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_OMIT);
    } else {
        set_option(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_OMIT);
    }
    if (!listener_is_wildcard(address)) {
        return true;
    }
    return is_v6 ? set_option(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1)
                 : set_option(fd, IPPROTO_IP, IP_PKTINFO, 1);
}

static bool fail(const struct address *address, const char *protocol, int fd, struct error *err)
{
    char text[ADDRESS_TEXT_SIZE];
    int reason = errno;
    address_print(address, text);
    if (fd >= 0) {
        close(fd);
    }
    return error_set(err, "cannot listen on %s (%s): %s", text, protocol, strerror(reason));
}

bool listener_open_udp(const struct address *address, int *fd, struct error *err)
{
    int opened =
        socket(address->any.sa_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_UDP);
    if (opened < 0 || !set_options(opened, address) || !set_udp_options(opened, address) ||
        bind(opened, &address->any, address->len) != 0) {
        return fail(address, "UDP", opened, err);
    }
    *fd = opened;
    return true;
}

bool listener_open_tcp(const struct address *address, int *fd, struct error *err)
{
    int opened =
        socket(address->any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);
    if (opened < 0 || !set_options(opened, address) ||
        /* A restart does not wait for connections that are being forgotten. */
        !set_option(opened, SOL_SOCKET, SO_REUSEADDR, 1) ||
        bind(opened, &address->any, address->len) != 0) {
        return fail(address, "TCP", opened, err);
    }
    *fd = opened;
    return true;
}

bool listener_check_unused(const struct address *address, struct error *err)
{
    int udp = socket(address->any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, IPPROTO_UDP);
    bool is_v6 = address->any.sa_family == AF_INET6;
    if (udp < 0 || (is_v6 && !set_option(udp, IPPROTO_IPV6, IPV6_V6ONLY, 1)) ||
        bind(udp, &address->any, address->len) != 0) {
        return fail(address, "UDP", udp, err);
    }
    close(udp);
    int tcp = socket(address->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP);
    if (tcp < 0 || (is_v6 && !set_option(tcp, IPPROTO_IPV6, IPV6_V6ONLY, 1)) ||
        !set_option(tcp, SOL_SOCKET, SO_REUSEADDR, 1) ||
        bind(tcp, &address->any, address->len) != 0) {
        return fail(address, "TCP", tcp, err);
    }
    close(tcp);
    return true;
}
