/* SPDX-License-Identifier: BSD-2-Clause */
/* Each error of the configuration, with the line that it names. The files are written to a
 * directory of this test's own. */
#include <sched.h>
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
#include "config.h"

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
    assert_false(config->server.steers_by_cpu);
    assert_int_equal(config->server.udp_payload_max, 1232);
    assert_null(config->server.version);
    assert_null(config->server.identity);
    assert_int_equal(config->server.tcp_idle_timeout_ms, 10000);
    assert_int_equal(config->server.tcp_max_connections, 1000);
    assert_int_equal(config->server.tcp_max_connections_per_client, 100);
    assert_int_equal(config->server.client_subnet_count, 0);
    assert_false(config->server.refuses_client_subnet);
    assert_false(config->server.has_full_additional);
    assert_int_equal(config->server.resolver_sample, 16);
    assert_null(config->server.nsid);
    assert_true(config->server.cookies.is_enabled);
    assert_false(config->server.cookies.is_required);
    assert_null(config->server.cookies.secret_file);
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

static void it_is_said_how_many_resolvers_are_followed(void **state)
{
    (void)state;
    CLEANUP(config_freep)
    struct config *nobody = load_good(SERVER "  resolver_sample: 0\n" CONTROL ZONES);
    assert_int_equal(nobody->server.resolver_sample, 0);
    CLEANUP(config_freep)
    struct config *few = load_good(SERVER "  resolver_sample: 65536\n" CONTROL ZONES);
    assert_int_equal(few->server.resolver_sample, 65536);
}

static void an_unknown_key_is_refused_with_those_that_exist(void **state)
{
    (void)state;
    refuse(LEAST "serve: 1\n", ":8: serve: found an unknown key, expected one of: server, control, "
                               "zones, health_checks, record_sets, rollouts, log, aws, "
                               "route53, notify, quiet_hours");
}

static void everything_that_is_said_is_read(void **state)
{
    (void)state;
    CLEANUP(config_freep)
    struct config *config = load_good(
        "server:\n"
        "  listen: [127.0.0.1@5300, \"::1@5300\", 192.0.2.1]\n"
        "  workers: 3\n"
        "  udp_payload_max: 4096\n"
        "  version: none of your business\n"
        "  identity: ns1\n"
        "  tcp: { idle_timeout: 3s, max_connections: 20, max_connections_per_client: 7 }\n"
        "  client_subnet: [192.0.2.0/24, \"2001:db8::/32\"]\n"
        "  client_subnet_others: refuse\n"
        "  additional: full\n"
        "control:\n"
        "  socket: s\n"
        "  http: 0.0.0.0:8053\n"
        "  http_token_file: /etc/token\n"
        "  state: db\n"
        "  rights: { read: [\"@ops\", 1000], change: [admin] }\n" ZONES "health_checks:\n"
        "  - { name: web, type: https, port: 8443, path: /up, host: www.example.org, body: fine,\n"
        "      verify: false, ca_file: ca.pem, expect: 204, interval: 2s, timeout: 500ms,\n"
        "      rise: 1, fall: 10 }\n"
        "record_sets:\n"
        "  - name: www.example.org\n"
        "    type: A\n"
        "    ttl: 30\n"
        "    choice: sticky\n"
        "    members:\n"
        "      - { id: blue, weight: 255, values: [192.0.2.10, 192.0.2.11], health_check: web,\n"
        "          ecs_service: cats, ecs_container: nginx }\n"
        "      - { id: green, weight: 0, values: [192.0.2.20] }\n"
        "rollouts:\n"
        "  - name: web\n"
        "    record_sets: [WWW.example.org./a]\n"
        "    cluster: production\n"
        "    min_running: 2\n"
        "    plan: { steps: [1, 99, 100], hold: 10s, allow_short_hold: true }\n");
    const struct config_server *server = &config->server;
    assert_int_equal(server->listen_count, 3);
    assert_int_equal(server->listen[1].any.sa_family, AF_INET6);
    assert_int_equal(ntohs(server->listen[2].v4.sin_port), 53);
    assert_int_equal(server->workers, 3);
    assert_int_equal(server->udp_payload_max, 4096);
    assert_string_equal(server->version, "none of your business");
    assert_string_equal(server->identity, "ns1");
    assert_int_equal(server->tcp_idle_timeout_ms, 3000);
    assert_int_equal(server->tcp_max_connections, 20);
    assert_int_equal(server->tcp_max_connections_per_client, 7);
    assert_int_equal(server->client_subnet_count, 2);
    assert_int_equal(server->client_subnet[0].bits, 24);
    assert_true(server->refuses_client_subnet);
    assert_true(server->has_full_additional);
    const struct config_control *control = &config->control;
    assert_true(control->has_http);
    assert_int_equal(ntohs(control->http.v4.sin_port), 8053);
    assert_string_equal(control->http_token_file, "/etc/token");
    assert_int_equal(control->rights.read_count, 2);
    assert_string_equal(control->rights.read[1], "1000");
    assert_string_equal(control->rights.change[0], "admin");
    const struct config_health_check *check = &config->health_checks[0];
    assert_string_equal(check->name, "web");
    assert_int_equal(check->type, CHECK_HTTPS);
    assert_int_equal(check->port, 8443);
    assert_string_equal(check->path, "/up");
    assert_string_equal(check->host, "www.example.org");
    assert_string_equal(check->body, "fine");
    assert_false(check->verify);
    assert_int_equal(check->status_low, 204);
    assert_int_equal(check->status_high, 204);
    assert_int_equal(check->interval_ms, 2000);
    assert_int_equal(check->timeout_ms, 500);
    assert_int_equal(check->rise, 1);
    assert_int_equal(check->fall, 10);
    const struct config_record_set *set = &config->record_sets[0];
    assert_string_equal(set->name, "www.example.org");
    assert_string_equal(set->type, "A");
    assert_int_equal(set->ttl_s, 30);
    assert_int_equal(set->choice, CHOICE_STICKY);
    assert_string_equal(config_choice_name(set->choice), "sticky");
    assert_int_equal(set->member_count, 2);
    assert_int_equal(set->members[0].weight, 255);
    assert_string_equal(set->members[0].values[1], "192.0.2.11");
    assert_int_equal(set->members[0].value_count, 2);
    assert_ptr_equal(set->members[0].health_check, check);
    assert_string_equal(set->members[0].ecs_service, "cats");
    assert_string_equal(set->members[0].ecs_container, "nginx");
    assert_null(set->members[1].health_check);
    assert_null(set->members[1].ecs_service);
    const struct config_rollout *rollout = &config->rollouts[0];
    assert_string_equal(rollout->name, "web");
    assert_int_equal(rollout->record_set_count, 1);
    assert_int_equal(rollout->record_sets[0], 0);
    assert_string_equal(rollout->cluster, "production");
    assert_int_equal(rollout->min_running, 2);
    assert_int_equal(rollout->plan.step_count, 3);
    assert_int_equal(rollout->plan.steps[1], 99);
    assert_int_equal(rollout->plan.hold_ms, 10000);
    assert_true(rollout->plan.allow_short_hold);
}

static void steering_is_by_hash_or_by_processor(void **state)
{
    (void)state;
    CLEANUP(config_freep)
    struct config *hash = load_good(SERVER "  steering: hash\n" CONTROL ZONES);
    CLEANUP(config_freep)
    struct config *cpu = load_good(SERVER "  steering: cpu\n" CONTROL ZONES);
    assert_false(hash->server.steers_by_cpu);
    assert_true(cpu->server.steers_by_cpu);
}

static void workers_are_as_many_as_processors_that_may_be_used(void **state)
{
    (void)state;
    cpu_set_t before;
    cpu_set_t one;
    assert_int_equal(sched_getaffinity(0, sizeof(before), &before), 0);
    CPU_ZERO(&one);
    for (size_t i = 0; i < CPU_SETSIZE && CPU_COUNT(&one) == 0; i++) {
        if (CPU_ISSET(i, &before)) {
            CPU_SET(i, &one);
        }
    }
    CLEANUP(config_freep) struct config *many = load_good(SERVER "  workers: auto\n" CONTROL ZONES);
    assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
    CLEANUP(config_freep) struct config *few = load_good(SERVER "  workers: auto\n" CONTROL ZONES);
    assert_int_equal(sched_setaffinity(0, sizeof(before), &before), 0);
    assert_int_equal(few->server.workers, 1);
    unsigned usable = (unsigned)CPU_COUNT(&before);
    assert_int_equal(many->server.workers, usable < 256 ? usable : 256);
}

