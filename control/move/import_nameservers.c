/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "control/move/import_private.h"

static bool has_addresses(const struct import_work *work, const struct name *name)
{
    for (size_t i = 0; i < 2; i++) {
        const struct import_group *group = import_find(work, name, i == 0 ? TYPE_A : TYPE_AAAA);
        if (group != NULL && (group->fate == FATE_STATIC || group->fate == FATE_WEIGHTED)) {
            return true;
        }
    }
    return false;
}

static bool check_nameserver(struct import_work *work, const struct import_nameserver *nameserver,
                             struct error *err)
{
    struct name name;
    if (!name_parse(&name, nameserver->name, err)) {
        return error_add_context(err, "nameserver");
    }
    bool is_inside = name_is_within(&name, &work->zone);
    if (import_find(work, &name, TYPE_CNAME) != NULL) {
        return error_set(err, "nameserver %s is a CNAME in the zone, which no nameserver may be",
                         nameserver->name);
    }
    if (nameserver->address_count > 0 && !is_inside) {
        return error_set(err,
                         "nameserver %s lies outside of the zone, which can say no address "
                         "of it",
                         nameserver->name);
    }
    if (is_inside && nameserver->address_count == 0 && !has_addresses(work, &name)) {
        return error_set(err,
                         "nameserver %s lies in the zone, which has no address for it, "
                         "expected NAME=ADDRESS",
                         nameserver->name);
    }
    for (size_t i = 0; i < nameserver->address_count; i++) {
        const char *address = nameserver->addresses[i];
        CLEANUP(alloc_freep) char *printed = NULL;
        uint16_t type = strchr(address, ':') == NULL ? TYPE_A : TYPE_AAAA;
        if (!import_value(work, type, address, &printed, err)) {
            return error_set(err, "nameserver %s: \"%.100s\" is no address", nameserver->name,
                             address);
        }
        struct import_group *old = import_find(work, &name, type);
        if (old != NULL && old->fate != FATE_REPLACED) {
            import_remark(work, old, NULL, false, "its addresses are those of the nameserver now");
            old->fate = FATE_REPLACED;
        }
    }
    return true;
}

bool import_check_nameservers(struct import_work *work, struct error *err)
{
    for (size_t i = 0; i < work->wanted->nameserver_count; i++) {
        if (!check_nameserver(work, &work->wanted->nameservers[i], err)) {
            return false;
        }
    }
    return true;
}
