/* SPDX-License-Identifier: BSD-2-Clause */
#include "zones/key_file.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <time.h>

#include <ldns/ldns.h>

#include "common/alloc.h"
#include "common/file.h"
#include "zones/key_lines.h"

#define PRIVATE_SUFFIX ".private"
#define DNSKEY_FIXED   4 /* flags, protocol, algorithm */
#define MODE_OF_OTHERS 077
#define TIME_TEXT_LEN  14 /* YYYYMMDDHHMMSS */
#define FLAG_SEP       0x0001
/* RSA keys have at most 4096 bits (RFC 3110 section 3): 684 octets in base 64. */
#define LINE_OCTETS_MAX 1024
#define FILE_OCTETS_MAX 8192
#define PROTOCOL_DNSSEC 3 /* RFC 4034 section 2.1.2 */

static const struct {
    const char *name;
    size_t offset;
} times[] = {
    {"Created:", offsetof(struct key_times, created_s)},
    {"Publish:", offsetof(struct key_times, publish_s)},
    {"Activate:", offsetof(struct key_times, activate_s)},
    {"Inactive:", offsetof(struct key_times, inactive_s)},
    {"Delete:", offsetof(struct key_times, delete_s)},
    {"DSPublish:", offsetof(struct key_times, ds_publish_s)},
    {"SyncPublish:", offsetof(struct key_times, sync_publish_s)},
    {"SyncDelete:", offsetof(struct key_times, sync_delete_s)},
};

/* The last time that tools with 32 bits know: not known yet. Some write these bits as the second
 * before 1970 (dnssec-settime). */
#define TIME_UNKNOWN_S        INT64_C(4294967295)
#define TIME_UNKNOWN_SIGNED_S INT64_C(-1)

static void close_file(FILE **file)
{
    if (*file != NULL) {
        fclose(*file);
    }
}

static void free_record(ldns_rr **rr)
{
    if (*rr != NULL) {
        ldns_rr_free(*rr);
    }
}

static bool is_known_algorithm(uint8_t algorithm)
{
    return algorithm == LDNS_RSASHA256 || algorithm == LDNS_ECDSAP256SHA256 ||
           algorithm == LDNS_ED25519;
}

/* "20261123155908", UTC. */
static bool parse_time(const char *text, int64_t *time_s)
{
    struct tm tm = {0};
    char digits[TIME_TEXT_LEN + 1];
    if (strspn(text, "0123456789") < TIME_TEXT_LEN) {
        return false;
    }
    memcpy(digits, text, TIME_TEXT_LEN);
    digits[TIME_TEXT_LEN] = '\0';
    const char *end = strptime(digits, "%Y%m%d%H%M%S", &tm);
    *time_s = timegm(&tm);
    if (*time_s >= TIME_UNKNOWN_S || *time_s == TIME_UNKNOWN_SIGNED_S) {
        *time_s = KEY_TIME_NEVER;
    }
    return end != NULL && *end == '\0';
}

static int64_t *time_of(struct key_times *of, size_t index)
{
    return (int64_t *)(void *)((char *)of + times[index].offset);
}

bool key_line_is_time(const char *line)
{
    for (size_t i = 0; i < ARRAY_LEN(times); i++) {
        if (strncasecmp(line, times[i].name, strlen(times[i].name)) == 0) {
            return true;
        }
    }
    return false;
}

