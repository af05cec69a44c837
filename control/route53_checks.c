/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/route53_checks.h"

#include <nettle/base16.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "common/attributes.h"

#define OWNER_OCTETS   8
#define CONTENT_OCTETS 12
#define STEM_SIZE      (ROUTE53_OWNER_SIZE + 2 * CONTENT_OCTETS + 2)
#define OFTEN_S        10 /* Route 53 checks every 10 s or every 30 s */
#define SELDOM_S       30
#define SECOND_MS      1000

/* Each text with its final zero, so that no two lists of texts are the same octets. */
static void hash_texts(const char *const *texts, size_t count, size_t octets, char *out)
{
    struct sha256_ctx hash;
    uint8_t digest[SHA256_DIGEST_SIZE];
    sha256_init(&hash);
    for (size_t i = 0; i < count; i++) {
        sha256_update(&hash, strlen(texts[i]) + 1, (const uint8_t *)texts[i]);
    }
    sha256_digest(&hash, sizeof(digest), digest);
    base16_encode_update(out, octets, digest);
    out[2 * octets] = '\0';
}

/* The prefix, or the first of the identifiers in the alphabet. */
static const char *whose(const struct config_route53 *route53)
{
    const char *first = route53->prefix;
    for (size_t i = 0; i < route53->identifier_count; i++) {
        const char *identifier = route53->identifiers[i];
        first = first == NULL || strcmp(identifier, first) < 0 ? identifier : first;
    }
    return first;
}

void route53_owner_print(const struct config_route53 *route53, const char *zone_id,
                         const char *name, const char *type, char owner[ROUTE53_OWNER_SIZE])
{
    const char *texts[] = {whose(route53), zone_id, name, type};
    char hash[2 * OWNER_OCTETS + 1];
    hash_texts(texts, ARRAY_LEN(texts), OWNER_OCTETS, hash);
    snprintf(owner, ROUTE53_OWNER_SIZE, "ballast-%s-", hash);
}

void route53_missing_check_done(struct route53_missing_check *missing)
{
    free(missing->config);
    *missing = (struct route53_missing_check){.config = NULL};
}

/* ---- what a check is to be ---- */

static struct route53_check check_of(const struct config_health_check *config, const char *address)
{
    static const char *const types[][2] = {[CHECK_HTTP] = {"HTTP", "HTTP_STR_MATCH"},
                                           [CHECK_HTTPS] = {"HTTPS", "HTTPS_STR_MATCH"},
                                           [CHECK_TCP] = {"TCP", "TCP"}};
    bool is_tcp = config->type == CHECK_TCP;
    return (struct route53_check){
        .type = types[config->type][config->body != NULL],
        .address = address,
        .port = config->port,
        .path = is_tcp ? NULL : config->path,
        .host = is_tcp ? NULL : config->host,
        .search = is_tcp ? NULL : config->body,
        .interval_s = config->interval_ms < SELDOM_S * SECOND_MS ? OFTEN_S : SELDOM_S,
        .failures = config->fall,
        .is_tls = config->type == CHECK_HTTPS,
    };
}

/* ---- what is there ---- */

/* The generation of a reference that begins with the stem; -1: it is another's. */
static long generation_of(const char *reference, const char *stem)
{
    size_t len = strlen(stem);
    const char *digits = reference + len;
    if (strncmp(reference, stem, len) != 0 || digits[0] == '\0' || strlen(digits) > 6 ||
        strspn(digits, "0123456789") != strlen(digits)) {
        return -1;
    }
    return strtol(digits, NULL, 10);
}

/* The newest that is there; NULL: there is none, and missing is what to ask for. */
static struct route53_found_check *find(const struct config_member *member, const char *owner,
                                        const struct route53_check *check,
                                        struct route53_found_checks *found,
                                        struct route53_missing_check *missing)
{
    char *config = route53_check_print(check);
    const char *texts[] = {member->route53->set_identifier, config};
    char hash[2 * CONTENT_OCTETS + 1], stem[STEM_SIZE];
    long newest = -1, used = -1;
    struct route53_found_check *best = NULL;
    hash_texts(texts, ARRAY_LEN(texts), CONTENT_OCTETS, hash);
    snprintf(stem, sizeof(stem), "%s%s-", owner, hash);
    for (size_t i = 0; i < found->count; i++) {
        long generation = generation_of(found->checks[i].reference, stem);
        used = generation > used ? generation : used;
        if (generation > newest && found->checks[i].id[0] != '\0') {
            newest = generation;
            best = &found->checks[i];
        }
    }
    if (best != NULL) {
        best->is_wanted = true;
        free(config);
        return best;
    }
    snprintf(missing->reference, sizeof(missing->reference), "%s%ld", stem, used + 1);
    missing->config = config;
    return NULL;
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

bool route53_checks_find(const struct config_member *member, const char *owner,
                         struct route53_found_checks *found, char id[ROUTE53_CHECK_ID_SIZE],
                         struct route53_missing_check *missing)
{
    const char *children[ROUTE53_CHILD_CHECK_MAX];
    size_t count = 0;
    *missing = (struct route53_missing_check){.config = NULL};
    for (size_t i = 0; i < member->value_count && i < ROUTE53_CHILD_CHECK_MAX; i++) {
        struct route53_check check = check_of(member->health_check, member->values[i]);
        const struct route53_found_check *child = find(member, owner, &check, found, missing);
        if (child == NULL) {
            return false;
        }
        children[count++] = child->id;
    }
    if (count == 1) {
        memcpy(id, children[0], strlen(children[0]) + 1);
        return true;
    }
    qsort(children, count, sizeof(*children), compare_texts); /* whatever order the values have */
    struct route53_check check = {
        .type = "CALCULATED", .children = children, .child_count = count, .threshold = 1};
    const struct route53_found_check *whole = find(member, owner, &check, found, missing);
    if (whole == NULL) {
        return false;
    }
    memcpy(id, whole->id, sizeof(whole->id));
    return true;
}

void route53_checks_spend(struct route53_found_checks *found, const char *reference)
{
    for (size_t i = 0; i < found->count; i++) {
        if (strcmp(found->checks[i].reference, reference) == 0) {
            found->checks[i].id[0] = '\0';
            return;
        }
    }
    struct route53_found_check check = {.id = ""};
    snprintf(check.reference, sizeof(check.reference), "%s", reference);
    route53_found_checks_add(found, &check);
}

void route53_checks_keep(struct route53_found_checks *found, const char *reference)
{
    for (size_t i = 0; i < found->count; i++) {
        found->checks[i].is_kept |= strcmp(found->checks[i].reference, reference) == 0;
    }
}

bool route53_checks_has_kept(const struct route53_found_checks *found)
{
    size_t kept = 0;
    for (size_t i = 0; i < found->count; i++) {
        kept += found->checks[i].is_kept;
    }
    return kept > 0;
}

struct route53_found_check *route53_checks_unwanted(struct route53_found_checks *found,
                                                    const char *owner)
{
    struct route53_found_check *unwanted = NULL;
    for (size_t i = 0; i < found->count; i++) {
        struct route53_found_check *check = &found->checks[i];
        bool is_one = check->id[0] != '\0' && !check->is_wanted && !check->is_kept &&
                      strncmp(check->reference, owner, strlen(owner)) == 0;
        if (is_one && (unwanted == NULL || (check->is_calculated && !unwanted->is_calculated))) {
            unwanted = check;
        }
    }
    return unwanted;
}
