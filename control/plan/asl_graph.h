/* SPDX-License-Identifier: BSD-2-Clause */
/* A plan's states and ways, drawn. Pure; one thread. */
#pragma once

#include "control/plan/asl_document.h"

/* One state a line with what it does, below it its ways out, in the order of the text. The caller
 * frees it. */
char *asl_graph_text(const struct asl_document *document);
/* The same for Graphviz. The caller frees it. */
char *asl_graph_dot(const struct asl_document *document);
/* [{"name": …, "type": …, "does": …, "ways": [{"to": …, "when": …}]}]. A new reference. */
json_t *asl_graph_json(const struct asl_document *document);
