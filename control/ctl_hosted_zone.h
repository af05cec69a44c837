/* SPDX-License-Identifier: BSD-2-Clause */
/* A hosted zone of Route 53, read by ballastctl. One thread. */
#pragma once

#include "common/error.h"
#include "control/aws/route53_record.h"
#include "control/ctl_aws.h"

/* The id of the one public hosted zone of that name. Caller frees. NULL and err: there is none, or
 * several (whose ids err has). */
char *hosted_zone_find(struct ctl_aws *aws, const char *name, struct error *err) MUST_CHECK;
/* All of its record sets, page by page, are added to sets. */
MUST_CHECK bool hosted_zone_list(struct ctl_aws *aws, const char *id,
                                 struct route53_record_sets *sets, struct error *err);
