/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/http/http_easy.h"

#include <stdio.h>
#include <string.h>
#include <uv.h>

#include "common/attributes.h"

#define CA_CACHE_S 600L

void http_easy_set_transport(CURL *easy, int64_t timeout_ms, char *curl_text)
{
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
    curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)timeout_ms);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)timeout_ms);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, curl_text);
    /* Else libcurl waits for its resolving thread, and with it the control loop. */
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
}

void http_easy_set_tls(CURL *easy, bool verify, const char *ca_file)
{
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, verify ? 1L : 0L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, verify ? 2L : 0L);
    /* A resumed session would skip the certificate. */
    curl_easy_setopt(easy, CURLOPT_SSL_SESSIONID_CACHE, 0L);
    /* Reading the system's certificates takes longer than the request; a new bundle is seen soon.
     */
    curl_easy_setopt(easy, CURLOPT_CA_CACHE_TIMEOUT, CA_CACHE_S);
    if (ca_file != NULL) {
        curl_easy_setopt(easy, CURLOPT_CAINFO, ca_file);
        curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
    }
}

void http_easy_describe_errno(int number, char *text, size_t size)
{
    uv_strerror_r(uv_translate_sys_error(number), text, size);
}

/* libcurl's own words, which may quote the peer's: only what every terminal and JSON can take. */
static void describe_curl(CURLcode result, const char *curl_text, const char *context, char *text,
                          size_t size)
{
    static const char *const prefixes[] = {"SSL certificate problem: ", "SSL: "};
    const char *said = curl_text[0] != '\0' ? curl_text : curl_easy_strerror(result);
    for (size_t i = 0; i < ARRAY_LEN(prefixes); i++) {
        size_t len = strlen(prefixes[i]);
        said += strncmp(said, prefixes[i], len) == 0 ? len : 0;
    }
    snprintf(text, size, "%s%s", context, said);
    for (char *at = text; *at != '\0'; at++) {
        *at = *at < ' ' || *at > '~' ? '?' : *at;
    }
}

/* What libcurl says at greater length than helps. */
static const char *short_text(CURLcode result)
{
    static const struct {
        CURLcode result;
        const char *text;
    } texts[] = {
        {CURLE_GOT_NOTHING, "closed without an answer"},
        {CURLE_PARTIAL_FILE, "closed in the middle of the answer"},
        {CURLE_UNSUPPORTED_PROTOCOL, "the answer is not HTTP"},
        {CURLE_WEIRD_SERVER_REPLY, "the answer is not HTTP"},
        {CURLE_WRITE_ERROR, "the answer is not HTTP"},
    };
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        if (texts[i].result == result) {
            return texts[i].text;
        }
    }
    return NULL;
}

void http_easy_describe(CURL *easy, CURLcode result, const char *curl_text, int64_t timeout_ms,
                        char *text, size_t size)
{
    long number = 0;
    curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &number);
    if (result == CURLE_OPERATION_TIMEDOUT) {
        snprintf(text, size, "timed out after %lld ms", (long long)timeout_ms);
    } else if (short_text(result) != NULL) {
        snprintf(text, size, "%s", short_text(result));
    } else if (result == CURLE_PEER_FAILED_VERIFICATION || result == CURLE_SSL_CACERT_BADFILE) {
        describe_curl(result, curl_text, "certificate: ", text, size);
    } else if (number != 0 && (result == CURLE_COULDNT_CONNECT || result == CURLE_RECV_ERROR ||
                               result == CURLE_SEND_ERROR)) {
        http_easy_describe_errno((int)number, text, size);
    } else {
        describe_curl(result, curl_text, "", text, size);
    }
}
