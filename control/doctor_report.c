/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/doctor_report.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/alloc.h"
#include "control/ctl_table.h"
#include "control/http/outside_text.h"

#define TEXT_SIZE 1024

struct doctor_report {
    json_t *findings;
    size_t faults;
};

static const char *const state_names[] = {
    [DOCTOR_OK] = "ok", [DOCTOR_WARNING] = "warning", [DOCTOR_FAULT] = "fault"};

struct doctor_report *doctor_report_new(void)
{
    struct doctor_report *report = alloc_zeroed(1, sizeof(*report));
    report->findings = json_array();
    return report;
}

void doctor_report_free(struct doctor_report *report)
{
    if (report != NULL) {
        json_decref(report->findings);
        free(report);
    }
}

void doctor_note(struct doctor_report *report, enum doctor_state state, const char *subject,
                 const char *mend, const char *format, ...)
{
    char text[TEXT_SIZE], clean[TEXT_SIZE], named[TEXT_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    outside_text_copy(text, clean, sizeof(clean));
    outside_text_copy(subject, named, sizeof(named));
    json_array_append_new(report->findings,
                          json_pack("{s:s, s:s, s:s, s:s*}", "state", state_names[state], "subject",
                                    named, "text", clean, "mend", mend));
    report->faults += state == DOCTOR_FAULT;
}

/* By the error's code, else by how the call ended. The caller frees it. */
static char *mend_of(const char *action, const struct aws_answer *answer)
{
    static const struct {
        const char *code;
        const char *mend;
    } codes[] = {
        {"SignatureDoesNotMatch", "does the secret belong to the access key id?"},
        {"InvalidSignatureException", "does the secret belong to the access key id?"},
        {"ExpiredToken", "these credentials have ended: get new ones"},
        {"ExpiredTokenException", "these credentials have ended: get new ones"},
        {"QueueDoesNotExist", "make the queue, or mend its URL in aws.queues"},
        {"AWS.SimpleQueueService.NonExistentQueue",
         "make the queue, or mend its URL in aws.queues"},
        {"TargetGroupNotFound", "mend the check's target_group"},
        {"ClusterNotFoundException", "mend the rollout's cluster"},
        {"NoSuchHostedZone", "mend the zone's id"},
        {"ResourceNotFoundException", "make the table, or mend its name or the region"},
    };
    for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
        if (strcmp(codes[i].code, answer->code) == 0) {
            return alloc_string(codes[i].mend);
        }
    }
    if (strstr(answer->code, "AccessDenied") != NULL ||
        strcmp(answer->code, "UnauthorizedOperation") == 0 ||
        strcmp(answer->code, "AuthorizationError") == 0) {
        return alloc_printf("allow %s: see ballastctl aws policy", action);
    }
    switch (answer->outcome) {
    case AWS_NO_CREDENTIALS:
        return alloc_string("give it a role, a profile or keys: see AWS in ballast.yaml(5)");
    case AWS_UNREACHABLE:
        return alloc_string("does a route, a NAT or a VPC endpoint lead there, and is the endpoint "
                            "the right one?");
    case AWS_THROTTLED:
        return alloc_string("try again later");
    case AWS_DONE:
    case AWS_REFUSED:
        break;
    }
    return NULL;
}

void doctor_note_failure(struct doctor_report *report, const char *subject, const char *action,
                         const struct aws_answer *answer)
{
    CLEANUP(alloc_freep) char *mend = mend_of(action, answer);
    doctor_note(report, DOCTOR_FAULT, subject, mend, "%s", answer->text);
}

size_t doctor_faults(const struct doctor_report *report)
{
    return report->faults;
}

void doctor_report_print(const struct doctor_report *report, bool as_json, FILE *out)
{
    if (as_json) {
        json_t *document = json_pack("{s:O, s:I}", "checks", report->findings, "faults",
                                     (json_int_t)report->faults);
        json_dumpf(document, out, JSON_INDENT(2));
        fputc('\n', out);
        json_decref(document);
        return;
    }
    struct style style = style_of(STDOUT_FILENO);
    for (size_t i = 0; i < json_array_size(report->findings); i++) {
        const json_t *finding = json_array_get(report->findings, i);
        const char *state = field_text(finding, "state");
        const char *mend = json_string_value(json_object_get(finding, "mend"));
        enum ink ink = strcmp(state, "ok") == 0        ? INK_GOOD
                       : strcmp(state, "warning") == 0 ? INK_WARN
                                                       : INK_BAD;
        fprintf(out, "%*s", (int)(strlen("warning") - strlen(state)), "");
        text_put(out, &style, ink, state, SIZE_MAX);
        fputs("  ", out);
        text_put(out, &style, INK_PLAIN, field_text(finding, "subject"), SIZE_MAX);
        fputs(": ", out);
        text_put(out, &style, INK_PLAIN, field_text(finding, "text"), SIZE_MAX);
        if (mend != NULL) {
            fputs("\n         -> ", out);
            text_put(out, &style, INK_PLAIN, mend, SIZE_MAX);
        }
        fputc('\n', out);
    }
}
