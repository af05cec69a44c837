/* SPDX-License-Identifier: BSD-2-Clause */
/* The sections server and control. */
#include "common/config_fill.h"

#include <netinet/in.h>
#include <sched.h>
#include <string.h>
#include <sys/un.h>

#define DNS_PORT        53
#define DAY_MS          ((int64_t)86400 * 1000)
#define TCP_CLIENTS_MAX 1000000
#define HOUR_MS         ((int64_t)3600 * 1000)
#define RATE_MAX        1000000
#define SLIP_MAX        100
#define BUCKETS_MIN     1024
#define BUCKETS_MAX     (1 << 24)

/* Processors that this process may use: in a container or under taskset fewer than there are. */
static unsigned usable_processors(void)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    if (sched_getaffinity(0, sizeof(set), &set) != 0) {
        return 1; /* more processors than a cpu_set_t holds */
    }
    int count = CPU_COUNT(&set);
    return count < 1 ? 1 : count > CONFIG_WORKERS_MAX ? CONFIG_WORKERS_MAX : (unsigned)count;
}

static bool fill_workers(const struct place *place, const char *text, unsigned *workers)
{
    *workers = usable_processors();
    if (text == NULL || strcmp(text, "auto") == 0) {
        return true;
    }
    if (text[0] < '0' || text[0] > '9') {
        return place_fail(place, "workers",
                          "found \"%s\", expected auto or a whole number from 1 to %d", text,
                          CONFIG_WORKERS_MAX);
    }
    return fill_number(place, "workers", text, (struct range){1, CONFIG_WORKERS_MAX}, workers);
}

static bool is_same_address(const struct address *left, const struct address *right)
{
    return left->len == right->len && memcmp(&left->any, &right->any, left->len) == 0;
}

static bool fill_listen(const struct place *place, const struct raw_server *raw,
                        struct config_server *server)
{
    struct error why;
    server->listen = arena_alloc(place->reader->arena, raw->listen_count * sizeof(*server->listen));
    server->listen_count = raw->listen_count;
    for (size_t i = 0; i < raw->listen_count; i++) {
        struct place at = place_item(place, "listen", i);
        if (!address_parse_local(&server->listen[i], raw->listen[i], DNS_PORT, &why)) {
            return place_fail(&at, NULL, "%s", why.text);
        }
        for (size_t j = 0; j < i; j++) {
            if (is_same_address(&server->listen[i], &server->listen[j])) {
                return place_fail(&at, NULL,
                                  "found %s a second time, expected each address and port once",
                                  raw->listen[i]);
            }
        }
    }
    return true;
}

struct prefix_list {
    struct prefix **prefixes;
    size_t *count;
};

static bool fill_prefixes(const struct place *place, const char *key, char *const *texts,
                          size_t count, struct prefix_list list)
{
    struct error why;
    struct prefix *prefixes = arena_alloc(place->reader->arena, count * sizeof(*prefixes));
    for (size_t i = 0; i < count; i++) {
        struct place at = place_item(place, key, i);
        if (!prefix_parse(&prefixes[i], texts[i], &why)) {
            return place_fail(&at, NULL, "%s", why.text);
        }
    }
    *list.prefixes = prefixes;
    *list.count = count;
    return true;
}

static int hex_digit(char digit)
{
    const char *digits = "0123456789abcdef";
    const char *found = strchr(digits, digit | 0x20);
    return digit == '\0' || found == NULL ? -1 : (int)(found - digits);
}

/* False: not pairs of hexadecimal digits. */
static bool parse_hex(uint8_t *octets, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        int high = hex_digit(text[2 * i]);
        int low = high < 0 ? -1 : hex_digit(text[2 * i + 1]);
        if (low < 0) {
            return false;
        }
        octets[i] = (uint8_t)(high << 4 | low);
    }
    return text[2 * len] == '\0';
}

