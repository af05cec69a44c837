/* SPDX-License-Identifier: BSD-2-Clause */
#include "server/xdp/front.h"

#include <errno.h>
#include <ifaddrs.h>
#include <linux/ethtool.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/alloc.h"
#include "common/log.h"
#include "server/dns.h"
#include "server/listener.h"
#include "server/xdp/filter.h"
#include "server/xdp/frame.h"
#include "server/xdp/queue.h"

/* An answer of the least size that DNS has must fit: RFC 1035 section 2.3.4. */
#define MTU_LEAST (FRAME_V6_HEADERS_LEN - FRAME_ETHERNET_LEN + DNS_UDP_MIN)

struct interface {
    const char *name;
    unsigned index;
    unsigned mtu;
    bool is_left;         /* to the kernel, as it is now */
    unsigned queue_count; /* that it has; with the configuration's limit */
    uint8_t mac[6];
    struct filter filter;
    struct xdp_queue **queues; /* queue_count */
};

struct xdp_front {
    const struct config_server *config;
    int changes;
    size_t queue_count;
    size_t interface_count;
    struct interface interfaces[]; /* those that could be opened */
};

/* ---- what an interface is ---- */

static bool ask(const struct interface *interface, unsigned long request, struct ifreq *answer)
{
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    snprintf(answer->ifr_name, sizeof(answer->ifr_name), "%s", interface->name);
    bool is_good = fd >= 0 && ioctl(fd, request, answer) == 0;
    int reason = errno;
    if (fd >= 0) {
        close(fd);
    }
    errno = reason;
    return is_good;
}

/* Those that packets are received on; 1 for interfaces that do not say. */
static unsigned count_queues(const struct interface *interface)
{
    struct ethtool_channels channels = {.cmd = ETHTOOL_GCHANNELS};
    struct ifreq request = {.ifr_data = (char *)&channels};
    if (!ask(interface, SIOCETHTOOL, &request) ||
        channels.rx_count + channels.combined_count == 0) {
        return 1;
    }
    return channels.rx_count + channels.combined_count;
}

/* What may change while it is served. */
static bool read_link(struct interface *interface, struct error *err)
{
    struct ifreq request = {0};
    if (!ask(interface, SIOCGIFHWADDR, &request)) {
        return error_set(err, "cannot be asked for its address: %s", strerror(errno));
    }
    if (request.ifr_hwaddr.sa_family != ARPHRD_ETHER &&
        request.ifr_hwaddr.sa_family != ARPHRD_LOOPBACK) {
        return error_set(err, "is no interface of Ethernet");
    }
    memcpy(interface->mac, request.ifr_hwaddr.sa_data, sizeof(interface->mac));
    if (!ask(interface, SIOCGIFMTU, &request)) {
        return error_set(err, "cannot be asked for its MTU: %s", strerror(errno));
    }
    interface->mtu = (unsigned)request.ifr_mtu;
    return interface->mtu >= MTU_LEAST ||
           error_set(err, "has an MTU of %u, expected at least %d", interface->mtu, MTU_LEAST);
}

static bool look_at(struct interface *interface, const struct config_xdp *config, struct error *err)
{
    *interface = (struct interface){.name = config->interface};
    interface->index = if_nametoindex(config->interface);
    if (interface->index == 0) {
        return error_set(err, "%s",
                         errno == ENODEV ? "there is no interface of that name" : strerror(errno));
    }
    if (!read_link(interface, err)) {
        return false;
    }
    unsigned count = count_queues(interface);
    interface->queue_count = config->queues != 0 && config->queues < count ? config->queues : count;
    if (interface->queue_count > FILTER_QUEUES_MAX) {
        interface->queue_count = FILTER_QUEUES_MAX;
    }
    return true;
}

bool xdp_front_check(const struct config_server *config, struct error *err)
{
    for (size_t i = 0; i < config->xdp_count; i++) {
        struct interface interface;
        if (!look_at(&interface, &config->xdp[i], err)) {
            return error_add_context(err, "server.xdp: %s", config->xdp[i].interface);
        }
    }
    return true;
}

/* ---- which queries are for us ---- */

/* Own addresses of the interface. Addresses of the loopback interface are those that routers send
 * here by any way (anycast): they have to be listed, since a card that takes the tags of VLANs off
 * would have them answered without. Others have an interface of their own. */
static bool is_served(const struct address *listen, const struct sockaddr *own, bool is_loopback)
{
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)own;
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)own;
    if (listen->any.sa_family != own->sa_family) {
        return false;
    }
    if (listener_is_wildcard(listen)) {
        return !is_loopback;
    }
    if (own->sa_family == AF_INET) {
        return listen->v4.sin_addr.s_addr == v4->sin_addr.s_addr;
    }
    uint32_t link = listen->v6.sin6_scope_id; /* of a link-local address */
    return IN6_ARE_ADDR_EQUAL(&listen->v6.sin6_addr, &v6->sin6_addr) &&
           (link == 0 || link == v6->sin6_scope_id);
}