static void items_know_their_lines(void **state)
{
    (void)state;
    CLEANUP(config_freep)
    struct config *config = load_good(LEAST "health_checks:\n"
                                            "  - name: cats\n"
                                            "    type: http\n"
                                            "  - name: dogs\n"
                                            "    type: http\n"
                                            "record_sets:\n"
                                            "  - name: a.example.org\n"
                                            "    type: A\n"
                                            "    members:\n"
                                            "      - { id: blue, weight: 1, values: [a] }\n"
                                            "      # a remark\n"
                                            "      - { id: green, weight: 1, values: [b] }\n"
                                            "rollouts:\n"
                                            "  - { name: r, cluster: c, record_set: "
                                            "a.example.org/A }\n");
    assert_int_equal(config->health_checks[0].line, 9);
    assert_int_equal(config->health_checks[1].line, 11);
    assert_int_equal(config->record_sets[0].line, 14);
    assert_int_equal(config->record_sets[0].members[0].line, 17);
    assert_int_equal(config->record_sets[0].members[1].line, 19);
    assert_int_equal(config->rollouts[0].line, 21);
}

static void sections_of_a_record_set_have_their_defaults(void **state)
{
    (void)state;
    CLEANUP(config_freep)
    struct config *config =
        load_good(SETS CHECKS "rollouts: [{ name: r, cluster: c, record_set: a.example.org/A }]\n");
    const struct config_health_check *check = &config->health_checks[0];
    assert_int_equal(check->port, 80);
    assert_string_equal(check->path, "/");
    assert_null(check->host);
    assert_null(check->body);
    assert_true(check->verify);
    assert_null(check->ca_file);
    assert_int_equal(check->status_low, 200);
    assert_int_equal(check->status_high, 299);
    assert_int_equal(check->interval_ms, 10000);
    assert_int_equal(check->timeout_ms, 5000);
    assert_int_equal(check->rise, 2);
    assert_int_equal(check->fall, 2);
    assert_int_equal(config->record_sets[0].ttl_s, 60);
    assert_int_equal(config->record_sets[0].choice, CHOICE_EXACT);
    const struct config_rollout *rollout = &config->rollouts[0];
    assert_int_equal(rollout->min_running, 1);
    assert_int_equal(rollout->trigger, TRIGGER_TASKS);
    assert_int_equal(rollout->plan.step_count, 3);
    assert_int_equal(rollout->plan.steps[0], 10);
    assert_int_equal(rollout->plan.steps[1], 50);
    assert_int_equal(rollout->plan.steps[2], 100);
    assert_int_equal(rollout->plan.hold_ms, 60000);
    assert_false(rollout->plan.allow_short_hold);
}

static void a_timeout_that_is_not_said_fits_the_interval(void **state)
{
    (void)state;
    CLEANUP(config_freep)
    struct config *config =
        load_good(LEAST "health_checks: [{ name: a, type: tcp, port: 7, interval: 300ms }]\n");
    assert_int_equal(config->health_checks[0].timeout_ms, 300);
}

static void a_check_over_https_asks_port_443(void **state)
{
    (void)state;
    CLEANUP(config_freep)
    struct config *config = load_good(LEAST "health_checks: [{ name: a, type: https }]\n");
    assert_int_equal(config->health_checks[0].port, 443);
}

static void assert_beside_the_file(const char *path, const char *relative)
{
    CLEANUP(alloc_freep) char *expected = alloc_printf("%s/%s", directory, relative);
    assert_string_equal(path, expected);
}

static void relative_paths_begin_at_the_file(void **state)
{
    (void)state;
    CLEANUP(config_freep)
    struct config *config =
        load_good(SERVER "control: { socket: run/s, state: var/db, http_token_file: token }\n" ZONES
                         "  - { name: b, file: /abs/zone }\n"
                         "health_checks: [{ name: a, type: https, ca_file: ca.pem }]\n");
    assert_beside_the_file(config->control.socket, "run/s");
    assert_beside_the_file(config->control.state, "var/db");
    assert_beside_the_file(config->control.http_token_file, "token");
    assert_beside_the_file(config->zones[0].file, "example.org.zone");
    assert_string_equal(config->zones[1].file, "/abs/zone");
    assert_beside_the_file(config->health_checks[0].ca_file, "ca.pem");
}

#define SIGNED(more)                                                                               \
    SERVER CONTROL "zones:\n  - name: a\n    file: a\n    dnssec:\n      keys: k\n" more

static void zones_may_be_signed(void **state)
{
    (void)state;
    CLEANUP(config_freep) struct config *config = load_good(SIGNED(""));
    const struct config_dnssec *dnssec = config->zones[0].dnssec;
    assert_beside_the_file(dnssec->keys, "k");
    assert_int_equal(dnssec->denial, CONFIG_DENIAL_NSEC);
    assert_int_equal(dnssec->signature_lifetime_ms, INT64_C(14) * 86400 * 1000);
    assert_int_equal(dnssec->refresh_ms, INT64_C(5) * 86400 * 1000);
    assert_int_equal(dnssec->line, 7);
    assert_int_equal(dnssec->first_keys, CONFIG_FIRST_CSK);
    assert_int_equal(dnssec->algorithm, 13);
    assert_int_equal(dnssec->zsk_lifetime_ms, 0);
    assert_int_equal(dnssec->ksk_lifetime_ms, 0);
    assert_int_equal(dnssec->parent_ds_ttl_ms, 86400 * 1000);
    assert_int_equal(dnssec->propagation_ms, 3600 * 1000);
    CLEANUP(config_freep)
    struct config *other = load_good(
        SIGNED("      denial: nsec3\n      signature_lifetime: 2d\n      refresh: 12h\n"));
    assert_int_equal(other->zones[0].dnssec->denial, CONFIG_DENIAL_NSEC3);
    assert_int_equal(other->zones[0].dnssec->signature_lifetime_ms, 2 * 86400 * 1000);
    assert_int_equal(other->zones[0].dnssec->refresh_ms, 12 * 3600 * 1000);
    CLEANUP(config_freep) struct config *plain = load_good(LEAST);
    assert_null(plain->zones[0].dnssec);
}

static void keys_may_be_made_and_rolled(void **state)
{
    (void)state;
    CLEANUP(config_freep)
    struct config *config = load_good(SIGNED("      first_keys: ksk+zsk\n      algorithm: ED25519\n"
                                             "      zsk_lifetime: 30d\n      ksk_lifetime: never\n"
                                             "      parent_ds_ttl: 1h\n      propagation: 0s\n"));
    const struct config_dnssec *dnssec = config->zones[0].dnssec;
    assert_int_equal(dnssec->first_keys, CONFIG_FIRST_KSK_AND_ZSK);
    assert_int_equal(dnssec->algorithm, 15);
    assert_int_equal(dnssec->zsk_lifetime_ms, INT64_C(30) * 86400 * 1000);
    assert_int_equal(dnssec->ksk_lifetime_ms, 0);
    assert_int_equal(dnssec->parent_ds_ttl_ms, 3600 * 1000);
    assert_int_equal(dnssec->propagation_ms, 0);
    refuse(SIGNED("      first_keys: zsk\n"),
           ":9: zones[0].dnssec.first_keys: found \"zsk\", expected one of: csk, ksk+zsk, none");
    refuse(
        SIGNED("      algorithm: DSA\n"),
        ":9: zones[0].dnssec.algorithm: found \"DSA\", expected one of: ECDSAP256SHA256, ED25519, "
        "RSASHA256");
    refuse(SIGNED("      zsk_lifetime: 59m\n"),
           ":9: zones[0].dnssec.zsk_lifetime: found 59m, expected 1h to 3650d");
    refuse(SIGNED("      propagation: 31d\n"),
           ":9: zones[0].dnssec.propagation: found 31d, expected 0s to 30d");
}

/* Three quarters of a short lifetime are less than five days. */
static void the_default_refresh_fits_the_lifetime(void **state)
{
    (void)state;
    CLEANUP(config_freep)
    struct config *config = load_good(SIGNED("      signature_lifetime: 4h\n"));
    assert_int_equal(config->zones[0].dnssec->refresh_ms, 3 * 3600 * 1000);
}

static void wrong_values_of_dnssec_are_refused(void **state)
{
    (void)state;
    refuse(SERVER CONTROL "zones:\n  - { name: a, file: a, dnssec: {} }\n",
           ":5: zones[0].dnssec: the key keys is missing, expected a single value");
    refuse(SIGNED("      denial: none\n"),
           ":9: zones[0].dnssec.denial: found \"none\", expected one of: nsec, nsec3");
    refuse(SIGNED("      signature_lifetime: 59m\n"),
           ":9: zones[0].dnssec.signature_lifetime: found 59m, expected 1h to 365d");
    refuse(SIGNED("      signature_lifetime: 4d\n      refresh: 3d1s\n"),
           ":10: zones[0].dnssec.refresh: found 3d1s, expected 1s to 3d");
}

static void a_file_in_the_working_directory_leaves_paths_as_they_are(void **state)
{
    (void)state;
    config_free(load_good(LEAST));
    CLEANUP(alloc_freep) char *here = getcwd(NULL, 0);
    assert_int_equal(chdir(directory), 0);
    CLEANUP(config_freep) struct config *config = config_load("ballast.yaml", NULL);
    assert_int_equal(chdir(here), 0);
    assert_non_null(config);
    assert_string_equal(config->control.socket, "run/ballast.sock");
    assert_string_equal(config->path, "ballast.yaml");
}

