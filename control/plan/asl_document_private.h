/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of asl_document share. */
#pragma once

#include "control/plan/asl_document.h"
#include "control/plan/asl_line.h"

struct asl_document {
    size_t references;
    json_t *root;
    struct asl_state *states;
    size_t count;
};

/* The check of a document: where it is, and what it found. */
struct asl_check {
    struct asl_document *document;
    const struct asl_mapping *mappings;
    size_t mapping_count;
    struct asl_place place;
    const char *state; /* that is being checked; NULL: the document itself */
    struct error *err;
};

/* asl_check_state.c: all fields of one state, its type and resource are filled in. */
MUST_CHECK bool asl_check_state(struct asl_check *check, struct asl_state *state);
/* asl_check_field.c: the value of a field alone. */
MUST_CHECK bool asl_check_fields(struct asl_check *check, const struct asl_state *state);
/* asl_check_retry.c */
MUST_CHECK bool asl_check_retry(struct asl_check *check, const json_t *retriers);
MUST_CHECK bool asl_check_catch(struct asl_check *check, const json_t *catchers);
/* asl_check_graph.c: where the states lead. */
MUST_CHECK bool asl_check_graph(struct asl_check *check);

/* A whole number from 1 to ASL_MAX_SECONDS. */
MUST_CHECK bool asl_check_seconds(struct asl_check *check, const char *name, const json_t *value);
