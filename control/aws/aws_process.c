/* SPDX-License-Identifier: BSD-2-Clause */
/* Credentials that a command prints (credential_process). No shell; what it says on its standard
 * error is nobody's. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "common/attributes.h"
#include "control/aws/aws_credential_document.h"
#include "control/aws/aws_credentials_private.h"
#include "control/aws/aws_words.h"

#define TIMEOUT_MS 60000
#define OUTPUT_MAX 65536

struct aws_process {
    struct aws_credential_source *source; /* NULL: cancelled */
    uv_process_t process;
    uv_pipe_t output;
    uv_timer_t timer;
    unsigned open_handles;
    char text[OUTPUT_MAX];
    size_t len;
    bool has_ended, has_exited, is_too_long, timed_out;
    int64_t status;
    int signal;
};

static void on_closed(uv_handle_t *handle)
{
    struct aws_process *process = handle->data;
    if (--process->open_handles == 0) {
        explicit_bzero(process->text, sizeof(process->text));
        free(process);
    }
}

static void close_handles(struct aws_process *process)
{
    uv_handle_t *const handles[] = {(uv_handle_t *)&process->process,
                                    (uv_handle_t *)&process->output,
                                    (uv_handle_t *)&process->timer};
    for (size_t i = 0; i < ARRAY_LEN(handles); i++) {
        uv_close(handles[i], on_closed);
    }
}

/* The command has a process group of its own. */
static void end_command(struct aws_process *process)
{
    if (!process->has_exited && process->process.pid > 0) {
        kill(-process->process.pid, SIGKILL);
    }
}

void aws_process_cancel(struct aws_process *process)
{
    if (process != NULL) {
        end_command(process);
        process->source = NULL;
        close_handles(process);
    }
}

static void judge(struct aws_process *process)
{
    struct aws_credential_source *source = process->source;
    struct aws_credentials credentials = {.expires_ms = 0};
    struct error err = {.text = ""};
    source->search.process = NULL;
    if (process->timed_out) {
        aws_search_failed(source, "credential_process: no end after %d s", TIMEOUT_MS / 1000);
    } else if (process->is_too_long) {
        aws_search_failed(source, "credential_process: it says more than %d octets", OUTPUT_MAX);
    } else if (process->signal != 0) {
        aws_search_failed(source, "credential_process: ended by signal %d", process->signal);
    } else if (process->status != 0) {
        aws_search_failed(source, "credential_process: exit status %lld",
                          (long long)process->status);
    } else if (!aws_credential_document_parse(process->text, process->len, true, &credentials,
                                              &err)) {
        aws_search_failed(source, "credential_process: %s", err.text);
    } else {
        aws_search_found(source, &credentials);
    }
    aws_credentials_done(&credentials);
}

static void maybe_end(struct aws_process *process)
{
    if (process->has_ended && process->has_exited && process->source != NULL) {
        judge(process);
        process->source = NULL;
        close_handles(process);
    }
}

static void on_exit_of(uv_process_t *handle, int64_t status, int signal)
{
    struct aws_process *process = handle->data;
    process->has_exited = true;
    process->status = status;
    process->signal = signal;
    maybe_end(process);
}

static void on_buffer(uv_handle_t *handle, size_t wanted, uv_buf_t *buffer)
{
    struct aws_process *process = handle->data;
    (void)wanted;
    *buffer =
        uv_buf_init(process->text + process->len, (unsigned)(sizeof(process->text) - process->len));
}

static void on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *buffer)
{
    struct aws_process *process = stream->data;
    (void)buffer;
    if (count > 0) {
        process->len += (size_t)count;
        return;
    }
    if (count < 0) {
        process->is_too_long = count == UV_ENOBUFS;
        if (process->is_too_long) {
            end_command(process);
        }
        process->has_ended = true;
        uv_read_stop(stream);
        maybe_end(process);
    }
}

static void on_timeout(uv_timer_t *timer)
{
    struct aws_process *process = timer->data;
    process->timed_out = true;
    end_command(process);
    process->has_ended = true; /* what it started may hold the pipe open */
    maybe_end(process);
}

static int spawn(struct aws_process *process, char **words)
{
    uv_stdio_container_t stdio[] = {
        {.flags = UV_IGNORE},
        {.flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE,
         .data.stream = (uv_stream_t *)&process->output},
        {.flags = UV_IGNORE},
    };
    const uv_process_options_t options = {.file = words[0],
                                          .args = words,
                                          .exit_cb = on_exit_of,
                                          .stdio = stdio,
                                          .stdio_count = ARRAY_LEN(stdio),
                                          .flags = UV_PROCESS_DETACHED};
    int result = uv_spawn(process->source->loop, &process->process, &options);
    return result != 0 ? result
                       : uv_read_start((uv_stream_t *)&process->output, on_buffer, on_read);
}

void aws_search_process(struct aws_credential_source *source, const char *command)
{
    char **words = aws_words_split(command);
    if (words == NULL || words[0] == NULL) {
        aws_words_free(words);
        aws_search_failed(source, "credential_process is no command: a quote without an end, or "
                                  "nothing");
        return;
    }
    struct aws_process *process = alloc_zeroed(1, sizeof(*process));
    process->source = source;
    process->open_handles = 3;
    process->process.data = process->output.data = process->timer.data = process;
    uv_pipe_init(source->loop, &process->output, 0);
    uv_timer_init(source->loop, &process->timer);
    int result = spawn(process, words);
    aws_words_free(words);
    if (result != 0) {
        aws_process_cancel(process);
        aws_search_failed(source, "credential_process: %s", uv_strerror(result));
        return;
    }
    source->search.process = process;
    uv_timer_start(&process->timer, on_timeout, TIMEOUT_MS, 0);
}
