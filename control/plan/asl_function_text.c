/* SPDX-License-Identifier: BSD-2-Clause */
/* The intrinsic functions for texts and encodings. */
#include "control/plan/asl_function.h"

#include <nettle/base64.h>
#include <nettle/md5.h>
#include <nettle/nettle-meta.h>
#include <nettle/sha1.h>
#include <nettle/sha2.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "control/plan/asl_data.h"

#define CODED_MAX 10000 /* characters, as in Step Functions */

struct builder {
    char *text;
    size_t len;
    size_t room;
};

static void builder_add(struct builder *builder, const char *octets, size_t len)
{
    while (builder->len + len >= builder->room) {
        builder->room = builder->room == 0 ? 256 : builder->room * 2;
        builder->text = alloc_resize(builder->text, builder->room, 1);
    }
    memcpy(builder->text + builder->len, octets, len);
    builder->len += len;
}

/* What stands for one {} of States.Format. */
static bool format_add(struct builder *builder, const json_t *value, size_t number,
                       struct asl_fault *fault)
{
    if (value == NULL || json_is_object(value) || json_is_array(value)) {
        return asl_fault_set(fault, ASL_ERROR_INTRINSIC,
                             "argument %zu is %s, expected a string, a number, true, false or null",
                             number + 1, asl_type_name(value));
    }
    if (json_is_string(value)) {
        builder_add(builder, json_string_value(value), json_string_length(value));
    } else {
        CLEANUP(alloc_freep) char *text = asl_data_text(value);
        builder_add(builder, text, strlen(text));
    }
    return builder->len <= ASL_DATA_MAX_OCTETS ||
           asl_fault_set(fault, ASL_ERROR_DATA_LIMIT, "States.Format makes a text of over 256 KiB");
}

static bool format_fill(struct builder *builder, const char *template, const json_t *arguments,
                        struct asl_fault *fault)
{
    size_t number = 1;
    for (const char *at = template; *at != '\0'; at++) {
        if (*at == '\\' && at[1] != '\0' && strchr("{}\\", at[1]) != NULL) {
            builder_add(builder, ++at, 1);
        } else if (*at == '{' && at[1] == '}') {
            at++;
            if (!format_add(builder, json_array_get(arguments, number), number, fault)) {
                return false;
            }
            number++;
        } else {
            builder_add(builder, at, 1);
        }
    }
    return number == json_array_size(arguments) ||
           asl_fault_set(fault, ASL_ERROR_INTRINSIC, "%zu arguments for %zu {}",
                         json_array_size(arguments) - 1, number - 1);
}

json_t *asl_format(const json_t *arguments, const struct asl_scope *scope, struct asl_fault *fault)
{
    (void)scope;
    const char *template = asl_argument_text(arguments, 0, fault);
    if (template == NULL) {
        return NULL;
    }
    struct builder builder = {.text = NULL};
    json_t *result = NULL;
    if (format_fill(&builder, template, arguments, fault)) {
        result = json_stringn(builder.text == NULL ? "" : builder.text, builder.len);
    }
    free(builder.text);
    return result;
}

json_t *asl_string_to_json(const json_t *arguments, const struct asl_scope *scope,
                           struct asl_fault *fault)
{
    (void)scope;
    json_error_t why;
    const char *text = asl_argument_text(arguments, 0, fault);
    if (text == NULL) {
        return NULL;
    }
    json_t *json = json_loads(text, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, &why);
    if (json == NULL) {
        asl_fault_set(fault, ASL_ERROR_INTRINSIC, "the text is not JSON: %s", why.text);
    }
    return json;
}

json_t *asl_json_to_string(const json_t *arguments, const struct asl_scope *scope,
                           struct asl_fault *fault)
{
    (void)scope;
    CLEANUP(alloc_freep) char *text = asl_data_text(json_array_get(arguments, 0));
    if (text == NULL) {
        asl_fault_set(fault, ASL_ERROR_DATA_LIMIT, "argument 1 has more than 256 KiB");
        return NULL;
    }
    return json_string(text);
}

static const char *coded_text(const json_t *arguments, struct asl_fault *fault)
{
    const char *text = asl_argument_text(arguments, 0, fault);
    if (text != NULL && asl_text_length(text) > CODED_MAX) {
        asl_fault_set(fault, ASL_ERROR_INTRINSIC, "argument 1 has more than %d characters",
                      CODED_MAX);
        return NULL;
    }
    return text;
}

json_t *asl_base64_encode(const json_t *arguments, const struct asl_scope *scope,
                          struct asl_fault *fault)
{
    (void)scope;
    const char *text = coded_text(arguments, fault);
    if (text == NULL) {
        return NULL;
    }
    size_t len = strlen(text);
    CLEANUP(alloc_freep) char *coded = alloc_zeroed(BASE64_ENCODE_RAW_LENGTH(len) + 1, 1);
    base64_encode_raw(coded, len, (const uint8_t *)text);
    return json_string(coded);
}

