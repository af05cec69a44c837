/* SPDX-License-Identifier: BSD-2-Clause */
/* Signatures as AWS publishes them: its test suite for Signature Version 4, and the worked example
 * of its guide. That botocore takes what we sign is seen in tests/interop. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/alloc.h"
#include "common/attributes.h"
#include "control/aws/aws_sign.h"

#define AT_S 1440938160 /* 2015-08-30T12:36:00Z */

struct vector {
    const char *name;
    const char *method, *path, *query;
    const char *headers[5];
    const char *body;
    const char *token;
    const char *signed_headers;
    const char *signature;
};

static const struct vector suite[] = {
    {.name = "get-vanilla",
     .method = "GET",
     .path = "/",
     .signature = "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
    {.name = "post-vanilla",
     .method = "POST",
     .path = "/",
     .signature = "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"},
    {.name = "post-x-www-form-urlencoded",
     .method = "POST",
     .path = "/",
     .headers = {"Content-Type: application/x-www-form-urlencoded"},
     .body = "Param1=value1",
     .signed_headers = "content-type;host;x-amz-date",
     .signature = "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"},
    {.name = "get-vanilla-with-session-token",
     .method = "GET",
     .path = "/",
     .token = "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267",
     .signed_headers = "host;x-amz-date;x-amz-security-token",
     .signature = "07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8"},
    {.name = "get-header-key-duplicate",
     .method = "GET",
     .path = "/",
     .headers = {"My-Header1:value2", "My-Header1:value2", "My-Header1:value1"},
     .signed_headers = "host;my-header1;x-amz-date",
     .signature = "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea"},
    {.name = "get-header-value-trim",
     .method = "GET",
     .path = "/",
     .headers = {"My-Header1: value1", "My-Header2: \"a   b   c\""},
     .signed_headers = "host;my-header1;my-header2;x-amz-date",
     .signature = "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"},
    {.name = "get-slashes-normalized",
     .method = "GET",
     .path = "//example//",
     .signature = "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84"},
    {.name = "get-relative-relative-normalized",
     .method = "GET",
     .path = "/example1/example2/../..",
     .signature = "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
    {.name = "get-slash-pointless-dot-normalized",
     .method = "GET",
     .path = "/./example",
     .signature = "ef75d96142cf21edca26f06005da7988e4f8dc83a165a80865db7089db637ec5"},
    {.name = "get-space-normalized",
     .method = "GET",
     .path = "/example space/",
     .signature = "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741"},
    {.name = "get-vanilla-empty-query-key",
     .method = "GET",
     .path = "/",
     .query = "Param1=value1",
     .signature = "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb"},
    {.name = "get-vanilla-query-order-encoded",
     .method = "GET",
     .path = "/",
     .query = "Param-3=Value3&Param=Value2&%E1%88%B4=Value1",
     .signature = "371d3713e185cc334048618a97f809c9ffe339c62934c032af5a0e595648fcac"},
    {.name = "get-vanilla-utf8-query",
     .method = "GET",
     .path = "/",
     .query = "%E1%88%B4=bar",
     .signature = "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04"},
};

static struct aws_credentials credentials_with(const char *token)
{
    return (struct aws_credentials){.access_key_id = (char *)"AKIDEXAMPLE",
                                    .secret_access_key =
                                        (char *)"wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
                                    .session_token = (char *)token};
}

static struct aws_to_sign request_of(const struct vector *vector)
{
    return (struct aws_to_sign){.method = vector->method,
                                .host = "example.amazonaws.com",
                                .path = vector->path,
                                .query = vector->query != NULL ? vector->query : "",
                                .headers = vector->headers,
                                .body = vector->body != NULL ? vector->body : "",
                                .body_len = vector->body != NULL ? strlen(vector->body) : 0,
                                .region = "us-east-1",
                                .service = "service",
                                .time_s = AT_S,
                                .normalizes_path = true};
}

static void the_published_vectors_come_out(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(suite); i++) {
        const struct aws_credentials credentials = credentials_with(suite[i].token);
        const struct aws_to_sign request = request_of(&suite[i]);
        struct aws_signature signature;
        CLEANUP(alloc_freep)
        char *expected = alloc_printf(
            "Authorization: AWS4-HMAC-SHA256 "
            "Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=%s, "
            "Signature=%s",
            suite[i].signed_headers != NULL ? suite[i].signed_headers : "host;x-amz-date",
            suite[i].signature);
        aws_sign(&request, &credentials, &signature);
        print_message("%s\n", suite[i].name);
        assert_string_equal(signature.authorization, expected);
        assert_string_equal(signature.date, "X-Amz-Date: 20150830T123600Z");
        aws_signature_done(&signature);
    }
}

static void the_token_is_a_header_of_its_own(void **state)
{
    (void)state;
    const struct aws_credentials with = credentials_with("tok"), without = credentials_with(NULL);
    const struct aws_to_sign request = request_of(&suite[0]);
    struct aws_signature signature;
    aws_sign(&request, &with, &signature);
    assert_string_equal(signature.token, "X-Amz-Security-Token: tok");
    aws_signature_done(&signature);
    aws_sign(&request, &without, &signature);
    assert_null(signature.token);
    aws_signature_done(&signature);
}

/* "Create a signed AWS API request", IAM user guide. */
static void the_guides_canonical_request_comes_out(void **state)
{
    (void)state;
    const struct aws_credentials credentials = credentials_with(NULL);
    const char *const headers[] = {"Content-Type: application/x-www-form-urlencoded; charset=utf-8",
                                   NULL};
    const struct aws_to_sign request = {.method = "GET",
                                        .host = "iam.amazonaws.com",
                                        .path = "/",
                                        .query = "Action=ListUsers&Version=2010-05-08",
                                        .headers = headers,
                                        .body = "",
                                        .region = "us-east-1",
                                        .service = "iam",
                                        .time_s = AT_S,
                                        .normalizes_path = true};
    struct aws_signature signature;
    CLEANUP(alloc_freep) char *canonical = aws_sign_canonical(&request, &credentials);
    assert_string_equal(canonical,
                        "GET\n/\nAction=ListUsers&Version=2010-05-08\n"
                        "content-type:application/x-www-form-urlencoded; charset=utf-8\n"
                        "host:iam.amazonaws.com\nx-amz-date:20150830T123600Z\n\n"
                        "content-type;host;x-amz-date\n"
                        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    aws_sign(&request, &credentials, &signature);
    assert_non_null(strstr(signature.authorization,
                           "Signature="
                           "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"));
    aws_signature_done(&signature);
}

static void an_encoded_path_is_encoded_once_more(void **state)
{
    (void)state;
    const struct aws_credentials credentials = credentials_with(NULL);
    struct aws_to_sign request = request_of(&suite[0]);
    request.path = "/a%20b/c:d";
    CLEANUP(alloc_freep) char *canonical = aws_sign_canonical(&request, &credentials);
    assert_non_null(strstr(canonical, "GET\n/a%2520b/c%3Ad\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_published_vectors_come_out),
        cmocka_unit_test(the_token_is_a_header_of_its_own),
        cmocka_unit_test(the_guides_canonical_request_comes_out),
        cmocka_unit_test(an_encoded_path_is_encoded_once_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
