/* SPDX-License-Identifier: BSD-2-Clause */
/* The program in the kernel that tells queries for AF_XDP sockets from what the kernel keeps
 * (filter.bpf.c), and its maps. It is held by descriptors only: when the process ends, however it
 * does, the kernel takes the program off the interface. Not thread-safe, but for sockets, which any
 * thread may add and remove. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"
#include "server/xdp/filter_shared.h"

struct bpf_object;

struct filter {
    struct bpf_object *object; /* NULL: not loaded */
    int program, sockets, served, settings;
    int link; /* -1: not attached */
    uint32_t generation;
};

/* Loads it, attached to nothing, with empty maps. False: the kernel's word why not. */
MUST_CHECK bool filter_load(struct filter *filter, const struct filter_settings *settings,
                            struct error *err);
/* False as above; it goes on with the settings that it had. */
MUST_CHECK bool filter_set(const struct filter *filter, const struct filter_settings *settings,
                           struct error *err);
/* native: in the interface's driver; else as the kernel does it for any interface. False, and
 * errno: EBUSY when there is another program already. */
MUST_CHECK bool filter_attach(struct filter *filter, unsigned interface, bool native,
                              struct error *err);
/* What comes to this receive queue and is for us goes to the socket. */
MUST_CHECK bool filter_add_socket(const struct filter *filter, uint32_t queue, int socket,
                                  struct error *err);
/* What comes to this queue is the kernel's again. */
void filter_remove_socket(const struct filter *filter, uint32_t queue);
/* Between these two, all that is served is named; after the second nothing else is. What stays is
 * served all the time. */
void filter_begin_served(struct filter *filter);
void filter_add_served(struct filter *filter, const struct filter_served *served);
void filter_end_served(struct filter *filter);

/* From now on the kernel gets everything. */
void filter_detach(struct filter *filter);
/* One that was never loaded, all zeros, is fine. */
void filter_close(struct filter *filter);