static void a_file_that_cannot_be_read_is_refused(void **state)
{
    (void)state;
    struct error err = {""};
    assert_null(config_load("/nonexistent/ballast.yaml", &err));
    assert_string_equal(err.text,
                        "/nonexistent/ballast.yaml: cannot be opened: No such file or directory");
    assert_null(config_load(directory, &err));
    CLEANUP(alloc_freep)
    char *expected = alloc_printf("%s: cannot read: Is a directory", directory);
    assert_string_equal(err.text, expected);
}

static void an_endless_file_is_refused(void **state)
{
    (void)state;
    struct error err = {""};
    assert_null(config_load("/dev/zero", &err));
    assert_string_equal(err.text,
                        "/dev/zero: the file is too large, expected at most 67108864 octets");
}

static void what_is_not_a_mapping_is_refused(void **state)
{
    (void)state;
    const char *empty = ":1: the file is empty, expected keys and their values";
    refuse("", empty);
    refuse("# nothing but a remark\n", empty);
    refuse("\n\n- a\n", ":3: found no mapping, expected keys and their values");
    refuse("just text", ":1: found no mapping, expected keys and their values");
    refuse("---\n", ":2: found no mapping, expected keys and their values");
    refuse(LEAST "---\nmore: 1\n",
           ":8: found a second YAML document, expected the end of the file");
}

static void broken_yaml_is_refused_where_it_breaks(void **state)
{
    (void)state;
    refuse(LEAST "record_sets: [1, 2\nrollouts: []\n",
           ":9: this is not YAML: did not find expected ',' or ']' (while parsing a flow sequence "
           "that starts in line 8)");
    refuse(LEAST "\tx: 1\n",
           ":8: this is not YAML: found character that cannot start any token (while scanning for "
           "the next token that starts in line 8)");
    refuse(LEAST "x: \"\xff\"\n", ":8: this is not YAML: invalid leading UTF-8 octet");
    refuse(LEAST "x: \"a\\0b\"\n", ":8: found a NUL character, expected printable text");
    refuse(LEAST "[a]: 1\n", ":8: found a list or mapping as a key, expected text");
}

static void a_key_given_twice_is_refused(void **state)
{
    (void)state;
    refuse(LEAST "zones:\n  - { name: b, file: b }\n",
           ":8: zones: found a second time, expected it once (first in line 4)");
    refuse(LEAST "rollouts:\n  - name: a\n    name: b\n",
           ":10: rollouts[0].name: found a second time, expected it once (first in line 9)");
}

static void aliases_are_refused_before_they_grow(void **state)
{
    (void)state;
    refuse("a: &a [x,x,x,x,x,x,x,x,x]\n"
           "b: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\n"
           "c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\n"
           "d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\n"
           "e: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\n"
           "f: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e]\n"
           "g: &g [*f,*f,*f,*f,*f,*f,*f,*f,*f]\n"
           "h: &h [*g,*g,*g,*g,*g,*g,*g,*g,*g]\n",
           ":1: found a YAML anchor (&), expected a value without one");
    refuse("a: &a { b: 1 }\n", ":1: found a YAML anchor (&), expected a value without one");
    refuse("a: &a 1\n", ":1: found a YAML anchor (&), expected a value without one");
    refuse("a: 1\nb: *a\n", ":2: found a YAML alias (*), expected the value itself");
}

static void deep_nesting_is_refused(void **state)
{
    (void)state;
    refuse("a: [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]\n",
           ":1: found lists and mappings nested too deeply");
}

static void keys_that_are_missing_are_named(void **state)
{
    (void)state;
    refuse(CONTROL ZONES, ":1: the key server is missing, expected a mapping of keys");
    refuse(SERVER ZONES, ":1: the key control is missing, expected a mapping of keys");
    refuse(SERVER CONTROL, ":1: the key zones is missing, expected a list");
    refuse("server: { workers: 1 }\n" CONTROL ZONES,
           ":1: server: the key listen is missing, expected a list");
    refuse(SERVER "control: { state: s }\n" ZONES,
           ":3: control: the key socket is missing, expected a single value");
    refuse(SERVER "control: { socket: s }\n" ZONES,
           ":3: control: the key state is missing, expected a single value");
    refuse(SERVER CONTROL "zones:\n  - { name: a, file: a }\n  - { file: a }\n",
           ":6: zones[1]: the key name is missing, expected a single value");
    refuse(SERVER CONTROL "zones:\n  - {}\n",
           ":5: zones[0]: the key name is missing, expected a single value");
    refuse(LEAST "record_sets: [{ name: a, type: A }]\n",
           ":8: record_sets[0]: the key members is missing, expected a list");
    refuse(LEAST "record_sets:\n  - name: a\n    type: A\n    members:\n      - id: blue\n",
           ":12: record_sets[0].members[0]: the key weight is missing, expected a single value");
    refuse(LEAST "record_sets:\n  - name: a\n    type: A\n    members:\n      - id: blue\n"
                 "        weight: 1\n",
           ":12: record_sets[0].members[0]: the key values is missing, expected a list of the "
           "member's addresses (or an alias, the host that has them)");
}

static void unknown_keys_inside_are_named(void **state)
{
    (void)state;
    refuse(LEAST "record_sets:\n  - name: a\n    type: A\n    members:\n      - id: blue\n"
                 "        wait: 1\n",
           ":13: record_sets[0].members[0].wait: found an unknown key, expected one of: id, "
           "weight, values, alias, health_check, ecs_service, ecs_container, traffic_query, "
           "route53");
    refuse("server:\n  listen: [127.0.0.1]\n  tcp:\n    idle: 1s\n" CONTROL ZONES,
           ":4: server.tcp.idle: found an unknown key, expected one of: idle_timeout, "
           "max_connections, max_connections_per_client");
    refuse("server: { <<: { workers: 1 }, listen: [127.0.0.1] }\n" CONTROL ZONES,
           ":1: server.<<: found an unknown key, expected one of: answers, listen, workers, "
           "steering, udp_payload_max, version, identity, nsid, cookies, rate_limit, tcp, xdp, "
           "proxy, client_subnet, client_subnet_others, additional, resolver_sample");
}

static void values_of_the_wrong_shape_are_refused(void **state)
{
    (void)state;
    refuse("server:\n  listen: 127.0.0.1\n" CONTROL ZONES,
           ":2: server.listen: found a single value, expected a list");
    refuse("server: 1\n" CONTROL ZONES,
           ":1: server: found a single value, expected a mapping of keys");
    refuse("server:\n" CONTROL ZONES,
           ":1: server: found a single value, expected a mapping of keys");
    refuse(SERVER CONTROL "zones: { name: a, file: b }\n",
           ":4: zones: found a mapping, expected a list");
    refuse(SERVER CONTROL "zones:\n  - a\n  - b\n",
           ":5: zones[0]: found a single value, expected a mapping of keys");
    refuse("server:\n  listen:\n  - 127.0.0.1\n  - [a]\n" CONTROL ZONES,
           ":4: server.listen[1]: found a list, expected a single value");
    refuse(SERVER CONTROL "zones:\n  - name: a\n    file: { a: b }\n",
           ":6: zones[0].file: found a mapping, expected a single value");
    refuse(LEAST "record_sets:\n", ":8: record_sets: found a single value, expected a list");
    refuse(SERVER "  version:\n" CONTROL ZONES,
           ":3: server.version: found nothing, expected a value");
}

static void lists_that_are_empty_or_too_long_are_refused(void **state)
{
    (void)state;
    refuse("server:\n  listen: []\n" CONTROL ZONES,
           ":2: server.listen: found an empty list, expected at least 1 entry");
    refuse(SERVER CONTROL "zones: []\n",
           ":4: zones: found an empty list, expected at least 1 entry");
    refuse(LEAST "record_sets:\n  - name: a\n    type: A\n    members: []\n",
           ":11: record_sets[0].members: found an empty list, expected at least 1 entry");
    refuse(LEAST "record_sets:\n  - name: a\n    type: A\n    members:\n      - id: b\n"
                 "        weight: 1\n        values: []\n",
           ":14: record_sets[0].members[0].values: found an empty list, expected at least 1 entry");
}

/* A record set of `count` members, m0, m1 and so on. */
static char *many_members(unsigned count)
{
    char *text = alloc_string(LEAST "record_sets:\n  - name: a\n    type: A\n    members:\n");
    for (unsigned i = 0; i < count; i++) {
        char *longer = alloc_printf("%s    - { id: m%u, weight: 1, values: [a] }\n", text, i);
        free(text);
        text = longer;
    }
    return text;
}

static void a_record_set_has_at_most_100_members(void **state)
{
    (void)state;
    CLEANUP(alloc_freep) char *most = many_members(100);
    config_free(load_good(most));
    CLEANUP(alloc_freep) char *more = many_members(101);
    refuse(more, ":11: record_sets[0].members: found too many entries, expected at most 100");
}

static void texts_that_are_too_long_are_refused(void **state)
{
    (void)state;
    char text[300];
    memset(text, 'x', sizeof(text));
    text[256] = '\0';
    CLEANUP(alloc_freep) char *yaml = alloc_printf(SERVER "  version: %s\n" CONTROL ZONES, text);
    refuse(yaml, ":3: server.version: found a longer text, expected at most 255 octets");
}

