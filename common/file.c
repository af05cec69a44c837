/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/alloc.h"

static const char *kind_of(mode_t mode)
{
    if (S_ISDIR(mode)) {
        return "a directory";
    }
    if (S_ISFIFO(mode)) {
        return "a pipe";
    }
    return S_ISSOCK(mode) ? "a socket" : "a device";
}

FILE *file_open(const char *path, struct error *err)
{
    struct stat status;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY); /* a pipe opens at once */
    if (fd < 0 || fstat(fd, &status) != 0) {
        error_set(err, "%s: cannot be opened: %s", path, strerror(errno));
    } else if (!S_ISREG(status.st_mode)) {
        error_set(err, "%s: is %s, expected a file", path, kind_of(status.st_mode));
    } else {
        FILE *file = fdopen(fd, "r");
        if (file != NULL) {
            return file;
        }
        error_set(err, "%s: cannot be opened: %s", path, strerror(errno));
    }
    if (fd >= 0) {
        close(fd);
    }
    return NULL;
}

uint8_t *file_load(const char *path, size_t *len, struct error *err)
{
    FILE *file = file_open(path, err);
    if (file == NULL) {
        return NULL;
    }
    CLEANUP(alloc_freep) uint8_t *text = alloc_zeroed(FILE_LOAD_MAX + 1, 1);
    *len = fread(text, 1, FILE_LOAD_MAX + 1, file);
    bool is_read = !ferror(file);
    fclose(file);
    if (!is_read) {
        error_set(err, "%s: cannot be read", path);
        return NULL;
    }
    if (*len > FILE_LOAD_MAX) {
        error_set(err, "%s: the file is too large, expected at most 1 MiB", path);
        return NULL;
    }
    return STEAL(text);
}
