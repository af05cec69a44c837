/* SPDX-License-Identifier: BSD-2-Clause */
/* The file of the admin socket: taking its path and giving it back. Control thread only (the umask
 * is the process's). */
#pragma once

#include <sys/types.h>

#include "common/error.h"

/* Which file the socket is, so that only ours is ever removed. */
struct admin_socket {
    int fd; /* bound, listening is the caller's; owned by the caller */
    dev_t device;
    ino_t inode;
};

/* Binds a socket of mode 0660 at the path. Replaces the socket file of a daemon that is dead.
 * Refuses (err) when one answers there, and when the path is anything but a socket. */
MUST_CHECK bool admin_socket_bind(const char *path, struct admin_socket *opened, struct error *err);
/* Removes the file if it is still the one that was bound. */
void admin_socket_unlink(const char *path, const struct admin_socket *opened);
