/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/ctl_doctor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/alloc.h"
#include "common/config.h"
#include "control/aws/aws_policy.h"
#include "control/ctl_aws.h"
#include "control/ctl_policy.h"
#include "control/ctl_watch.h"
#include "control/doctor_report.h"

#define TIMEOUT_MS 5000
#define ATTEMPTS   2
/* A clock that is off by more is worth a word; AWS refuses five or fifteen minutes. */
#define SKEW_MAX_MS 60000
#define RETENTION_S 3600

struct doctor {
    const struct config *config;
    struct ctl_aws *aws;
    struct doctor_report *report;
};

static bool ask(const struct doctor *doctor, enum aws_service service, const char *operation,
                json_t *input, struct aws_answer *answer)
{
    ctl_aws_call(doctor->aws,
                 &(struct aws_request){.service = service,
                                       .operation = operation,
                                       .input = input,
                                       .timeout_ms = TIMEOUT_MS,
                                       .attempts = ATTEMPTS},
                 answer);
    json_decref(input);
    return answer->outcome == AWS_DONE;
}

/* False: nobody need ask anything else. */
static bool check_credentials(const struct doctor *doctor)
{
    struct aws_answer answer;
    struct aws_credential_source *source = aws_client_credentials(ctl_aws_client(doctor->aws));
    bool is_done = ask(doctor, AWS_STS, "GetCallerIdentity", NULL, &answer);
    const char *origin = aws_credentials_origin(source);
    if (is_done) {
        const char *arn = json_string_value(json_object_get(answer.document, "Arn"));
        doctor_note(doctor->report, DOCTOR_OK, "credentials", NULL, "%s, of %s",
                    arn != NULL ? arn : "somebody", origin != NULL ? origin : "somewhere");
    } else {
        doctor_note_failure(doctor->report, "credentials", "sts:GetCallerIdentity", &answer);
    }
    ctl_aws_answer_done(&answer);
    return is_done || answer.outcome == AWS_UNREACHABLE;
}

static void check_clock(const struct doctor *doctor)
{
    int64_t skew_ms = aws_client_skew_ms(ctl_aws_client(doctor->aws));
    if (skew_ms > -SKEW_MAX_MS && skew_ms < SKEW_MAX_MS) {
        doctor_note(doctor->report, DOCTOR_OK, "clock", NULL, "AWS takes it");
    } else {
        doctor_note(doctor->report, DOCTOR_WARNING, "clock",
                    "let NTP set it; Ballast corrects it for AWS, nobody does for signatures of "
                    "zones",
                    "%lld s %s AWS's", (long long)(skew_ms < 0 ? -skew_ms : skew_ms) / 1000,
                    skew_ms < 0 ? "before" : "behind");
    }
}

static const char *last_part(const char *text, char separator)
{
    const char *last = strrchr(text, separator);
    return last == NULL ? text : last + 1;
}

static void judge_queue(const struct doctor *doctor, const char *subject,
                        const struct aws_answer *answer)
{
    const json_t *attributes = json_object_get(answer->document, "Attributes");
    const char *retention =
        json_string_value(json_object_get(attributes, "MessageRetentionPeriod"));
    if (json_object_get(attributes, "RedrivePolicy") == NULL) {
        doctor_note(doctor->report, DOCTOR_WARNING, subject,
                    "give it a dead-letter queue (RedrivePolicy)",
                    "a message that is no event comes back until it is too old");
    } else if (retention != NULL && strtol(retention, NULL, 10) < RETENTION_S) {
        doctor_note(doctor->report, DOCTOR_WARNING, subject,
                    "keep messages for a day or more (MessageRetentionPeriod)",
                    "messages are kept for %s s: a daemon that is away for longer loses events",
                    retention);
    } else {
        doctor_note(doctor->report, DOCTOR_OK, subject, NULL,
                    "it is there, and has a dead-letter queue; receiving is not tried");
    }
}

static void check_queues(const struct doctor *doctor)
{
    for (size_t i = 0; i < doctor->config->aws.queue_count; i++) {
        const struct config_queue *queue = &doctor->config->aws.queues[i];
        struct aws_answer answer;
        CLEANUP(alloc_freep)
        char *subject = alloc_printf("queue %s", last_part(queue->url, '/'));
        const struct aws_request request = {
            .service = AWS_SQS,
            .operation = "GetQueueAttributes",
            .url = queue->url,
            .timeout_ms = TIMEOUT_MS,
            .attempts = ATTEMPTS,
            .input = json_pack("{s:s, s:[s]}", "QueueUrl", queue->url, "AttributeNames", "All")};
        ctl_aws_call(doctor->aws, &request, &answer);
        if (answer.outcome == AWS_DONE) {
            judge_queue(doctor, subject, &answer);
        } else {
            doctor_note_failure(doctor->report, subject, "sqs:GetQueueAttributes", &answer);
        }
        json_decref(request.input);
        ctl_aws_answer_done(&answer);
    }
}

