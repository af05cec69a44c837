/* SPDX-License-Identifier: BSD-2-Clause */
/* Texts as YAML has to have them. Pure; any thread. */
#pragma once

#include <stdio.h>

/* A scalar in double quotes. Octets above ASCII that are no UTF-8, and characters beyond 16 bits,
 * become '?'. */
void yaml_put_text(FILE *out, const char *text);
/* What can stand in a comment, of YAML or of a zone file: control characters become spaces. */
void comment_put_text(FILE *out, const char *text);