/* Text, or octets after "0x". */
static bool fill_nsid(const struct place *place, const char *text, struct config_server *server)
{
    const char *plain = NULL;
    if (text == NULL) {
        return true;
    }
    if (!fill_text(place, "nsid", text, &plain)) {
        return false;
    }
    bool is_hex = strncmp(text, "0x", 2) == 0;
    size_t len = is_hex ? (strlen(text) - 2) / 2 : strlen(text);
    if (len == 0 || len > CONFIG_NSID_MAX) {
        return place_fail(place, "nsid", "found %zu octets, expected 1 to %d", len,
                          CONFIG_NSID_MAX);
    }
    server->nsid = (const uint8_t *)plain;
    server->nsid_len = len;
    if (is_hex) {
        uint8_t *octets = arena_alloc(place->reader->arena, len);
        server->nsid = octets;
        return parse_hex(octets, text + 2, len) ||
               place_fail(place, "nsid",
                          "found \"%s\", expected pairs of hexadecimal digits after 0x", text);
    }
    return true;
}

static bool fill_cookies(const struct place *place, const struct raw_cookies *raw,
                         struct config_cookies *cookies)
{
    struct place at = place_key(place, "cookies");
    cookies->is_enabled = true;
    if (raw == NULL) {
        return true;
    }
    if (!fill_bool(&at, "enabled", raw->enabled, &cookies->is_enabled) ||
        !fill_bool(&at, "require", raw->require, &cookies->is_required) ||
        !fill_path(&at, "secret_file", raw->secret_file, &cookies->secret_file)) {
        return false;
    }
    if (!cookies->is_enabled && (cookies->is_required || cookies->secret_file != NULL)) {
        return place_fail(&at, "enabled",
                          "found false beside require or secret_file, expected true");
    }
    return true;
}

static bool fill_rate_limit(const struct place *place, const struct raw_rate_limit *raw,
                            struct config_rate_limit *limit)
{
    struct place at = place_key(place, "rate_limit");
    int64_t window_ms = 15000;
    limit->slip = 2;
    limit->size = 65536;
    if (raw == NULL) {
        return true;
    }
    bool ok =
        fill_number(&at, "responses_per_second", raw->responses_per_second,
                    (struct range){1, RATE_MAX}, &limit->responses_per_second) &&
        fill_duration(&at, "window", raw->window, (struct range){1000, HOUR_MS}, &window_ms) &&
        fill_number(&at, "slip", raw->slip, (struct range){0, SLIP_MAX}, &limit->slip) &&
        fill_number(&at, "size", raw->size, (struct range){BUCKETS_MIN, BUCKETS_MAX},
                    &limit->size) &&
        fill_prefixes(&at, "exempt", raw->exempt, raw->exempt_count,
                      (struct prefix_list){&limit->exempt, &limit->exempt_count});
    limit->window_s = (unsigned)(window_ms / 1000);
    return ok;
}

static bool fill_tcp(const struct place *place, const struct raw_tcp *raw,
                     struct config_server *server)
{
    struct place tcp = place_key(place, "tcp");
    return raw == NULL ||
           (fill_duration(&tcp, "idle_timeout", raw->idle_timeout, (struct range){1, DAY_MS},
                          &server->tcp_idle_timeout_ms) &&
            fill_number(&tcp, "max_connections", raw->max_connections,
                        (struct range){1, TCP_CLIENTS_MAX}, &server->tcp_max_connections) &&
            fill_number(&tcp, "max_connections_per_client", raw->max_connections_per_client,
                        (struct range){1, TCP_CLIENTS_MAX},
                        &server->tcp_max_connections_per_client));
}

static bool fill_client_subnet(const struct place *place, const struct raw_server *raw,
                               struct config_server *server)
{
    static const char *const choices[] = {"ignore", "refuse", NULL};
    unsigned choice = 0;
    bool ok =
        fill_prefixes(place, "client_subnet", raw->client_subnet, raw->client_subnet_count,
                      (struct prefix_list){&server->client_subnet, &server->client_subnet_count}) &&
        fill_choice(place, "client_subnet_others", raw->client_subnet_others, choices, &choice);
    server->refuses_client_subnet = choice == 1;
    return ok;
}