static void check_groups(const struct doctor *doctor)
{
    for (size_t i = 0; i < doctor->config->health_check_count; i++) {
        const struct config_health_check *check = &doctor->config->health_checks[i];
        if (check->type != CHECK_ELBV2) {
            continue;
        }
        struct aws_answer answer;
        CLEANUP(alloc_freep) char *subject = alloc_printf("health check %s", check->name);
        json_t *input = json_pack("{s:s}", "TargetGroupArn", check->target_group);
        if (ask(doctor, AWS_ELBV2, "DescribeTargetHealth", input, &answer)) {
            doctor_note(doctor->report, DOCTOR_OK, subject, NULL, "its target group answers");
        } else {
            doctor_note_failure(doctor->report, subject,
                                "elasticloadbalancing:DescribeTargetHealth", &answer);
        }
        ctl_aws_answer_done(&answer);
    }
}

/* A metric that need not be there: no values are an answer. */
static void check_cloudwatch(const struct doctor *doctor)
{
    struct aws_answer answer;
    json_t *input =
        json_pack("{s:[{s:s, s:{s:{s:s, s:s}, s:i, s:s}}], s:s, s:s}", "MetricDataQueries", "Id",
                  "one", "MetricStat", "Metric", "Namespace", "AWS/ApplicationELB", "MetricName",
                  "RequestCount", "Period", 60, "Stat", "Sum", "StartTime", "2026-01-01T00:00:00Z",
                  "EndTime", "2026-01-01T00:10:00Z");
    if (ask(doctor, AWS_CLOUDWATCH, "GetMetricData", input, &answer)) {
        doctor_note(doctor->report, DOCTOR_OK, "metrics", NULL, "CloudWatch answers");
    } else {
        doctor_note_failure(doctor->report, "metrics", "cloudwatch:GetMetricData", &answer);
    }
    ctl_aws_answer_done(&answer);
}

static bool has_key(const json_t *keys, const char *name, const char *kind)
{
    size_t i;
    const json_t *key;
    json_array_foreach(keys, i, key)
    {
        const char *is = json_string_value(json_object_get(key, "AttributeName"));
        const char *of = json_string_value(json_object_get(key, "KeyType"));
        if (is != NULL && of != NULL && strcmp(is, name) == 0 && strcmp(of, kind) == 0) {
            return true;
        }
    }
    return false;
}

static bool has_index(const json_t *table)
{
    size_t i;
    const json_t *index;
    json_array_foreach(json_object_get(table, "LocalSecondaryIndexes"), i, index)
    {
        const char *name = json_string_value(json_object_get(index, "IndexName"));
        const char *projected = json_string_value(
            json_object_get(json_object_get(index, "Projection"), "ProjectionType"));
        if (name != NULL && projected != NULL && strcmp(name, "by-sequence") == 0 &&
            strcmp(projected, "ALL") == 0) {
            return has_key(json_object_get(index, "KeySchema"), "sequence", "RANGE");
        }
    }
    return false;
}

static void check_table(const struct doctor *doctor)
{
    struct aws_answer answer;
    const char *name = doctor->config->control.fleet.table;
    if (name == NULL) {
        return;
    }
    CLEANUP(alloc_freep) char *subject = alloc_printf("table %s", name);
    if (!ask(doctor, AWS_DYNAMODB, "DescribeTable", json_pack("{s:s}", "TableName", name),
             &answer)) {
        doctor_note_failure(doctor->report, subject, "dynamodb:DescribeTable", &answer);
        ctl_aws_answer_done(&answer);
        return;
    }
    const json_t *table = json_object_get(answer.document, "Table");
    const json_t *keys = json_object_get(table, "KeySchema");
    if (has_key(keys, "fleet", "HASH") && has_key(keys, "item", "RANGE") && has_index(table)) {
        doctor_note(doctor->report, DOCTOR_OK, subject, NULL,
                    "it is there, with the keys of a fleet; writing is not tried");
    } else {
        doctor_note(doctor->report, DOCTOR_FAULT, subject,
                    "make it as ballast.yaml(5) says under dynamodb; keys cannot be changed",
                    "it has not the keys fleet and item and the index by-sequence with all "
                    "attributes");
    }
    ctl_aws_answer_done(&answer);
}

/* Whether a name lies in a zone: "www.example.org" in "example.org."; letter case aside. */
static bool lies_in(const char *name, const char *zone)
{
    size_t len = strlen(name), zone_len = strlen(zone);
    len -= len > 0 && name[len - 1] == '.';
    zone_len -= zone_len > 0 && zone[zone_len - 1] == '.';
    return len >= zone_len && strncasecmp(name + len - zone_len, zone, zone_len) == 0 &&
           (len == zone_len || name[len - zone_len - 1] == '.');
}