static void server_values_out_of_range_are_refused(void **state)
{
    (void)state;
    refuse(SERVER "  workers: 257\n" CONTROL ZONES,
           ":3: server.workers: found \"257\", expected a whole number from 1 to 256");
    refuse(SERVER "  workers: 0\n" CONTROL ZONES,
           ":3: server.workers: found \"0\", expected a whole number from 1 to 256");
    refuse(SERVER "  workers: many\n" CONTROL ZONES,
           ":3: server.workers: found \"many\", expected auto or a whole number from 1 to 256");
    refuse(SERVER "  steering: core\n" CONTROL ZONES,
           ":3: server.steering: found \"core\", expected one of: hash, cpu");
    refuse(SERVER "  udp_payload_max: 511\n" CONTROL ZONES,
           ":3: server.udp_payload_max: found \"511\", expected a whole number from 512 to 4096");
    refuse(SERVER "  udp_payload_max: 4097\n" CONTROL ZONES,
           ":3: server.udp_payload_max: found \"4097\", expected a whole number from 512 to 4096");
    refuse(SERVER "  resolver_sample: off\n" CONTROL ZONES,
           ":3: server.resolver_sample: found \"off\", expected a whole number from 0 to 65536");
    refuse(SERVER "  resolver_sample: 65537\n" CONTROL ZONES,
           ":3: server.resolver_sample: found \"65537\", expected a whole number from 0 to 65536");
    refuse(SERVER "  tcp:\n    idle_timeout: 10\n" CONTROL ZONES,
           ":4: server.tcp.idle_timeout: found \"10\", expected a duration with its unit such as "
           "500ms, 10s or 1m30s (d, h, m, s, ms)");
    refuse(SERVER "  tcp:\n    idle_timeout: 0s\n" CONTROL ZONES,
           ":4: server.tcp.idle_timeout: found 0s, expected 1ms to 1d");
    refuse(SERVER "  tcp:\n    max_connections: 0\n" CONTROL ZONES,
           ":4: server.tcp.max_connections: found \"0\", expected a whole number from 1 to "
           "1000000");
    refuse(SERVER "  version: \"two\\nlines\"\n" CONTROL ZONES,
           ":3: server.version: found a control character (octet 10), expected one line of text");
    refuse(SERVER "  client_subnet:\n    - 192.0.2.0/24\n    - 192.0.2.1/24\n" CONTROL ZONES,
           ":5: server.client_subnet[1]: found \"192.0.2.1/24\", expected no bits set after the "
           "first 24");
}

static void an_nsid_is_text_or_hexadecimal(void **state)
{
    (void)state;
    CLEANUP(config_freep)
    struct config *config = load_good(SERVER "  nsid: 0x00fFA0\n" CONTROL ZONES);
    assert_int_equal(config->server.nsid_len, 3);
    assert_memory_equal(config->server.nsid, "\0\xFF\xA0", 3);
    refuse(SERVER "  nsid: 0x123\n" CONTROL ZONES,
           ":3: server.nsid: found \"0x123\", expected pairs of hexadecimal digits after 0x");
    refuse(SERVER "  nsid: 0x1g\n" CONTROL ZONES,
           ":3: server.nsid: found \"0x1g\", expected pairs of hexadecimal digits after 0x");
    refuse(SERVER "  nsid: 0x\n" CONTROL ZONES,
           ":3: server.nsid: found 0 octets, expected 1 to 128");
    char text[400];
    snprintf(text, sizeof(text), SERVER "  nsid: %0129d\n" CONTROL ZONES, 0);
    refuse(text, ":3: server.nsid: found 129 octets, expected 1 to 128");
}

static void what_is_said_of_cookies_and_nsid_is_read(void **state)
{
    (void)state;
    CLEANUP(config_freep)
    struct config *config = load_good(
        SERVER
        "  nsid: fra-1\n"
        "  cookies: { enabled: true, secret_file: cookie.secret, require: true }\n" CONTROL ZONES);
    assert_int_equal(config->server.nsid_len, 5);
    assert_memory_equal(config->server.nsid, "fra-1", 5);
    assert_true(config->server.cookies.is_required);
    assert_non_null(strstr(config->server.cookies.secret_file, "/cookie.secret"));
}

static void a_rate_limit_is_read_with_its_defaults(void **state)
{
    (void)state;
    CLEANUP(config_freep)
    struct config *config =
        load_good(SERVER "  rate_limit: { responses_per_second: 20 }\n" CONTROL ZONES);
    const struct config_rate_limit *limit = &config->server.rate_limit;
    assert_int_equal(limit->responses_per_second, 20);
    assert_int_equal(limit->window_s, 15);
    assert_int_equal(limit->slip, 2);
    assert_int_equal(limit->size, 65536);
    assert_int_equal(limit->exempt_count, 0);
    CLEANUP(config_freep)
    struct config *other =
        load_good(SERVER "  rate_limit: { responses_per_second: 5, window: 2s, slip: 0,\n"
                         "    size: 4096, exempt: [192.0.2.0/24] }\n" CONTROL ZONES);
    limit = &other->server.rate_limit;
    assert_int_equal(limit->window_s, 2);
    assert_int_equal(limit->slip, 0);
    assert_int_equal(limit->size, 4096);
    assert_int_equal(limit->exempt[0].bits, 24);
    CLEANUP(config_freep) struct config *least = load_good(LEAST);
    assert_int_equal(least->server.rate_limit.responses_per_second, 0);
    refuse(SERVER "  rate_limit:\n    responses_per_second: 0\n" CONTROL ZONES,
           ":4: server.rate_limit.responses_per_second: found \"0\", expected a whole number from "
           "1 to 1000000");
    refuse(SERVER "  rate_limit:\n    responses_per_second: 1\n    window: 500ms\n" CONTROL ZONES,
           ":5: server.rate_limit.window: found 500ms, expected 1s to 1h");
}

static void proxies_are_prefixes(void **state)
{
    (void)state;
    CLEANUP(config_freep)
    struct config *config = load_good(SERVER "  proxy: [10.0.0.0/8, \"::1\"]\n" CONTROL ZONES);
    assert_int_equal(config->server.proxy_count, 2);
    assert_int_equal(config->server.proxies[1].bits, 128);
    refuse(SERVER "  proxy: [lb.example.org]\n" CONTROL ZONES,
           ":3: server.proxy[0]: found \"lb.example.org\", expected a prefix such as 192.0.2.0/24 "
           "or 2001:db8::/32");
}

#define XDP(text) SERVER "  xdp:\n" text CONTROL ZONES

#ifdef WITH_XDP
static void interfaces_may_go_past_the_sockets(void **state)
{
    (void)state;
    CLEANUP(config_freep)
    struct config *config = load_good(XDP("    - interface: eth0\n    - interface: eth1\n"
                                          "      mode: generic\n      queues: 4\n"));
    const struct config_server *server = &config->server;
    assert_int_equal(server->xdp_count, 2);
    assert_string_equal(server->xdp[0].interface, "eth0");
    assert_int_equal(server->xdp[0].mode, CONFIG_XDP_AUTO);
    assert_int_equal(server->xdp[0].queues, 0);
    assert_int_equal(server->xdp[1].mode, CONFIG_XDP_GENERIC);
    assert_int_equal(server->xdp[1].queues, 4);
    refuse(XDP("    - mode: native\n"),
           ":4: server.xdp[0]: the key interface is missing, expected a single value");
    refuse(XDP("    - interface: eth0\n      mode: fast\n"),
           ":5: server.xdp[0].mode: found \"fast\", expected one of: auto, native, generic");
    refuse(XDP("    - interface: eth0\n      queues: 0\n"),
           ":5: server.xdp[0].queues: found \"0\", expected a whole number from 1 to 256");
    refuse(XDP("    - interface: eth0123456789abc\n"),
           ":4: server.xdp[0].interface: found \"eth0123456789abc\", expected at most 15 octets");
    refuse(XDP("    - interface: eth0\n    - interface: eth0\n"),
           ":5: server.xdp[1].interface: found eth0 a second time, expected each interface once");
    refuse("server:\n  answers: false\n  xdp: [{ interface: eth0 }]\n" CONTROL,
           ":3: server.xdp: found beside answers: false, expected none: nobody is answered");
}
#else
static void interfaces_may_go_past_the_sockets(void **state)
{
    (void)state;
    refuse(XDP("    - interface: eth0\n"),
           ":3: server.xdp: found in a ballastd that was built without it, expected one that was "
           "configured with --enable-xdp");
}
#endif

static void cookies_that_are_off_have_no_settings(void **state)
{
    (void)state;
    CLEANUP(config_freep)
    struct config *config = load_good(SERVER "  cookies: { enabled: false }\n" CONTROL ZONES);
    assert_false(config->server.cookies.is_enabled);
    refuse(SERVER "  cookies:\n    enabled: false\n    require: true\n" CONTROL ZONES,
           ":4: server.cookies.enabled: found false beside require or secret_file, expected true");
}

