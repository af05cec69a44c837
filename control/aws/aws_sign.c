/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/aws/aws_sign.h"

#include <assert.h>
#include <nettle/base16.h>
#include <nettle/hmac.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "common/alloc.h"
#include "common/attributes.h"
#include "control/aws/aws_form.h"

#define DIGEST_TEXT_SIZE (BASE16_ENCODE_LENGTH(SHA256_DIGEST_SIZE) + 1)
#define DATE_SIZE        32
#define HEADERS_MAX      32
#define ALGORITHM        "AWS4-HMAC-SHA256"

static void hash_text(const char *octets, size_t len, char out[DIGEST_TEXT_SIZE])
{
    struct sha256_ctx hash;
    uint8_t digest[SHA256_DIGEST_SIZE];
    sha256_init(&hash);
    sha256_update(&hash, len, (const uint8_t *)octets);
    sha256_digest(&hash, sizeof(digest), digest);
    base16_encode_update(out, sizeof(digest), digest);
    out[DIGEST_TEXT_SIZE - 1] = '\0';
}

static void sign_text(const uint8_t *key, size_t key_len, const char *text,
                      uint8_t out[SHA256_DIGEST_SIZE])
{
    struct hmac_sha256_ctx hmac;
    hmac_sha256_set_key(&hmac, key_len, key);
    hmac_sha256_update(&hmac, strlen(text), (const uint8_t *)text);
    hmac_sha256_digest(&hmac, SHA256_DIGEST_SIZE, out);
    explicit_bzero(&hmac, sizeof(hmac));
}

/* "20150830T123600Z" */
static void print_date(int64_t time_s, char out[DATE_SIZE])
{
    time_t seconds = (time_t)time_s;
    struct tm utc;
    gmtime_r(&seconds, &utc);
    strftime(out, DATE_SIZE, "%Y%m%dT%H%M%SZ", &utc);
}

/* A header to sign: its name up to the colon, and its value. */
struct header {
    char *name;  /* in lower case */
    char *value; /* without spaces around it, runs of spaces as one */
    size_t order;
};

struct headers {
    struct header all[HEADERS_MAX];
    size_t count;
};

/* Spaces between the quotes of a value stay, of old; AWS's rules have no quotes any more. */
static char *trim(const char *value)
{
    char *out = alloc_zeroed(strlen(value) + 1, 1);
    size_t len = 0;
    for (const char *at = value; *at != '\0'; at++) {
        bool is_space = *at == ' ' || *at == '\t' || *at == '\n';
        if (!is_space) {
            out[len++] = *at;
        } else if (len > 0 && out[len - 1] != ' ') {
            out[len++] = ' ';
        }
    }
    while (len > 0 && out[len - 1] == ' ') {
        out[--len] = '\0';
    }
    return out;
}

static void add_header(struct headers *headers, const char *name, size_t name_len,
                       const char *value)
{
    assert(headers->count < HEADERS_MAX);
    struct header *header = &headers->all[headers->count];
    header->name = alloc_printf("%.*s", (int)name_len, name);
    for (char *at = header->name; *at != '\0'; at++) {
        *at = (char)(*at >= 'A' && *at <= 'Z' ? *at + ('a' - 'A') : *at);
    }
    header->value = trim(value);
    header->order = headers->count++;
}

static int compare_headers(const void *left, const void *right)
{
    const struct header *a = left, *b = right;
    int order = strcmp(a->name, b->name);
    return order != 0 ? order : a->order < b->order ? -1 : 1;
}

