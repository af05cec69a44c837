/* SPDX-License-Identifier: BSD-2-Clause */
/* Compiler attributes that the style relies on; GCC and Clang both have them. */
#pragma once

/* Kept out of its callers, and off the path that they take for most queries. */
#define RARELY __attribute__((cold, noinline))

/* Into every caller, where a call would cost as much as what is done. */
#define ALWAYS_INLINE inline __attribute__((always_inline))

/* What nearly everything goes through: the compiler must not guess that its end is seldom reached,
 * and make that small. Worth 19 instructions of a weighted answer. */
#define HOT __attribute__((hot))

/* A call of its own, so that the callers find more registers free. */
#define NOT_INLINE __attribute__((noinline))

/* The result says whether it worked: forgetting it is a warning. */
#define MUST_CHECK __attribute__((warn_unused_result))

#define PRINTF_LIKE(text, first) __attribute__((format(printf, text, first)))

/* CLEANUP(zone_freep) struct zone *zone = NULL;  runs zone_freep(&zone) when the scope ends. */
#define CLEANUP(function) __attribute__((cleanup(function)))

/* Hands over what a CLEANUP variable owns. */
#define STEAL(pointer)                                                                             \
    ({                                                                                             \
        __typeof__(pointer) stolen_ = (pointer);                                                   \
        (pointer) = NULL;                                                                          \
        stolen_;                                                                                   \
    })

#define ARRAY_LEN(array) (sizeof(array) / sizeof((array)[0]))
