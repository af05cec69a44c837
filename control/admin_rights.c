/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/admin_rights.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/alloc.h"

#define LOOKUP_OCTETS 65536

/* One entry of a list: a user or a group by number. */
struct principal {
    bool is_group;
    id_t id;
};

struct principals {
    struct principal *entries;
    size_t count;
};

struct admin_rights {
    struct principals read;
    struct principals change;
};

static bool number_parse(const char *text, id_t *id)
{
    char *end;
    errno = 0;
    unsigned long number = strtoul(text, &end, 10);
    /* The last number means "no change" to chown(2) and is nobody's. */
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 || number >= UINT32_MAX) {
        return false;
    }
    *id = (id_t)number;
    return true;
}

static bool user_find(const char *name, id_t *id)
{
    CLEANUP(alloc_freep) char *memory = alloc_zeroed(LOOKUP_OCTETS, 1);
    struct passwd entry;
    struct passwd *found = NULL;
    if (getpwnam_r(name, &entry, memory, LOOKUP_OCTETS, &found) != 0 || found == NULL) {
        return false;
    }
    *id = found->pw_uid;
    return true;
}

static bool group_find(const char *name, id_t *id)
{
    CLEANUP(alloc_freep) char *memory = alloc_zeroed(LOOKUP_OCTETS, 1);
    struct group entry;
    struct group *found = NULL;
    if (getgrnam_r(name, &entry, memory, LOOKUP_OCTETS, &found) != 0 || found == NULL) {
        return false;
    }
    *id = found->gr_gid;
    return true;
}

static bool principal_parse(const char *text, struct principal *principal)
{
    principal->is_group = text[0] == '@';
    const char *name = principal->is_group ? text + 1 : text;
    if (number_parse(name, &principal->id)) {
        return true;
    }
    return principal->is_group ? group_find(name, &principal->id) : user_find(name, &principal->id);
}

static bool principals_read(struct principals *list, const char *const *texts, size_t count,
                            const char *key, struct error *err)
{
    list->entries = alloc_zeroed(count, sizeof(*list->entries));
    for (size_t i = 0; i < count; i++) {
        if (!principal_parse(texts[i], &list->entries[i])) {
            return error_set(err,
                             "control.rights.%s: this system knows no user or group \"%s\", "
                             "expected a user's name, @group, or a number",
                             key, texts[i]);
        }
        list->count++;
    }
    return true;
}

struct admin_rights *admin_rights_new(const struct config_rights *config, struct error *err)
{
    struct admin_rights *rights = alloc_zeroed(1, sizeof(*rights));
    if (!principals_read(&rights->read, config->read, config->read_count, "read", err) ||
        !principals_read(&rights->change, config->change, config->change_count, "change", err)) {
        admin_rights_free(rights);
        return NULL;
    }
    return rights;
}

void admin_rights_free(struct admin_rights *rights)
{
    if (rights == NULL) {
        return;
    }
    free(rights->read.entries);
    free(rights->change.entries);
    free(rights);
}

static bool has_group(const struct admin_peer *peer, id_t id)
{
    for (size_t i = 0; i < peer->group_count; i++) {
        if (peer->groups[i] == id) {
            return true;
        }
    }
    return false;
}

static bool names_peer(const struct principals *list, const struct admin_peer *peer)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct principal *entry = &list->entries[i];
        if (entry->is_group ? has_group(peer, entry->id) : peer->uid == entry->id) {
            return true;
        }
    }
    return false;
}

bool admin_rights_allow(const struct admin_rights *rights, const struct admin_peer *peer, uid_t own,
                        bool changes)
{
    if (peer->uid == 0 || peer->uid == own || names_peer(&rights->change, peer)) {
        return true;
    }
    return !changes && (rights->read.count == 0 || names_peer(&rights->read, peer));
}

bool admin_peer_of(int fd, struct admin_peer *peer)
{
    struct ucred credentials;
    socklen_t len = sizeof(credentials);
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &len) != 0 ||
        credentials.uid == (uid_t)-1) {
        return false;
    }
    peer->uid = credentials.uid;
    peer->groups[0] = credentials.gid;
    peer->group_count = 1;
    /* The groups that the process has, which are those that opening the socket was decided by; the
     * group database would have to be asked, and may say something else or nothing. More than fit
     * (ERANGE): only the primary group counts. */
    socklen_t octets = sizeof(peer->groups) - sizeof(peer->groups[0]);
    if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, peer->groups + 1, &octets) == 0) {
        peer->group_count += octets / sizeof(peer->groups[0]);
    }
    return true;
}
