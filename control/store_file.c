/* SPDX-License-Identifier: BSD-2-Clause */
/* Opening the state file: made whole or not at all, locked for the daemon's life, looked at without
 * a write before it is used, so that a file that is refused stays as it was.
 *
 * The lock is flock(2) on the file itself: it needs no file beside it, it ends with the process
 * however that ends, and it is there before SQLite is asked for anything. POSIX drops the locks of
 * SQLite when any descriptor of the file is closed, so lock_fd is closed after the database. */
#include "control/store.h"

#include "common/alloc.h"
#include "control/store_private.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* https://www.sqlite.org/fileformat.html section 1.3 */
#define HEADER_SIZE               100
#define HEADER_MAGIC              "SQLite format 3"
#define HEADER_PAGE_SIZE_OFFSET   16
#define HEADER_VERSION_OFFSET     60
#define HEADER_APPLICATION_OFFSET 68

/* A write-ahead log that a large transaction left behind is cut to this after its checkpoint. */
#define JOURNAL_SIZE_LIMIT "4194304"

static bool fail_errno(const char *path, const char *what, struct error *err)
{
    return error_set(err, "state file %s: %s: %s", path, what, strerror(errno));
}

static bool execute(struct store *store, const char *sql, struct error *err)
{
    return sqlite3_exec(store->db, sql, NULL, NULL, NULL) == SQLITE_OK || store_fail(store, err);
}

/* False and err, too, when the text is not `expected`. */
static bool pragma_says(struct store *store, const char *sql, const char *expected,
                        struct error *err)
{
    sqlite3_stmt *row = NULL;
    if (sqlite3_prepare_v2(store->db, sql, -1, &row, NULL) != SQLITE_OK) {
        return store_fail(store, err);
    }
    bool has_row = sqlite3_step(row) == SQLITE_ROW;
    char said[256] = "";
    if (has_row) {
        store_column_text(row, 0, said, sizeof(said));
    }
    if (sqlite3_finalize(row) != SQLITE_OK) {
        return store_fail(store, err);
    }
    return strcmp(said, expected) == 0 ||
           error_set(err, "state file %s: %s says \"%s\", expected \"%s\"", store->path, sql, said,
                     expected);
}

static bool lock(struct store *store, struct error *err)
{
    if (flock(store->lock_fd, LOCK_EX | LOCK_NB) == 0) {
        return true;
    }
    return errno == EWOULDBLOCK
               ? error_set(err, "state file %s is in use by another process", store->path)
               : fail_errno(store->path, "cannot lock it", err);
}

static void close_database(struct store *store)
{
    store_finalize_statements(store);
    int result = sqlite3_close(store->db);
    assert(result == SQLITE_OK);
    store->db = NULL;
}

