/* SPDX-License-Identifier: BSD-2-Clause */
/* Changes of key files: the times in them, as lines "Publish: 20261125232840" of the .private file
 * and as comments "; Publish: …" of the .key file, which is where BIND's tools have them. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/alloc.h"
#include "zones/key_lines.h"

#define PRIVATE_SUFFIX ".private"

static void close_file(FILE **file)
{
    if (*file != NULL) {
        fclose(*file);
    }
}

/* Whole, at its place, or not at all. */
static bool replace_file(const char *path, mode_t mode, const char *text, size_t len,
                         struct error *err)
{
    CLEANUP(alloc_freep) char *temporary = alloc_printf("%s.new", path);
    int fd = open(temporary, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, mode);
    if (fd < 0) {
        return error_set(err, "%s: cannot be made: %s", temporary, strerror(errno));
    }
    bool is_good = write(fd, text, len) == (ssize_t)len && fsync(fd) == 0;
    if (close(fd) != 0 || !is_good || rename(temporary, path) != 0) {
        error_set(err, "%s: cannot be written: %s", path, strerror(errno));
        unlink(temporary);
        return false;
    }
    return true;
}

static char *public_path(const char *private_path)
{
    size_t stem_len = strlen(private_path) - strlen(PRIVATE_SUFFIX);
    return alloc_printf("%.*s.key", (int)stem_len, private_path);
}

/* The text without lines of times, and with those of now: before the record of a .key file, behind
 * the key of a .private file. Each line ends, the last one too. */
static char *with_times(FILE *file, const struct key_times *times, const char *prefix,
                        size_t *text_len)
{
    char *text = NULL;
    CLEANUP(alloc_freep) char *line = NULL;
    size_t line_size = 0;
    ssize_t line_len;
    bool is_written = false;
    FILE *out = open_memstream(&text, text_len);
    if (out == NULL) {
        return NULL;
    }
    while ((line_len = getline(&line, &line_size, file)) > 0) {
        size_t len = strlen(prefix);
        bool is_prefixed = strncmp(line, prefix, len) == 0;
        if (is_prefixed && key_line_is_time(line + len)) {
            continue;
        }
        if (len > 0 && line[0] != ';' && !is_written) {
            key_lines_print_times(out, prefix, times);
            is_written = true;
        }
        fwrite(line, 1, (size_t)line_len, out);
        if (line[line_len - 1] != '\n') {
            putc('\n', out);
        }
    }
    if (!is_written) {
        key_lines_print_times(out, prefix, times);
    }
    fclose(out);
    return text;
}

static bool rewrite(const char *path, mode_t mode, const struct key_times *times,
                    const char *prefix, struct error *err)
{
    CLEANUP(close_file) FILE *file = fopen(path, "re");
    if (file == NULL) {
        return error_set(err, "%s: cannot be opened: %s", path, strerror(errno));
    }
    size_t len = 0;
    CLEANUP(alloc_freep) char *text = with_times(file, times, prefix, &len);
    if (text == NULL || ferror(file)) {
        return error_set(err, "%s: cannot be read: %s", path, strerror(errno));
    }
    if (strncmp(text, KEY_FORMAT_WITHOUT_TIMES, strlen(KEY_FORMAT_WITHOUT_TIMES)) == 0) {
        memcpy(text, KEY_FORMAT, strlen(KEY_FORMAT));
    }
    return replace_file(path, mode, text, len, err);
}

bool key_write_times(struct key *key, struct error *err)
{
    CLEANUP(alloc_freep) char *public = public_path(key->path);
    /* The private file is the one that is read. */
    if (!rewrite(key->path, 0600, &key->times, "", err) ||
        !rewrite(public, 0644, &key->times, "; ", err)) {
        return false;
    }
    key->is_changed = false;
    return true;
}

bool key_set_write_times(struct key_set *keys, struct error *err)
{
    for (size_t i = 0; i < keys->count; i++) {
        if (keys->keys[i].is_changed && !key_write_times(&keys->keys[i], err)) {
            return false;
        }
    }
    return true;
}

void key_remove_files(const char *path)
{
    CLEANUP(alloc_freep) char *public = public_path(path);
    unlink(path);
    unlink(public);
}

static bool move_into(const char *folder, const char *path, struct error *err)
{
    const char *name = strrchr(path, '/');
    CLEANUP(alloc_freep) char *to = alloc_printf("%s/%s", folder, name != NULL ? name + 1 : path);
    return rename(path, to) == 0 ||
           error_set(err, "%s: cannot be moved to %s: %s", path, to, strerror(errno));
}

bool key_put_away(const struct key *key, struct error *err)
{
    const char *name = strrchr(key->path, '/');
    CLEANUP(alloc_freep)
    char *folder = alloc_printf("%.*s/removed", (int)(name - key->path), key->path);
    CLEANUP(alloc_freep) char *public = public_path(key->path);
    if (mkdir(folder, 0700) != 0 && errno != EEXIST) {
        return error_set(err, "%s: cannot be made: %s", folder, strerror(errno));
    }
    /* A .private file without its .key would be refused: it goes first. */
    return move_into(folder, key->path, err) && move_into(folder, public, err);
}