static void listen_addresses_are_checked(void **state)
{
    (void)state;
    refuse("server:\n  listen:\n  - 127.0.0.1@53\n  - localhost@53\n" CONTROL ZONES,
           ":4: server.listen[1]: found \"localhost@53\", expected an address and a port from 1 to "
           "65535 such as 127.0.0.1@53 or ::1@53");
    refuse("server:\n  listen:\n  - 127.0.0.1@53\n  - ::1\n  - 127.0.0.1\n" CONTROL ZONES,
           ":5: server.listen[2]: found 127.0.0.1 a second time, expected each address and port "
           "once");
}

static void http_for_everybody_needs_a_token(void **state)
{
    (void)state;
    refuse(SERVER "control:\n  socket: s\n  state: d\n  http: 0.0.0.0:80\n" ZONES,
           ":6: control.http: found 0.0.0.0:80 without http_token_file, expected a loopback "
           "address (who can connect could read and change) or a token");
    refuse(SERVER "control:\n  socket: s\n  state: d\n  http: \"[::]:80\"\n" ZONES,
           ":6: control.http: found [::]:80 without http_token_file, expected a loopback address "
           "(who can connect could read and change) or a token");
    config_free(load_good(SERVER "control: { socket: s, state: d, http: \"[::1]:80\" }\n" ZONES));
    config_free(load_good(SERVER "control: { socket: s, state: d, http: 127.9.9.9:80 }\n" ZONES));
    refuse(SERVER "control: { socket: s, state: d, http: 8053 }\n" ZONES,
           ":3: control.http: found \"8053\", expected an address and a port from 1 to 65535 such "
           "as 127.0.0.1:8053 or [::1]:8053");
}

static void an_alias_target_stands_in_for_values(void **state)
{
    (void)state;
    CLEANUP(config_freep)
    struct config *config =
        load_good(LEAST "record_sets:\n  - name: a\n    type: A\n    members:\n"
                        "      - { id: blue, weight: 1, alias: green.elb_1.Example.com. }\n"
                        "      - { id: green, weight: 1, values: [192.0.2.1] }\n");
    const struct config_member *members = config->record_sets[0].members;
    assert_string_equal(members[0].alias, "green.elb_1.Example.com.");
    assert_int_equal(members[0].value_count, 0);
    assert_null(members[1].alias);
    assert_int_equal(members[1].value_count, 1);
}

#define WITH_ALIAS(keys)                                                                           \
    SERVER "control:\n  socket: s\n  state: d\n" keys "zones: [{ name: a, file: b }]\n"

static void resolvers_and_alias_limits_are_read(void **state)
{
    (void)state;
    CLEANUP(config_freep)
    struct config *config =
        load_good(WITH_ALIAS("  resolvers: [127.0.0.1@5353, \"::1\"]\n"
                             "  alias: { min_ttl: 1s, max_ttl: 2s, stale_after: 3s }\n"));
    const struct config_control *control = &config->control;
    assert_int_equal(control->resolver_count, 2);
    assert_int_equal(ntohs(control->resolvers[0].v4.sin_port), 5353);
    assert_int_equal(ntohs(control->resolvers[1].v6.sin6_port), 53);
    assert_int_equal(control->alias.min_ttl_ms, 1000);
    assert_int_equal(control->alias.max_ttl_ms, 2000);
    assert_int_equal(control->alias.stale_after_ms, 3000);
    CLEANUP(config_freep) struct config *least = load_good(LEAST);
    assert_int_equal(least->control.resolver_count, 0);
    assert_int_equal(least->control.alias.min_ttl_ms, 5000);
    assert_int_equal(least->control.alias.max_ttl_ms, 60000);
    assert_int_equal(least->control.alias.stale_after_ms, 3600000);
}

static void alias_limits_are_checked(void **state)
{
    (void)state;
    refuse(WITH_ALIAS("  resolvers: [dns.example]\n"),
           ":6: control.resolvers[0]: found \"dns.example\", expected an address and a port from "
           "1 to 65535 such as 127.0.0.1@53 or ::1@53");
    refuse(WITH_ALIAS("  alias: { min_ttl: 0s }\n"),
           ":6: control.alias.min_ttl: found 0s, expected 1s to 1d");
    refuse(WITH_ALIAS("  alias: { min_ttl: 61s }\n"),
           ":6: control.alias: found a min_ttl (default 5s) above max_ttl (default 60s), expected "
           "at most that");
    refuse(WITH_ALIAS("  alias:\n    stale_after: 60s\n"),
           ":6: control.alias: found a stale_after (default 1h) that is not above max_ttl (default "
           "60s), expected time for a second question");
    refuse(WITH_ALIAS("  alias: { ttl: 1s }\n"),
           ":6: control.alias.ttl: found an unknown key, expected one of: min_ttl, max_ttl, "
           "stale_after");
}

static void a_socket_path_that_the_kernel_cannot_take_is_refused(void **state)
{
    (void)state;
    char path[110];
    memset(path, 'x', sizeof(path));
    path[0] = '/';
    path[107] = '\0';
    CLEANUP(alloc_freep)
    char *most = alloc_printf(SERVER "control: { state: d, socket: %s }\n" ZONES, path);
    config_free(load_good(most));
    path[107] = 'x';
    path[108] = '\0';
    CLEANUP(alloc_freep)
    char *more = alloc_printf(SERVER "control: { state: d, socket: %s }\n" ZONES, path);
    CLEANUP(alloc_freep)
    char *message = alloc_printf(":3: control.socket: found a path of 108 octets (%s), expected at "
                                 "most 107 octets",
                                 path);
    refuse(more, message);
}

static void a_zone_given_twice_is_refused(void **state)
{
    (void)state;
    refuse(SERVER CONTROL ZONES "  - name: Example.ORG.\n    file: other.zone\n",
           ":7: zones[1].name: found zone Example.ORG. a second time, expected it once (first in "
           "line 5)");
}

#define CHECK(keys) LEAST "health_checks:\n  - name: cats\n" keys

static void health_checks_are_checked(void **state)
{
    (void)state;
    refuse(CHECK("    type: ping\n"), ":10: health_checks[0].type: found \"ping\", expected one "
                                      "of: http, https, tcp, elbv2");
    refuse(CHECK("    type: tcp\n"), ":9: health_checks[0]: the key port is missing, expected a "
                                     "port from 1 to 65535 with type tcp");
    refuse(CHECK("    type: http\n    port: 65536\n"),
           ":11: health_checks[0].port: found \"65536\", expected a whole number from 1 to 65535");
    refuse(CHECK("    type: http\n    port: 0\n"),
           ":11: health_checks[0].port: found \"0\", expected a whole number from 1 to 65535");
    refuse(CHECK("    type: http\n    path: cats\n"),
           ":11: health_checks[0].path: found \"cats\", expected a path that starts with / and has "
           "no spaces");
    refuse(CHECK("    type: http\n    path: /a b\n"),
           ":11: health_checks[0].path: found \"/a b\", expected a path that starts with / and has "
           "no spaces");
    refuse(CHECK("    type: http\n    host: \"a\\r\\nX: y\"\n"),
           ":11: health_checks[0].host: found a control character (octet 13), expected one line of "
           "text");
    refuse(CHECK("    type: http\n    host: a b\n"),
           ":11: health_checks[0].host: found \"a b\", expected a host name");
    refuse(CHECK("    type: http\n  - { name: cats, type: http }\n"),
           ":11: health_checks[1].name: found health check cats a second time, expected each name "
           "once (first in line 9)");
    refuse(LEAST "health_checks:\n  - { name: a/b, type: http }\n",
           ":9: health_checks[0].name: found \"a/b\", expected 1 to 128 printable characters "
           "without spaces, '/' and '='");
}

static void times_of_health_checks_are_checked(void **state)
{
    (void)state;
    refuse(CHECK("    type: http\n    interval: 99ms\n"),
           ":11: health_checks[0].interval: found 99ms, expected 100ms to 1h");
    refuse(CHECK("    type: http\n    interval: 10\n"),
           ":11: health_checks[0].interval: found \"10\", expected a duration with its unit such "
           "as 500ms, 10s or 1m30s (d, h, m, s, ms)");
    refuse(CHECK("    type: http\n    interval: 2s\n    timeout: 2001ms\n"),
           ":12: health_checks[0].timeout: found 2001ms, expected at most the interval (2s)");
    refuse(CHECK("    type: http\n    timeout: 0s\n"),
           ":11: health_checks[0].timeout: found 0s, expected 1ms to 1h");
    refuse(CHECK("    type: http\n    rise: 0\n"),
           ":11: health_checks[0].rise: found \"0\", expected a whole number from 1 to 10");
    refuse(CHECK("    type: http\n    fall: 11\n"),
           ":11: health_checks[0].fall: found \"11\", expected a whole number from 1 to 10");
    config_free(load_good(CHECK("    type: http\n    interval: 100ms\n    timeout: 100ms\n")));
}