/* 127.0.0.0/8 and ::1: the kernel drops what comes for them over a wire. */
static bool is_of_this_host_alone(const struct sockaddr *own)
{
    if (own->sa_family == AF_INET) {
        return ntohl(((const struct sockaddr_in *)own)->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
    }
    return IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)own)->sin6_addr);
}

static void serve_address(struct interface *interface, const struct config_server *config,
                          const struct sockaddr *own, bool is_loopback)
{
    struct filter_served served = {.address = {[10] = 0xff, [11] = 0xff}};
    if (own->sa_family == AF_INET) {
        memcpy(served.address + 12, &((const struct sockaddr_in *)own)->sin_addr, 4);
    } else {
        memcpy(served.address, &((const struct sockaddr_in6 *)own)->sin6_addr, 16);
    }
    for (size_t i = 0; i < config->listen_count; i++) {
        const struct address *listen = &config->listen[i];
        if (is_served(listen, own, is_loopback)) {
            served.port = own->sa_family == AF_INET ? listen->v4.sin_port : listen->v6.sin6_port;
            filter_add_served(&interface->filter, &served);
        }
    }
}

static void serve_addresses(struct interface *interface, const struct config_server *config)
{
    struct ifaddrs *all = NULL;
    if (getifaddrs(&all) != 0) {
        return; /* as it was */
    }
    filter_begin_served(&interface->filter);
    for (const struct ifaddrs *one = all; one != NULL; one = one->ifa_next) {
        bool is_own = strcmp(one->ifa_name, interface->name) == 0;
        bool is_loopback = !is_own && (one->ifa_flags & IFF_LOOPBACK) != 0;
        if (one->ifa_addr != NULL && (is_own || is_loopback) &&
            (one->ifa_addr->sa_family == AF_INET || one->ifa_addr->sa_family == AF_INET6) &&
            !is_of_this_host_alone(one->ifa_addr)) {
            serve_address(interface, config, one->ifa_addr, is_loopback);
        }
    }
    filter_end_served(&interface->filter);
    freeifaddrs(all);
}

static struct filter_settings settings_of(const struct interface *interface)
{
    struct filter_settings settings = {.frame_most = XDP_FRAME_MOST};
    memcpy(settings.mac, interface->mac, sizeof(settings.mac));
    return settings;
}

/* One that has gone, or does not do any more, is left to the kernel, for as long as that is so. */
static void refresh_link(struct interface *interface)
{
    struct error err;
    struct filter_settings settings = {.frame_most = 0};
    unsigned index = if_nametoindex(interface->name);
    if (index == 0 && errno != ENODEV) {
        return; /* it cannot be asked now, for want of files: as it was */
    }
    bool is_left = index != interface->index
                       ? !error_set(&err, "is gone, or another interface of that name")
                       : !read_link(interface, &err);
    if (!is_left) {
        settings = settings_of(interface);
        for (unsigned i = 0; i < interface->queue_count; i++) {
            xdp_queue_set_mtu(interface->queues[i], interface->mtu);
        }
    }
    if (is_left && !interface->is_left) {
        log_warning("xdp: %s: %s; the kernel's sockets serve it", interface->name, err.text);
    } else if (!is_left && interface->is_left) {
        log_info("xdp: %s: is served again", interface->name);
    }
    interface->is_left = is_left;
    if (!filter_set(&interface->filter, &settings, &err)) {
        log_error("xdp: %s: %s", interface->name, err.text);
    }
}

static int open_changes(struct error *err)
{
    struct sockaddr_nl address = {.nl_family = AF_NETLINK,
                                  .nl_groups =
                                      RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR};
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof(address)) != 0) {
        error_set(err, "cannot hear of changes of interfaces: %s", strerror(errno));
        if (fd >= 0) {
            close(fd);
        }
        return -1;
    }
    return fd;
}

int xdp_front_changes_fd(const struct xdp_front *front)
{
    return front->changes;
}

void xdp_front_refresh(struct xdp_front *front)
{
    char message[8192];
    /* Which one has changed does not matter; ENOBUFS says that there were more. */
    while (recv(front->changes, message, sizeof(message), MSG_DONTWAIT) > 0 || errno == ENOBUFS) {
    }
    for (size_t i = 0; i < front->interface_count; i++) {
        refresh_link(&front->interfaces[i]);
        serve_addresses(&front->interfaces[i], front->config);
    }
}

/* ---- opening and closing ---- */

static void close_interface(struct interface *interface)
{
    filter_detach(&interface->filter);
    for (unsigned i = 0; interface->queues != NULL && i < interface->queue_count; i++) {
        xdp_queue_close(interface->queues[i]);
    }
    free(interface->queues);
    filter_close(&interface->filter);
}

