/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/both_readers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/alloc.h"
#include "zones/zone_draft_model.h"
#include "zones/zonefile_read.h"

/* What one way made of it. */
struct outcome {
    struct zone_draft *draft;
    struct draft_place end;
    bool is_read;
    struct error err;
};

static size_t take_nothing(struct plain_entry *entry, const char *text, size_t len,
                           const struct name *origin)
{
    (void)entry, (void)text, (void)len, (void)origin;
    return 0;
}

static struct name origin_of_all(void)
{
    struct name origin;
    if (!name_parse(&origin, "example", NULL)) {
        abort();
    }
    return origin;
}

/* The path of a file with this text; the same for each. */
static const char *write_file(const char *text, size_t len)
{
    static char path[32];
    static int fd = -1;
    if (fd < 0) {
        fd = memfd_create("zone", MFD_CLOEXEC);
        snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    }
    if (fd < 0 || ftruncate(fd, 0) != 0 || pwrite(fd, text, len, 0) != (ssize_t)len) {
        abort();
    }
    return path;
}

static void read_by(struct outcome *outcome, const char *path, zonefile_reader *reader)
{
    struct name origin = origin_of_all();
    outcome->draft = zone_draft_new(&origin);
    outcome->err.text[0] = '\0';
    outcome->is_read =
        zonefile_read(outcome->draft, path, &origin, reader, &outcome->end, &outcome->err);
}

/* The nodes in the order in which they came. Empty: they are the same. */
static char *compare_nodes(const struct draft_node *a, const struct draft_node *b)
{
    if (a->name_len != b->name_len || memcmp(a->name, b->name, a->name_len) != 0) {
        return alloc_string("an owner");
    }
    const struct draft_rrset *b_set = b->rrsets;
    for (const struct draft_rrset *set = a->rrsets; set != NULL; set = set->next) {
        if (b_set == NULL || set->type != b_set->type) {
            return alloc_string("a type");
        }
        if (set->line != b_set->line) {
            return alloc_printf("a line: %u and %u", set->line, b_set->line);
        }
        const struct draft_record *other = b_set->first;
        for (const struct draft_record *one = set->first; one != NULL; one = one->next) {
            if (other == NULL || one->rdata_len != other->rdata_len ||
                memcmp(one->rdata, other->rdata, one->rdata_len) != 0) {
                return alloc_printf("RDATA of type %u", set->type);
            }
            if (one->ttl_s != other->ttl_s) {
                return alloc_printf("a TTL: %u and %u", one->ttl_s, other->ttl_s);
            }
            other = other->next;
        }
        b_set = other == NULL ? b_set->next : NULL;
    }
    return b_set == NULL ? NULL : alloc_string("a record that one way has");
}

static char *compare(const struct outcome *a, const struct outcome *b)
{
    if (a->is_read != b->is_read || strcmp(a->err.text, b->err.text) != 0) {
        return alloc_printf("\"%s\", by ldns \"%s\"", a->err.text, b->err.text);
    }
    if ((a->is_read && a->end.line != b->end.line) ||
        a->draft->node_count != b->draft->node_count ||
        a->draft->record_count != b->draft->record_count) {
        return alloc_printf("%zu records to line %u, by ldns %zu to line %u",
                            a->draft->record_count, a->end.line, b->draft->record_count,
                            b->end.line);
    }
    char *difference = NULL;
    for (size_t i = 0; i < a->draft->node_count && difference == NULL; i++) {
        difference = compare_nodes(a->draft->nodes[i], b->draft->nodes[i]);
    }
    return difference;
}

char *both_readers_compare(const char *text, size_t len)
{
    const char *path = write_file(text, len);
    struct outcome plain, by_ldns;
    read_by(&plain, path, plain_entry_read);
    read_by(&by_ldns, path, take_nothing);
    char *difference = compare(&plain, &by_ldns);
    zone_draft_free(plain.draft);
    zone_draft_free(by_ldns.draft);
    return difference;
}

size_t both_readers_taken(const char *text, size_t len)
{
    static struct plain_entry entry;
    struct name origin = origin_of_all();
    size_t taken = 0;
    size_t more;
    do {
        more = plain_entry_read(&entry, text + taken, len - taken, &origin);
        taken += more;
    } while (more > 0);
    return taken;
}