static void keys_that_a_check_cannot_use_are_refused(void **state)
{
    (void)state;
    refuse(CHECK("    type: http\n    verify: true\n"),
           ":11: health_checks[0].verify: found in a check of type http, expected only with type "
           "https");
    refuse(CHECK("    type: http\n    ca_file: ca.pem\n"),
           ":11: health_checks[0].ca_file: found in a check of type http, expected only with type "
           "https");
    refuse(CHECK("    type: tcp\n    port: 1\n    body: hello\n"),
           ":12: health_checks[0].body: found in a check of type tcp, expected only with type http "
           "or https");
    refuse(CHECK("    type: https\n    verify: maybe\n"),
           ":11: health_checks[0].verify: found \"maybe\", expected true or false");
}

static void expected_statuses_are_checked(void **state)
{
    (void)state;
    static const char *const wrong[] = {"99",       "600",      "299-200", "200-600", "2xx",
                                        "200-",     "-200",     "200,204", "200-29x", "200-299-300",
                                        "2000-299", "200-2999", "0x200"};
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        CLEANUP(alloc_freep)
        char *yaml = alloc_printf(CHECK("    type: http\n    expect: \"%s\"\n"), wrong[i]);
        CLEANUP(alloc_freep)
        char *message = alloc_printf(":11: health_checks[0].expect: found \"%s\", expected an HTTP "
                                     "status from 100 to 599 or a range such as \"200-299\"",
                                     wrong[i]);
        refuse(yaml, message);
    }
    CLEANUP(config_freep)
    struct config *config = load_good(CHECK("    type: http\n    expect: 200-399\n"));
    assert_int_equal(config->health_checks[0].status_low, 200);
    assert_int_equal(config->health_checks[0].status_high, 399);
}

static void weights_are_whole_numbers_from_0_to_255(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "256", "-1", "1.5", "ten", "0x10", "+1", "1e2", "1 0", "99999999999999999999"};
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        CLEANUP(alloc_freep)
        char *yaml = alloc_printf(LEAST "record_sets:\n  - name: a\n    type: A\n    members:\n"
                                        "      - id: blue\n        weight: %s\n"
                                        "        values: [192.0.2.1]\n",
                                  wrong[i]);
        CLEANUP(alloc_freep)
        char *message = alloc_printf(":13: record_sets[0].members[0].weight: found \"%s\", "
                                     "expected a whole number from 0 to 255",
                                     wrong[i]);
        refuse(yaml, message);
    }
}

#define MEMBER(keys)                                                                               \
    LEAST CHECKS "record_sets:\n  - name: a\n    type: A\n    members:\n      - id: blue\n"        \
                 "        weight: 1\n" keys

static void members_are_checked(void **state)
{
    (void)state;
    refuse(MEMBER("        values: [a]\n        alias: lb.example.com\n"),
           ":16: record_sets[0].members[0].alias: found beside values, expected one of the two");
    refuse(
        MEMBER("        alias: 192.0.2.1\n"),
        ":15: record_sets[0].members[0].alias: found the address 192.0.2.1, expected the name of "
        "a host (addresses are values)");
    refuse(MEMBER("        alias: \"2001:db8::1\"\n"),
           ":15: record_sets[0].members[0].alias: found the address 2001:db8::1, expected the name "
           "of a host (addresses are values)");
    refuse(MEMBER("        alias: \"*.example.com\"\n"),
           ":15: record_sets[0].members[0].alias: found \"*.example.com\", expected the name of a "
           "host: letters, digits, '-', '_' and '.', at most 253");
    refuse(MEMBER("        alias: .\n"),
           ":15: record_sets[0].members[0].alias: found \".\", expected the name of a host: "
           "letters, digits, '-', '_' and '.', at most 253");
    refuse(MEMBER("        alias: a b\n"),
           ":15: record_sets[0].members[0].alias: found \"a b\", expected the name of a host: "
           "letters, digits, '-', '_' and '.', at most 253");
    refuse(MEMBER("        values: [a]\n        health_check: catz\n"),
           ":16: record_sets[0].members[0].health_check: found \"catz\", expected the name of a "
           "health check (there are: cats, dogs)");
    refuse(LEAST "record_sets:\n  - name: a\n    type: A\n    members:\n"
                 "      - { id: blue, weight: 1, values: [a], health_check: catz }\n",
           ":12: record_sets[0].members[0].health_check: found \"catz\", expected the name of a "
           "health check (there are: none)");
    refuse(MEMBER("        values: [a]\n      - { id: blue, weight: 1, values: [b] }\n"),
           ":16: record_sets[0].members[1].id: found member blue a second time, expected each id "
           "once in the record set (first in line 13)");
}

static void member_ids_fit_into_commands(void **state)
{
    (void)state;
    char longest[130];
    memset(longest, 'x', sizeof(longest));
    longest[129] = '\0';
    const char *const wrong[] = {"a b", "a/b", "a=b", "gr\xc3\xbcn", longest};
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        CLEANUP(alloc_freep)
        char *yaml = alloc_printf(LEAST "record_sets:\n  - name: a\n    type: A\n    members:\n"
                                        "      - { id: %s, weight: 1, values: [a] }\n",
                                  wrong[i]);
        CLEANUP(alloc_freep)
        char *message = alloc_printf(":12: record_sets[0].members[0].id: found \"%s\", expected 1 "
                                     "to 128 printable characters without spaces, '/' and '='",
                                     wrong[i]);
        refuse(yaml, message);
    }
}

static void record_sets_are_checked(void **state)
{
    (void)state;
    refuse(SETS SET("A.example.org.", "aaaa"),
           ":11: record_sets[2].name: found record set A.example.org./aaaa a second time, expected "
           "each name and type once (first in line 10)");
    refuse(SETS "  - name: b\n    type: A\n    ttl: 1h\n    members: " MEMBERS "\n",
           ":13: record_sets[2].ttl: found \"1h\", expected a whole number from 0 to 2147483647");
    refuse(SETS "  - name: b\n    type: A\n    ttl: 2147483648\n    members: " MEMBERS "\n",
           ":13: record_sets[2].ttl: found \"2147483648\", expected a whole number from 0 to "
           "2147483647");
    refuse(SETS "  - name: b\n    type: A\n    choice: best\n    members: " MEMBERS "\n",
           ":13: record_sets[2].choice: found \"best\", expected one of: exact, random, sticky");
}

#define ROLLOUT(keys) SETS "rollouts:\n  - name: r\n    cluster: c\n" keys

static void rollouts_name_record_sets_that_exist(void **state)
{
    (void)state;
    const char *unknown = ":14: rollouts[0].record_set: found \"b.example.org/A\", expected a "
                          "record set as NAME/TYPE (there are: a.example.org/A, "
                          "a.example.org/AAAA)";
    refuse(ROLLOUT("    record_set: b.example.org/A\n"), unknown);
    refuse(ROLLOUT("    record_set: a.example.org\n"),
           ":14: rollouts[0].record_set: found \"a.example.org\", expected a record set as "
           "NAME/TYPE (there are: a.example.org/A, a.example.org/AAAA)");
    refuse(ROLLOUT("    record_sets:\n      - a.example.org/A\n      - a.example.org/MX\n"),
           ":16: rollouts[0].record_sets[1]: found \"a.example.org/MX\", expected a record set as "
           "NAME/TYPE (there are: a.example.org/A, a.example.org/AAAA)");
    refuse(ROLLOUT(""),
           ":12: rollouts[0]: found neither record_set and record_sets, expected one of them");
    refuse(ROLLOUT("    record_set: a.example.org/A\n    record_sets: [a.example.org/AAAA]\n"),
           ":12: rollouts[0]: found both record_set and record_sets, expected one of them");
}

static void record_sets_with_slashes_in_their_names_can_be_named(void **state)
{
    (void)state;
    CLEANUP(config_freep)
    struct config *config = load_good(LEAST "record_sets:\n" SET(
        "1.0/25.2.0.192.in-addr.arpa", "PTR") "rollouts: [{ name: r, cluster: c, record_set: "
                                              "1.0/25.2.0.192.in-addr.arpa/PTR }]\n");
    assert_int_equal(config->rollouts[0].record_sets[0], 0);
}

static void a_record_set_is_in_one_rollout(void **state)
{
    (void)state;
    refuse(ROLLOUT("    record_set: a.example.org/A\n"
                   "  - name: s\n    cluster: c\n    record_set: A.example.org/A\n"),
           ":17: rollouts[1].record_set: found record set a.example.org/A, which rollout r has "
           "already; expected it in one rollout, once");
    refuse(ROLLOUT("    record_sets: [a.example.org/A, a.example.org/A]\n"),
           ":14: rollouts[0].record_sets[1]: found record set a.example.org/A, which rollout r has "
           "already; expected it in one rollout, once");
    refuse(ROLLOUT("    record_set: a.example.org/A\n"
                   "  - name: r\n    cluster: c\n    record_set: a.example.org/AAAA\n"),
           ":15: rollouts[1].name: found rollout r a second time, expected each name once (first "
           "in line 12)");
}

