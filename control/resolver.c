/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/resolver.h"

#include <ares.h>
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"

#define CLASS_IN  1
#define TYPE_A    1
#define TYPE_AAAA 28

#define TRIES 2
/* What fits without fragments (as for our own answers); more comes over TCP. */
#define EDNS_OCTETS 1232
/* At one time, so that a start with thousands of aliases drowns neither a resolver nor a socket. */
#define IN_FLIGHT_MAX 64
/* c-ares wants to be called for its time-outs; only while queries are on their way. */
#define TICK_MS 50

struct resolver {
    uv_loop_t *loop;
    ares_channel channel;
    char *servers; /* as c-ares reads them; NULL: the system's */
    int timeout_ms;
    uv_timer_t tick;
    struct socket_watch *watches;
    struct request *waiting, *last_waiting;
    size_t in_flight;
    bool is_outdated; /* the system's servers may be others by now */
    bool is_closing;
};

struct request {
    struct request *next; /* while it waits for its turn */
    struct resolver *resolver;
    char *host;
    int family;
    resolver_done done;
    void *argument;
};

/* A socket of c-ares's; it outlives the socket by one turn of the loop, as uv wants it. */
struct socket_watch {
    uv_poll_t poll;
    struct socket_watch *next;
    struct resolver *resolver;
    ares_socket_t fd;
};

static void on_socket_event(uv_poll_t *poll, int status, int events)
{
    const struct socket_watch *watch = poll->data;
    /* With an error c-ares reads and writes, too, and so learns which. */
    bool is_readable = status < 0 || (events & UV_READABLE) != 0;
    bool is_writable = status < 0 || (events & UV_WRITABLE) != 0;
    ares_process_fd(watch->resolver->channel, is_readable ? watch->fd : ARES_SOCKET_BAD,
                    is_writable ? watch->fd : ARES_SOCKET_BAD);
}

static void free_watch(uv_handle_t *handle)
{
    free(handle->data);
}

static struct socket_watch **find_watch(struct resolver *resolver, ares_socket_t fd)
{
    struct socket_watch **at = &resolver->watches;
    while (*at != NULL && (*at)->fd != fd) {
        at = &(*at)->next;
    }
    return at;
}

/* Without a watch the query runs into its time-out, which is the right end for a socket that the
 * loop cannot watch. */
static struct socket_watch *add_watch(struct resolver *resolver, ares_socket_t fd)
{
    struct socket_watch *watch = alloc_zeroed(1, sizeof(*watch));
    if (uv_poll_init(resolver->loop, &watch->poll, fd) != 0) {
        free(watch);
        return NULL;
    }
    watch->poll.data = watch;
    watch->resolver = resolver;
    watch->fd = fd;
    watch->next = resolver->watches;
    resolver->watches = watch;
    return watch;
}

/* ARES_OPT_SOCK_STATE_CB; neither: the socket is about to be closed. */
static void socket_wanted(void *argument, ares_socket_t fd, int for_reading, int for_writing)
{
    struct resolver *resolver = argument;
    struct socket_watch **at = find_watch(resolver, fd);
    struct socket_watch *watch = *at;
    int events = (for_reading != 0 ? UV_READABLE : 0) | (for_writing != 0 ? UV_WRITABLE : 0);
    if (events == 0) {
        if (watch != NULL) {
            *at = watch->next;
            uv_close((uv_handle_t *)&watch->poll, free_watch);
        }
        return;
    }
    if (watch == NULL) {
        watch = add_watch(resolver, fd);
    }
    if (watch != NULL) {
        uv_poll_start(&watch->poll, events, on_socket_event);
    }
}

static bool open_channel(struct resolver *resolver, struct error *err)
{
    struct ares_options options = {
        .flags = ARES_FLAG_EDNS | ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES,
        .timeout = resolver->timeout_ms,
        .tries = TRIES,
        .ednspsz = EDNS_OCTETS,
        .sock_state_cb = socket_wanted,
        .sock_state_cb_data = resolver,
    };
    int mask = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_EDNSPSZ |
               ARES_OPT_SOCK_STATE_CB;
    ares_channel channel = NULL;
    int failed = ares_init_options(&channel, &options, mask);
    if (failed == ARES_SUCCESS && resolver->servers != NULL) {
        failed = ares_set_servers_ports_csv(channel, resolver->servers);
    }
    if (failed != ARES_SUCCESS) {
        ares_destroy(channel);
        return error_set(err, "the resolver cannot start: %s", ares_strerror(failed));
    }
    ares_destroy(resolver->channel);
    resolver->channel = channel;
    return true;
}

/* "192.0.2.1:53,[2001:db8::1]:53" */
static char *print_servers(const struct address *servers, size_t count)
{
    char *list = alloc_zeroed(count + 1, ADDRESS_TEXT_SIZE);
    size_t used = 0;
    for (size_t i = 0; i < count; i++) {
        char text[ADDRESS_TEXT_SIZE];
        address_print(&servers[i], text);
        char *port = strrchr(text, '@');
        *port++ = '\0';
        bool is_v6 = servers[i].any.sa_family == AF_INET6;
        used += (size_t)sprintf(list + used, "%s%s%s%s:%s", i == 0 ? "" : ",", is_v6 ? "[" : "",
                                text, is_v6 ? "]" : "", port);
    }
    return list;
}

