/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/group_probe.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/alloc.h"
#include "common/attributes.h"
#include "control/http/outside_text.h"
#include "control/target_health.h"

struct group_probe {
    struct aws_client *aws;
    const struct config_health_check *check;
    probe_done done;
    void *argument;
    struct aws_call *call;
    uint64_t started_at_ms; /* the loop's time, */
    uint64_t started_ns;    /* and the real one */
};

struct group_probe *group_probe_new(struct aws_client *aws, const struct config_health_check *check,
                                    probe_done done, void *argument)
{
    struct group_probe *probe = alloc_zeroed(1, sizeof(*probe));
    *probe = (struct group_probe){.aws = aws, .check = check, .done = done, .argument = argument};
    return probe;
}

static void on_answer(void *argument, const struct aws_answer *answer)
{
    struct group_probe *probe = argument;
    struct probe_outcome outcome = {
        .started_at_ms = probe->started_at_ms,
        .latency_ms = (int64_t)((uv_hrtime() - probe->started_ns) / 1000000),
    };
    probe->call = NULL;
    if (answer->outcome == AWS_DONE) {
        target_health_judge(answer->document, probe->check->minimum, &outcome);
    } else {
        outside_text_copy(answer->text, outcome.text, sizeof(outcome.text));
    }
    probe->done(probe->argument, &outcome);
}

void group_probe_start(struct group_probe *probe)
{
    json_t *input = json_pack("{s:s}", "TargetGroupArn", probe->check->target_group);
    probe->started_at_ms = uv_now(aws_client_loop(probe->aws));
    probe->started_ns = uv_hrtime();
    probe->call = aws_call_start(probe->aws,
                                 &(struct aws_request){.service = AWS_ELBV2,
                                                       .operation = "DescribeTargetHealth",
                                                       .input = input,
                                                       .timeout_ms = probe->check->timeout_ms,
                                                       .attempts = 1},
                                 on_answer, probe);
    json_decref(input);
}

void group_probe_free(struct group_probe *probe)
{
    if (probe != NULL) {
        aws_call_cancel(STEAL(probe->call));
        free(probe);
    }
}
