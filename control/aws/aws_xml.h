/* SPDX-License-Identifier: BSD-2-Clause */
/* XML of AWS's answers as JSON, read by expat. Pure; any thread.
 *
 * An element without elements is a string of its text; one with elements is an object of them, by
 * their names without namespace; of several of one name an array. Attributes are dropped. */
#pragma once

#include <jansson.h>
#include <stddef.h>

#include "common/error.h"

/* The root element's content, a new reference; root (may be NULL) gets its name, which the caller
 * frees. NULL and err when it is no XML, has a document type, is deeper than 32 elements or is no
 * UTF-8. */
json_t *aws_xml_parse(const char *text, size_t len, char **root, struct error *err) MUST_CHECK;

/* Of an object's list, which XML writes as an element of elements: {"Names": {"member": [a, b]}}.
 * Always an array, a new reference; empty when there is none. */
json_t *aws_xml_list(const json_t *object, const char *list, const char *element);

/* The text with &, <, > and quotes as XML has to have them, and characters that XML cannot have as
 * '?'. Caller frees. */
char *aws_xml_escape(const char *text);
