/* SPDX-License-Identifier: BSD-2-Clause */
/* Probes over TLS, against `openssl s_server` with two certificates made for the test: one for
 * cats.example, shown to who asks for that name (SNI), one for 127.0.0.1, shown to all others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/alloc.h"
#include "common/attributes.h"
#include "control/probe.h"
#include "tests/unit/loop_fixture.h"

struct fixture {
    char directory[64];
    char *cats_pem;    /* for cats.example */
    char *address_pem; /* for 127.0.0.1 */
    pid_t server;
    FILE *server_says;
    uint16_t port;

    struct loop_fixture loop;
    struct prober *prober;
    struct config_health_check check;
    struct probe_outcome outcome;
    unsigned done;
};

/* False: there is no openssl to make it with. */
static bool make_certificate(const char *directory, const char *name, const char *alternative)
{
    CLEANUP(alloc_freep)
    char *command = alloc_printf("cd '%s' && openssl req -x509 -newkey ec -pkeyopt "
                                 "ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=%s -keyout "
                                 "%s.key -out %s.pem -addext subjectAltName=%s >/dev/null 2>&1",
                                 directory, name, name, name, alternative);
    return system(command) == 0;
}

static void run_server(const char *directory, int output)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* when a test fails hard, nothing stays behind */
    int null = open("/dev/null", O_RDWR);
    if (chdir(directory) == 0 && dup2(null, 0) >= 0 && dup2(output, 1) >= 0 && dup2(null, 2) >= 0) {
        execlp("openssl", "openssl", "s_server", "-accept", "127.0.0.1:0", "-www", "-cert",
               "address.pem", "-key", "address.key", "-servername", "cats.example", "-cert2",
               "cats.pem", "-key2", "cats.key", (char *)NULL);
    }
    _exit(127);
}

static bool start_server(struct fixture *fixture)
{
    int output[2];
    assert_int_equal(pipe2(output, O_CLOEXEC), 0);
    fixture->server = fork();
    assert_true(fixture->server >= 0);
    if (fixture->server == 0) {
        run_server(fixture->directory, output[1]);
    }
    close(output[1]);
    fixture->server_says = fdopen(output[0], "r");
    char line[256];
    while (fgets(line, sizeof(line), fixture->server_says) != NULL) {
        if (sscanf(line, "ACCEPT 127.0.0.1:%hu", &fixture->port) == 1) {
            return true;
        }
    }
    return false;
}

static int stop_server(void **state)
{
    struct fixture *fixture = *state;
    if (fixture->server > 0) {
        kill(fixture->server, SIGKILL);
        waitpid(fixture->server, NULL, 0);
        fclose(fixture->server_says);
    }
    CLEANUP(alloc_freep) char *command = alloc_printf("rm -r '%s'", fixture->directory);
    int result = system(command);
    free(fixture->cats_pem);
    free(fixture->address_pem);
    free(fixture);
    return result;
}

static int prepare_server(void **state)
{
    struct fixture *fixture = alloc_zeroed(1, sizeof(*fixture));
    *state = fixture;
    strcpy(fixture->directory, "/tmp/ballast-test-XXXXXX");
    assert_non_null(mkdtemp(fixture->directory));
    fixture->cats_pem = alloc_printf("%s/cats.pem", fixture->directory);
    fixture->address_pem = alloc_printf("%s/address.pem", fixture->directory);
    if (!make_certificate(fixture->directory, "cats", "DNS:cats.example") ||
        !make_certificate(fixture->directory, "address", "IP:127.0.0.1") ||
        !start_server(fixture)) {
        stop_server(state);
        return -1;
    }
    return 0;
}

static int open_fixture(void **state)
{
    struct fixture *fixture = *state;
    struct error err;
    loop_fixture_open(&fixture->loop);
    fixture->prober = prober_new(&fixture->loop.loop, 100, &err);
    assert_non_null(fixture->prober);
    fixture->check = (struct config_health_check){
        .name = "cats",
        .type = CHECK_HTTPS,
        .port = fixture->port,
        .path = "/",
        .verify = true,
        .status_low = 200,
        .status_high = 299,
        .interval_ms = 10000,
        .timeout_ms = 10000,
    };
    return 0;
}

static int close_fixture(void **state)
{
    struct fixture *fixture = *state;
    prober_close(fixture->prober);
    loop_fixture_close(&fixture->loop);
    return 0;
}

