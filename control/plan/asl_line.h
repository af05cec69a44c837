/* SPDX-License-Identifier: BSD-2-Clause */
/* Where a value stands in a JSON text: jansson forgets that once it has loaded one. A place is a
 * JSON pointer (RFC 6901), which those that check a document keep while they descend. (The scanner
 * of common/yaml_lines.h does not do: it refuses surrogate pairs, and its paths cannot tell a state
 * named "a.b" from a field b of a.) Pure; any thread. */
#pragma once

#include <stddef.h>

#define ASL_PLACE_SIZE 1024

struct asl_place {
    char pointer[ASL_PLACE_SIZE]; /* "" is the whole document */
};

/* Descend; the result is for asl_place_back. Who finds a fault does not go back: the place says
 * where it is. What is too deep to fit is taken for its surroundings. */
size_t asl_place_key(struct asl_place *place, const char *key);
size_t asl_place_index(struct asl_place *place, size_t index);
void asl_place_back(struct asl_place *place, size_t mark);

/* The line (from 1) of a key or an entry, or of the nearest thing around it. The text is one that
 * jansson has accepted; of another one the line is any. */
unsigned asl_line_find(const char *text, size_t len, const char *pointer);
