/* SPDX-License-Identifier: BSD-2-Clause */
/* Keys of example.test as the texts of their files. */
#pragma once

struct test_key {
    const char *stem; /* name of the files, without .key and .private */
    const char *public_text;
    const char *private_text;
};

extern const struct test_key key_ecdsa_ksk, key_ecdsa_zsk, key_ed25519, key_rsa_ksk, key_rsa_zsk;
