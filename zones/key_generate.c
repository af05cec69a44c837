/* SPDX-License-Identifier: BSD-2-Clause */
/* New keys, and what the parent zone has to be told of them. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <ldns/ldns.h>

#include "common/alloc.h"
#include "zones/key_lines.h"

#define TRIES_MAX 10 /* tags have 16 bits: two keys may have the same */
#define FLAGS_ZSK 256
#define FLAGS_KSK 257

static const struct {
    const char *name;
    ldns_signing_algorithm number;
    uint16_t bits;
} algorithms[] = {
    {"ECDSAP256SHA256", LDNS_SIGN_ECDSAP256SHA256, 256},
    {"ED25519", LDNS_SIGN_ED25519, 256},
    {"RSASHA256", LDNS_SIGN_RSASHA256, 2048},
};

static void free_key(ldns_key **key)
{
    if (*key != NULL) {
        ldns_key_deep_free(*key);
    }
}

static void free_record(ldns_rr **rr)
{
    if (*rr != NULL) {
        ldns_rr_free(*rr);
    }
}

bool key_algorithm_parse(const char *name, uint8_t *algorithm, struct error *err)
{
    for (size_t i = 0; i < ARRAY_LEN(algorithms); i++) {
        if (strcasecmp(name, algorithms[i].name) == 0) {
            *algorithm = (uint8_t)algorithms[i].number;
            return true;
        }
    }
    return error_set(err, "%s: expected ECDSAP256SHA256, ED25519 or RSASHA256", name);
}

const char *key_algorithm_name(uint8_t algorithm)
{
    for (size_t i = 0; i < ARRAY_LEN(algorithms); i++) {
        if (algorithms[i].number == (ldns_signing_algorithm)algorithm) {
            return algorithms[i].name;
        }
    }
    return "unknown";
}

static uint16_t bits_of(uint8_t algorithm)
{
    for (size_t i = 0; i < ARRAY_LEN(algorithms); i++) {
        if (algorithms[i].number == (ldns_signing_algorithm)algorithm) {
            return algorithms[i].bits;
        }
    }
    return 0;
}

/* The folder keeps what is there: a file of that name is an error. */
static bool write_file(const char *path, mode_t mode, const char *text, struct error *err)
{
    size_t len = strlen(text);
    int fd = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, mode);
    if (fd < 0) {
        return error_set(err, "%s: cannot be made: %s", path, strerror(errno));
    }
    bool is_good = write(fd, text, len) == (ssize_t)len && fsync(fd) == 0;
    if (close(fd) != 0 || !is_good) {
        error_set(err, "%s: cannot be written: %s", path, strerror(errno));
        unlink(path);
        return false;
    }
    return true;
}

static char *private_text(const ldns_key *key, const struct key_times *times)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (out == NULL) {
        return NULL;
    }
    ldns_key_print(out, key);
    key_lines_print_times(out, "", times);
    fclose(out);
    if (strncmp(text, KEY_FORMAT_WITHOUT_TIMES, strlen(KEY_FORMAT_WITHOUT_TIMES)) == 0) {
        memcpy(text, KEY_FORMAT, strlen(KEY_FORMAT));
    }
    return text;
}

static char *public_text(const struct key_request *request, const ldns_key *key, const char *record)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (out == NULL) {
        return NULL;
    }
    fprintf(out, "; This is a %s-signing key, keyid %u\n", request->is_ksk ? "key" : "zone",
            ldns_key_keytag(key));
    key_lines_print_times(out, "; ", &request->times);
    fputs(record, out);
    fclose(out);
    return text;
}

/* The public file first: a .private file without one would be refused. */
static bool write_files(const struct key_request *request, const ldns_key *key, const char *stem,
                        struct error *err)
{
    CLEANUP(free_record) ldns_rr *rr = ldns_key2rr(key);
    CLEANUP(alloc_freep) char *record = rr != NULL ? ldns_rr2str(rr) : NULL;
    CLEANUP(alloc_freep) char *private = private_text(key, &request->times);
    CLEANUP(alloc_freep)
    char *public = record != NULL ? public_text(request, key, record) : NULL;
    if (public == NULL || private == NULL) {
        return error_set(err, "%s: the key cannot be written as text", stem);
    }
    CLEANUP(alloc_freep) char *public_path = alloc_printf("%s.key", stem);
    CLEANUP(alloc_freep) char *private_path = alloc_printf("%s.private", stem);
    if (!write_file(public_path, 0644, public, err)) {
        return false;
    }
    if (!write_file(private_path, 0600, private, err)) {
        unlink(public_path);
        return false;
    }
    return true;
}

