/* SPDX-License-Identifier: BSD-2-Clause */
/* The state file as a file: what is refused and left alone, kill -9, a full disk. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "common/alloc.h"
#include "control/store.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define WWW "www.catsndogs.lol/A"

static char directory[64];
static char path[96];
static struct error err;

static int set_up(void **state)
{
    (void)state;
    strcpy(directory, "/tmp/ballast-store-XXXXXX");
    if (mkdtemp(directory) == NULL) {
        return -1;
    }
    snprintf(path, sizeof(path), "%s/ballast.db", directory);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    DIR *listing = opendir(directory);
    for (struct dirent *entry; (entry = readdir(listing)) != NULL;) {
        unlinkat(dirfd(listing), entry->d_name, entry->d_type == DT_DIR ? AT_REMOVEDIR : 0);
    }
    closedir(listing);
    return rmdir(directory);
}

static struct store *open_store(void)
{
    struct store *store = store_open(path, &err);
    if (store == NULL) {
        fail_msg("%s", err.text);
    }
    return store;
}

static int weight_of(struct store *store, const char *member)
{
    bool found;
    uint8_t weight;
    assert_true(store_load_weight(store, WWW, member, &found, &weight, &err));
    return found ? weight : -1;
}

static void save_weight(struct store *store, const char *member, uint8_t weight)
{
    assert_true(store_save_weight(store, WWW, member, weight, &err));
}

static void make_state_file(void)
{
    struct store *store = open_store();
    save_weight(store, "blue", 90);
    store_close(store);
}

static void patch(long offset, const void *octets, size_t len)
{
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    fseek(file, offset, SEEK_SET);
    assert_int_equal(fwrite(octets, 1, len, file), len);
    fclose(file);
}

static void write_file(const char *text)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

/* Runs SQL as another program would, and leaves the write-ahead log where it is. */
static void run_sql(const char *sql)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

/* Every file of the directory: its name, its length and its octets. */
static char *picture(size_t *len)
{
    struct dirent **names;
    char *whole = NULL;
    FILE *out = open_memstream(&whole, len);
    int count = scandir(directory, &names, NULL, alphasort);
    assert_true(count >= 2);
    for (int i = 0; i < count; i++) {
        CLEANUP(alloc_freep) char *name = alloc_printf("%s/%s", directory, names[i]->d_name);
        fprintf(out, "[%s]", names[i]->d_name);
        FILE *in = names[i]->d_type == DT_REG ? fopen(name, "rb") : NULL;
        for (int octet; in != NULL && (octet = getc(in)) != EOF;) {
            putc(octet, out);
        }
        if (in != NULL) {
            fclose(in);
        }
        free(names[i]);
    }
    free(names);
    fclose(out);
    return whole;
}

static void assert_refused_and_left_alone(const char *because)
{
    size_t len_before, len_after;
    CLEANUP(alloc_freep) char *before = picture(&len_before);
    err.text[0] = '\0';
    assert_null(store_open(path, &err));
    CLEANUP(alloc_freep) char *after = picture(&len_after);
    assert_int_equal(len_before, len_after);
    assert_memory_equal(before, after, len_before);
    if (strstr(err.text, because) == NULL || strstr(err.text, path) == NULL) {
        fail_msg("\"%s\" does not say \"%s\" or not of which file", err.text, because);
    }
}

static void a_new_file_is_private_and_alone(void **state)
{
    (void)state;
    struct stat status;
    umask(0);
    make_state_file();
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
    size_t len;
    CLEANUP(alloc_freep) char *whole = picture(&len);
    assert_null(memmem(whole, len, "[ballast.db-wal]", 16));
    assert_null(memmem(whole, len, "[ballast.db.new]", 16));
}

static void state_survives_a_close(void **state)
{
    (void)state;
    make_state_file();
    struct store *store = open_store();
    assert_int_equal(weight_of(store, "blue"), 90);
    assert_int_equal(weight_of(store, "green"), -1);
    store_close(store);
}