static void collect_headers(struct headers *headers, const struct aws_to_sign *request,
                            const struct aws_credentials *credentials)
{
    char date[DATE_SIZE];
    print_date(request->time_s, date);
    headers->count = 0;
    add_header(headers, "host", strlen("host"), request->host);
    add_header(headers, "x-amz-date", strlen("x-amz-date"), date);
    if (credentials->session_token != NULL) {
        add_header(headers, "x-amz-security-token", strlen("x-amz-security-token"),
                   credentials->session_token);
    }
    for (const char *const *h = request->headers; h != NULL && *h != NULL; h++) {
        size_t len = strcspn(*h, ":");
        add_header(headers, *h, len, (*h)[len] == ':' ? *h + len + 1 : "");
    }
    qsort(headers->all, headers->count, sizeof(headers->all[0]), compare_headers);
}

static void free_headers(struct headers *headers)
{
    for (size_t i = 0; i < headers->count; i++) {
        explicit_bzero(headers->all[i].value, strlen(headers->all[i].value));
        free(headers->all[i].name);
        free(headers->all[i].value);
    }
}

/* "a;b;c" */
static void print_names(FILE *out, const struct headers *headers)
{
    for (size_t i = 0; i < headers->count; i++) {
        bool is_again = i > 0 && strcmp(headers->all[i].name, headers->all[i - 1].name) == 0;
        if (!is_again) {
            fprintf(out, "%s%s", i > 0 ? ";" : "", headers->all[i].name);
        }
    }
}

/* Values of one name stand in one line. */
static void print_headers(FILE *out, const struct headers *headers)
{
    for (size_t i = 0; i < headers->count; i++) {
        bool is_again = i > 0 && strcmp(headers->all[i].name, headers->all[i - 1].name) == 0;
        if (is_again) {
            fprintf(out, ",%s", headers->all[i].value);
        } else {
            fprintf(out, "%s%s:%s", i > 0 ? "\n" : "", headers->all[i].name, headers->all[i].value);
        }
    }
    fputs("\n", out);
}

/* RFC 3986 section 5.2.4, and slashes that follow each other as one. */
static char *normalize_path(const char *path)
{
    char *out = alloc_zeroed(strlen(path) + 2, 1);
    size_t len = 0;
    bool ends_open = false;
    for (const char *at = path; *at != '\0';) {
        at += strspn(at, "/");
        size_t part = strcspn(at, "/");
        ends_open = at[part] == '/';
        if (part == 2 && strncmp(at, "..", 2) == 0) {
            while (len > 0 && out[--len] != '/') {
            }
            ends_open = true;
        } else if (part == 1 && at[0] == '.') {
            ends_open = true;
        } else if (part > 0) {
            out[len++] = '/';
            memcpy(out + len, at, part);
            len += part;
        } else {
            ends_open = true;
        }
        at += part;
    }
    if (len == 0 || ends_open) {
        out[len++] = '/';
    }
    out[len] = '\0';
    return out;
}

static int compare_texts(const void *left, const void *right)
{
    return strcmp(*(char *const *)left, *(char *const *)right);
}

/* The parameters sorted by name, then by value; each has its '='. They are encoded already. */
static void print_query(FILE *out, const char *query)
{
    CLEANUP(alloc_freep) char *copy = alloc_string(query);
    size_t count = 0;
    CLEANUP(alloc_freep) char **pairs = alloc_zeroed(strlen(query) + 1, sizeof(*pairs));
    for (char *next = copy, *pair = NULL; (pair = strsep(&next, "&")) != NULL;) {
        if (pair[0] != '\0') {
            /* A character that sorts before all that names may have takes the place of '='. */
            char *sign = strchr(pair, '=');
            pairs[count++] = sign == NULL
                                 ? alloc_printf("%s\x01", pair)
                                 : alloc_printf("%.*s\x01%s", (int)(sign - pair), pair, sign + 1);
        }
    }
    qsort(pairs, count, sizeof(*pairs), compare_texts);
    for (size_t i = 0; i < count; i++) {
        *strchr(pairs[i], '\x01') = '=';
        fprintf(out, "%s%s", i > 0 ? "&" : "", pairs[i]);
        free(pairs[i]);
    }
}

