/* SPDX-License-Identifier: BSD-2-Clause */
/* Remarks on standard error. One thread. */
#pragma once

#include "common/error.h"
#include "control/move/remark.h"

/* A line each. False and err: something was lost, and that is an error. */
MUST_CHECK bool ctl_remarks_print(const struct move_remarks *remarks, bool is_strict,
                                  struct error *err);
