/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <arpa/inet.h>
#include <net/if.h>
#include <cmocka.h>

#include "common/address.h"

static void assert_reads_as(const char *text, const char *expected)
{
    struct address address;
    struct error err = {""};
    char printed[ADDRESS_TEXT_SIZE];
    if (!address_parse(&address, text, 53, &err)) {
        fail_msg("%s", err.text);
    }
    address_print(&address, printed);
    assert_string_equal(printed, expected);
}

static void an_address_is_read_and_printed_with_its_port(void **state)
{
    (void)state;
    assert_reads_as("127.0.0.1@5300", "127.0.0.1@5300");
    assert_reads_as("::1@65535", "::1@65535");
    assert_reads_as("2001:db8:0:0::1@1", "2001:db8::1@1");
}

static void without_a_port_the_default_is_taken(void **state)
{
    (void)state;
    assert_reads_as("192.0.2.1", "192.0.2.1@53");
    assert_reads_as("::", "::@53");
}

static void a_parsed_address_is_ready_for_bind(void **state)
{
    (void)state;
    struct address address;
    assert_true(address_parse(&address, "127.0.0.1@5300", 53, NULL));
    assert_int_equal(address.len, sizeof(struct sockaddr_in));
    assert_int_equal(address.v4.sin_family, AF_INET);
    assert_int_equal(ntohs(address.v4.sin_port), 5300);
    assert_int_equal(ntohl(address.v4.sin_addr.s_addr), 0x7f000001);
    assert_true(address_parse(&address, "::1@5300", 53, NULL));
    assert_int_equal(address.len, sizeof(struct sockaddr_in6));
    assert_int_equal(address.v6.sin6_family, AF_INET6);
    assert_int_equal(ntohs(address.v6.sin6_port), 5300);
    assert_int_equal(address.v6.sin6_addr.s6_addr[15], 1);
}

static void what_is_no_address_is_refused_with_an_example(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",          "@53",          "127.0.0.1@",      "127.0.0.1@0",   "127.0.0.1@65536",
        "localhost", "127.0.0.1:53", "127.0.0.1@53x",   "127.0.0.1@-53", "127.0.0.1@+53",
        "127.1@53",  "[::1]@53",     "127.0.0.1 @5300", "1.2.3.256@53",  "127.0.0.1@4294967349"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        struct address address;
        struct error err = {""};
        assert_false(address_parse(&address, wrong[i], 53, &err));
        assert_non_null(strstr(err.text, wrong[i]));
        assert_non_null(strstr(err.text, "expected an address and a port from 1 to 65535"));
    }
    char endless[5000];
    memset(endless, '1', sizeof(endless) - 1);
    endless[sizeof(endless) - 1] = '\0';
    struct address address;
    assert_false(address_parse(&address, endless, 53, NULL));
}

static void a_link_local_address_of_this_host_has_its_interface(void **state)
{
    (void)state;
    struct address address;
    char printed[ADDRESS_TEXT_SIZE];
    assert_true(address_parse_local(&address, "fe80::1%lo@5300", 53, NULL));
    assert_int_equal(address.v6.sin6_scope_id, if_nametoindex("lo"));
    address_print(&address, printed);
    assert_string_equal(printed, "fe80::1%lo@5300");
    assert_true(address_parse_local(&address, "fe80::1%lo", 53, NULL));
    assert_int_equal(ntohs(address.v6.sin6_port), 53);
    assert_true(address_parse_local(&address, "::@5300", 53, NULL));
    assert_true(address_parse_local(&address, "127.0.0.1@5300", 53, NULL));
}

static void refuse_local(const char *text, const char *expected)
{
    struct address address;
    struct error err = {""};
    assert_false(address_parse_local(&address, text, 53, &err));
    if (strstr(err.text, expected) == NULL) {
        fail_msg("%s", err.text);
    }
}

static void other_addresses_have_no_interface(void **state)
{
    (void)state;
    const char *only = "expected an interface behind a link-local address only";
    refuse_local("fe80::1@53", "expected a link-local address with its interface");
    refuse_local("fe80::1%none@53", "found \"fe80::1%none@53\", but there is no interface none");
    refuse_local("fe80::1%@53", "but there is no interface ");
    refuse_local("fe80::1%lo@0", only);
    refuse_local("2001:db8::1%lo@53", only);
    refuse_local("127.0.0.1%lo@53", only);
    refuse_local("fe80::1%a-name-much-too-long@53", only);
    refuse_local("::ffff:127.0.0.1@53", "expected the IPv4 address itself");
    refuse_local("localhost", "expected an address and a port from 1 to 65535");
    /* An address of another host is none of an interface of ours. */
    struct address address;
    assert_false(address_parse(&address, "fe80::1%lo@53", 53, NULL));
}