static bool fill_additional(const struct place *place, const char *text, bool *is_full)
{
    static const char *const choices[] = {"minimal", "full", NULL};
    unsigned choice = 0;
    bool ok = fill_choice(place, "additional", text, choices, &choice);
    *is_full = choice == 1;
    return ok;
}

static bool fill_steering(const struct place *place, const char *text, bool *is_by_cpu)
{
    static const char *const choices[] = {"hash", "cpu", NULL};
    unsigned choice = 0;
    bool ok = fill_choice(place, "steering", text, choices, &choice);
    *is_by_cpu = choice == 1;
    return ok;
}

/* Where nobody is answered, nobody listens. */
static bool fill_answers(const struct place *place, const struct raw_server *raw,
                         struct config_server *server)
{
    bool answers = true;
    if (!fill_bool(place, "answers", raw->answers, &answers)) {
        return false;
    }
    server->answers_nobody = !answers;
    if (answers) {
        return raw->listen_count > 0 ||
               place_fail(place, NULL, "the key listen is missing, expected a list");
    }
    return raw->listen_count == 0 ||
           place_fail(place, "listen",
                      "found beside answers: false, expected none: nobody is "
                      "answered");
}

bool fill_server(const struct config_reader *reader, const struct raw_server *raw)
{
    struct config_server *server = &reader->config->server;
    struct place top = place_top(reader);
    struct place place = place_key(&top, "server");
    unsigned payload = 1232; /* fits IPv6's least MTU: no fragments */
    server->tcp_idle_timeout_ms = 10000;
    server->tcp_max_connections = 1000;
    server->tcp_max_connections_per_client = 100;
    server->resolver_sample = 16;
    bool ok = fill_answers(&place, raw, server) && fill_listen(&place, raw, server) &&
              fill_workers(&place, raw->workers, &server->workers) &&
              fill_steering(&place, raw->steering, &server->steers_by_cpu) &&
              fill_number(&place, "udp_payload_max", raw->udp_payload_max,
                          (struct range){512, 4096}, &payload) &&
              fill_text(&place, "version", raw->version, &server->version) &&
              fill_text(&place, "identity", raw->identity, &server->identity) &&
              fill_nsid(&place, raw->nsid, server) &&
              fill_cookies(&place, raw->cookies, &server->cookies) &&
              fill_rate_limit(&place, raw->rate_limit, &server->rate_limit) &&
              fill_tcp(&place, raw->tcp, server) && fill_xdp(&place, raw, server) &&
              fill_prefixes(&place, "proxy", raw->proxy, raw->proxy_count,
                            (struct prefix_list){&server->proxies, &server->proxy_count}) &&
              fill_client_subnet(&place, raw, server) &&
              fill_additional(&place, raw->additional, &server->has_full_additional) &&
              fill_number(&place, "resolver_sample", raw->resolver_sample, (struct range){0, 65536},
                          &server->resolver_sample);
    server->udp_payload_max = (uint16_t)payload;
    server->workers = server->answers_nobody ? 0 : server->workers;
    return ok;
}