static void record_sets_that_move_together_have_the_same_members(void **state)
{
    (void)state;
    refuse(SETS "  - { name: b, type: A, members: [{ id: blue, weight: 1, values: [a] }] }\n"
                "rollouts:\n  - name: r\n    cluster: c\n    record_set: b/A\n",
           ":15: rollouts[0].record_set: found record set b/A with one member, expected at least "
           "two to move between");
    refuse(SETS "  - name: b\n    type: A\n    members:\n"
                "      - { id: green, weight: 1, values: [a] }\n"
                "      - { id: red, weight: 1, values: [a] }\n"
                "rollouts:\n  - name: r\n    cluster: c\n    record_sets: [a.example.org/A, b/A]\n",
           ":19: rollouts[0].record_sets[1]: found record set b/A with other members than "
           "a.example.org/A, expected the same ids in both");
    config_free(load_good(SETS "  - name: b\n    type: A\n    members:\n"
                               "      - { id: green, weight: 1, values: [a] }\n"
                               "      - { id: blue, weight: 1, values: [a] }\n"
                               "rollouts:\n  - name: r\n    cluster: c\n"
                               "    record_sets: [a.example.org/A, b/A]\n"));
}

#define PLAN(keys) ROLLOUT("    record_set: a.example.org/A\n    plan:\n" keys)

static void steps_ascend_to_100(void **state)
{
    (void)state;
    refuse(PLAN("      steps: [10, 10, 100]\n"),
           ":16: rollouts[0].plan.steps[1]: found 10 after 10, expected ascending steps");
    refuse(PLAN("      steps: [50, 10, 100]\n"),
           ":16: rollouts[0].plan.steps[1]: found 10 after 50, expected ascending steps");
    refuse(PLAN("      steps: [10, 50]\n"),
           ":16: rollouts[0].plan.steps: found 50 as the last step, expected 100");
    refuse(PLAN("      steps: [0, 100]\n"),
           ":16: rollouts[0].plan.steps[0]: found \"0\", expected a whole number from 1 to 100");
    refuse(PLAN("      steps: [10, 101]\n"),
           ":16: rollouts[0].plan.steps[1]: found \"101\", expected a whole number from 1 to 100");
    refuse(PLAN("      steps: []\n"),
           ":16: rollouts[0].plan.steps: found an empty list, expected at least 1 entry");
    refuse(PLAN("      steps: [1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,"
                "26,27,28,29,30,31,32,100]\n"),
           ":16: rollouts[0].plan.steps: found too many entries, expected at most 32");
    config_free(load_good(PLAN("      steps: [100]\n")));
}

static void a_hold_is_at_least_the_ttl_unless_told_otherwise(void **state)
{
    (void)state;
    refuse(PLAN("      hold: 59s\n"),
           ":16: rollouts[0].plan.hold: found 59s, expected at least the TTL of a.example.org/A "
           "(60s), or allow_short_hold: true beside it");
    refuse(PLAN("      hold: 60\n"),
           ":16: rollouts[0].plan.hold: found \"60\", expected a duration with its unit such as "
           "500ms, 10s or 1m30s (d, h, m, s, ms)");
    refuse(PLAN("      hold: 59s\n      allow_short_hold: false\n"),
           ":16: rollouts[0].plan.hold: found 59s, expected at least the TTL of a.example.org/A "
           "(60s), or allow_short_hold: true beside it");
    config_free(load_good(PLAN("      hold: 60s\n")));
    config_free(load_good(PLAN("      hold: 200ms\n      allow_short_hold: true\n")));
    refuse(LEAST "record_sets:\n  - { name: a, type: A, ttl: 61, members: " MEMBERS " }\n"
                 "rollouts:\n  - { name: r, cluster: c, record_set: a/A }\n",
           ":11: rollouts[0].plan.hold: found 1m, expected at least the TTL of a/A (61s), or "
           "allow_short_hold: true beside it");
}

static void a_state_machine_stands_alone(void **state)
{
    (void)state;
    refuse(PLAN("      asl: plan.json\n      hold: 60s\n"),
           ":17: rollouts[0].plan.hold: found it beside asl, expected one of the two: the state "
           "machine says when to shift and how long to wait");
    refuse(PLAN("      asl: plan.json\n      steps: [100]\n"),
           ":17: rollouts[0].plan.steps: found it beside asl, expected one of the two: the state "
           "machine says when to shift and how long to wait");
    refuse(PLAN("      resources: [{ from: a, to: metric }]\n"),
           ":16: rollouts[0].plan.resources: found it without asl, expected it beside the file of "
           "a state machine");
    struct config *config = load_good(PLAN("      asl: plan.json\n      resources:\n"
                                           "        - { from: \"arn:x\", to: changeWeight }\n"));
    const struct config_plan *plan = &config->rollouts[0].plan;
    assert_non_null(strstr(plan->asl, "/plan.json"));
    assert_int_equal(plan->resource_count, 1);
    assert_string_equal(plan->resources[0].from, "arn:x");
    assert_string_equal(plan->resources[0].to, "changeWeight");
    config_free(config);
}

static void windows_are_times_of_the_week_or_spans(void **state)
{
    (void)state;
#define WINDOW(keys)                                                                               \
    ROLLOUT("    record_set: a.example.org/A\n    windows:\n      - { " keys " }\n")
    refuse(
        WINDOW("days: [mon-fry], from: '09:00', to: '17:00'"),
        ":16: rollouts[0].windows[0].days[0]: found \"mon-fry\", expected mon, tue, wed, thu, fri, "
        "sat or sun, or two of them as in mon-fri");
    refuse(WINDOW("from: '9:00', to: '17:00'"),
           ":16: rollouts[0].windows[0].from: found \"9:00\", expected a time from 00:00 to 24:00");
    refuse(WINDOW("from: '09:00', to: '24:01'"),
           ":16: rollouts[0].windows[0].to: found \"24:01\", expected a time from 00:00 to 24:00");
    refuse(WINDOW("from: '09:00', to: '09:00'"),
           ":16: rollouts[0].windows[0].to: found \"09:00\", which is from, too");
    refuse(WINDOW("from: '09:00', to: '17:00', utc_offset: Berlin"),
           ":16: rollouts[0].windows[0].utc_offset: found \"Berlin\", expected one such as +01:00");
    refuse(WINDOW("begin: 2026-12-24T00:00:00Z"),
           ":16: rollouts[0].windows[0].end: found \"\", expected a time such as "
           "2026-12-24T00:00:00Z");
    refuse(WINDOW("begin: 2026-12-24T00:00:00Z, end: 2026-12-23T00:00:00Z"),
           ":16: rollouts[0].windows[0].end: found \"2026-12-23T00:00:00Z\", expected a time after "
           "begin");
    refuse(
        WINDOW("begin: 2026-12-24T00:00:00Z, from: '09:00'"),
        ":16: rollouts[0].windows[0]: found begin or end beside times of the week, expected one of "
        "the two");
    struct config *config =
        load_good(WINDOW("days: [sat-mon, wed], from: '22:00', to: '06:00', utc_offset: '-05:30'"));
    const struct config_window *window = &config->rollouts[0].windows[0];
    assert_int_equal(config->rollouts[0].window_count, 1);
    assert_int_equal(window->days, 0x65);
    assert_int_equal(window->from_min, 1320);
    assert_int_equal(window->to_min, 360);
    assert_int_equal(window->offset_min, -330);
    config_free(config);
#undef WINDOW
}

static void a_health_gate_has_a_minimum_and_a_time(void **state)
{
    (void)state;
#define HEALTH(keys) ROLLOUT("    record_set: a.example.org/A\n    health: { " keys " }\n")
    refuse(HEALTH("minimum: 0%"),
           ":15: rollouts[0].health.minimum: found \"0\", expected a whole number from 1 to 100");
    refuse(
        HEALTH("minimum: 80 percent"),
        ":15: rollouts[0].health.minimum: found \"80 percent\", expected a whole number from 1 to "
        "100");
    refuse(HEALTH("when: never"),
           ":15: rollouts[0].health.when: found \"never\", expected one of: step, holds, both");
    struct config *config = load_good(HEALTH("minimum: 80%, when: step"));
    assert_int_equal(config->rollouts[0].health.minimum, 80);
    assert_true(config->rollouts[0].health.is_at_step);
    assert_false(config->rollouts[0].health.is_in_holds);
    config_free(config);
#undef HEALTH
}