static void url_forms_have_brackets_around_ipv6_only(void **state)
{
    (void)state;
    struct address address;
    char printed[ADDRESS_TEXT_SIZE];
    assert_true(address_parse_url_form(&address, "127.0.0.1:8053", NULL));
    address_print(&address, printed);
    assert_string_equal(printed, "127.0.0.1@8053");
    assert_true(address_parse_url_form(&address, "[::1]:8053", NULL));
    address_print(&address, printed);
    assert_string_equal(printed, "::1@8053");
    static const char *const wrong[] = {
        "",      ":80",  "127.0.0.1",    "127.0.0.1:", "::1",         "[::1]", "[127.0.0.1]:80",
        "[]:80", "[:80", "127.0.0.1@80", "::1:80",     "127.0.0.1:0", "]:80",  "localhost:8053"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        struct error err = {""};
        assert_false(address_parse_url_form(&address, wrong[i], &err));
        assert_non_null(strstr(err.text, "127.0.0.1:8053 or [::1]:8053"));
    }
}

static bool contains(const char *prefix_text, const char *address_text)
{
    struct prefix prefix;
    struct address address;
    assert_true(prefix_parse(&prefix, prefix_text, NULL));
    assert_true(address_parse(&address, address_text, 53, NULL));
    return prefix_contains(&prefix, &address.any);
}

static void a_prefix_contains_what_shares_its_bits(void **state)
{
    (void)state;
    assert_true(contains("192.0.2.0/24", "192.0.2.255"));
    assert_false(contains("192.0.2.0/24", "192.0.3.0"));
    assert_true(contains("192.0.2.128/25", "192.0.2.129"));
    assert_false(contains("192.0.2.128/25", "192.0.2.127"));
    assert_true(contains("192.0.2.1", "192.0.2.1"));
    assert_false(contains("192.0.2.1", "192.0.2.2"));
    assert_true(contains("0.0.0.0/0", "255.255.255.255"));
    assert_true(contains("2001:db8::/33", "2001:db8:7fff::"));
    assert_false(contains("2001:db8::/33", "2001:db8:8000::"));
    assert_true(contains("::/0", "ffff::1"));
    assert_true(contains("::1/128", "::1"));
}

static void a_prefix_contains_nothing_of_the_other_family(void **state)
{
    (void)state;
    assert_false(contains("0.0.0.0/0", "::1"));
    assert_false(contains("::/0", "127.0.0.1"));
}

static void a_prefix_with_bits_beyond_its_length_is_refused(void **state)
{
    (void)state;
    struct prefix prefix;
    struct error err = {""};
    assert_false(prefix_parse(&prefix, "192.0.2.1/24", &err));
    assert_non_null(strstr(err.text, "no bits set after the first 24"));
    assert_false(prefix_parse(&prefix, "2001:db8::1/127", NULL));
    assert_true(prefix_parse(&prefix, "2001:db8::2/127", NULL));
}

static void what_is_no_prefix_is_refused_with_an_example(void **state)
{
    (void)state;
    static const char *const wrong[] = {"",          "/24",     "192.0.2.0/",    "192.0.2.0/33",
                                        "::/129",    "::/-1",   "192.0.2.0/24/", "192.0.2/24",
                                        "example/8", "1.2.3.4 "};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        struct prefix prefix;
        struct error err = {""};
        assert_false(prefix_parse(&prefix, wrong[i], &err));
        assert_non_null(strstr(err.text, "expected a prefix such as 192.0.2.0/24"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_is_read_and_printed_with_its_port),
        cmocka_unit_test(without_a_port_the_default_is_taken),
        cmocka_unit_test(a_parsed_address_is_ready_for_bind),
        cmocka_unit_test(what_is_no_address_is_refused_with_an_example),
        cmocka_unit_test(a_link_local_address_of_this_host_has_its_interface),
        cmocka_unit_test(other_addresses_have_no_interface),
        cmocka_unit_test(url_forms_have_brackets_around_ipv6_only),
        cmocka_unit_test(a_prefix_contains_what_shares_its_bits),
        cmocka_unit_test(a_prefix_contains_nothing_of_the_other_family),
        cmocka_unit_test(a_prefix_with_bits_beyond_its_length_is_refused),
        cmocka_unit_test(what_is_no_prefix_is_refused_with_an_example),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
