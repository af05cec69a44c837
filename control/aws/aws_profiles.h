/* SPDX-License-Identifier: BSD-2-Clause */
/* The shared config and credentials files of AWS's tools. Const once loaded; any thread. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"

struct aws_profiles;

/* Files that are not there are empty. What both have of a profile the credentials file says. NULL
 * and err ("file:line: what") when one cannot be read or is wrong. Caller owns. */
MUST_CHECK struct aws_profiles *aws_profiles_load(const char *config_path,
                                                  const char *credentials_path, struct error *err);
/* The same of texts in memory; paths are named in errors. */
MUST_CHECK struct aws_profiles *aws_profiles_parse(const char *config_path, const char *config,
                                                   const char *credentials_path,
                                                   const char *credentials, struct error *err);
void aws_profiles_free(struct aws_profiles *profiles);

bool aws_profiles_have(const struct aws_profiles *profiles, const char *profile);
/* NULL: it does not say. A key within a key is "outer.inner". */
const char *aws_profiles_get(const struct aws_profiles *profiles, const char *profile,
                             const char *key);
/* Of a section [services NAME]. */
const char *aws_profiles_get_service(const struct aws_profiles *profiles, const char *services,
                                     const char *key);
