/* SPDX-License-Identifier: BSD-2-Clause */
/* Runs a fuzz target over its corpus, without libFuzzer: the files that are named, or else those
 * in tests/fuzz/corpus/NAME for the program fuzz_NAME. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void replay_file(const char *path)
{
    FILE *stream = fopen(path, "re");
    if (stream == NULL) {
        perror(path);
        exit(99);
    }
    size_t used = 0;
    uint8_t *data = NULL;
    do {
        data = alloc_resize(data, used + 65536, 1);
        used += fread(data + used, 1, 65536, stream);
    } while (!feof(stream) && !ferror(stream));
    fclose(stream);
    /* The exact size, so that a sanitizer sees a read beyond the end. */
    uint8_t *exact = alloc_copy(data, used);
    free(data);
    printf("%s\n", path);
    fflush(stdout);
    LLVMFuzzerTestOneInput(exact, used);
    free(exact);
}

static int replay_directory(const char *path)
{
    int count = 0;
    DIR *directory = opendir(path);
    if (directory == NULL) {
        perror(path);
        exit(99);
    }
    for (const struct dirent *entry = readdir(directory); entry != NULL;
         entry = readdir(directory)) {
        if (entry->d_name[0] != '.') {
            CLEANUP(alloc_freep) char *file = alloc_printf("%s/%s", path, entry->d_name);
            replay_file(file);
            count++;
        }
    }
    closedir(directory);
    return count;
}

int main(int argc, char **argv)
{
    if (argc > 1) {
        for (int i = 1; i < argc; i++) {
            replay_file(argv[i]);
        }
        return 0;
    }
    const char *source = getenv("top_srcdir");
    const char *name = strstr(argv[0], "fuzz_");
    if (name == NULL) {
        return 99;
    }
    CLEANUP(alloc_freep)
    char *path = alloc_printf("%s/tests/fuzz/corpus/%s", source == NULL ? "." : source,
                              name + strlen("fuzz_"));
    return replay_directory(path) > 0 ? 0 : 99;
}
