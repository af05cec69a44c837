/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/bench/tally.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

int64_t tally_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static unsigned read_u16(const uint8_t *octets)
{
    return (unsigned)(octets[0] << 8 | octets[1]);
}

static size_t class_of(uint64_t value)
{
    if (value < 64) {
        return value;
    }
    unsigned shift = 63u - (unsigned)__builtin_clzll(value) - 6;
    size_t found = (size_t)64 * (shift + 1) + (size_t)((value >> shift) & 63);
    return found < TALLY_CLASSES ? found : TALLY_CLASSES - 1;
}

static int64_t middle_of(size_t class)
{
    if (class < 64) {
        return (int64_t) class;
    }
    unsigned shift = (unsigned)(class / 64 - 1);
    return (int64_t)((class % 64 + 64) << shift) + ((INT64_C(1) << shift) >> 1);
}

int64_t tally_quantile_ns(const struct tally *tally, double share)
{
    uint64_t until = (uint64_t)((double)tally->answered * share), seen = 0;
    for (size_t i = 0; i < TALLY_CLASSES; i++) {
        seen += tally->classes[i];
        if (seen > until || (seen == until && seen == tally->answered && seen > 0)) {
            return middle_of(i);
        }
    }
    return 0;
}

/* Length of the name at octets[at], a pointer ends it; 0: there is none. */
static size_t skip_name(const uint8_t *octets, size_t len, size_t at)
{
    size_t start = at;
    while (at < len) {
        if (octets[at] >= 0xC0) {
            return at + 2 - start;
        }
        if (octets[at] == 0) {
            return at + 1 - start;
        }
        at += 1u + octets[at];
    }
    return 0;
}

static bool has_address(const struct question *question, const uint8_t *address)
{
    for (size_t i = 0; i < question->address_count; i++) {
        if (memcmp(&question->addresses[i], address, 4) == 0) {
            return true;
        }
    }
    return false;
}

/* The answer section has the addresses that it may have, and nothing else. */
static bool has_right_addresses(const struct question *question, const uint8_t *octets, size_t len)
{
    size_t at = question->len;
    for (unsigned i = 0; i < question->count; i++) {
        size_t name = skip_name(octets, len, at);
        if (name == 0 || at + name + 14 > len || read_u16(octets + at + name) != 1 ||
            read_u16(octets + at + name + 8) != 4 ||
            !has_address(question, octets + at + name + 10)) {
            return false;
        }
        at += name + 14;
    }
    return true;
}

/* NULL, or what is wrong with it. */
static const char *judge(const struct question *question, const uint8_t *octets, size_t len)
{
    if (len < question->len ||
        memcmp(octets + 12, question->query + 12, question->len - 12u) != 0) {
        return "another question";
    }
    if ((octets[2] & 0xFE) != 0x84) { /* QR, opcode 0, AA, no TC */
        return "the flags";
    }
    if ((octets[3] & 15) != question->rcode) {
        return "the rcode";
    }
    if (read_u16(octets + 6) != question->count) {
        return "the number of records";
    }
    return has_right_addresses(question, octets, len) ? NULL : "the addresses";
}

/* The question's name as text: what it is made of has no dots and quotes. */
static void name_text(const struct question *question, char *out)
{
    const uint8_t *at = question->query + 12;
    while (*at != 0) {
        memcpy(out, at + 1, *at);
        out += *at;
        *out++ = '.';
        at += 1 + *at;
    }
    *out = '\0';
}

void tally_answer(struct tally *tally, const struct question *question, const uint8_t *octets,
                  size_t len, int64_t late_ns)
{
    const char *complaint = judge(question, octets, len);
    if (complaint != NULL && tally->wrong++ == 0) {
        char name[QUESTION_OCTETS];
        name_text(question, name);
        snprintf(tally->first_wrong, sizeof(tally->first_wrong), "%s: %s (rcode %u, %u records)",
                 name, complaint, len > 3 ? octets[3] & 15u : 0,
                 len > 7 ? read_u16(octets + 6) : 0);
    }
    tally->answered++;
    tally->classes[class_of(late_ns > 0 ? (uint64_t)late_ns : 0)]++;
}

bool tally_print(const struct tally *tally)
{
    double seconds = (double)(tally->end_ns - tally->begin_ns) / 1e9;
    printf("{\"sent\": %" PRIu64 ", \"answered\": %" PRIu64 ", \"lost\": %" PRIu64
           ", \"wrong\": %" PRIu64 ", \"first_wrong\": \"%s\", \"seconds\": %.6f",
           tally->sent, tally->answered, tally->lost, tally->wrong, tally->first_wrong, seconds);
    printf(", \"p50_us\": %.2f, \"p99_us\": %.2f, \"p999_us\": %.2f}\n",
           (double)tally_quantile_ns(tally, 0.5) / 1e3,
           (double)tally_quantile_ns(tally, 0.99) / 1e3,
           (double)tally_quantile_ns(tally, 0.999) / 1e3);
    return tally->answered > 0 && tally->wrong == 0;
}
