/* SPDX-License-Identifier: BSD-2-Clause */
/* Route 53's record sets and change batches: read from its answers (their XML as aws_xml.h makes
 * JSON of it) and from the AWS CLI's JSON alike, written as its requests (XML) and as the CLI takes
 * them (JSON). Pure; any thread. */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "common/error.h"
#include "control/aws/route53_record.h"

/* One element ResourceRecordSet; out is for route53_record_set_done, and untouched on failure.
 * False and err: something that has to be there is not, or is out of range. Fields that are not
 * known are passed over. */
MUST_CHECK bool route53_read_record_set(const json_t *element, struct route53_record_set *out,
                                        struct error *err);
/* ListResourceRecordSets' answer, or the CLI's JSON of it: adds what it has to sets. False and err:
 * sets has what came before. */
MUST_CHECK bool route53_read_record_sets(const json_t *document, struct route53_record_sets *sets,
                                         struct error *err);

/* The query of the next page, percent-encoded without '?'; NULL: this was the last one. The caller
 * frees it. */
char *route53_next_page(const json_t *document);
/* The query of the page that begins with a name and type, at most max_items of them (0: as many as
 * there are, 300). type may be NULL, name too. The caller frees it. */
char *route53_page(const char *name, const char *type, unsigned max_items);

/* ChangeResourceRecordSets' body. No set may have an other_policy. The caller frees it. */
char *route53_batch_xml(const struct route53_batch *batch);
/* The same as `aws route53 change-resource-record-sets --change-batch` takes it; a new reference.
 */
json_t *route53_batch_json(const struct route53_batch *batch);
/* A ChangeBatch, in either form; out is for route53_batch_done. False and err: it is none. */
MUST_CHECK bool route53_read_batch(const json_t *document, struct route53_batch *out,
                                   struct error *err);

/* ChangeInfo of an answer: the change's id, without "/change/", in a new text that the caller
 * frees, and whether it is INSYNC. False and err: there is none. */
MUST_CHECK bool route53_read_change(const json_t *document, char **id, bool *is_in_sync,
                                    struct error *err);
/* What InvalidChangeBatch says, in one line; "" when it says nothing. The caller frees it. */
char *route53_read_messages(const json_t *document);
