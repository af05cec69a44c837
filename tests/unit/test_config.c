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
#include "tests/unit/config_parts.h"

static char directory[64];

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

static void a_server_may_have_each_workers_sockets_and_all_connections(void **state)
{
    (void)state;
    CLEANUP(config_freep)
    struct config *config = load_good("server: { listen: [127.0.0.1, 127.0.0.2], workers: 3, tcp: "
                                      "{ max_connections: 10 } }\n" CONTROL ZONES);
    assert_int_equal(config_server_files(&config->server), 10 + 3 * (2 * 2 + 1));
    config->server.answers_nobody = true;
    assert_int_equal(config_server_files(&config->server), 0);
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

static void the_history_has_limits(void **state)
{
    (void)state;
    struct config *config = load_good(LEAST);
    assert_int_equal(config->control.history_most, 100000);
    assert_int_equal(config->control.history_keep_ms, 0);
    config_free(config);
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
        cmocka_unit_test(a_server_may_have_each_workers_sockets_and_all_connections),
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
        cmocka_unit_test(an_alias_target_stands_in_for_values),
        cmocka_unit_test(resolvers_and_alias_limits_are_read),
        cmocka_unit_test(alias_limits_are_checked),
        cmocka_unit_test(the_history_has_limits),
        cmocka_unit_test(the_documented_example_loads),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
