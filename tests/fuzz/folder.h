/* SPDX-License-Identifier: BSD-2-Clause */
/* A folder for what a fuzz target writes: parsers that open files themselves. One thread. */
#pragma once

#include <stddef.h>
#include <sys/types.h>

/* Below TMPDIR, or /tmp; made at the first call, and gone with all that is in it when the program
 * ends. (libFuzzer's is left behind when it finds something.) Static memory. */
const char *folder_path(void);
/* A file of it, for the caller to free. */
char *folder_file(const char *name);
/* Writes the whole file; ends the program when that cannot be done. */
void folder_write(const char *path, mode_t mode, const void *octets, size_t len);
/* The whole file and a NUL, for the caller to free; NULL when it cannot be read. */
char *folder_read(const char *path, size_t *len);
/* Removes every file of it, but no folder. */
void folder_empty(void);
