/* SPDX-License-Identifier: BSD-2-Clause */
/* The sections server, control and zones. */
#include "common/config_fill.h"

#include <netinet/in.h>
#include <sched.h>
#include <string.h>
#include <sys/un.h>

#define WORKERS_MAX     256
#define DNS_PORT        53
#define DAY_MS          ((int64_t)86400 * 1000)
#define TCP_CLIENTS_MAX 1000000
#define HOUR_MS         ((int64_t)3600 * 1000)

/* Processors that this process may use: in a container or under taskset fewer than there are. */
static unsigned usable_processors(void)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    if (sched_getaffinity(0, sizeof(set), &set) != 0) {
        return 1; /* more processors than a cpu_set_t holds */
    }
    int count = CPU_COUNT(&set);
    return count < 1 ? 1 : count > WORKERS_MAX ? WORKERS_MAX : (unsigned)count;
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
                          WORKERS_MAX);
    }
    return fill_number(place, "workers", text, (struct range){1, WORKERS_MAX}, workers);
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
        if (!address_parse(&server->listen[i], raw->listen[i], DNS_PORT, &why)) {
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

static bool fill_client_subnet(const struct place *place, const struct raw_server *raw,
                               struct config_server *server)
{
    struct error why;
    size_t count = raw->client_subnet_count;
    server->client_subnet =
        arena_alloc(place->reader->arena, count * sizeof(*server->client_subnet));
    server->client_subnet_count = count;
    for (size_t i = 0; i < count; i++) {
        struct place at = place_item(place, "client_subnet", i);
        if (!prefix_parse(&server->client_subnet[i], raw->client_subnet[i], &why)) {
            return place_fail(&at, NULL, "%s", why.text);
        }
    }
    return true;
}

static bool fill_tcp(const struct place *place, const struct raw_tcp *raw,
                     struct config_server *server)
{
    struct place tcp = place_key(place, "tcp");
    return raw == NULL ||
           (fill_duration(&tcp, "idle_timeout", raw->idle_timeout, (struct range){1, DAY_MS},
                          &server->tcp_idle_timeout_ms) &&
            fill_number(&tcp, "max_connections", raw->max_connections,
                        (struct range){1, TCP_CLIENTS_MAX}, &server->tcp_max_connections));
}

bool fill_server(const struct config_reader *reader, const struct raw_server *raw)
{
    struct config_server *server = &reader->config->server;
    struct place top = place_top(reader);
    struct place place = place_key(&top, "server");
    unsigned payload = 1232; /* fits IPv6's least MTU: no fragments */
    server->tcp_idle_timeout_ms = 10000;
    server->tcp_max_connections = 1000;
    bool ok = fill_listen(&place, raw, server) &&
              fill_workers(&place, raw->workers, &server->workers) &&
              fill_number(&place, "udp_payload_max", raw->udp_payload_max,
                          (struct range){512, 4096}, &payload) &&
              fill_text(&place, "version", raw->version, &server->version) &&
              fill_text(&place, "identity", raw->identity, &server->identity) &&
              fill_tcp(&place, raw->tcp, server) && fill_client_subnet(&place, raw, server);
    server->udp_payload_max = (uint16_t)payload;
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
    return fill_http(&place, raw, control) && fill_rights(&place, raw->rights, &control->rights);
}

static bool fill_dnssec(const struct place *place, const struct raw_dnssec *raw,
                        struct config_zone *zone)
{
    static const char *const denials[] = {"nsec", "nsec3", NULL};
    if (raw == NULL) {
        return true;
    }
    struct place at = place_key(place, "dnssec");
    struct config_dnssec *dnssec = arena_alloc(place->reader->arena, sizeof(*dnssec));
    unsigned denial = CONFIG_DENIAL_NSEC;
    dnssec->line = place_line(&at);
    dnssec->signature_lifetime_ms = 14 * DAY_MS;
    if (!fill_path(&at, "keys", raw->keys, &dnssec->keys) ||
        !fill_choice(&at, "denial", raw->denial, denials, &denial) ||
        !fill_duration(&at, "signature_lifetime", raw->signature_lifetime,
                       (struct range){HOUR_MS, 365 * DAY_MS}, &dnssec->signature_lifetime_ms)) {
        return false;
    }
    int64_t refresh_max_ms = dnssec->signature_lifetime_ms / 4 * 3;
    dnssec->denial = (enum config_denial)denial;
    dnssec->refresh_ms = refresh_max_ms < 5 * DAY_MS ? refresh_max_ms : 5 * DAY_MS;
    zone->dnssec = dnssec;
    return fill_duration(&at, "refresh", raw->refresh, (struct range){1000, refresh_max_ms},
                         &dnssec->refresh_ms);
}

bool fill_zones(const struct config_reader *reader, const struct raw_config *raw)
{
    struct config *config = reader->config;
    struct place top = place_top(reader);
    config->zones = arena_alloc(reader->arena, raw->zones_count * sizeof(*config->zones));
    config->zone_count = raw->zones_count;
    for (size_t i = 0; i < config->zone_count; i++) {
        struct config_zone *zone = &config->zones[i];
        struct place place = place_item(&top, "zones", i);
        zone->line = place_line(&place);
        if (!fill_text(&place, "name", raw->zones[i].name, &zone->name) ||
            !fill_path(&place, "file", raw->zones[i].file, &zone->file) ||
            !fill_dnssec(&place, raw->zones[i].dnssec, zone)) {
            return false;
        }
        for (size_t j = 0; j < i; j++) {
            if (same_name(zone->name, config->zones[j].name)) {
                return place_fail(&place, "name",
                                  "found zone %s a second time, expected it once (first in line "
                                  "%u)",
                                  zone->name, config->zones[j].line);
            }
        }
    }
    return true;
}
