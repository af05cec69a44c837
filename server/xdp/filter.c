/* SPDX-License-Identifier: BSD-2-Clause */
#include "server/xdp/filter.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/if_link.h>

#include "common/attributes.h"
#include "common/log.h"

/* filter.bpf.c as clang has compiled it. */
static const _Alignas(8) uint8_t filter_object[] = {
#include "server/xdp/filter_object.inc"
};

/* What libbpf has to say of a failure, the kernel's verifier above all. */
PRINTF_LIKE(2, 0)
static int on_message(enum libbpf_print_level level, const char *format, va_list arguments)
{
    char text[1024];
    if (level != LIBBPF_WARN) {
        return 0;
    }
    int len = vsnprintf(text, sizeof(text), format, arguments);
    text[strcspn(text, "\n")] = '\0';
    log_debug("xdp: %s", text);
    return len;
}

bool filter_load(struct filter *filter, const struct filter_settings *settings, struct error *err)
{
    *filter = (struct filter){.link = -1};
    libbpf_set_print(on_message);
    LIBBPF_OPTS(bpf_object_open_opts, options, .object_name = "ballast");
    struct bpf_object *object =
        bpf_object__open_mem(filter_object, sizeof(filter_object), &options);
    if (object == NULL) {
        return error_set(err, "cannot read the filter: %s", strerror(errno));
    }
    if (bpf_object__load(object) != 0) {
        int reason = errno;
        bpf_object__close(object);
        return error_set(err, "cannot load the filter into the kernel: %s", strerror(reason));
    }
    filter->object = object;
    filter->program = bpf_program__fd(bpf_object__find_program_by_name(object, "ballast_filter"));
    filter->sockets = bpf_object__find_map_fd_by_name(object, "sockets");
    filter->served = bpf_object__find_map_fd_by_name(object, "served");
    filter->settings = bpf_object__find_map_fd_by_name(object, ".bss");
    return filter_set(filter, settings, err);
}

bool filter_set(const struct filter *filter, const struct filter_settings *settings,
                struct error *err)
{
    uint32_t whole = 0;
    return bpf_map_update_elem(filter->settings, &whole, settings, BPF_ANY) == 0 ||
           error_set(err, "cannot set up the filter: %s", strerror(errno));
}

bool filter_attach(struct filter *filter, unsigned interface, bool native, struct error *err)
{
    LIBBPF_OPTS(bpf_link_create_opts, options,
                .flags = native ? XDP_FLAGS_DRV_MODE : XDP_FLAGS_SKB_MODE);
    filter->link = bpf_link_create(filter->program, (int)interface, BPF_XDP, &options);
    int reason = errno;
    if (filter->link < 0) {
        error_set(err, "cannot attach the filter in %s mode: %s", native ? "native" : "generic",
                  strerror(reason));
        errno = reason;
    }
    return filter->link >= 0;
}

bool filter_add_socket(const struct filter *filter, uint32_t queue, int socket, struct error *err)
{
    return bpf_map_update_elem(filter->sockets, &queue, &socket, BPF_ANY) == 0 ||
           error_set(err, "cannot give queue %u a socket: %s", queue, strerror(errno));
}

void filter_remove_socket(const struct filter *filter, uint32_t queue)
{
    (void)bpf_map_delete_elem(filter->sockets, &queue);
}

void filter_begin_served(struct filter *filter)
{
    filter->generation++;
}

void filter_add_served(struct filter *filter, const struct filter_served *served)
{
    /* When the map is full, the kernel's sockets serve what does not fit. */
    (void)bpf_map_update_elem(filter->served, served, &filter->generation, BPF_ANY);
}

void filter_end_served(struct filter *filter)
{
    struct filter_served key, next;
    uint32_t generation = 0;
    bool is_more = bpf_map_get_next_key(filter->served, NULL, &next) == 0;
    while (is_more) {
        key = next;
        /* The next one is asked for first: after one that is gone comes the first. */
        is_more = bpf_map_get_next_key(filter->served, &key, &next) == 0;
        if (bpf_map_lookup_elem(filter->served, &key, &generation) == 0 &&
            generation != filter->generation) {
            (void)bpf_map_delete_elem(filter->served, &key);
        }
    }
}

void filter_detach(struct filter *filter)
{
    if (filter->object != NULL && filter->link >= 0) {
        close(filter->link);
        filter->link = -1;
    }
}

void filter_close(struct filter *filter)
{
    filter_detach(filter);
    bpf_object__close(filter->object);
    filter->object = NULL;
}
