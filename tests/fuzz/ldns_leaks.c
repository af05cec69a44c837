/* SPDX-License-Identifier: BSD-2-Clause */
/* For LeakSanitizer: ldns (1.8.3) forgets the fields that it has read of some records (IPSECKEY,
 * AMTRELAY, …) when it refuses the record for a later one. That is a few octets for each time that
 * a zone file with such a mistake is read, and not ours to mend. A record that we forget is found
 * all the same: it is not made there. (The second line is for stacks of which the sanitizer sees
 * only the end; to see all of them makes the fuzzer four times as slow.) */

const char *__lsan_default_suppressions(void);

const char *__lsan_default_suppressions(void)
{
    return "leak:ldns_str2rdf_\n"
           "leak:ldns_rdf_new\n";
}