static void note_outcome(void *argument, const struct probe_outcome *outcome)
{
    struct fixture *fixture = argument;
    fixture->outcome = *outcome;
    fixture->done++;
}

static const struct probe_outcome *probe(struct fixture *fixture)
{
    struct probe *attempt =
        probe_new(fixture->prober, &fixture->check, "127.0.0.1", note_outcome, fixture);
    fixture->done = 0;
    probe_start(attempt);
    LOOP_UNTIL(&fixture->loop, fixture->done > 0);
    probe_free(attempt);
    return &fixture->outcome;
}

static void assert_http_ok(const struct probe_outcome *outcome)
{
    assert_memory_equal(outcome->text, "HTTP 200 in ", 12);
    assert_true(outcome->counts && outcome->succeeded);
}

static void assert_failed(const struct probe_outcome *outcome, const char *text)
{
    assert_string_equal(outcome->text, text);
    assert_true(outcome->counts);
    assert_false(outcome->succeeded);
}

static void a_certificate_of_a_given_authority_is_verified(void **state)
{
    struct fixture *fixture = *state;
    fixture->check.host = "cats.example";
    fixture->check.ca_file = fixture->cats_pem;
    /* Its success needs SNI, too: without it the server shows the other certificate. */
    assert_http_ok(probe(fixture));
}

static void without_a_host_the_address_is_verified(void **state)
{
    struct fixture *fixture = *state;
    fixture->check.ca_file = fixture->address_pem;
    assert_http_ok(probe(fixture));
    fixture->check.ca_file = fixture->cats_pem;
    assert_failed(probe(fixture), "certificate: self-signed certificate");
}

static void the_body_is_searched(void **state)
{
    struct fixture *fixture = *state;
    fixture->check.ca_file = fixture->address_pem;
    fixture->check.body = "s_server -accept";
    assert_http_ok(probe(fixture));
    fixture->check.body = "no such text";
    assert_failed(probe(fixture), "body does not contain \"no such text\"");
}

static void an_unknown_authority_is_refused(void **state)
{
    struct fixture *fixture = *state;
    fixture->check.host = "cats.example";
    assert_failed(probe(fixture), "certificate: self-signed certificate");
}

static void another_name_is_refused(void **state)
{
    struct fixture *fixture = *state;
    fixture->check.host = "dogs.example";
    fixture->check.ca_file = fixture->address_pem;
    assert_failed(probe(fixture), "certificate: no alternative certificate subject name matches "
                                  "target host name 'dogs.example'");
}

static void without_verification_any_certificate_will_do(void **state)
{
    struct fixture *fixture = *state;
    fixture->check.verify = false;
    fixture->check.host = "dogs.example";
    assert_http_ok(probe(fixture));
    fixture->check.host = NULL;
    assert_http_ok(probe(fixture));
}

static void a_missing_ca_file_fails(void **state)
{
    struct fixture *fixture = *state;
    fixture->check.ca_file = "/nonexistent/ca.pem";
    const struct probe_outcome *outcome = probe(fixture);
    assert_memory_equal(outcome->text, "certificate: ", 13);
    assert_non_null(strstr(outcome->text, "/nonexistent/ca.pem"));
    assert_false(outcome->succeeded);
}

static void a_success_is_not_carried_over_to_a_stricter_check(void **state)
{
    struct fixture *fixture = *state;
    /* Neither the connection nor the TLS session of the lax probe may serve the strict one. */
    fixture->check.host = "cats.example";
    fixture->check.verify = false;
    assert_http_ok(probe(fixture));
    fixture->check.verify = true;
    assert_failed(probe(fixture), "certificate: self-signed certificate");
}

static void plain_http_to_a_tls_port_fails(void **state)
{
    struct fixture *fixture = *state;
    fixture->check.type = CHECK_HTTP;
    assert_false(probe(fixture)->succeeded);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, open_fixture, close_fixture)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_certificate_of_a_given_authority_is_verified),
        TEST(without_a_host_the_address_is_verified),
        TEST(the_body_is_searched),
        TEST(an_unknown_authority_is_refused),
        TEST(another_name_is_refused),
        TEST(without_verification_any_certificate_will_do),
        TEST(a_missing_ca_file_fails),
        TEST(a_success_is_not_carried_over_to_a_stricter_check),
        TEST(plain_http_to_a_tls_port_fails),
    };
    if (system("openssl version >/dev/null 2>&1") != 0) {
        puts("the openssl command is missing");
        return 77;
    }
    return cmocka_run_group_tests(tests, prepare_server, stop_server);
}
