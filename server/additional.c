/* SPDX-License-Identifier: BSD-2-Clause */
#include "server/additional.h"

#include <string.h>

#include "common/alloc.h"
#include "server/dns.h"

#define NAPTR_STRINGS 3 /* flags, services, regular expression (RFC 3403 section 4.1) */

/* Where the host's name is in the RDATA. */
static const struct host_place {
    uint16_t type;
    uint8_t octets;  /* before it, */
    uint8_t strings; /* and character-strings behind those */
} host_places[] = {
    {DNS_TYPE_NS, 0, 0},    /* RFC 1035 section 3.3.11 */
    {DNS_TYPE_MX, 2, 0},    /* RFC 1035 section 3.3.9 */
    {DNS_TYPE_AFSDB, 2, 0}, /* RFC 1183 section 1 */
    {DNS_TYPE_RT, 2, 0},    /* RFC 1183 section 3.3 */
    {DNS_TYPE_SRV, 6, 0},   /* RFC 2782 */
    {DNS_TYPE_NAPTR, 4, NAPTR_STRINGS},
    {DNS_TYPE_KX, 2, 0},   /* RFC 2230 section 3 */
    {DNS_TYPE_SVCB, 2, 0}, /* RFC 9460 section 4.1 */
    {DNS_TYPE_HTTPS, 2, 0},
};

struct additional {
    struct assembly *assembly;
    const struct node *hosts[ADDITIONAL_HOSTS_MAX]; /* that have been added */
    unsigned host_count;
};

static const struct host_place *find_place(uint16_t type)
{
    for (size_t i = 0; i < ARRAY_LEN(host_places); i++) {
        if (host_places[i].type == type) {
            return &host_places[i];
        }
    }
    return NULL;
}

bool additional_is_due(const struct lookup *found)
{
    return found->outcome == LOOKUP_ANSWER && find_place(found->rrset->type) != NULL;
}

static bool is_service(uint16_t type)
{
    return type == DNS_TYPE_SVCB || type == DNS_TYPE_HTTPS;
}

static void add_rrset(struct additional *additional, struct lookup found,
                      const struct name_key *name, const uint8_t *octets, uint16_t type)
{
    struct assembly *assembly = additional->assembly;
    struct response *response = assembly->response;
    found.outcome = LOOKUP_ANSWER;
    found.rrset = node_find(found.node, type);
    if (found.rrset == NULL || (found.rrset->record_set != RRSET_STATIC &&
                                !response_has_records(response, found.rrset->record_set))) {
        return;
    }
    struct encoded counts;
    struct wire_reader reader = assembly_open_rrset(assembly, &found, octets, name->len, &counts);
    if (assembly_copy_optional(assembly, &reader, counts.answer_count)) {
        response->additional_count = (uint16_t)(response->additional_count + counts.answer_count);
    }
}

static bool is_new(struct additional *additional, const struct node *host)
{
    for (unsigned i = 0; i < additional->host_count; i++) {
        if (additional->hosts[i] == host) {
            return false;
        }
    }
    if (additional->host_count == ADDITIONAL_HOSTS_MAX) {
        return false;
    }
    additional->hosts[additional->host_count++] = host;
    return true;
}

/* service: the type whose records at the host belong to the answer too, or 0. */
static void add_host(struct additional *additional, const uint8_t *octets, size_t len,
                     uint16_t service)
{
    struct name_key name;
    if (name_key_parse(&name, octets, len) != len) {
        return;
    }
    struct lookup found =
        lookup_name(additional->assembly->response->task->snapshot, &name, DNS_TYPE_A);
    bool is_here = found.outcome == LOOKUP_ANSWER || found.outcome == LOOKUP_NODATA;
    if (!is_here || found.node->name_len != len || memcmp(found.node->name, name.lower, len) != 0 ||
        !is_new(additional, found.node)) {
        return;
    }
    if (service != 0) {
        add_rrset(additional, found, &name, octets, service);
    }
    add_rrset(additional, found, &name, octets, DNS_TYPE_A);
    add_rrset(additional, found, &name, octets, DNS_TYPE_AAAA);
}

/* Reads the record at the reader's position and adds its host. */
static void add_of_record(struct additional *additional, struct wire_reader *reader)
{
    uint8_t owner[NAME_MAX_OCTETS], host[NAME_MAX_OCTETS];
    size_t owner_len = wire_read_name(reader, owner);
    uint16_t type = wire_read_u16(reader);
    wire_read(reader, ASSEMBLY_RECORD_FIXED - 4); /* class and TTL */
    uint16_t rdata_len = wire_read_u16(reader);
    struct wire_reader rdata = *reader;
    wire_read(reader, rdata_len);
    const struct host_place *place = find_place(type);
    if (place == NULL || reader->failed) {
        return;
    }
    wire_read(&rdata, place->octets);
    for (unsigned i = 0; i < place->strings; i++) {
        wire_read(&rdata, wire_read_u8(&rdata));
    }
    size_t len = wire_read_name(&rdata, host);
    bool is_root = len == 1;
    if (len == 0 || (is_root && !is_service(type))) {
        return; /* a root is no host: "not available" (RFC 2782, RFC 7505) */
    }
    if (!is_root) {
        add_host(additional, host, len, is_service(type) ? type : 0);
    } else if (wire_load_u16(reader->octets + reader->at - rdata_len) != 0) {
        add_host(additional, owner, owner_len, 0); /* RFC 9460 section 2.5.2 */
    }
}

void additional_add(struct assembly *assembly)
{
    struct response *response = assembly->response;
    if (!response->context->config->has_full_additional || assembly->writer.failed) {
        return;
    }
    struct additional additional = {.assembly = assembly};
    struct wire_reader reader = wire_reader_make(response->out, assembly->writer.at);
    reader.at = DNS_HEADER_LEN + (size_t)response->query->question_len;
    for (unsigned i = 0; i < response->answer_count && !reader.failed; i++) {
        add_of_record(&additional, &reader);
    }
}
