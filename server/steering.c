/* SPDX-License-Identifier: BSD-2-Clause */
#include "server/steering.h"

#include <errno.h>
#include <linux/filter.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>

/* The processor; two for each worker; what is left. */
#define INSTRUCTIONS_MAX (1 + 2 * CONFIG_WORKERS_MAX + 2)

bool steering_init(struct steering *steering, size_t worker_count, struct error *err)
{
    cpu_set_t usable;
    CPU_ZERO(&usable);
    if (sched_getaffinity(0, sizeof(usable), &usable) != 0) {
        return error_set(err, "cannot find the processors: %s", strerror(errno));
    }
    steering->count = 0;
    for (unsigned cpu = 0; cpu < CPU_SETSIZE && steering->count < worker_count; cpu++) {
        if (CPU_ISSET(cpu, &usable)) {
            steering->cpus[steering->count++] = cpu;
        }
    }
    return steering->count == worker_count ||
           error_set(err, "%zu workers need as many processors, and %zu may be used", worker_count,
                     steering->count);
}

bool steering_attach(const struct steering *steering, int fd, struct error *err)
{
    struct sock_filter program[INSTRUCTIONS_MAX];
    unsigned short len = 0;
    unsigned count = (unsigned)steering->count;
    program[len++] =
        (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (unsigned)(SKF_AD_OFF + SKF_AD_CPU));
    for (unsigned i = 0; i < count; i++) {
        /* Mostly none: the remainder says the same. */
        if (steering->cpus[i] % count != i) {
            program[len++] =
                (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, steering->cpus[i], 0, 1);
            program[len++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, i);
        }
    }
    program[len++] = (struct sock_filter)BPF_STMT(BPF_ALU | BPF_MOD | BPF_K, count);
    program[len++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_A, 0);
    struct sock_fprog whole = {.len = len, .filter = program};
    return setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &whole, sizeof(whole)) == 0 ||
           error_set(err, "cannot steer a UDP socket: %s", strerror(errno));
}

bool steering_pin(const struct steering *steering, size_t worker, pthread_t thread,
                  struct error *err)
{
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(steering->cpus[worker], &one);
    int result = pthread_setaffinity_np(thread, sizeof(one), &one);
    return result == 0 || error_set(err, "cannot keep a worker on processor %u: %s",
                                    steering->cpus[worker], strerror(result));
}