void key_lines_print_times(FILE *out, const char *prefix, const struct key_times *of)
{
    for (size_t i = 0; i < ARRAY_LEN(times); i++) {
        int64_t time_s = *time_of((struct key_times *)of, i);
        bool is_default_always = &of->publish_s == time_of((struct key_times *)of, i) ||
                                 &of->activate_s == time_of((struct key_times *)of, i);
        if (time_s == KEY_TIME_ALWAYS || (time_s == KEY_TIME_NEVER && !is_default_always)) {
            continue;
        }
        time_t seconds = (time_t)(time_s == KEY_TIME_NEVER ? TIME_UNKNOWN_S : time_s);
        struct tm tm;
        gmtime_r(&seconds, &tm);
        fprintf(out, "%s%s %04d%02d%02d%02d%02d%02d\n", prefix, times[i].name, tm.tm_year + 1900,
                tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
    }
}

static bool read_time(struct key *key, const char *line, struct error *err)
{
    for (size_t i = 0; i < ARRAY_LEN(times); i++) {
        size_t len = strlen(times[i].name);
        if (strncasecmp(line, times[i].name, len) != 0) {
            continue;
        }
        const char *text = line + len + strspn(line + len, " \t");
        if (!parse_time(text, time_of(&key->times, i))) {
            return error_set(err, "%s: %s is followed by no time, expected YYYYMMDDHHMMSS",
                             key->path, times[i].name);
        }
    }
    return true;
}

/* Is it as tools write it? What ldns makes of lines that go on in parentheses, or of numbers of
 * any size, ends behind its buffers. */
static bool is_plain(const char *line, size_t len)
{
    int depth = 0;
    for (size_t i = 0; i < len; i++) {
        unsigned char octet = (unsigned char)line[i];
        depth += octet == '(' ? 1 : octet == ')' ? -1 : 0;
        if (depth < 0 || octet >= 0x7f || (octet < ' ' && strchr("\t\r\n", octet) == NULL) ||
            octet == '\0' || octet == '"' || octet == '\\') {
            return false;
        }
    }
    return depth == 0 && len <= LINE_OCTETS_MAX;
}

/* The times, and whether ldns may read the rest. */
static bool read_lines(struct key *key, FILE *file, struct error *err)
{
    CLEANUP(alloc_freep) char *line = NULL;
    size_t size = 0;
    ssize_t len;
    for (int number = 1; (len = getline(&line, &size, file)) > 0; number++) {
        if (!is_plain(line, (size_t)len)) {
            return error_set(err, "%s:%d: expected a word, a colon and a value, at most %d octets",
                             key->path, number, LINE_OCTETS_MAX);
        }
        if (!read_time(key, line, err)) {
            return false;
        }
    }
    bool has_activate = key->times.activate_s != KEY_TIME_ALWAYS;
    if (key->times.created_s != KEY_TIME_NEVER && !has_activate) {
        bool has_publish = key->times.publish_s != KEY_TIME_ALWAYS;
        key->is_idle = true;
        key->times.activate_s = KEY_TIME_NEVER;
        key->times.publish_s = has_publish ? key->times.publish_s : KEY_TIME_NEVER;
    }
    rewind(file);
    return true;
}

static bool open_file(const char *path, FILE **file, struct stat *status, struct error *err)
{
    *file = file_open(path, err);
    if (*file == NULL) {
        return false;
    }
    if (fstat(fileno(*file), status) != 0) {
        return error_set(err, "%s: cannot be opened: %s", path, strerror(errno));
    }
    return status->st_size <= FILE_OCTETS_MAX ||
           error_set(err, "%s: is no key file: larger than %d octets", path, FILE_OCTETS_MAX);
}

/* What only the owner of the key may read. */
static bool read_private(struct key *key, struct error *err)
{
    struct stat status;
    int line = 0;
    CLEANUP(close_file) FILE *file = NULL;
    if (!open_file(key->path, &file, &status, err)) {
        return false;
    }
    if ((status.st_mode & MODE_OF_OTHERS) != 0) {
        return error_set(err, "%s: has mode %04o: others may use the key, expected 0600", key->path,
                         (unsigned)status.st_mode & 07777);
    }
    if (!read_lines(key, file, err)) {
        return false;
    }
    ldns_status result = ldns_key_new_frm_fp_l(&key->ldns, file, &line);
    if (result != LDNS_STATUS_OK || key->ldns == NULL) {
        return error_set(err, "%s:%d: no private key that can be used: %s", key->path, line,
                         ldns_get_errorstr_by_id(result));
    }
    return true;
}

/* The .key file beside it. */
static ldns_rr *read_public(const char *path, struct error *err)
{
    CLEANUP(close_file) FILE *file = NULL;
    struct stat status_of_file;
    ldns_rr *rr = NULL;
    if (!open_file(path, &file, &status_of_file, err)) {
        return NULL;
    }
    ldns_status status = LDNS_STATUS_SYNTAX_EMPTY;
    while (rr == NULL && !feof(file)) {
        status = ldns_rr_new_frm_fp(&rr, file, NULL, NULL, NULL);
        if (status != LDNS_STATUS_OK && status != LDNS_STATUS_SYNTAX_EMPTY) {
            break;
        }
    }
    if (rr == NULL || ldns_rr_get_type(rr) != LDNS_RR_TYPE_DNSKEY || ldns_rr_rd_count(rr) != 4) {
        error_set(err, "%s: no DNSKEY record can be read: %s", path,
                  ldns_get_errorstr_by_id(status));
        free_record(&rr);
        return NULL;
    }
    return rr;
}

static void copy_rdata(struct key *key, const ldns_rr *rr)
{
    size_t len = 0;
    for (size_t i = 0; i < ldns_rr_rd_count(rr); i++) {
        len += ldns_rdf_size(ldns_rr_rdf(rr, i));
    }
    key->dnskey = alloc_zeroed(1, len);
    key->dnskey_len = (uint16_t)len;
    len = 0;
    for (size_t i = 0; i < ldns_rr_rd_count(rr); i++) {
        const ldns_rdf *field = ldns_rr_rdf(rr, i);
        memcpy(key->dnskey + len, ldns_rdf_data(field), ldns_rdf_size(field));
        len += ldns_rdf_size(field);
    }
}

/* An RSA key's file has the public key in it beside the private one, so that the two may be of
 * different keys; the others' is derived. */
static bool is_whole(const struct key *key, const ldns_rr *rr)
{
    static const char text[] = "signed to see whether it is valid";
    if (key->algorithm != LDNS_RSASHA256) {
        return true;
    }
    const ldns_rdf *public = ldns_rr_rdf(rr, 3);
    ldns_buffer *buffer = ldns_buffer_new(sizeof(text));
    ldns_buffer_write(buffer, text, sizeof(text));
    ldns_rdf *signature = ldns_sign_public_buffer(buffer, key->ldns);
    bool is_valid = signature != NULL && ldns_verify_rrsig_buffers_raw(
                                             ldns_rdf_data(signature), ldns_rdf_size(signature),
                                             buffer, ldns_rdf_data(public), ldns_rdf_size(public),
                                             key->algorithm) == LDNS_STATUS_OK;
    ldns_rdf_deep_free(signature);
    ldns_buffer_free(buffer);
    return is_valid;
}

/* The public key is derived from the private one, and has to be that of the .key file. */
static bool join(struct key *key, const ldns_rr *rr, const char *path, const struct name *origin,
                 struct error *err)
{
    const ldns_rdf *owner = ldns_rr_owner(rr);
    struct name_key name;
    if (name_key_parse(&name, ldns_rdf_data(owner), ldns_rdf_size(owner)) != origin->len ||
        memcmp(name.lower, origin->octets, origin->len) != 0) {
        return error_set(err, "%s: is a key of another zone", path);
    }
    key->tag = ldns_calc_keytag(rr);
    key->algorithm = ldns_rdf2native_int8(ldns_rr_rdf(rr, 2));
    uint16_t flags = ldns_rdf2native_int16(ldns_rr_rdf(rr, 0));
    key->is_ksk = (flags & FLAG_SEP) != 0;
    if (!is_known_algorithm(key->algorithm)) {
        return error_set(err,
                         "%s: algorithm %u, expected 8 (RSASHA256), 13 (ECDSAP256SHA256) or 15 "
                         "(ED25519)",
                         path, key->algorithm);
    }
    uint8_t protocol = ldns_rdf2native_int8(ldns_rr_rdf(rr, 1));
    if ((flags & ~FLAG_SEP) != LDNS_KEY_ZONE_KEY || protocol != PROTOCOL_DNSSEC) {
        return error_set(err, "%s: flags %u and protocol %u, expected 256 or 257, and 3", path,
                         flags, protocol);
    }
    ldns_key_set_flags(key->ldns, flags);
    ldns_key_set_pubkey_owner(key->ldns, ldns_rdf_clone(owner));
    ldns_key_set_keytag(key->ldns, key->tag);
    CLEANUP(free_record) ldns_rr *derived = ldns_key2rr(key->ldns);
    if (derived == NULL || ldns_rr_rd_count(derived) != 4 ||
        ldns_rdf_compare(ldns_rr_rdf(derived, 2), ldns_rr_rdf(rr, 2)) != 0 ||
        ldns_rdf_compare(ldns_rr_rdf(derived, 3), ldns_rr_rdf(rr, 3)) != 0) {
        return error_set(err, "%s: is not the public key of %s", path, key->path);
    }
    if (!is_whole(key, rr)) {
        return error_set(err, "%s: its signatures are not valid: it is damaged", key->path);
    }
    copy_rdata(key, rr);
    return true;
}

static bool read_key(struct key *key, const struct name *origin, struct error *err)
{
    for (size_t i = 0; i < ARRAY_LEN(times); i++) {
        *time_of(&key->times, i) = KEY_TIME_NEVER;
    }
    key->times.publish_s = key->times.activate_s = KEY_TIME_ALWAYS;
    size_t stem_len = strlen(key->path) - strlen(PRIVATE_SUFFIX);
    CLEANUP(alloc_freep) char *path = alloc_printf("%.*s.key", (int)stem_len, key->path);
    if (!read_private(key, err)) {
        return false;
    }
    CLEANUP(free_record) ldns_rr *rr = read_public(path, err);
    return rr != NULL && join(key, rr, path, origin, err);
}

/* "Kexample.test.+013+12345.private" of the zone example.test. */
static bool is_key_of(const char *file, const char *prefix)
{
    size_t len = strlen(file);
    size_t prefix_len = strlen(prefix);
    return strncasecmp(file, prefix, prefix_len) == 0 &&
           len > prefix_len + strlen(PRIVATE_SUFFIX) &&
           strcmp(file + len - strlen(PRIVATE_SUFFIX), PRIVATE_SUFFIX) == 0;
}

static int compare_keys(const void *left, const void *right)
{
    return strcmp(((const struct key *)left)->path, ((const struct key *)right)->path);
}

static bool list_keys(struct key_set *keys, const char *folder, const char *prefix,
                      struct error *err)
{
    DIR *directory = opendir(folder);
    if (directory == NULL) {
        return error_set(err, "%s: cannot be opened: %s", folder, strerror(errno));
    }
    for (struct dirent *i = readdir(directory); i != NULL; i = readdir(directory)) {
        if (is_key_of(i->d_name, prefix)) {
            keys->keys = alloc_resize(keys->keys, keys->count + 1, sizeof(*keys->keys));
            keys->keys[keys->count++] =
                (struct key){.path = alloc_printf("%s/%s", folder, i->d_name)};
        }
    }
    closedir(directory);
    if (keys->count > 1) {
        qsort(keys->keys, keys->count, sizeof(*keys->keys), compare_keys);
    }
    return true;
}

bool key_set_load(struct key_set *keys, const char *folder, const struct name *origin,
                  struct error *err)
{
    char name[NAME_TEXT_SIZE];
    name_print(origin->octets, name);
    *keys = (struct key_set){0};
    CLEANUP(alloc_freep)
    char *prefix = alloc_printf("K%s%s+", name, strcmp(name, ".") == 0 ? "" : ".");
    if (!list_keys(keys, folder, prefix, err)) {
        return false;
    }
    for (size_t i = 0; i < keys->count; i++) {
        if (!read_key(&keys->keys[i], origin, err)) {
            return false;
        }
    }
    return true;
}

void key_set_free(struct key_set *keys)
{
    for (size_t i = 0; i < keys->count; i++) {
        if (keys->keys[i].ldns != NULL) {
            ldns_key_deep_free(keys->keys[i].ldns);
        }
        free(keys->keys[i].path);
        free(keys->keys[i].dnskey);
    }
    free(keys->keys);
    *keys = (struct key_set){0};
}

bool key_is_published(const struct key *key, int64_t now_s)
{
    return key->times.publish_s <= now_s && now_s < key->times.delete_s;
}

bool key_is_active(const struct key *key, int64_t now_s)
{
    return key_is_published(key, now_s) && key->times.activate_s <= now_s &&
           now_s < key->times.inactive_s;
}