static ldns_key *make_key(const struct key_request *request)
{
    const struct name *origin = request->origin;
    ldns_key *key = ldns_key_new_frm_algorithm((ldns_signing_algorithm)request->algorithm,
                                               bits_of(request->algorithm));
    if (key == NULL) {
        return NULL;
    }
    ldns_key_set_pubkey_owner(
        key, ldns_rdf_new_frm_data(LDNS_RDF_TYPE_DNAME, origin->len, origin->octets));
    ldns_key_set_flags(key, request->is_ksk ? FLAGS_KSK : FLAGS_ZSK);
    CLEANUP(free_record) ldns_rr *rr = ldns_key2rr(key);
    ldns_key_set_keytag(key, rr != NULL ? ldns_calc_keytag(rr) : 0);
    return key;
}

/* Validators tell keys apart by tag and algorithm. */
static bool is_taken(const struct key_set *keys, const ldns_key *key)
{
    for (size_t i = 0; i < keys->count; i++) {
        if (keys->keys[i].tag == ldns_key_keytag(key)) {
            return true;
        }
    }
    return false;
}

static bool generate(const struct key_request *request, const struct key_set *keys, char **path,
                     struct error *err)
{
    char name[NAME_TEXT_SIZE];
    name_print(request->origin->octets, name);
    for (int i = 0; i < TRIES_MAX; i++) {
        CLEANUP(free_key) ldns_key *key = make_key(request);
        if (key == NULL) {
            return error_set(err, "no key of algorithm %s can be made",
                             key_algorithm_name(request->algorithm));
        }
        if (is_taken(keys, key)) {
            continue;
        }
        CLEANUP(alloc_freep)
        char *stem = alloc_printf("%s/K%s%s+%03u+%05u", request->folder, name,
                                  request->origin->label_count == 0 ? "" : ".", request->algorithm,
                                  ldns_key_keytag(key));
        if (!write_files(request, key, stem, err)) {
            return false;
        }
        *path = alloc_printf("%s.private", stem);
        return true;
    }
    return error_set(err, "%s: no key with a free tag was found", request->folder);
}

bool key_generate(const struct key_request *request, char **path, struct error *err)
{
    struct key_set keys = {0};
    if (mkdir(request->folder, 0700) != 0 && errno != EEXIST) {
        return error_set(err, "%s: cannot be made: %s", request->folder, strerror(errno));
    }
    bool is_good = key_set_load(&keys, request->folder, request->origin, err) &&
                   generate(request, &keys, path, err);
    key_set_free(&keys);
    return is_good;
}

static ldns_rr *make_ds(const struct key *key)
{
    CLEANUP(free_record) ldns_rr *dnskey = ldns_key2rr(key->ldns);
    return dnskey != NULL ? ldns_key_rr2ds(dnskey, LDNS_SHA256) : NULL;
}

bool key_make_ds(const struct key *key, uint8_t out[KEY_DS_OCTETS])
{
    CLEANUP(free_record) ldns_rr *ds = make_ds(key);
    size_t len = 0;
    for (size_t i = 0; ds != NULL && i < ldns_rr_rd_count(ds); i++) {
        const ldns_rdf *field = ldns_rr_rdf(ds, i);
        size_t size = ldns_rdf_size(field);
        if (size > KEY_DS_OCTETS - len) {
            return false;
        }
        memcpy(out + len, ldns_rdf_data(field), size);
        len += size;
    }
    return len == KEY_DS_OCTETS;
}

char *key_print_ds(const struct key *key)
{
    CLEANUP(free_record) ldns_rr *ds = make_ds(key);
    char *text = alloc_string("");
    for (size_t i = 0; ds != NULL && i < ldns_rr_rd_count(ds); i++) {
        CLEANUP(alloc_freep) char *field = ldns_rdf2str(ldns_rr_rdf(ds, i));
        char *longer = alloc_printf("%s%s%s", text, i > 0 ? " " : "", field);
        free(text);
        text = longer;
    }
    return text;
}
