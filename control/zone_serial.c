/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/zone_serial.h"

enum zone_age zone_age(uint32_t old_serial, uint64_t old_content, uint32_t new_serial,
                       uint64_t new_content)
{
    if (new_serial == old_serial) {
        return new_content == old_content ? ZONE_SAME : ZONE_CHANGED;
    }
    return (uint32_t)(new_serial - old_serial) < UINT32_C(0x80000000) ? ZONE_NEWER : ZONE_OLDER;
}

bool zone_may_follow(const struct zone *old, const struct zone *new, bool is_forced,
                     struct error *warning, struct error *err)
{
    char name[NAME_TEXT_SIZE];
    name_print(new->origin.octets, name);
    warning->text[0] = '\0';
    switch (zone_age(old->serial, old->content, new->serial, new->content)) {
    case ZONE_SAME:
    case ZONE_NEWER:
        return true;
    case ZONE_CHANGED:
        error_set(warning,
                  "zone %s: the records of %s have changed and the serial %u has not: secondaries "
                  "will not notice",
                  name, new->file, (unsigned)new->serial);
        return true;
    case ZONE_OLDER:
        break;
    }
    if (!is_forced) {
        return error_set(err,
                         "zone %s: the serial of %s goes backwards, from %u to %u (RFC 1982): "
                         "secondaries would not notice; --force serves it all the same",
                         name, new->file, (unsigned)old->serial, (unsigned)new->serial);
    }
    error_set(warning, "zone %s: the serial went backwards, from %u to %u, as was asked for", name,
              (unsigned)old->serial, (unsigned)new->serial);
    return true;
}
