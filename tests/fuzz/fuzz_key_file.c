/* SPDX-License-Identifier: BSD-2-Clause */
/* Any text as the two files of a key, the .private file first, then a line "----", then the .key
 * file: refused with a text that names one of them, or a key whose signatures its DNSKEY validates,
 * and which is the same key when its times have been written into the files. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <ldns/ldns.h>

#include "common/alloc.h"
#include "tests/fuzz/folder.h"
#include "zones/key_file.h"
#include "zones/key_rollover.h"

#define STEM      "Kexample.test.+013+00001"
#define SEPARATOR "----\n"
#define NOW_S     INT64_C(1800000000)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *private_path, *public_path;
static struct name origin;

static void prepare(void)
{
    struct error err;
    if (private_path == NULL) {
        private_path = folder_file(STEM ".private");
        public_path = folder_file(STEM ".key");
        if (!name_parse(&origin, "example.test", &err)) {
            abort();
        }
    }
}

static void write_files(const uint8_t *data, size_t size)
{
    const uint8_t *separator = memmem(data, size, SEPARATOR, strlen(SEPARATOR));
    size_t private_len = separator == NULL ? size : (size_t)(separator - data);
    size_t used = separator == NULL ? size : private_len + strlen(SEPARATOR);
    folder_write(private_path, 0600, data, private_len);
    folder_write(public_path, 0600, data + used, size - used);
}

static void check_signature(struct key *key)
{
    ldns_rr *record = NULL;
    ldns_rr_list *records = ldns_rr_list_new();
    ldns_rr_list *dnskeys = ldns_rr_list_new();
    ldns_key_list *keys = ldns_key_list_new();
    ldns_status status =
        ldns_rr_new_frm_str(&record, "a.example.test. 60 A 192.0.2.1", 0, NULL, NULL);
    assert(status == LDNS_STATUS_OK);
    ldns_rr_list_push_rr(records, record);
    ldns_rr *dnskey = ldns_key2rr(key->ldns);
    const ldns_rdf *public = ldns_rr_rdf(dnskey, 3);
    assert(ldns_rdf_size(public) + 4 == key->dnskey_len);
    assert(memcmp(ldns_rdf_data(public), key->dnskey + 4, ldns_rdf_size(public)) == 0);
    ldns_rr_list_push_rr(dnskeys, dnskey);
    ldns_key_list_push_key(keys, key->ldns);
    ldns_key_set_inception(key->ldns, (uint32_t)NOW_S);
    ldns_key_set_expiration(key->ldns, (uint32_t)NOW_S + 60);
    ldns_rr_list *signatures = ldns_sign_public(records, keys);
    assert(signatures != NULL && ldns_rr_list_rr_count(signatures) == 1);
    status =
        ldns_verify_rrsig_keylist_notime(records, ldns_rr_list_rr(signatures, 0), dnskeys, NULL);
    assert(status == LDNS_STATUS_OK);
    ldns_rr_list_deep_free(signatures);
    ldns_rr_list_deep_free(records);
    ldns_rr_list_deep_free(dnskeys);
    ldns_key_list_set_key_count(keys, 0); /* the key is not the list's */
    ldns_key_list_free(keys);
}

static void check_promises(const struct key_set *keys)
{
    char wait[200];
    assert(keys->count == 1);
    struct key *key = &keys->keys[0];
    assert(key->dnskey_len > 4 && key->dnskey[3] == key->algorithm);
    assert(key->tag == ldns_calc_keytag_raw(key->dnskey, key->dnskey_len));
    assert(key->is_ksk == ((key->dnskey[1] & 1) != 0));
    assert(strcmp(key_algorithm_name(key->algorithm), "") != 0);
    check_signature(key);
    assert(key_state_name(key, NOW_S) != NULL && key_ds_state_name(key, NOW_S) != NULL);
    rollover_print_wait(keys, key, NOW_S, wait, sizeof(wait));
    int64_t next_s = rollover_next_time_s(keys, NOW_S);
    assert(next_s > NOW_S);
}

static void check_same(const struct key *left, const struct key *right)
{
    const struct key_times *a = &left->times, *b = &right->times;
    assert(left->dnskey_len == right->dnskey_len);
    assert(memcmp(left->dnskey, right->dnskey, left->dnskey_len) == 0);
    assert(a->created_s == b->created_s && a->publish_s == b->publish_s);
    assert(a->activate_s == b->activate_s && a->inactive_s == b->inactive_s);
    assert(a->delete_s == b->delete_s && a->ds_publish_s == b->ds_publish_s);
    assert(a->sync_publish_s == b->sync_publish_s && a->sync_delete_s == b->sync_delete_s);
}

static void check_written(struct key_set *keys)
{
    struct error err;
    struct key_set again;
    keys->keys[0].times.sync_delete_s = NOW_S;
    keys->keys[0].is_changed = true;
    if (!key_set_write_times(keys, &err)) {
        abort();
    }
    assert(!keys->keys[0].is_changed);
    bool is_good = key_set_load(&again, folder_path(), &origin, &err);
    assert(is_good && again.count == 1);
    check_same(&keys->keys[0], &again.keys[0]);
    key_set_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error err = {""};
    struct key_set keys;
    prepare();
    write_files(data, size);
    if (key_set_load(&keys, folder_path(), &origin, &err)) {
        check_promises(&keys);
        check_written(&keys);
    } else {
        assert(strncmp(err.text, private_path, strlen(private_path) - strlen("private")) == 0);
    }
    key_set_free(&keys);
    return 0;
}
