/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

#include "control/admin_rights.h"

#define OWN 990

static const struct admin_peer root = {.uid = 0, .group_count = 1, .groups = {0}};
static const struct admin_peer own = {.uid = OWN, .group_count = 1, .groups = {OWN}};
static const struct admin_peer alice = {.uid = 1001, .group_count = 2, .groups = {1001, 50}};
static const struct admin_peer bob = {.uid = 1002, .group_count = 1, .groups = {1002}};

/* Lists of at most two, NULL where shorter. */
static struct admin_rights *rights_of(const char *read[2], const char *change[2])
{
    struct config_rights config = {.read = read, .change = change};
    for (size_t i = 0; i < 2; i++) {
        config.read_count += read[i] != NULL;
        config.change_count += change[i] != NULL;
    }
    return admin_rights_new(&config, NULL);
}

static void with_empty_lists_everyone_reads_and_only_owner_and_root_change(void **state)
{
    (void)state;
    struct admin_rights *rights =
        rights_of((const char *[2]){NULL, NULL}, (const char *[2]){NULL, NULL});
    assert_true(admin_rights_allow(rights, &alice, OWN, false));
    assert_false(admin_rights_allow(rights, &alice, OWN, true));
    assert_true(admin_rights_allow(rights, &root, OWN, true));
    assert_true(admin_rights_allow(rights, &own, OWN, true));
    assert_false(admin_rights_allow(rights, &own, OWN + 1, true));
    admin_rights_free(rights);
}

static void a_reader_reads_and_does_not_change(void **state)
{
    (void)state;
    struct admin_rights *rights =
        rights_of((const char *[2]){"1001", NULL}, (const char *[2]){NULL, NULL});
    assert_true(admin_rights_allow(rights, &alice, OWN, false));
    assert_false(admin_rights_allow(rights, &alice, OWN, true));
    assert_false(admin_rights_allow(rights, &bob, OWN, false));
    assert_true(admin_rights_allow(rights, &root, OWN, false));
    assert_true(admin_rights_allow(rights, &own, OWN, false));
    admin_rights_free(rights);
}

static void who_may_change_may_read(void **state)
{
    (void)state;
    struct admin_rights *rights =
        rights_of((const char *[2]){"1002", NULL}, (const char *[2]){"1001", NULL});
    assert_true(admin_rights_allow(rights, &alice, OWN, true));
    assert_true(admin_rights_allow(rights, &alice, OWN, false));
    assert_true(admin_rights_allow(rights, &bob, OWN, false));
    assert_false(admin_rights_allow(rights, &bob, OWN, true));
    admin_rights_free(rights);
}

static void a_group_counts_when_the_peer_has_it(void **state)
{
    (void)state;
    struct admin_rights *rights =
        rights_of((const char *[2]){NULL, NULL}, (const char *[2]){"@50", "@7"});
    assert_true(admin_rights_allow(rights, &alice, OWN, true));
    assert_false(admin_rights_allow(rights, &bob, OWN, true));
    admin_rights_free(rights);
}

static void a_users_number_is_not_a_groups(void **state)
{
    (void)state;
    struct admin_rights *rights =
        rights_of((const char *[2]){NULL, NULL}, (const char *[2]){"50", "@1002"});
    assert_false(admin_rights_allow(rights, &alice, OWN, true));
    assert_true(admin_rights_allow(rights, &bob, OWN, true));
    admin_rights_free(rights);
}

static void names_are_looked_up(void **state)
{
    (void)state;
    struct admin_rights *rights =
        rights_of((const char *[2]){NULL, NULL}, (const char *[2]){"root", "@root"});
    const struct admin_peer in_group = {.uid = 1003, .group_count = 1, .groups = {0}};
    assert_true(admin_rights_allow(rights, &in_group, OWN, true));
    assert_false(admin_rights_allow(rights, &bob, OWN, true));
    admin_rights_free(rights);
}

static void names_that_nobody_has_are_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "no-such-user-here", "@no-such-group-here", "", "@", "-1", "4294967295", "12x", " 1",
    };
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        struct error err;
        struct config_rights config = {.change = (const char *[]){wrong[i]}, .change_count = 1};
        assert_null(admin_rights_new(&config, &err));
        assert_non_null(strstr(err.text, "control.rights.change"));
    }
}

static void the_kernel_tells_who_the_peer_is(void **state)
{
    (void)state;
    int ends[2];
    struct admin_peer peer;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    assert_true(admin_peer_of(ends[0], &peer));
    assert_int_equal(peer.uid, geteuid());
    assert_true(peer.group_count >= 1);
    assert_int_equal(peer.groups[0], getegid());
    close(ends[0]);
    close(ends[1]);
    assert_int_equal(pipe(ends), 0);
    assert_false(admin_peer_of(ends[0], &peer));
    close(ends[0]);
    close(ends[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(with_empty_lists_everyone_reads_and_only_owner_and_root_change),
        cmocka_unit_test(a_reader_reads_and_does_not_change),
        cmocka_unit_test(who_may_change_may_read),
        cmocka_unit_test(a_group_counts_when_the_peer_has_it),
        cmocka_unit_test(a_users_number_is_not_a_groups),
        cmocka_unit_test(names_are_looked_up),
        cmocka_unit_test(names_that_nobody_has_are_refused),
        cmocka_unit_test(the_kernel_tells_who_the_peer_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
