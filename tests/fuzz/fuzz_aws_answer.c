/* SPDX-License-Identifier: BSD-2-Clause */
/* Any octets as what AWS answers: an outcome that fits the status, texts that any terminal and JSON
 * can take, a document of JSON. The first octet: the protocol ('j', 'q', 'x'), in capitals with
 * status 400. */
#include <assert.h>
#include <ctype.h>
#include <jansson.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "control/aws/aws_call.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(const char *text, size_t size)
{
    json_t *json = json_string(text);
    assert(json != NULL && strlen(text) < size);
    json_decref(json);
    for (const char *at = text; *at != '\0'; at++) {
        assert((unsigned char)*at >= ' ' && *at != 0x7f);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0 || strchr("jqxJQX", data[0]) == NULL || data[0] == '\0') {
        return 0;
    }
    static const struct aws_request requests[] = {
        {.service = AWS_ECS, .operation = "DescribeServices"},
        {.service = AWS_ELBV2, .operation = "DescribeTargetHealth"},
        {.service = AWS_ROUTE53, .operation = "ListResourceRecordSets", .method = "GET"},
    };
    const char kind = (char)tolower(data[0]);
    const struct aws_request *request = &requests[kind == 'j' ? 0 : kind == 'q' ? 1 : 2];
    char *body = calloc(size, 1);
    assert(body != NULL);
    memcpy(body, data + 1, size - 1);
    const struct aws_response response = {.status = isupper(data[0]) ? 400 : 200,
                                          .body = body,
                                          .len = size - 1,
                                          .content_type = "application/x-amz-json-1.1"};
    struct aws_answer answer = {.document = NULL};
    enum aws_failure failure = aws_call_judge(request, &response, &answer);
    assert(response.status == 200 || failure != AWS_FAILURE_NONE);
    assert((failure == AWS_FAILURE_NONE) == (answer.text[0] == '\0'));
    assert(failure != AWS_FAILURE_NONE || json_is_object(answer.document));
    check_text(answer.text, sizeof(answer.text));
    check_text(answer.code, sizeof(answer.code));
    check_text(answer.request_id, sizeof(answer.request_id));
    json_decref(answer.document);
    free(body);
    return 0;
}