static bool is_loopback(const struct address *address)
{
    return address->any.sa_family == AF_INET
               ? ntohl(address->v4.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET
               : IN6_IS_ADDR_LOOPBACK(&address->v6.sin6_addr);
}

static unsigned line_of(const struct place *place, const char *key)
{
    struct place at = place_key(place, key);
    return place_line(&at);
}

static bool fill_http(const struct place *place, const struct raw_control *raw,
                      struct config_control *control)
{
    struct error why;
    control->http_token_line = line_of(place, "http_token_file");
    if (!fill_path(place, "http_token_file", raw->http_token_file, &control->http_token_file)) {
        return false;
    }
    if (raw->http == NULL) {
        return true;
    }
    control->has_http = true;
    if (!address_parse_url_form(&control->http, raw->http, &why)) {
        return place_fail(place, "http", "%s", why.text);
    }
    if (!is_loopback(&control->http) && control->http_token_file == NULL) {
        return place_fail(place, "http",
                          "found %s without http_token_file, expected a loopback address (who "
                          "can connect could read and change) or a token",
                          raw->http);
    }
    return true;
}

static bool fill_rights(const struct place *place, const struct raw_rights *raw,
                        struct config_rights *rights)
{
    struct place at = place_key(place, "rights");
    if (raw == NULL) {
        return true;
    }
    rights->read_count = raw->read_count;
    rights->change_count = raw->change_count;
    return fill_texts(&at, "read", raw->read, raw->read_count, &rights->read) &&
           fill_texts(&at, "change", raw->change, raw->change_count, &rights->change);
}

static bool fill_resolvers(const struct place *place, const struct raw_control *raw,
                           struct config_control *control)
{
    struct error why;
    size_t count = raw->resolvers_count;
    control->resolvers = arena_alloc(place->reader->arena, count * sizeof(*control->resolvers));
    control->resolver_count = count;
    for (size_t i = 0; i < count; i++) {
        struct place at = place_item(place, "resolvers", i);
        if (!address_parse(&control->resolvers[i], raw->resolvers[i], DNS_PORT, &why)) {
            return place_fail(&at, NULL, "%s", why.text);
        }
    }
    return true;
}

static bool fill_alias_limits(const struct place *place, const struct raw_alias *raw,
                              struct config_alias *alias)
{
    static const struct raw_alias none;
    struct place at = place_key(place, "alias");
    struct range range = {1000, DAY_MS};
    raw = raw == NULL ? &none : raw;
    *alias = (struct config_alias){5000, 60000, (int64_t)3600 * 1000};
    if (!fill_duration(&at, "min_ttl", raw->min_ttl, range, &alias->min_ttl_ms) ||
        !fill_duration(&at, "max_ttl", raw->max_ttl, range, &alias->max_ttl_ms) ||
        !fill_duration(&at, "stale_after", raw->stale_after, (struct range){1000, 365 * DAY_MS},
                       &alias->stale_after_ms)) {
        return false;
    }
    if (alias->min_ttl_ms > alias->max_ttl_ms) {
        return place_fail(&at, NULL,
                          "found a min_ttl (default 5s) above max_ttl (default 60s), expected at "
                          "most that");
    }
    if (alias->stale_after_ms <= alias->max_ttl_ms) {
        return place_fail(&at, NULL,
                          "found a stale_after (default 1h) that is not above max_ttl (default "
                          "60s), expected time for a second question");
    }
    return true;
}

bool fill_control(const struct config_reader *reader, const struct raw_control *raw)
{
    struct config_control *control = &reader->config->control;
    struct place top = place_top(reader);
    struct place place = place_key(&top, "control");
    control->socket_line = line_of(&place, "socket");
    control->state_line = line_of(&place, "state");
    control->rights_line = line_of(&place, "rights");
    size_t socket_max = sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1;
    if (!fill_path(&place, "socket", raw->socket, &control->socket) ||
        !fill_path(&place, "state", raw->state, &control->state)) {
        return false;
    }
    if (strlen(control->socket) > socket_max) {
        return place_fail(&place, "socket",
                          "found a path of %zu octets (%s), expected at most %zu octets",
                          strlen(control->socket), control->socket, socket_max);
    }
    control->history_most = 100000;
    if (!fill_duration(&place, "history_keep", raw->history_keep,
                       (struct range){INT64_C(86400000), INT64_C(100) * 365 * 86400000},
                       &control->history_keep_ms) ||
        !fill_number(&place, "history_most", raw->history_most, (struct range){1000, 10000000},
                     &control->history_most)) {
        return false;
    }
    return fill_http(&place, raw, control) && fill_rights(&place, raw->rights, &control->rights) &&
           fill_resolvers(&place, raw, control) &&
           fill_alias_limits(&place, raw->alias, &control->alias) &&
           fill_fleet(&place, raw, &control->fleet);
}

uint64_t config_server_files(const struct config_server *server)
{
    if (server->answers_nobody) {
        return 0;
    }
    return server->tcp_max_connections +
           (uint64_t)server->workers * (2 * (uint64_t)server->listen_count + 1);
}
