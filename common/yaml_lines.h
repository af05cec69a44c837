/* SPDX-License-Identifier: BSD-2-Clause */
/* Where in a YAML text each key and list entry stands. libcyaml forgets that once it has loaded a
 * text, and errors about meaning (a reference to nothing) need it. The scan also refuses what no
 * file of ours has: aliases (they grow without bound), a key twice, several documents. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"

struct yaml_lines;

/* NULL and err ("file:line: …") when the text is no YAML mapping. `file` is only used in errors. */
MUST_CHECK struct yaml_lines *yaml_lines_scan(const uint8_t *text, size_t len, const char *file,
                                              struct error *err);
void yaml_lines_freep(struct yaml_lines **lines);

/* The line of "record_sets[2].members[1].weight"; of the nearest thing around it when it is not in
 * the text; "" is the whole document. */
unsigned yaml_lines_find(const struct yaml_lines *lines, const char *path);
