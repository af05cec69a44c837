/* SPDX-License-Identifier: BSD-2-Clause */
/* What is called by a name: found by it, among many too, and there once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <cmocka.h>

#include "common/alloc.h"
#include "tests/unit/config_text.h"

#define LEAST                                                                                      \
    "server: { listen: [127.0.0.1@5300] }\n"                                                       \
    "control: { socket: s, state: t }\n"                                                           \
    "zones: [{ name: example.org, file: z }]\n"
#define MEMBERS                                                                                    \
    "members: [{ id: blue, weight: 1, values: [a] }, { id: green, weight: 0, values: [b] }]"

/* The linker puts these in the place of the library's: what compares names comes by here. */
int __real_strcasecmp(const char *one, const char *other);
int __wrap_strcasecmp(const char *one, const char *other);
int __real_strcmp(const char *one, const char *other);
int __wrap_strcmp(const char *one, const char *other);

static size_t comparisons;

int __wrap_strcasecmp(const char *one, const char *other)
{
    comparisons++;
    return __real_strcasecmp(one, other);
}

int __wrap_strcmp(const char *one, const char *other)
{
    comparisons++;
    return __real_strcmp(one, other);
}

static void record_sets_are_found_by_name_and_type(void **state)
{
    (void)state;
    CLEANUP(config_freep)
    struct config *config =
        config_text_good(LEAST "record_sets:\n"
                               "  - { name: a.example.org, type: A, " MEMBERS " }\n"
                               "  - { name: a.example.org, type: AAAA, " MEMBERS " }\n");
    assert_int_equal(config_find_record_set(config, "a.example.org", "A"), 0);
    assert_int_equal(config_find_record_set(config, "A.Example.ORG.", "aaaa"), 1);
    assert_int_equal(config_find_record_set(config, "a.example.org", "MX"), SIZE_MAX);
    assert_int_equal(config_find_record_set(config, "b.example.org", "A"), SIZE_MAX);
    assert_int_equal(config_find_record_set(config, "a.example.or", "A"), SIZE_MAX);
}

static void rollouts_and_health_checks_are_found_by_name(void **state)
{
    (void)state;
    CLEANUP(config_freep)
    struct config *config = config_text_good(
        LEAST "health_checks: [{ name: cats, type: http }, { name: dogs, type: http }]\n"
              "record_sets: [{ name: a.example.org, type: A, " MEMBERS " }]\n"
              "rollouts: [{ name: r, record_set: a.example.org/A, cluster: c }]\n");
    assert_int_equal(config_find_rollout(config, "r"), 0);
    assert_int_equal(config_find_rollout(config, "R"), SIZE_MAX);
    assert_ptr_equal(config_find_health_check(config, "dogs"), &config->health_checks[1]);
    assert_null(config_find_health_check(config, "birds"));
}

static void a_configuration_without_any_has_nothing_to_find(void **state)
{
    (void)state;
    CLEANUP(config_freep) struct config *config = config_text_good(LEAST);
    assert_int_equal(config_find_record_set(config, "a.example.org", "A"), SIZE_MAX);
    assert_int_equal(config_find_rollout(config, "r"), SIZE_MAX);
    assert_null(config_find_health_check(config, "cats"));
}

/* So many zones, health checks, record sets that each have one of these, and rollouts. */
static char *print_many(unsigned count)
{
    char *text = NULL;
    size_t len = 0;
    FILE *stream = open_memstream(&text, &len);
    assert_non_null(stream);
    fputs("server: { listen: [127.0.0.1@5300] }\ncontrol: { socket: s, state: t }\n"
          "zones:\n  - { name: example.org, file: z }\n",
          stream);
    for (unsigned i = 0; i < count; i++) {
        fprintf(stream, "  - { name: z%u.example.net, file: z }\n", i);
    }
    fputs("health_checks:\n", stream);
    for (unsigned i = 0; i < count; i++) {
        fprintf(stream, "  - { name: c%u, type: http }\n", i);
    }
    fputs("record_sets:\n", stream);
    for (unsigned i = 0; i < count; i++) {
        fprintf(stream,
                "  - name: w%u.example.org\n    type: A\n    members:\n"
                "      - { id: blue, weight: 1, values: [a], health_check: c%u }\n"
                "      - { id: green, weight: 0, values: [b] }\n",
                i, count - 1 - i);
    }
    fputs("rollouts:\n", stream);
    for (unsigned i = 0; i < count; i++) {
        fprintf(stream, "  - { name: r%u, record_set: w%u.example.org/A, cluster: c }\n", i,
                count - 1 - i);
    }
    assert_int_equal(fclose(stream), 0);
    return text;
}

static struct config *read_many(unsigned count, size_t *took)
{
    CLEANUP(alloc_freep) char *text = print_many(count);
    comparisons = 0;
    struct config *config = config_text_good(text);
    *took = comparisons;
    return config;
}

static void four_times_as_many_names_are_hardly_more_than_four_times_the_work(void **state)
{
    (void)state;
    size_t took = 0, took_more = 0;
    CLEANUP(config_freep) struct config *some = read_many(1000, &took);
    CLEANUP(config_freep) struct config *more = read_many(4000, &took_more);
    assert_int_equal(more->record_set_count, 4 * some->record_set_count);
    assert_in_range(took_more, took, took * 5);
}

static void one_name_among_many_is_found_in_a_few_comparisons(void **state)
{
    (void)state;
    enum { count = 4000, a_few = 26 }; /* twice the logarithm */
    size_t took = 0;
    CLEANUP(config_freep) struct config *config = read_many(count, &took);
    for (unsigned i = 0; i < count; i++) {
        char name[64];
        comparisons = 0;
        assert_int_equal(config_find_record_set(config, config->record_sets[i].name, "A"), i);
        assert_in_range(comparisons, 1, a_few);
        comparisons = 0;
        snprintf(name, sizeof(name), "r%u", i);
        assert_int_equal(config_find_rollout(config, name), i);
        assert_in_range(comparisons, 1, a_few);
        assert_ptr_equal(config->record_sets[count - 1 - i].rollout, &config->rollouts[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(record_sets_are_found_by_name_and_type),
        cmocka_unit_test(rollouts_and_health_checks_are_found_by_name),
        cmocka_unit_test(a_configuration_without_any_has_nothing_to_find),
        cmocka_unit_test(four_times_as_many_names_are_hardly_more_than_four_times_the_work),
        cmocka_unit_test(one_name_among_many_is_found_in_a_few_comparisons),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
