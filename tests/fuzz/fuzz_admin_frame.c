/* SPDX-License-Identifier: BSD-2-Clause */
/* Lines as the admin socket and ballastctl read them: requests, replies, and what ballastctl prints
 * of a result that could be anything. */
#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "control/admin_protocol.h"
#include "control/ctl_render.h"
#include "control/ctl_view.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_request(const char *line, size_t len)
{
    struct error err = {""};
    json_t *request = NULL;
    const char *command = NULL;
    const json_t *arguments = NULL;
    if (!admin_request_decode(line, len, &request, &command, &arguments, &err)) {
        assert(request == NULL && err.text[0] != '\0');
        json_decref(admin_reply_failure(err.text));
        return;
    }
    size_t count = json_array_size(arguments);
    const char **words = alloc_zeroed(count, sizeof(*words));
    for (size_t i = 0; i < count; i++) {
        words[i] = json_string_value(json_array_get(arguments, i));
        assert(words[i] != NULL);
    }
    const struct admin_command *row = admin_command_find(command);
    if (row != NULL && !admin_command_check(row, words, count, &err)) {
        assert(err.text[0] != '\0');
    }
    json_t *again = admin_request_encode(command, words, count);
    assert(again != NULL);
    json_decref(again);
    free(words);
    json_decref(request);
}

static void check_printed(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char octet = (unsigned char)text[i];
        assert(octet == '\n' || (octet >= 0x20 && octet < 0x7f));
    }
}

/* What has no form of its own: JSON, which escapes, or text for other programs. */
static bool is_rendered(const struct admin_command *command)
{
    return !command->is_local && strcmp(command->name, "event pattern") != 0 &&
           strcmp(command->name, "zone export") != 0;
}

static void print_as_everything(const json_t *result)
{
    const struct style style = {.columns = 50, .rows = 20};
    const struct style wide = {.columns = 100, .rows = 20};
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    for (size_t i = 0; i < admin_command_count; i++) {
        if (is_rendered(&admin_commands[i])) {
            render(out, &style, admin_commands[i].name, result);
        }
    }
    view_print(out, &style, result);
    view_print(out, &wide, result);
    fclose(out);
    check_printed(text, len);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error err = {""};
    struct admin_reply reply;
    check_request((const char *)data, size);
    if (admin_reply_decode((const char *)data, size, &reply, &err)) {
        print_as_everything(reply.result);
        json_decref(reply.result);
    } else {
        assert(reply.is_refusal || err.text[0] != '\0');
    }
    return 0;
}