static bool open_queues(struct interface *interface, bool is_native, struct error *err)
{
    struct xdp_queue_setup setup = {
        .interface_index = interface->index, .mtu = interface->mtu, .is_native = is_native};
    snprintf(setup.interface, sizeof(setup.interface), "%s", interface->name);
    interface->queues = alloc_zeroed(interface->queue_count, sizeof(*interface->queues));
    for (unsigned i = 0; i < interface->queue_count; i++) {
        setup.queue = i;
        interface->queues[i] = xdp_queue_open(&setup, err);
        if (interface->queues[i] == NULL) {
            return false;
        }
    }
    return true;
}

/* The filter first: with native mode decided, it is known how sockets may be bound; and while it
 * has no sockets, the kernel gets everything. */
static bool open_filter(struct interface *interface, enum config_xdp_mode mode, bool *is_native,
                        struct error *err)
{
    struct filter_settings settings = settings_of(interface);
    if (!filter_load(&interface->filter, &settings, err)) {
        return false;
    }
    *is_native = mode != CONFIG_XDP_GENERIC;
    if (filter_attach(&interface->filter, interface->index, *is_native, err)) {
        return true;
    }
    if (mode != CONFIG_XDP_AUTO || errno == EBUSY) {
        return false; /* busy: another program is there, in whatever mode */
    }
    *is_native = false;
    return filter_attach(&interface->filter, interface->index, false, err);
}

static bool open_interface(struct interface *interface, const struct config_server *config,
                           const struct config_xdp *asked, struct error *err)
{
    bool is_native = false;
    bool is_good = look_at(interface, asked, err) &&
                   open_filter(interface, asked->mode, &is_native, err) &&
                   open_queues(interface, is_native, err);
    if (!is_good) {
        close_interface(interface);
        return false;
    }
    serve_addresses(interface, config);
    log_info("xdp: %s: %s mode, queues: %u", interface->name, is_native ? "native" : "generic",
             interface->queue_count);
    return true;
}

/* Kernels before 5.11 count what the filter needs against this limit, all kernels the frames. */
static void raise_locked_memory(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_MEMLOCK, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_MEMLOCK, &limit);
    }
}

struct xdp_front *xdp_front_open(const struct config_server *config)
{
    if (config->xdp_count == 0) {
        return NULL;
    }
    struct error err;
    int changes = open_changes(&err);
    if (changes < 0) {
        /* What is not heard of would be answered by what was. */
        log_warning("xdp: %s; the kernel's sockets serve everything", err.text);
        return NULL;
    }
    struct xdp_front *front =
        alloc_zeroed(1, sizeof(*front) + config->xdp_count * sizeof(front->interfaces[0]));
    front->config = config;
    front->changes = changes;
    raise_locked_memory();
    for (size_t i = 0; i < config->xdp_count; i++) {
        struct interface *interface = &front->interfaces[front->interface_count];
        if (open_interface(interface, config, &config->xdp[i], &err)) {
            front->interface_count++;
            front->queue_count += interface->queue_count;
        } else {
            log_warning("xdp: %s: %s; the kernel's sockets serve it", config->xdp[i].interface,
                        err.text);
        }
    }
    if (front->interface_count == 0) {
        xdp_front_close(front);
        return NULL;
    }
    return front;
}

void xdp_front_detach(struct xdp_front *front)
{
    for (size_t i = 0; front != NULL && i < front->interface_count; i++) {
        filter_detach(&front->interfaces[i].filter);
    }
}

void xdp_front_close(struct xdp_front *front)
{
    if (front == NULL) {
        return;
    }
    for (size_t i = 0; i < front->interface_count; i++) {
        close_interface(&front->interfaces[i]);
    }
    close(front->changes);
    free(front);
}

size_t xdp_front_queue_count(const struct xdp_front *front)
{
    return front == NULL ? 0 : front->queue_count;
}

/* Where the queue is: *index becomes that at its interface. */
static const struct interface *find_interface(const struct xdp_front *front, size_t *index)
{
    const struct interface *interface = front->interfaces;
    while (*index >= interface->queue_count) {
        *index -= interface->queue_count;
        interface++;
    }
    return interface;
}

struct xdp_queue *xdp_front_queue(const struct xdp_front *front, size_t index)
{
    const struct interface *interface = find_interface(front, &index);
    return interface->queues[index];
}

bool xdp_front_begin_queue(const struct xdp_front *front, size_t index, struct error *err)
{
    const struct interface *interface = find_interface(front, &index);
    return filter_add_socket(&interface->filter, (uint32_t)index,
                             xdp_queue_fd(interface->queues[index]), err) ||
           error_add_context(err, "%s", interface->name);
}

void xdp_front_end_queue(const struct xdp_front *front, size_t index)
{
    const struct interface *interface = find_interface(front, &index);
    filter_remove_socket(&interface->filter, (uint32_t)index);
}