static void an_open_transaction_ends_with_a_close(void **state)
{
    (void)state;
    struct store *store = open_store();
    assert_true(store_begin(store, &err));
    save_weight(store, "blue", 1);
    store_close(store);
    store = open_store();
    assert_int_equal(weight_of(store, "blue"), -1);
    store_close(store);
}

static void a_file_that_a_killed_first_start_left_is_thrown_away(void **state)
{
    (void)state;
    char draft[128];
    snprintf(draft, sizeof(draft), "%s.new", path);
    FILE *file = fopen(draft, "wb");
    fputs("half of a database", file);
    fclose(file);
    make_state_file();
    assert_int_equal(access(draft, F_OK), -1);
}

static void a_second_daemon_is_refused(void **state)
{
    (void)state;
    struct store *store = open_store();
    save_weight(store, "blue", 5);
    assert_refused_and_left_alone("is in use by another process");
    save_weight(store, "blue", 6);
    assert_int_equal(weight_of(store, "blue"), 6);
    store_close(store);
    make_state_file();
}

static void a_file_that_another_program_writes_is_refused(void **state)
{
    (void)state;
    sqlite3 *db;
    make_state_file();
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE; DELETE FROM weight", NULL, NULL, NULL),
                     SQLITE_OK);
    assert_null(store_open(path, &err));
    assert_non_null(strstr(err.text, "is in use by another process"));
    sqlite3_close(db);
    struct store *store = open_store();
    assert_int_equal(weight_of(store, "blue"), 90);
    store_close(store);
}

static void nobody_else_reads_while_it_is_open(void **state)
{
    (void)state;
    sqlite3 *db;
    struct store *store = open_store();
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "SELECT * FROM weight", NULL, NULL, NULL), SQLITE_BUSY);
    sqlite3_close(db);
    store_close(store);
}

static void what_is_no_database_is_refused(void **state)
{
    (void)state;
    write_file("");
    assert_refused_and_left_alone("is empty");
    write_file("SQLite format 3");
    assert_refused_and_left_alone("is not a database");
    write_file("server:\n  listen: [127.0.0.1@5300, \"::1@5300\"]      # UDP and TCP\n"
               "  workers: auto\ncontrol:\n  socket: run/ballast.sock\n");
    assert_refused_and_left_alone("is not a database");
}

static void a_database_of_another_program_is_refused(void **state)
{
    (void)state;
    run_sql("CREATE TABLE cats (name TEXT)");
    assert_refused_and_left_alone("another program");
    unlink(path);
    make_state_file();
    patch(68, "\0\0\0\1", 4);
    assert_refused_and_left_alone("another program");
}

static void a_newer_version_is_refused(void **state)
{
    (void)state;
    make_state_file();
    patch(60, "\0\0\0\5", 4);
    assert_refused_and_left_alone("is of a newer Ballast (version 5 of it, this one knows 4)");
    patch(60, "\xff\0\0\0", 4);
    assert_refused_and_left_alone("newer");
}

static void a_version_before_the_first_is_refused(void **state)
{
    (void)state;
    make_state_file();
    patch(60, "\0\0\0\0", 4);
    assert_refused_and_left_alone("version");
}

static void a_newer_version_that_is_only_in_the_log_is_refused(void **state)
{
    (void)state;
    char log[128];
    struct stat status;
    make_state_file();
    run_sql("PRAGMA user_version = 5");
    snprintf(log, sizeof(log), "%s-wal", path);
    assert_int_equal(stat(log, &status), 0);
    assert_true(status.st_size > 0);
    assert_refused_and_left_alone("user_version");
}

#define WITHOUT_AUDIT                                                                              \
    "DROP TABLE weight_change; DROP TABLE freeze; DROP TABLE ttl; DROP TABLE notice; DROP TABLE "  \
    "execution;"                                                                                   \
    "DROP TABLE execution_event; DROP TABLE deployment_state; DROP TABLE event_stat; DROP TABLE "  \
    "stat_deployment; DROP TABLE share; DROP TABLE described; DROP TABLE hook; "                   \
    "DROP TABLE fleet_outbox; DROP TABLE fleet_memory; DROP TABLE route53; "                       \
    "DROP TABLE route53_check; "

