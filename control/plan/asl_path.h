/* SPDX-License-Identifier: BSD-2-Clause */
/* Paths of the Amazon States Language (its specification, "Paths" and "Reference Paths"), as far
 * as they mean one value: $, $.a.b, $['a b'], $.a[0], and the same of the context object after $$.
 * What could mean several (wildcards, filters, slices, unions, ..) is refused by name. Pure; one
 * thread. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"

#define ASL_PATH_MAX_STEPS 32

/* What expressions are applied to. */
struct asl_scope {
    json_t *input;    /* $ */
    json_t *context;  /* $$ */
    uint64_t *random; /* the state of asl_random_next; moves on with each number that is drawn */
};

/* The next number of the sequence whose state is *random; any state will do. */
uint64_t asl_random_next(uint64_t *random);

enum asl_path_kind {
    ASL_PATH_ANY,    /* $ or $$ */
    ASL_PATH_TARGET, /* $ only: something is put there */
};
/* Whether the text is a path. err says what stands at which character. */
MUST_CHECK bool asl_path_check(const char *text, enum asl_path_kind kind, struct error *err);
/* The same for a path that begins a longer text; *end is behind it. */
MUST_CHECK bool asl_path_check_prefix(const char *text, const char **end, struct error *err);

/* The value at a path that was checked; borrowed from the scope. NULL: there is none. */
json_t *asl_path_get(const char *text, const struct asl_scope *scope);

/* A copy of root in which the value is at the path (ResultPath of the specification): objects on
 * the way that are not there are made, "$" gives the value itself. root and value are shared with
 * the result, not changed; a new reference. NULL and err (States.ResultPathMatchFailure) when
 * something on the way is no object, or an array without this entry. */
MUST_CHECK json_t *asl_path_put(const char *text, json_t *root, json_t *value, struct error *err);
