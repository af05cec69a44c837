/* SPDX-License-Identifier: BSD-2-Clause */
/* The words of a command as a POSIX shell splits them: blanks, quotes and backslashes, nothing
 * else. Pure; any thread. */
#pragma once

/* Ends with NULL; NULL itself when a quote has no end. Caller frees with aws_words_free. */
char **aws_words_split(const char *command);
/* NULL is fine. */
void aws_words_free(char **words);