/* As it was before the history had weights. */
static void make_file_of_version_3(void)
{
    make_state_file();
    run_sql(WITHOUT_AUDIT "PRAGMA user_version = 3");
}

/* As it was before zones could be added. */
static void make_file_of_version_2(void)
{
    make_state_file();
    run_sql(WITHOUT_AUDIT "DROP TABLE zone; PRAGMA user_version = 2");
}

/* As it was before there were alias targets. */
static void make_file_of_version_1(void)
{
    make_state_file();
    run_sql(WITHOUT_AUDIT "DROP TABLE zone; DROP TABLE alias; PRAGMA user_version = 1");
}

static int list_column(void *out, int count, char **values, char **names)
{
    (void)names;
    for (int i = 0; i < count; i++) {
        fprintf(out, "%s;", values[i] == NULL ? "" : values[i]);
    }
    return 0;
}

/* What the file's tables are, and of which version. */
static char *shape(void)
{
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);
    sqlite3 *db;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "SELECT name, sql FROM sqlite_schema ORDER BY name",
                                  list_column, out, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "PRAGMA user_version", list_column, out, NULL), SQLITE_OK);
    sqlite3_close(db);
    fclose(out);
    return text;
}

/* make makes a file of an older version. */
static void assert_becomes_new_and_keeps_what_it_has(void (*make)(void))
{
    make_state_file();
    CLEANUP(alloc_freep) char *expected = shape();
    unlink(path);
    make();
    CLEANUP(alloc_freep) char *old = shape();
    assert_string_not_equal(old, expected);
    for (int start = 0; start < 2; start++) {
        struct store *store = open_store();
        struct store_alias alias;
        struct stored_zone *zones = NULL;
        size_t count = 1;
        assert_int_equal(weight_of(store, "blue"), 90);
        assert_true(store_load_alias(store, "lb.example", "A", &alias, &err));
        assert_int_equal(alias.octets, 0);
        assert_true(store_list_zones(store, &zones, &count, &err));
        assert_int_equal(count, 0);
        store_free_zones(zones, count);
        store_close(store);
        CLEANUP(alloc_freep) char *upgraded = shape();
        assert_string_equal(upgraded, expected);
    }
}

static void an_older_file_becomes_a_new_one_and_keeps_what_it_has(void **state)
{
    (void)state;
    assert_becomes_new_and_keeps_what_it_has(make_file_of_version_1);
    unlink(path);
    assert_becomes_new_and_keeps_what_it_has(make_file_of_version_2);
    unlink(path);
    assert_becomes_new_and_keeps_what_it_has(make_file_of_version_3);
}

static void an_older_file_that_lacks_a_table_of_its_time_is_refused(void **state)
{
    (void)state;
    make_file_of_version_1();
    run_sql("DROP TABLE weight");
    assert_refused_and_left_alone("no such table: weight");
}

static void a_file_of_now_that_lacks_the_newest_table_is_refused(void **state)
{
    (void)state;
    make_state_file();
    run_sql("DROP TABLE freeze");
    assert_refused_and_left_alone("no such table: freeze");
}

static void a_file_without_one_of_our_tables_is_refused(void **state)
{
    (void)state;
    make_state_file();
    run_sql("PRAGMA journal_mode = DELETE; DROP TABLE deployment");
    assert_refused_and_left_alone("no such table");
}

static void every_truncation_is_refused(void **state)
{
    (void)state;
    struct stat status;
    make_state_file();
    assert_int_equal(stat(path, &status), 0);
    for (off_t len = status.st_size - 1; len >= 0; len -= 1021) {
        assert_int_equal(truncate(path, len), 0);
        assert_refused_and_left_alone("");
    }
}

