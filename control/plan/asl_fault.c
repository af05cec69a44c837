/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/plan/asl_fault.h"

#include <stdarg.h>
#include <stdio.h>

bool asl_fault_set(struct asl_fault *fault, const char *name, const char *format, ...)
{
    struct error cause; /* the arguments may be of the old one */
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(cause.text, sizeof(cause.text), format, arguments);
    va_end(arguments);
    *fault = (struct asl_fault){.name = name, .cause = cause};
    return false;
}