static char *print_canonical(const struct aws_to_sign *request, const struct headers *headers)
{
    char *text = NULL;
    size_t len = 0;
    char digest[DIGEST_TEXT_SIZE];
    CLEANUP(alloc_freep)
    char *path =
        request->normalizes_path ? normalize_path(request->path) : alloc_string(request->path);
    /* What is encoded is encoded once more, by all services but S3. */
    CLEANUP(alloc_freep) char *encoded = aws_percent_encode(path, strlen(path), "/");
    FILE *out = open_memstream(&text, &len);
    if (out == NULL) {
        abort();
    }
    fprintf(out, "%s\n%s\n", request->method, encoded);
    print_query(out, request->query);
    fputs("\n", out);
    print_headers(out, headers);
    fputs("\n", out);
    print_names(out, headers);
    hash_text(request->body, request->body_len, digest);
    fprintf(out, "\n%s", digest);
    fclose(out);
    return text;
}

char *aws_sign_canonical(const struct aws_to_sign *request,
                         const struct aws_credentials *credentials)
{
    struct headers headers;
    collect_headers(&headers, request, credentials);
    char *text = print_canonical(request, &headers);
    free_headers(&headers);
    return text;
}

static void derive_key(const struct aws_to_sign *request, const struct aws_credentials *credentials,
                       const char *date, uint8_t key[SHA256_DIGEST_SIZE])
{
    char *secret = alloc_printf("AWS4%s", credentials->secret_access_key);
    char day[9];
    snprintf(day, sizeof(day), "%.8s", date);
    sign_text((const uint8_t *)secret, strlen(secret), day, key);
    sign_text(key, SHA256_DIGEST_SIZE, request->region, key);
    sign_text(key, SHA256_DIGEST_SIZE, request->service, key);
    sign_text(key, SHA256_DIGEST_SIZE, "aws4_request", key);
    explicit_bzero(secret, strlen(secret));
    free(secret);
}

static char *print_authorization(const struct aws_to_sign *request,
                                 const struct aws_credentials *credentials,
                                 const struct headers *headers, const char *date)
{
    char digest[DIGEST_TEXT_SIZE];
    uint8_t key[SHA256_DIGEST_SIZE];
    CLEANUP(alloc_freep) char *canonical = print_canonical(request, headers);
    hash_text(canonical, strlen(canonical), digest);
    CLEANUP(alloc_freep)
    char *scope = alloc_printf("%.8s/%s/%s/aws4_request", date, request->region, request->service);
    CLEANUP(alloc_freep)
    char *to_sign = alloc_printf(ALGORITHM "\n%s\n%s\n%s", date, scope, digest);
    derive_key(request, credentials, date, key);
    sign_text(key, sizeof(key), to_sign, key);
    base16_encode_update(digest, sizeof(key), key);
    explicit_bzero(key, sizeof(key));
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    if (out == NULL) {
        abort();
    }
    fprintf(out, "Authorization: " ALGORITHM " Credential=%s/%s, SignedHeaders=",
            credentials->access_key_id, scope);
    print_names(out, headers);
    fprintf(out, ", Signature=%s", digest);
    fclose(out);
    return text;
}

void aws_sign(const struct aws_to_sign *request, const struct aws_credentials *credentials,
              struct aws_signature *signature)
{
    char date[DATE_SIZE];
    struct headers headers;
    print_date(request->time_s, date);
    collect_headers(&headers, request, credentials);
    signature->date = alloc_printf("X-Amz-Date: %s", date);
    signature->token = credentials->session_token == NULL
                           ? NULL
                           : alloc_printf("X-Amz-Security-Token: %s", credentials->session_token);
    signature->authorization = print_authorization(request, credentials, &headers, date);
    free_headers(&headers);
}

void aws_signature_done(struct aws_signature *signature)
{
    free(signature->date);
    free(signature->token);
    free(signature->authorization);
    *signature = (struct aws_signature){NULL, NULL, NULL};
}