static void a_damaged_page_is_refused(void **state)
{
    (void)state;
    struct stat status;
    CLEANUP(alloc_freep) char *garbage = alloc_zeroed(4096, 1);
    memset(garbage, 0xa5, 4096);
    make_state_file();
    assert_int_equal(stat(path, &status), 0);
    assert_true(status.st_size >= 3 * 4096);
    for (long page = 1; page < status.st_size / 4096; page++) {
        unlink(path);
        make_state_file();
        patch(page * 4096, garbage, 4096);
        assert_refused_and_left_alone("damaged");
    }
}

static void what_is_no_file_is_refused(void **state)
{
    (void)state;
    assert_int_equal(mkdir(path, 0700), 0);
    assert_refused_and_left_alone("irectory");
    rmdir(path);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_refused_and_left_alone("not a regular file");
    unlink(path);
    assert_int_equal(symlink("nowhere", path), 0);
    assert_refused_and_left_alone("No such file");
}

static void a_directory_that_does_not_exist_is_not_made(void **state)
{
    (void)state;
    snprintf(path, sizeof(path), "%s/var/ballast.db", directory);
    assert_refused_and_left_alone("No such file or directory");
}

static void a_symbolic_link_leads_to_the_state(void **state)
{
    (void)state;
    char target[128];
    snprintf(target, sizeof(target), "%s/target.db", directory);
    make_state_file();
    assert_int_equal(rename(path, target), 0);
    assert_int_equal(symlink("target.db", path), 0);
    struct store *store = open_store();
    assert_int_equal(weight_of(store, "blue"), 90);
    store_close(store);
}

/* Runs in a child, without root's rights; exits 0 when the store was refused as it should be. */
static void refuse_without_rights(const char *because)
{
    if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0)) {
        _exit(2);
    }
    struct store *store = store_open(path, &err);
    _exit(store == NULL && strstr(err.text, because) != NULL ? 0 : 1);
}

