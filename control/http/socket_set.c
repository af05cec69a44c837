/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/http/socket_set.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "common/alloc.h"
#include "common/attributes.h"

struct socket_set {
    uv_poll_t poll; /* of fd: readable while an event waits */
    int fd;
    bool is_closing;
    /* Those that are being told of: a watch that is removed meanwhile is NULL. */
    struct epoll_event events[64];
    int next;
    int count;
};

/* One round: what is left is told of in the loop's next turn, so that timers have theirs. */
static void on_events(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    struct socket_set *set = poll->data;
    set->count = epoll_wait(set->fd, set->events, ARRAY_LEN(set->events), 0);
    for (set->next = 0; !set->is_closing && set->next < set->count;) {
        const struct epoll_event *event = &set->events[set->next++];
        const struct socket_watch *watch = event->data.ptr;
        if (watch != NULL) {
            watch->ready(watch->argument, event->events);
        }
    }
    set->count = 0;
}

struct socket_set *socket_set_new(uv_loop_t *loop, struct error *err)
{
    int fd = epoll_create1(EPOLL_CLOEXEC);
    if (fd < 0) {
        error_set(err, "cannot watch sockets: %s", strerror(errno));
        return NULL;
    }
    struct socket_set *set = alloc_zeroed(1, sizeof(*set));
    set->fd = fd;
    int failed = uv_poll_init(loop, &set->poll, fd);
    if (failed != 0) {
        error_set(err, "cannot watch sockets: %s", uv_strerror(failed));
        close(fd);
        free(set);
        return NULL;
    }
    set->poll.data = set;
    uv_poll_start(&set->poll, UV_READABLE, on_events);
    uv_unref((uv_handle_t *)&set->poll);
    return set;
}

static bool control(const struct socket_set *set, int what, const struct socket_watch *watch,
                    uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = (void *)watch};
    return epoll_ctl(set->fd, what, watch->fd, &event) == 0;
}

bool socket_set_add(struct socket_set *set, struct socket_watch *watch, uint32_t events)
{
    return control(set, EPOLL_CTL_ADD, watch, events);
}

void socket_set_change(struct socket_set *set, struct socket_watch *watch, uint32_t events)
{
    control(set, EPOLL_CTL_MOD, watch, events);
}

void socket_set_remove(struct socket_set *set, const struct socket_watch *watch)
{
    control(set, EPOLL_CTL_DEL, watch, 0);
    for (int i = set->next; i < set->count; i++) {
        if (set->events[i].data.ptr == watch) {
            set->events[i].data.ptr = NULL;
        }
    }
}

static void free_set(uv_handle_t *handle)
{
    struct socket_set *set = handle->data;
    close(set->fd);
    free(set);
}

void socket_set_close(struct socket_set *set)
{
    if (set != NULL) {
        set->is_closing = true;
        uv_close((uv_handle_t *)&set->poll, free_set);
    }
}