static void receivers_of_notices_are_checked(void **state)
{
    (void)state;
#define NOTIFY(keys)                                                                               \
    ROLLOUT("    record_set: a.example.org/A\n") "notify:\n  - { name: ops, " keys " }\n"
    refuse(NOTIFY("type: mail"),
           ":16: notify[0].type: found \"mail\", expected one of: webhook, slack, exec");
    refuse(NOTIFY("type: webhook"),
           ":16: notify[0].url: is missing, expected where to send notices");
    refuse(NOTIFY("type: webhook, url: 'http://a/', command: [/bin/true]"),
           ":16: notify[0].command: found it in a notice of type webhook, expected url");
    refuse(NOTIFY("type: slack, url: 'http://a/', secret_file: x"),
           ":16: notify[0].secret_file: found it in a notice of type slack, which is not signed; "
           "expected it with type: webhook");
    refuse(NOTIFY("type: exec, command: [true]"),
           ":16: notify[0].command: expected a list that begins with an absolute path");
    refuse(NOTIFY("type: exec, command: [/bin/true], url: 'http://a/'"),
           ":16: notify[0].url: found it in a notice of type exec, expected command");
    refuse(
        NOTIFY("type: exec, command: [/bin/true], on: [begun]"),
        ":16: notify[0].on[0]: found \"begun\", expected one of: started, shifted, waiting, asked, "
        "approved, rejected, paused, resumed, promoted, succeeded, failed, aborted, superseded, "
        "frozen, thawed");
    refuse(NOTIFY("type: exec, command: [/bin/true], rollouts: [dogs]"),
           ":16: notify[0].rollouts[0]: found \"dogs\", expected the name of a rollout");
    struct config *config =
        load_good(NOTIFY("type: exec, command: [/bin/true, x], on: [failed, started], retries: 0"));
    assert_int_equal(config->notify_count, 1);
    assert_int_equal(config->notify[0].type, NOTIFY_EXEC);
    assert_int_equal(config->notify[0].command_count, 2);
    assert_int_equal(config->notify[0].events, 1 << 10 | 1);
    assert_int_equal(config->notify[0].retries, 0);
    config_free(config);
#undef NOTIFY
}

static void the_history_has_limits(void **state)
{
    (void)state;
    struct config *config = load_good(LEAST);
    assert_int_equal(config->control.history_most, 100000);
    assert_int_equal(config->control.history_keep_ms, 0);
    config_free(config);
}

static void a_ttl_of_the_plan_keeps_fall_backs_within_a_budget(void **state)
{
    (void)state;
    refuse(PLAN("      fall_back_budget: 30s\n"),
           ":16: rollouts[0].plan.fall_back_budget: found 30s, but caches keep answers of "
           "a.example.org/A for up to 60s after a fall-back; expected that much, or a lower ttl in "
           "the plan");
    refuse(PLAN("      ttl: 0\n"),
           ":16: rollouts[0].plan.ttl: found \"0\", expected a whole number "
           "from 1 to 2147483647");
    struct config *config =
        load_good(PLAN("      fall_back_budget: 30s\n      ttl: 20\n      hold: 10s\n"));
    assert_int_equal(config->rollouts[0].plan.ttl_s, 20);
    assert_int_equal(config->rollouts[0].plan.fall_back_budget_ms, 30000);
    assert_int_equal(config_plan_ttl_s(&config->rollouts[0].plan, 60), 20);
    assert_int_equal(config_plan_ttl_s(&config->rollouts[0].plan, 10), 10);
    config_free(config);
}

static void each_trigger_is_read(void **state)
{
    (void)state;
    static const char *const names[] = {"tasks", "deployment", "both"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        CLEANUP(alloc_freep)
        char *text =
            alloc_printf(ROLLOUT("    record_set: a.example.org/A\n    trigger: %s\n"), names[i]);
        struct config *config = load_good(text);
        assert_int_equal(config->rollouts[0].trigger, i);
        assert_string_equal(config_trigger_name((enum config_trigger)i), names[i]);
        config_free(config);
    }
}

static void other_rollout_values_are_checked(void **state)
{
    (void)state;
    refuse(ROLLOUT("    record_set: a.example.org/A\n    min_running: 0\n"),
           ":15: rollouts[0].min_running: found \"0\", expected a whole number from 1 to 10000");
    refuse(ROLLOUT("    record_set: a.example.org/A\n    trigger: task\n"),
           ":15: rollouts[0].trigger: found \"task\", expected one of: tasks, deployment, both");
    refuse(SETS "rollouts:\n  - name: two words\n    cluster: c\n"
                "    record_set: a.example.org/A\n",
           ":12: rollouts[0].name: found \"two words\", expected 1 to 128 printable characters "
           "without spaces, '/' and '='");
}

/* The file that users copy. */
static void the_documented_example_loads(void **state)
{
    (void)state;
    const char *source = getenv("top_srcdir");
    CLEANUP(alloc_freep)
    char *path = alloc_printf("%s/contrib/ballast.yaml", source == NULL ? "." : source);
    struct error err = {""};
    CLEANUP(config_freep) struct config *config = config_load(path, &err);
    if (config == NULL) {
        fail_msg("%s", err.text);
    }
    assert_string_equal(config->zones[0].name, "catsndogs.lol");
    assert_int_equal(config->record_set_count, 1);
    assert_string_equal(config->record_sets[0].members[0].id, "blue");
    assert_string_equal(config->record_sets[0].members[1].id, "green");
    assert_string_equal(config->rollouts[0].name, "cats");
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
        cmocka_unit_test(everything_that_is_said_is_read),
        cmocka_unit_test(it_is_said_how_many_resolvers_are_followed),
        cmocka_unit_test(steering_is_by_hash_or_by_processor),
        cmocka_unit_test(workers_are_as_many_as_processors_that_may_be_used),
        cmocka_unit_test(items_know_their_lines),
        cmocka_unit_test(sections_of_a_record_set_have_their_defaults),
        cmocka_unit_test(a_timeout_that_is_not_said_fits_the_interval),
        cmocka_unit_test(a_check_over_https_asks_port_443),
        cmocka_unit_test(relative_paths_begin_at_the_file),
        cmocka_unit_test(zones_may_be_signed),
        cmocka_unit_test(the_default_refresh_fits_the_lifetime),
        cmocka_unit_test(wrong_values_of_dnssec_are_refused),
        cmocka_unit_test(keys_may_be_made_and_rolled),
        cmocka_unit_test(a_file_in_the_working_directory_leaves_paths_as_they_are),
        cmocka_unit_test(a_file_that_cannot_be_read_is_refused),
        cmocka_unit_test(an_endless_file_is_refused),
        cmocka_unit_test(what_is_not_a_mapping_is_refused),
        cmocka_unit_test(broken_yaml_is_refused_where_it_breaks),
        cmocka_unit_test(a_key_given_twice_is_refused),
        cmocka_unit_test(aliases_are_refused_before_they_grow),
        cmocka_unit_test(deep_nesting_is_refused),
        cmocka_unit_test(keys_that_are_missing_are_named),
        cmocka_unit_test(unknown_keys_inside_are_named),
        cmocka_unit_test(values_of_the_wrong_shape_are_refused),
        cmocka_unit_test(lists_that_are_empty_or_too_long_are_refused),
        cmocka_unit_test(a_record_set_has_at_most_100_members),
        cmocka_unit_test(texts_that_are_too_long_are_refused),
        cmocka_unit_test(server_values_out_of_range_are_refused),
        cmocka_unit_test(an_nsid_is_text_or_hexadecimal),
        cmocka_unit_test(what_is_said_of_cookies_and_nsid_is_read),
        cmocka_unit_test(a_rate_limit_is_read_with_its_defaults),
        cmocka_unit_test(proxies_are_prefixes),
        cmocka_unit_test(interfaces_may_go_past_the_sockets),
        cmocka_unit_test(cookies_that_are_off_have_no_settings),
        cmocka_unit_test(listen_addresses_are_checked),
        cmocka_unit_test(http_for_everybody_needs_a_token),
        cmocka_unit_test(a_socket_path_that_the_kernel_cannot_take_is_refused),
        cmocka_unit_test(a_zone_given_twice_is_refused),
        cmocka_unit_test(health_checks_are_checked),
        cmocka_unit_test(times_of_health_checks_are_checked),
        cmocka_unit_test(keys_that_a_check_cannot_use_are_refused),
        cmocka_unit_test(expected_statuses_are_checked),
        cmocka_unit_test(weights_are_whole_numbers_from_0_to_255),
        cmocka_unit_test(members_are_checked),
        cmocka_unit_test(an_alias_target_stands_in_for_values),
        cmocka_unit_test(resolvers_and_alias_limits_are_read),
        cmocka_unit_test(alias_limits_are_checked),
        cmocka_unit_test(member_ids_fit_into_commands),
        cmocka_unit_test(record_sets_are_checked),
        cmocka_unit_test(rollouts_name_record_sets_that_exist),
        cmocka_unit_test(record_sets_with_slashes_in_their_names_can_be_named),
        cmocka_unit_test(a_record_set_is_in_one_rollout),
        cmocka_unit_test(record_sets_that_move_together_have_the_same_members),
        cmocka_unit_test(steps_ascend_to_100),
        cmocka_unit_test(a_hold_is_at_least_the_ttl_unless_told_otherwise),
        cmocka_unit_test(a_state_machine_stands_alone),
        cmocka_unit_test(the_history_has_limits),
        cmocka_unit_test(receivers_of_notices_are_checked),
        cmocka_unit_test(a_health_gate_has_a_minimum_and_a_time),
        cmocka_unit_test(windows_are_times_of_the_week_or_spans),
        cmocka_unit_test(a_ttl_of_the_plan_keeps_fall_backs_within_a_budget),
        cmocka_unit_test(each_trigger_is_read),
        cmocka_unit_test(other_rollout_values_are_checked),
        cmocka_unit_test(the_documented_example_loads),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
