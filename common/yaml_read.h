/* SPDX-License-Identifier: BSD-2-Clause */
/* From the octets of a YAML file (JSON is YAML too) to structs, by a schema of libcyaml. Errors
 * have their line. Any thread. */
#pragma once

#include <cyaml/cyaml.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "common/yaml_lines.h"

struct yaml_source {
    const char *file; /* for errors only */
    const uint8_t *text;
    size_t len;
    const struct yaml_lines *lines; /* the scan of the same text */
};

/* NULL and err ("file:line: key: what was found, what was expected") when the text has not the
 * shape of the schema, whose value is a pointer to a mapping. Caller owns the result. */
MUST_CHECK void *yaml_read(const cyaml_schema_value_t *schema, const struct yaml_source *source,
                           struct error *err);
/* data may be NULL. */
void yaml_read_free(const cyaml_schema_value_t *schema, void *data);