static void assert_refused_without_rights(const char *because)
{
    int status;
    size_t len_before, len_after;
    CLEANUP(alloc_freep) char *before = picture(&len_before);
    pid_t child = fork();
    if (child == 0) {
        refuse_without_rights(because);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    CLEANUP(alloc_freep) char *after = picture(&len_after);
    assert_int_equal(len_before, len_after);
    assert_memory_equal(before, after, len_before);
}

static void missing_permissions_are_refused(void **state)
{
    (void)state;
    make_state_file();
    chmod(directory, 0555);
    chmod(path, 0444);
    assert_refused_without_rights("Permission denied");
    /* As its own file, but in a directory where no log can be made. */
    chmod(path, 0666);
    assert_refused_without_rights("cannot write in directory");
    chmod(directory, 0700);
    unlink(path);
    chmod(directory, 0555);
    assert_refused_without_rights("Permission denied");
    chmod(directory, 0700);
}

/* A child that works on the store and is killed in the middle of it. Each step that it has done it
 * reports with an octet. */
static void kill_at(void (*work)(struct store *store, int report), size_t after)
{
    int pipes[2], status;
    assert_int_equal(pipe(pipes), 0);
    pid_t child = fork();
    if (child == 0) {
        close(pipes[0]);
        work(open_store(), pipes[1]);
        for (;;) {
            pause();
        }
    }
    close(pipes[1]);
    char octet;
    for (size_t i = 0; i < after; i++) {
        assert_int_equal(read(pipes[0], &octet, 1), 1);
    }
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    close(pipes[0]);
}

static void report_step(int report)
{
    if (write(report, "+", 1) != 1) {
        _exit(3);
    }
}

/* Steps: one committed, two writes of a transaction done, committed, one more begun. */
static void work_in_transactions(struct store *store, int report)
{
    save_weight(store, "blue", 90);
    report_step(report);
    assert_true(store_begin(store, &err));
    save_weight(store, "blue", 50);
    save_weight(store, "green", 50);
    report_step(report);
    assert_true(store_commit(store, &err));
    report_step(report);
    assert_true(store_begin(store, &err));
    save_weight(store, "blue", 0);
    report_step(report);
}

static void kill_between_statements_leaves_what_was_committed(void **state)
{
    (void)state;
    kill_at(work_in_transactions, 1);
    struct store *store = open_store();
    int blue = weight_of(store, "blue");
    assert_true(blue == 90 || blue == 50);
    assert_int_equal(weight_of(store, "green"), blue == 50 ? 50 : -1);
    store_close(store);
}

static void stop_inside_a_transaction(struct store *store, int report)
{
    save_weight(store, "blue", 90);
    assert_true(store_begin(store, &err));
    save_weight(store, "blue", 50);
    report_step(report);
}

static void kill_inside_a_transaction_leaves_what_was_before(void **state)
{
    (void)state;
    kill_at(stop_inside_a_transaction, 1);
    struct store *store = open_store();
    assert_int_equal(weight_of(store, "blue"), 90);
    store_close(store);
}

static void kill_after_a_commit_loses_nothing_of_it(void **state)
{
    (void)state;
    kill_at(work_in_transactions, 4);
    struct store *store = open_store();
    assert_int_equal(weight_of(store, "blue"), 50);
    assert_int_equal(weight_of(store, "green"), 50);
    store_close(store);
}

/* So much that SQLite writes pages of it to the log before it is committed. */
static void spill_a_transaction(struct store *store, int report)
{
    struct history_entry entry = {.at_ms = 1};
    memset(entry.text, 'x', sizeof(entry.text) - 1);
    save_weight(store, "blue", 90);
    assert_true(store_begin(store, &err));
    for (int i = 0; i < 20000; i++) {
        assert_true(store_add_history(store, &entry, &err));
    }
    report_step(report);
}

static void kill_inside_a_huge_transaction_leaves_nothing_of_it(void **state)
{
    (void)state;
    struct history_entry *list;
    struct stat status;
    char log[128];
    size_t count;
    kill_at(spill_a_transaction, 1);
    snprintf(log, sizeof(log), "%s-wal", path);
    assert_int_equal(stat(log, &status), 0);
    assert_true(status.st_size > 1 << 20);
    struct store *store = open_store();
    assert_int_equal(weight_of(store, "blue"), 90);
    assert_true(
        store_list_history(store, &(struct history_wanted){.most = SIZE_MAX}, &list, &count, &err));
    assert_int_equal(count, 0);
    free(list);
    store_close(store);
}

/* Both weights change together, 1, 2, 3, …; each commit is reported. */
static void count_up(struct store *store, int report)
{
    for (uint8_t i = 1; i < 200; i++) {
        assert_true(store_begin(store, &err));
        save_weight(store, "blue", i);
        save_weight(store, "green", i);
        assert_true(store_commit(store, &err));
        report_step(report);
    }
}

static void kill_at_any_time_keeps_what_was_reported_and_what_belongs_together(void **state)
{
    (void)state;
    srand(20261123);
    for (int round = 0; round < 25; round++) {
        size_t reported = 1 + (size_t)rand() % 120;
        kill_at(count_up, reported);
        struct store *store = open_store();
        int blue = weight_of(store, "blue");
        assert_true(blue >= (int)reported);
        assert_int_equal(weight_of(store, "green"), blue);
        store_close(store);
    }
}

static void the_log_of_a_removed_file_is_not_read_as_the_new_ones(void **state)
{
    (void)state;
    kill_at(work_in_transactions, 4);
    assert_int_equal(unlink(path), 0);
    struct store *store = open_store();
    assert_int_equal(weight_of(store, "blue"), -1);
    store_close(store);
}

static void a_full_disk_is_an_error_and_the_store_goes_on_when_there_is_room(void **state)
{
    (void)state;
    struct rlimit limit, small;
    struct history_entry entry = {.at_ms = 1};
    struct history_entry *list;
    size_t count;
    memset(entry.text, 'x', sizeof(entry.text) - 1);
    struct store *store = open_store();
    save_weight(store, "blue", 90);
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    small = (struct rlimit){.rlim_cur = 1 << 20, .rlim_max = limit.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    bool ok = store_begin(store, &err) && store_save_weight(store, WWW, "blue", 1, &err);
    for (int i = 0; ok && i < 20000; i++) {
        ok = store_add_history(store, &entry, &err);
    }
    ok = ok && store_commit(store, &err);
    store_rollback(store);
    setrlimit(RLIMIT_FSIZE, &limit);

    assert_false(ok);
    assert_non_null(strstr(err.text, path));
    assert_int_equal(weight_of(store, "blue"), 90);
    assert_true(
        store_list_history(store, &(struct history_wanted){.most = SIZE_MAX}, &list, &count, &err));
    assert_int_equal(count, 0);
    free(list);
    save_weight(store, "blue", 2);
    store_close(store);
    store = open_store();
    assert_int_equal(weight_of(store, "blue"), 2);
    store_close(store);
}

static void the_log_does_not_grow_with_the_number_of_writes(void **state)
{
    (void)state;
    char log[128];
    struct stat status;
    snprintf(log, sizeof(log), "%s-wal", path);
    struct store *store = open_store();
    for (int i = 0; i < 3000; i++) {
        save_weight(store, "blue", (uint8_t)i);
    }
    assert_int_equal(stat(log, &status), 0);
    assert_true(status.st_size < 8 << 20);
    store_close(store);
}

static void the_log_of_a_huge_transaction_is_cut_again(void **state)
{
    (void)state;
    char log[128];
    struct stat status;
    struct history_entry entry = {.at_ms = 1};
    memset(entry.text, 'x', sizeof(entry.text) - 1);
    snprintf(log, sizeof(log), "%s-wal", path);
    struct store *store = open_store();
    assert_true(store_begin(store, &err));
    for (int i = 0; i < 30000; i++) {
        assert_true(store_add_history(store, &entry, &err));
    }
    assert_true(store_commit(store, &err));
    assert_int_equal(stat(log, &status), 0);
    assert_true(status.st_size > 8 << 20);
    save_weight(store, "blue", 1);
    assert_int_equal(stat(log, &status), 0);
    assert_true(status.st_size <= 4 << 20);
    store_close(store);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_new_file_is_private_and_alone),
        TEST(state_survives_a_close),
        TEST(an_open_transaction_ends_with_a_close),
        TEST(a_file_that_a_killed_first_start_left_is_thrown_away),
        TEST(a_second_daemon_is_refused),
        TEST(a_file_that_another_program_writes_is_refused),
        TEST(nobody_else_reads_while_it_is_open),
        TEST(what_is_no_database_is_refused),
        TEST(a_database_of_another_program_is_refused),
        TEST(a_newer_version_is_refused),
        TEST(an_older_file_becomes_a_new_one_and_keeps_what_it_has),
        TEST(an_older_file_that_lacks_a_table_of_its_time_is_refused),
        TEST(a_file_of_now_that_lacks_the_newest_table_is_refused),
        TEST(a_version_before_the_first_is_refused),
        TEST(a_newer_version_that_is_only_in_the_log_is_refused),
        TEST(a_file_without_one_of_our_tables_is_refused),
        TEST(every_truncation_is_refused),
        TEST(a_damaged_page_is_refused),
        TEST(what_is_no_file_is_refused),
        TEST(a_directory_that_does_not_exist_is_not_made),
        TEST(a_symbolic_link_leads_to_the_state),
        TEST(missing_permissions_are_refused),
        TEST(kill_between_statements_leaves_what_was_committed),
        TEST(kill_inside_a_transaction_leaves_what_was_before),
        TEST(kill_after_a_commit_loses_nothing_of_it),
        TEST(kill_inside_a_huge_transaction_leaves_nothing_of_it),
        TEST(kill_at_any_time_keeps_what_was_reported_and_what_belongs_together),
        TEST(the_log_of_a_removed_file_is_not_read_as_the_new_ones),
        TEST(a_full_disk_is_an_error_and_the_store_goes_on_when_there_is_room),
        TEST(the_log_does_not_grow_with_the_number_of_writes),
        TEST(the_log_of_a_huge_transaction_is_cut_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
