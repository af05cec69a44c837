/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/secret_file.h"

#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "common/file.h"

char *secret_file_read(const char *what, const char *path, struct error *err)
{
    struct error why;
    FILE *file = file_open(path, &why);
    if (file == NULL) {
        error_set(err, "%s file %s", what, why.text);
        return NULL;
    }
    CLEANUP(alloc_freep) char *secret = NULL;
    size_t size = 0;
    ssize_t len = getline(&secret, &size, file);
    fclose(file);
    if (len < 0) {
        error_set(err, "%s file %s: empty, expected a %s in its first line", what, path, what);
        return NULL;
    }
    secret[strcspn(secret, " \t\r\n")] = '\0';
    if (strlen(secret) < SECRET_MIN_OCTETS) {
        error_set(err, "%s file %s: expected at least %d octets in its first line", what, path,
                  SECRET_MIN_OCTETS);
        return NULL;
    }
    return STEAL(secret);
}
