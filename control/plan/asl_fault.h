/* SPDX-License-Identifier: BSD-2-Clause */
/* Why a running plan's state fails: an error name of the Amazon States Language (its specification,
 * "Predefined Error Codes") and a cause for people. Pure; any thread. */
#pragma once

#include <stdbool.h>

#include "common/error.h"

#define ASL_ERROR_ALL            "States.ALL"
#define ASL_ERROR_DATA_LIMIT     "States.DataLimitExceeded"
#define ASL_ERROR_INTRINSIC      "States.IntrinsicFailure"
#define ASL_ERROR_NO_CHOICE      "States.NoChoiceMatched"
#define ASL_ERROR_PARAMETER_PATH "States.ParameterPathFailure"
#define ASL_ERROR_RESULT_PATH    "States.ResultPathMatchFailure"
#define ASL_ERROR_RUNTIME        "States.Runtime"
#define ASL_ERROR_TASK_FAILED    "States.TaskFailed"
#define ASL_ERROR_TIMEOUT        "States.Timeout"

struct asl_fault {
    const char *name; /* one of the above */
    struct error cause;
};

/* Returns false, so that a failing function can end in `return asl_fault_set(fault, …);`. Too long
 * causes are cut. */
bool asl_fault_set(struct asl_fault *fault, const char *name, const char *format, ...)
    PRINTF_LIKE(3, 4);
