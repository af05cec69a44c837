/* SPDX-License-Identifier: BSD-2-Clause */
/* What all our requests over libcurl have in common: what is set, and how a failure reads. Control
 * thread only. */
#pragma once

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Nothing of the environment, of the user's home or of an earlier request has a say: no proxy, no
 * .netrc, no redirection, a connection of its own, and a time-out for the whole. curl_text, which
 * http_easy_describe reads, has CURL_ERROR_SIZE octets and outlives the handle. A name that is
 * still being looked up holds nobody up when the request ends. */
void http_easy_set_transport(CURL *easy, int64_t timeout_ms, char *curl_text);
/* ca_file: PEM; NULL: the system's. */
void http_easy_set_tls(CURL *easy, bool verify, const char *ca_file);

/* Why the request failed, for a person at 3 am: "connection refused", "timed out after 5000 ms",
 * "certificate: …". Printable ASCII, cut to size. */
void http_easy_describe(CURL *easy, CURLcode result, const char *curl_text, int64_t timeout_ms,
                        char *text, size_t size);
/* The system's words for an errno. */
void http_easy_describe_errno(int number, char *text, size_t size);
