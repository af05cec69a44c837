/* SPDX-License-Identifier: BSD-2-Clause */
#include "server/open_files.h"

#include <stdint.h>
#include <sys/resource.h>

#include "common/log.h"

#define FOR_THE_REST 256 /* loops, the state file, ballastctl, probes, resolvers */

void open_files_raise(const struct config_server *config)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
        return;
    }
    rlim_t before = limit.rlim_cur;
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0) {
        limit.rlim_cur = before;
    }
    uint64_t needed = config_server_files(config) + FOR_THE_REST;
    if (limit.rlim_cur < needed) {
        log_warning(
            "the limit of open files is %llu, and %u TCP connections, %zu addresses and the "
            "rest may need %llu: raise it, or lower server.tcp.max_connections",
            (unsigned long long)limit.rlim_cur, config->tcp_max_connections, config->listen_count,
            (unsigned long long)needed);
    }
}
