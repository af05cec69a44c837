/* SPDX-License-Identifier: BSD-2-Clause */
/* Who may read and who may change through the admin socket, by the credentials that the kernel has
 * of the peer. Deciding is pure; names are looked up once, when the server opens. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "common/config.h"

#define ADMIN_MAX_GROUPS 128

struct admin_peer {
    uid_t uid;
    size_t group_count;
    gid_t groups[ADMIN_MAX_GROUPS]; /* the primary one and the supplementary ones */
};

struct admin_rights;

/* Refuses (err) a user or group that the system does not know. Caller owns. */
MUST_CHECK struct admin_rights *admin_rights_new(const struct config_rights *config,
                                                 struct error *err);
void admin_rights_free(struct admin_rights *rights);

/* own: the daemon's user, who like root may do everything. Whoever may change may read. */
bool admin_rights_allow(const struct admin_rights *rights, const struct admin_peer *peer, uid_t own,
                        bool changes);

/* The peer of a connected unix socket, from the kernel. False: it is not one. */
MUST_CHECK bool admin_peer_of(int fd, struct admin_peer *peer);
