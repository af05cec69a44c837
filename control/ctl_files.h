/* SPDX-License-Identifier: BSD-2-Clause */
/* Files that a command reads and writes as a whole. One thread. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"

/* Standard input for "-". The octets, with a 0 behind them, which the caller frees; at most 64 MiB.
 * NULL and err. */
char *ctl_file_read(const char *path, size_t *len, struct error *err) MUST_CHECK;

struct ctl_file {
    char *path;
    const char *text;
};
/* Writes all of them or none: without `replaces` a path that is there already is an error. The
 * folder is made when it is not there; what it lies in has to be. */
MUST_CHECK bool ctl_files_write(const char *folder, const struct ctl_file *files, size_t count,
                                bool replaces, struct error *err);

/* A file's name for a zone, without an extension: "0_25.2.0.192.in-addr.arpa". Caller frees. */
char *ctl_file_base(const char *zone);
