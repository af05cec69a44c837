/* SPDX-License-Identifier: BSD-2-Clause */
/* What says where AWS is and who asks: the configuration's `aws`, before the environment, before
 * the profile in the shared config and credentials files. Read once, at start. Const afterwards. */
#pragma once

#include <stdbool.h>

#include "common/config.h"
#include "common/error.h"
#include "control/aws/aws_service.h"

struct aws_profiles;

struct aws_settings {
    char *region;                           /* NULL: not said anywhere */
    char *endpoint_url;                     /* of every service; NULL: AWS's own names */
    char *endpoint_urls[AWS_SERVICE_COUNT]; /* of one; NULL: as above */
    char *ca_file;                          /* PEM; NULL: the system's */
    char *profile_name;                     /* "default" unless it is said */
    bool is_profile_configured; /* by the configuration: it counts before the environment */
    bool use_fips, use_dualstack;
    struct aws_profiles *profiles; /* of both files */
};

/* config may be NULL. NULL and err: a file cannot be read or is wrong ("file:line: what"), or a
 * profile that is asked for is not there. Missing files are fine. Caller owns. */
MUST_CHECK struct aws_settings *aws_settings_load(const struct config_aws *config,
                                                  struct error *err);
/* Of the environment; one that is empty says nothing: NULL. */
const char *aws_variable(const char *name);

void aws_settings_free(struct aws_settings *settings);
void aws_settings_freep(struct aws_settings **settings);
