/* SPDX-License-Identifier: BSD-2-Clause */
/* Each error of the configuration, with the line that it names. The files are written to a
 * directory of this test's own. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <arpa/inet.h>
#include <cmocka.h>

#include "common/alloc.h"
#include "common/config.h"

static char directory[64];

/* The least that is a configuration: lines 1 to 7. What a test adds begins in line 8. */
#define SERVER  "server:\n  listen: [127.0.0.1@5300]\n"
#define CONTROL "control: { socket: run/ballast.sock, state: var/ballast.db }\n"
#define ZONES   "zones:\n  - name: example.org\n    file: example.org.zone\n"
#define LEAST   SERVER CONTROL ZONES "# optional\n"

#define CHECKS          "health_checks: [{ name: cats, type: http }, { name: dogs, type: http }]\n" /* 8 */
#define MEMBERS         "[{ id: blue, weight: 1, values: [a] }, { id: green, weight: 0, values: [b] }]"
#define SET(name, type) "  - { name: " name ", type: " type ", members: " MEMBERS " }\n"
/* Lines 8 to 10; what a test adds begins in line 11. */
#define SETS LEAST "record_sets:\n" SET("a.example.org", "A") SET("a.example.org", "AAAA")

static struct config *load(const char *text, struct error *err)
{
    char path[128];
    snprintf(path, sizeof(path), "%s/ballast.yaml", directory);
    FILE *stream = fopen(path, "w");
    assert_non_null(stream);
    assert_int_equal(fwrite(text, 1, strlen(text), stream), strlen(text));
    assert_int_equal(fclose(stream), 0);
    return config_load(path, err);
}

static struct config *load_good(const char *text)
{
    struct error err = {""};
    struct config *config = load(text, &err);
    if (config == NULL) {
        fail_msg("%s", err.text);
    }
    return config;
}

/* Expects "DIRECTORY/ballast.yaml" before `message`. */
#define refuse(text, message) refuse_at(text, message, __FILE__, __LINE__)
static void refuse_at(const char *text, const char *message, const char *file, int line)
{
    struct error err = {""};
    struct config *config = load(text, &err);
    _assert_true(config == NULL, "refused", file, line);
    CLEANUP(alloc_freep) char *expected = alloc_printf("%s/ballast.yaml%s", directory, message);
    _assert_string_equal(err.text, expected, file, line);
}

static void what_is_not_said_has_its_default(void **state)
{
    (void)state;
    CLEANUP(config_freep) struct config *config = load_good(LEAST);
    assert_int_equal(config->server.listen_count, 1);
    assert_int_equal(ntohs(config->server.listen[0].v4.sin_port), 5300);
    assert_in_range(config->server.workers, 1, 256);
    assert_int_equal(config->server.udp_payload_max, 1232);
    assert_null(config->server.version);
    assert_null(config->server.identity);
    assert_int_equal(config->server.tcp_idle_timeout_ms, 10000);
    assert_int_equal(config->server.tcp_max_connections, 1000);
    assert_int_equal(config->server.client_subnet_count, 0);
    assert_false(config->control.has_http);
    assert_null(config->control.http_token_file);
    assert_int_equal(config->control.rights.read_count, 0);
    assert_int_equal(config->control.rights.change_count, 0);
    assert_int_equal(config->zone_count, 1);
    assert_string_equal(config->zones[0].name, "example.org");
    assert_int_equal(config->zones[0].line, 5);
    assert_int_equal(config->health_check_count, 0);
    assert_int_equal(config->record_set_count, 0);
    assert_int_equal(config->rollout_count, 0);
}

static void an_unknown_key_is_refused_with_those_that_exist(void **state)
{
    (void)state;
    refuse(LEAST "serve: 1\n", ":8: serve: found an unknown key, expected one of: server, control, "
                               "zones, health_checks, record_sets, rollouts");
}

static int make_directory(void **state)
{
    (void)state;
    snprintf(directory, sizeof(directory), "/tmp/ballast-test-config-XXXXXX");
    return mkdtemp(directory) == NULL ? -1 : 0;
}

static int remove_directory(void **state)
{
    (void)state;
    char path[128];
    snprintf(path, sizeof(path), "%s/ballast.yaml", directory);
    return unlink(path) == 0 && rmdir(directory) == 0 ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_said_has_its_default),
        cmocka_unit_test(an_unknown_key_is_refused_with_those_that_exist),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
