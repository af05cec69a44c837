/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/notify_exec.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"

#define KILL_AFTER_MS 3000 /* from SIGTERM to SIGKILL */

struct notify_exec {
    uv_process_t process;
    uv_pipe_t input;
    uv_timer_t timer;
    uv_write_t write;
    char *text;
    unsigned open; /* handles that are not closed yet */
    bool is_running, is_late;
    int spawn_result;
    notify_exec_done done; /* NULL: it was cancelled, or has been called */
    void *argument;
};

static void on_closed(uv_handle_t *handle)
{
    struct notify_exec *run = handle->data;
    if (--run->open == 0) {
        free(run->text);
        free(run);
    }
}

static void close_all(struct notify_exec *run)
{
    uv_handle_t *handles[] = {(uv_handle_t *)&run->process, (uv_handle_t *)&run->input,
                              (uv_handle_t *)&run->timer};
    for (size_t i = 0; i < ARRAY_LEN(handles); i++) {
        if (!uv_is_closing(handles[i])) {
            uv_close(handles[i], on_closed);
        }
    }
}

static void finish(struct notify_exec *run, const char *text)
{
    notify_exec_done done = run->done;
    run->done = NULL;
    close_all(run);
    if (done != NULL) {
        done(run->argument, text);
    }
}

static void on_ended(uv_process_t *process, int64_t status, int signal)
{
    struct notify_exec *run = process->data;
    char text[64];
    run->is_running = false;
    if (run->is_late) {
        kill(-process->pid, SIGKILL); /* what it left behind */
        snprintf(text, sizeof(text), "timed out");
    } else if (signal != 0) {
        snprintf(text, sizeof(text), "ended by signal %d", signal);
    } else {
        snprintf(text, sizeof(text), "exit status %lld", (long long)status);
    }
    finish(run, status == 0 && signal == 0 && !run->is_late ? NULL : text);
}

static void on_time(uv_timer_t *timer)
{
    struct notify_exec *run = timer->data;
    if (run->spawn_result != 0) {
        finish(run, uv_strerror(run->spawn_result));
        return;
    }
    /* It leads a group of its own. */
    kill(-run->process.pid, run->is_late ? SIGKILL : SIGTERM);
    run->is_late = true;
    uv_timer_start(timer, on_time, KILL_AFTER_MS, 0);
}

static void on_written(uv_write_t *write, int status)
{
    (void)status; /* a command need not read */
    struct notify_exec *run = write->data;
    if (!uv_is_closing((uv_handle_t *)&run->input)) {
        uv_close((uv_handle_t *)&run->input, on_closed);
    }
}

static void spawn(struct notify_exec *run, uv_loop_t *loop, char **command, char **environment)
{
    uv_stdio_container_t stdio[3] = {
        {.flags = UV_CREATE_PIPE | UV_READABLE_PIPE, .data.stream = (uv_stream_t *)&run->input},
        {.flags = UV_IGNORE},
        {.flags = UV_INHERIT_FD, .data.fd = 2}};
    uv_process_options_t options = {.exit_cb = on_ended,
                                    .file = command[0],
                                    .args = command,
                                    .env = environment,
                                    .flags = UV_PROCESS_DETACHED,
                                    .stdio = stdio,
                                    .stdio_count = 3};
    run->spawn_result = uv_spawn(loop, &run->process, &options);
    run->is_running = run->spawn_result == 0;
}

struct notify_exec *notify_exec_start(uv_loop_t *loop, char **command, char **environment,
                                      const char *text, int64_t timeout_ms, notify_exec_done done,
                                      void *argument)
{
    struct notify_exec *run = alloc_zeroed(1, sizeof(*run));
    run->done = done;
    run->argument = argument;
    run->text = alloc_string(text);
    run->open = 3;
    uv_pipe_init(loop, &run->input, 0);
    uv_timer_init(loop, &run->timer);
    spawn(run, loop, command, environment);
    run->process.data = run->input.data = run->timer.data = run->write.data = run;
    uv_timer_start(&run->timer, on_time, run->is_running ? (uint64_t)timeout_ms : 0, 0);
    if (run->is_running) {
        uv_buf_t buffer = uv_buf_init(run->text, (unsigned)strlen(run->text));
        uv_write(&run->write, (uv_stream_t *)&run->input, &buffer, 1, on_written);
    }
    return run;
}

void notify_exec_cancel(struct notify_exec *run)
{
    if (run != NULL) {
        run->done = NULL;
        if (run->is_running) {
            kill(-run->process.pid, SIGKILL);
        }
        close_all(run);
    }
}
