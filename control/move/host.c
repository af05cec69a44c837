/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/move/host.h"

#include <string.h>

#include "common/address.h"

#define HOST_MAX    253
#define HOST_OCTETS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_."

bool move_is_host(const char *text)
{
    struct address address;
    struct error why;
    size_t len = strlen(text);
    return !address_parse(&address, text, 1, &why) && len <= HOST_MAX &&
           strspn(text, HOST_OCTETS) == len && strspn(text, ".") != len;
}
