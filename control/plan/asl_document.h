/* SPDX-License-Identifier: BSD-2-Clause */
/* A plan: a document of the Amazon States Language (states-language.net), version 1.0 with
 * JSONPath, of the states Pass, Task, Wait, Choice, Succeed and Fail. A document that was parsed is
 * const and can be run: whatever can be known to be wrong beforehand was refused. Pure; one thread.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"

#define ASL_MAX_TEXT       ((size_t)1024 * 1024) /* octets of a document */
#define ASL_MAX_STATES     500
#define ASL_MAX_STATE_NAME 80 /* characters */
#define ASL_MAX_RETRIERS   16
#define ASL_MAX_SECONDS    99999999

enum asl_state_type {
    ASL_PASS,
    ASL_TASK,
    ASL_WAIT,
    ASL_CHOICE,
    ASL_SUCCEED,
    ASL_FAIL,
};
#define ASL_STATE_TYPE_COUNT (ASL_FAIL + 1)
const char *asl_state_type_name(enum asl_state_type type); /* "Pass", … */

/* What a Task can do. */
enum asl_resource {
    ASL_CHANGE_WEIGHT,
    ASL_CHECK_HEALTH,
    ASL_APPROVE, /* waits for an operator: a loop through it waits */
    ASL_METRIC,
    ASL_WEBHOOK,
};
#define ASL_RESOURCE_COUNT (ASL_WEBHOOK + 1)
const char *asl_resource_name(enum asl_resource resource); /* "changeWeight", … */
/* A name with or without "ballast:" in front. */
MUST_CHECK bool asl_resource_parse(const char *name, enum asl_resource *resource);
/* Of a Task that has no TimeoutSeconds: 60, as the specification has it; a day to approve. */
int64_t asl_resource_timeout_s(enum asl_resource resource);

/* A Resource of the document (a function's ARN, say) that stands for one of ours. */
struct asl_mapping {
    const char *from;
    enum asl_resource to;
};

struct asl_state {
    const char *name;
    enum asl_state_type type;
    enum asl_resource resource; /* of a Task */
    json_t *body;               /* the fields, checked; jansson has no const references */
};

struct asl_document;

/* The caller owns the document. NULL and err: "FILE:LINE: state NAME: what is there, what was
 * expected", of the first thing that is wrong. Nothing is kept of text, file and mappings. */
MUST_CHECK struct asl_document *asl_document_parse(const char *text, size_t len, const char *file,
                                                   const struct asl_mapping *mappings,
                                                   size_t mapping_count, struct error *err);
/* Drops one owner of the document; the last frees it. */
void asl_document_freep(struct asl_document **document);
/* One owner more; returns the document. */
struct asl_document *asl_document_share(struct asl_document *document);
/* The document's text in which each Resource is one of ours, so that no mapping is needed to read
 * it again. The caller frees it. */
char *asl_document_resolved(const struct asl_document *document);

/* The whole document; borrowed. */
json_t *asl_document_json(const struct asl_document *document);
size_t asl_document_state_count(const struct asl_document *document);
/* In the order of the text; index is below the count. */
const struct asl_state *asl_document_state(const struct asl_document *document, size_t index);
/* NULL: there is none. */
const struct asl_state *asl_document_find(const struct asl_document *document, const char *name);
const struct asl_state *asl_document_start(const struct asl_document *document);
/* TimeoutSeconds of the whole document; 0: it has none. */
int64_t asl_document_timeout_s(const struct asl_document *document);

enum asl_transition_kind {
    ASL_NEXT,
    ASL_RULE,    /* an entry of Choices */
    ASL_DEFAULT, /* of a Choice */
    ASL_CATCH,
};
struct asl_transition {
    enum asl_transition_kind kind;
    const char *to;     /* a state's name */
    const json_t *rule; /* the entry of Choices or Catch; NULL of others */
    size_t index;       /* of that entry */
};
/* Calls each with every way out of the state, in the order of the text; an End is none. Ends at
 * the first false and returns it. */
bool asl_state_transitions(const struct asl_state *state,
                           bool (*each)(void *argument, const struct asl_transition *transition),
                           void *argument);
