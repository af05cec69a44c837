/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/ctl_files.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/alloc.h"
#include "common/file.h"

#define READ_MAX   ((size_t)64 << 20)
#define READ_FIRST ((size_t)65536)

static bool stream_read(FILE *in, char **text, size_t *len, struct error *err)
{
    size_t size = READ_FIRST;
    *text = alloc_zeroed(size, 1);
    for (size_t got; (got = fread(*text + *len, 1, size - *len - 1, in)) > 0;) {
        *len += got;
        if (*len > READ_MAX) {
            return error_set(err, "more than %zu MiB", READ_MAX >> 20);
        }
        if (*len + 1 == size) {
            *text = alloc_resize(*text, size *= 2, 1);
        }
    }
    (*text)[*len] = '\0';
    return !ferror(in) || error_set(err, "%s", strerror(errno));
}

char *ctl_file_read(const char *path, size_t *len, struct error *err)
{
    CLEANUP(alloc_freep) char *text = NULL;
    bool is_standard = strcmp(path, "-") == 0;
    FILE *in = is_standard ? stdin : file_open(path, err);
    *len = 0;
    if (in == NULL) {
        return NULL;
    }
    bool is_read = stream_read(in, &text, len, err);
    if (!is_standard) {
        fclose(in);
    }
    if (!is_read) {
        error_add_context(err, "%s", is_standard ? "standard input" : path);
        return NULL;
    }
    return STEAL(text);
}

static bool draft_write(const char *path, const char *text, struct error *err)
{
    FILE *out = fopen(path, "we");
    if (out == NULL) {
        return error_set(err, "%s: %s", path, strerror(errno));
    }
    bool is_written = fputs(text, out) >= 0 && fflush(out) == 0 && fsync(fileno(out)) == 0;
    int failed = errno;
    is_written = fclose(out) == 0 && is_written;
    return is_written || error_set(err, "%s: %s", path, strerror(failed));
}

static char *draft_path(const struct ctl_file *file)
{
    return alloc_printf("%s.part", file->path);
}

/* link() is what fails when the path is there, rename() replaces it. */
static bool draft_finish(const struct ctl_file *file, bool replaces, struct error *err)
{
    CLEANUP(alloc_freep) char *draft = draft_path(file);
    if (replaces ? rename(draft, file->path) != 0 : link(draft, file->path) != 0) {
        return error_set(err, "%s: %s%s", file->path, strerror(errno),
                         errno == EEXIST ? "; --force replaces it" : "");
    }
    return true;
}

static bool check_absent(const struct ctl_file *files, size_t count, struct error *err)
{
    struct stat ignored;
    for (size_t i = 0; i < count; i++) {
        if (lstat(files[i].path, &ignored) == 0) {
            return error_set(err, "%s is there already; --force replaces it", files[i].path);
        }
    }
    return true;
}

bool ctl_files_write(const char *folder, const struct ctl_file *files, size_t count, bool replaces,
                     struct error *err)
{
    if (!replaces && !check_absent(files, count, err)) {
        return false;
    }
    if (mkdir(folder, 0777) != 0 && errno != EEXIST) {
        return error_set(err, "%s: %s", folder, strerror(errno));
    }
    bool is_good = true;
    for (size_t i = 0; i < count && is_good; i++) {
        CLEANUP(alloc_freep) char *draft = draft_path(&files[i]);
        is_good = draft_write(draft, files[i].text, err);
    }
    for (size_t i = 0; i < count && is_good; i++) {
        is_good = draft_finish(&files[i], replaces, err);
    }
    for (size_t i = 0; i < count; i++) {
        CLEANUP(alloc_freep) char *draft = draft_path(&files[i]);
        unlink(draft);
    }
    return is_good;
}

char *ctl_file_base(const char *zone)
{
    char *base = alloc_string(zone);
    size_t len = strlen(base);
    if (len > 1 && base[len - 1] == '.') {
        base[--len] = '\0';
    }
    for (char *at = base; *at != '\0'; at++) {
        bool is_letter = (*at >= 'a' && *at <= 'z') || (*at >= '0' && *at <= '9');
        if (*at >= 'A' && *at <= 'Z') {
            *at = (char)(*at + ('a' - 'A'));
        } else if (!is_letter && strchr("-_.", *at) == NULL) {
            *at = '_';
        }
    }
    if (base[0] == '.') {
        base[0] = '_';
    }
    return base;
}