static bool open_database(struct store *store, const char *name, int flags, struct error *err)
{
    if (sqlite3_open_v2(name, &store->db, flags | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK) {
        return store_fail(store, err);
    }
    sqlite3_extended_result_codes(store->db, 1);
    return execute(store, "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON", err);
}

/* The log of a file that somebody has removed would be read as the new one's. */
static bool remove_leftover(const struct store *store, const char *suffix, struct error *err)
{
    CLEANUP(alloc_freep) char *path = alloc_printf("%s%s", store->path, suffix);
    return unlink(path) == 0 || errno == ENOENT || fail_errno(path, "cannot remove it", err);
}

/* Makes the file under another name, whole and durable, and only then gives it its own: a kill in
 * between leaves a file that the next start throws away. */
static bool build_new(struct store *store, const char *draft, struct error *err)
{
    if (ftruncate(store->lock_fd, 0) != 0) {
        return fail_errno(draft, "cannot empty it", err);
    }
    bool ok = open_database(store, draft, SQLITE_OPEN_READWRITE, err) &&
              execute(store, "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; BEGIN", err) &&
              execute(store, store_schema, err) && execute(store, "COMMIT", err);
    close_database(store);
    if (!ok) {
        return false;
    }
    if (fsync(store->lock_fd) != 0) {
        return fail_errno(draft, "cannot write it to disk", err);
    }
    if (!remove_leftover(store, "-wal", err) || !remove_leftover(store, "-journal", err)) {
        return false;
    }
    if (link(draft, store->path) != 0) {
        return errno == EEXIST
                   ? error_set(err, "state file %s was just made by another process", store->path)
                   : fail_errno(store->path, "cannot create it", err);
    }
    return true;
}

static bool sync_directory(const char *path, struct error *err)
{
    CLEANUP(alloc_freep) char *copy = alloc_string(path);
    int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ok = fd >= 0 && fsync(fd) == 0;
    if (!ok) {
        fail_errno(path, "cannot write its directory to disk", err);
    }
    if (fd >= 0) {
        close(fd);
    }
    return ok;
}

static bool create(struct store *store, struct error *err)
{
    CLEANUP(alloc_freep) char *draft = alloc_printf("%s.new", store->path);
    store->lock_fd = open(draft, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (store->lock_fd < 0) {
        return fail_errno(store->path, "cannot create it", err);
    }
    if (!lock(store, err)) {
        return false;
    }
    bool ok = build_new(store, draft, err);
    unlink(draft);
    return ok && sync_directory(store->path, err);
}

static uint32_t read_be32(const uint8_t *octets)
{
    return (uint32_t)octets[0] << 24 | (uint32_t)octets[1] << 16 | (uint32_t)octets[2] << 8 |
           octets[3];
}

/* The first page is enough to know whose file it is: it was whole, with our numbers in it, before
 * the file had its name. */
static bool check_header(const struct store *store, struct error *err)
{
    uint8_t header[HEADER_SIZE];
    ssize_t len = pread(store->lock_fd, header, sizeof(header), 0);
    if (len < 0) {
        return fail_errno(store->path, "cannot read it", err);
    }
    if (len == 0) {
        return error_set(err,
                         "state file %s is empty: what was in it is lost; remove it to start"
                         " anew",
                         store->path);
    }
    if (len < HEADER_SIZE || memcmp(header, HEADER_MAGIC, sizeof(HEADER_MAGIC)) != 0) {
        return error_set(err, "state file %s is not a database", store->path);
    }
    if (read_be32(header + HEADER_APPLICATION_OFFSET) != STORE_APPLICATION_ID) {
        return error_set(err, "state file %s is a database of another program", store->path);
    }
    uint32_t version = read_be32(header + HEADER_VERSION_OFFSET);
    return version <= STORE_VERSION ||
           error_set(err,
                     "state file %s is of a newer Ballast (version %u of it, this one knows"
                     " %d)",
                     store->path, version, STORE_VERSION);
}

/* Any that we know how to bring up; it may be in the log only, so the header is not enough. */
static bool read_version(struct store *store, struct error *err)
{
    sqlite3_stmt *row = NULL;
    if (sqlite3_prepare_v2(store->db, "PRAGMA user_version", -1, &row, NULL) != SQLITE_OK) {
        return store_fail(store, err);
    }
    store->version = sqlite3_step(row) == SQLITE_ROW ? sqlite3_column_int(row, 0) : 0;
    if (sqlite3_finalize(row) != SQLITE_OK) {
        return store_fail(store, err);
    }
    return (store->version >= 1 && store->version <= STORE_VERSION) ||
           error_set(err, "state file %s: user_version is %d, expected 1 to %d", store->path,
                     store->version, STORE_VERSION);
}

static bool check_content(struct store *store, struct error *err)
{
    struct error inner;
    bool ok = read_version(store, &inner) &&
              pragma_says(store, "PRAGMA quick_check(1)", "ok", &inner) &&
              store_prepare_statements(store, store->version, &inner);
    return ok || error_set(err, "%s (it is damaged, or of another version, and was left as it was)",
                           inner.text);
}

/* SQLite takes half a page at the end for a whole one. (A kill while a log is copied into the file
 * may leave one; the log then has it.) */
static bool check_size(const struct store *store, struct error *err)
{
    uint8_t octets[2];
    struct stat status;
    if (pread(store->lock_fd, octets, sizeof(octets), HEADER_PAGE_SIZE_OFFSET) != sizeof(octets) ||
        fstat(store->lock_fd, &status) != 0) {
        return fail_errno(store->path, "cannot read it", err);
    }
    unsigned page_size = (unsigned)octets[0] << 8 | octets[1];
    page_size = page_size == 1 ? 65536 : page_size;
    return (page_size >= 512 && status.st_size % page_size == 0) ||
           error_set(err, "state file %s is damaged: its end is missing (%lld octets)", store->path,
                     (long long)status.st_size);
}

/* A path as sqlite3_open_v2 reads it in a URI: only these three mean something there. */
static char *uri_of(const char *path)
{
    char *uri = alloc_zeroed(strlen(path) * 3 + sizeof("file:?immutable=1"), 1);
    char *out = uri + sprintf(uri, "file:");
    for (const char *in = path; *in != '\0'; in++) {
        out += sprintf(out, strchr("%?#", *in) != NULL ? "%%%02X" : "%c", *in);
    }
    strcpy(out, "?immutable=1");
    return uri;
}

/* Reads the whole file before anything is written. Without a log beside it, as an immutable file:
 * SQLite then makes no file and takes no lock. With one (the daemon was killed), the log has to be
 * read too: exclusively, so that its index stays in memory, and closed without a checkpoint. */
static bool probe(struct store *store, struct error *err)
{
    CLEANUP(alloc_freep) char *log = alloc_printf("%s-wal", store->path);
    struct stat status;
    bool ok;
    if (stat(log, &status) == 0 && status.st_size > 0) {
        ok = open_database(store, store->path, SQLITE_OPEN_READWRITE, err) &&
             execute(store, "PRAGMA locking_mode = EXCLUSIVE", err);
        sqlite3_db_config(store->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    } else {
        CLEANUP(alloc_freep) char *uri = uri_of(store->path);
        ok = check_size(store, err) &&
             open_database(store, uri, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, err);
    }
    ok = ok && check_content(store, err);
    close_database(store);
    return ok;
}

static bool check_directory(const char *path, struct error *err)
{
    CLEANUP(alloc_freep) char *copy = alloc_string(path);
    const char *directory = dirname(copy);
    if (faccessat(AT_FDCWD, directory, W_OK | X_OK, AT_EACCESS) != 0) {
        return error_set(err, "state file %s: cannot write in directory %s: %s", path, directory,
                         strerror(errno));
    }
    return true;
}

static bool check_existing(struct store *store, struct error *err)
{
    struct stat status;
    store->lock_fd = open(store->path, O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (store->lock_fd < 0) {
        return fail_errno(store->path, "cannot open it", err);
    }
    if (fstat(store->lock_fd, &status) != 0 || !S_ISREG(status.st_mode)) {
        return error_set(err, "state file %s is not a regular file", store->path);
    }
    return check_directory(store->path, err) && lock(store, err) && check_header(store, err) &&
           probe(store, err);
}

/* All the way or not at all: a kill leaves the file as it was. */
static bool upgrade(struct store *store, struct error *err)
{
    for (int version = store->version; version < STORE_VERSION; version++) {
        if (!execute(store, store_upgrades[version - 1], err)) {
            return false;
        }
    }
    return true;
}

/* BEGIN IMMEDIATE takes SQLite's own lock, which exclusive mode then never lets go of: whoever has
 * the file open with another program is found here. */
static bool start_using(struct store *store, struct error *err)
{
    return open_database(store, store->path, SQLITE_OPEN_READWRITE, err) &&
           pragma_says(store, "PRAGMA locking_mode = EXCLUSIVE", "exclusive", err) &&
           pragma_says(store, "PRAGMA journal_mode = WAL", "wal", err) &&
           execute(store,
                   "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;"
                   "PRAGMA journal_size_limit = " JOURNAL_SIZE_LIMIT ";"
                   "BEGIN IMMEDIATE",
                   err) &&
           upgrade(store, err) && execute(store, "COMMIT", err) &&
           store_prepare_statements(store, STORE_VERSION, err);
}

static bool open_in_memory(struct store *store, struct error *err)
{
    return open_database(store, ":memory:", SQLITE_OPEN_READWRITE | SQLITE_OPEN_MEMORY, err) &&
           execute(store, store_schema, err) && execute(store, "PRAGMA foreign_keys = ON", err) &&
           store_prepare_statements(store, STORE_VERSION, err);
}

static bool open_file(struct store *store, struct error *err)
{
    struct stat status;
    if (lstat(store->path, &status) != 0) {
        if (errno != ENOENT) {
            return fail_errno(store->path, "cannot open it", err);
        }
        return create(store, err) && start_using(store, err);
    }
    /* SQLite puts its files beside what a symbolic link points to, so that is where to look. */
    char *resolved = realpath(store->path, NULL);
    if (resolved == NULL) {
        return fail_errno(store->path, "cannot open it", err);
    }
    free(store->path);
    store->path = resolved;
    return check_existing(store, err) && start_using(store, err);
}

struct store *store_open(const char *path, struct error *err)
{
    struct store *store = alloc_zeroed(1, sizeof(*store));
    store->history_most = STORE_HISTORY_KEPT;
    store->path = alloc_string(path);
    store->lock_fd = -1;
    store->version = STORE_VERSION;
    bool ok = strcmp(path, ":memory:") == 0 ? open_in_memory(store, err) : open_file(store, err);
    if (!ok) {
        store_close(store);
        return NULL;
    }
    return store;
}

void store_close(struct store *store)
{
    if (store == NULL) {
        return;
    }
    if (store->in_transaction) {
        store_rollback(store);
    }
    close_database(store);
    if (store->lock_fd >= 0) {
        close(store->lock_fd);
    }
    free(store->path);
    free(store);
}
