/* SPDX-License-Identifier: BSD-2-Clause */
/* Counts what the whole program allocates: this one, the libraries that it is linked with and those
 * inside of these. Any number of threads. */
#pragma once

#include <stddef.h>

/* Once, before anything is counted. */
void allocation_counter_start(void);
size_t allocation_counter_read(void);