struct resolver *resolver_new(uv_loop_t *loop, const struct address *servers, size_t count,
                              int64_t timeout_ms, struct error *err)
{
    int failed = ares_library_init(ARES_LIB_INIT_ALL);
    if (failed != ARES_SUCCESS) {
        error_set(err, "the resolver cannot start: %s", ares_strerror(failed));
        return NULL;
    }
    struct resolver *resolver = alloc_zeroed(1, sizeof(*resolver));
    resolver->loop = loop;
    resolver->timeout_ms = (int)timeout_ms;
    resolver->servers = count == 0 ? NULL : print_servers(servers, count);
    if (!open_channel(resolver, err)) {
        ares_library_cleanup();
        free(resolver->servers);
        free(resolver);
        return NULL;
    }
    uv_timer_init(loop, &resolver->tick);
    resolver->tick.data = resolver;
    return resolver;
}

static void free_request(struct request *request)
{
    free(request->host);
    free(request);
}

static void tell(const struct request *request, int status, const uint8_t *reply, int len)
{
    uint8_t octets[RESOLVER_ADDRESSES_MAX * 16];
    struct resolver_answer answer;
    resolver_answer_read(&answer, octets, request->family, status, reply, len);
    if (answer.count == 0) {
        request->resolver->is_outdated = true;
    }
    request->done(request->argument, &answer);
}

static void start_waiting(struct resolver *resolver);

static void on_reply(void *argument, int status, int timeouts, unsigned char *reply, int len)
{
    struct request *request = argument;
    struct resolver *resolver = request->resolver;
    (void)timeouts;
    if (!resolver->is_closing) {
        tell(request, status, reply, len);
    }
    free_request(request);
    resolver->in_flight--;
    if (resolver->is_closing) {
        return;
    }
    start_waiting(resolver);
    if (resolver->in_flight == 0 && resolver->waiting == NULL) {
        uv_timer_stop(&resolver->tick);
    }
}

/* Those that wait for the system's servers to be read again wait until nothing is on its way. */
static bool must_reopen(const struct resolver *resolver)
{
    return resolver->is_outdated && resolver->servers == NULL;
}

static void on_tick(uv_timer_t *timer);

/* c-ares may call back at once. */
static void start_waiting(struct resolver *resolver)
{
    while (resolver->waiting != NULL && !must_reopen(resolver) &&
           resolver->in_flight < IN_FLIGHT_MAX) {
        struct request *request = resolver->waiting;
        resolver->waiting = request->next;
        resolver->in_flight++;
        uv_timer_start(&resolver->tick, on_tick, TICK_MS, TICK_MS);
        ares_query(resolver->channel, request->host, CLASS_IN,
                   request->family == AF_INET ? TYPE_A : TYPE_AAAA, on_reply, request);
    }
}

/* Nothing is on its way, so no callback of the channel's is running either. */
static void start_idle(struct resolver *resolver)
{
    struct error err;
    if (must_reopen(resolver)) {
        resolver->is_outdated = false;
        (void)open_channel(resolver, &err); /* else the old one will do until the next failure */
    }
    start_waiting(resolver);
}

static void on_tick(uv_timer_t *timer)
{
    struct resolver *resolver = timer->data;
    if (resolver->in_flight == 0) {
        start_idle(resolver);
    } else {
        ares_process_fd(resolver->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    }
}

void resolver_ask(struct resolver *resolver, const char *host, int family, resolver_done done,
                  void *argument)
{
    assert(!resolver->is_closing);
    struct request *request = alloc_zeroed(1, sizeof(*request));
    *request = (struct request){NULL, resolver, alloc_string(host), family, done, argument};
    if (resolver->waiting == NULL) {
        resolver->waiting = request;
    } else {
        resolver->last_waiting->next = request;
    }
    resolver->last_waiting = request;
    if (resolver->in_flight == 0) {
        start_idle(resolver);
    } else {
        start_waiting(resolver);
    }
}

void resolver_renew(struct resolver *resolver)
{
    resolver->is_outdated = true;
}

static void on_closed(uv_handle_t *timer)
{
    struct resolver *resolver = timer->data;
    free(resolver->servers);
    free(resolver);
}

void resolver_close(struct resolver *resolver)
{
    if (resolver == NULL) {
        return;
    }
    resolver->is_closing = true;
    while (resolver->waiting != NULL) {
        struct request *next = resolver->waiting->next;
        free_request(resolver->waiting);
        resolver->waiting = next;
    }
    ares_destroy(resolver->channel); /* ends what is on its way, and its sockets */
    ares_library_cleanup();
    uv_close((uv_handle_t *)&resolver->tick, on_closed);
}
