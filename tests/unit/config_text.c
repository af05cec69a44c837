/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/config_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/alloc.h"

#define PATH "dir/x.yaml"

static struct config *parse(const char *text, struct error *err)
{
    return config_parse(PATH, (const uint8_t *)text, strlen(text), err);
}

struct config *config_text_good(const char *text)
{
    struct error err = {""};
    struct config *config = parse(text, &err);
    if (config == NULL) {
        fail_msg("%s", err.text);
    }
    return config;
}

void config_text_refused(const char *text, const char *expected, const char *file, int line)
{
    struct error err = {""};
    struct config *config = parse(text, &err);
    _assert_true(config == NULL, "refused", file, line);
    _assert_string_equal(err.text, expected, file, line);
}

void config_text_refused_behind(const char *text, const char *expected, const char *file, int line)
{
    CLEANUP(alloc_freep) char *whole = alloc_printf("%s%s", PATH, expected);
    config_text_refused(text, whole, file, line);
}
