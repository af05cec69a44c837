/* SPDX-License-Identifier: BSD-2-Clause */
/* Any octets as AWS's shared files ('f'), as a document with credentials of a container ('c') or of
 * a process ('p'), and as a command ('w'), by the first one: what is taken can be used, and nothing
 * of a key ends a header. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "control/aws/aws_credential_document.h"
#include "control/aws/aws_profiles.h"
#include "control/aws/aws_words.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_files(const char *text)
{
    struct error err = {""};
    struct aws_profiles *profiles = aws_profiles_parse("c", text, "k", text, &err);
    if (profiles == NULL) {
        assert(err.text[0] != '\0');
        return;
    }
    const char *region = aws_profiles_get(profiles, "default", "region");
    assert(region == NULL || aws_profiles_have(profiles, "default"));
    assert(region == NULL || strpbrk(region, "\n") == NULL);
    aws_profiles_free(profiles);
}

static void check_key(const char *text)
{
    for (; text != NULL && *text != '\0'; text++) {
        assert(*text > ' ' && *text <= '~');
    }
}

static void read_document(const char *text, size_t len, bool is_process)
{
    struct error err = {""};
    struct aws_credentials credentials;
    if (aws_credential_document_parse(text, len, is_process, &credentials, &err)) {
        assert(credentials.access_key_id != NULL && credentials.secret_access_key != NULL);
        check_key(credentials.access_key_id);
        check_key(credentials.session_token);
    } else {
        assert(err.text[0] != '\0' && credentials.access_key_id == NULL);
    }
    aws_credentials_done(&credentials);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    char *text = calloc(size, 1);
    assert(text != NULL);
    memcpy(text, data + 1, size - 1);
    if (data[0] == 'f') {
        read_files(text);
    } else if (data[0] == 'c' || data[0] == 'p') {
        read_document(text, size - 1, data[0] == 'p');
    } else if (data[0] == 'w') {
        aws_words_free(aws_words_split(text));
    }
    free(text);
    return 0;
}
