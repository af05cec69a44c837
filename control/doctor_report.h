/* SPDX-License-Identifier: BSD-2-Clause */
/* What the doctor has found, a line each. One thread. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "common/attributes.h"
#include "control/aws/aws_client.h"

enum doctor_state { DOCTOR_OK, DOCTOR_WARNING, DOCTOR_FAULT };

struct doctor_report;
struct doctor_report *doctor_report_new(void);
void doctor_report_free(struct doctor_report *report);

/* subject: "queue events"; mend: what to do about it; NULL: nothing. */
void doctor_note(struct doctor_report *report, enum doctor_state state, const char *subject,
                 const char *mend, const char *format, ...) PRINTF_LIKE(5, 6);
/* The answer to a question that needs to be allowed `action`, when it is none: what stands in the
 * way, and what to do about it. */
void doctor_note_failure(struct doctor_report *report, const char *subject, const char *action,
                         const struct aws_answer *answer);

size_t doctor_faults(const struct doctor_report *report);
void doctor_report_print(const struct doctor_report *report, bool as_json, FILE *out);
