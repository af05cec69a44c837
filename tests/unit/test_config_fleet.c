/* SPDX-License-Identifier: BSD-2-Clause */
/* Where state is kept, in the configuration: what is read, and each refusal with its line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "tests/unit/config_text.h"

#define TOP                                                                                        \
    "server: { listen: [127.0.0.1@5300] }\n"                                                       \
    "zones: [{ name: example.org, file: z }]\n"                                                    \
    "control:\n"                                                                                   \
    "  socket: s\n"                                                                                \
    "  state: t\n"
#define FLEET(keys)            TOP "  store: dynamodb\n  dynamodb: { " keys " }\n"
#define refuse(text, expected) config_text_refused(text, "dir/x.yaml" expected, __FILE__, __LINE__)

static void every_key_is_read(void **state)
{
    (void)state;
    CLEANUP(config_freep)
    struct config *config = config_text_good(
        FLEET("table: ns-state, fleet: eu, node: ns-1.x_y, lease: 30s, interval: 2s"));
    const struct config_fleet *fleet = &config->control.fleet;
    assert_string_equal(fleet->table, "ns-state");
    assert_string_equal(fleet->name, "eu");
    assert_string_equal(fleet->node, "ns-1.x_y");
    assert_int_equal(fleet->lease_ms, 30000);
    assert_int_equal(fleet->interval_ms, 2000);
    assert_int_equal(fleet->line, 7);
}

static void what_is_not_said_has_its_default(void **state)
{
    (void)state;
    CLEANUP(config_freep) struct config *config = config_text_good(FLEET("table: abc"));
    const struct config_fleet *fleet = &config->control.fleet;
    assert_string_equal(fleet->name, "ballast");
    assert_null(fleet->node);
    assert_int_equal(fleet->lease_ms, 15000);
    assert_int_equal(fleet->interval_ms, 1000);
    CLEANUP(config_freep)
    struct config *shortest = config_text_good(FLEET("table: abc, lease: 2s"));
    assert_int_equal(shortest->control.fleet.interval_ms, 666);
    CLEANUP(config_freep) struct config *alone = config_text_good(TOP);
    assert_null(alone->control.fleet.table);
    CLEANUP(config_freep) struct config *said = config_text_good(TOP "  store: sqlite\n");
    assert_null(said->control.fleet.table);
}

static void what_is_wrong_is_refused_with_its_line(void **state)
{
    (void)state;
    refuse(TOP "  store: redis\n",
           ":6: control.store: found \"redis\", expected one of: sqlite, dynamodb");
    refuse(TOP "  store: dynamodb\n",
           ":3: control: the key dynamodb is missing, expected the table of store: dynamodb");
    refuse(TOP "  dynamodb: { table: abc }\n",
           ":6: control.dynamodb: found without store: dynamodb, expected beside it");
    refuse(FLEET("fleet: a"),
           ":7: control.dynamodb: the key table is missing, expected a single value");
    refuse(FLEET("table: ab"),
           ":7: control.dynamodb.table: found a name of 2 octets, expected 3 to 255");
    refuse(FLEET("table: 'arn:aws:dynamodb:x'"),
           ":7: control.dynamodb.table: found \"arn:aws:dynamodb:x\", expected a table's name, not "
           "its ARN");
    refuse(FLEET("table: abc, fleet: a#b"),
           ":7: control.dynamodb.fleet: found \"a#b\", expected 1 to 63 letters, digits, '-', '.' "
           "and '_'");
    refuse(FLEET("table: abc, node: a/b"),
           ":7: control.dynamodb.node: found \"a/b\", expected 1 to 63 letters, digits, '-', '.' "
           "and '_'");
    refuse(FLEET("table: abc, lease: 1s"),
           ":7: control.dynamodb.lease: found 1s, expected 2s to 5m");
    refuse(FLEET("table: abc, interval: 61s"),
           ":7: control.dynamodb.interval: found 61s, expected 200ms to 1m");
    refuse(FLEET("table: abc, lease: 6s, interval: 3s"),
           ":7: control.dynamodb.interval: found 3s, expected at most a third of the lease (6s)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_key_is_read),
        cmocka_unit_test(what_is_not_said_has_its_default),
        cmocka_unit_test(what_is_wrong_is_refused_with_its_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
