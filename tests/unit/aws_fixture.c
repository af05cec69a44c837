/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/aws_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/alloc.h"
#include "control/aws/aws_profiles.h"

extern char **environ;

static int64_t fixed_now_ms(void *argument)
{
    struct aws_fixture *fixture = argument;
    return fixture->now_ms;
}

static double no_fraction(void *argument)
{
    (void)argument;
    return 0.01;
}

static void clean_environment(void)
{
    char name[256];
    for (char **at = environ; *at != NULL;) {
        if (strncmp(*at, "AWS_", 4) == 0) {
            snprintf(name, sizeof(name), "%.*s", (int)strcspn(*at, "="), *at);
            unsetenv(name);
            at = environ;
        } else {
            at++;
        }
    }
    setenv("AWS_CONFIG_FILE", "/nonexistent", 1);
    setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent", 1);
}

void aws_fixture_open(struct aws_fixture *fixture)
{
    struct error err = {""};
    *fixture = (struct aws_fixture){.now_ms = 1440938160000};
    fixture->chance = (struct aws_chance){fixed_now_ms, no_fraction, fixture};
    loop_fixture_open(&fixture->loop);
    fixture->http = http_client_new(&fixture->loop.loop, &err);
    assert_non_null(fixture->http);
    web_stub_open(&fixture->stub, &fixture->loop.loop, "127.0.0.1", 0);
    snprintf(fixture->url, sizeof(fixture->url), "http://127.0.0.1:%u", fixture->stub.port);
    clean_environment();
    const struct config_aws config = {.region = "eu-west-1", .endpoint_url = fixture->url};
    fixture->settings = aws_settings_load(&config, &err);
    assert_non_null(fixture->settings);
}

void aws_fixture_profile(struct aws_fixture *fixture, const char *config)
{
    struct error err = {""};
    aws_profiles_free(fixture->settings->profiles);
    fixture->settings->profiles = aws_profiles_parse("config", config, "credentials", "", &err);
    assert_string_equal(err.text, "");
}

void aws_fixture_close(struct aws_fixture *fixture)
{
    http_client_close(fixture->http);
    web_stub_close(&fixture->stub);
    loop_fixture_close(&fixture->loop);
    aws_settings_free(fixture->settings);
}
