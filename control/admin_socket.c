/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/admin_socket.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static int open_socket(void)
{
    return socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

/* Connecting tells a dead socket file from a living daemon's: only the dead one refuses. */
static bool nobody_answers(const char *path, const struct sockaddr_un *address, struct error *err)
{
    int fd = open_socket();
    if (fd < 0) {
        return error_set(err, "%s: socket: %s", path, strerror(errno));
    }
    int result = connect(fd, (const struct sockaddr *)address, sizeof(*address));
    int why = errno;
    close(fd);
    if (result == 0 || why == EAGAIN) { /* EAGAIN: its queue of connections is full */
        return error_set(err, "%s: another daemon answers there; stop it, or set control.socket",
                         path);
    }
    if (why != ECONNREFUSED && why != ENOENT) {
        return error_set(err, "%s: cannot tell whether a daemon answers there: %s", path,
                         strerror(why));
    }
    return true;
}

static bool path_is_free(const char *path, const struct sockaddr_un *address, struct error *err)
{
    struct stat info;
    if (lstat(path, &info) != 0) {
        return errno == ENOENT || error_set(err, "%s: %s", path, strerror(errno));
    }
    if (!S_ISSOCK(info.st_mode)) {
        return error_set(err, "%s: is there and is no socket; remove it, or set control.socket",
                         path);
    }
    if (!nobody_answers(path, address, err)) {
        return false;
    }
    if (unlink(path) != 0 && errno != ENOENT) {
        return error_set(err, "%s: cannot remove the socket of a dead daemon: %s", path,
                         strerror(errno));
    }
    return true;
}

static bool bind_and_stat(const char *path, const struct sockaddr_un *address,
                          struct admin_socket *opened, struct error *err)
{
    /* The mode is right from the first moment on: nobody else connects before a chmod. */
    mode_t before = umask(0117);
    int result = bind(opened->fd, (const struct sockaddr *)address, sizeof(*address));
    int why = errno;
    umask(before);
    struct stat info;
    if (result != 0 || lstat(path, &info) != 0) {
        return error_set(err, "%s: cannot bind the admin socket: %s", path,
                         strerror(result != 0 ? why : errno));
    }
    opened->device = info.st_dev;
    opened->inode = info.st_ino;
    return true;
}

bool admin_socket_bind(const char *path, struct admin_socket *opened, struct error *err)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t len = strlen(path);
    if (len == 0 || len >= sizeof(address.sun_path)) {
        return error_set(err, "%s: the path of a unix socket has 1 to %zu octets", path,
                         sizeof(address.sun_path) - 1);
    }
    memcpy(address.sun_path, path, len);
    if (!path_is_free(path, &address, err)) {
        return false;
    }
    opened->fd = open_socket();
    if (opened->fd < 0) {
        return error_set(err, "%s: socket: %s", path, strerror(errno));
    }
    if (!bind_and_stat(path, &address, opened, err)) {
        close(opened->fd);
        return false;
    }
    return true;
}

void admin_socket_unlink(const char *path, const struct admin_socket *opened)
{
    struct stat info;
    if (lstat(path, &info) == 0 && info.st_dev == opened->device && info.st_ino == opened->inode) {
        unlink(path);
    }
}
