/* SPDX-License-Identifier: BSD-2-Clause */
/* Any octets as a zone file: read the short way and by ldns alone, it has the same records, or the
 * same error. */
#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/both_readers.h"

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
    /* Another file is read by one way as by the other. */
    if (memmem(octets, len, "$I", 2) != NULL || memmem(octets, len, "$i", 2) != NULL) {
        return 0;
    }
    char *difference = both_readers_compare((const char *)octets, len);
    if (difference != NULL) {
        printf("%s\n", difference);
    }
    assert(difference == NULL);
    return 0;
}