static void check_zone(const struct doctor *doctor, const struct config_record_set *set)
{
    struct aws_answer answer;
    CLEANUP(alloc_freep) char *subject = alloc_printf("hosted zone %s", set->route53->zone_id);
    CLEANUP(alloc_freep) char *path = alloc_printf("/hostedzone/%s", set->route53->zone_id);
    ctl_aws_call(doctor->aws,
                 &(struct aws_request){.service = AWS_ROUTE53,
                                       .operation = "GetHostedZone",
                                       .method = "GET",
                                       .path = path,
                                       .timeout_ms = TIMEOUT_MS,
                                       .attempts = ATTEMPTS},
                 &answer);
    const char *zone =
        json_string_value(json_object_get(json_object_get(answer.document, "HostedZone"), "Name"));
    if (answer.outcome != AWS_DONE) {
        doctor_note_failure(doctor->report, subject, "route53:GetHostedZone", &answer);
    } else if (zone == NULL || !lies_in(set->name, zone)) {
        doctor_note(doctor->report, DOCTOR_FAULT, subject, "mend the record set's route53.zone_id",
                    "it is %s, in which %s does not lie", zone != NULL ? zone : "nameless",
                    set->name);
    } else {
        doctor_note(doctor->report, DOCTOR_OK, subject, NULL, "it is %s; changing it is not tried",
                    zone);
    }
    ctl_aws_answer_done(&answer);
}

/* Each once. */
static void check_zones(const struct doctor *doctor)
{
    const struct config *config = doctor->config;
    for (size_t i = 0; i < config->record_set_count; i++) {
        const struct config_route53_set *route53 = config->record_sets[i].route53;
        bool is_first = route53 != NULL;
        for (size_t j = 0; is_first && j < i; j++) {
            const struct config_route53_set *other = config->record_sets[j].route53;
            is_first = other == NULL || strcmp(other->zone_id, route53->zone_id) != 0;
        }
        if (is_first) {
            check_zone(doctor, &config->record_sets[i]);
        }
    }
}

/* Those that Ballast makes in the account, as health checks of members. */
static void check_mirrored(const struct doctor *doctor)
{
    struct aws_answer answer;
    ctl_aws_call(doctor->aws,
                 &(struct aws_request){.service = AWS_ROUTE53,
                                       .operation = "ListHealthChecks",
                                       .method = "GET",
                                       .path = "/healthcheck",
                                       .query = "maxitems=1",
                                       .timeout_ms = TIMEOUT_MS,
                                       .attempts = ATTEMPTS},
                 &answer);
    if (answer.outcome == AWS_DONE) {
        doctor_note(doctor->report, DOCTOR_OK, "mirrored health checks", NULL,
                    "Route 53 lists them; making and deleting are not tried");
    } else {
        doctor_note_failure(doctor->report, "mirrored health checks", "route53:ListHealthChecks",
                            &answer);
    }
    ctl_aws_answer_done(&answer);
}

static void look(const struct doctor *doctor)
{
    unsigned features = policy_features(doctor->config);
    if (!check_credentials(doctor)) {
        return;
    }
    check_queues(doctor);
    check_groups(doctor);
    check_table(doctor);
    check_zones(doctor);
    if ((features & (1U << AWS_FEATURE_CHECKS)) != 0) {
        check_mirrored(doctor);
    }
    if ((features & (1U << AWS_FEATURE_CLOUDWATCH)) != 0) {
        check_cloudwatch(doctor);
    }
    check_clock(doctor);
}

int doctor_run(const char *const *arguments, size_t count, bool as_json, struct error *err)
{
    if (count != 2 || strcmp(arguments[0], "--config") != 0) {
        error_set(err, "expected --config FILE");
        return EXIT_USAGE;
    }
    CLEANUP(config_freep) struct config *config = config_load(arguments[1], err);
    if (config == NULL) {
        return EXIT_REFUSED;
    }
    CLEANUP(ctl_aws_closep) struct ctl_aws *aws = ctl_aws_open(&config->aws, err);
    if (aws == NULL) {
        return EXIT_REFUSED;
    }
    struct doctor doctor = {.config = config, .aws = aws, .report = doctor_report_new()};
    look(&doctor);
    doctor_report_print(doctor.report, as_json, stdout);
    size_t faults = doctor_faults(doctor.report);
    doctor_report_free(doctor.report);
    if (faults > 0) {
        error_set(err, "%zu %s to be mended", faults, faults == 1 ? "fault is" : "faults are");
        return EXIT_REFUSED;
    }
    return EXIT_DONE;
}
