/* SPDX-License-Identifier: BSD-2-Clause */
/* From the octets of the file to struct raw_config. Private to common/config*.c. */
#pragma once

#include "common/config_schema.h"
#include "common/error.h"
#include "common/yaml_lines.h"

/* NULL and err ("file:line: key: what was found, what was expected") when the text has not the
 * shape of the schema. `lines` is the scan of the same text. Caller owns the result. */
MUST_CHECK struct raw_config *config_read(const uint8_t *text, size_t len,
                                          const struct yaml_lines *lines, const char *file,
                                          struct error *err);
void config_read_freep(struct raw_config **raw);
