/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/fuzz/folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/alloc.h"

static char path[256];

static void fail(const char *what)
{
    perror(what);
    abort();
}

void folder_empty(void)
{
    DIR *listing = opendir(path);
    if (listing == NULL) {
        fail(path);
    }
    for (struct dirent *entry; (entry = readdir(listing)) != NULL;) {
        unlinkat(dirfd(listing), entry->d_name, 0);
    }
    closedir(listing);
}

static void remove_folder(void)
{
    folder_empty();
    rmdir(path);
}

const char *folder_path(void)
{
    if (path[0] == '\0') {
        const char *below = getenv("TMPDIR");
        snprintf(path, sizeof(path), "%s/ballast-fuzz-XXXXXX", below == NULL ? "/tmp" : below);
        if (mkdtemp(path) == NULL) {
            fail(path);
        }
        atexit(remove_folder);
    }
    return path;
}

char *folder_file(const char *name)
{
    return alloc_printf("%s/%s", folder_path(), name);
}

void folder_write(const char *file, mode_t mode, const void *octets, size_t len)
{
    int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
    if (fd < 0 || write(fd, octets, len) != (ssize_t)len || close(fd) != 0) {
        fail(file);
    }
}

char *folder_read(const char *file, size_t *len)
{
    struct stat status;
    int fd = open(file, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return NULL;
    }
    if (fstat(fd, &status) != 0) {
        fail(file);
    }
    char *octets = alloc_zeroed((size_t)status.st_size + 1, 1);
    if (read(fd, octets, (size_t)status.st_size) != status.st_size) {
        fail(file);
    }
    close(fd);
    *len = (size_t)status.st_size;
    return octets;
}