json_t *asl_base64_decode(const json_t *arguments, const struct asl_scope *scope,
                          struct asl_fault *fault)
{
    (void)scope;
    const char *text = coded_text(arguments, fault);
    if (text == NULL) {
        return NULL;
    }
    struct base64_decode_ctx decoder;
    size_t len = strlen(text);
    size_t decoded_len = BASE64_DECODE_LENGTH(len);
    CLEANUP(alloc_freep) uint8_t *decoded = alloc_zeroed(decoded_len + 1, 1);
    base64_decode_init(&decoder);
    json_t *result = NULL;
    if (base64_decode_update(&decoder, &decoded_len, decoded, len, text) &&
        base64_decode_final(&decoder) && memchr(decoded, '\0', decoded_len) == NULL) {
        result = json_stringn((const char *)decoded, decoded_len);
    }
    if (result == NULL) {
        asl_fault_set(fault, ASL_ERROR_INTRINSIC, "argument 1 is no text in Base64");
    }
    return result;
}

static const struct nettle_hash *hash_find(const char *name)
{
    static const struct {
        const char *name;
        const struct nettle_hash *hash;
    } hashes[] = {
        {"MD5", &nettle_md5},        {"SHA-1", &nettle_sha1},     {"SHA-256", &nettle_sha256},
        {"SHA-384", &nettle_sha384}, {"SHA-512", &nettle_sha512},
    };
    for (size_t i = 0; i < ARRAY_LEN(hashes); i++) {
        if (strcmp(hashes[i].name, name) == 0) {
            return hashes[i].hash;
        }
    }
    return NULL;
}

static json_t *hash_text(const struct nettle_hash *hash, const char *text)
{
    union {
        struct md5_ctx md5;
        struct sha1_ctx sha1;
        struct sha256_ctx sha256;
        struct sha512_ctx sha512;
    } state;
    uint8_t digest[SHA512_DIGEST_SIZE];
    char printed[2 * sizeof(digest) + 1];
    hash->init(&state);
    hash->update(&state, strlen(text), (const uint8_t *)text);
    hash->digest(&state, hash->digest_size, digest);
    for (size_t i = 0; i < hash->digest_size; i++) {
        snprintf(printed + 2 * i, 3, "%02x", digest[i]);
    }
    return json_string(printed);
}

json_t *asl_hash(const json_t *arguments, const struct asl_scope *scope, struct asl_fault *fault)
{
    (void)scope;
    const json_t *data = json_array_get(arguments, 0);
    const char *name = asl_argument_text(arguments, 1, fault);
    if (name == NULL) {
        return NULL;
    }
    const struct nettle_hash *hash = hash_find(name);
    if (hash == NULL) {
        asl_fault_set(fault, ASL_ERROR_INTRINSIC,
                      "argument 2 is \"%.50s\", expected MD5, SHA-1, SHA-256, SHA-384 or SHA-512",
                      name);
        return NULL;
    }
    CLEANUP(alloc_freep)
    char *text = json_is_string(data) ? alloc_string(json_string_value(data)) : asl_data_text(data);
    if (text == NULL || asl_text_length(text) > CODED_MAX) {
        asl_fault_set(fault, ASL_ERROR_INTRINSIC, "argument 1 has more than %d characters",
                      CODED_MAX);
        return NULL;
    }
    return hash_text(hash, text);
}

/* Octets of the character that begins here. */
static size_t character_size(const char *text)
{
    size_t size = 1;
    while (((unsigned char)text[size] & 0xc0) == 0x80) {
        size++;
    }
    return size;
}

static bool has_character(const char *set, const char *character, size_t size)
{
    while (*set != '\0') {
        size_t one = character_size(set);
        if (one == size && memcmp(set, character, size) == 0) {
            return true;
        }
        set += one;
    }
    return false;
}

/* Each character of the second argument parts; empty parts are left out. */
json_t *asl_string_split(const json_t *arguments, const struct asl_scope *scope,
                         struct asl_fault *fault)
{
    (void)scope;
    const char *text = asl_argument_text(arguments, 0, fault);
    const char *separators = text == NULL ? NULL : asl_argument_text(arguments, 1, fault);
    if (separators == NULL) {
        return NULL;
    }
    json_t *parts = json_array();
    const char *part = text;
    for (const char *at = text;;) {
        size_t size = *at == '\0' ? 0 : character_size(at);
        bool is_end = *at == '\0' || has_character(separators, at, size);
        if (is_end && at > part) {
            json_array_append_new(parts, json_stringn(part, (size_t)(at - part)));
        }
        if (*at == '\0') {
            return parts;
        }
        at += size;
        part = is_end ? at : part;
    }
}
